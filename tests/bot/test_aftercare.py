"""After danger and after worry: who on the staff is told when, and in whose name a short note comes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.phones import Phones, instant
from storage import due, escalations, people
from storage.engine import open_engine
from storage.seal import Keyring
from storage.store import Store, table
from storage.tables import Clinic
from storage.wall import DAYS
from tests.bots import MASTER
from tests.clinics import PATIENT, STAFF, add_staff, open_clinic

NOW = instant("2026-11-16T20:00-05:00")
BACKUP = 9002
WAITS = "a concern waits in /inbox"


@pytest.fixture
def phones(tmp_path: Path) -> Iterator[Phones]:
    store = Store(open_engine(f"sqlite:///{tmp_path / 'care.db'}"), Keyring(MASTER))
    phones = Phones(lambda: store, NOW)
    open_clinic(store, NOW, phones)
    with store.unit(NOW) as u:
        escalations.set_on_call(u, "backup", people.person(u, add_staff(u, BACKUP, "Noor Haddad")))
        people.give_consent(u, _patient(u).id, "caring", 1)
    phones.phone(BACKUP)
    yield phones
    store.close()


def _patient(u: object) -> people.PersonCard:
    who = people.person_by_code(u, "0001")  # type: ignore[arg-type]
    assert who is not None
    return who


def _texts(phones: Phones, address: int) -> list[str]:
    return [shown.text for shown in phones.phone(address).messages]


def _a_way_in_mind(phones: Phones) -> str:
    """Answer the questions so that staff should look today; what the patient is told at the end."""
    phones.type(PATIENT, "I don't want to be here anymore")
    for label in ("Yes", "Yes", "Yes", "No, I don't mean to", "No, never"):
        phones.tap(PATIENT, label)
    return _texts(phones, PATIENT)[-1]


def _cover(phones: Phones, opens: str, closes: str) -> None:
    with phones._store().unit(phones.now) as u:
        u.run(update(table(Clinic)).values(cover=json.dumps({day: [opens, closes] for day in DAYS})))


def _close(phones: Phones) -> None:
    phones.type(PATIENT, "I want to kill myself")
    phones.tap(STAFF, "I'll take it")
    phones.tap(STAFF, "I reached them")
    phones.tap(STAFF, "Spoke with them, safe for now")


def test_that_somebody_can_be_paged_is_not_said_while_nobody_answers(phones: Phones) -> None:
    can = "someone from your program can be paged"
    phones.type(PATIENT, "/help")
    assert can in _texts(phones, PATIENT)[-1]
    phones.type(PATIENT, "I want to kill myself")
    assert "I am paging the person on call" in _texts(phones, PATIENT)[-1]
    assert can not in _texts(phones, PATIENT)[-1]
    phones.type(PATIENT, "/help")
    assert "In danger now" in _texts(phones, PATIENT)[-1]
    assert can not in _texts(phones, PATIENT)[-1]
    phones.tap(STAFF, "I'll take it")
    phones.type(PATIENT, "/help")
    assert can in _texts(phones, PATIENT)[-1]


def test_outside_cover_hours_nobody_is_told_until_they_begin_and_the_patient_is_not_told_otherwise(phones: Phones) -> None:
    _cover(phones, "09:00", "17:00")
    said = _a_way_in_mind(phones)
    assert "next working day" in said
    assert "I have told" not in said
    phones.wait(timedelta(hours=12, minutes=59))
    assert not any(WAITS in text for text in _texts(phones, STAFF))
    phones.wait(timedelta(minutes=2))
    assert sum(WAITS in text for text in _texts(phones, STAFF)) == 1


def test_after_four_hours_everyone_on_call_is_told_once_more(phones: Phones) -> None:
    assert "I have told the person on call" in _a_way_in_mind(phones)
    assert [sum(WAITS in text for text in _texts(phones, who)) for who in (STAFF, BACKUP)] == [1, 0]
    phones.wait(timedelta(hours=5))
    assert [sum(WAITS in text for text in _texts(phones, who)) for who in (STAFF, BACKUP)] == [2, 1]
    with phones._store().unit(phones.now) as u:
        assert not escalations.any_open(u, _patient(u).id), "nobody was paged"


def test_the_line_to_staff_holds_no_name_and_none_of_the_answers(phones: Phones) -> None:
    _a_way_in_mind(phones)
    (line,) = (text for text in _texts(phones, STAFF) if WAITS in text)
    assert "0001" in line
    assert "Robin" not in line
    assert "way" not in line


def test_a_concern_for_today_reaches_staff_although_the_patient_has_left(phones: Phones) -> None:
    _a_way_in_mind(phones)
    phones.type(PATIENT, "/settings")
    for label in ("What I allow", "Stop all of it", "Yes, stop all of it"):
        phones.tap(PATIENT, label)
    phones.wait(timedelta(hours=5))
    assert sum(WAITS in text for text in _texts(phones, BACKUP)) == 1


def test_a_note_is_signed_by_the_clinic_when_whoever_signed_is_gone(phones: Phones) -> None:
    _close(phones)
    phones.tap(STAFF, "Sign with my name")
    phones.wait(timedelta(days=8))
    assert "Dana Reyes, Harbor Program" in _texts(phones, PATIENT)[-1]
    with phones._store().unit(phones.now) as u:
        staff = people.person_by_code(u, "S001")
        assert staff is not None
        people.set_status(u, staff.id, "revoked")
    phones.wait(timedelta(days=23))
    assert "Your team at Harbor Program" in _texts(phones, PATIENT)[-1]
    assert "Dana" not in _texts(phones, PATIENT)[-1]


def test_notes_come_a_week_after_closing_then_monthly_then_every_other_month_and_end(phones: Phones) -> None:
    _close(phones)
    days = []
    for day in range(1, 400):
        before = len(_texts(phones, PATIENT))
        phones.wait(timedelta(days=1))
        days += [day for text in _texts(phones, PATIENT)[before:] if text.startswith("Hello Robin.")]
    assert [round(day / 30) for day in days] == [0, 1, 2, 3, 4, 6, 8, 10, 12]
    assert days[0] in (7, 8), "the quiet hours may hold it until the morning"


def test_a_second_alert_begins_the_notes_anew(phones: Phones) -> None:
    _close(phones)
    phones.wait(timedelta(days=3))
    _close(phones)
    with phones._store().unit(phones.now) as u:
        (planned,) = due.planned(u, "caring", _patient(u).id)
    assert planned.due_at - phones.now > timedelta(days=6, hours=23)
