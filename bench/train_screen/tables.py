"""The two tables of weights, each a logistic regression on places that are hashed as `safety/learned.py` hashes them."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, diags
from sklearn.linear_model import LogisticRegression

from bench.train_screen.messages import Messages
from safety.heard import Level
from safety.learned import MASK, Table, features

SEED = 20261126
PENALTY = 30.0  # the inverse of the regularisation
TOLERANCE = 1e-3  # where the learning stops
CLEAREST, LEAST_CLEAR = 4.0, 0.1  # how freely a place may be weighed, by how clearly it speaks: log-odds, at most; and what all are given
WEIGHT = 3.0  # of an everyday message: the screen hears far more of them than of any others


@dataclass(frozen=True)
class Lesson:
    """What one table learns from: rows of places, whether each is of what should be heard, how much it counts, and the message it is of.

    A message that should not be heard so should not be in each of its parts; of one that should nobody knows in which part it is, so all
    of it is learned.
    """

    rows: Any
    right: Any
    weight: Any
    message: Any

    def learn(self, messages: Any) -> Table:
        """From these messages only."""
        some = np.isin(self.message, messages)
        rows, right = self.rows[some], self.right[some]
        free = _clearness(rows, right)
        model = LogisticRegression(C=PENALTY, solver="liblinear", tol=TOLERANCE, random_state=SEED)
        model.fit(rows @ diags(free), right, sample_weight=self.weight[some])
        weights, scale = _small(model.coef_[0] * free)
        return Table(weights, scale, float(model.intercept_[0]))


def lesson(messages: Messages, least: Level) -> Lesson:
    """What tells messages of at least this level from all others."""
    heard = messages.level >= least
    whole = [(at, [word for each in messages.texts[at].windows for word in each.text.words]) for at in np.flatnonzero(heard)]
    parts = [(at, part.words) for at in np.flatnonzero(~heard) for part in messages.texts[at].parts]
    at = np.array([at for at, _ in whole + parts])
    rows = _rows([words for _, words in whole + parts], messages.classes)
    return Lesson(rows, heard[at], weight_of(messages)[at], at)


def weight_of(messages: Messages) -> Any:
    """How much each message counts in all that is learned."""
    return np.where(messages.everyday, WEIGHT, 1.0)


def _rows(texts: Sequence[Sequence[str]], classes: dict[str, int]) -> Any:
    places = [features(each, classes) for each in texts]
    filled = np.concatenate([np.full(len(one), len(one) ** -0.5) for one in places])
    rows = csr_matrix((filled, np.concatenate(places), np.cumsum([0, *map(len, places)])), shape=(len(texts), MASK + 1))
    rows.sum_duplicates()
    return rows


def _clearness(rows: Any, right: Any) -> Any:
    """For each place how far it is from standing as often in what should be heard as in what should not (log-odds): what speaks clearly
    may weigh much, and thousands of places that hardly speak may not together (Wang and Manning, 2012, "Baselines and bigrams")."""
    there = rows.sign()
    yes, no = (np.asarray(there[each].sum(0)).ravel() + 1.0 for each in (right, ~right))
    return np.minimum(abs(np.log(yes / yes.sum()) - np.log(no / no.sum())), CLEAREST) + LEAST_CLEAR


def _small(weights: Any) -> tuple[array[int], float]:
    """The weights in a byte each, and what one is worth."""
    scale = float(abs(weights).max() / 127)
    return array("b", (weights / scale).round().astype("int8").tobytes()), scale
