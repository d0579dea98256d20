"""One slip of the finger towards a word that matters: a letter missing, doubled, wrong or swapped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

SHORTEST, LONGEST = 5, 20


@dataclass(frozen=True)
class Anchors:
    """The words worth guessing at, indexed by every way to drop one letter; `stops` are real words that only look like one of them."""

    index: dict[str, tuple[str, ...]]
    stops: frozenset[str]

    @classmethod
    def of(cls, words: Iterable[str], stops: Iterable[str]) -> Anchors:
        index: dict[str, tuple[str, ...]] = {}
        for word in words:
            for key in {word, *_shorter(word)}:
                index[key] = (*index.get(key, ()), word)
        return cls(index, frozenset(stops))

    def nearest(self, word: str) -> str | None:
        """The anchor one slip away from `word`, or None; words under five letters or over twenty are left alone."""
        if not SHORTEST <= len(word) <= LONGEST or word in self.stops:
            return None
        for key in (word, *_shorter(word)):
            for anchor in self.index.get(key, ()):
                if one_slip(word, anchor):
                    return anchor
        return None


def one_slip(written: str, meant: str) -> bool:
    """Whether one letter added, dropped, changed or swapped with its neighbour turns one into the other."""
    start = 0
    while start < min(len(written), len(meant)) and written[start] == meant[start]:
        start += 1
    a, b = written[start:], meant[start:]
    if len(a) == len(b):
        return a[1:] == b[1:] or (len(a) > 1 and a[0] == b[1] and a[1] == b[0] and a[2:] == b[2:])
    return a[1:] == b if len(a) == len(b) + 1 else a == b[1:] if len(b) == len(a) + 1 else False


def _shorter(word: str) -> list[str]:
    return [word[:i] + word[i + 1 :] for i in range(len(word))]
