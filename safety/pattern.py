"""The small language that frames are written in, and its translation to RE2. It knows words, not what they mean.

    i ..  want to (die|disappear)     words in order; `|` and brackets as usual; `word?` may be missing
    jump(ed|ing)?                     jump, jumped or jumping: a bracket of mere letters right behind a word holds its endings
    @want                             a named group of `[words]`
    ..  ..5                           up to three (or five) other words of the same sentence, none of them a negation
    ~                                 up to four words of the group @filler (adverbs and the like)
    _                                 exactly one such word
    ^  $                              the start or end of a sentence

Each word of a message is two bytes, a high one and a low one, so a pattern over words is a pattern over bytes, RE2 matches it in time
linear in the message, and a byte offset divided by two is the number of the word. The words no gap may jump over share the first high
byte: "any other word" is then one range, and the automaton stays small.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import NamedTuple

import re2

WIDTH = 2
HIGH, LOW = 0x80, 0x80  # the first high byte; how many low ones there are
END, QUESTION, UNKNOWN = "#end", "#question", "#unknown"
BOUNDARIES = frozenset({END, QUESTION})
ANY = r"[\x81-\xff][\x00-\x7f]"
SENTENCE_ENDS = frozenset({b"\x80\x00", b"\x80\x01"})  # END and QUESTION, as every vocabulary numbers them
RARE = 5  # of 100,000 words, about: what is not among the frequent ones
MOST_PAIRS = 48  # pairs of neighbours worth listing for one place in a pattern
_PART = re.compile(r"[a-z0-9#']+|@[a-z0-9_]+|\.\.[0-9]*|[|()?^$~_]|\S")
_ENDINGS = re.compile(r"([a-z0-9]+)\(([a-z]+(?:\|[a-z]+)*)\)(\??)")
_FILLER = "filler"


class PatternError(ValueError):
    """A pattern in content/screen/ cannot be understood; the message quotes it."""


def _parts(pattern: str) -> list[str]:
    """The words and signs of a pattern, a word with endings as all the words it stands for."""
    return _PART.findall(_ENDINGS.sub(_with_endings, pattern))


def _with_endings(found: re.Match[str]) -> str:
    stem, endings, optional = found.groups()
    return "(" + "|".join([*[stem] * bool(optional), *(stem + ending for ending in endings.split("|"))]) + ")"


@dataclass
class Vocabulary:
    """Every word any pattern mentions, with its two bytes; `barred` words lie in the first row. It grows while patterns are translated and
    is not touched afterwards."""

    barred: frozenset[str] = frozenset()
    points: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, word in enumerate([END, QUESTION, *sorted(self.barred - {END, QUESTION})]):
            self.points[word] = bytes((HIGH, number))
        self.point(UNKNOWN)

    def point(self, word: str) -> bytes:
        point = self.points.get(word)
        if point is None:
            row, place = divmod(len(self.points) - len(self.barred | {END, QUESTION}), LOW)
            point = self.points[word] = bytes((HIGH + 1 + row, place))
        return point

    def encode(self, words: Iterable[str]) -> bytes:
        """The message as RE2 sees it: two bytes a word."""
        points, unknown = self.points, self.points[UNKNOWN]
        return b"".join([points.get(word, unknown) for word in words])

    def source(self, words: Iterable[str]) -> str:
        """What matches exactly one word out of `words`."""
        rows: dict[int, list[int]] = {}
        for high, low in sorted({self.point(word) for word in words}):
            rows.setdefault(high, []).append(low)
        ways = [f"\\x{high:02x}" + _low(lows) for high, lows in rows.items()]
        return ways[0] if len(ways) == 1 else "(?:" + "|".join(ways) + ")"


def _low(lows: Sequence[int]) -> str:
    return f"\\x{lows[0]:02x}" if len(lows) == 1 else "[" + "".join(f"\\x{low:02x}" for low in lows) + "]"


class Need(NamedTuple):
    """Keys (words, or two neighbours: "end it") one of which must be present for a match, and how far before and after the first word
    of the key the match can reach at most, in words."""

    keys: frozenset[str]
    before: int
    after: int


@dataclass(frozen=True)
class Piece:
    """A translated part: its RE2 source, the keys one of which must be present for it to match (None: no such promise), and how many words
    it takes at most.

    `ways`: for each way to match, what it needs, the rarest first. `words`: it is exactly one of these words.
    """

    source: str
    keys: frozenset[str] | None
    most: int
    ways: tuple[tuple[Need, ...], ...] = ()
    words: frozenset[str] | None = None


@dataclass(frozen=True)
class Grammar:
    """What patterns may refer to: the vocabulary, the named groups, how words are spelled out, and how frequent words and neighbours
    are (`common`, per 100,000 words), so that rare ones are looked for first."""

    vocabulary: Vocabulary
    groups: Mapping[str, str]
    rewrites: Mapping[str, tuple[str, ...]]
    common: Mapping[str, int]
    known: dict[str, Piece] = field(default_factory=dict, repr=False)  # groups translated before
    literal: dict[str, Piece] = field(default_factory=dict, repr=False)  # words translated before

    def piece(self, pattern: str) -> Piece:
        """Translate one pattern; raises `PatternError` when it is malformed or names an unknown group."""
        parts = _parts(pattern)
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
        ways = tuple(way for branch in branches for way in branch.ways)
        most = max(branch.most for branch in branches)
        if all(branch.words is not None for branch in branches):
            words = frozenset().union(*(branch.words for branch in branches if branch.words is not None))
            return Piece(self.vocabulary.source(words), union, 1, ways, words), at
        singles = [word for branch in branches if branch.words is not None and len(branch.words) == 1 for word in branch.words]
        longer = [branch.source for branch in branches if (branch.words is None or len(branch.words) > 1) and branch.source]
        longer += [""] if any(branch.source == "" for branch in branches) else []
        one = [self.vocabulary.source(singles)] if singles else []
        return Piece("(?:" + "|".join([*one, *longer]) + ")", union, most, ways), at

    def _sequence(self, parts: list[str], at: int, pattern: str, inside: tuple[str, ...]) -> tuple[Piece, int]:
        pieces: list[Piece] = []
        while at < len(parts) and parts[at] not in "|)":
            piece, at = self._atom(parts, at, pattern, inside)
            if at < len(parts) and parts[at] == "?":
                if len(self.rewrites.get(parts[at - 1], ())) > 1:
                    raise PatternError(f"'{parts[at - 1]}?' in the pattern '{pattern}' stands for several words: put it in brackets.")
                piece, at = Piece(f"(?:{piece.source})?", None, piece.most), at + 1
            pieces.append(piece)
        if len(pieces) == 1:
            only = pieces[0]
            if only.ways:
                return only, at
            alone = () if only.keys is None else (Need(only.keys, only.most - 1, only.most),)
            return Piece(only.source, only.keys, only.most, (alone,), only.words), at
        needs = tuple(sorted(self._needs(pieces), key=lambda need: self._cost(need.keys)))
        most = sum(piece.most for piece in pieces)
        return Piece("".join(piece.source for piece in pieces), needs[0].keys if needs else None, most, (needs,)), at

    def _needs(self, pieces: Sequence[Piece]) -> Iterator[Need]:
        """What each piece needs; two neighbours that are single words need each other."""
        paired = False
        before, after = 0, sum(piece.most for piece in pieces)
        for piece, following in zip_longest(pieces, pieces[1:]):
            pairs = None
            if following is not None and piece.words and following.words and len(piece.words) * len(following.words) <= MOST_PAIRS:
                pairs = frozenset(f"{one} {two}" for one in piece.words for two in following.words)
                yield Need(pairs, before, after)
            if piece.keys is not None and not pairs and not paired:
                yield Need(piece.keys, before + piece.most - 1, after)
            paired = pairs is not None
            before, after = before + piece.most, after - piece.most

    def _atom(self, parts: list[str], at: int, pattern: str, inside: tuple[str, ...]) -> tuple[Piece, int]:
        part = parts[at]
        if part == "(":
            piece, at = self._either(parts, at + 1, pattern, inside)
            if at == len(parts) or parts[at] != ")":
                raise PatternError(f"A bracket is not closed in the pattern '{pattern}'.")
            return self._bracket(piece), at + 1
        if part.startswith("@"):
            return self._group(part[1:], pattern, inside), at + 1
        if part.startswith(".."):
            return Piece(f"(?:{ANY}){{0,{part[2:] or 3}}}", None, int(part[2:] or 3)), at + 1
        if part == "~":
            filler = self._group(_FILLER, pattern, inside)
            return Piece(f"(?:{filler.source}){{0,4}}", None, 4 * filler.most), at + 1
        if part == "_":
            return Piece(ANY, None, 1), at + 1
        if part in "^$":
            ends = self.vocabulary.source((END, QUESTION))
            return Piece(rf"(?:\A|{ends})" if part == "^" else rf"(?:\z|{ends})", None, 1), at + 1
        if part not in self.literal:
            self.literal[part] = self._word(part, pattern)
        return self.literal[part], at + 1

    def _word(self, part: str, pattern: str) -> Piece:
        if not re.fullmatch(r"[a-z0-9#]+", part):
            raise PatternError(f"'{part}' in the pattern '{pattern}' is not a plain lowercase word (write dont, not don't).")
        words = self.rewrites.get(part, (part,))
        source = "".join(self.vocabulary.source((word,)) for word in words)
        if len(words) == 1:
            return Piece(source, frozenset(words), 1, words=frozenset(words))
        return Piece(source, frozenset({" ".join(words[-2:])}), len(words))

    def _group(self, name: str, pattern: str, inside: tuple[str, ...]) -> Piece:
        if name not in self.groups or name in inside:
            fault = "defined by itself" if name in inside else "not in any [words]"
            raise PatternError(f"The pattern '{pattern}' uses @{name}, which is {fault}.")
        if name not in self.known:
            parts = _parts(self.groups[name])
            piece, rest = self._either(parts, 0, self.groups[name], (*inside, name))
            if rest != len(parts):
                raise PatternError(f"Unexpected '{parts[rest]}' in the group @{name}.")
            self.known[name] = self._bracket(piece)
        return self.known[name]

    def _bracket(self, piece: Piece) -> Piece:
        return piece if piece.words is not None else Piece(f"(?:{piece.source})", piece.keys, piece.most, piece.ways)

    def _cost(self, keys: frozenset[str]) -> int:
        return sum([self.common.get(key, RARE) for key in keys])


def compiled(pieces: Iterable[Piece]) -> re2._Regexp:
    """All pieces as one linear-time matcher over encoded messages."""
    options = re2.Options()
    options.never_capture = True
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = 16 << 20  # room for the automaton of a long pattern: without it RE2 falls back to a slower search
    return re2.compile(b"|".join(b"(?:" + piece.source.encode("latin-1") + b")" for piece in pieces), options)
