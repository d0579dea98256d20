"""The second stage: what a linear model learned from our own made-up messages. It may ask (none becomes concern), never page, never calm.

It sees words, the letters they are made of, their neighbours and word classes (`content/screen/classes.toml`), hashed into a small table of
weights. The weights are data
(`content/screen/learned.toml`, made by `python -m bench.train_screen`); to use them nothing is needed but the standard library.
"""

from __future__ import annotations

import base64
import zlib
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise
from math import sqrt
from typing import Any

from safety.normalise import Words
from safety.pattern import END, QUESTION

BITS = 17
MASK = (1 << BITS) - 1
LEAST, STRETCH = 3, 40  # words: less says nothing; more than one stretch is read in several
GRAMS = (3, 4)
FIRST, LAST = zlib.crc32(b"^"), zlib.crc32(b"$")


@dataclass(frozen=True)
class Learned:
    """A table of weights in units of `scale`, the score from which it asks, and the class of each known word, hashed."""

    weights: array[int]
    scale: float
    bias: float
    threshold: float
    classes: Mapping[str, int]

    def score(self, words: Sequence[str]) -> float:
        """How much these words read like danger: log-odds, more is worse."""
        places = features(words, self.classes)
        weights = self.weights
        return sum([weights[place] for place in places]) * self.scale / sqrt(len(places)) + self.bias

    def alarming(self, text: Words) -> tuple[int, int] | None:
        """The stretch [start, end) of characters that reads most like danger, if any does."""
        worst, found = self.threshold, None
        for start, end in stretches(text.words):
            score = self.score(text.words[start:end])
            if score > worst:
                worst, found = score, (text.starts[start], text.ends[end - 1])
        return found


def stretches(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The message in whole sentences of together about `STRETCH` words; a longer sentence is cut."""
    start = 0
    for at, word in enumerate(words, start=1):
        length = at - start
        if at == len(words) or length >= 2 * STRETCH or (length >= STRETCH and word in (END, QUESTION)):
            if length >= LEAST:
                yield start, at
            start = at


def hash_classes(data: Mapping[str, Any]) -> dict[str, int]:
    """Each word of `classes.toml` with the number of its class; the first class that names a word has it."""
    classes: dict[str, int] = {}
    for name, words in data["classes"].items():
        for word in words.split():
            classes.setdefault(word, zlib.crc32(f"class {name}".encode()))
    return classes


def features(words: Sequence[str], classes: Mapping[str, int]) -> list[int]:
    """Places in the table: each word and class, the letters of each word, each pair of neighbours, each pair of classes up to three words
    apart."""
    ids = [FIRST, *[zlib.crc32(word.encode()) for word in words], LAST]
    kinds = [FIRST, *[classes.get(word) or id for word, id in zip(words, ids[1:], strict=False)], LAST]
    return [
        place & MASK
        for place in chain(
            ids,
            [kind * 7 + 1 for kind in kinds],
            [one * 31 + two * 17 + 2 for one, two in pairwise(ids)],
            [one * 101 + two * 57 + 3 for one, two in pairwise(kinds)],
            [one * 307 + two * 211 + 4 for one, two in zip(kinds, kinds[2:], strict=False)],
            [one * 307 + two * 211 + 4 for one, two in zip(kinds, kinds[3:], strict=False)],
            *map(_letters, words),
        )
    ]


@lru_cache(maxsize=8_192)
def _letters(word: str) -> tuple[int, ...]:
    """Every three and four letters in a row, so that a word never met is still like those it is made like."""
    ends = f"<{word}>".encode()
    return tuple(zlib.crc32(ends[at : at + size], size) for size in GRAMS for at in range(len(ends) - size + 1))


def load_learned(data: Mapping[str, Any], classes: Mapping[str, Any]) -> Learned:
    """From `learned.toml` and `classes.toml`. Raises `ValueError` or `KeyError` when they do not hold what they must."""
    table = data["table"]
    weights = array("b", zlib.decompress(base64.b85decode(table["weights"].replace("\n", ""))))
    if len(weights) != MASK + 1:
        raise ValueError("learned.toml holds a table of the wrong size; run python -m bench.train_screen.")
    return Learned(weights, table["scale"], table["bias"], table["threshold"], hash_classes(classes))
