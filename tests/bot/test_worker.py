"""One bad event costs itself: what the database will never take is set aside; what it can't take now is tried again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from bot import registry
from bot.phones import Phones, instant
from bot.registry import CommandEntry
from bot.sitting import Sitting
from storage.engine import open_engine
from storage.seal import Keyring
from storage.store import Store, table
from storage.tables import Inbox, Person
from tests.bots import MASTER
from tests.clinics import OTHER, PATIENT, open_clinic

NOW = instant("2026-11-16T15:00-05:00")
INBOX = table(Inbox).c


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(open_engine(f"sqlite:///{tmp_path / 'worker.db'}"), Keyring(MASTER))
    yield store
    store.close()


@pytest.fixture
def phones(store: Store) -> Phones:
    phones = Phones(lambda: store, NOW)
    open_clinic(store, NOW, phones)
    return phones


def on_odd(monkeypatch: pytest.MonkeyPatch, run: Callable[[Sitting], None]) -> None:
    """What `/odd` does for a patient."""
    monkeypatch.setitem(registry.COMMANDS, "patient:odd", CommandEntry("patient", run, None))


def states(store: Store) -> list[tuple[str, str | None]]:
    with store.unit(NOW) as u:
        return [(row.state, row.reason) for row in u.all(select(INBOX.state, INBOX.reason).order_by(INBOX.id))]


def takes_a_code_in_use(s: Sitting) -> None:
    s.u.set(Person, s.person.id, code="0002")


def leaves_out_a_name(s: Sitting) -> None:
    s.u.set(Person, s.person.id, name=None)


def gives_a_date_that_is_none(s: Sitting) -> None:
    s.u.set(Person, s.person.id, paused_until="tomorrow")


@pytest.mark.parametrize(
    ("run", "reason"),
    [(takes_a_code_in_use, "IntegrityError"), (leaves_out_a_name, "IntegrityError"), (gives_a_date_that_is_none, "StatementError")],
)
def test_a_row_the_database_refuses_is_set_aside(
    store: Store, phones: Phones, monkeypatch: pytest.MonkeyPatch, run: Callable[[Sitting], None], reason: str
) -> None:
    on_odd(monkeypatch, run)
    phones.type(PATIENT, "/odd")
    phones.type(OTHER, "/help")
    assert phones.phone(PATIENT).messages[-1].text.startswith("Something went wrong on our side")
    assert "988" in phones.phone(OTHER).messages[-1].text
    assert states(store) == [("quarantined", reason), ("done", None)]


def test_a_database_that_is_away_for_a_moment_costs_nothing(store: Store, phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(s: Sitting) -> None:
        raise OperationalError("away", {}, Exception("away"))

    on_odd(monkeypatch, away)
    with pytest.raises(OperationalError):
        phones.type(PATIENT, "/odd")
    assert states(store) == [("ready", None)]
    on_odd(monkeypatch, lambda s: s.u.run(text("select 1")) and s.say("bot.later"))
    phones.settle()
    assert [message.text for message in phones.phone(PATIENT).messages] == ["All right, later. What you answered so far is kept."]
