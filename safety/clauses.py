"""Where a negation, a past tense, another person, a question, a story or a joke reaches. Each cue acts on its own stretch of words
and ends at a new clause, so that an idiom here never hides a sentence there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from safety.normalise import Words
from safety.pattern import END, QUESTION
from safety.rules import STOP, Cue

MERGED = {"negated_wide": "negated"}
PAUSE_ENDS = frozenset({"negated", "negated_wide", "third", "third_told", "unreal", "told"})
PAUSE_GOES_ON = frozenset({"or", "nor", "not", "and", "ni", "o"})
BEHIND = 2  # words between a match and a cue that looks back at it ("suicide prevention", "thoughts are gone")
BOUNDARIES = frozenset({END, QUESTION})


@dataclass(slots=True)
class Scopes:
    """For each kind of cue, which words of one sentence it reaches; which words an idiom covers; and where a cue that looks back stands."""

    idioms: bytearray | None = None
    reached: dict[str, bytearray] = field(default_factory=dict)
    behind: dict[str, set[int]] = field(default_factory=dict)
    kinds: set[str] = field(default_factory=set)

    def over(self, kind: str, start: int, end: int) -> bool:
        """Whether a match of the words [start, end) is within reach of such a cue, before or close behind it."""
        if kind in self.behind and not self.behind[kind].isdisjoint(range(end, end + BEHIND)):
            return True
        marks = self.reached.get(kind)
        if marks is None:
            return False
        if kind == "past" and "returned" in self.reached and self.reached["returned"][start]:
            return False
        return bool(marks[start])

    def idiom(self, start: int, end: int) -> bool:
        return self.idioms is not None and any(self.idioms[start:end])


def scopes(text: Words, first: int, last: int, encoded: bytes, cues: Sequence[tuple[Cue, int, int]]) -> Scopes:
    """What the cues of the sentence [first, last) reach, each looked for only in the words where it may stand. Linear in the number of
    words: a reach is bounded by the cue or its sentence."""
    found = Scopes()
    affirmed: list[range] = []
    blocked: dict[str, bytearray] = {}
    for cue, begin, stop in cues:
        kind = cue.kind
        if kind == STOP:
            continue
        for start, end in cue.matcher.spans(encoded, begin, stop):
            start, end = start - first, end - first
            if kind == "affirm":
                affirmed.append(range(start, end))
            elif kind == "idiom":
                found.idioms = found.idioms or bytearray(last - first)
                found.idioms[start:end] = b"\1" * (end - start)
            elif not (affirmed and kind.startswith("negated") and any(start in span for span in affirmed)):
                if kind not in blocked:
                    blocked[kind] = _blocked(kind, text, first, last, encoded, cues)
                _mark(found, cue, start, end, blocked[kind])
    found.kinds.update(found.reached, found.behind)
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


def _blocked(kind: str, text: Words, first: int, last: int, encoded: bytes, cues: Sequence[tuple[Cue, int, int]]) -> bytearray:
    """Which words of a sentence a cue of this kind does not reach past: its end, words that begin a new clause, for some a comma."""
    blocked = bytearray(last - first)
    if text.words[last - 1] in BOUNDARIES:
        blocked[-1] = 1
    for cue, begin, stop in cues:
        if kind in cue.stops:
            for start, _ in cue.matcher.spans(encoded, begin, stop):
                blocked[start - first] = 1
    if text.paused and kind in PAUSE_ENDS:
        for at in range(first, last):
            if at in text.paused and text.words[at] not in PAUSE_GOES_ON:
                blocked[at - first] = 1
    return blocked
