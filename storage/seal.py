"""Encryption at rest: AES-256-GCM per value, a data key per subject, wrapped by a master key outside the database.

A sealed value is `1 | nonce (12) | ciphertext+tag`. Its associated data names table, column, row and data key, so a value
cannot be moved to another row or person unnoticed. Destroying a data key makes all that was sealed with it unreadable,
also in old backups.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import stat
import threading
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage import points

VERSION = b"\x01"
SHORTEST = 1 + 12 + 16
"""Bytes of a sealed empty text: version, nonce, tag."""
CACHED_KEYS = 4096


class SealBroken(Exception):
    """A stored value does not fit its row or its key. It is left as it is; look at the backup and the key in use."""


class WrongMaster(SealBroken):
    """A data key was wrapped by another master key: this process reads with an old one, and nothing is wrong with the row."""


@dataclass(frozen=True)
class MasterKey:
    """32 bytes. `id` is a short fingerprint, stored beside what the key wraps; `mark` tells a database its key has come."""

    secret: bytes

    @property
    def id(self) -> str:
        return hashlib.sha256(b"between master " + self.secret).hexdigest()[:12]

    def __repr__(self) -> str:
        return f"MasterKey({self.id})"

    @property
    def mark(self) -> str:
        """What a database keeps to know its own master key by; it reveals nothing of the key."""
        return hmac.digest(self.secret, b"between key check", "sha256").hex()

    def derive(self, purpose: bytes) -> bytes:
        """32 bytes for one purpose, from which the key cannot be told."""
        return hmac.digest(self.secret, purpose, "sha256")

    @classmethod
    def fresh(cls) -> MasterKey:
        return cls(os.urandom(32))

    @classmethod
    def from_text(cls, text: str) -> MasterKey:
        """From base64 as given in BETWEEN_MASTER_KEY. Raises `ValueError` unless it is 32 bytes."""
        secret = base64.b64decode(text.strip(), validate=True)
        if len(secret) != 32:
            raise ValueError("a master key is 32 bytes in base64")
        return cls(secret)


def read_or_make_key(path: Path, *, make: bool) -> MasterKey:
    """The key file, of mode 0600. With `make`, an absent file is created first.

    Raises `FileNotFoundError` if absent, `PermissionError` if others can read it, `ValueError` if it is no key.
    """
    if make and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_name(f".{path.name}.part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(base64.b64encode(os.urandom(32)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with points.around("key"):
            os.link(part, path)  # whole or not at all, and never over a key that is there
        part.unlink()
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise PermissionError(f"{path.name} can be read by others; set its mode to 0600")
    return MasterKey.from_text(path.read_text())


class Keyring:
    """Seals and opens values, with the data keys it has been shown. Holds at most a few thousand unwrapped keys.

    `older` are masters that still wrap some data keys while a rotation is under way. `index` keys the hashes by which
    Telegram ids and repeated updates are found: derived from the first master of a database, kept when that is rotated.
    `retired` are masters the database needs no more; they open nothing in it, only key files that were out of reach since.
    """

    def __init__(self, master: MasterKey, older: tuple[MasterKey, ...] = (), index: bytes | None = None) -> None:
        self.master, self.masters = master, (master, *older)
        self.index_key = index or master.derive(b"between address index")
        self.retired: tuple[MasterKey, ...] = ()
        self._wraps = [AESGCM(each.secret) for each in self.masters]
        self._keys: OrderedDict[int, AESGCM] = OrderedDict()
        self._lock = threading.Lock()

    def address_hash(self, address: int) -> bytes:
        """The keyed hash by which a Telegram id is found."""
        return hmac.digest(self.index_key, str(address).encode(), "sha256")

    def payload_hash(self, raw: str) -> bytes:
        """The keyed hash by which an update that is handed over again is known."""
        return hmac.digest(hmac.digest(self.index_key, b"between payload", "sha256"), raw.encode(), "sha256")

    def make(self, key_id: int) -> bytes:
        """A new data key, wrapped for storage."""
        secret = AESGCM.generate_key(256)
        self._remember(key_id, AESGCM(secret))
        return self._wrap(f"data_key|{key_id}", secret)

    def admit(self, key_id: int, wrapped: bytes) -> None:
        """Unwrap a stored data key. Raises `SealBroken` when it was wrapped by another master key."""
        self._remember(key_id, AESGCM(self._unwrap(f"data_key|{key_id}", wrapped)))

    def rewrap(self, key_id: int, wrapped: bytes) -> bytes:
        """The same data key under the newest master. Raises `SealBroken` as `admit` does."""
        return self._wrap(f"data_key|{key_id}", self._unwrap(f"data_key|{key_id}", wrapped))

    def of_key_files(self) -> Keyring:
        """A keyring that opens key files of before a rotation too, and wraps with the newest master."""
        return Keyring(self.master, (*self.masters[1:], *self.retired), self.index_key)

    def wrap_index(self) -> bytes:
        return self._wrap("index", self.index_key)

    def take_index(self, wrapped: bytes) -> None:
        """Use the index key a database keeps. Raises `SealBroken` when it was wrapped by another master key."""
        self.index_key = self._unwrap("index", wrapped)

    def _wrap(self, place: str, secret: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._wraps[0].encrypt(nonce, secret, place.encode())

    def _unwrap(self, place: str, wrapped: bytes) -> bytes:
        if len(wrapped) >= SHORTEST - 1:
            for wrap in self._wraps:
                with suppress(InvalidTag):
                    return wrap.decrypt(wrapped[:12], wrapped[12:], place.encode())
        raise WrongMaster("a data key does not open with this master key")

    def forget(self, key_id: int) -> None:
        with self._lock:
            self._keys.pop(key_id, None)

    def __contains__(self, key_id: int) -> bool:
        """Whether the key is at hand; one that was asked for is not the next to be let go, whatever other threads admit."""
        with self._lock:
            if key_id in self._keys:
                self._keys.move_to_end(key_id)
                return True
            return False

    def seal(self, key_id: int, place: str, data: bytes) -> bytes:
        """`place` is "table.column:row"."""
        nonce = os.urandom(12)
        return VERSION + nonce + self._keys[key_id].encrypt(nonce, data, f"{place}|{key_id}".encode())

    def open(self, key_id: int, place: str, sealed: bytes) -> bytes:
        try:
            if sealed[:1] != VERSION or len(sealed) < SHORTEST:
                raise InvalidTag
            return self._keys[key_id].decrypt(sealed[1:13], sealed[13:], f"{place}|{key_id}".encode())
        except InvalidTag:
            raise SealBroken(f"{place.split(':')[0]} does not open") from None

    def _remember(self, key_id: int, key: AESGCM) -> None:
        with self._lock:
            self._keys[key_id] = key
            self._keys.move_to_end(key_id)
            while len(self._keys) > CACHED_KEYS:
                self._keys.popitem(last=False)
