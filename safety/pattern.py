"""The small language that frames are written in, and its translation to RE2. It knows words, not what they mean.

    i ..  want to (die|disappear)     words in order; `|` and brackets as usual; `word?` may be missing
    @want                             a named group of `[words]`
    ..  ..5                           up to three (or five) other words of the same sentence, none of them a negation
    ~                                 up to four words of the group @filler (adverbs and the like)
    _                                 exactly one such word
    ^  $                              the start or end of a sentence

Each word of a message is one code point of three UTF-8 bytes, so a pattern over words is a pattern over characters, RE2 matches
it in time linear in the message, and a byte offset divided by three is the number of the word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import re2

WIDTH = 3
FIRST = 0x4E00
END, QUESTION, UNKNOWN = "#end", "#question", "#unknown"
_PART = re.compile(r"[a-z0-9#']+|@[a-z0-9_]+|\.\.[0-9]*|[|()?^$~_]|\S")
_FILLER = "filler"


class PatternError(ValueError):
    """A pattern in content/screen/ cannot be understood; the message quotes it."""


@dataclass
class Vocabulary:
    """Every word any pattern mentions, with its code point. It grows while patterns are compiled and is not touched afterwards."""

    points: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for word in (END, QUESTION, UNKNOWN):
            self.point(word)

    def point(self, word: str) -> str:
        return self.points.setdefault(word, chr(FIRST + len(self.points)))

    def encode(self, words: Iterable[str]) -> bytes:
        """The message as RE2 sees it: three bytes a word."""
        points, unknown = self.points, self.points[UNKNOWN]
        return "".join([points.get(word, unknown) for word in words]).encode()


@dataclass(frozen=True)
class Piece:
    """A translated part: its RE2 source, and words one of which must be present for it to match (None: no such promise).

    `branches`: for each way to match, the groups of words of which each must have one present.
    """

    source: str
    keys: frozenset[str] | None
    branches: tuple[tuple[frozenset[str], ...], ...] = ()


@dataclass(frozen=True)
class Grammar:
    """What patterns may refer to: the vocabulary, the named groups, how words are spelled out, the words no gap may jump over
    (`barred`) and the weights of those too frequent to look for first (`common`)."""

    vocabulary: Vocabulary
    groups: Mapping[str, str]
    rewrites: Mapping[str, tuple[str, ...]]
    barred: frozenset[str]
    common: Mapping[str, int]

    def piece(self, pattern: str) -> Piece:
        """Translate one pattern; raises `PatternError` when it is malformed or names an unknown group."""
        parts = _PART.findall(pattern)
        piece, rest = self._either(parts, 0, pattern, ())
        if rest != len(parts):
            raise PatternError(f"Unexpected '{parts[rest]}' in the pattern '{pattern}'.")
        return piece

    def _either(self, parts: list[str], at: int, pattern: str, inside: tuple[str, ...]) -> tuple[Piece, int]:
        branches: list[Piece] = []
        while True:
            piece, at = self._sequence(parts, at, pattern, inside)
            branches.append(piece)
            if at == len(parts) or parts[at] != "|":
                break
            at += 1
        if len(branches) == 1:
            return branches[0], at
        keys = [branch.keys for branch in branches]
        union = None if any(key is None for key in keys) else frozenset().union(*(key for key in keys if key is not None))
        singles = [branch.source for branch in branches if len(branch.source) == 1]
        longer = [branch.source for branch in branches if len(branch.source) > 1]
        longer += [""] if any(branch.source == "" for branch in branches) else []
        one = ["[" + "".join(sorted(set(singles))) + "]"] if singles else []
        return Piece("(?:" + "|".join([*one, *longer]) + ")", union, tuple(way for branch in branches for way in branch.branches)), at

    def _sequence(self, parts: list[str], at: int, pattern: str, inside: tuple[str, ...]) -> tuple[Piece, int]:
        sources: list[str] = []
        best: frozenset[str] | None = None
        needs: list[frozenset[str]] = []
        while at < len(parts) and parts[at] not in "|)":
            piece, at = self._atom(parts, at, pattern, inside)
            if at < len(parts) and parts[at] == "?":
                if len(self.rewrites.get(parts[at - 1], ())) > 1:
                    raise PatternError(f"'{parts[at - 1]}?' in the pattern '{pattern}' stands for several words: put it in brackets.")
                piece, at = Piece(f"(?:{piece.source})?", None), at + 1
            sources.append(piece.source)
            if piece.keys is not None:
                needs.append(piece.keys)
            if piece.keys is not None and (best is None or self._cost(piece.keys) < self._cost(best)):
                best = piece.keys
        return Piece("".join(sources), best, (tuple(sorted(needs, key=self._cost)),)), at

    def _atom(self, parts: list[str], at: int, pattern: str, inside: tuple[str, ...]) -> tuple[Piece, int]:
        part = parts[at]
        if part == "(":
            piece, at = self._either(parts, at + 1, pattern, inside)
            if at == len(parts) or parts[at] != ")":
                raise PatternError(f"A bracket is not closed in the pattern '{pattern}'.")
            return Piece(f"(?:{piece.source})", piece.keys) if len(piece.source) > 1 else piece, at + 1
        if part.startswith("@"):
            return self._group(part[1:], pattern, inside), at + 1
        if part.startswith(".."):
            return Piece(f"{self._any()}{{0,{part[2:] or 3}}}", None), at + 1
        if part == "~":
            return Piece(f"{self._group(_FILLER, pattern, inside).source}{{0,4}}", None), at + 1
        if part == "_":
            return Piece(self._any(), None), at + 1
        if part in "^$":
            ends = "".join(self.vocabulary.point(word) for word in (END, QUESTION))
            return Piece(rf"(?:\A|[{ends}])" if part == "^" else rf"(?:\z|[{ends}])", None), at + 1
        if not re.fullmatch(r"[a-z0-9#]+", part):
            raise PatternError(f"'{part}' in the pattern '{pattern}' is not a plain lowercase word (write dont, not don't).")
        words = self.rewrites.get(part, (part,))
        return Piece("".join(self.vocabulary.point(word) for word in words), frozenset(words[-1:])), at + 1

    def _group(self, name: str, pattern: str, inside: tuple[str, ...]) -> Piece:
        if name not in self.groups or name in inside:
            fault = "defined by itself" if name in inside else "not in any [words]"
            raise PatternError(f"The pattern '{pattern}' uses @{name}, which is {fault}.")
        parts = _PART.findall(self.groups[name])
        piece, rest = self._either(parts, 0, self.groups[name], (*inside, name))
        if rest != len(parts):
            raise PatternError(f"Unexpected '{parts[rest]}' in the group @{name}.")
        return Piece(f"(?:{piece.source})", piece.keys) if len(piece.source) > 1 else piece

    def _any(self) -> str:
        return "[^" + "".join(self.vocabulary.point(word) for word in sorted(self.barred)) + "]"

    def _cost(self, keys: frozenset[str]) -> int:
        return sum(self.common.get(key, 1) for key in keys)


def compiled(pieces: Iterable[Piece]) -> re2._Regexp:
    """All pieces as one linear-time matcher over encoded messages."""
    options = re2.Options()
    options.never_capture = True
    options.max_mem = 16 << 20  # room for the automaton of a long pattern: without it RE2 falls back to a slower search
    return re2.compile(b"|".join(b"(?:" + piece.source.encode() + b")" for piece in pieces), options)
