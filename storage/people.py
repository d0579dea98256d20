"""People and their chats: who someone is, what they chose, and how a Telegram id finds them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, select, update

from storage.prepared import Prepared
from storage.seal import SealBroken
from storage.store import Unit, table
from storage.tables import Chat, Consent, Invite, Person
from storage.upsert import insert_once

PEOPLE, CHATS, INVITES, CONSENTS = table(Person), table(Chat), table(Invite), table(Consent)

BY_ID = Prepared(select(PEOPLE).where(PEOPLE.c.id == bindparam("person")))
CARD = select(CHATS.c.id, CHATS.c.key_id, CHATS.c.person_id, CHATS.c.reachable)
CHAT = Prepared(CARD.where(CHATS.c.id == bindparam("chat")))
SEATED = Prepared(
    select(CHATS.c.id.label("chat_id"), CHATS.c.key_id.label("chat_key"), CHATS.c.person_id.label("bound"), CHATS.c.reachable, *PEOPLE.c)
    .join(PEOPLE, PEOPLE.c.id == CHATS.c.person_id, isouter=True)
    .where(CHATS.c.id == bindparam("chat"))
)
CHATS_OF = Prepared(CARD.where(CHATS.c.person_id == bindparam("person")).order_by(CHATS.c.id.desc()))
BY_ADDRESS = Prepared(CARD.where(CHATS.c.address_hash == bindparam("hashed")).with_for_update(read=True, key_share=True))
"""Locked as a row that refers to it locks it anyway: no turn is in the way of that, only whoever erases it (`hold`)."""
HOLD = Prepared(CARD.where(CHATS.c.id == bindparam("chat")).with_for_update())
HOLD_ALL = Prepared(CARD.where(CHATS.c.person_id == bindparam("person")).order_by(CHATS.c.id).with_for_update())
ADDRESS = Prepared(select(CHATS.c.key_id, CHATS.c.address).where(CHATS.c.id == bindparam("chat")))
CONSENTS_OF = Prepared(select(CONSENTS).where(CONSENTS.c.person_id == bindparam("person")))

SEALED_FIELDS = ("call_name", "phone", "medicines", "email")
"""Profile fields that are a person's own words, kept together in the sealed `profile`."""
CLEAR_FIELDS = ("zone", "country", "region", "language", "morning_at", "evening_at", "quiet_from", "quiet_to", "discreet", "paused_until")
PROFILE_FIELDS = SEALED_FIELDS + CLEAR_FIELDS

OUTSIDE = ("declined", "discharged", "revoked", "forgotten")
"""Statuses of people the program knows, but who are not in it: nothing is on for them."""

EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+", re.ASCII)
"""A plain address, as HTML's `input type=email` has it: no name, no quotes, one at a time."""
CODE = re.compile(r"(?!caseload$|2\d{3}-w\d{2}$)[a-z0-9][a-z0-9_-]{0,11}", re.ASCII | re.IGNORECASE)
"""A code of the clinic's own. Files are named by it, beside the caseload's and the week's."""


@dataclass(frozen=True)
class PersonCard:
    """A person as the turn sees them. `status`: invited, active, or one of `OUTSIDE`. damaged: something sealed of theirs does not open;
    it is empty then, and their code stands for their name, as help waits for neither."""

    id: int
    code: str
    role: str
    duty: str
    status: str
    key: int
    name: str
    call_name: str
    phone: str
    email: str
    medicines: tuple[str, ...]
    zone: str
    country: str
    region: str
    language: str
    morning_at: str | None
    evening_at: str | None
    quiet_from: str
    quiet_to: str
    discreet: bool
    paused_until: date | None
    program_start: date | None
    program_weeks: int | None
    damaged: bool = False

    @property
    def active(self) -> bool:
        return self.status == "active"

    @property
    def outside(self) -> bool:
        return self.status in OUTSIDE


@dataclass(frozen=True)
class ChatCard:
    """A chat: `key` seals what came through it, `person` is None for a stranger."""

    id: int
    key: int
    person: int | None
    reachable: bool


def _person(u: Unit, row: Row[Any]) -> PersonCard:
    forgotten = row.status == "forgotten"  # their key is gone: nothing of theirs opens any more
    name = "" if forgotten else u.opened(row.key_id, "person.name", row.id, row.name)
    profile = "{}" if forgotten else u.opened(row.key_id, "person.profile", row.id, row.profile)
    told = json.loads(profile or "{}")
    return PersonCard(
        id=row.id,
        code=row.code,
        role=row.role,
        duty=row.duty,
        status=row.status,
        key=row.key_id,
        name=row.code if name is None else name,
        **{field: told.get(field, "") for field in ("call_name", "phone", "email")},
        medicines=tuple(told.get("medicines", ())),
        **{field: getattr(row, field) for field in CLEAR_FIELDS},
        program_start=row.program_start,
        program_weeks=row.program_weeks,
        damaged=name is None or profile is None,
    )


def whole(who: PersonCard) -> PersonCard:
    """For what may leave nothing out unnoticed: raises `SealBroken` when something of theirs does not open."""
    if who.damaged:
        raise SealBroken("something of this person does not open")
    return who


def person(u: Unit, id: int) -> PersonCard:
    row = u.one(BY_ID, person=id)
    if row is None:
        raise LookupError("no such person")
    return _person(u, row)


def person_by_code(u: Unit, code: str) -> PersonCard | None:
    row = u.one(select(PEOPLE).where(PEOPLE.c.code == code))
    return _person(u, row) if row else None


def people(u: Unit, role: str, status: str | None = None) -> list[PersonCard]:
    wanted: Select[Any] = select(PEOPLE).where(PEOPLE.c.role == role).order_by(PEOPLE.c.code)
    if status:
        wanted = wanted.where(PEOPLE.c.status == status)
    return [_person(u, row) for row in u.all(wanted)]


def forgotten_codes(u: Unit) -> list[str]:
    return [row.code for row in u.all(select(PEOPLE.c.code).where(PEOPLE.c.status == "forgotten"))]


def add_person(u: Unit, role: str, name: str, zone: str, *, duty: str = "", code: str | None = None, **fields: Any) -> int:
    """A new person in status "invited". Without a code, the next free number of four digits (patients) or S-number.

    Raises `ValueError` for a code that does not fit `CODE`.
    """
    if code is not None and not CODE.fullmatch(code):
        raise ValueError("not a code")
    id, key = u.new_id(), u.new_key()
    return u.add(
        Person,
        id=id,
        code=code or _next_code(u, role),
        role=role,
        duty=duty,
        status="invited",
        key_id=key,
        name=u.seal(key, "person.name", id, name),
        profile=u.seal(key, "person.profile", id, {}),
        zone=zone,
        created_at=u.now,
        quiet_from=fields.pop("quiet_from", "21:30"),
        quiet_to=fields.pop("quiet_to", "07:30"),
        **fields,
    )


def _next_code(u: Unit, role: str) -> str:
    count = u.run(select(func.count()).select_from(PEOPLE).where(PEOPLE.c.role == role)).scalar_one()
    prefix = "" if role == "patient" else "S"
    for number in range(count + 1, count + 10_000):
        code = f"{prefix}{number:0{4 - len(prefix)}d}"
        if u.one(select(PEOPLE.c.id).where(PEOPLE.c.code == code)) is None:
            return code
    raise LookupError("no free code")


def save_profile(u: Unit, who: PersonCard, values: dict[str, Any]) -> PersonCard:
    """Set profile fields by name (`PROFILE_FIELDS`); unknown names raise `KeyError`."""
    if unknown := set(values) - set(PROFILE_FIELDS):
        raise KeyError(f"unknown profile fields {sorted(unknown)}")
    sealed = {field: values[field] for field in SEALED_FIELDS if field in values}
    clear = {field: values[field] for field in CLEAR_FIELDS if field in values}
    if isinstance(clear.get("paused_until"), str):
        clear["paused_until"] = date.fromisoformat(clear["paused_until"])
    if sealed:
        profile = {field: getattr(whole(who), field) for field in SEALED_FIELDS} | sealed
        clear["profile"] = u.seal(who.key, "person.profile", who.id, profile)
    if clear:
        u.set(Person, who.id, **clear)
    return person(u, who.id)


def set_status(u: Unit, id: int, status: str) -> None:
    u.set(Person, id, status=status)


def foresee_chats(u: Unit, addresses: Iterable[int]) -> None:
    """The chats of these Telegram ids will be asked for."""
    for address in dict.fromkeys(addresses):
        u.foresee(BY_ADDRESS, hashed=u.keys.address_hash(address))


def chat_for(u: Unit, address: int) -> ChatCard:
    """The chat of a Telegram id, made with a key of its own when it is new."""
    found = u.one(BY_ADDRESS, hashed=u.keys.address_hash(address))
    if found:
        return ChatCard(found.id, found.key_id, found.person_id, found.reachable)
    id, key = u.new_id(), u.new_key()
    sealed = u.seal(key, "chat.address", id, str(address))
    hashed = u.keys.address_hash(address)
    if insert_once(u, Chat, id=id, address_hash=hashed, address=sealed, key_id=key, created_at=u.now, seen_at=u.now):
        return ChatCard(id, key, None, True)
    u.drop_key(key)  # another process has made this chat in the same moment
    return chat_for(u, address)


def chat(u: Unit, id: int) -> ChatCard:
    row = u.one(CHAT, chat=id)
    if row is None:
        raise LookupError("no such chat")
    return ChatCard(row.id, row.key_id, row.person_id, row.reachable)


def seated(u: Unit, chat: int) -> tuple[ChatCard, PersonCard | None]:
    """A chat and who it is bound to, as they are now."""
    row = u.one(SEATED, chat=chat)
    if row is None:
        raise LookupError("no such chat")
    return ChatCard(row.chat_id, row.chat_key, row.bound, row.reachable), _person(u, row) if row.bound is not None else None


def chat_of(u: Unit, person: int) -> ChatCard | None:
    """The chat a person is reached through: the newest bound to them."""
    found = u.one(CHATS_OF, person=person)
    return ChatCard(found.id, found.key_id, found.person_id, found.reachable) if found else None


def address(u: Unit, id: int) -> int:
    """The Telegram id of a chat."""
    row = u.one(ADDRESS, chat=id)
    if row is None:
        raise LookupError("no such chat")
    return int(u.open(row.key_id, "chat.address", id, row.address))


def set_reachable(u: Unit, chat: int, reachable: bool) -> None:
    u.set(Chat, chat, reachable=reachable)


def chats_of(u: Unit, person: int) -> list[ChatCard]:
    """Every chat bound to a person."""
    return [ChatCard(row.id, row.key_id, row.person_id, row.reachable) for row in u.all(CHATS_OF, person=person)]


def hold(u: Unit, chat: int) -> ChatCard:
    """A chat as it stands now, and nobody else takes a turn of it, nor stores or posts anything under its key, until this is committed
    (PostgreSQL; SQLite has one writer anyway). For who erases it: the key that others have in hand is about to go."""
    row = u.one(HOLD, chat=chat)
    if row is None:
        raise LookupError("no such chat")
    return ChatCard(row.id, row.key_id, row.person_id, row.reachable)


def hold_chats(u: Unit, person: int) -> None:
    """The same for every chat of a person: what was being said in them is committed by now, or has not been heard yet."""
    u.all(HOLD_ALL, person=person)


def give_consent(u: Unit, person: int, scope: str, version: int) -> None:
    """Record consent to a scope; an earlier one to the same scope is closed, never overwritten."""
    revoke_consent(u, person, scope)
    u.add(Consent, person_id=person, scope=scope, version=version, given_at=u.now)


def revoke_consent(u: Unit, person: int, scope: str) -> None:
    u.run(
        update(CONSENTS)
        .where(CONSENTS.c.person_id == person, CONSENTS.c.scope == scope, CONSENTS.c.revoked_at.is_(None))
        .values(revoked_at=u.now)
    )


def consents(u: Unit, person: int, at: datetime | None = None) -> dict[str, datetime]:
    """The scopes in force, with when each was given. `at` asks for an earlier instant."""
    rows = u.all(CONSENTS_OF, person=person)
    if at is None:  # now: what was given and not taken back, whatever a clock that jumped says of the order
        return {row.scope: row.given_at for row in rows if row.revoked_at is None}
    return {row.scope: row.given_at for row in rows if row.given_at <= at and (row.revoked_at is None or row.revoked_at > at)}
