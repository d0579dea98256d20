"""What a number in a message stands for: few, some or many of a thing, a year, or how strong a dose was."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

from safety.words import Words

MANY, SOME, FEW, YEAR = "#many", "#some", "#few", "#year"
DOSE, HIGH_DOSE = "#dose", "#highdose"
_NUMBER = re.compile(r"[0-9]+(?:,[0-9]{3})*")


def quantity(digits: str) -> str:
    if len(digits) == 4 and digits[:2] in ("19", "20"):
        return YEAR
    if len(digits) > 1 and digits.lstrip("0")[1:]:
        return MANY
    return SOME if digits[-1:] in "56789" else FEW


def weigh(doses: Mapping[str, tuple[int, int]], text: str, out: Words) -> None:
    """A number of milligrams that one dose may have says how strong it was, not how many there were. `doses`: by unit, (usual, most)."""
    for at, (before, unit) in enumerate(pairwise(out.words)):
        if unit in doses and before in (MANY, SOME, FEW, YEAR):
            usual, most = doses[unit]
            written = _NUMBER.findall(text, out.starts[at], out.ends[at])
            amount = float(written[-1].replace(",", "")) if written else most + 1
            out.words[at] = DOSE if amount <= usual else HIGH_DOSE if amount <= most else MANY


def count_twos(two: tuple[frozenset[str], frozenset[str]], to: tuple[str, ...] | None, text: str, out: Words) -> None:
    """A "2" that was read as `to`, where it is a number: behind a word of the first of `two`, or before one of the second."""
    before, behind = two
    around = ["", *out.words, ""]
    for at, word in enumerate(out.words):
        number = around[at] in before or around[at + 2] in behind
        if number and (word,) == to and text[out.starts[at] : out.ends[at]] == "2":
            out.words[at] = FEW
