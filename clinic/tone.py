"""A tone line for the words a patient shared, from TextBlob's word list. It is nothing but a tone.

It is no sign of risk and nothing in the safety path may read it: on such sentences word lists fail ("everyone would be better
off without me" scores +0.5). Only `.sentiment` is used; it needs no corpus and no network. TextBlob is imported when the first
line is scored, because the import takes about a second and 40 MB.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

CAP = 4096
"""Characters of a line that are read."""


@dataclass(frozen=True, slots=True)
class Tone:
    """Mean polarity from -1 (all feeling words unpleasant) to +1 (all pleasant) over `n` of the `of` lines given.

    A line with no word the list knows is not counted as neutral; it is left out of `n`. With n = 0 there is no `polarity`.
    """

    polarity: float | None
    n: int
    of: int


def tone(lines: Iterable[str]) -> Tone:
    """The tone of shared lines; the word list is English, so lines in other languages are left out, not scored."""
    lines = list(lines)
    scores = [score for line in lines if (score := _polarity(line)) is not None]
    return Tone(sum(scores) / len(scores) if scores else None, len(scores), len(lines))


def _polarity(line: str) -> float | None:
    from textblob import TextBlob

    sentiment = TextBlob(line[:CAP]).sentiment
    known = sentiment.polarity or sentiment.subjectivity
    return float(sentiment.polarity) if known else None
