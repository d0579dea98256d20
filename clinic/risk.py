"""What sounded like danger and what was done about it, read from escalations and the staff inbox as a page tells it.

Times of pages are those at which one was accepted, by Telegram, mail or webhook; a page that is still waiting to be sent was not
sent. The sentence that sounded like danger is never opened here: the consent to it (`crisis_words`) is for the person on call
alone, and the consent to a weekly page is for words the patient chose to share.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select

from clinic import weeks
from clinic.model import RiskEvent, SafetyAnswer
from clinic.phrases import clean
from content.library import Words
from storage import escalations, follow_up, people
from storage.escalations import EVENTS, EscalationRow
from storage.notes import NOTES
from storage.outbox_rows import OUTBOX
from storage.people import PersonCard
from storage.store import Unit

AFTER = timedelta(days=7)
"""What is still open is on the page also when it began in the days after the week, while that page is the newest one."""

ASKED_WITHIN = timedelta(hours=12)
"""How long the safety question stays open after words that worried."""

TOLD: dict[str, Literal["no", "sometimes", "yes", "skipped"]] = {
    "no": "no",
    "said_no": "no",
    "well": "no",
    "sometimes": "sometimes",
    "sometimes_no_plan": "sometimes",
    "wish": "sometimes",
    "thoughts": "sometimes",
    "yes": "yes",
    "said_yes": "yes",
    "method": "yes",
    "behaviour_older": "yes",
    "skip": "skipped",
    "skipped": "skipped",
    "unanswered": "skipped",
}
"""What each code of an answer to the safety question means."""
IN_WORDS = ("text", "in_words", "unclear", "silent")
"""What is noted of words that worried, and of silence after them; every other note is of an answer that was tapped."""
SAID_YES = ("said_yes", "some_intent", "plan_intent", "recent_behaviour")
"""The reasons of an alert that was raised by such an answer."""


def events(u: Unit, who: PersonCard, monday: date, zone: ZoneInfo, words: Words) -> list[RiskEvent]:
    """The week's events and those still open, oldest first."""
    begins, ends = weeks.bounds(monday, zone)

    def belongs(began: datetime, closed: bool) -> bool:
        return begins <= began < ends or (not closed and began < ends + AFTER)

    names = _Names(u)
    alerts = [event for row in escalations.of_person(u, who.id) for event in _alert(u, row, words, names)]
    found = [event for event in alerts if belongs(event.at, not event.open)]
    found += [event for event in _concerns(_notes(u, who, "concern"), names) if belongs(event.at, not event.open)]
    return sorted(found, key=lambda event: event.at)


def settled(u: Unit, who: PersonCard, monday: date, zone: ZoneInfo, words: Words) -> list[RiskEvent]:
    """Dangers of earlier weeks whose alert was closed in this one: their own page may have been read before, and is not written again."""
    begins, ends = weeks.bounds(monday, zone)
    names = _Names(u)
    alerts = [row for row in escalations.of_person(u, who.id) if row.closed_at is not None and begins <= row.closed_at < ends]
    found = [event for row in alerts for event in _alert(u, row, words, names) if event.at < begins]
    return sorted(found, key=lambda event: event.at)


def answers(
    u: Unit, who: PersonCard, monday: date, zone: ZoneInfo, told: Iterable[SafetyAnswer] = (), beside: Sequence[SafetyAnswer] = ()
) -> list[SafetyAnswer]:
    """The week's answers to the safety question: those of check-ins (`told`), and those that only a note or a page records. The question of
    the day after an alert is one too, and no answer to that is no "no".

    beside: those of check-ins on the days before and after. What was noted of one of them lies in the week by the clinic's clock only.
    """
    begins, ends = weeks.bounds(monday, zone)
    found = sorted(told, key=lambda answer: answer.at)
    others = [SafetyAnswer(note.at, TOLD[note.code]) for note in _notes(u, who, "concern", follow_up.KIND) if note.code in TOLD]
    for row in escalations.of_person(u, who.id):
        others += [SafetyAnswer(event.at, "yes") for event in escalations.events(u, row.id) if event.code in SAID_YES]
    for answer in others:
        same = (o for o in (*found, *beside) if o.code == answer.code and abs(o.at - answer.at) < ASKED_WITHIN)
        if begins <= answer.at < ends and not any(same):
            found.append(answer)
    return sorted(found, key=lambda answer: answer.at)


def _alert(u: Unit, row: EscalationRow, words: Words, names: _Names) -> Iterator[RiskEvent]:
    """An event for each danger of an alert, the one that opened it and those that joined: each has its own week, level and answer.

    What was done before a danger came is no answer to it, and what was done after the next one is none to a danger whose patient had
    been reached by then. Only how the alert ended is the same for all.
    """
    history = u.all(select(EVENTS).where(EVENTS.c.escalation_id == row.id).order_by(EVENTS.c.id))
    pages = _pages(u, row.id, history)
    begins = [place for place, event in enumerate(history) if event.kind in escalations.DANGERS]
    for place, next_one in pairwise([*begins, len(history)]):
        danger, until_next = history[place], history[place + 1 : next_one]
        since = until_next if _first(until_next, "CONTACTED") else history[place + 1 :]
        said = _first(until_next, escalations.SAID)
        own, taken, reached = _first(until_next, escalations.LEVEL), _first(since, "ACKED", "CONTACTED"), _first(since, "CONTACTED")
        exhausted = _first(since, "EXHAUSTED")
        again = _first(since[since.index(taken) + 1 :], "OPEN", "EXHAUSTED") if taken else None
        level = own.code if own else row.level
        yield RiskEvent(
            at=datetime.fromisoformat(said.code) if said else danger.at,
            level="imminent" if level == "imminent" else "concern" if level == "concern" else "high",
            source=_source(danger),
            asked="yes" if danger.code in SAID_YES else None,
            paged_at=_paged(pages, danger.at, taken.at if taken else None, held=_is_held(history[:place])),
            acknowledged_at=taken.at if taken else None,
            acknowledged_by=names.of(taken.by) if taken else None,
            reopened_at=again.at if again else None,
            exhausted_at=exhausted.at if exhausted else None,
            contacted_at=reached.at if reached else None,
            closed_at=row.closed_at,
            outcome=_outcome(row.outcome, words) if row.outcome else None,
        )


def _first(history: Iterable[Row[Any]], *kinds: str) -> Row[Any] | None:
    return next((event for event in history if event.kind in kinds), None)


def _is_held(before: Sequence[Row[Any]]) -> bool:
    """Whether somebody had the alert after these events."""
    last = _first(reversed(before), "OPEN", "EXHAUSTED", "ACKED", "CONTACTED")
    return last is not None and last.kind in ("ACKED", "CONTACTED")


def _source(danger: Row[Any]) -> Literal["text", "button", "item"]:
    """Words come from a text; without words it was the help button, or the answer to a question."""
    if danger.words is not None:
        return "text"
    return "button" if danger.code == "sos" else "item"


def _paged(pages: Sequence[datetime], danger: datetime, taken: datetime | None, *, held: bool) -> datetime | None:
    """The first page after a danger. Danger that joined what was being paged and not yet taken needs none of its own: the last before."""
    after = [at for at in pages if at >= danger]
    in_time = [at for at in after if taken is None or at <= taken]
    before = [at for at in pages if at < danger and not held]
    return next(iter((*in_time[:1], *before[-1:], *after[:1])), None)


def _pages(u: Unit, escalation: int, history: Iterable[Row[Any]]) -> list[datetime]:
    """When pages were accepted, by whatever way, oldest first: by the receipts, which are kept as long as the alert is.

    Who is asked to take over what somebody has, or to agree that it was a false alarm, is not paged for the danger. An alert from before
    there were receipts has what is left in the outbox.
    """
    found, for_danger, receipts = [], True, 0
    for event in history:
        if event.kind == escalations.RECEIPT:
            receipts += 1
            found += [event.at] * for_danger
        elif event.kind in ("hand", "doubted"):
            for_danger = False
        elif event.kind in ("OPEN", "EXHAUSTED", *escalations.DANGERS):
            for_danger = True
    if receipts:
        return found
    mine = OUTBOX.c.dedupe_key.like(f"page:{escalation}:%")
    rows = u.all(select(OUTBOX.c.done_at).where(mine, OUTBOX.c.state == "sent", OUTBOX.c.done_at.is_not(None)).order_by(OUTBOX.c.done_at))
    return [row.done_at for row in rows]


def _outcome(code: str, words: Words) -> str:
    for id in (f"weekly.outcome.{code}", f"page.outcome.{code}"):
        if words.has(id):
            return words.text(id)
    return clean(code).replace("_", " ").capitalize()


def _notes(u: Unit, who: PersonCard, *kinds: str) -> Sequence[Row[Any]]:
    columns = (NOTES.c.at, NOTES.c.code, NOTES.c.seen_at, NOTES.c.seen_by)
    return u.all(select(*columns).where(NOTES.c.person_id == who.id, NOTES.c.kind.in_(kinds)).order_by(NOTES.c.at, NOTES.c.id))


def _concerns(notes: Iterable[Row[Any]], names: _Names) -> list[RiskEvent]:
    """Each worry that did not page: words that sounded like one, or an answer that was no "no" to the safety questions.

    It is settled when a member of staff has ticked off all of it: the words, what was said of them, and the silence after them.
    A question left without an answer is told by `answers`.
    """
    found: list[RiskEvent] = []
    for note in notes:
        asked = TOLD.get(note.code)
        worries = asked not in ("no", "skipped")
        last = found[-1] if found and note.at - found[-1].at <= ASKED_WITHIN else None
        if last and ((asked and last.asked is None) or (asked is None and note.code != "text")):
            last = replace(last, asked=asked or last.asked)
            found[-1] = _with_more(last, note.seen_at) if worries else last
        elif worries:
            found.append(
                RiskEvent(
                    at=note.at,
                    level="concern",
                    source="text" if note.code in IN_WORDS else "item",
                    asked=asked,
                    acknowledged_at=note.seen_at,
                    acknowledged_by=names.of(note.seen_by) if note.seen_at else None,
                    closed_at=note.seen_at,
                )
            )
    return found


def _with_more(event: RiskEvent, seen: datetime | None) -> RiskEvent:
    """The event with one more note of it: open while nobody has seen that, and closed only when the last of them was seen."""
    if seen is None:
        return replace(event, acknowledged_at=None, acknowledged_by=None, closed_at=None)
    return replace(event, closed_at=max(event.closed_at, seen)) if event.closed_at else event


class _Names:
    """The names of staff by id, each opened once. One that does not open takes nobody's page away: their code stands for it."""

    def __init__(self, u: Unit) -> None:
        self._u = u
        self._known: dict[int, str] = {}

    def of(self, id: int | None) -> str | None:
        if id is None:
            return None
        if id not in self._known:
            self._known[id] = people.person(self._u, id).name
        return self._known[id]
