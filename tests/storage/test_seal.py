"""Encryption at rest: what is sealed opens only in its own place with its own key, and a destroyed key ends it."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import invites, people, seal
from storage.engine import open_engine
from storage.migrate import migrate
from storage.seal import Keyring, MasterKey, SealBroken, read_or_make_key
from storage.store import Store, Unit, table
from storage.tables import DataKey

NOW = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
MASTER = MasterKey(b"a master key of the tests: 32 by")
WORDS = "Canary words, which nobody may read"


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    made = Store(open_engine(database), Keyring(MASTER))
    migrate(made.engine)
    yield made
    made.close()


def ring() -> Keyring:
    keys = Keyring(MASTER)
    for key in (1, 2):
        keys.make(key)
    return keys


@given(st.text())
def test_what_is_sealed_opens_again(words: str) -> None:
    keys = ring()
    sealed = keys.seal(1, "entry.words:7", words.encode())
    assert keys.open(1, "entry.words:7", sealed).decode() == words
    assert len(words) < 4 or words.encode() not in sealed


def test_the_same_words_never_look_the_same() -> None:
    keys = ring()
    assert len({keys.seal(1, "entry.words:7", b"same") for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("key", "place"),
    [(1, "entry.words:8"), (1, "note.words:7"), (2, "entry.words:7")],
    ids=["another row", "another column", "another person's key"],
)
def test_a_value_can_not_be_moved(key: int, place: str) -> None:
    keys = ring()
    sealed = keys.seal(1, "entry.words:7", WORDS.encode())
    with pytest.raises(SealBroken):
        keys.open(key, place, sealed)


@given(st.integers(0, 63), st.integers(1, 255))
def test_a_changed_byte_is_noticed(at: int, flip: int) -> None:
    keys = ring()
    sealed = bytearray(keys.seal(1, "entry.words:7", WORDS.encode()))
    sealed[at % len(sealed)] ^= flip
    with pytest.raises(SealBroken):
        keys.open(1, "entry.words:7", bytes(sealed))


@pytest.mark.parametrize("length", [0, 1, 5, 12, 13, 28, 40])
def test_a_cut_off_value_is_broken_and_nothing_else(length: int) -> None:
    keys = ring()
    sealed = keys.seal(1, "entry.words:7", WORDS.encode())
    with pytest.raises(SealBroken):
        keys.open(1, "entry.words:7", sealed[:length])


def test_an_error_names_the_column_and_never_the_words_or_the_row() -> None:
    keys = ring()
    sealed = keys.seal(1, "entry.words:7", WORDS.encode())
    with pytest.raises(SealBroken) as caught:
        keys.open(1, "entry.words:8", sealed)
    assert str(caught.value) == "entry.words does not open"


def test_a_data_key_opens_only_with_the_master_that_wrapped_it_and_under_its_own_id() -> None:
    wrapped = Keyring(MASTER).make(1)
    Keyring(MASTER).admit(1, wrapped)
    for keys, id, given_ in ((Keyring(MasterKey.fresh()), 1, wrapped), (Keyring(MASTER), 2, wrapped), (Keyring(MASTER), 1, wrapped[:9])):
        with pytest.raises(SealBroken, match="master key"):
            keys.admit(id, given_)


def test_words_outlive_the_process_but_not_their_key(store: Store) -> None:
    with store.unit(NOW) as u:
        key = u.new_key()
        sealed = u.seal(key, "entry.words", 7, WORDS)
    store.keys = Keyring(MASTER)
    with store.unit(NOW) as u:
        assert u.open(key, "entry.words", 7, sealed) == WORDS
        u.set(DataKey, key, wrapped=None, destroyed_at=NOW)
        u.keys.forget(key)
        with pytest.raises(SealBroken, match="destroyed"):
            u.open(key, "entry.words", 7, sealed)


def test_more_people_than_the_keyring_holds(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "CACHED_KEYS", 3)
    with store.unit(NOW) as u:
        sealed = {key: u.seal(key, "note.words", key, f"words of {key}") for key in [u.new_key() for _ in range(8)]}
        assert len([key for key in sealed if key in u.keys]) == 3
        assert all(u.open(key, "note.words", key, value) == f"words of {key}" for key, value in sealed.items())


def test_json_keeps_what_it_was(store: Store) -> None:
    with store.unit(NOW) as u:
        key, value = u.new_key(), {"medicines": ["Naltrexone 50 mg", "ünïcödé"], "n": 3, "none": None}
        assert u.open_json(key, "person.profile", 1, u.seal(key, "person.profile", 1, value)) == value


def test_nothing_said_is_readable_in_the_file(tmp_path: Path) -> None:
    """Name, number, medicine and Telegram id, looked for as bytes in every file of the database."""
    folder = tmp_path / "data"
    made = Store(open_engine(f"sqlite:///{folder / 'between.db'}"), Keyring(MASTER))
    migrate(made.engine)
    with made.unit(NOW) as u:
        id = people.add_person(u, "patient", "Canary Name", "America/New_York")
        people.save_profile(u, people.person(u, id), {"phone": "555-0177", "medicines": ["Canarycillin"], "call_name": "Birdie"})
        invites.redeem(u, invites.add(u, people.person(u, id)), people.chat_for(u, 8675309123).id)
    made.close()
    raw = b"".join(file.read_bytes() for file in folder.iterdir())
    assert b"America/New_York" in raw, "the right files are looked at"
    for secret in (b"Canary", b"555-0177", b"Birdie", b"8675309123", MASTER.secret):
        assert secret not in raw


def test_a_telegram_id_is_found_by_a_hash_that_needs_the_key() -> None:
    keys, other = Keyring(MASTER), Keyring(MasterKey.fresh())
    assert keys.address_hash(5001) == Keyring(MASTER).address_hash(5001)
    assert len({keys.address_hash(5001), keys.address_hash(5002), other.address_hash(5001)}) == 3


def test_a_master_key_never_shows_itself() -> None:
    key = MasterKey.fresh()
    shown = f"{key!r} {key}"
    assert key.id in shown
    assert base64.b64encode(key.secret).decode() not in shown
    assert repr(key.secret) not in shown


@pytest.mark.parametrize("text", ["", "short", base64.b64encode(b"31 bytes are one too few for it").decode(), "not base64 at all !"])
def test_what_is_no_master_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        MasterKey.from_text(text)


def test_the_key_file_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "master.key"
    with pytest.raises(FileNotFoundError):
        read_or_make_key(path, make=False)
    made = read_or_make_key(path, make=True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_or_make_key(path, make=True) == made == read_or_make_key(path, make=False)


def test_a_key_file_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    read_or_make_key(path, make=True)
    os.chmod(path, 0o640)
    with pytest.raises(PermissionError, match="set its mode to 0600"):
        read_or_make_key(path, make=False)


def test_a_unit_of_another_key_reads_nothing(store: Store) -> None:
    with store.unit(NOW) as u:
        id = people.add_person(u, "patient", "Canary Name", "America/New_York")
    stranger = Keyring(MasterKey.fresh())
    with store.engine.begin() as connection:
        u = Unit(connection, stranger, NOW)
        with pytest.raises(SealBroken):
            people.person(u, id)
        assert u.one(table(DataKey).select()) is not None
