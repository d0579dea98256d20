"""A small file of one program's own, sealed with a key that only serves this, and replaced whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.seal import MasterKey

PURPOSE = b"between small file"


def write(path: Path, key: MasterKey, value: Any) -> None:
    """Mode 0600, on disk when this returns."""
    nonce = os.urandom(12)
    sealed = nonce + AESGCM(key.derive(PURPOSE)).encrypt(nonce, json.dumps(value).encode(), path.name.encode())
    part = path.with_name(f".{path.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(sealed)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def read(path: Path, keys: list[MasterKey]) -> Any:
    """What was written with one of these keys; None when there is nothing, or nothing that opens."""
    try:
        sealed = path.read_bytes()
    except OSError:
        return None
    for key in keys:
        try:
            return json.loads(AESGCM(key.derive(PURPOSE)).decrypt(sealed[:12], sealed[12:], path.name.encode()))
        except (InvalidTag, ValueError):
            continue
    return None
