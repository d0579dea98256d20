"""Nobody listened for a while: the page tells when danger was said, and how long it took to be heard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.phones import Phones
from clinic.gather import gather
from clinic.model import Week
from clinic.page import render_week
from storage import people
from storage.engine import open_engine
from storage.seal import Keyring
from storage.store import Store
from tests.bots import MASTER
from tests.clinic.page_reading import read, section
from tests.clinic.rows import MONDAY, SUNDAY, at
from tests.clinics import PATIENT, STAFF, open_clinic

BACK = at(SUNDAY + timedelta(days=1), "04:00")
"""When the machine is up again."""


@pytest.fixture
def phones(database: str) -> Iterator[Phones]:
    store = Store(open_engine(database), Keyring(MASTER))
    made = Phones(lambda: store, BACK)
    open_clinic(store, BACK - timedelta(days=30), made)
    with store.unit(BACK) as u:
        who = people.person_by_code(u, "0001")
        assert who is not None
        people.give_consent(u, who.id, "weekly", 1)
    yield made
    store.close()


def week(phones: Phones, weeks_on: int = 0) -> Week:
    with phones._store().unit(phones.now + timedelta(hours=2)) as u:
        who = people.person_by_code(u, "0001")
        assert who is not None
        found = gather(u, who, MONDAY + timedelta(days=7 * weeks_on), u.now)
    assert isinstance(found, Week)
    return found


def banner(found: Week) -> str:
    return section(read(render_week(found)), "safety").text


def test_danger_is_told_when_it_was_said_and_the_page_when_it_went(phones: Phones) -> None:
    phones.type(PATIENT, "I want to kill myself", date=int(at(SUNDAY, "22:00").timestamp()))
    phones.tap(STAFF, "I'll take it")
    assert "Sun 15 Nov 22:00 EST" in banner(week(phones))
    assert "Mon 04:00 Mon 04:00, Dana Reyes · 0 min" in banner(week(phones))
    phones.wait(timedelta(minutes=1))
    phones.type(PATIENT, "I want to kill myself tonight")
    assert [event.at for event in week(phones, 1).risk] == [at(SUNDAY, "22:00"), BACK + timedelta(minutes=1)], "both are open"


def test_so_are_words_that_worried(phones: Phones) -> None:
    phones.type(PATIENT, "I don't want to be here anymore", date=int(at(SUNDAY, "22:00").timestamp()))
    assert [event.at for event in week(phones).risk] == [at(SUNDAY, "22:00")]
