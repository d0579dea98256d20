"""What it is taught after messages as they are: that a harmless sentence beside danger changes nothing, and that one by itself, a scrap of
one, a line break instead of a stop or a word misspelt is no danger."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.train_encoder.changed import BOTH, MANY, ONE_BEFORE, ONE_BEHIND, TWO_BEHIND, among, in_lines, misspelt
from bench.train_encoder.lesson import EVERYDAY, HELD_OUT, SEED, Taught, taught
from bench.train_screen.messages import Messages
from safety.encoder import Pieces

SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
LONGEST, LONGEST_SCRAP = 25, 6  # words
FORMS = {
    "dangerous": (ONE_BEFORE, ONE_BEHIND, ONE_BEHIND, BOTH, TWO_BEHIND, MANY),
    "only looks dangerous": (ONE_BEFORE, ONE_BEHIND, ONE_BEHIND, BOTH, TWO_BEHIND, MANY),
    "everyday": (ONE_BEFORE, ONE_BEHIND, MANY, MANY),
}
QUIT = ["smoking", "vaping", "drinking", "cigarettes", "weed", "caffeine", "coffee", "gambling", "alcohol", "pills", "nicotine", "sugar"]
SINCE = (
    "I quit {what} {number} {span} ago",
    "quit {what} {number} {span} ago",
    "I stopped {what} {number} {span} ago",
    "{number} {span} since I quit {what}",
    "been off {what} for {number} {span}",
    "i gave up {what} {number} {span} ago and I feel better",
)
NUMBERS, SPANS = ["one", "two", "three", "four", "five", "six", "nine", "2", "3", "5", "10", "90"], ("days", "weeks", "months", "years")
Made = tuple[str, int, float]  # a text, its level, how much it counts


@dataclass(frozen=True)
class Counts:
    """How many messages of each kind get sentences beside them, and which part of these is written in lines; how many are misspelt; how
    many sentences and scraps stand by themselves; how many say that somebody quit; how many messages are told once more as they are, of
    those the tables find hard and of the others."""

    beside: dict[str, int]
    single: int
    scraps: int
    hard: int
    easy: int
    quit: int = 0
    in_lines: float = 0.0
    misspelt: dict[str, int] = field(default_factory=dict)


SECOND = Counts(
    beside={"dangerous": 20_000, "only looks dangerous": 7_000, "everyday": 7_000}, single=7_000, scraps=3_500, hard=26_000, easy=6_000
)
THIRD = Counts(
    beside={"dangerous": 13_000, "only looks dangerous": 6_500, "everyday": 8_000}, single=5_000, scraps=2_500, hard=26_000, easy=7_000,
    quit=350, in_lines=0.3, misspelt={"dangerous": 5_000, "only looks dangerous": 2_500, "everyday": 4_000},
)  # fmt: skip


def beside(counts: Counts, messages: Messages, rows: Sequence[dict[str, str]], pieces: Pieces, hard: Any) -> Taught:
    """hard: of each message, whether the tables find it so."""
    rng = random.Random(f"{SEED} {counts}")
    made = [*_messages(counts, messages, rows, hard, rng), *_by_themselves(counts, messages, rows, rng)]
    return taught(made, pieces, rng, whole=True)


def _messages(counts: Counts, messages: Messages, rows: Sequence[dict[str, str]], hard: Any, rng: random.Random) -> Iterator[Made]:
    def some(of: Any, count: int) -> list[int]:
        return rng.sample([at for at in _known(messages) if of[at]], count)

    def made(at: int, text: str) -> Made:
        return text, int(messages.level[at]), EVERYDAY if messages.everyday[at] else 1.0

    sentences = {lang: [one for at in _calm(messages) if rows[at]["lang"] == lang for one in _short(rows[at])] for lang in ("en", "es")}
    for kind, count in counts.beside.items():
        for at in some(messages.kinds[kind], count):
            text = among(rows[at]["text"], sentences[rows[at]["lang"]], rng.choice(FORMS[kind]), rng)
            yield made(at, in_lines(text, rng) if rng.random() < counts.in_lines else text)
    for kind, count in counts.misspelt.items():
        yield from (made(at, misspelt(rows[at]["text"], rng)) for at in some(messages.kinds[kind], count))
    for of, count in ((hard, counts.hard), (~hard, counts.easy)):
        yield from (made(at, rows[at]["text"]) for at in some(of, count))


def _by_themselves(counts: Counts, messages: Messages, rows: Sequence[dict[str, str]], rng: random.Random) -> Iterator[Made]:
    """What is harmless: single sentences, scraps, and that somebody quit something."""
    calm = _calm(messages)
    several = [found for at in calm if len(found := _sentences(rows[at])) > 1]
    for one in rng.sample([one for found in several for one in found if len(one.split()) > 1], counts.single):
        yield one, 0, EVERYDAY
    for at in rng.sample(calm, counts.scraps):
        words = rows[at]["text"].split()
        size = rng.randint(1, LONGEST_SCRAP)
        start = rng.randrange(max(1, len(words) - size + 1))
        yield " ".join(words[start : start + size]), 0, 1.0
    for _ in range(counts.quit):
        yield rng.choice(SINCE).format(what=rng.choice(QUIT), number=rng.choice(NUMBERS), span=rng.choice(SPANS)), 0, EVERYDAY


def _known(messages: Messages) -> list[int]:
    return [at for at, writer in enumerate(messages.writers) if writer not in HELD_OUT]


def _calm(messages: Messages) -> list[int]:
    return [at for at in _known(messages) if messages.everyday[at]]


def _sentences(row: dict[str, str]) -> list[str]:
    return [one for one in SENTENCE.split(row["text"]) if one]


def _short(row: dict[str, str]) -> list[str]:
    return [one for one in _sentences(row) if 3 <= len(one.split()) <= LONGEST]
