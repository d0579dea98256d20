"""The proof of forgetting: a word of the patient's in every column that can hold one, and afterwards nowhere, for nobody, with any key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, String, TypeDecorator, select, update
from sqlmodel import SQLModel

from bot import chores
from bot.phones import Phones
from clinic import export
from storage import archive, backup, contacts, due, dump, keyfile, migrate, my_data, people, plans, restore, series
from storage.engine import open_engine
from storage.keyfile import KeyFile
from storage.seal import Keyring, SealBroken
from storage.store import Store, Unit, table
from storage.tables import Attendee, Chat, DataKey, Due, Inbox, Note, Outbox, Person, Prompt, SkillGate, Talk
from tests.clinics import PATIENT, STAFF
from tests.conftest import Lines
from tests.leaks import found_in
from tests.storage.made_up import AT, OLD, close_alerts, lived_store, open_store, who

CANARY = "heron-4711"

SEALED, EMPTIED, REMOVED = "sealed with a key that is destroyed, and emptied", "set to what says nothing", "the row goes"
CODE, NOBODY = "a code, a state or a number from a closed set: stays", "holds nothing about a patient"
DECIDED = {
    "attendance": dict.fromkeys(("answer", "barrier", "attended"), CODE),
    "audit": dict.fromkeys(("actor", "action", "object", "reason", "hash"), CODE),
    "audit_anchor": dict.fromkeys(("heads", "digest"), CODE),
    "chat": {"address_hash": EMPTIED, "address": SEALED},
    "check_in": dict.fromkeys(("slot", "status"), CODE),
    "clinic": dict.fromkeys(("name", "line", "zone", "country", "cover", "page_language", "ladders"), NOBODY),
    "consent": {"scope": CODE},
    "contact": dict.fromkeys(("use", "state", "code_hash"), CODE) | {"name": SEALED},
    "data_key": {"master": CODE, "wrapped": EMPTIED},
    "due": dict.fromkeys(("kind", "slot", "args", "state", "reason"), CODE),
    "entry": {"source": CODE, "words": SEALED},
    "escalation": dict.fromkeys(("ref", "level", "track", "state", "ladder", "outcome"), CODE),
    "escalation_event": {"kind": CODE, "code": CODE, "words": SEALED},
    "inbox": dict.fromkeys(("payload_hash", "kind", "state", "level", "reason"), CODE) | {"raw": SEALED},
    "invite": {"code_hash": CODE},
    "meta": dict.fromkeys(("key", "value"), NOBODY),
    "note": {"kind": CODE, "code": CODE, "words": SEALED},
    "observation": dict.fromkeys(("item", "code", "status"), CODE),
    "on_call": {"position": NOBODY},
    "override": {"position": NOBODY},
    "lease": dict.fromkeys(("name", "owner"), NOBODY),
    "outbox": dict.fromkeys(("channel", "dedupe_key", "kind", "content", "wanted", "state", "reason", "lease_owner", "ref"), CODE)
    | {"payload": SEALED},
    "person": dict.fromkeys(("code", "role", "duty", "status", "country", "language"), CODE)
    | dict.fromkeys(("zone", "region", "morning_at", "evening_at", "quiet_from", "quiet_to"), EMPTIED)
    | {"name": SEALED, "profile": SEALED},
    "plan_item": {"words": SEALED, "number": SEALED, "reach": CODE},
    "plan_review": dict.fromkeys(("why", "result"), CODE),
    "prompt": dict.fromkeys(("nonce", "kind", "key", "options", "args", "state", "answered"), REMOVED),
    "rotation": dict.fromkeys(("position", "at", "people"), NOBODY),
    "series": dict.fromkeys(("code", "kind", "starts", "zone"), NOBODY) | {"title": SEALED},
    "skill_gate": dict.fromkeys(("gate", "answer"), REMOVED),
    "skill_use": dict.fromkeys(("card", "scale", "status"), CODE),
    "talk": {"flow": REMOVED, "state": REMOVED, "body": SEALED},
}


def holding_text(only_bytes: bool = False) -> dict[str, set[str]]:
    """Every column of every table that can hold text or bytes, from the metadata."""
    kinds = (LargeBinary,) if only_bytes else (LargeBinary, String)
    return {each.name: {column.name for column in each.c if isinstance(_kind(column.type), kinds)} for each in _all()}


def _kind(declared: object) -> object:
    return declared.impl_instance if isinstance(declared, TypeDecorator) else declared


def _all() -> list:  # type: ignore[type-arg]
    return list(SQLModel.metadata.sorted_tables)


def test_every_column_that_can_hold_a_word_has_been_decided_about() -> None:
    """A new column fails here: say in `DECIDED` what forgetting does with it, and do it in `storage.erasing`."""
    assert {name: columns for name, columns in holding_text().items() if columns} == {name: set(of) for name, of in DECIDED.items()}


@pytest.fixture
def lived(tmp_path: Path) -> Iterator[tuple[Store, Phones]]:
    made = lived_store(tmp_path / "data" / "between.db")
    yield made
    made[0].close()


@pytest.fixture
def store(lived: tuple[Store, Phones]) -> Store:
    return lived[0]


@pytest.fixture
def phones(lived: tuple[Store, Phones], tmp_path: Path, logs: Lines) -> Phones:
    """Robin's canary is everywhere it can be, in the pages too; their alert is closed."""
    store, made = lived
    with store.unit(AT) as u:
        close_alerts(u)
        plant(u)
        export.export(u, tmp_path / "data" / "weekly", "2026-W47", None, ("html", "csv"), AT)
    return made


def plant(u: Unit) -> None:
    robin, staff = who(u, "0001"), people.chat_for(u, STAFF)
    chat = people.chat_of(u, robin.id)
    assert chat is not None
    for scope in ("weekly", "crisis_words"):
        people.give_consent(u, robin.id, scope, 1)
    people.save_profile(u, robin, {"call_name": CANARY, "medicines": [CANARY], "phone": CANARY})
    u.set(Person, robin.id, name=u.seal(robin.key, "person.name", robin.id, CANARY))
    u.set(Person, robin.id, **dict.fromkeys(("region", "morning_at", "evening_at", "quiet_from", "quiet_to"), CANARY))
    u.add(SkillGate, person_id=robin.id, gate=CANARY, answer=CANARY, at=AT)
    contacts.add(u, robin, CANARY, "both")
    plans.add(u, robin, 3, CANARY, CANARY)
    plans.remove(u, robin, plans.add(u, robin, 2, CANARY))
    note = u.new_id()
    u.add(Note, id=note, person_id=robin.id, kind="session", words=u.seal(robin.key, "note.words", note, CANARY), at=AT, code="other")
    for where, states in ((chat, ("done", "quarantined")), (staff, ("done", "quarantined"))):
        for state in states:
            row = u.new_id()
            raw = u.seal(where.key, "inbox.raw", row, f"/invite {CANARY}")
            u.add(Inbox, id=row, update_id=row, payload_hash=bytes(8), chat_id=where.id, kind="text", raw=raw,
                  received_at=AT, said_at=AT, state=state)  # fmt: skip
        for state in ("sent", "dead", "unknown", "dropped") + (("ready",) if where is chat else ()):
            row = u.new_id()
            payload = u.seal(where.key, "outbox.payload", row, {"text": CANARY})
            u.add(Outbox, id=row, lane=2, chat_id=where.id, kind="send", content="", payload=payload, state=state,
                  not_before=AT + timedelta(days=1), created_at=AT, done_at=None if state == "ready" else AT)  # fmt: skip
        for state in ("closed",) + (("waiting", "parked") if where is chat else ()):
            row = u.new_id()
            u.add(Talk, id=row, chat_id=where.id, flow="journal", version=1, state=state, started_at=AT, touched_at=AT, expires_at=AT,
                  body=u.seal(where.key, "talk.body", row, {"said": CANARY}))  # fmt: skip
    u.add(
        Prompt, nonce=CANARY, chat_id=chat.id, kind=CANARY, key=CANARY, options=CANARY, args=CANARY, state="live", answered=CANARY,
        created_at=AT,
    )  # fmt: skip
    clinic_key = u.run(select(table(DataKey).c.id).order_by(table(DataKey).c.id)).scalars().first()
    assert clinic_key is not None
    alone = series.add(
        u, {"code": "F1", "kind": "family", "first_date": date(2026, 11, 20), "last_date": date(2026, 11, 20), "starts": "10:00",
            "minutes": 50, "zone": "America/New_York", "everyone": False}, f"Family of {CANARY}", clinic_key, [robin.id],
    )  # fmt: skip
    assert u.one(select(table(Attendee).c.id).where(table(Attendee).c.series_id == alone.id)) is not None


def readable(u: Unit) -> set[str]:
    """Every table.column in which the canary can be read, in clear or with any data key there still is."""
    keys = [row.id for row in u.all(select(table(DataKey).c.id).where(table(DataKey).c.wrapped.is_not(None)))]
    sealed = holding_text(only_bytes=True)
    seen = set()
    for each in _all():
        for row in u.all(select(each)):
            for column in holding_text()[each.name]:
                value = getattr(row, column)
                if value and column not in sealed[each.name] and CANARY in value:
                    seen.add(f"{each.name}.{column}")
                for key in keys if value and column in sealed[each.name] else ():
                    with suppress(SealBroken, UnicodeDecodeError):
                        if CANARY in u.open(key, f"{each.name}.{column}", row.id, value):
                            seen.add(f"{each.name}.{column}")
    return seen


PLANTED = {f"{name}.{column}" for name, of in DECIDED.items() for column, how in of.items() if how in (SEALED, EMPTIED, REMOVED)} - {
    "chat.address", "chat.address_hash", "data_key.wrapped", "person.zone", "prompt.state", "talk.flow", "talk.state",
}  # fmt: skip
"""All but those that hold no text of a person's choosing: they are looked at by what they are for."""


def test_afterwards_it_can_be_read_nowhere(store: Store, phones: Phones, tmp_path: Path, logs: Lines) -> None:
    made = backup.make(store, tmp_path / "data" / "backups", tmp_path / "data" / "backups", tmp_path / "data", AT)
    before = keyfile.read(made.keys, [OLD])
    with store.unit(AT) as u:
        assert readable(u) == PLANTED, "the canary is where it can be, and the reader finds it"
        robin = who(u, "0001")
        assert opens_to(u) == {PATIENT}
    assert found_in(tmp_path / "data" / "weekly", [CANARY])
    assert in_backup(made, before, tmp_path / "1") >= {name for name in PLANTED if name.startswith(("person", "entry"))}

    with store.unit(AT) as u:
        chat = my_data.forget(u, robin, "between")
        assert chat is not None
        my_data.plan_erasing(u, chat.id)
    phones.wait(timedelta(minutes=11))
    with store.unit(phones.now) as u:
        assert [row.kind for row in due.ready(u, 10, chores=True, kinds=("forgotten",))], "it is planned, whoever asked"
        chores.tick(u)

    with store.unit(phones.now) as u:
        assert readable(u) == set()
        assert opens_to(u) == set()
    assert found_in(tmp_path / "data", [CANARY]) == {}, "database, its log, weekly pages, backups, key file"
    wal = tmp_path / "data" / "between.db-wal"
    assert not wal.exists() or wal.stat().st_size == 0
    assert CANARY not in logs.text
    assert not (tmp_path / "data" / "weekly" / "2026-W47" / "0001.html").exists()
    after = keyfile.read(made.keys, [OLD])
    sealed = {name for name in PLANTED if DECIDED[name.split(".")[0]][name.split(".")[1]] == SEALED}
    assert in_backup(made, after, tmp_path / "2") & sealed == {"series.title"}, "the clinic's own word for a session, under its own key"
    back = Store(open_engine(f"sqlite:///{tmp_path / 'back.db'}"), Keyring(OLD))
    restore.restore(back.engine, made.path, [OLD], after, phones.now)
    with back.unit(phones.now) as u:
        assert readable(u) == set()
        assert opens_to(u) == set()
    back.close()


def opens_to(u: Unit) -> set[int]:
    """Robin's Telegram id, if a chat still leads to it."""
    chats, seen = table(Chat), set()
    for row in u.all(select(chats.c.id, chats.c.key_id, chats.c.address, chats.c.address_hash)):
        with suppress(SealBroken):
            seen.add(int(u.open(row.key_id, "chat.address", row.id, row.address)))
        if row.address_hash == u.keys.address_hash(PATIENT):
            seen.add(PATIENT)
    return seen & {PATIENT}


def in_backup(made: backup.Made, held: KeyFile, folder: Path) -> set[str]:
    """Where the canary can be read by whoever has the backup, the master key and this key file, and does not use our restore."""
    store = open_store(folder / "taken.db")
    migrate.migrate(store.engine)
    with store.unit(AT) as u:
        dump.load(u.connection, archive.read(made.path, archive.BACKUP, [OLD]))
        for id, wrapped in held.living.items():
            u.run(update(table(DataKey)).where(table(DataKey).c.id == id).values(wrapped=wrapped))
        seen = readable(u)
    store.close()
    return seen


def test_forgetting_is_followed_up_where_the_key_file_could_not_be_reached(store: Store, phones: Phones, tmp_path: Path) -> None:
    made = backup.make(store, tmp_path / "stick", tmp_path / "stick", tmp_path / "data", AT)
    (tmp_path / "stick").rename(tmp_path / "drawer")
    with store.unit(AT) as u:
        my_data.forget(u, who(u, "0001"))
    with store.unit(AT) as u:
        assert chores.after_forgetting(u) is False
        again = u.all(select(table(Due).c.due_at).where(table(Due).c.kind == "forgotten", table(Due).c.due_at > AT))
        assert [row.due_at for row in again] == [AT + timedelta(hours=1)]
    (tmp_path / "drawer").rename(tmp_path / "stick")
    with store.unit(AT + timedelta(hours=1)) as u:
        key = who(u, "0001").key
        chores.tick(u)
    assert key in keyfile.read(made.keys, [OLD]).destroyed
