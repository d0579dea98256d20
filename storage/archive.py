"""One encrypted file: lines go in, the same lines come out, or it says what is wrong with it.

`magic | master key id (12) | salt (16)`, then chunks `last? (1) | length (4) | AES-256-GCM`. The key of a file is derived from the
master key and the salt; a chunk is bound to the header, its place and whether it is the last, so that none can be changed, moved,
dropped or cut off unnoticed (the STREAM construction, https://eprint.iacr.org/2015/189).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage import disk
from storage.seal import MasterKey

CHUNK = 1 << 20
"""Bytes of clear text in one chunk, about."""
LONGEST = 1 << 28
BACKUP, KEYS = b"between backup\n", b"between keys  \n"
"""How a file of each kind begins; both are equally long."""


class NotOurs(Exception):
    """The file is not one of this kind."""


class OtherKey(Exception):
    """The file was sealed with another master key; `id` says which."""

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.id = id


class Damaged(Exception):
    """A part of the file is changed, missing or cut off."""


def write(path: Path, magic: bytes, master: MasterKey, lines: Iterable[bytes]) -> None:
    """Write a new file of mode 0600, whole or not at all. Raises `FileExistsError` rather than overwrite."""
    part = path.with_name(f".{path.name}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            _seal(file, magic, master, lines)
            file.flush()
            os.fsync(file.fileno())
        os.link(part, path)
        disk.sync(path.parent)
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def replace(path: Path, magic: bytes, master: MasterKey, lines: Iterable[bytes]) -> None:
    """The same in the place of an older file: a reader sees the old one or the new one. The old one's bytes are overwritten."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    with contextlib.suppress(OSError):
        fresh.unlink()
    write(fresh, magic, master, lines)
    old = path.open("r+b") if path.exists() else None
    os.replace(fresh, path)
    disk.sync(path.parent)
    if old is not None:
        with old:
            old.write(bytes(os.fstat(old.fileno()).st_size))
            old.flush()
            os.fsync(old.fileno())


def read(path: Path, magic: bytes, masters: Sequence[MasterKey]) -> Iterator[bytes]:
    """The lines of a file. Raises `NotOurs`, `OtherKey` or `Damaged`; the last also half-way, so read to the end before trusting it."""
    with path.open("rb") as file:
        head = file.read(len(magic) + 12 + 16)
        if head[: len(magic)] != magic:
            raise NotOurs
        id = head[len(magic) : len(magic) + 12].decode("ascii", "replace")
        if len(head) < len(magic) + 28:
            raise Damaged
        master = next((key for key in masters if key.id == id), None)
        if master is None:
            raise OtherKey(id)
        rest = b""
        for chunk in _chunks(file, head, _cipher(master, head, magic)):
            *whole, rest = (rest + chunk).split(b"\n")
            yield from whole
        if rest:
            raise Damaged


def _seal(file: BinaryIO, magic: bytes, master: MasterKey, lines: Iterable[bytes]) -> None:
    head = magic + master.id.encode() + os.urandom(16)
    cipher = _cipher(master, head, magic)
    file.write(head)
    place, waiting = 0, bytearray()
    for line in lines:
        waiting += line + b"\n"
        if len(waiting) >= CHUNK:
            file.write(_chunk(cipher, head, place, bytes(waiting), last=False))
            place, waiting = place + 1, bytearray()
    file.write(_chunk(cipher, head, place, bytes(waiting), last=True))


def _chunk(cipher: AESGCM, head: bytes, place: int, data: bytes, *, last: bool) -> bytes:
    mark = b"\1" if last else b"\0"
    sealed = cipher.encrypt(place.to_bytes(12, "big"), data, head + mark)
    return mark + len(sealed).to_bytes(4, "big") + sealed


def _chunks(file: BinaryIO, head: bytes, cipher: AESGCM) -> Iterator[bytes]:
    place, mark = 0, b"\0"
    while mark == b"\0":
        mark, length = file.read(1), int.from_bytes(file.read(4), "big")
        sealed = file.read(length) if mark and length < LONGEST else b""
        if len(sealed) != length:
            raise Damaged
        try:
            yield cipher.decrypt(place.to_bytes(12, "big"), sealed, head + mark)
        except (InvalidTag, ValueError):
            raise Damaged from None
        place += 1
    if file.read(1):
        raise Damaged


def _cipher(master: MasterKey, head: bytes, magic: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=head[-16:], info=magic).derive(master.secret))
