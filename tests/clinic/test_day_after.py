"""The question of the day after danger is on the page of its week: what was answered, and that nothing was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.phones import Phones
from clinic.gather import gather
from clinic.model import Week
from clinic.page import render_week
from safety import pager
from storage import escalations, people
from storage.engine import open_engine
from storage.seal import Keyring
from storage.store import Store
from tests.bots import MASTER
from tests.clinic.page_reading import read, section
from tests.clinic.rows import MONDAY, at
from tests.clinics import PATIENT, open_clinic

SUNDAY_BEFORE = at(MONDAY - timedelta(days=1), "12:00")


@pytest.fixture
def phones(database: str) -> Iterator[Phones]:
    """Danger on a Sunday, and a human who closed it an hour later."""
    store = Store(open_engine(database), Keyring(MASTER))
    made = Phones(lambda: store, SUNDAY_BEFORE)
    open_clinic(store, SUNDAY_BEFORE, made)
    made.type(PATIENT, "I want to kill myself")
    made.wait(timedelta(hours=1))
    with store.unit(made.now) as u:
        robin, staff = people.person_by_code(u, "0001"), people.person_by_code(u, "S001")
        assert robin is not None
        assert staff is not None
        people.give_consent(u, robin.id, "weekly", 1)
        pager.answer(u, escalations.all_open(u)[0].id, staff, "close:safe")
    made.wait(timedelta(days=1))
    yield made
    store.close()


def banner(phones: Phones) -> str:
    with phones._store().unit(phones.now) as u:
        robin = people.person_by_code(u, "0001")
        assert robin is not None
        week = gather(u, robin, MONDAY, u.now)
    assert isinstance(week, Week)
    return section(read(render_week(week)), "safety").text


def test_silence_to_it_is_told(phones: Phones) -> None:
    assert "Safety question of the check-in not asked" in banner(phones)
    phones.wait(timedelta(days=2))
    assert "the safety question was left without an answer once" in banner(phones)


def test_so_is_what_was_answered(phones: Phones) -> None:
    asked = phones.phone(PATIENT).messages[-1]
    phones.tap_data(PATIENT, asked.id, asked.buttons[0][1])
    phones.wait(timedelta(days=2))
    assert "Safety question asked 1×: 1 no." in banner(phones)
    assert "nothing heard" not in banner(phones)
