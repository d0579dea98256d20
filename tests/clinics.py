"""A made-up clinic for tests: one patient, a second one, and one person on call. Nobody here is real."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from bot.phones import Phones
from storage import clinic, escalations, invites, people
from storage.migrate import migrate
from storage.store import Store, Unit

PATIENT, STAFF, OTHER, STRANGER = 5001, 9001, 5002, 7001
ZONE = "America/New_York"


_schema: list[str] = []


def lay_schema(engine: Engine) -> None:
    """The newest schema. On SQLite it is migrated once in a test run, then copied; on PostgreSQL the database is a copy already."""
    if engine.dialect.name != "sqlite":
        migrate(engine)
        return
    if not _schema:
        migrate(engine)
        with engine.connect() as connection:
            made = connection.exec_driver_sql("select sql from sqlite_master where sql is not null").scalars().all()
            version = connection.exec_driver_sql("select version_num from alembic_version").scalar_one()
        _schema.extend([*made, f"insert into alembic_version values ('{version}')"])  # noqa: S608 - our own version
        return
    with engine.begin() as connection:
        for statement in _schema:
            connection.exec_driver_sql(statement)


def open_clinic(store: Store, now: datetime, phones: Phones | None = None) -> None:
    """Set up the clinic with everybody's chat bound, as if their welcome was over."""
    lay_schema(store.engine)
    with store.unit(now) as u:
        clinic.set_up(u, "Harbor Program", "555-0100", ZONE, "US", clinic.ALWAYS)
        add_patient(u, PATIENT, "Robin", code="0001")
        add_patient(u, OTHER, "Sam", code="0002")
        staff = add_staff(u, STAFF, "Dana Reyes")
        escalations.set_on_call(u, "primary", people.person(u, staff))
    if phones is not None:
        for address in (PATIENT, STAFF, OTHER):
            phones.phone(address)


def add_patient(u: Unit, address: int, name: str, *, code: str | None = None, zone: str = ZONE, **fields: object) -> int:
    id = people.add_person(u, "patient", name, zone, code=code, **fields)
    who = people.person(u, id)
    invites.redeem(u, invites.add(u, who), people.chat_for(u, address).id)
    people.save_profile(u, people.person(u, id), {"call_name": name, "phone": "555-0111"})
    people.give_consent(u, id, "program", 1)
    return id


def add_two_who_share(u: Unit) -> None:
    """0001 and 0002, without a phone, who share a weekly page."""
    for code, name in (("0001", "Robin"), ("0002", "Sam")):
        id = people.add_person(u, "patient", name, ZONE, code=code)
        people.set_status(u, id, "active")
        for scope in ("program", "weekly"):
            people.give_consent(u, id, scope, 1)


def add_staff(u: Unit, address: int, name: str, *, duty: str = "admin") -> int:
    id = people.add_person(u, "staff", name, ZONE, duty=duty)
    invites.redeem(u, invites.add(u, people.person(u, id)), people.chat_for(u, address).id)
    people.give_consent(u, id, "paged", 1)
    return id
