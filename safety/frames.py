"""Finds the frames in a message and lets the scopes act on each match by itself."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Set
from itertools import islice
from operator import itemgetter
from typing import NamedTuple

from safety.clauses import Scopes, scopes
from safety.heard import Level
from safety.index import Held, Place
from safety.pattern import BOUNDARIES
from safety.rules import Frame, Rules
from safety.words import Words

_PLACE = itemgetter(0)
ENOUGH = 4  # sentences a part that means nothing alone is found in; then it is not looked for any more
MOST = 16  # matches of one pattern looked at in a sentence, until a scope leaves one as it is
# cues that speak about somebody else: they leave a match alone that says "I" or "my" itself, unless it is quoted
OF_OTHERS = frozenset({"third", "topic", "fiction"})


class Sign(NamedTuple):
    """A match and what its scopes left of it. `span` is in characters of the text the words came from; `own`: about the patient."""

    frame: Frame
    span: tuple[int, int]
    level: Level
    own: bool = True


class Sentence(NamedTuple):
    """The words [start, end) of a text, the keys that stand in them, and each frame's first match and how far more may be."""

    start: int
    end: int
    held: list[Held]
    matches: list[tuple[Frame, tuple[int, int], int]]


def find_signs(rules: Rules, text: Words, offset: int = 0) -> Iterator[Sign]:
    """Every sign in the words of a text that stands at `offset` of the whole, in time linear in their number; those that a scope took back
    have no level and are not the patient's own. No frame and no scope reaches over the end of a sentence, so a pattern is tried only where
    one sentence holds all the words it needs, and tried again only where a scope has taken from the first match."""
    keys = rules.keys.held(text.words)
    tried: list[tuple[int, int, list[Held], dict[int, Place]]] = []
    at = 0
    for start, end in _sentences(text.words):
        since, at = at, bisect_left(keys, end, at, key=_PLACE)
        held = keys[since:at]
        if places := rules.keys.frames_in(held):
            tried.append((start, end, held, places))
    if not tried:
        return
    encoded = rules.vocabulary.encode(text.words)
    useful = rules.useful(rules.frames[number].tags for *_, places in tried for number in places)
    sentences: list[Sentence] = []
    tags: set[frozenset[str]] = set()
    seen: dict[int, int] = {}
    for start, end, held, places in tried:
        before = max(0, start - 1)  # where the sentence before has its mark
        sentence = Sentence(start, end, held, [])
        for number in sorted(places):
            frame, (first, last, plain, _) = rules.frames[number], places[number]
            found: tuple[int, int] | None = None
            if frame.level is Level.NONE:
                if seen.get(number, 0) >= ENOUGH or useful.isdisjoint(frame.tags):
                    continue
                found = plain[0] if plain else None
            last = min(end, last + 1)
            if found is None:
                found = frame.matcher.find(encoded, max(before, first - 1), last)
            if found is not None:
                seen[number] = seen.get(number, 0) + 1
                sentence.matches.append((frame, found, last))
                tags.add(frame.tags)
        if sentence.matches:
            sentences.append(sentence)
    useful = rules.useful(tags)
    for sentence in sentences:
        yield from _signs(rules, text, encoded, sentence, useful, offset)


def _signs(rules: Rules, text: Words, encoded: bytes, sentence: Sentence, useful: Set[str], offset: int) -> Iterator[Sign]:
    reach = None
    for frame, found, last in sentence.matches:
        if frame.level is Level.NONE and useful.isdisjoint(frame.tags):
            continue
        if reach is None:
            places = rules.keys.cues_in(sentence.held)
            reach = scopes(text, sentence.start, sentence.end, encoded, [(rules.cues[number], places[number]) for number in sorted(places)])
        for start, end in _again(frame, found, encoded, last):
            start, end = _trim(text.words, start, end)
            if start == end:
                continue
            level, own = _level(rules, frame, reach, text, sentence.start, start, end)
            if level is not None or frame.level > Level.NONE:
                span = (text.starts[start] + offset, text.ends[end - 1] + offset)
                yield Sign(frame, span, level or Level.NONE, level is not None and own)
            if level is frame.level and own:
                break


def _again(frame: Frame, found: tuple[int, int], encoded: bytes, last: int) -> Iterator[tuple[int, int]]:
    """The first match, and more if they are asked for."""
    yield found
    yield from islice(frame.matcher.spans(encoded, max(found[1], found[0] + 1), last), MOST - 1)


def _trim(words: list[str], start: int, end: int) -> tuple[int, int]:
    """A pattern that asks for the start or end of a sentence takes its mark along; the finding does not."""
    while start < end and words[start] in BOUNDARIES:
        start += 1
    while end > start and words[end - 1] in BOUNDARIES:
        end -= 1
    return start, end


def _sentences(words: list[str]) -> Iterator[tuple[int, int]]:
    """Where each sentence starts and ends, its mark included."""
    start = 0
    for end in [at for at, word in enumerate(words, start=1) if word in BOUNDARIES]:
        yield start, end
        start = end
    if start < len(words):
        yield start, len(words)


def _level(rules: Rules, frame: Frame, reach: Scopes, text: Words, begin: int, start: int, end: int) -> tuple[Level | None, bool]:
    """What the scopes of the sentence from `begin` leave of the frame's level (None: nothing), and whether it is about the patient."""
    if frame.idiom_drops and reach.idiom(start - begin, end - begin):
        return None, True
    level, own = frame.level, True
    for kind, most in frame.limits:
        if kind not in reach.kinds or not reach.over(kind, start - begin, end - begin):
            continue
        if kind in OF_OTHERS and start not in text.quoted and not rules.first_person.isdisjoint(text.words[max(begin, start - 1) : end]):
            continue  # "I" may stand right before it
        if most is None:
            return None, True
        level = min(level, most)
        own = own and kind not in ("third", "third_told")
    return level, own
