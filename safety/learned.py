"""The tables of the second stage: what two linear models learned from our own made-up messages. One says how much words read like danger,
the other how much like danger that cannot wait. `safety/weighing.py` weighs them together with what the rules heard.

They see words, the letters they are made of, their neighbours and word classes (`content/screen/classes.toml`), hashed into small tables of
weights. The weights are data (`content/screen/learned.toml`, made by `python -m bench.train_screen`); to use them nothing is needed but the
standard library.
"""

from __future__ import annotations

import base64
import zlib
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from math import sqrt
from operator import add
from typing import Any, NamedTuple

from safety.encoder import Encoder

BITS = 20
MASK = (1 << BITS) - 1
GRAMS = (3, 4)
FIRST, LAST = zlib.crc32(b"^"), zlib.crc32(b"$")
ENDS = tuple(place & MASK for end in (FIRST, LAST) for place in (end, end * 7 + 1))
MOST_KNOWN = 20_000
"""Words kept with what they weigh; the next ones are weighed anew each time."""


class Word(NamedTuple):
    """The weights of one word by itself in both tables, summed, and of how many places; then what it brings to each kind of pair that it
    begins or ends: the place of a pair is the sum of two such shares, below twice the size of the table (`neighbours`)."""

    danger: int
    grave: int
    size: int
    beside: int
    behind: int
    kind_beside: int
    kind_behind: int
    kind_before: int
    kind_after: int


Column = tuple[int, ...]
Sums = tuple[list[int], ...]


@dataclass(frozen=True)
class Table:
    """Weights in units of `scale`, and the score of a message that holds nothing known."""

    weights: array[int]
    scale: float
    bias: float

    def sum(self, places: Sequence[int]) -> int:
        return sum(self.weights[place] for place in places)

    @cached_property
    def ends(self) -> int:
        return self.sum(ENDS)

    @cached_property
    def twice(self) -> array[int]:
        """The table and the table again, so that the sum of two shares needs no mask."""
        return self.weights * 2


class Limits(NamedTuple):
    """From which scores on (log-odds) words are asked about, and paged for: where no rule spoke; where one did that asks, or one
    that pages; and where one did that pages, or is nearly always right in that."""

    ask: float
    ask_with_rule: float
    ask_with_page: float
    page: float
    page_with_rule: float
    page_with_firm: float


class Worth(NamedTuple):
    """How much what the tables say and what the encoder says count in what they say together; all are log-odds."""

    tables: float
    encoder: float


class Trust(NamedTuple):
    """Rules whose word counts more than others'. `outright`: their pages stand however it reads, as they hear what is said in plain words;
    `asked`: so do their questions; `firm`: they are nearly always right in what they page for."""

    outright: frozenset[str]
    asked: frozenset[str]
    firm: frozenset[str]


@dataclass(frozen=True)
class Learned:
    """Both tables, the encoder, what each is worth in telling danger and gravity, the limits, which rules count for more, and the class of
    each known word, hashed."""

    asking: Table
    paging: Table
    encoder: Encoder
    of_danger: Worth
    of_gravity: Worth
    limits: Limits
    trust: Trust
    classes: Mapping[str, int]
    known: dict[str, Word] = field(default_factory=dict, compare=False)
    """What single words weigh, kept for the next time."""

    def weigh(self, words: Sequence[str]) -> Weighed:
        """Some words, ready to be scored run by run."""
        known = self.known.get
        return Weighed(self, [known(word) or self._weigh(word) for word in words])

    def _weigh(self, word: str) -> Word:
        """What a word brings that is met for the first time; it is kept while there is room."""
        id, kind, places = alone(word, self.classes)
        found = Word(self.asking.sum(places), self.paging.sum(places), len(places), *shares_of(id, kind))
        if len(self.known) < MOST_KNOWN:
            self.known[word] = found
        return found


@dataclass(frozen=True)
class Weighed:
    """How any run of some words scores: each word and each pair is looked up once, and a run is the difference of two sums."""

    learned: Learned
    each: Sequence[Word]

    def danger(self, first: int, last: int) -> float:
        """How much the words [first, last), three at least, read like danger: log-odds, more is worse."""
        return self._score(self.learned.asking, self._danger, first, last)

    def gravity(self, first: int, last: int) -> float:
        """How much they read like danger that cannot wait."""
        return self._score(self.learned.paging, self._grave, first, last)

    def _score(self, table: Table, sums: Sums, first: int, last: int) -> float:
        own, beside, two_on, three_on = sums
        total = table.ends + own[last] - own[first] + beside[last - 1] - beside[first]
        total += two_on[last - 2] - two_on[first] + three_on[last - 3] - three_on[first]
        total += self._edges(table.twice, first, last)
        count = len(ENDS) + self._sizes[last] - self._sizes[first] + 4 * (last - first) + 1
        return float(total * table.scale / sqrt(count) + table.bias)

    def _edges(self, twice: array[int], first: int, last: int) -> int:
        """The pairs of the first and the last three words with what stands before and behind them."""
        one, two, three = self.each[first : first + 3]
        third, second, end = self.each[last - 3 : last]
        return (
            twice[EDGE_FIRST.beside + one.behind]
            + twice[EDGE_FIRST.kind_beside + one.kind_behind]
            + twice[EDGE_FIRST.kind_before + two.kind_after]
            + twice[EDGE_FIRST.kind_before + three.kind_after]
            + twice[end.beside + EDGE_LAST.behind]
            + twice[end.kind_beside + EDGE_LAST.kind_behind]
            + twice[second.kind_before + EDGE_LAST.kind_after]
            + twice[third.kind_before + EDGE_LAST.kind_after]
        )

    @cached_property
    def _columns(self) -> list[Column]:
        return list(zip(*self.each, strict=True))

    @cached_property
    def _sizes(self) -> list[int]:
        return [0, *accumulate(self._columns[2])]

    @cached_property
    def _danger(self) -> Sums:
        return self._sums(self.learned.asking, self._columns[0])

    @cached_property
    def _grave(self) -> Sums:
        return self._sums(self.learned.paging, self._columns[1])

    def _sums(self, table: Table, own: Column) -> Sums:
        """For each place, the sum before it: of the words, and of the pairs that begin there, by how far apart they stand."""
        _, _, _, beside, behind, kind_beside, kind_behind, before, after = self._columns
        weight = table.twice.__getitem__
        words, kinds = map(weight, map(add, beside, behind[1:])), map(weight, map(add, kind_beside, kind_behind[1:]))
        two_on, three_on = (map(weight, map(add, before, after[apart:])) for apart in (2, 3))
        return tuple([0, *accumulate(each)] for each in (own, map(add, words, kinds), two_on, three_on))


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


EDGE_FIRST, EDGE_LAST = (Word(0, 0, 0, *shares_of(edge, edge)) for edge in (FIRST, LAST))


def load_learned(data: Mapping[str, Any], classes: Mapping[str, Any], encoder: Encoder) -> Learned:
    """From `learned.toml` and `classes.toml`. Raises `ValueError`, `TypeError` or `KeyError` when they do not hold what they must."""
    asking, paging = (_table(data[name]) for name in ("asking", "paging"))
    trust = Trust(**{name: frozenset(rules) for name, rules in data["rules"].items()})
    of_danger, of_gravity = (Worth(**data["worth"][kind]) for kind in ("danger", "gravity"))
    return Learned(asking, paging, encoder, of_danger, of_gravity, Limits(**data["limits"]), trust, hash_classes(classes))


def _table(data: Mapping[str, Any]) -> Table:
    weights = array("b", zlib.decompress(base64.b85decode(data["weights"].replace("\n", ""))))
    if len(weights) != MASK + 1:
        raise ValueError("learned.toml holds a table of the wrong size; run python -m bench.train_screen.")
    return Table(weights, data["scale"], data["bias"])
