"""Safety plans: items in the patient's own words, sealed with their key, each change kept as history until they erase the plan.

What may be known without the words (which steps are empty, whether somebody can be reached) is in `state`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, func, select, update

from storage.people import PersonCard
from storage.prepared import Prepared
from storage.store import Unit, table
from storage.tables import Note, Person, PlanItem, PlanReview

ITEMS, REVIEWS, NOTES, PEOPLE = table(PlanItem), table(PlanReview), table(Note), table(Person)

STEPS = (1, 2, 3, 4, 5, 6)
WORTH_LIVING = 7
"""The seventh, which nobody has to fill in."""
ASK_PEOPLE = (3, 4)
"""The steps that are not whole before they hold somebody who can be reached."""
NUDGE_EVERY = timedelta(days=6)
"""Staff are reminded of a plan that is not whole in one week only once, whenever in the week that was."""

_NOW = ITEMS.c.ended_at.is_(None)
CURRENT = Prepared(select(ITEMS).where(ITEMS.c.person_id == bindparam("whose"), _NOW).order_by(ITEMS.c.step, ITEMS.c.place, ITEMS.c.id))
ANY = Prepared(select(ITEMS.c.id).where(ITEMS.c.person_id == bindparam("whose"), _NOW).limit(1))


@dataclass(frozen=True)
class ItemRow:
    """One item as it stands. reach: "phone", "telegram" or ""."""

    id: int
    step: int
    words: str
    number: str
    reach: str


@dataclass(frozen=True)
class PlanState:
    """What staff may know of a plan without its words. missing: steps with nothing in them, or (3 and 4) nobody to be reached."""

    exists: bool
    missing: tuple[int, ...]
    reviewed_at: datetime | None

    @property
    def gaps(self) -> tuple[int, ...]:
        """The steps that staff are to help with: nobody can be reached there."""
        return tuple(step for step in ASK_PEOPLE if step in self.missing)


def exists(u: Unit, person: int) -> bool:
    return u.one(ANY, whose=person) is not None


def items(u: Unit, who: PersonCard) -> list[ItemRow]:
    """The plan as it stands, in its order."""
    return [_item(u, who, row) for row in u.all(CURRENT, whose=who.id)]


def add(u: Unit, who: PersonCard, step: int, words: str, number: str = "") -> int:
    last = u.run(select(func.max(ITEMS.c.place)).where(ITEMS.c.person_id == who.id, ITEMS.c.step == step)).scalar_one()
    return _write(u, who, step, (last or 0) + 1, words, number, "phone" if number else "")


def change(
    u: Unit, who: PersonCard, id: int, *, words: str | None = None, number: str | None = None, reach: str | None = None
) -> int | None:
    """A new version of an item, unless nothing is new; what is None stays. Returns its id, or None when there is no such item any more."""
    row = u.one(select(ITEMS).where(ITEMS.c.id == id, ITEMS.c.person_id == who.id, _NOW))
    if row is None:
        return None
    old = _item(u, who, row)
    new = (old.words if words is None else words, old.number if number is None else number, old.reach if reach is None else reach)
    if new == (old.words, old.number, old.reach):
        return id
    u.set(PlanItem, id, ended_at=u.now)
    return _write(u, who, row.step, row.place, *new, id)


def remove(u: Unit, who: PersonCard, id: int) -> bool:
    """Take an item out of the plan. Its words stay as history until the plan is erased."""
    gone = update(ITEMS).where(ITEMS.c.id == id, ITEMS.c.person_id == who.id, _NOW).values(ended_at=u.now)
    return bool(u.run(gone).rowcount)


def history(u: Unit, who: PersonCard, limit: int) -> list[tuple[datetime, ItemRow]]:
    """What is no longer in the plan, newest first, with when it went."""
    gone = (ITEMS.c.person_id == who.id, ITEMS.c.ended_at.is_not(None), ITEMS.c.words.is_not(None))
    rows = u.all(select(ITEMS).where(*gone).order_by(ITEMS.c.ended_at.desc(), ITEMS.c.id.desc()).limit(limit))
    return [(row.ended_at, _item(u, who, row)) for row in rows]


def counts(u: Unit, person: int) -> tuple[int, int]:
    """(items in the plan, earlier versions of which the words are kept)."""
    kept = select(ITEMS.c.ended_at).where(ITEMS.c.person_id == person, ITEMS.c.words.is_not(None))
    ended = [row.ended_at is not None for row in u.all(kept)]
    return ended.count(False), ended.count(True)


def erase(u: Unit, person: int) -> int:
    """Erase the words of the plan in all its versions. Returns how many items were in it."""
    now, _ = counts(u, person)
    gone = func.coalesce(ITEMS.c.ended_at, u.now)
    u.run(update(ITEMS).where(ITEMS.c.person_id == person).values(words=None, number=None, reach="", ended_at=gone))
    return now


def review(u: Unit, who: PersonCard, why: str, result: str) -> int:
    return u.add(PlanReview, id=u.new_id(), person_id=who.id, why=why, result=result, at=u.now)


def state(u: Unit, person: int) -> PlanState:
    rows = u.all(CURRENT, whose=person)
    steps = {row.step for row in rows}
    reached = {row.step for row in rows if row.reach}
    missing = [step for step in STEPS if step not in steps or (step in ASK_PEOPLE and step not in reached)]
    reviewed = u.run(select(func.max(REVIEWS.c.at)).where(REVIEWS.c.person_id == person)).scalar_one()
    return PlanState(bool(rows), tuple(missing), reviewed)


def active_patients(u: Unit) -> list[int]:
    """Every active patient, without opening a name."""
    rows = u.all(select(PEOPLE.c.id).where(PEOPLE.c.role == "patient", PEOPLE.c.status == "active").order_by(PEOPLE.c.id))
    return [row.id for row in rows]


def nudged(u: Unit, person: int) -> bool:
    """Whether staff have a line about this plan to look at, or had one in the last days."""
    mine = (NOTES.c.person_id == person) & (NOTES.c.kind == "plan") & (NOTES.c.code != "together")
    recent = NOTES.c.seen_at.is_(None) | (NOTES.c.at > u.now - NUDGE_EVERY)
    return u.one(select(NOTES.c.id).where(mine, recent).limit(1)) is not None


def _write(u: Unit, who: PersonCard, step: int, place: int, words: str, number: str, reach: str, replaces: int | None = None) -> int:
    id = u.new_id()
    return u.add(
        PlanItem,
        id=id,
        person_id=who.id,
        step=step,
        place=place,
        words=u.seal(who.key, "plan_item.words", id, words),
        number=u.seal(who.key, "plan_item.number", id, number) if number else None,
        reach=reach,
        replaces=replaces,
        written_at=u.now,
    )


def _item(u: Unit, who: PersonCard, row: Row[Any]) -> ItemRow:
    number = u.open(who.key, "plan_item.number", row.id, row.number) if row.number else ""
    return ItemRow(row.id, row.step, u.open(who.key, "plan_item.words", row.id, row.words), number, row.reach)
