"""Which messages it learns from, in which pieces."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from sklearn.model_selection import GroupKFold

from bench.train_encoder.base import Base
from bench.train_screen.messages import HELD_OUT, Messages
from bench.train_screen.tables import lesson
from safety.encoder import BEGIN, END, MOST_PIECES, UNKNOWN, Pieces
from safety.heard import Level
from safety.learned import Table, features
from safety.surroundings import Surroundings, within

SEED = 1
FOLDS = 5
CLEARLY_HARMLESS, CLEARLY_DANGEROUS = -2.5, 3.0  # log-odds by tables that did not learn from the writer
EASY = 0.3  # of the messages that the tables find so, how many are learned from; each of these counts for more
EVERYDAY, FOR_THE_EASY = 2.0, 2.0  # how much an everyday message counts, and one of the easy ones


@dataclass(frozen=True)
class Taught:
    """What is learned from: the rows of each message, its level, and how much it counts."""

    rows: list[list[int]]
    level: Any
    weight: Any


def chosen(messages: Messages, pieces: Pieces, hard: Any) -> Taught:
    """Not from the writers held out; of what the tables know already, a part. hard: of each message, whether the tables find it so."""
    rng = random.Random(SEED)
    some = [at for at, writer in enumerate(messages.writers) if writer not in HELD_OUT and (hard[at] or rng.random() < EASY)]
    weight = np.where(messages.everyday, EVERYDAY, 1.0) * np.where(hard, 1.0, FOR_THE_EASY)
    return taught([(messages.readings[at].text, int(messages.level[at]), float(weight[at])) for at in some], pieces, rng)


def taught(made: Sequence[tuple[str, int, float]], pieces: Pieces, rng: random.Random, whole: bool = False) -> Taught:
    """From texts with their levels and how much each counts. whole: without those of danger that are too long to be learned whole."""
    cut = ((pieces.rows_of(text), level, weight) for text, level, weight in made)
    kept = [each for each in cut if not (whole and each[1] and len(each[0]) > MOST_PIECES)]
    rows, level, weight = zip(*kept, strict=True)
    return Taught([_cut(row, bool(least), rng) for row, least in zip(rows, level, strict=True)], np.array(level), np.array(weight))


def _cut(rows: list[int], danger: bool, rng: random.Random) -> list[int]:
    """The beginning of a long message; of a harmless one any stretch, as it is harmless in each."""
    start = 0 if danger or len(rows) <= MOST_PIECES else rng.randrange(len(rows) - MOST_PIECES + 1)
    return [BEGIN, *rows[start : start + MOST_PIECES], END]


def hard_for_the_tables(messages: Messages) -> Any:
    """Messages that the tables, taught on other writers, do not find clearly as they are."""
    hard = np.ones(len(messages), bool)
    asking, paging = (lesson(messages, least) for least in (Level.CONCERN, Level.HIGH))
    for learned, held_out in GroupKFold(FOLDS).split(messages.level, messages.level, messages.writers):
        tables = asking.learn(learned), paging.learn(learned)
        for at in held_out:
            danger, gravity = (_worst(table, messages, messages.texts[at]) for table in tables)
            if messages.level[at] == Level.NONE:
                hard[at] = max(danger, gravity) > CLEARLY_HARMLESS
            else:
                hard[at] = danger < CLEARLY_DANGEROUS or (messages.level[at] >= Level.HIGH and gravity < CLEARLY_DANGEROUS)
    return hard


def _worst(table: Table, messages: Messages, text: Surroundings) -> float:
    """How the worst stretch of a text reads to one table."""

    def score(words: Sequence[str]) -> float:
        places = features(words, messages.classes)
        return float(table.sum(places) * table.scale / sqrt(len(places)) + table.bias)

    return max((score(run.words) - run.price for part in text.parts for run in within(part)), default=0.0)


def vocabulary(base: Base, texts: Sequence[str]) -> tuple[Pieces, list[int]]:
    """The pieces that our messages fall into, and the row of the model's table that each row of ours is taken from."""
    everything = Pieces.of(*zip(*base.pieces, strict=True))
    found = sorted({row - UNKNOWN - 1 for text in texts for row in everything.rows_of(text) if row > UNKNOWN})
    kept = Pieces.of(*zip(*(base.pieces[at] for at in found), strict=True))
    return kept, [base.begin, base.begin, base.end, base.unknown, *found]
