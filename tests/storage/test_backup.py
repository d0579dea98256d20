"""Backup and restore: what comes back is whole, opens nobody without the key file, and forgets again who was forgotten since."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot import chores
from bot.acts.check_in import plan_check_ins
from bot.phones import Phones
from storage import archive, backup, dump, escalations, journal, keyfile, my_data, notes, people, restore
from storage.engine import open_engine
from storage.keyfile import Older
from storage.seal import Keyring, MasterKey, SealBroken
from storage.store import Store, table
from storage.tables import Chat, DataKey, Due, Entry, Inbox, Outbox
from tests.clinics import OTHER, PATIENT, STAFF, STRANGER
from tests.storage.made_up import AT, NEW, OLD, WORDS, lived_store, who


@pytest.fixture
def lived(tmp_path: Path) -> Iterator[tuple[Store, Phones]]:
    made = lived_store(tmp_path / "live" / "between.db")
    yield made
    made[0].close()


@pytest.fixture
def store(lived: tuple[Store, Phones]) -> Store:
    return lived[0]


@pytest.fixture
def phones(lived: tuple[Store, Phones]) -> Phones:
    return lived[1]


def back_up(store: Store, tmp_path: Path, at: timedelta = timedelta()) -> backup.Made:
    return backup.make(store, tmp_path / "backups", tmp_path / "backups", tmp_path / "live", AT + at)


def come_back(made: backup.Made, tmp_path: Path, at: timedelta, masters: tuple[MasterKey, ...] = (OLD,)) -> tuple[Store, restore.Restored]:
    engine = open_engine(f"sqlite:///{tmp_path / 'back' / 'between.db'}")
    came = restore.restore(engine, made.path, masters, keyfile.read(made.keys, masters), AT + at)
    again = Store(engine, Keyring(masters[0]))
    return again, came


def test_what_was_there_is_there_again(store: Store, phones: Phones, tmp_path: Path) -> None:
    made = back_up(store, tmp_path)
    assert made.opened > 6
    again, came = come_back(made, tmp_path, timedelta(minutes=1))
    with store.unit(AT) as u, again.unit(AT) as v:
        for each in dump.tables(u.connection):
            if each.name not in ("meta", "note", "inbox", "outbox", "talk", "data_key", "chat"):
                assert v.all(select(each)) == u.all(select(each)), each.name
        assert came.rows["entry"] == 2
        for code, words in WORDS.items():
            assert [entry.words for entry in journal.entries(v, who(v, code))] == [f"I saw a {words}"]
        for address in (PATIENT, OTHER, STAFF):
            assert people.chat_for(v, address) == people.chat_for(u, address)
        assert [row.kind for row in notes.unseen(v)][-1] == "restored"
    again.close()


def test_staff_read_that_what_was_erased_or_withdrawn_since_is_back(store: Store, phones: Phones, tmp_path: Path) -> None:
    made = back_up(store, tmp_path)
    with store.unit(AT) as u:
        my_data.erase_journal(u, who(u, "0001"))
        people.revoke_consent(u, who(u, "0001").id, "program")
    again, _ = come_back(made, tmp_path, timedelta(minutes=1))
    with again.unit(AT) as u:
        assert journal.entries(u, who(u, "0001"))
        assert "program" in people.consents(u, who(u, "0001").id)
    after = Phones(lambda: again, AT + timedelta(minutes=1))
    after._update = after._message = 6000
    after.type(STAFF, "/inbox")
    told = after.phone(STAFF).messages[-1].text
    assert "restored as of 2026-11-16 20:00 UTC" in told
    assert "is back as it was" in told and "ask every patient" in told
    again.close()


def test_modes_names_and_nothing_left_over(store: Store, phones: Phones, tmp_path: Path) -> None:
    made = back_up(store, tmp_path)
    assert {path.name for path in (tmp_path / "backups").iterdir()} == {".between.keys.lock", "between.keys", made.path.name}
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "backups").iterdir()} == {0o600}
    assert not list((tmp_path / "live").glob("*ing*"))
    with pytest.raises(backup.AlreadyThere):
        back_up(store, tmp_path)


def test_nothing_is_readable_in_the_files(store: Store, phones: Phones, tmp_path: Path) -> None:
    made = back_up(store, tmp_path)
    held = made.path.read_bytes() + made.keys.read_bytes()
    for word in (*WORDS.values(), "Robin", "America/New_York", "person"):
        assert word.encode() not in held
    lines = b"\n".join(archive.read(made.path, archive.BACKUP, [OLD]))
    assert b"America/New_York" in lines, "the right file was opened"
    with store.unit(AT) as u:
        wrapped = [row.wrapped for row in u.all(select(table(DataKey).c.wrapped))]
        hashes = [row.address_hash for row in u.all(select(table(Chat).c.address_hash))]
    coded = [dump._plain(each).encode() for each in (*wrapped, *hashes)]
    assert not any(each in lines for each in coded), "neither data keys nor hashes of Telegram ids are in it"


def test_who_was_forgotten_after_the_backup_cannot_be_read_from_it(store: Store, phones: Phones, tmp_path: Path) -> None:
    made = back_up(store, tmp_path)
    with store.unit(AT) as u:
        robin = who(u, "0001")
        chat = people.chat_of(u, robin.id)
        assert chat is not None
        sealed = u.one(select(table(Entry).c.id, table(Entry).c.words).where(table(Entry).c.person_id == robin.id))
        assert sealed is not None
        my_data.forget(u, robin)
    with store.unit(AT) as u:
        assert chores.after_forgetting(u)
    held = keyfile.read(made.keys, [OLD])
    assert {robin.key, chat.key} <= set(held.destroyed)
    assert not {robin.key, chat.key} & set(held.living)
    again, came = come_back(made, tmp_path, timedelta(hours=1))
    assert came.forgotten == 1
    with again.unit(AT + timedelta(hours=1)) as u:
        assert (who(u, "0001").status, who(u, "0001").name) == ("forgotten", "")
        with pytest.raises(SealBroken):
            u.open(robin.key, "entry.words", sealed.id, sealed.words)
        assert journal.entries(u, who(u, "0002"))[0].words == f"I saw a {WORDS['0002']}"
        assert people.chat_for(u, PATIENT).person is None
        assert u.one(select(func.count()).select_from(table(Entry)).where(table(Entry).c.words.is_not(None)))[0] == 1  # type: ignore[index]
        assert escalations.all_open(u) == []
    again.close()


def test_an_older_key_file_is_refused_rather_than_taken_for_a_forgetting(store: Store, phones: Phones, tmp_path: Path) -> None:
    older = back_up(store, tmp_path)
    kept = older.keys.read_bytes()
    phones.type(STRANGER, "hello")
    newer = back_up(store, tmp_path, timedelta(hours=1))
    newer.keys.write_bytes(kept)
    with pytest.raises(Older):
        come_back(newer, tmp_path, timedelta(hours=2))


def test_later_backups_still_open_after_an_older_one_was_restored(store: Store, phones: Phones, tmp_path: Path) -> None:
    older = back_up(store, tmp_path)
    phones.type(STRANGER, "hello")
    newer = back_up(store, tmp_path, timedelta(hours=1))
    again, _ = come_back(older, tmp_path, timedelta(hours=2))
    with again.unit(AT + timedelta(hours=2)) as u:
        keyfile.renew(u, tmp_path / "backups")
        my_data.forget(u, who(u, "0002"))
    with again.unit(AT + timedelta(hours=2)) as u:
        keyfile.renew(u, tmp_path / "backups")
    again.close()
    (tmp_path / "back" / "between.db").rename(tmp_path / "gone.db")
    last, came = come_back(newer, tmp_path, timedelta(hours=3))
    assert came.forgotten == 1
    last.close()


def test_any_changed_byte_or_cut_is_noticed(store: Store, phones: Phones, tmp_path: Path) -> None:
    made = back_up(store, tmp_path)
    whole = made.path.read_bytes()
    places = [0, 20, 30, 45, len(whole) // 2, len(whole) - 1]
    for place in places:
        for bad in (whole[:place], whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :], whole + b"x"):
            made.path.write_bytes(bad)
            with pytest.raises((archive.Damaged, archive.NotOurs, archive.OtherKey)):
                list(archive.read(made.path, archive.BACKUP, [OLD]))
    made.path.write_bytes(whole)
    with pytest.raises(archive.OtherKey, match=OLD.id):
        list(archive.read(made.path, archive.BACKUP, [NEW]))
    assert list(archive.read(made.path, archive.BACKUP, [NEW, OLD]))


def test_a_backup_that_does_not_come_back_gets_no_name(
    store: Store, phones: Phones, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = dump.lines

    def short(*args: object) -> Iterator[bytes]:
        for line in real(*args):  # type: ignore[arg-type]
            if not line.startswith(b"[1,"):
                yield line

    monkeypatch.setattr(dump, "lines", short)
    with pytest.raises(backup.Unverified, match="Unfit"):
        back_up(store, tmp_path)
    assert not list((tmp_path / "backups").glob("*.backup*"))
    with store.unit(AT) as u:
        assert backup.last(u) is None


def test_a_value_that_does_not_open_fails_the_check(store: Store, phones: Phones, tmp_path: Path) -> None:
    with store.unit(AT) as u:
        row = u.one(select(table(Entry).c.id))
        assert row is not None
        u.set(Entry, row.id, words=b"\x01" + bytes(40))
    with pytest.raises(SealBroken):
        back_up(store, tmp_path)
    assert not list((tmp_path / "backups").glob("*.backup*"))


def test_the_drill_from_a_backup_made_under_load(store: Store, phones: Phones, tmp_path: Path) -> None:
    """Messages keep coming while it is made; restored a day later the alert goes on at once and nobody is flooded."""
    phones.type(PATIENT, "I want to kill myself")
    with store.unit(AT) as u:
        chat = people.chat_of(u, who(u, "0002").id)
        assert chat is not None
        plan_check_ins(u, people.save_profile(u, who(u, "0002"), {"evening_at": "15:30"}), chat)
    stop, wrote, faults = threading.Event(), [0], list[BaseException]()

    def load() -> None:
        other = Phones(lambda: store, AT)
        other._update = 50_000
        try:
            while not stop.wait(0.05):
                other.type(OTHER, f"line {wrote[0]}")
                wrote[0] += 1
        except BaseException as fault:
            faults.append(fault)

    writer = threading.Thread(target=load)
    writer.start()
    try:
        while wrote[0] < 3 and not faults:
            stop.wait(0.01)
        made = back_up(store, tmp_path)
        during = wrote[0]
    finally:
        stop.set()
        writer.join()
    assert faults == []
    assert during >= 3
    later = timedelta(hours=26)
    again, _ = come_back(made, tmp_path, later)
    after = Phones(lambda: again, AT + later)
    for address in (PATIENT, OTHER, STAFF):
        after.phone(address)
    after.settle()
    with again.unit(after.now) as u:
        alert = escalations.open_for(u, who(u, "0001").id)
        assert alert is not None
        assert alert.step > 0 or alert.cycle > 1 or alert.state == "EXHAUSTED"
        assert u.one(select(table(Inbox).c.id).where(table(Inbox).c.state == "ready")) is None
        assert u.one(select(table(Outbox).c.id).where(table(Outbox).c.state == "ready", table(Outbox).c.lane >= 3)) is None
    assert any("#" in shown.text or alert.ref in shown.text for shown in after.phone(STAFF).messages), "staff are paged at once"
    assert len(after.phone(OTHER).messages) <= 2, "no storm"
    with again.unit(after.now) as u:
        rows = table(Due).c
        past = u.all(select(rows.state, rows.reason).where(rows.kind == "check_in", rows.due_at < AT + timedelta(hours=1)))
        assert [(row.state, row.reason) for row in past] == [("dropped", "late")], "what is over is recorded as such"
    again.close()


def test_an_update_handed_over_again_after_a_restore_is_taken_once(store: Store, phones: Phones, tmp_path: Path) -> None:
    update = {
        "message": {"message_id": 9, "date": int(AT.timestamp()), "chat": {"id": OTHER, "type": "private"},
                    "from": {"id": OTHER, "is_bot": False, "first_name": "P"}, "text": "hello there"},
    }  # fmt: skip
    phones.receive(update)
    made = back_up(store, tmp_path)
    again, _ = come_back(made, tmp_path, timedelta(minutes=5))
    with again.unit(AT) as u:
        before = u.one(select(func.count()).select_from(table(Inbox)))
    after = Phones(lambda: again, AT + timedelta(minutes=5))
    after._update = phones._update - 1
    after.receive(update)
    with again.unit(AT) as u:
        assert u.one(select(func.count()).select_from(table(Inbox))) == before
    again.close()
