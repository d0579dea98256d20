"""A patient's sessions as a page tells them: every occurrence, what they answered about it, and what staff recorded."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import select

from clinic import weeks
from clinic.model import Session
from storage import series
from storage.people import PEOPLE, PersonCard
from storage.series import AnswerRow, Occurrence
from storage.store import Unit

AHEAD = 60
"""Days after the week in which the next session is looked for."""

CALLED_OFF = timedelta(days=7)
"""How long the sessions of a weekly series that was called off are still shown as that; then the series is simply over."""

KINDS: dict[str, Literal["group", "individual", "family", "workshop"]] = {
    "group": "group",
    "individual": "individual",
    "family": "family",
    "workshop": "workshop",
}


def sessions(u: Unit, who: PersonCard, zone: ZoneInfo, first: date, last: date) -> list[Session]:
    """The sessions on the clinic's dates `first` to `last`, in time order.

    None before the patient's program began or, where that is not known, before they were added; and none after they were
    discharged, but those staff recorded all the same.
    """
    begins, ends = weeks.bounds(first, zone, (last - first).days + 1)
    since = joined(u, who, zone)
    until = series.left_at(u, who.id)
    told = {(a.series, a.day): a for a in series.answers(u, who.id, first - timedelta(days=1), last + timedelta(days=1))}

    def counts(each: Occurrence) -> bool:
        if each.begins < since or _over(each):
            return False
        return until is None or each.begins < until or _is_recorded(told.get((each.series.id, each.day)))

    mine = [each for each in series.occurrences(u, who.id, begins, ends) if counts(each)]
    return [_session(each, told.get((each.series.id, each.day))) for each in mine]


def next_session(u: Unit, who: PersonCard, zone: ZoneInfo, sunday: date) -> Session | None:
    """The first one after the week that takes place; for who is not in the program there is none."""
    if not who.active:
        return None
    ahead = sessions(u, who, zone, sunday + timedelta(days=1), sunday + timedelta(days=AHEAD))
    return next((session for session in ahead if session.status != "cancelled"), None)


def joined(u: Unit, who: PersonCard, zone: ZoneInfo) -> datetime:
    """When a patient's program began or, where that is not known, when they were added."""
    if who.program_start is not None:
        return weeks.bounds(who.program_start, zone, 1)[0]
    created: datetime = u.run(select(PEOPLE.c.created_at).where(PEOPLE.c.id == who.id)).scalar_one()
    return created


def _over(each: Occurrence) -> bool:
    off = each.series.cancelled_at
    return each.series.weekly and off is not None and each.begins > off + CALLED_OFF


def _is_recorded(told: AnswerRow | None) -> bool:
    return told is not None and told.attended is not None


def _session(each: Occurrence, told: AnswerRow | None) -> Session:
    """A session staff recorded took place, also if its date was called off afterwards."""
    status = "cancelled" if each.cancelled and not _is_recorded(told) else _status(told)
    minutes, title = each.series.minutes, each.series.title
    return Session(each.begins, KINDS[each.series.kind], minutes, status, told.barrier if told else None, title)


def _status(told: AnswerRow | None) -> Literal["attended", "missed", "coming", "cant", "unknown"]:
    """What staff recorded counts before what the patient answered."""
    if told is None:
        return "unknown"
    if told.attended is not None:
        return "attended" if told.attended == "yes" else "missed"
    return "cant" if told.answer == "cant" else "coming" if told.answer in ("coming", "late") else "unknown"
