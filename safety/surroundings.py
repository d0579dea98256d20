"""A text in the parts that the second stage reads, and what stands around something that a rule heard in it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log
from typing import NamedTuple

from safety.compose import overlap
from safety.numbers import DOSE, HIGH_DOSE
from safety.pattern import BOUNDARIES
from safety.words import Words

LEAST, STRETCH = 3, 40  # words: less says nothing; more than one stretch is read in several
BY_ITSELF = 1.0  # log-odds: how much clearer a sentence must speak by itself than with what stands beside it
WITH_A_DOSE = 1.0  # the same for words with milligrams in them: the name of a medicine reads like danger, and what is too much rules know
DOSES = frozenset({DOSE, HIGH_DOSE})


class Window(NamedTuple):
    """A stretch of a text that was cut into words at once: the character of the text that it begins at, and after which of its words a
    sentence ends."""

    at: int
    text: Words
    ends: list[int]


class Run(NamedTuple):
    """The words [first, last) of a window, read at once, and how much clearer than usual they must speak."""

    window: Window
    first: int
    last: int
    price: float = 0.0

    @property
    def words(self) -> Sequence[str]:
        return self.window.text.words[self.first : self.last]

    @property
    def span(self) -> tuple[int, int]:
        """Where they stand in the text, in characters."""
        at, text, _ = self.window
        return text.starts[self.first] + at, text.ends[self.last - 1] + at


@dataclass(frozen=True)
class Surroundings:
    """A text by its windows, each with the character of it that the window begins at."""

    texts: Sequence[tuple[int, Words]]

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        ends = [[at for at, word in enumerate(text.words, start=1) if word in BOUNDARIES] for _, text in self.texts]
        return tuple(Window(at, text, marks) for (at, text), marks in zip(self.texts, ends, strict=True))

    @cached_property
    def parts(self) -> tuple[Run, ...]:
        """All of it in whole sentences of together about `STRETCH` words; without what is too short to tell."""
        return tuple(part for window in self.windows for part in _stretches(window))

    @property
    def chances(self) -> float:
        """How much clearer, in log-odds, each of several parts must speak, so that a long text is not heard wrongly more often than a short
        one: each part is one more chance."""
        return log(len(self.parts) or 1)

    def around(self, span: tuple[int, int]) -> list[Run]:
        """The parts that hold something of this span of characters; its sentence, that with the one before, with the one behind and with
        both, so that nothing beside it makes words of danger calm. Nothing where there is too little to tell."""
        held = [part for part in self.parts if overlap(part.span, span)]
        near = (run for window in self.windows for run in _sentences(window, span)) if held else ()
        return [*held, *(run for run in near if run.last - run.first >= LEAST)]


def within(part: Run) -> Iterator[Run]:
    """All of a part, and each of its sentences if it has several, so that one of danger is heard whatever stands beside it. A sentence is
    without the mark at its end, as what is sent alone rarely has one."""
    yield _priced(part)
    window, first, last, _ = part
    ends = window.ends[bisect_right(window.ends, first) : bisect_right(window.ends, last)]
    starts = [first, *ends]
    stops = [*(end - 1 for end in ends), *([last] if starts[-1] < last else [])]
    if len(stops) > 1:
        sentences = (Run(window, start, stop, BY_ITSELF) for start, stop in zip(starts, stops, strict=False))
        yield from (_priced(each) for each in sentences if each.last - each.first >= LEAST)


def _priced(run: Run) -> Run:
    return run if DOSES.isdisjoint(run.words) else run._replace(price=run.price + WITH_A_DOSE)


def _stretches(window: Window) -> Iterator[Run]:
    """The parts of a window; a sentence longer than two stretches is cut."""
    words, ends = window.text.words, window.ends
    start = 0
    while start < len(words):
        at = bisect_left(ends, start + STRETCH)
        end = min(ends[at] if at < len(ends) else len(words), start + 2 * STRETCH)
        if end - start >= LEAST:
            yield Run(window, start, end)
        start = end


def _sentences(window: Window, span: tuple[int, int]) -> Iterator[Run]:
    """The sentence, or sentences, that hold these characters; with the one before, the one behind, and both; as far as `STRETCH` words
    away, and without the mark at their end, as what is sent alone rarely has one."""
    words, ends = window.text.words, window.ends
    first, last = bisect_right(window.text.ends, span[0] - window.at), bisect_left(window.text.starts, span[1] - window.at)
    if first >= last:
        return  # it stands in another window
    marks = (at for at in range(last - 1, first, -1) if words[at - 1] in BOUNDARIES)
    first = next(marks, first)  # "sober.i" is one place and two sentences
    before, behind = [0, *ends], [*ends, len(words)]
    starts = before[max(0, bisect_right(before, first) - 2) : bisect_right(before, first)]
    stops = behind[bisect_left(behind, last) : bisect_left(behind, last) + 2]
    for begin in starts:
        for stop in stops:
            stop = min(stop, last + STRETCH)
            yield Run(window, max(begin, first - STRETCH), stop - 1 if words[stop - 1] in BOUNDARIES else stop)
