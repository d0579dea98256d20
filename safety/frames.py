"""Finds the frames in a message and lets the scopes act on each match by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from safety.clauses import BOUNDARIES, Scopes, scopes
from safety.heard import Level
from safety.normalise import Token
from safety.rules import DROP, KEEP, SCOPES, Frame, Rules

MOST = 4  # matches of one pattern kept in a text; more of the same add nothing
# cues that speak about somebody else: they leave a match alone that says "I" or "my" itself, unless it is quoted
OF_OTHERS = frozenset({"third", "topic", "fiction"})


@dataclass(frozen=True)
class Sign:
    """A match that survived its scopes. `span` is in characters of the text the tokens came from; `own`: about the patient."""

    frame: Frame
    span: tuple[int, int]
    level: Level
    own: bool = True


def find_signs(rules: Rules, text: str) -> Iterator[Sign]:
    """Every sign in `text`, in time linear in its length."""
    sentence: list[Token] = []
    kept: dict[int, int] = {}
    for token in rules.speller.tokens(text):
        sentence.append(token)
        if token.word in BOUNDARIES:
            yield from _in_sentence(rules, sentence, kept)
            sentence = []
    yield from _in_sentence(rules, sentence, kept)


def _in_sentence(rules: Rules, tokens: list[Token], kept: dict[int, int]) -> Iterator[Sign]:
    """No frame and no scope reaches over the end of a sentence, so only the patterns that share a key word with it are tried."""
    words = [token.word for token in tokens]
    present = frozenset(words)
    encoded = b""
    reach: Scopes | None = None
    for number in _candidates(rules, present):
        if kept.get(number, 0) >= MOST:
            continue
        frame, matcher = rules.patterns[number]
        encoded = encoded or rules.vocabulary.encode(words)
        for start, end in matcher.spans(encoded):
            start, end = _trim(words, start, end)
            if start >= end:
                continue
            reach = reach or scopes(rules, tokens, encoded, present)
            level, own = _level(rules, frame, reach, tokens, start, end)
            if level is None:
                continue
            yield Sign(frame, (tokens[start].start, tokens[end - 1].end), level, own)
            kept[number] = kept.get(number, 0) + 1
            if kept[number] >= MOST:
                break


def _candidates(rules: Rules, present: frozenset[str]) -> list[int]:
    found: set[int] = set()
    for word in present:
        for number, needs in rules.by_key.get(word, ()):
            for need in needs:
                if need.isdisjoint(present):
                    break
            else:
                found.add(number)
    return sorted(found)


def _trim(words: list[str], start: int, end: int) -> tuple[int, int]:
    """A pattern that asks for the start or end of a sentence takes its mark along; the finding does not."""
    while start < end and words[start] in BOUNDARIES:
        start += 1
    while end > start and words[end - 1] in BOUNDARIES:
        end -= 1
    return start, end


def _level(rules: Rules, frame: Frame, reach: Scopes, tokens: list[Token], start: int, end: int) -> tuple[Level | None, bool]:
    """What the scopes leave of the frame's level (None: nothing), and whether it is about the patient."""
    if reach.idiom(start, end):
        return None, True
    first = any(token.word in rules.first_person for token in tokens[start:end])
    quoted = tokens[start].quoted
    level, own = frame.level, True
    for kind in SCOPES:
        action = frame.scopes[kind]
        if action == KEEP or (kind in OF_OTHERS and first and not quoted):
            continue
        if not reach.over(kind, start, end):
            continue
        if action == DROP:
            return None, True
        level = min(level, Level[action.upper()])
        own = own and kind not in ("third", "third_told")
    return level, own
