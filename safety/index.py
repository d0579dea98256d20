"""Which patterns are worth trying on a message, found by the words it holds; and a pattern, once it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import Any

import re2

from content.library import ContentError
from safety.pattern import SENTENCE_ENDS, WIDTH, Need

# the number of a pattern, the other groups it needs (one bit each), its reach around the rarest, how many words it is if it is only that
Way = tuple[int, int, int, int, int]
Entry = tuple[int, tuple[Way, ...]]
# The words [first, last) where a pattern may match; where it does without a search, as that is all of the pattern, in order; and whether it
# may match in other ways too. A tuple, as hundreds are made for one message.
Place = tuple[int, int, list[tuple[int, int]], bool]
Both = tuple[Entry, Entry]  # what a key is to the frames and to the cues
Held = tuple[int, Both]  # the place of a key, and what it is
NOTHING: Entry = (0, ())
UNANCHORED = re2._re2.RE2.Anchor.UNANCHORED


@dataclass(frozen=True)
class Matcher:
    """A compiled choice of patterns, and what each way to match needs."""

    search: Any  # the native call: the wrapper around it takes longer than the search
    ways: tuple[tuple[Need, ...], ...]

    def find(self, encoded: bytes, first: int, last: int) -> tuple[int, int] | None:
        """Word positions [start, end) of the first match among the words [first, last)."""
        start, end = self.search(UNANCHORED, encoded, first * WIDTH, last * WIDTH)[0]
        return None if start < 0 else (start // WIDTH, end // WIDTH)

    def spans(self, encoded: bytes, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Every match among the words [first, last), left to right."""
        while first <= last and (found := self.find(encoded, first, last)) is not None:
            yield found
            start, end = found
            if end - 1 > start and encoded[(end - 1) * WIDTH : end * WIDTH] in SENTENCE_ENDS:
                end -= 1  # the end of one sentence is the start of the next
            first = max(end, first + 1)


@dataclass(frozen=True)
class Index:
    """What patterns cannot do without. A way to match needs one key (a word, or two neighbours: "end it") out of each of its groups.

    `entries`: for each key the groups it is in, one bit each, and the ways whose rarest group it is in (which needs no bit: it is there).
    `every`: all bits.
    """

    entries: Mapping[str, Entry]
    every: int

    @classmethod
    def of(cls, patterns: Iterable[tuple[str, Matcher]]) -> Index:
        """Patterns are numbered as they come. Raises `ContentError` for one that could match anything."""
        bits: dict[frozenset[str], int] = {}
        groups: dict[str, int] = {}
        ways: dict[str, dict[Way, None]] = {}
        for number, (name, matcher) in enumerate(patterns):
            for needs in matcher.ways:
                if not needs:
                    raise ContentError(f"A pattern of '{name}' has no word that must be there; give it one.")
                first, *others = needs
                for need in others:
                    if need.keys not in bits:
                        bits[need.keys] = 1 << len(bits)
                        for key in need.keys:
                            groups[key] = groups.get(key, 0) | bits[need.keys]
                mask = sum({bits[need.keys] for need in others})
                for key in first.keys:
                    size = 2 if " " in key else 1
                    exact = size if not others and (first.before, first.after) == (0, size) else 0
                    ways.setdefault(key, {})[number, mask, first.before, first.after, exact] = None
        entries = {key: (groups.get(key, 0), tuple(ways.get(key, ()))) for key in groups | ways}
        return cls(entries, (1 << len(bits)) - 1)

@dataclass(frozen=True)
class Keys:
    """The keys of the frames and of the cues, in one dictionary: each word of a message is looked up once.

    `entries`: for each word what it is to them, and the same for each word that makes a key with it when it follows.
    """

    frames: Index
    cues: Index
    entries: Mapping[str, tuple[Both | None, Mapping[str, Both]]]

    @classmethod
    def of(cls, frames: Index, cues: Index) -> Keys:
        single: dict[str, Both] = {}
        double: dict[str, dict[str, Both]] = {}
        for key in {**frames.entries, **cues.entries}:
            both = frames.entries.get(key, NOTHING), cues.entries.get(key, NOTHING)
            word, _, following = key.partition(" ")
            if following:
                double.setdefault(word, {})[following] = both
            else:
                single[word] = both
        return cls(frames, cues, {word: (single.get(word), double.get(word, {})) for word in single | double})

    def held(self, words: Sequence[str]) -> list[Held]:
        """The keys that stand in the words, each with the place of its first word, in order."""
        held: list[Held] = []
        for at, (found, following) in enumerate(zip_longest(map(self.entries.get, words), islice(words, 1, None))):
            if found is None:
                continue
            alone, pairs = found
            if alone is not None:
                held.append((at, alone))
            if pairs and (both := pairs.get(following)) is not None:
                held.append((at, both))
        return held

    def frames_in(self, held: Sequence[Held]) -> dict[int, Place]:
        """The frames that may match where these keys stand, by number."""
        groups = 0
        for _, ((mask, _), _) in held:
            groups |= mask
        return _places(((at, ways) for at, ((_, ways), _) in held if ways), self.frames.every & ~groups)

    def cues_in(self, held: Sequence[Held]) -> dict[int, Place]:
        """The cues that may, by number."""
        groups = 0
        for _, (_, (mask, _)) in held:
            groups |= mask
        return _places(((at, ways) for at, (_, (_, ways)) in held if ways), self.cues.every & ~groups)


def _places(held: Iterable[tuple[int, tuple[Way, ...]]], missing: int) -> dict[int, Place]:
    """Where patterns may match by these ways, if the groups of keys in `missing` are nowhere near."""
    places: dict[int, Place] = {}
    for at, ways in held:
        for number, needs, before, after, size in ways:
            if needs & missing:
                continue
            start, end = at - before, at + after
            known = places.get(number)
            if known is None:
                places[number] = (start, end, [(at, at + size)] if size else [], not size)
                continue
            first, last, plain, other = known
            if size:
                plain.append((at, at + size))
            places[number] = (start if start < first else first, end if end > last else last, plain, other or not size)
    return places
