"""What the limits are chosen by: how each message reads to tables, and an encoder, that did not learn from its writer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from bench.train_screen.messages import HELD_OUT, Messages
from safety.encoder import Encoder
from safety.heard import Level
from safety.learned import Learned, Limits, Table, Trust, Worth
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
ASKED_OUTRIGHT = (
    "es.suicide.passive",
    "es.use.near",
    "es.use.return",
    "es.voices.hears",
    "overdose.dose",
    "suicide.passive",
    "use.near",
    "use.return",
    "violence.control",
    "voices.about_me",
    "voices.hears",
)
"""Rules whose questions nothing drops: the tables see no number; what is told calmly of control, of voices, of a lapse or of being near one
reads harmless; who says plainly that they wish to be dead is asked."""
OFTEN = 10  # messages in which a rule was heard, enough to tell how often it is right
FIRM = 0.98  # a rule that is right at least so often in what it pages for counts more
OPEN = Limits(*[inf] * 6)
OF_DANGER, OF_GRAVITY = Worth(tables=0.48, encoder=0.57), Worth(tables=0.49, encoder=0.68)
"""What a logistic regression over what rules, tables and encoder say gave, on the messages of `HELD_OUT`."""


@dataclass(frozen=True)
class Evidence:
    """Of each message, as `safety/weighing.py` looks at it; -inf where there is none. `stands`: what the rules say that stays whatever the
    scores; danger around what a rule would ask about and what one would page for, a column each, and danger of any part; gravity around
    what a rule would page for and what a firm one would, and gravity of any part."""

    stands: Any
    danger_heard: Any
    danger: Any
    gravity_heard: Any
    gravity: Any


def evidence(messages: Messages, folds: Iterable[tuple[Learned, Sequence[int]]]) -> tuple[Messages, Evidence]:
    """The messages that the encoder did not learn from, each by the tables that did not either."""
    seen = {
        at: _seen(learned, messages.readings[at]) for learned, held_out in folds for at in held_out if messages.writers[at] in HELD_OUT
    }
    return messages.some(list(seen)), Evidence(*map(np.array, zip(*seen.values(), strict=True)))


def _seen(learned: Learned, heard: Reading) -> tuple[Any, ...]:
    weighing, trust = Weighing.of(learned, heard), learned.trust
    text = weighing.text
    stands, danger_heard, gravity_heard = Level.NONE, [-inf] * 2, [-inf] * 2
    for each in heard.findings:
        runs, pages = text.around(each.span), each.level > Level.CONCERN
        if not runs or each.rule in (trust.outright if pages else trust.asked):
            stands = max(stands, each.level)
            continue
        danger_heard[pages] = max(danger_heard[pages], weighing.danger(runs))
        if pages:
            firm = each.rule in trust.firm
            gravity_heard[firm] = max(gravity_heard[firm], weighing.gravity(runs))
    doubtful = [run for _, runs in weighing.doubtful for run in runs]
    danger, gravity = weighing.danger(doubtful), weighing.gravity(filter(weighing.free, doubtful))
    return stands, danger_heard, danger - text.chances, gravity_heard, gravity - text.chances


def learned_of(messages: Messages, asking: Table, paging: Table, encoder: Encoder, some: Iterable[int]) -> Learned:
    """The tables, with the rules that count for more: those that were nearly always right in these messages, and those named above."""
    right = _right((messages.readings[at], bool(messages.level[at])) for at in some)
    firm = frozenset(rule for rule, share in right.items() if share >= FIRM).difference(SAID_OUTRIGHT)
    trust = Trust(frozenset(SAID_OUTRIGHT), frozenset(ASKED_OUTRIGHT), firm)
    return Learned(asking, paging, encoder, OF_DANGER, OF_GRAVITY, OPEN, trust, messages.classes)


def _right(heard: Iterable[tuple[Reading, bool]]) -> dict[str, float]:
    """How often each rule that would page is right, of those that were heard often enough to tell."""
    right: Counter[str] = Counter()
    often: Counter[str] = Counter()
    for reading, dangerous in heard:
        for rule in {each.rule for each in reading.findings if each.level > Level.CONCERN}:
            often[rule] += 1
            right[rule] += dangerous
    return {rule: right[rule] / often[rule] for rule in often if often[rule] >= OFTEN}
