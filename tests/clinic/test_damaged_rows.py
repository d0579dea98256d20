"""What is damaged takes one patient off the pages at most, and staff hear of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from clinic import export
from safety import pager
from storage import journal, notes, people
from storage.store import Store
from storage.tables import Entry, Person
from tests.clinic.rows import MONDAY, NOW, at, open_store, patient, week_of

BAD = b"\x01" + bytes(40)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def test_a_member_of_staff_whose_name_does_not_open_takes_nobody_s_page_away(store: Store) -> None:
    with patient(store, at(MONDAY, "12:00")) as (u, who):
        chat, staff = people.chat_of(u, who.id), people.person_by_code(u, "S001")
        assert chat is not None
        assert staff is not None
        alert = pager.raise_danger(u, who, chat, "high", "suicide", "suicide.passive", "words").row
        pager.answer(u, alert.id, staff, "ack")
        u.set(Person, staff.id, name=BAD)
    assert [event.acknowledged_by for event in week_of(store).risk] == ["S001"]


def test_staff_hear_once_of_who_is_on_no_page(store: Store, tmp_path: Path) -> None:
    with patient(store, at(MONDAY, "12:00")) as (u, who):
        u.set(Entry, journal.write(u, who, "a line", shared=True), words=BAD)
    for minute in range(3):
        with store.unit(NOW + timedelta(minutes=minute)) as u:
            export.weekly(u, tmp_path / "out")
    with patient(store, NOW) as (u, who):
        assert [(line.kind, line.person) for line in notes.unseen(u)] == [("no_page", who.id)]
