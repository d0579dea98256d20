"""Finds the frames in a message and lets the scopes act on each match by itself."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from itertools import chain, islice
from typing import NamedTuple

from safety.clauses import BOUNDARIES, Scopes, scopes
from safety.heard import Level
from safety.normalise import Words
from safety.rules import Frame, Matcher, Rules, keys_of

MOST = 4  # matches of one pattern looked at in a sentence; more of the same add nothing
# cues that speak about somebody else: they leave a match alone that says "I" or "my" itself, unless it is quoted
OF_OTHERS = frozenset({"third", "topic", "fiction"})


class Sign(NamedTuple):
    """A match and what its scopes left of it. `span` is in characters of the text the words came from; `own`: about the patient."""

    frame: Frame
    span: tuple[int, int]
    level: Level
    own: bool = True


@dataclass(frozen=True, slots=True)
class Sentence:
    """The words [start, end) of a text, and the first match of each pattern in them, with the search for more."""

    start: int
    end: int
    keys: Set[str]
    matches: list[tuple[int, tuple[int, int], Iterator[tuple[int, int]]]]


def find_signs(rules: Rules, text: Words, offset: int = 0) -> Iterator[Sign]:
    """Every sign in the words of a text that stands at `offset` of the whole, in time linear in their number; those that a scope took back
    have no level and are not the patient's own. No frame and no scope reaches over the end of a sentence, so a pattern is tried only where
    one sentence holds all the words it needs, and tried again only where a scope has taken from the first match."""
    encoded = b""
    found: list[Sentence] = []
    tags: set[str] = set()
    for start, end in _sentences(text.words):
        keys = keys_of(text.words[start:end])
        numbers = rules.index.candidates(keys)
        if not numbers:
            continue
        encoded = encoded or rules.vocabulary.encode(text.words)
        matches = []
        for number in sorted(numbers):
            spans = _spans(rules.patterns[number][1], text.words, encoded, start, end)
            if (first := next(spans, None)) is not None:
                matches.append((number, first, spans))
                tags |= rules.patterns[number][0].tags
        if matches:
            found.append(Sentence(start, end, keys, matches))
    composes = any(all(slot & tags for slot in rise.signs) for rise in rules.rises)
    for sentence in found:
        yield from _signs(rules, text, encoded, sentence, composes, offset)


def _signs(rules: Rules, text: Words, encoded: bytes, sentence: Sentence, composes: bool, offset: int) -> Iterator[Sign]:
    begin, reach = sentence.start, None
    for number, first, more in sentence.matches:
        frame = rules.patterns[number][0]
        if not composes and frame.level is Level.NONE:
            continue
        if reach is None:
            reach = scopes(rules, text, begin, sentence.end, encoded, sentence.keys)
        for start, end in islice(chain((first,), more), MOST):
            level, own = _level(rules, frame, reach, text, begin, start, end)
            if level is not None or frame.level > Level.NONE:
                span = (text.starts[start] + offset, text.ends[end - 1] + offset)
                yield Sign(frame, span, level or Level.NONE, level is not None and own)
            if level is frame.level and own:
                break


def _spans(matcher: Matcher, words: list[str], encoded: bytes, first: int, last: int) -> Iterator[tuple[int, int]]:
    """The matches among the words of one sentence, without the marks that a pattern which asks for its start or end takes along."""
    for start, end in matcher.spans(encoded, max(0, first - 1), last):
        while start < end and words[start] in BOUNDARIES:
            start += 1
        while end > start and words[end - 1] in BOUNDARIES:
            end -= 1
        if start < end:
            yield start, end


def _sentences(words: list[str]) -> Iterator[tuple[int, int]]:
    """Where each sentence starts and ends, its mark included."""
    start = 0
    for at, word in enumerate(words, start=1):
        if word in BOUNDARIES:
            yield start, at
            start = at
    if start < len(words):
        yield start, len(words)


def _level(
    rules: Rules, frame: Frame, reach: Scopes, text: Words, begin: int, start: int, end: int
) -> tuple[Level | None, bool]:
    """What the scopes of the sentence from `begin` leave of the frame's level (None: nothing), and whether it is about the patient."""
    if frame.idiom_drops and reach.idiom(start - begin, end - begin):
        return None, True
    level, own = frame.level, True
    for kind, most in frame.limits:
        if not reach.over(kind, start - begin, end - begin):
            continue
        if kind in OF_OTHERS and start not in text.quoted and not rules.first_person.isdisjoint(text.words[start:end]):
            continue
        if most is None:
            return None, True
        level = min(level, most)
        own = own and kind not in ("third", "third_told")
    return level, own
