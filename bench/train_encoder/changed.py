"""A message, changed as people write: among other sentences, in lines instead of sentences, misspelt."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from string import ascii_lowercase

STOP = re.compile(r"[.]\s+")
ONE_BEHIND, ONE_BEFORE, BOTH, TWO_BEHIND, MANY = (0, 1), (1, 0), (1, 1), (0, 2), None
"""How many sentences stand before and behind a message; `MANY`: two to six."""
STOPPED = 0.7  # how often a sentence gets the stop it lacks
BROKEN = 0.8  # of the stops of a text in lines, how many are line breaks
WRONG, SHORTEST = 0.16, 4  # how many of the words of so many letters are misspelt
SMALL = 0.3  # how often all letters are small ones then


def among(text: str, sentences: Sequence[str], form: tuple[int, int] | None, rng: random.Random) -> str:
    if form is None:
        count = rng.randint(2, 6)
        before = rng.randint(0, count)
        form = before, count - before
    before, behind = ([rng.choice(sentences) for _ in range(count)] for count in form)
    *others, last = [*before, text, *behind]
    return " ".join([*(_stopped(one, rng) for one in others), last])


def in_lines(text: str, rng: random.Random) -> str:
    return STOP.sub(lambda stop: "\n" if rng.random() < BROKEN else stop[0], text)


def misspelt(text: str, rng: random.Random) -> str:
    """A letter left out, swapped with the next, another one, or twice."""
    words = [_wrong(word, rng) if len(word) >= SHORTEST and rng.random() < WRONG else word for word in text.split()]
    changed = " ".join(words)
    return changed.lower() if rng.random() < SMALL else changed


def _wrong(word: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(word) - 1)
    before, letter, next_one, behind = word[:at], word[at], word[at + 1], word[at + 2 :]
    ways = (before + next_one, before + next_one + letter, before + rng.choice(ascii_lowercase) + next_one, before + 2 * letter + next_one)
    return rng.choices(ways, (35, 30, 15, 20))[0] + behind


def _stopped(text: str, rng: random.Random) -> str:
    return text if text[-1] in ".!?" or rng.random() > STOPPED else f"{text}."
