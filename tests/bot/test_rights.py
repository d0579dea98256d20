"""Who may do what: every cell, and that a right is asked for when a button is tapped, not when it was shown."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import update

from bot import worker
from bot.menu import menu
from bot.phones import Phones, instant
from bot.registry import COMMANDS
from bot.rights import ADMIN_ONLY, ANY_STAFF, may
from content.library import load
from storage import escalations, people
from storage.engine import open_engine
from storage.people import PEOPLE
from storage.seal import Keyring, MasterKey
from storage.store import Store
from tests.clinics import PATIENT, STAFF, add_staff, open_clinic

AT = instant("2026-11-16T15:00-05:00")
SECOND = 9002
ACTIONS = sorted(ANY_STAFF | ADMIN_ONLY)
ROLES, DUTIES = ("patient", "staff"), ("", "clinician", "admin")
STATUSES = ("invited", "active", "declined", "discharged", "revoked", "forgotten")
WAYS = (
    ("0001", "Discharge", "Yes, discharge"),
    ("Staff", "S002 Ana Ruiz", "End access", "Yes, end it"),
    ("0001", "New link (new phone or account)"),
)


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    made = Store(open_engine(database), Keyring(MasterKey(b"rights-test-key-of-32-bytes-now!")))
    yield made
    made.close()


@pytest.fixture
def phones(store: Store) -> Phones:
    made = Phones(lambda: store, AT)
    open_clinic(store, AT, made)
    with store.unit(AT) as u:
        add_staff(u, SECOND, "Ana Ruiz", duty="admin")
    made.phone(SECOND)
    return made


def demote(store: Store, code: str) -> None:
    with store.unit(AT) as u:
        u.run(update(PEOPLE).where(PEOPLE.c.code == code).values(duty="clinician"))


def last(phones: Phones, address: int) -> str:
    return phones.phone(address).messages[-1].text


@pytest.mark.parametrize("action", [*ACTIONS, "", "anything else"])
def test_every_cell(store: Store, phones: Phones, action: str) -> None:
    with store.unit(AT) as u:
        someone = people.person_by_code(u, "S001")
    assert someone is not None
    for role, duty, status in itertools.product(ROLES, DUTIES, STATUSES):
        allowed = may(replace(someone, role=role, duty=duty, status=status), action)
        wanted = role == "staff" and status == "active" and (action in ANY_STAFF or (action in ADMIN_ONLY and duty == "admin"))
        assert allowed is wanted, (role, duty, status)


@pytest.mark.parametrize("way", WAYS)
def test_a_button_shown_to_an_administrator_does_nothing_for_one_no_more(store: Store, phones: Phones, way: tuple[str, ...]) -> None:
    phones.type(STAFF, "/patients")
    for label in way[:-1]:
        phones.tap(STAFF, label)
    demote(store, "S001")
    phones.tap(STAFF, way[-1])
    assert "may not do that" in last(phones, STAFF)
    with store.unit(AT) as u:
        found = {who.code: who.status for role in ROLES for who in people.people(u, role)}
    assert found == dict.fromkeys(("0001", "0002", "S001", "S002"), "active")
    assert not phones.phone(PATIENT).messages


def test_an_invitation_is_not_made_for_who_lost_the_right_while_being_asked(store: Store, phones: Phones) -> None:
    phones.type(STAFF, "/invite")
    for label in ("A patient", "Skip", "Skip"):
        phones.tap(STAFF, label)
    demote(store, "S001")
    phones.tap(STAFF, "Skip")
    assert "may not do that" in last(phones, STAFF)
    with store.unit(AT) as u:
        assert len(people.people(u, "patient")) == 2


def test_nobody_ends_their_own_access(store: Store, phones: Phones) -> None:
    phones.type(STAFF, "/patients")
    for label in ("Staff", "S001 Dana Reyes"):
        phones.tap(STAFF, label)
    with pytest.raises(LookupError):
        phones.tap(STAFF, "End access")


def test_a_position_is_not_handed_to_someone_whose_access_ended_meanwhile(store: Store, phones: Phones) -> None:
    with store.unit(AT) as u:
        second = people.person_by_code(u, "S002")
        assert second is not None
        people.give_consent(u, second.id, "paged", 1)
    phones.type(STAFF, "/oncall")
    phones.tap(STAFF, "Hand over first")
    with store.unit(AT) as u:
        people.set_status(u, second.id, "revoked")
    phones.tap(STAFF, "Ana Ruiz")
    assert any("nothing was handed over" in shown.text for shown in phones.phone(STAFF).messages)
    with store.unit(AT) as u:
        held = [people.person(u, id).code for id in escalations.on_call(u)["primary"]]
    assert held == ["S001"]


def test_the_menus_hold_valid_commands_and_no_one_elses() -> None:
    assert worker.acts
    patients, staff = dict(menu("patient", load("en"))), dict(menu("staff", load("en")))
    for name, words in [*patients.items(), *staff.items()]:
        assert name.islower() and name.isascii() and len(name) <= 32
        assert 1 <= len(words) <= 256
        assert any(f"{role}:{name}" in COMMANDS for role in ("patient", "staff", "any"))
    assert {"help", "sos", "checkin", "settings", "pause", "mydata"} <= set(patients)
    assert {"oncall", "inbox", "patients", "invite", "session", "email", "help"} == set(staff)
    assert set(patients) & set(staff) == {"help"}
    assert next(iter(patients)) == "help"
