"""A chore that fails, or an alert that can't be looked at, holds up nothing else; and then nobody is told that all is proved."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bot import chores, sending
from bot.phones import Phones
from safety import pager
from storage import due, escalations, heartbeat, notes, people, retention
from storage.escalations import EscalationRow
from storage.store import Store, Unit, table
from storage.tables import Person
from tests.bot.conftest import NOW
from tests.clinics import OTHER, PATIENT, STAFF

DANGER = "I am going to kill myself tonight"
DAY = timedelta(days=1)


def broken(*_: object, **__: object) -> Any:
    raise RuntimeError("broken on purpose")


def tick(store: Store, phones: Phones) -> bool:
    """Whether the next tick proved that all is in time."""
    with store.unit(phones.now) as u:
        return chores.tick(u).proved


def lines(store: Store) -> list[tuple[str, str]]:
    with store.unit(NOW) as u:
        return [(note.kind, note.code) for note in notes.unseen(u)]


def waits(store: Store) -> set[str]:
    with store.unit(NOW + DAY) as u:
        return {row.kind for row in due.ready(u, 20, chores=True, kinds=chores.CHORES)}


@pytest.fixture
def planned(store: Store, phones: Phones) -> Phones:
    """Every chore has its time."""
    with store.unit(NOW) as u:
        chores.plan(u)
    return phones


def test_one_that_fails_is_tried_again_and_the_others_are_done(store: Store, planned: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "apply", broken)
    planned.now += DAY
    assert tick(store, planned), "the proof does not wait for it"
    planned.now += timedelta(minutes=1)
    assert tick(store, planned)
    assert lines(store).count(("chore", "retention")) == 1, "staff hear of it once"
    monkeypatch.undo()
    planned.now += timedelta(minutes=1)
    assert tick(store, planned)
    assert "retention" not in waits(store)
    planned.type(STAFF, "/inbox")
    assert "a task of the system fails" in planned.phone(STAFF).messages[-1].text


def test_leases_that_cannot_be_taken_back_hold_up_no_chore_and_are_not_proved(
    store: Store, planned: Phones, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "rescue_leases", broken)
    planned.now += DAY
    assert not tick(store, planned)
    assert "retention" not in waits(store)
    with store.unit(planned.now) as u:
        assert heartbeat.last(u) is None
    monkeypatch.undo()
    planned.now += timedelta(minutes=1)
    assert tick(store, planned)


def test_an_auditor_that_fails_holds_up_no_other_chore(store: Store, planned: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chores.auditor, "audit", broken)
    planned.now += DAY
    assert not tick(store, planned)
    assert "retention" not in waits(store)
    monkeypatch.undo()
    planned.now += timedelta(minutes=1)
    assert tick(store, planned)


def test_an_alert_that_cannot_be_looked_at_holds_up_no_other(store: Store, planned: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    planned.type(PATIENT, DANGER)
    planned.type(OTHER, DANGER)
    with store.unit(planned.now) as u:
        first, second = escalations.all_open(u)
        due.cancel(u, "escalation", second.id, "lost")

    def refuses(u: Unit, row: EscalationRow) -> bool:
        return broken() if row.id == first.id else False

    monkeypatch.setattr(pager, "cover_came_early", refuses)
    planned.now += timedelta(minutes=1)
    assert not tick(store, planned)
    with store.unit(planned.now) as u:
        assert due.planned(u, "escalation", second.id), "the other was given back its step"
        assert heartbeat.last(u) is None
    planned.now += timedelta(minutes=1)
    assert not tick(store, planned)
    assert lines(store).count(("ladder", "unproved")) == 1


@pytest.mark.parametrize("damage", [{"profile": b"damaged"}, {"zone": "Nowhere/At_all"}], ids=["does not open", "in no zone"])
def test_whoever_has_an_alert_and_is_damaged_stops_no_chore(store: Store, planned: Phones, damage: dict[str, Any]) -> None:
    planned.type(PATIENT, DANGER)
    planned.tap(STAFF, "I'll take it")
    planned.tap(STAFF, "I reached them")
    with store.unit(planned.now) as u:
        staff = people.person_by_code(u, "S001")
        assert staff is not None
        u.run(update(table(Person)).where(table(Person).c.id == staff.id).values(**damage))
    planned.now += timedelta(hours=4)
    planned.settle()
    planned.now += DAY
    planned.settle()
    proved = tick(store, planned)
    assert "retention" not in waits(store)
    with store.unit(planned.now) as u:
        (row,) = escalations.all_open(u)
        assert proved == bool(due.planned(u, pager.OUTCOME, row.id)), "without a next reminder nothing is proved"
