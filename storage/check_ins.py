"""Check-ins and what was answered in them: one row for each person, slot and local date, and one row for each answer.

A planned slot ("morning", "evening") holds one check-in: answers given again replace the earlier ones item by item, and
what is not asked again stays. "extra" is what a patient adds of their own accord; there every answer is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median as middle
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, delete, func, select, true

from storage.prepared import Prepared
from storage.store import Unit, table
from storage.tables import CheckIn, Observation
from storage.upsert import insert_once

CHECK_INS, OBSERVATIONS = table(CheckIn), table(Observation)
EXTRA = "extra"
DONE = ("complete", "late")
HEARD = (*DONE, "partial")
HISTORY = timedelta(days=28)
ENOUGH = 3
"""Answers needed before a median says something about a person."""

_WHOSE = CHECK_INS.c.person_id == bindparam("whose")
FIND = Prepared(select(CHECK_INS).where(_WHOSE, CHECK_INS.c.slot == bindparam("of_slot"), CHECK_INS.c.local_date == bindparam("day")))
ON = Prepared(select(CHECK_INS).where(_WHOSE, CHECK_INS.c.local_date == bindparam("day")).order_by(CHECK_INS.c.id))
DAYS = Prepared(
    select(CHECK_INS.c.local_date, CHECK_INS.c.status).where(
        _WHOSE, CHECK_INS.c.local_date > bindparam("after"), CHECK_INS.c.local_date <= bindparam("until")
    )
)
RATINGS = Prepared(
    select(OBSERVATIONS.c.value).where(
        OBSERVATIONS.c.person_id == bindparam("whose"),
        OBSERVATIONS.c.item == bindparam("of_item"),
        OBSERVATIONS.c.value.is_not(None),
        OBSERVATIONS.c.local_date > bindparam("after"),
        OBSERVATIONS.c.local_date <= bindparam("until"),
    )
)
_ANSWER = (OBSERVATIONS.c.check_in_id == bindparam("of_check_in")) & (OBSERVATIONS.c.item == bindparam("of_item"))
REPLACED = Prepared(delete(OBSERVATIONS).where(_ANSWER))


@dataclass(frozen=True)
class CheckInRow:
    """status: asked (a prompt went out), partial, complete, late, missed or paused (the patient's wish).

    A missed one with `saved_at` was declined by a tap ("not today"), which is not silence.
    """

    id: int
    slot: str
    local_date: date
    status: str
    asked_at: datetime | None
    saved_at: datetime | None
    seconds: int | None

    @property
    def done(self) -> bool:
        return self.status in DONE

    @property
    def declined(self) -> bool:
        return self.status == "missed" and self.saved_at is not None


def _row(row: Row[Any]) -> CheckInRow:
    return CheckInRow(row.id, row.slot, row.local_date, row.status, row.asked_at, row.saved_at, row.seconds)


def find(u: Unit, person: int, slot: str, day: date) -> CheckInRow | None:
    row = u.one(FIND, whose=person, of_slot=slot, day=day)
    return _row(row) if row else None


def on(u: Unit, person: int, day: date) -> list[CheckInRow]:
    """All rows of one local date, oldest first."""
    return [_row(row) for row in u.all(ON, whose=person, day=day)]


def asked(u: Unit, person: int, slot: str, day: date) -> None:
    """A prompt goes out. A row that is there already stays as it is."""
    _once(u, person, slot, day, "asked", asked_at=u.now)


def paused(u: Unit, person: int, slot: str, day: date) -> None:
    """The patient asked for a pause: this slot is neither expected nor missed."""
    _once(u, person, slot, day, "paused")


def closed(u: Unit, person: int, slot: str, day: date, *, paused: bool = False) -> bool:
    """The window is over: what was asked and not answered is missed, unless they paused meanwhile. Whether it was missed."""
    row = find(u, person, slot, day)
    if row is None or row.status != "asked":
        return False
    u.set(CheckIn, row.id, status="paused" if paused else "missed")
    return not paused


def declined(u: Unit, person: int, slot: str, day: date) -> None:
    """ "Not today", by a tap."""
    row, _ = _once(u, person, slot, day, "asked")
    if row.status in ("asked", "missed"):
        u.set(CheckIn, row.id, status="missed", saved_at=u.now)


def save(
    u: Unit, person: int, slot: str, day: date, values: Mapping[str, Any], status: str, at: datetime, *, seconds: int | None = None
) -> int:
    """Store answers, said `at`; returns the check-in's id. `values` as in `SaveCheckIn`. Done never turns back into partial."""
    row, fresh = _once(u, person, slot, day, status)
    kept = row.status if row.done and status == "partial" else status
    u.set(CheckIn, row.id, status=kept, saved_at=at, seconds=seconds if seconds is not None else row.seconds)
    for item in values if not fresh and slot != EXTRA else ():
        u.later(REPLACED, {"of_check_in": row.id, "of_item": item})
    for item, value, code in _long(values):
        same = {"person_id": person, "check_in_id": row.id, "at": at, "local_date": day, "status": status}
        u.add(Observation, item=item, value=value, code=code, **same)
    return row.id


def answered(u: Unit, person: int, item: str, day: date) -> bool:
    """Whether an item has an answer on a local date."""
    wanted = (OBSERVATIONS.c.item == item) & (OBSERVATIONS.c.local_date == day) & _said()
    return u.one(select(OBSERVATIONS.c.id).where(OBSERVATIONS.c.person_id == person, wanted).limit(1)) is not None


def median(u: Unit, person: int, item: str, day: date) -> float | None:
    """A person's own median of a rating over the 28 days up to `day`, or None while there are fewer than three answers."""
    rows = u.all(RATINGS, whose=person, of_item=item, after=day - HISTORY, until=day)
    return float(middle(row.value for row in rows)) if len(rows) >= ENOUGH else None


def newest(u: Unit, person: int, item: str) -> int | None:
    """The last rating a person gave, whenever that was."""
    mine = (OBSERVATIONS.c.person_id == person, OBSERVATIONS.c.item == item, OBSERVATIONS.c.value.is_not(None))
    row = u.one(select(OBSERVATIONS.c.value).where(*mine).order_by(OBSERVATIONS.c.at.desc(), OBSERVATIONS.c.id.desc()).limit(1))
    return row.value if row else None


def shown_up(u: Unit, person: int, day: date) -> tuple[int, int]:
    """(days with an answer, days that count) of the 28 up to `day`. Days before the first check-in and paused days do not count."""
    rows = u.all(DAYS, whose=person, after=day - HISTORY, until=day)
    heard = {row.local_date for row in rows if row.status in HEARD}
    away = {row.local_date for row in rows if row.status == "paused"} - heard
    first = min((row.local_date for row in rows), default=day)
    return len(heard), (day - first).days + 1 - len(away)


def silent_days(u: Unit, person: int) -> int:
    """Local days with a missed check-in since this person last answered or declined one."""
    contact = CHECK_INS.c.status.in_(HEARD) | CHECK_INS.c.saved_at.is_not(None)
    last = u.run(select(func.max(CHECK_INS.c.local_date)).where(_of(person), contact)).scalar_one()
    since = CHECK_INS.c.local_date > last if last else true()
    days = select(func.count(CHECK_INS.c.local_date.distinct())).where(_of(person), CHECK_INS.c.status == "missed", since)
    return int(u.run(days).scalar_one())


def _once(u: Unit, person: int, slot: str, day: date, status: str, asked_at: datetime | None = None) -> tuple[CheckInRow, bool]:
    """The row of this slot, and whether it was put down just now."""
    id = u.new_id()
    if insert_once(u, CheckIn, id=id, person_id=person, slot=slot, local_date=day, status=status, asked_at=asked_at):
        return CheckInRow(id, slot, day, status, asked_at, None, None), True
    row = find(u, person, slot, day)
    assert row is not None
    return row, False


def _long(values: Mapping[str, Any]) -> Iterator[tuple[str, int | None, str | None]]:
    """One (item, value, code) for each answer; a list gives one for each of its codes, an empty list none."""
    for item, answer in values.items():
        for one in answer if isinstance(answer, list) else [answer]:
            yield item, one if isinstance(one, int) else None, one if isinstance(one, str) else None


def _of(person: int) -> ColumnElement[bool]:
    return CHECK_INS.c.person_id == person


def _said() -> ColumnElement[bool]:
    return OBSERVATIONS.c.value.is_not(None) | OBSERVATIONS.c.code.is_not(None)
