"""What the limits are chosen by: how each message reads to tables that did not learn from its writer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from bench.train_screen.messages import Messages
from safety.heard import Level
from safety.learned import Learned, Limits, Table
from safety.surroundings import Surroundings, within
from safety.weighing import Reading, Weighing

SAID_OUTRIGHT = (
    "es.attempt",
    "es.body.took",
    "es.plain.tried",
    "es.suicide.self",
    "es.suicide.want_die",
    "overdose.excess",
    "overdose.took_too_much",
    "overdose.whole_dose",
    "overdose.wrong_dose",
    "suicide.self",
    "suicide.want_die",
)
"""Rules whose pages nothing makes a question: what they hear is said in plain words, and minutes count."""
ASKED_OUTRIGHT = ("overdose.dose", "violence.control", "voices.about_me", "voices.hears")
"""Rules whose questions nothing drops: the tables see no number, and what is told calmly of control or voices reads harmless."""
OFTEN = 10  # messages in which a rule was heard, enough to tell how often it is right
TRUSTED, FIRM = 0.98, 0.84  # a rule that is right at least so often pages, or asks, however it reads
OPEN = Limits(inf, inf, inf, inf, inf)


@dataclass(frozen=True)
class Evidence:
    """Of each message, as `safety/weighing.py` looks at it; -inf where there is none. `rule`: the highest level of a rule; `sure`: what
    stays whatever the scores; danger and gravity around what that rule heard, and of any part."""

    rule: Any
    sure: Any
    danger_heard: Any
    danger: Any
    gravity_heard: Any
    gravity: Any


def evidence(messages: Messages, folds: Iterable[tuple[Learned, Sequence[int]]]) -> Evidence:
    """Each message by the tables that did not learn from it."""
    seen: list[tuple[float, ...]] = [()] * len(messages)
    for learned, held_out in folds:
        for at in held_out:
            seen[at] = _seen(learned, messages.readings[at])
    return Evidence(*map(np.array, zip(*seen, strict=True)))


def _seen(learned: Learned, heard: Reading) -> tuple[float, ...]:
    text = Surroundings(heard.windows)
    weighing = Weighing(learned, text, heard.taken_back)
    sure, around = Level.NONE, []
    for each in heard.findings:
        runs = text.around(each.span)
        if not runs or each.rule in (learned.firm if each.level is Level.CONCERN else learned.outright):
            sure = max(sure, each.level)
        elif each.level is heard.level:
            around += runs
    danger = weighing.danger(run for part in text.parts for run in within(part))
    gravity = weighing.gravity(run for part in text.parts for run in weighing.free(part))
    return heard.level, sure, weighing.danger(around), danger - text.chances, weighing.gravity(around), gravity - text.chances


def learned_of(messages: Messages, asking: Table, paging: Table, some: Iterable[int]) -> Learned:
    """The tables, with the rules that stand however it reads: those that were right in these messages, and those named above."""
    right = _right((messages.readings[at], bool(messages.level[at])) for at in some)
    outright = {rule for (rule, pages), share in right.items() if pages and share >= TRUSTED}
    firm = {rule for (rule, pages), share in right.items() if not pages and share >= FIRM}
    return Learned(asking, paging, OPEN, frozenset(outright.union(SAID_OUTRIGHT)), frozenset(firm.union(ASKED_OUTRIGHT)), messages.classes)


def _right(heard: Iterable[tuple[Reading, bool]]) -> dict[tuple[str, bool], float]:
    """How often each rule is right, by whether it would page, of those that were heard often enough to tell."""
    right: Counter[tuple[str, bool]] = Counter()
    often: Counter[tuple[str, bool]] = Counter()
    for reading, dangerous in heard:
        for rule in {(each.rule, each.level > Level.CONCERN) for each in reading.findings}:
            often[rule] += 1
            right[rule] += dangerous
    return {rule: right[rule] / often[rule] for rule in often if often[rule] >= OFTEN}
