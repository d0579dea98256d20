"""The second stage: what a linear model learned from our own made-up messages. It may ask (none becomes concern), leave out a question of
a rule that is named as doubted where a message is plainly harmless, and ask where a rule would page and the words around it read calm. It
never pages, and silences no rule that does.

It sees words, the letters they are made of, their neighbours and word classes (`content/screen/classes.toml`), hashed into a small table of
weights. The weights are data
(`content/screen/learned.toml`, made by `python -m bench.train_screen`); to use them nothing is needed but the standard library.
"""

from __future__ import annotations

import base64
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import sqrt
from operator import add, itemgetter
from typing import Any, NamedTuple

from safety.pattern import BOUNDARIES
from safety.words import Words

BITS = 20
MASK = (1 << BITS) - 1
LEAST, STRETCH = 3, 40  # words: less says nothing; more than one stretch is read in several
GRAMS = (3, 4)
FIRST, LAST = zlib.crc32(b"^"), zlib.crc32(b"$")
ENDS = tuple(place & MASK for end in (FIRST, LAST) for place in (end, end * 7 + 1))
MOST_KNOWN = 20_000
"""Words kept with what they weigh; the next ones are weighed anew each time."""


class Word(NamedTuple):
    """The weights of one word by itself, summed, and of how many places; then what it brings to each kind of pair that it begins or ends:
    the place of a pair is the sum of two such shares, below twice the size of the table (`neighbours`)."""

    weight: int
    size: int
    beside: int
    behind: int
    kind_beside: int
    kind_behind: int
    kind_before: int
    kind_after: int


Column = tuple[int, ...]


@dataclass(frozen=True)
class Learned:
    """A table of weights in units of `scale`, the score from which it asks, and the class of each known word, hashed.

    `doubted`: the rules that are right too seldom to ask by themselves. Where only they spoke, a score below `agreeing` leaves them out.
    `outright`: the rules for what is said in plain words, which always page. Where only others would, scores below `calm` around what they
    heard, and below `calm_words` for the words by themselves, make it a question.
    """

    weights: array[int]
    scale: float
    bias: float
    threshold: float
    agreeing: float
    doubted: frozenset[str]
    calm: float
    calm_words: float
    outright: frozenset[str]
    classes: Mapping[str, int]
    known: dict[str, Word] = field(default_factory=dict, compare=False)
    """What single words weigh, kept for the next time."""

    def score(self, words: Sequence[str]) -> float:
        """How much these words read like danger: log-odds, more is worse."""
        known = self.known.get
        each = [EDGE_FIRST, *[known(word) or self._met(word) for word in words], EDGE_LAST]
        weight, size, *shares = zip(*each, strict=True)
        pairs = neighbours(*shares)
        total = self._ends + sum(weight) + sum(itemgetter(*pairs)(self._twice))
        return float(total * self.scale / sqrt(len(ENDS) + sum(size) + len(pairs)) + self.bias)

    def alarming(self, text: Words) -> tuple[int, int] | None:
        """The stretch [start, end) of characters that reads most like danger, if any does."""
        worst, found = self.threshold, None
        for start, end in stretches(text.words):
            score = self.score(text.words[start:end])
            if score > worst:
                worst, found = score, (text.starts[start], text.ends[end - 1])
        return found

    def plainly_harmless(self, text: Words) -> bool:
        """Whether all of it reads so little like danger that a doubted rule must be wrong. Never where a part is too short to tell."""
        parts = list(stretches(text.words))
        told = sum(end - start for start, end in parts) == len(text.words) > 0
        return told and all(self.score(text.words[start:end]) < self.agreeing for start, end in parts)

    def reads_calm(self, text: Words, span: tuple[int, int]) -> bool:
        """Whether this span of characters reads too little like danger for a rule to page: its words by themselves, its sentence, and that
        with those before and behind it, so that nothing beside it makes words of danger calm. Never where there is too little to tell."""
        first, last = bisect_right(text.ends, span[0]), bisect_left(text.starts, span[1])
        if first >= last:
            return True  # it stands in another part of a longer text
        marks = (at for at in range(last - 1, first, -1) if text.words[at - 1] in BOUNDARIES)
        first = next(marks, first)  # "sober.i" is one place and two sentences
        if self.score(text.words[first:last]) >= self.calm_words:
            return False
        runs = [run for run in around(text.words, first, last) if len(run) >= LEAST]
        return bool(runs) and all(self.score(run) < self.calm for run in runs)

    @cached_property
    def _ends(self) -> int:
        return sum(self.weights[place] for place in ENDS)

    @cached_property
    def _twice(self) -> array[int]:
        """The table and the table again, so that the sum of two shares needs no mask."""
        return self.weights * 2

    def _met(self, word: str) -> Word:
        """What a word brings that is met for the first time; it is kept while there is room."""
        id, kind, places = alone(word, self.classes)
        found = Word(sum(self.weights[place] for place in places), len(places), *shares_of(id, kind))
        if len(self.known) < MOST_KNOWN:
            self.known[word] = found
        return found


def stretches(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The message in whole sentences of together about `STRETCH` words; a longer sentence is cut."""
    marks = [at for at, word in enumerate(words, start=1) if word in BOUNDARIES]
    start = 0
    while start < len(words):
        at = bisect_left(marks, start + STRETCH)
        end = min(marks[at] if at < len(marks) else len(words), start + 2 * STRETCH)
        if end - start >= LEAST:
            yield start, end
        start = end


def around(words: Sequence[str], first: int, last: int) -> Iterator[Sequence[str]]:
    """The sentence that holds the words [first, last); with the one before, the one behind, and both; as far as `STRETCH` words away, and
    without the mark at their end, as what is sent alone rarely has one."""
    marks = [at for at, word in enumerate(words, start=1) if word in BOUNDARIES]
    before, behind = [0, *marks], [*marks, len(words)]
    starts = before[max(0, bisect_right(before, first) - 2) : bisect_right(before, first)]
    ends = behind[bisect_left(behind, last) : bisect_left(behind, last) + 2]
    for start in starts:
        for end in ends:
            end = min(end, last + STRETCH)
            yield words[max(start, first - STRETCH) : end - 1 if words[end - 1] in BOUNDARIES else end]


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
    shares, single = [shares_of(FIRST, FIRST)], list(ENDS)
    for word in words:
        id, kind, places = alone(word, classes)
        shares.append(shares_of(id, kind))
        single += places
    columns = zip(*shares, shares_of(LAST, LAST), strict=True)
    return [*single, *[place & MASK for place in neighbours(*columns)]]


def alone(word: str, classes: Mapping[str, int]) -> tuple[int, int, list[int]]:
    """(hash, hash of its class, places) of one word. Its letters stand for it too, three and four in a row, so that a word never met is
    still like those it is made like."""
    id = zlib.crc32(word.encode())
    kind = classes.get(word) or id
    ends = f"<{word}>".encode()
    letters = [zlib.crc32(ends[at : at + size], size) & MASK for size in GRAMS for at in range(len(ends) - size + 1)]
    return id, kind, [id & MASK, kind * 7 + 1 & MASK, *letters]


def shares_of(id: int, kind: int) -> tuple[int, int, int, int, int, int]:
    """What a word brings to the places of the pairs it begins and ends: of words, of classes, of classes further apart."""
    return (
        id * 31 & MASK,
        id * 17 + 2 & MASK,
        kind * 101 & MASK,
        kind * 57 + 3 & MASK,
        kind * 307 & MASK,
        kind * 211 + 4 & MASK,
    )


def neighbours(beside: Column, behind: Column, kind_beside: Column, kind_behind: Column, before: Column, after: Column) -> list[int]:
    """Places, each up to one size of the table too high, of the words that stand beside each other, and of the classes up to three words
    apart. From the shares of the words, kind by kind, in order."""
    return [
        *map(add, beside, behind[1:]),
        *map(add, kind_beside, kind_behind[1:]),
        *map(add, before, after[2:]),
        *map(add, before, after[3:]),
    ]


EDGE_FIRST, EDGE_LAST = (Word(0, 0, *shares_of(edge, edge)) for edge in (FIRST, LAST))


def load_learned(data: Mapping[str, Any], classes: Mapping[str, Any]) -> Learned:
    """From `learned.toml` and `classes.toml`. Raises `ValueError` or `KeyError` when they do not hold what they must."""
    table = data["table"]
    weights = array("b", zlib.decompress(base64.b85decode(table["weights"].replace("\n", ""))))
    if len(weights) != MASK + 1:
        raise ValueError("learned.toml holds a table of the wrong size; run python -m bench.train_screen.")
    doubted, outright = (frozenset(data["rules"][name]) for name in ("doubted", "outright"))
    return Learned(
        weights,
        table["scale"],
        table["bias"],
        table["threshold"],
        table["agreeing"],
        doubted,
        table["calm"],
        table["calm_words"],
        outright,
        hash_classes(classes),
    )
