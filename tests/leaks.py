"""Looking for words where they must not be: in every form a person or a program could read them back from."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

FOLDED = ("utf-8", "utf-16-le", "utf-16-be")


def forms(word: str) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of each way a word could lie readable in other bytes, at any position in them."""
    for encoding in FOLDED:
        yield encoding, word.encode(encoding)
    raw = word.encode()
    yield "hex", raw.hex().encode()
    yield "json", json.dumps(word)[1:-1].encode()
    yield "url", quote(word, safe="").encode()
    for shift in range(3):
        yield f"base64 +{shift}", _middle(raw, shift)
        yield f"base64url +{shift}", _middle(raw, shift).replace(b"+", b"-").replace(b"/", b"_")


def _middle(raw: bytes, shift: int) -> bytes:
    """The letters of base64 that depend on `raw` alone when `shift` other bytes stand before it in a group of three."""
    letters = base64.b64encode(bytes(shift) + raw).rstrip(b"=")
    return letters[(0, 2, 3)[shift] : len(letters) - ((shift + len(raw)) % 3 != 0)]


def forms_of_number(number: int) -> Iterator[tuple[str, bytes]]:
    """A number of more than 32 bits as digits, and as SQLite keeps it."""
    yield "digits", str(number).encode()
    yield "integer", number.to_bytes(6, "big")


def found(data: bytes, words: Iterable[str | int | bytes]) -> list[tuple[str | int | bytes, str]]:
    """Which of the words are readable in `data`, and how. Upper and lower case are the same, but in base64."""
    folded = data.lower()
    seen: list[tuple[str | int | bytes, str]] = []
    for word in words:
        if isinstance(word, bytes):
            ways: Iterable[tuple[str, bytes]] = [("bytes", word)]
        else:
            ways = forms_of_number(word) if isinstance(word, int) else forms(word)
        for name, shape in ways:
            exact = name.startswith("base64") or name in ("bytes", "integer")
            if shape in data or (not exact and shape.lower() in folded):
                seen.append((word, name))
    return seen


def found_in(folder: Path, words: Iterable[str | int | bytes]) -> dict[str, list[tuple[str | int | bytes, str]]]:
    """The same for every file under `folder` and its name."""
    words = list(words)
    files = [path for path in folder.rglob("*") if path.is_file()]
    seen = {str(path.relative_to(folder)): found(str(path).encode() + b"\0" + path.read_bytes(), words) for path in files}
    return {name: ways for name, ways in seen.items() if ways}
