"""Finds the frames in a message and lets the scopes act on each match by itself."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from safety.clauses import BOUNDARIES, Scopes, scopes
from safety.heard import Level
from safety.normalise import Token
from safety.pattern import WIDTH
from safety.rules import DROP, IDIOM, KEEP, SCOPES, Frame, Rules, keys_of

MOST = 4  # matches of one pattern kept in a window; more of the same add nothing
MANY = 12  # matches in a window
# cues that speak about somebody else: they leave a match alone that says "I" or "my" itself, unless it is quoted
OF_OTHERS = frozenset({"third", "topic", "fiction"})


@dataclass(frozen=True)
class Sign:
    """A match and what its scopes left of it. `span` is in characters of the text the tokens came from; `own`: about the patient."""

    frame: Frame
    span: tuple[int, int]
    level: Level
    own: bool = True


def find_signs(rules: Rules, tokens: list[Token], offset: int = 0) -> Iterator[Sign]:
    """Every sign in the words of a text that stands at `offset` of the whole, in time linear in their number; those that a scope took back
    have no level and are not the patient's own. No frame and no scope reaches over the end of a sentence, so a pattern is tried only where
    one sentence holds all the words it needs."""
    words = [token.word for token in tokens]
    starts = _sentences(words)
    places = _candidates(rules, words, starts)
    if not places:
        return
    encoded = rules.vocabulary.encode(words)
    matches = list(_matches(rules, places, words, starts, encoded))
    tags = frozenset[str]().union(*(rules.patterns[number][0].tags for number, _, _ in matches))
    composes = any(all(slot & tags for slot in rise.signs) for rise in rules.rises)
    counting = [match for match in matches if composes or rules.patterns[match[0]][0].level > Level.NONE]
    wide = len(counting) > MANY  # so many places that all cues are looked for once, not in each sentence
    scoped: dict[int, Scopes] = {}
    kept: dict[int, int] = {}
    for number, start, end in counting:
        if kept.get(number, 0) >= MOST:
            continue
        frame = rules.patterns[number][0]
        sentence = 0 if wide else bisect_right(starts, start) - 1
        begin = starts[sentence]
        if sentence not in scoped:
            stop = len(tokens) if wide or sentence + 1 == len(starts) else starts[sentence + 1]
            part = encoded[begin * WIDTH : stop * WIDTH]
            scoped[sentence] = scopes(rules, tokens[begin:stop], part, keys_of(words[begin:stop]))
        level, own = _level(rules, frame, scoped[sentence], tokens, begin, start, end)
        span = (tokens[start].start + offset, tokens[end - 1].end + offset)
        if level is not None:
            yield Sign(frame, span, level, own)
            kept[number] = kept.get(number, 0) + 1
        elif frame.level > Level.NONE:
            yield Sign(frame, span, Level.NONE, own=False)


def _matches(
    rules: Rules, places: dict[int, int], words: list[str], starts: list[int], encoded: bytes
) -> Iterator[tuple[int, int, int]]:
    """Every match of every pattern where it may stand: its number and the words [start, end)."""
    for number in sorted(places):
        matcher = rules.patterns[number][1]
        for first, last in _runs(places[number], starts):
            for start, end in matcher.spans(encoded, first, last):
                start, end = _trim(words, start, end)
                if start < end:
                    yield number, start, end


def _sentences(words: list[str]) -> list[int]:
    """Where each sentence starts."""
    starts = [0]
    starts += [at + 1 for at, word in enumerate(words) if word in BOUNDARIES and at + 1 < len(words)]
    return starts


def _candidates(rules: Rules, words: list[str], starts: list[int]) -> dict[int, int]:
    """The patterns that may match, each with the sentences where it may, one bit each."""
    found: dict[int, int] = {}
    for number, (start, end) in enumerate(pairwise([*starts, len(words)])):
        for pattern in rules.index.candidates(keys_of(words[start:end])):
            found[pattern] = found.get(pattern, 0) | 1 << number
    return found


def _runs(mask: int, starts: list[int]) -> Iterator[tuple[int, int]]:
    """The stretches of words that the marked sentences make, each with the mark that ends the sentence before it."""
    number = 0
    while mask:
        skip = (mask & -mask).bit_length() - 1
        mask >>= skip
        number += skip
        length = (~mask & (mask + 1)).bit_length() - 1
        first, after = starts[number], number + length
        yield max(0, first - 1), starts[after] if after < len(starts) else -1
        mask >>= length
        number = after


def _trim(words: list[str], start: int, end: int) -> tuple[int, int]:
    """A pattern that asks for the start or end of a sentence takes its mark along; the finding does not."""
    while start < end and words[start] in BOUNDARIES:
        start += 1
    while end > start and words[end - 1] in BOUNDARIES:
        end -= 1
    return start, end


def _level(
    rules: Rules, frame: Frame, reach: Scopes, tokens: list[Token], begin: int, start: int, end: int
) -> tuple[Level | None, bool]:
    """What the scopes of the sentence from `begin` leave of the frame's level (None: nothing), and whether it is about the patient."""
    if frame.scopes[IDIOM] == DROP and reach.idiom(start - begin, end - begin):
        return None, True
    first = any(token.word in rules.first_person for token in tokens[start:end])
    quoted = tokens[start].quoted
    level, own = frame.level, True
    for kind in SCOPES:
        action = frame.scopes[kind]
        if action == KEEP or (kind in OF_OTHERS and first and not quoted):
            continue
        if not reach.over(kind, start - begin, end - begin):
            continue
        if action == DROP:
            return None, True
        level = min(level, Level[action.upper()])
        own = own and kind not in ("third", "third_told")
    return level, own
