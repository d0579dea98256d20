"""The reviewed frames, cues and rises of `content/screen/*.toml`, compiled once. Adding a frame means adding data there, not code here."""

from __future__ import annotations

import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from itertools import islice, zip_longest
from typing import Any

import re2

from content.library import REVIEW_STATES, ROOT, ContentError, read_toml
from safety.heard import Level, Track
from safety.learned import Learned, load_learned
from safety.normalise import Speller
from safety.pattern import END, QUESTION, SENTENCE_ENDS, WIDTH, Grammar, Need, PatternError, Piece, Vocabulary, compiled
from safety.slips import Anchors

# the number of a pattern, the other groups it needs (one bit each), its reach around the rarest, how many words it is if it is only that
Way = tuple[int, int, int, int, int]
Entry = tuple[int, tuple[Way, ...]]
# The words [first, last) where a pattern may match; where it does without a search, as that is all of the pattern, in order; and whether it
# may match in other ways too. A tuple, as hundreds are made for one message.
Place = tuple[int, int, list[tuple[int, int]], bool]
Both = tuple[Entry, Entry]  # what a key is to the frames and to the cues
Held = tuple[int, Entry, Entry]  # the same with the place of the key
NOTHING: Entry = (0, ())
FOLDER = ROOT / "screen"
SPELLING, LEARNED, CLASSES = "spelling.toml", "learned.toml", "classes.toml"
KEEP, DROP, IDIOM, STOP = "keep", "drop", "idiom", "stop"
UNANCHORED = re2._re2.RE2.Anchor.UNANCHORED
SCOPES = ("negated", "past", "lately", "third", "third_told", "told", "topic", "fiction", "joke", "unreal")


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
class Frame:
    """One way of saying something dangerous (or a sign of it). `limits` says what a negation, a past tense and so on do to it:
    the highest level each leaves, None for nothing at all. `idiom_drops`: an idiom that covers it takes it back."""

    id: str
    track: Track
    level: Level
    why: str
    tags: frozenset[str]
    limits: tuple[tuple[str, Level | None], ...]
    idiom_drops: bool
    matcher: Matcher


@dataclass(frozen=True)
class Cue:
    """A word group that changes what is near it. `side`: the right of it up to `reach` words, or both sides of its clause. One of the kind
    "stop" changes nothing: cues of the kinds in `stops` do not reach past it."""

    kind: str
    side: str
    reach: int
    matcher: Matcher
    stops: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Rise:
    """Signs that together are worse than apart: one from each set, and none tagged `unless`. `near`: only in one message, as parts that
    mean nothing apart say nothing when they stand in two."""

    id: str
    level: Level
    track: Track
    signs: tuple[frozenset[str], ...]
    unless: str
    why: str
    near: bool = False

    def possible(self, tags: Set[str]) -> bool:
        """Whether signs with these tags may make it up."""
        return not any(slot.isdisjoint(tags) for slot in self.signs)


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
        entry = self.entries.get
        for at, (word, following) in enumerate(zip_longest(words, islice(words, 1, None))):
            if (found := entry(word)) is None:
                continue
            alone, pairs = found
            if alone is not None:
                held.append((at, *alone))
            if pairs and (both := pairs.get(following)) is not None:
                held.append((at, *both))
        return held

    def frames_in(self, held: Sequence[Held]) -> dict[int, Place]:
        """The frames that may match where these keys stand, by number."""
        groups = 0
        for _, (mask, _), _ in held:
            groups |= mask
        return _places(((at, ways) for at, (_, ways), _ in held if ways), self.frames.every & ~groups)

    def cues_in(self, held: Sequence[Held]) -> dict[int, Place]:
        """The cues that may, by number."""
        groups = 0
        for _, _, (mask, _) in held:
            groups |= mask
        return _places(((at, ways) for at, _, (_, ways) in held if ways), self.cues.every & ~groups)


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


@dataclass(frozen=True)
class Rules:
    """Everything the screen reads with. `keys` says which frames and which cues are worth trying."""

    speller: Speller
    vocabulary: Vocabulary
    frames: tuple[Frame, ...]
    cues: tuple[Cue, ...]
    keys: Keys
    rises: tuple[Rise, ...]
    first_person: frozenset[str]
    learned: Learned


@cache
def load_rules() -> Rules:
    """Read, check and compile all rules; raises `ContentError` naming the file and what to change. Takes a second or so, once."""
    files = {path.name: read_toml(path) for path in sorted(FOLDER.glob("*.toml"))}
    for name, data in files.items():
        if not data.get("meta", {}).get("source") or data["meta"].get("review") not in REVIEW_STATES:
            raise ContentError(f"screen/{name} needs a [meta] with a source, and a review of {' or '.join(REVIEW_STATES)}.")
    groups: dict[str, str] = {}
    for name, data in files.items():
        for group, words in data.get("words", {}).items():
            if group in groups:
                raise ContentError(f"screen/{name}: the group '{group}' is defined twice.")
            groups[group] = _fold(words)
    spelling = files.pop(SPELLING)
    try:
        learned = load_learned(files.pop(LEARNED), files.pop(CLASSES))
    except (KeyError, ValueError, zlib.error) as fault:
        raise ContentError(f"screen/{LEARNED}: {fault}") from fault
    rewrites = {word: tuple(meant.split()) for word, meant in spelling["rewrites"].items()}
    vocabulary = Vocabulary(frozenset(_single(groups["negator"])))
    common = {word: weight for weight, words in ((15, "often"), (60, "very_often")) for word in spelling["frequent"][words]}
    grammar = Grammar(vocabulary, groups, rewrites, common)
    frames: list[Frame] = []
    cues: list[Cue] = []
    rises: list[Rise] = []
    for name, data in files.items():
        try:
            frames += [_frame(grammar, row, data) for row in data.get("frame", ())]
            cues += [
                Cue(row["kind"], row.get("side", "right"), row.get("reach", 0), _matcher(grammar, row["match"]))
                for row in data.get("cue", ())
            ]
            cues += [Cue(STOP, "", 0, _matcher(grammar, row["match"]), frozenset(row["kinds"])) for row in data.get("stop", ())]
            rises += [_rise(row, near=data["meta"].get("rises") == "near") for row in data.get("rise", ())]
        except (KeyError, ValueError, PatternError) as fault:
            raise ContentError(f"screen/{name}: {fault}") from fault
    known = frozenset(vocabulary.points) - {END, QUESTION}
    cues.sort(key=lambda cue: cue.kind != "affirm")
    speller = _speller(spelling, known, rewrites)
    return Rules(
        speller,
        vocabulary,
        tuple(frames),
        tuple(cues),
        Keys.of(
            Index.of((frame.id, frame.matcher) for frame in frames),
            Index.of((f"cue {cue.kind}", cue.matcher) for cue in cues),
        ),
        tuple(rises),
        frozenset(_single(groups["first_person"])),
        learned,
    )


def _frame(grammar: Grammar, row: Mapping[str, Any], data: Mapping[str, Any]) -> Frame:
    actions = {scope: row.get(scope, data.get("scopes", {}).get(scope, KEEP)) for scope in SCOPES}
    limits = tuple((scope, None if action == DROP else Level[action.upper()]) for scope, action in actions.items() if action != KEEP)
    track = Track(row.get("track", data["meta"].get("track", "unknown")))
    level, tags = Level[row["level"].upper()], frozenset(row.get("tags", ()))
    idiom_drops = {DROP: True, KEEP: False}[row.get(IDIOM, DROP)]
    return Frame(row["id"], track, level, row["why"], tags, limits, idiom_drops, _matcher(grammar, row["match"]))


def _rise(row: Mapping[str, Any], *, near: bool) -> Rise:
    signs = tuple(frozenset(slot) for slot in row["signs"])
    return Rise(row["id"], Level[row["level"].upper()], Track(row["track"]), signs, row.get("unless", ""), row["why"], near)


def _matcher(grammar: Grammar, patterns: Iterable[str]) -> Matcher:
    pieces: list[Piece] = [grammar.piece(_fold(pattern)) for pattern in patterns]
    return Matcher(compiled(pieces)._regexp.Match, tuple(way for piece in pieces for way in piece.ways))


def _speller(data: Mapping[str, Any], known: frozenset[str], rewrites: Mapping[str, tuple[str, ...]]) -> Speller:
    leet = tuple(str.maketrans(table) for table in data["leet"]["tables"])
    anchors = Anchors.of([word for word in data["slips"]["anchors"] if word in known], [*data["slips"]["stops"], *known, *rewrites])
    return Speller(
        known,
        rewrites,
        leet,
        data["lookalikes"],
        data["emoji"],
        frozenset(data["joined"]["words"]),
        tuple(data["joined"]["cores"]),
        anchors,
        {**{word: (word,) for word in known}, **rewrites},
    )


def _fold(pattern: str) -> str:
    if pattern.isascii():
        return pattern
    return "".join(letter for letter in unicodedata.normalize("NFKD", pattern) if not unicodedata.combining(letter))


def _single(group: str) -> list[str]:
    return [word for word in group.split("|") if " " not in word]
