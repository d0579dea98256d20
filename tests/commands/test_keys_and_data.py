"""`between backup`, `restore`, `rotate-keys`, `forget-patient`, `audit`, and the backup before `migrate`, as an operator meets them."""

from __future__ import annotations

import base64
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from bot.clock import wall
from storage import audit, backup, clinic, escalations, meta, migrate, notes, people
from storage.audit import AUDIT
from storage.engine import open_engine
from storage.seal import Keyring, MasterKey, read_or_make_key
from storage.store import Store
from tests.commands.between import Between

WORDS = "heron-4711"


@pytest.fixture
def lived(between: Between) -> Between:
    """Robin (0001) has a name and a note, and somebody has looked."""
    with between.unit() as u:
        id = people.add_person(u, "patient", WORDS, "America/New_York", code="0001")
        people.set_status(u, id, "active")
        people.chat_for(u, 5001)
        notes.add(u, id, "session", "other", WORDS)
        audit.record(u, id, "S001", "note.read", "session")
    return between


def newest_backup(between: Between) -> Path:
    return max((between.data / "backups").glob("*.backup"))


def elsewhere(between: Between, name: str, *, key: bool = True) -> Between:
    """The command on a machine with nothing but the master key."""
    other = replace(between, data=between.folder / name)
    other.data.mkdir()
    if key:
        shutil.copy(between.data / "master.key", other.data)
    return other


def test_backup_and_restore_to_another_machine(lived: Between) -> None:
    ran = lived("backup")
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines[0] == str(newest_backup(lived))
    assert ran.lines[1].startswith("Verified: restored into a scratch database, ")
    other = elsewhere(lived, "other")
    back = other("restore", str(newest_backup(lived)))
    assert (back.code, back.err) == (0, "")
    assert back.lines[0].startswith("Restored as of ")
    assert "BACK AS THEY WERE: words erased and consents withdrawn after" in back.out and "Ask every patient" in back.out
    with other.unit() as u:
        robin = people.person_by_code(u, "0001")
        assert robin is not None
        assert (robin.name, next(row.words for row in notes.unseen(u))) == (WORDS, WORDS)
    other("restore", str(newest_backup(lived))).refuses("There is a database at", "empty folder")


def test_what_cannot_be_restored_says_why_and_changes_nothing(lived: Between) -> None:
    assert lived("backup").code == 0
    made, keys = newest_backup(lived), lived.data / "backups" / "between.keys"
    other = elsewhere(lived, "other")
    before = other.left()
    (lived.folder / "foreign.backup").write_bytes(b"something else entirely, and long enough to look at")
    damaged = lived.folder / "damaged.backup"
    damaged.write_bytes(made.read_bytes()[:-40])
    beside = ("--keys", str(keys))
    other("restore", str(lived.folder / "foreign.backup"), *beside).refuses("foreign.backup is not a backup", "Nothing has been changed")
    other("restore", str(damaged), *beside).refuses("damaged.backup is damaged", "older backup")
    other("restore", str(damaged)).refuses("key file", "--keys")
    other("restore", str(lived.folder / "none.backup"), *beside).refuses("is not there")
    other("restore", str(made), "--keys", str(made)).refuses("not a")
    stranger = elsewhere(lived, "stranger", key=False)
    stranger("restore", str(made)).refuses("key that is not here")
    read_or_make_key(stranger.data / "master.key", make=True)
    stranger("restore", str(made)).refuses("another master key", "--old-key")
    left = {name: held for name, held in other.left().items() if name != "between.lock"}
    assert left == before


def test_a_backup_of_a_newer_version_is_refused(lived: Between, monkeypatch: pytest.MonkeyPatch) -> None:
    assert lived("backup").code == 0
    other = elsewhere(lived, "other")
    monkeypatch.setattr(migrate, "known", lambda: {"0001"})
    other("restore", str(newest_backup(lived))).refuses("newer Between", "Install that version")


def test_where_a_backup_cannot_be_put(lived: Between) -> None:
    blocked = lived.folder / "file"
    blocked.write_text("in the way")
    ran = lived("backup", "--out", str(blocked))
    assert ran.code == 1
    assert "No backup was made" in ran.err and "--out" in ran.err


def test_check_says_when_the_last_backup_is_old_or_none_was_ever_made(lived: Between) -> None:
    assert "WARNING backup: none was ever made here; run `between backup` every day" in lived("check").out
    with lived.unit() as u:
        meta.put(u, meta.BACKUP, (u.now - timedelta(hours=23)).isoformat())
    assert "WARNING backup: " not in lived("check").out
    with lived.unit() as u:
        meta.put(u, meta.BACKUP, (u.now - timedelta(hours=25)).isoformat())
        assert backup.last(u) is not None
    assert "WARNING backup: the last verified one is of" in lived("check").out


def test_a_new_key_takes_the_place_of_the_old_one(lived: Between) -> None:
    old = read_or_make_key(lived.data / "master.key", make=False)
    assert lived("backup").code == 0
    before = newest_backup(lived)
    ran = lived("rotate-keys")
    assert (ran.code, ran.err) == (0, "")
    new = read_or_make_key(lived.data / "master.key", make=False)
    retired = lived.data / f"master.key.retired-{old.id}"
    assert new != old
    assert read_or_make_key(retired, make=False) == old
    assert not (lived.data / "master.key.new").exists()
    assert base64.b64encode(new.secret).decode() not in ran.out
    with lived.unit() as u:
        robin = people.person_by_code(u, "0001")
        assert robin is not None and robin.name == WORDS
        assert meta.get(u, meta.KEY_CHECK) == new.mark
    assert lived("audit", "0001").code == 0
    other = elsewhere(lived, "other")
    other("restore", str(before)).refuses("another master key", "--old-key")
    assert other("restore", str(before), "--old-key", str(retired)).code == 0
    assert other("audit", "0001").code == 0
    assert lived("rotate-keys").code == 0, "and again"


def test_a_rotation_that_stopped_half_way_runs_with_both_keys_and_goes_on(lived: Between, monkeypatch: pytest.MonkeyPatch) -> None:
    from storage import rotation

    def stop(*_: object) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(rotation, "finish", stop)
        assert lived("rotate-keys").code == 130
    assert (lived.data / "master.key.new").exists()
    assert "0001" in lived("audit", "0001").out or lived("audit", "0001").code == 0
    away = lived.folder / "away"
    (lived.data / "master.key.new").rename(away)
    lived("audit", "0001").refuses("unfinished `between rotate-keys`")
    away.rename(lived.data / "master.key.new")
    assert lived("rotate-keys").code == 0
    assert lived("audit", "0001").code == 0


def test_a_key_in_the_environment_is_replaced_by_hand(lived: Between) -> None:
    path = lived.data / "master.key"
    old = path.read_text().strip()
    path.unlink()
    ran = lived("rotate-keys", env={"BETWEEN_MASTER_KEY": old})
    assert (ran.code, ran.err) == (0, "")
    new = (lived.data / "master.key.new").read_text().strip()
    assert new not in ran.out and new != old
    assert lived("audit", "0001", env={"BETWEEN_MASTER_KEY": old}).code == 0, "until it is put there, both are used"
    lived("rotate-keys", env={"BETWEEN_MASTER_KEY": old}).refuses("The rotation is done", "BETWEEN_MASTER_KEY")
    lived("rotate-keys", env={"BETWEEN_MASTER_KEY": new}).refuses("is the new key already", "Delete")
    (lived.data / "master.key.new").unlink()
    assert lived("audit", "0001", env={"BETWEEN_MASTER_KEY": new}).code == 0
    lived("audit", "0001", env={"BETWEEN_MASTER_KEY": old}).refuses("BETWEEN_MASTER_KEY is another one")


def test_forgetting_asks_refuses_and_gives_a_receipt(lived: Between) -> None:
    lived("forget-patient", "0001").refuses("--yes", "no way back")
    lived("forget-patient", "0099", "--yes").refuses("No patient has the code '0099'")
    lived("forget-patient", "S001", "--yes").refuses("No patient has the code")
    with lived.unit() as u:
        robin = people.person_by_code(u, "0001")
        assert robin is not None
        chat = people.chat_for(u, 5001)
        alert = escalations.add(u, robin.id, chat.id, "high", "full", ((0, "primary", "page"),))
    lived("forget-patient", "0001", "--yes").refuses("alert", alert.ref, "close it in the chat", "Nothing has been erased")
    with lived.unit() as u:
        escalations.save(u, alert, state="CLOSED", closed_at=u.now, outcome="safe", next_at=None)
    ran = lived("forget-patient", "0001", "--yes")
    assert (ran.code, ran.err) == (0, "")
    assert WORDS not in ran.out
    receipt = next(line.split(": ")[1] for line in ran.lines if line.startswith("receipt: "))
    assert len(receipt) == 64
    told = lived("audit", "0001")
    assert "person.forgotten" in told.out and receipt[:16] in told.out
    lived("forget-patient", "0001", "--yes").refuses("has been forgotten already")


def test_who_saw_what_and_whether_the_trail_is_whole(lived: Between) -> None:
    lived("audit").refuses("Whose?")
    lived("audit", "0099").refuses("Nobody has the code")
    assert "note.read" in lived("audit", "0001", "--looks").out
    with lived.unit() as u:
        audit.anchor(u)
        robin = people.person_by_code(u, "0001")
        assert robin is not None
        mine = AUDIT.c.subject == robin.id
    assert lived("audit", "--verify").lines[-1].startswith("Whole: ")
    with lived.unit() as u:
        u.run(update(AUDIT).where(mine).values(actor="S002"))
    ran = lived("audit", "--verify")
    assert ran.code == 1
    assert "BROKEN: the trail of 0001 was changed at line 1" in ran.out
    with lived.unit() as u:
        u.run(delete(AUDIT).where(mine))
    ran = lived("audit", "0001", "--verify")
    assert ran.code == 1
    assert "have been changed or taken out since" in ran.out, "the last line of a chain is missed by its anchor"


def test_migrate_makes_a_verified_backup_first(empty: Between) -> None:
    key: MasterKey = read_or_make_key(empty.data / "master.key", make=True)
    store = Store(open_engine(f"sqlite:///{empty.data / 'between.db'}"), Keyring(key))
    migrate.migrate(store.engine, "0008")  # the newest before this one that its code still writes
    with store.unit(wall()) as u:
        clinic.set_up(u, "Harbor Program", "555-0100", "America/New_York", "US", clinic.ALWAYS)
        meta.put(u, meta.KEY_CHECK, key.mark)
        people.add_person(u, "patient", WORDS, "America/New_York", code="0001")
    store.close()
    ran = empty("migrate")
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines[0].startswith("Backed up first, and verified: ")
    other = elsewhere(empty, "other")
    assert other("restore", str(newest_backup(empty))).code == 0
    with other.unit() as u:
        robin = people.person_by_code(u, "0001")
        assert robin is not None and robin.name == WORDS
