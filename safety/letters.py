"""The letters of a text as plain ones: small, without accents, look-alikes and invisible marks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

_FOREIGN = re.compile(r"[^\x00-\x7f]")
FEW = 64  # kinds of letters that are each replaced all at once; with more of them that would not be linear any more
_MARKS = ("Mn", "Cf", "Me")  # accents and what cannot be seen


def fold(text: str, lookalikes: Mapping[str, str]) -> tuple[str, list[int] | None]:
    """The plain letters, and the place of each in the text; None where that is its own."""
    if text.isascii():
        return text.lower(), None
    plain = {letter: _seen(letter, lookalikes) for letter in set(_FOREIGN.findall(text))}
    if len(plain) <= FEW and all(len(letters) == 1 for letters in plain.values()):
        for letter, seen in plain.items():
            text = text.replace(letter, seen)
        return text.lower(), None
    parts: list[str] = []
    places: list[int] = []
    done = 0
    for found in _FOREIGN.finditer(text):
        place = found.start()
        parts += text[done:place].lower(), plain[found.group()]
        places.extend(range(done, place))
        places.extend([place] * len(parts[-1]))
        done = place + 1
    parts.append(text[done:].lower())
    places.extend(range(done, len(text)))
    return "".join(parts), places


def _seen(letter: str, lookalikes: Mapping[str, str]) -> str:
    return "".join(lookalikes.get(each, each) for each in lookalikes.get(letter) or _plain(letter))


@lru_cache(maxsize=4096)
def _plain(letter: str) -> str:
    """One letter in lower case and without marks; the empty string for what cannot be seen."""
    if unicodedata.category(letter) in _MARKS:
        return ""
    return "".join(part for part in unicodedata.normalize("NFKD", letter).lower() if unicodedata.category(part) not in _MARKS)
