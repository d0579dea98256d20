"""The reviewed frames, cues and rises of `content/screen/*.toml`, compiled once. Adding a frame means adding data there, not code here."""

from __future__ import annotations

import unicodedata
import zlib
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from content.library import REVIEW_STATES, ROOT, ContentError, read_toml
from safety.encoder import load_encoder
from safety.heard import Level, Track
from safety.index import Index, Keys, Matcher
from safety.learned import Learned, load_learned
from safety.normalise import Speller
from safety.pattern import END, QUESTION, Grammar, PatternError, Piece, Vocabulary, compiled
from safety.slips import Anchors

FOLDER = ROOT / "screen"
SPELLING, LEARNED, CLASSES, FREQUENT, ENCODER = "spelling.toml", "learned.toml", "classes.toml", "frequent.toml", "encoder.toml"
KEEP, DROP, IDIOM, STOP = "keep", "drop", "idiom", "stop"
SCOPES = ("negated", "past", "lately", "third", "third_told", "told", "topic", "fiction", "joke", "unreal")


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

    @cached_property
    def tags(self) -> frozenset[str]:
        """All that it looks for, also what would speak against it."""
        return frozenset({self.unless}.union(*self.signs))

    def possible(self, tags: Set[str]) -> bool:
        """Whether signs with these tags may make it up."""
        return not any(slot.isdisjoint(tags) for slot in self.signs)


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

    def useful(self, tags: Iterable[frozenset[str]]) -> Set[str]:
        """What may yet count for a rise, if all that is found in a message is tagged so: a part that means nothing alone needs no other."""
        held = frozenset[str]().union(*tags)
        return frozenset[str]().union(*(rise.tags for rise in self.rises if rise.possible(held)))


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
    del files[ENCODER]
    try:
        learned = load_learned(files.pop(LEARNED), files.pop(CLASSES), load_encoder())
    except (KeyError, TypeError, ValueError, zlib.error) as fault:
        raise ContentError(f"screen/{LEARNED}: {fault}") from fault
    rewrites = {word: tuple(meant.split()) for word, meant in spelling["rewrites"].items()}
    vocabulary = Vocabulary(frozenset(_single(groups["negator"])))
    common = {key: rate["of"] for rate in files.pop(FREQUENT)["rate"] for key in rate["keys"]}
    grammar = Grammar(vocabulary, groups, rewrites, common)
    frames: list[Frame] = []
    cues: list[Cue] = []
    rises: list[Rise] = []
    ids: set[str] = set()
    for name, data in files.items():
        for row in (*data.get("frame", ()), *data.get("rise", ())):
            if row.get("id") in ids:
                raise ContentError(f"screen/{name}: the id '{row['id']}' is given twice.")
            ids.add(row.get("id"))
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
        data["doses"],
        (frozenset(data["two"]["before"]), frozenset(data["two"]["behind"])),
        {**{word: (word,) for word in known}, **rewrites},
    )


def _fold(pattern: str) -> str:
    if pattern.isascii():
        return pattern
    return "".join(letter for letter in unicodedata.normalize("NFKD", pattern) if not unicodedata.combining(letter))


def _single(group: str) -> list[str]:
    return [word for word in group.split("|") if " " not in word]
