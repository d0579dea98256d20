"""The safety banner: never blank, and never more reassuring than what is known.

Each event is told as a chain (heard, paged, acknowledged, reached, outcome) with the times; a link that is missing is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clinic import summary
from clinic.model import Plan, RiskEvent, Week
from clinic.phrases import Phrases, within

FULL = 3
"""Events shown with their patient's words; more than this are shown without, so that all stay on one page."""


@dataclass(frozen=True, slots=True)
class Step:
    """One cell of the chain. `due` is a step that should have happened and has not."""

    text: str
    due: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    when: str
    level: str
    source: str
    asked: str
    words: str
    paged: Step
    acknowledged: Step
    reached: Step
    outcome: Step


@dataclass(frozen=True, slots=True)
class Banner:
    state: summary.Safety
    headline: str
    lines: tuple[str, ...]
    events: tuple[Event, ...]


def banner(week: Week, say: Phrases) -> Banner:
    """What the top of the page says about safety. Open events come first, then by time."""
    state = summary.safety_state(week)
    events = sorted(week.risk, key=lambda event: (not event.open, event.at))
    headline, lines = _headline(week, say, state)
    counts = {code: sum(answer.code == code for answer in week.safety_answers) for code in ("no", "sometimes", "yes", "skipped")}
    if week.safety_answers:
        told = ", ".join(f"{n} {say.say(f'safety.answer.{code}')}" for code, n in counts.items() if n)
        lines.append(say.say("safety.asked", n=len(week.safety_answers), answers=told))
    else:
        lines.append(say.say("safety.not_asked"))
    lines += [_settled(event, say) for event in week.settled]
    if week.plan is not None:
        lines.append(_plan(week.plan, say))
    shown = tuple(_event(event, say, with_words=len(events) <= FULL) for event in events)
    return Banner(state, headline, tuple(lines), shown)


def _settled(event: RiskEvent, say: Phrases) -> str:
    """How an alert of an earlier week ended."""
    level, told = say.say(f"safety.level.{event.level}"), within(event.outcome or "", 120) or say.say("safety.no_outcome")
    when = say.after(event.closed_at or event.at, event.at)
    return say.say("safety.settled", level=level, at=say.when(event.at), outcome=told, when=when)


def _plan(plan: Plan, say: Phrases) -> str:
    """Whether there is a safety plan, what is missing, and when it was last looked through."""
    if not plan.exists:
        return say.say("safety.plan_none")
    seen = plan.reviewed_at.astimezone(say.zone).date() if plan.reviewed_at else None
    when = f"{say.short(seen)} {seen.year}" if seen else say.say("safety.plan_never")
    if not plan.missing:
        return say.say("safety.plan_whole", when=when)
    return say.say("safety.plan_gaps", steps=", ".join(map(str, plan.missing)), when=when)


def _headline(week: Week, say: Phrases, state: summary.Safety) -> tuple[str, list[str]]:
    last = say.when(week.last_check_in) if week.last_check_in else None
    known = [say.say("safety.last", when=last)] if last else []
    if state == "open":
        return say.count("safety.open", len(week.risk), open=sum(event.open for event in week.risk)), known
    if state == "events":
        return say.count("safety.events", len(week.risk)), known
    if state == "skipped":
        return say.count("safety.skipped", sum(answer.code == "skipped" for answer in week.safety_answers)), known
    if state == "quiet" and last:
        return say.say("safety.quiet", when=last), []
    silent = say.say("safety.unanswered" if summary.told_otherwise(week) else "safety.silent")
    mine = summary.days(week.observations, week.check_ins, week.sunday, 7)
    paused = all(day.paused for day in mine)
    if last:
        return silent, [say.say("safety.paused" if paused else "safety.silence_is_not_safety", when=last)]
    never = "paused_never" if paused else "never" if any(day.expected for day in mine) else "not_planned"
    return silent, [say.say(f"safety.{never}")]


def _event(event: RiskEvent, say: Phrases, with_words: bool) -> Event:
    asked = say.say("safety.when_asked", answer=say.say(f"safety.answer.{event.asked}")) if event.asked else ""
    return Event(
        when=say.when(event.at),
        level=say.say(f"safety.level.{event.level}"),
        source=say.say(f"safety.source.{event.source}"),
        asked=asked,
        words=within(event.words, 160) if event.words and with_words else "",
        paged=_paged(event, say),
        acknowledged=_acknowledged(event, say),
        reached=_step(event, say, event.contacted_at),
        outcome=_outcome(event, say),
    )


def _paged(event: RiskEvent, say: Phrases) -> Step:
    if event.paged_at:
        return Step(say.after(event.paged_at, event.at))
    if event.level == "concern":
        return Step(say.say("safety.in_inbox"))
    return Step(say.say("safety.not_paged"), due=True)


def _acknowledged(event: RiskEvent, say: Phrases) -> Step:
    parts = []
    if event.acknowledged_at:
        when = say.after(event.acknowledged_at, event.at)
        name = within(event.acknowledged_by or "", 40)
        parts.append(say.say("safety.acknowledged_by", when=when, name=name) if name else when)
        if event.paged_at and event.acknowledged_at >= event.paged_at:
            minutes = round((event.acknowledged_at - event.paged_at).total_seconds() / 60)
            parts.append(say.say("safety.minutes", n=minutes))
    if event.reopened_at:
        parts.append(say.say("safety.open_again", when=say.after(event.reopened_at, event.at)))
    if event.exhausted_at:
        nobody = "nobody_again" if event.reopened_at and event.exhausted_at >= event.reopened_at else "nobody"
        parts.append(say.say(f"safety.{nobody}", when=say.after(event.exhausted_at, event.at)))
    if parts:
        return Step(" · ".join(parts), due=not event.acknowledged_at or _is_left(event))
    return _step(event, say, None)


def _is_left(event: RiskEvent) -> bool:
    """Whether who acknowledged it had it no longer, and nobody is known to have reached the patient since."""
    return event.open and event.reopened_at is not None and (event.contacted_at is None or event.contacted_at < event.reopened_at)


def _step(event: RiskEvent, say: Phrases, at: datetime | None) -> Step:
    if at:
        return Step(say.after(at, event.at))
    if event.level == "concern" and not event.paged_at:
        return Step(say.say("nothing"))
    return Step(say.say("safety.not_yet" if event.open else "safety.not_noted"), due=event.open)


def _outcome(event: RiskEvent, say: Phrases) -> Step:
    if not event.closed_at:
        return Step(say.say("safety.still_open"), due=True)
    told = within(event.outcome or "", 120) or say.say("safety.no_outcome")
    return Step(f"{told} · {say.say('safety.closed_at', when=say.after(event.closed_at, event.at))}")
