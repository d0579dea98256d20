"""A text in the parts that the second stage reads, and what stands around something that a rule heard in it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log
from typing import NamedTuple

from safety.compose import overlap
from safety.pattern import BOUNDARIES
from safety.words import Words

LEAST, STRETCH = 3, 40  # words: less says nothing; more than one stretch is read in several
BY_ITSELF = 1.0  # log-odds: how much clearer a sentence must speak by itself than with what stands beside it


class Run(NamedTuple):
    """Words that are read at once, where they stand in the text, and how much clearer than usual they must speak."""

    words: Sequence[str]
    span: tuple[int, int]
    price: float = 0.0



@dataclass(frozen=True)
class Part:
    """The words [first, last) of a window; the window begins at the character `at` of the text."""

    text: Words
    at: int
    first: int
    last: int

    @cached_property
    def whole(self) -> Run:
        return self._run(self.first, self.last)

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """All of it, and each of its sentences if it has several, so that one of danger is heard whatever stands beside it. A sentence is
        without the mark at its end, as what is sent alone rarely has one."""
        ends = [self.first + place for place in _marks(self.text.words[self.first : self.last])]
        starts = [self.first, *ends]
        bounds = [(start, end - 1) for start, end in zip(starts, ends, strict=False)]
        if starts[-1] < self.last:
            bounds.append((starts[-1], self.last))
        if len(bounds) == 1:
            return (self.whole,)
        return (self.whole, *(self._run(start, end, BY_ITSELF) for start, end in bounds if end - start >= LEAST))

    def _run(self, first: int, last: int, price: float = 0.0) -> Run:
        span = (self.text.starts[first] + self.at, self.text.ends[last - 1] + self.at)
        return Run(self.text.words[first:last], span, price)


@dataclass(frozen=True)
class Surroundings:
    """A text by its windows: parts of it that were read at once, each with the character of the whole that it begins at."""

    windows: Sequence[tuple[int, Words]]

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """All of it in whole sentences of together about `STRETCH` words; without what is too short to tell."""
        return tuple(Part(text, at, first, last) for at, text in self.windows for first, last in _stretches(text.words))

    @property
    def chances(self) -> float:
        """How much clearer, in log-odds, each of several parts must speak, so that a long text is not heard wrongly more often than a short
        one: each part is one more chance."""
        return log(len(self.parts) or 1)

    def around(self, span: tuple[int, int]) -> list[Sequence[str]]:
        """The parts that hold something of this span of characters; its sentence, that with the one before, with the one behind and with
        both, so that nothing beside it makes words of danger calm. Nothing where there is too little to tell."""
        held = [part.whole.words for part in self.parts if overlap(part.whole.span, span)]
        if not held:
            return []
        near = (run for at, text in self.windows for run in _sentences(text, span[0] - at, span[1] - at))
        return [*held, *(run for run in near if len(run) >= LEAST)]


def _stretches(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where the parts start and end; a sentence longer than two stretches is cut."""
    marks = _marks(words)
    start = 0
    while start < len(words):
        at = bisect_left(marks, start + STRETCH)
        end = min(marks[at] if at < len(marks) else len(words), start + 2 * STRETCH)
        if end - start >= LEAST:
            yield start, end
        start = end


def _sentences(text: Words, start: int, end: int) -> Iterator[Sequence[str]]:
    """The sentence, or sentences, that hold the characters [start, end); with the one before, the one behind, and both; as far as `STRETCH`
    words away, and without the mark at their end, as what is sent alone rarely has one."""
    words = text.words
    first, last = bisect_right(text.ends, start), bisect_left(text.starts, end)
    if first >= last:
        return  # it stands in another window
    marks = (at for at in range(last - 1, first, -1) if words[at - 1] in BOUNDARIES)
    first = next(marks, first)  # "sober.i" is one place and two sentences
    ends = _marks(words)
    before, behind = [0, *ends], [*ends, len(words)]
    starts = before[max(0, bisect_right(before, first) - 2) : bisect_right(before, first)]
    stops = behind[bisect_left(behind, last) : bisect_left(behind, last) + 2]
    for begin in starts:
        for stop in stops:
            stop = min(stop, last + STRETCH)
            yield words[max(begin, first - STRETCH) : stop - 1 if words[stop - 1] in BOUNDARIES else stop]


def _marks(words: Sequence[str]) -> list[int]:
    return [at for at, word in enumerate(words, start=1) if word in BOUNDARIES]
