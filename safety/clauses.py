"""Where a negation, a past tense, another person, a question, a story or a joke reaches. Each cue acts on its own stretch of words
and ends at a new clause, so that an idiom here never hides a sentence there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from safety.index import Place
from safety.pattern import BOUNDARIES
from safety.rules import STOP, Cue
from safety.words import Words

MERGED = {"negated_wide": "negated", "hour": "returned"}
PAUSE_ENDS = frozenset({"negated", "negated_wide", "third", "third_told", "unreal", "told", "hour"})
"""Kinds that end at a comma; all of them end with the line."""
PAUSE_GOES_ON = frozenset({"or", "nor", "not", "and", "ni", "o"})
BEHIND = 1  # words between a match and a cue that looks back at it ("suicide prevention", "thoughts are gone")


@dataclass(slots=True)
class Scopes:
    """For each kind of cue, which words of the sentence from `first` it reaches; which words an idiom covers; and where a cue that looks
    back stands."""

    text: Words
    first: int
    idioms: bytearray | None = None
    reached: dict[str, bytearray] = field(default_factory=dict)
    behind: dict[str, set[int]] = field(default_factory=dict)
    kinds: set[str] = field(default_factory=set)

    def over(self, kind: str, start: int, end: int) -> bool:
        """Whether a match of the words [start, end) is within reach of such a cue, before or close behind it."""
        if kind in self.behind and not self.behind[kind].isdisjoint(self._following(end)):
            return True
        marks = self.reached.get(kind)
        if marks is None:
            return False
        if kind == "past" and "returned" in self.reached and self.reached["returned"][start]:
            return False
        return bool(marks[start])

    def _following(self, end: int) -> range:
        """The words close behind a match, up to a comma or the end of the line, but not to a colon ("suicidal thoughts: none")."""
        cuts, colons = self.text.paused, self.text.listed
        places = ((at, at + self.first) for at in range(end, end + BEHIND))
        return range(end, next((at for at, place in places if place in cuts and place not in colons), end + BEHIND))

    def idiom(self, start: int, end: int) -> bool:
        return self.idioms is not None and any(self.idioms[start:end])


def scopes(text: Words, first: int, last: int, encoded: bytes, cues: Sequence[tuple[Cue, Place]]) -> Scopes:
    """What the cues of the sentence [first, last) reach, each looked for only in the words where it may stand. Linear in the number of
    words: a reach is bounded by the cue or its sentence."""
    found = Scopes(text, first)
    affirmed: list[range] = []
    ends = Ends(text, first, last, encoded, [(cue, place) for cue, place in cues if cue.kind == STOP])
    for cue, place in cues:
        kind = cue.kind
        if kind == STOP:
            continue
        for start, end in _spans(cue, place, encoded, first, last):
            if text.broken and any(at in text.broken for at in range(start + 1, end)):
                continue  # half of it stands in another line
            start, end = start - first, end - first
            if kind == "affirm":
                affirmed.append(range(start, end))
            elif kind == "idiom":
                found.idioms = found.idioms or bytearray(last - first)
                found.idioms[start:end] = b"\1" * (end - start)
            elif not (affirmed and kind.startswith("negated") and any(start in span for span in affirmed)):
                _mark(found, cue, start, end, ends.of(kind))
    found.kinds.update(found.reached, found.behind)
    return found


def _spans(cue: Cue, place: Place, encoded: bytes, first: int, last: int) -> Iterable[tuple[int, int]]:
    """Where a cue stands in the sentence [first, last)."""
    start, end, plain, other = place
    if other or any(one[1] > two[0] for one, two in pairwise(plain)):
        return cue.matcher.spans(encoded, max(first, start - 1), min(last, end + 1))
    return [span for span in plain if span[1] <= last]


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


@dataclass(slots=True)
class Ends:
    """Which words of the sentence [first, last) a cue of each kind does not reach past: its end, words that begin a new clause, for some a
    comma."""

    text: Words
    first: int
    last: int
    encoded: bytes
    stops: Sequence[tuple[Cue, Place]]
    known: dict[str, bytearray] = field(default_factory=dict)
    pauses: list[int] | None = None

    def of(self, kind: str) -> bytearray:
        """One byte a word, 1 for those."""
        if kind not in self.known:
            self.known[kind] = self._blocked(kind)
        return self.known[kind]

    def _blocked(self, kind: str) -> bytearray:
        blocked = bytearray(self.last - self.first)
        if self.text.words[self.last - 1] in BOUNDARIES:
            blocked[-1] = 1
        for cue, place in self.stops:
            if kind in cue.stops:
                for start, _ in _spans(cue, place, self.encoded, self.first, self.last):
                    blocked[start - self.first] = 1
        for at in self._pauses() if kind in PAUSE_ENDS else self._lines():
            blocked[at] = 1
        return blocked

    def _lines(self) -> list[int]:
        broken = self.text.broken
        return [at - self.first for at in range(self.first, self.last) if at in broken] if broken else []

    def _pauses(self) -> list[int]:
        if self.pauses is None:
            words, paused = self.text.words, self.text.paused
            places = range(self.first, self.last) if paused else ()
            self.pauses = [at - self.first for at in places if at in paused and words[at] not in PAUSE_GOES_ON]
        return self.pauses
