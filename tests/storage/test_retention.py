"""What is kept how long: a line for every table, and the edges of each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Table, select
from sqlmodel import SQLModel

from storage import ids, people, retention
from storage.store import Store, Unit, table
from storage.tables import Chat, Due, Inbox, Invite, Note, Outbox, Prompt, Talk
from tests.clinics import OTHER, STAFF, STRANGER, open_clinic
from tests.storage.made_up import AT, open_store, who

DAY, A_MINUTE = timedelta(days=1), timedelta(minutes=1)


def test_every_table_has_its_line_and_the_page_says_the_same() -> None:
    assert set(retention.KEPT) == set(SQLModel.metadata.tables)
    page = (Path(__file__).parents[2] / "docs" / "data.md").read_text()
    assert [name for name, kept in retention.KEPT.items() if f"| `{name}` | {kept} |" not in page] == []


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr(ids, "_last", 0)  # time never goes back for a bot; between two tests it does
    made = open_store(tmp_path / "kept.db")
    open_clinic(made, AT)
    with made.unit(AT) as u:
        plant(u)
    yield made
    made.close()


def plant(u: Unit) -> None:
    """One row of each kind that goes with time, all of this instant; the rows that must not go are beside them."""
    chat, stranger = people.chat_for(u, OTHER), people.chat_for(u, STRANGER)
    assert stranger.person is None
    for state in ("done", "quarantined", "ready"):
        row = u.new_id()
        u.add(Inbox, id=row, update_id=row, payload_hash=bytes(4), chat_id=chat.id, kind="text", received_at=AT, said_at=AT, state=state,
              raw=u.seal(chat.key, "inbox.raw", row, "words"))  # fmt: skip
    for state in ("sent", "ready"):
        u.add(Outbox, lane=2, chat_id=chat.id, kind="send", content="", payload=b"words", state=state, not_before=AT, created_at=AT,
              done_at=AT if state == "sent" else None)  # fmt: skip
    for state in ("done", "ready"):
        u.add(Due, kind="x", subject=1, slot=state, due_at=AT, args="{}", state=state, done_at=AT if state == "done" else None)
    for state in ("done", "ready"):
        at = AT if state == "done" else None
        u.add(Due, kind="audit", subject=0, slot=f"audit:{state}", due_at=AT, args="{}", state=state, done_at=at)
    for state in ("closed", "waiting"):
        talk = u.add(Talk, chat_id=chat.id, flow="x", version=1, state=state, body=b"", started_at=AT, touched_at=AT, expires_at=AT)
        u.add(Prompt, nonce=state, chat_id=chat.id, kind="talk", talk_id=talk, key="k", options="[]", args="{}", created_at=AT)
    u.add(Prompt, nonce="loose", chat_id=chat.id, kind="act", key="k", options="[]", args="{}", created_at=AT)
    for seen in (AT, None):
        row, sam = u.new_id(), who(u, "0002")
        u.add(Note, id=row, person_id=sam.id, kind="session", code="", words=u.seal(sam.key, "note.words", row, "w"), at=AT, seen_at=seen)


def left(store: Store, after: timedelta, *columns: str, of: type[SQLModel]) -> list[tuple[object, ...]]:
    """What is left of a table once the chore ran so long after."""
    with store.unit(AT + after) as u:
        retention.apply(u)
        rows: Table = table(of)
        return [tuple(row) for row in u.all(select(*(rows.c[name] for name in columns)).order_by(rows.c.id))]


def test_the_text_of_updates_a_week_and_longer_only_where_it_was_not_heard(store: Store) -> None:
    def texts(after: timedelta) -> list[bool]:
        return [raw is not None for (raw,) in left(store, after, "raw", of=Inbox)]

    assert texts(7 * DAY - A_MINUTE) == [True, True, True]
    assert texts(7 * DAY + A_MINUTE) == [False, True, True]
    assert texts(30 * DAY - A_MINUTE) == [False, True, True]
    assert texts(30 * DAY + A_MINUTE) == [False, False, True]
    assert len(texts(180 * DAY - A_MINUTE)) == 3
    assert texts(180 * DAY + A_MINUTE) == [True], "what nobody has taken yet never goes"


def test_what_was_sent(store: Store) -> None:
    assert left(store, 7 * DAY + A_MINUTE, "state", "payload", of=Outbox) == [("sent", b""), ("ready", b"words")]
    assert len(left(store, 180 * DAY - A_MINUTE, "state", of=Outbox)) == 2
    assert left(store, 180 * DAY + A_MINUTE, "state", of=Outbox) == [("ready",)]


def test_what_fired_and_what_was_talked_about(store: Store) -> None:
    assert [len(left(store, 180 * DAY - A_MINUTE, "id", of=of)) for of in (Talk, Prompt)] == [2, 3]
    mine = [slot for kind, slot in left(store, 180 * DAY - A_MINUTE, "kind", "slot", of=Due) if kind == "x"]
    assert mine == ["done", "ready"]
    assert [slot for kind, slot in left(store, 180 * DAY + A_MINUTE, "kind", "slot", of=Due) if kind == "x"] == ["ready"]
    assert left(store, 180 * DAY + A_MINUTE, "state", of=Talk) == [("waiting",)]
    assert left(store, 180 * DAY + A_MINUTE, "nonce", of=Prompt) == [("waiting",)]


def test_what_fired_every_minute_goes_after_a_week(store: Store) -> None:
    def minutes(after: timedelta) -> list[object]:
        return [state for kind, state in left(store, after, "kind", "state", of=Due) if kind == "audit"]

    assert minutes(7 * DAY - A_MINUTE) == ["done", "ready"]
    assert minutes(7 * DAY + A_MINUTE) == ["ready"]


def test_links_and_what_was_passed_on(store: Store) -> None:
    assert len(left(store, 30 * DAY - A_MINUTE, "id", of=Invite)) == 3
    assert left(store, 30 * DAY + A_MINUTE, "id", of=Invite) == []
    assert [words is not None for (words,) in left(store, 90 * DAY - A_MINUTE, "words", of=Note)] == [True, True]
    assert [words is not None for (words,) in left(store, 90 * DAY + A_MINUTE, "words", of=Note)] == [False, True]


def test_a_stranger_is_forgotten_after_three_months_and_nobody_else(store: Store) -> None:
    def known(after: timedelta) -> list[bool]:
        return [bool(address) for (address,) in left(store, after, "address", of=Chat)]

    assert known(90 * DAY - A_MINUTE) == [True] * 4
    assert known(90 * DAY + A_MINUTE) == [True, True, True, False]
    with store.unit(AT + 91 * DAY) as u:
        assert people.chat_for(u, STAFF).person is not None
        assert people.chat_for(u, OTHER).person is not None
