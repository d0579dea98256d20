"""The second lesson: a harmless sentence beside danger changes nothing; a harmless one by itself, or a scrap of one, is harmless."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from typing import Any

from bench.train_encoder.lesson import EVERYDAY, HELD_OUT, SEED, Taught, taught
from bench.train_screen.messages import Messages
from safety.encoder import Pieces

SINGLE, SCRAPS, HARD, EASY = 7_000, 3_500, 26_000, 6_000
"""How many sentences by themselves, and scraps, are made; how many messages are told once more, of those the tables find hard and of the
others."""
SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
LONGEST, LONGEST_SCRAP = 25, 6  # words
ONE_BEHIND, ONE_BEFORE, BOTH, TWO_BEHIND, MANY = (0, 1), (1, 0), (1, 1), (0, 2), None
BESIDE = {
    "dangerous": (20_000, (ONE_BEFORE, ONE_BEHIND, ONE_BEHIND, ONE_BEHIND, BOTH, TWO_BEHIND, MANY)),
    "only looks dangerous": (7_000, (ONE_BEFORE, ONE_BEHIND, ONE_BEHIND, BOTH, TWO_BEHIND, MANY)),
    "everyday": (7_000, (ONE_BEFORE, ONE_BEHIND, MANY, MANY)),
}
"""How many messages of each kind get sentences beside them, and how many before and behind, drawn by lot."""
STOPPED = 0.7  # how often a sentence gets the stop it lacks
Made = tuple[str, int, float]  # a text, its level, how much it counts


def beside(messages: Messages, rows: Sequence[dict[str, str]], pieces: Pieces, hard: Any) -> Taught:
    """hard: of each message, whether the tables find it so."""
    rng = random.Random(SEED + 1)
    return taught([*_made(messages, rows, hard, rng)], pieces, rng, whole=True)


def _made(messages: Messages, rows: Sequence[dict[str, str]], hard: Any, rng: random.Random) -> Iterator[Made]:
    known = [at for at, writer in enumerate(messages.writers) if writer not in HELD_OUT]
    weight = [EVERYDAY if everyday else 1.0 for everyday in messages.everyday]
    calm = [at for at in known if messages.everyday[at]]
    found = {at: [one for one in SENTENCE.split(rows[at]["text"]) if one] for at in calm}
    short = {at: [one for one in some if 3 <= len(one.split()) <= LONGEST] for at, some in found.items()}
    sentences = {lang: [one for at in calm if rows[at]["lang"] == lang for one in short[at]] for lang in ("en", "es")}
    for kind, (count, forms) in BESIDE.items():
        for at in rng.sample([at for at in known if messages.kinds[kind][at]], count):
            text = _among(rows[at]["text"], sentences[rows[at]["lang"]], rng.choice(forms), rng)
            yield text, int(messages.level[at]), weight[at]
    for one in rng.sample([one for some in found.values() if len(some) > 1 for one in some if len(one.split()) > 1], SINGLE):
        yield one, 0, EVERYDAY
    for at in rng.sample(calm, SCRAPS):
        words = rows[at]["text"].split()
        size = rng.randint(1, LONGEST_SCRAP)
        start = rng.randrange(max(1, len(words) - size + 1))
        yield " ".join(words[start : start + size]), 0, 1.0
    for some, count in (([at for at in known if hard[at]], HARD), ([at for at in known if not hard[at]], EASY)):
        for at in rng.sample(some, count):
            yield rows[at]["text"], int(messages.level[at]), weight[at]


def _among(text: str, sentences: Sequence[str], form: tuple[int, int] | None, rng: random.Random) -> str:
    """A message with so many sentences before and behind it."""
    if form is None:
        count = rng.randint(2, 6)
        before = rng.randint(0, count)
        form = before, count - before
    before, behind = ([rng.choice(sentences) for _ in range(count)] for count in form)
    *others, last = [*before, text, *behind]
    return " ".join([*(_stopped(one, rng) for one in others), last])


def _stopped(text: str, rng: random.Random) -> str:
    return text if text[-1] in ".!?" or rng.random() > STOPPED else f"{text}."
