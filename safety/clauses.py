"""Where a negation, a past tense, another person, a question, a story or a joke reaches. Each cue acts on its own stretch of words
and ends at a new clause, so that an idiom here never hides a sentence there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Set
from dataclasses import dataclass, field

from safety.normalise import Words
from safety.pattern import END, QUESTION, WIDTH
from safety.rules import Cue, Matcher, Rules

MERGED = {"negated_wide": "negated"}
PAUSE_ENDS = frozenset({"negated", "negated_wide", "third", "third_told", "unreal", "told"})
PAUSE_GOES_ON = frozenset({"or", "nor", "not", "and", "ni", "o"})
BEHIND = 2  # words between a match and a cue that looks back at it ("suicide prevention", "thoughts are gone")
BOUNDARIES = frozenset({END, QUESTION})


@dataclass
class Scopes:
    """For each kind of cue, which words it reaches; which words an idiom covers; and where a cue that looks back stands."""

    idioms: bytearray
    bounds: bytes
    reached: dict[str, bytearray] = field(default_factory=dict)
    behind: dict[str, set[int]] = field(default_factory=dict)

    def over(self, kind: str, start: int, end: int) -> bool:
        """Whether a match of the words [start, end) is within reach of such a cue, before or close behind it."""
        if kind in self.behind:
            for at in range(end, min(end + BEHIND, len(self.bounds))):
                if self.bounds[at]:
                    break
                if at in self.behind[kind]:
                    return True
        marks = self.reached.get(kind)
        if marks is None:
            return False
        if kind == "past" and "returned" in self.reached and self.reached["returned"][start]:
            return False
        return bool(marks[start])

    def idiom(self, start: int, end: int) -> bool:
        return any(self.idioms[start:end])


def scopes(rules: Rules, text: Words, first: int, last: int, encoded: bytes, keys: Set[str]) -> Scopes:
    """All cues of the sentence [first, last), each with its reach. Linear in the number of words: a reach is bounded by the cue or its
    sentence."""
    words = text.words[first:last]
    found = Scopes(bytearray(len(words)), bytes([word in BOUNDARIES for word in words]))
    affirmed = bytearray(len(words))
    encoded = encoded[first * WIDTH : last * WIDTH]
    stops: dict[str, bytearray] = {}
    for number in sorted(rules.cue_index.candidates(keys)):
        cue = rules.cues[number]
        for start, end in cue.matcher.spans(encoded):
            if cue.kind == "affirm":
                affirmed[start:end] = b"\1" * (end - start)
            elif cue.kind == "idiom":
                found.idioms[start:end] = b"\1" * (end - start)
            elif not (cue.kind.startswith("negated") and affirmed[start]):
                if cue.kind not in stops:
                    pauses = text.paused if cue.kind in PAUSE_ENDS else ()
                    stops[cue.kind] = _blocked(rules.stops.get(cue.kind, ()), words, first, pauses, found.bounds, encoded, keys)
                _mark(found, cue, start, end, stops[cue.kind])
    return found


def _mark(found: Scopes, cue: Cue, start: int, end: int, blocked: bytearray) -> None:
    if cue.side == "left":
        found.behind.setdefault(cue.kind, set()).add(start)
        return
    marks = found.reached.setdefault(MERGED.get(cue.kind, cue.kind), bytearray(len(blocked)))
    if cue.side == "both" and marks[start]:
        return  # another cue has marked this clause already
    limit = len(blocked) if cue.side == "both" else min(len(blocked), end + cue.reach)
    last = blocked.find(1, end, limit)
    last = limit if last < 0 else last
    first = blocked.rfind(1, 0, start) + 1 if cue.side == "both" else end
    marks[first:last] = b"\1" * (last - first)


def _blocked(
    stops: Iterable[Matcher], words: list[str], begin: int, pauses: Collection[int], bounds: bytes, encoded: bytes, keys: Set[str]
) -> bytearray:
    """Which words of the sentence from `begin` a cue does not reach past: its end, words that begin a new clause, for some a comma."""
    blocked = bytearray(bounds)
    for stop in stops:
        if not stop.keys or not stop.keys.isdisjoint(keys):
            for first, _ in stop.spans(encoded):
                blocked[first] = 1
    if pauses:
        for at, word in enumerate(words):
            if begin + at in pauses and word not in PAUSE_GOES_ON:
                blocked[at] = 1
    return blocked
