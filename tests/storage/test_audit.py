"""The audit chain: what was added can be read, and what was changed or taken out shows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import ColumnElement, delete, update

from storage import audit
from storage.audit import AUDIT
from storage.engine import open_engine
from storage.migrate import migrate
from storage.seal import Keyring, MasterKey
from storage.store import Store, Unit

NOW = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
SUBJECT, OTHER = 11, 22


@pytest.fixture
def u(database: str) -> Iterator[Unit]:
    store = Store(open_engine(database), Keyring(MasterKey.fresh()))
    migrate(store.engine)
    with store.unit(NOW) as unit:
        for n in range(5):
            unit.now = NOW + timedelta(minutes=n)
            audit.record(unit, SUBJECT, "S001", "escalation.read", f"REF{n}", "with words")
            audit.record(unit, OTHER, "between", "invite.redeemed")
        yield unit
    store.close()


def at(position: int) -> ColumnElement[bool]:
    return (AUDIT.c.subject == SUBJECT) & (AUDIT.c.position == position)


def test_who_did_what_is_read_newest_first_and_for_one_person_only(u: Unit) -> None:
    found = audit.history(u, SUBJECT, limit=3)
    assert [(row.actor, row.object) for row in found] == [("S001", "REF4"), ("S001", "REF3"), ("S001", "REF2")]
    assert found[0].at == NOW + timedelta(minutes=4)
    assert {row.action for row in audit.history(u, OTHER)} == {"invite.redeemed"}


def test_an_untouched_chain_holds(u: Unit) -> None:
    assert audit.first_break(u, SUBJECT) is None
    assert audit.first_break(u, OTHER) is None
    assert audit.first_break(u, 33) is None, "nothing recorded is nothing broken"


@pytest.mark.parametrize(
    "change",
    [
        {"actor": "S002"},
        {"action": "escalation.close"},
        {"object": "REF9"},
        {"reason": "without words"},
        {"at": NOW + timedelta(days=1)},
        {"hash": b"\x00" * 32},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_row_shows_at_its_place(u: Unit, change: dict[str, object]) -> None:
    u.run(update(AUDIT).where(at(3)).values(**change))
    assert audit.first_break(u, SUBJECT) == 3
    assert audit.first_break(u, OTHER) is None, "every person has a chain of their own"


@pytest.mark.parametrize("position", [1, 3])
def test_a_missing_row_shows(u: Unit, position: int) -> None:
    u.run(delete(AUDIT).where(at(position)))
    assert audit.first_break(u, SUBJECT) == position


def test_a_row_forged_into_a_gap_shows(u: Unit) -> None:
    """Taking one out and moving the others up does not close the chain again."""
    u.run(delete(AUDIT).where(at(3)))
    for position in (4, 5):
        u.run(update(AUDIT).where(at(position)).values(position=position - 1))
    assert audit.first_break(u, SUBJECT) == 3


def test_rows_swapped_between_people_show(u: Unit) -> None:
    row = u.one(AUDIT.select().where(at(2)))
    assert row is not None
    values = {name: getattr(row, name) for name in ("at", "actor", "action", "object", "reason", "hash")}
    u.run(update(AUDIT).where((AUDIT.c.subject == OTHER) & (AUDIT.c.position == 2)).values(**values))
    assert audit.first_break(u, OTHER) == 2


def test_the_chain_goes_on_where_it_stopped(u: Unit) -> None:
    audit.record(u, SUBJECT, "0001", "consent.given", "program", "v1")
    assert audit.first_break(u, SUBJECT) is None
    assert audit.history(u, SUBJECT, limit=1)[0].action == "consent.given"


def test_the_same_instant_told_by_another_zone_breaks_nothing(u: Unit) -> None:
    """A database that hands times back in its own zone must not look like a forgery."""
    u.now = NOW.astimezone(timezone(timedelta(hours=-5)))
    audit.record(u, SUBJECT, "0001", "consent.given", "program", "v1")
    assert audit.first_break(u, SUBJECT) is None
