"""Why a patient's week deserves a look: the changes on the page and the order of the caseload, from rules fixed beforehand.

A reason is a code and its numbers; its words are content (`weekly.reason.<code>`). There is no score: `ORDER` alone ranks them,
and the caseload sorts by the reasons it shows. The limits are our own display limits, not diagnostic cut-offs, and are printed
on the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import takewhile

from clinic import summary
from clinic.model import Session, Week
from clinic.summary import Day, Measure

SHIFT = 2
"""Points on a 0-10 scale by which a week's median must differ from the week before to be told."""

SILENT_DAYS = 3
"""Days at the end of the week with check-ins expected and none given, none heard since."""

LOW_CONFIDENCE = 3
"""Latest answer to "how sure are you to stay on plan", at most."""

ALONE = 3
"""Days with "no" to having talked with someone supportive."""

SHORT_NIGHTS = 2
"""Nights with less than 4 hours of sleep."""

FALL = 4
"""Fewer answered check-ins than the week before (of usually 14)."""

ORDER = (
    "alert_open",
    "alert",
    "safety_skipped",
    "silent_week",
    "silent_days",
    "use",
    "craving_up",
    "mood_down",
    "cant_come",
    "missed",
    "meds_missed",
    "confidence_low",
    "short_sleep",
    "alone",
    "stress_up",
    "check_ins_fell",
    "straight_lined",
    "unmarked",
    "use_private",
    "paused_week",
    "no_plan",
    "craving_down",
    "mood_up",
    "stress_down",
)
"""Most pressing first."""

GOOD = frozenset(("craving_down", "mood_up", "stress_down"))
"""News to be told that asks for nothing; they never move a patient up the caseload."""

ABOUT_SAFETY = frozenset(("alert_open", "alert", "safety_skipped"))
"""Said by the banner, so not said again under "what changed"."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. `slots` are the numbers its words need; `days` the dates it rests on."""

    code: str
    slots: Mapping[str, float] = field(default_factory=dict)
    days: tuple[date, ...] = ()

    @property
    def rank(self) -> int:
        return ORDER.index(self.code)


def reasons(week: Week) -> tuple[Reason, ...]:
    """All reasons that hold for the week, most pressing first; empty when nothing passes a limit."""
    history = summary.days(week.observations, week.check_ins, week.sunday)
    mine = history[-7:]
    found = [*_safety(week), *_silence(mine), *_days(mine), *_shifts(week), *_sessions(week), *_check_ins(week)]
    return tuple(sorted(found, key=lambda reason: reason.rank))


def urgency(found: tuple[Reason, ...]) -> tuple[int, ...]:
    """The sort key of a caseload: compare the most pressing reasons, then the next; good news and no reason come last."""
    return (*(reason.rank for reason in found if reason.code not in GOOD), len(ORDER))


def _safety(week: Week) -> Iterator[Reason]:
    open_ones = sum(event.open for event in week.risk)
    if open_ones:
        yield Reason("alert_open", {"n": open_ones})
    if len(week.risk) > open_ones:
        yield Reason("alert", {"n": len(week.risk) - open_ones})
    skipped = sum(answer.code == "skipped" for answer in week.safety_answers)
    if skipped:
        yield Reason("safety_skipped", {"n": skipped})


def _silence(mine: tuple[Day, ...]) -> Iterator[Reason]:
    planned = any(day.expected for day in mine)
    if not any(day.heard for day in mine):
        yield Reason("silent_week" if planned else "paused_week" if all(day.paused for day in mine) else "no_plan")
        return
    if not planned:
        return
    since = takewhile(lambda day: not (day.heard or day.paused), reversed(mine))
    quiet = [day.date for day in since if day.missed]  # a day on which nothing was asked, or that is yet to come, is no sign
    if len(quiet) >= SILENT_DAYS:
        yield Reason("silent_days", {"n": len(quiet)}, tuple(reversed(quiet)))


def _days(mine: tuple[Day, ...]) -> Iterator[Reason]:
    def those(code: str, item: str, *codes: str, at_least: int = 1) -> Iterator[Reason]:
        dates = tuple(day.date for day in mine if getattr(day, item) in codes)
        told = sum(getattr(day, item) is not None for day in mine)
        if len(dates) >= at_least:
            yield Reason(code, {"n": len(dates), "of": told}, dates)

    yield from those("use", "use", "yes")
    yield from those("use_private", "use", "private")
    yield from those("meds_missed", "meds", "some", "none")
    yield from those("short_sleep", "sleep_hours", "under_4", at_least=SHORT_NIGHTS)
    yield from those("alone", "connection", "no", at_least=ALONE)
    confident = [day for day in mine if day.confidence is not None]
    if confident and confident[-1].confidence is not None and confident[-1].confidence <= LOW_CONFIDENCE:
        yield Reason("confidence_low", {"value": confident[-1].confidence}, (confident[-1].date,))


def _shifts(week: Week) -> Iterator[Reason]:
    for item in ("craving", "mood", "stress"):
        both = summary.shift(week, item)
        if both.now and both.before and both.delta is not None and abs(both.delta) >= SHIFT:
            yield Reason(f"{item}_{'up' if both.delta > 0 else 'down'}", _numbers(both.now, both.before))


def _numbers(now: Measure, before: Measure) -> dict[str, float]:
    return {"now": now.median, "before": before.median, "by": abs(now.median - before.median), "n": now.n, "n_before": before.n}


def _sessions(week: Week) -> Iterator[Reason]:
    mine = summary.sessions_of(week)

    def dates(code: str, *status: str) -> tuple[date, ...]:
        """Nobody has to record what is not over yet, so a week that runs says nothing of its sessions to come; missed ones are counted
        among those that are recorded, as the attendance beside them is."""
        over = [s for s in mine if code != "unmarked" or s.starts_at + timedelta(minutes=s.minutes) <= week.prepared_at]
        return tuple(_date(s, week) for s in over if s.status in status)

    held, marked = sum(s.status != "cancelled" for s in mine), sum(s.status in ("attended", "missed") for s in mine)
    for code, of, *status in (("missed", marked, "missed"), ("cant_come", held, "cant"), ("unmarked", held, "coming", "unknown")):
        found = dates(code, *status)
        if found:
            yield Reason(code, {"n": len(found), "of": of}, found)


def _date(session: Session, week: Week) -> date:
    return session.starts_at.astimezone(week.zone).date()


def _check_ins(week: Week) -> Iterator[Reason]:
    now = summary.answered(week.check_ins, week.monday, week.sunday)
    before = summary.answered(week.check_ins, week.monday - timedelta(days=7), week.monday - timedelta(days=1))
    if now.answered and before.answered - now.answered >= FALL and now.expected >= before.expected:
        slots = {"n": now.answered, "of": now.expected, "n_before": before.answered, "of_before": before.expected}
        yield Reason("check_ins_fell", slots)
    if now.straight_lined:
        yield Reason("straight_lined", {"n": now.straight_lined, "of": now.answered + now.extra})
