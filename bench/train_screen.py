"""Trains the screen's second stage on our own training messages and writes `content/screen/learned.toml`.

    pip install numpy scikit-learn        needed here only
    python -m bench.train_screen          trains, prints how it does on writers it was not trained on, writes the weights
    python -m bench.train_screen --dry    only prints

Two tables: how much words read like danger, and how much like danger that cannot wait (what should be graded high or imminent). Then, on
writers that the tables did not learn from, what a rule's word is worth beside them, and from which scores on it asks and pages.

Deterministic: the same messages, rules and seed give the same file. The aside, the blind and the plain part are not read here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import zlib
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from math import inf
from os import cpu_count
from typing import Any

from bench.screen import CORPUS, EVERYDAY, TRAINING
from content.library import ROOT, read_toml
from safety.heard import Finding, Level
from safety.learned import MASK, Learned, Limits, Table, features, hash_classes, load_learned
from safety.rules import load_rules
from safety.screen import by_rules
from safety.surroundings import Surroundings, within
from safety.weighing import Reading, Weighing

SEED = 20261126
PENALTY = 30.0  # the inverse of the regularisation
TOLERANCE = 1e-3  # where the learning stops
CLEAREST, LEAST_CLEAR = 4.0, 0.1  # how freely a place may be weighed, by how clearly it speaks: log-odds, at most; and what all are given
WEIGHT = 3.0  # of an everyday message: the screen hears far more of them than of any others
ASKED, PAGED = 0.067, 0.0102
"""Shares of the everyday messages of writers who were not learned from that may be asked about, and paged for, in vain."""
FAVOR_ASKS, FAVOR_PAGES = 0.76, 0.41
"""How much more than it was worth on all messages a rule's word counts: of the rarer kinds (violence, a return to use) the tables have
learned little, and the rules know them as well as any."""
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
FOLDS = 5
OPEN = Limits(inf, inf, inf, inf, inf)
SOURCE = "Learned from our own made-up training messages ({messages} of them, sha256 {digest})."
OUT = ROOT / "screen" / "learned.toml"
HEAD = """# Weights of the screen's second stage, made by python -m bench.train_screen; not written by hand.

[meta]
source = "{source}"
review = "pending"
"""


@dataclass(frozen=True)
class Evidence:
    """What the limits are chosen by, of one message, as `safety/weighing.py` looks at it; -inf where there is none. `rule`: the highest
    level of a rule; `sure`: what stays whatever the scores; danger and gravity around what that rule heard, and of any part."""

    rule: Level
    sure: Level
    danger_heard: float
    danger: float
    gravity_heard: float
    gravity: float


def evidence(learned: Learned, heard: Reading) -> Evidence:
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
    return Evidence(
        heard.level, sure, weighing.danger(around), danger - text.chances, weighing.gravity(around), gravity - text.chances
    )


def main(dry: bool) -> None:
    import numpy as np  # not needed to run Between
    from scipy.sparse import csr_matrix, diags
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold

    _make_room()
    raw = b"".join(path.read_bytes() for path in (CORPUS / f"{part}.jsonl" for part in TRAINING))
    rows = [json.loads(line) for line in raw.decode().splitlines()]
    rules = load_rules()
    classes = hash_classes(read_toml(ROOT / "screen" / "classes.toml"))
    readings = [by_rules(rules, row["text"]) for row in rows]
    texts = [Surroundings(reading.windows) for reading in readings]
    level = np.array([Level[row["level"].upper()] for row in rows])
    everyday = np.array([row["category"] in EVERYDAY for row in rows]) & (level == Level.NONE)
    kinds = {
        "imminent": level == Level.IMMINENT,
        "dangerous": level > Level.NONE,
        "only looks dangerous": (level == Level.NONE) & ~everyday,
        "everyday": everyday,
    }

    def table_of(texts: Sequence[Sequence[str]]) -> Any:
        counts = [features(each, classes) for each in texts]
        filled = np.concatenate([np.full(len(one), len(one) ** -0.5) for one in counts])
        table = csr_matrix((filled, np.concatenate(counts), np.cumsum([0, *map(len, counts)])), shape=(len(texts), MASK + 1))
        table.sum_duplicates()
        return table

    def fitted(least: Level, where: Any) -> Table:
        """A message that should not be heard so should not be in each of its parts; of one that should nobody knows in which part it is, so
        all of it is learned."""
        some = np.isin(taught[least], where)
        table, at = lessons[least][some], taught[least][some]
        right = level[at] >= least
        free = clearness(table, right)
        model = LogisticRegression(C=PENALTY, solver="liblinear", tol=TOLERANCE, random_state=SEED)
        model.fit(table @ diags(free), right, sample_weight=np.where(everyday, WEIGHT, 1.0)[at])
        weights, scale = _small(model.coef_[0] * free)
        return Table(weights, scale, float(model.intercept_[0]))

    def clearness(table: Any, right: Any) -> Any:
        """For each place how far it is from standing as often in what should be heard as in what should not (log-odds): what speaks clearly
        may weigh much, and thousands of places that hardly speak may not together (Wang and Manning, 2012, "Baselines and bigrams")."""
        there = table.sign()
        yes, no = (np.asarray(there[each].sum(0)).ravel() + 1.0 for each in (right, ~right))
        return np.minimum(abs(np.log(yes / yes.sum()) - np.log(no / no.sum())), CLEAREST) + LEAST_CLEAR

    def worth(around: Any, anywhere: Any, kinds: Sequence[Any], right: Any) -> list[float]:
        """How much more a score counts where a rule of each kind spoke, in the score's own units."""
        score = np.where(np.logical_or.reduce(kinds), around, anywhere)
        some = np.isfinite(score)
        model = LogisticRegression(C=100.0, max_iter=1_000)
        model.fit(np.column_stack([score, *kinds])[some], right[some], sample_weight=np.where(everyday, WEIGHT, 1.0)[some])
        by_score, *by_rule = model.coef_[0]
        return [float(each / by_score) for each in by_rule]

    lessons, taught = {}, {}
    for least in (Level.CONCERN, Level.HIGH):
        whole = [(at, [word for each in text.windows for word in each.text.words]) for at, text in enumerate(texts) if level[at] >= least]
        parts = [(at, part.words) for at, text in enumerate(texts) if level[at] < least for part in text.parts]
        taught[least] = np.array([at for at, _ in whole + parts])
        lessons[least] = table_of([part for _, part in whole + parts])
    splits = list(GroupKFold(FOLDS).split(rows, level, [row.get("by", "ours") for row in rows]))
    everything = np.arange(len(rows))
    jobs = [(least, where) for where in (everything, *(train for train, _ in splits)) for least in (Level.CONCERN, Level.HIGH)]
    with ThreadPoolExecutor(cpu_count()) as pool:  # it learns in C, beside the interpreter's lock
        tables = list(pool.map(fitted, *zip(*jobs, strict=True)))

    def learned_of(asking: Table, paging: Table, where: Any) -> Learned:
        right = _right([(readings[at].findings, bool(level[at])) for at in where])
        outright = {rule for (rule, pages), share in right.items() if pages and share >= TRUSTED}
        firm = {rule for (rule, pages), share in right.items() if not pages and share >= FIRM}
        stand = frozenset(outright.union(SAID_OUTRIGHT)), frozenset(firm.union(ASKED_OUTRIGHT))
        return Learned(asking, paging, OPEN, *stand, classes)

    pairs = zip(tables[::2], tables[1::2], strict=True)
    learned, *folded = (learned_of(*pair, where) for pair, where in zip(pairs, (everything, *(train for train, _ in splits)), strict=True))
    seen = [Evidence(Level.NONE, Level.NONE, -inf, -inf, -inf, -inf)] * len(rows)
    for model, (_, held_out) in zip(folded, splits, strict=True):
        for at in held_out:
            seen[at] = evidence(model, readings[at])
    rule, sure, danger_heard, danger, gravity_heard, gravity = (
        np.array([getattr(each, name) for each in seen]) for name in Evidence.__dataclass_fields__
    )
    asks, pages = rule == Level.CONCERN, rule > Level.CONCERN
    worth_of_asking, worth_of_page = worth(danger_heard, danger, (asks, pages), level > Level.NONE)
    (worth_of_paging,) = worth(gravity_heard, gravity, (pages,), level > Level.CONCERN)
    worth_of_asking, worth_of_paging = worth_of_asking + FAVOR_ASKS, worth_of_paging + FAVOR_PAGES

    def flagged(limit: float) -> Any:
        needed = limit - np.where(asks, worth_of_asking, worth_of_page)
        return (sure > Level.NONE) | (danger_heard >= needed) | (danger >= limit)

    def paged(limit: float) -> Any:
        return (sure > Level.CONCERN) | (pages & (gravity_heard >= limit - worth_of_paging)) | (gravity >= limit)

    def least_of(flags: Callable[[float], Any], most: float) -> float:
        return min(float(t) for t in np.arange(-3.0, 6.0, 0.02) if flags(t)[everyday].mean() <= most)

    def shares(flags: Any) -> str:
        return ", ".join(f"{name} {flags[kind].mean():.3f}" for name, kind in kinds.items())

    ask, page = least_of(flagged, ASKED), least_of(paged, PAGED)
    limits = Limits(*(round(each, 2) for each in (ask, ask - worth_of_asking, ask - worth_of_page, page, page - worth_of_paging)))
    sys.stdout.write(
        f"{len(rows)} messages; on writers it did not learn from:\n"
        f"  flagged by rules alone: {shares(rule > Level.NONE)};\n  flagged: {shares(flagged(ask))};\n"
        f"  paged by rules alone: {shares(pages)};\n  paged: {shares(paged(page))}.\n{limits}\n"
    )
    if dry:
        return
    _write(replace(learned, limits=limits), SOURCE.format(messages=len(rows), digest=hashlib.sha256(raw).hexdigest()[:16]))
    sys.stdout.write(f"Wrote {OUT.name}, {OUT.stat().st_size} bytes.\n")


def _right(heard: Sequence[tuple[Sequence[Finding], bool]]) -> dict[tuple[str, bool], float]:
    """How often each rule is right, by whether it would page, of those that were heard often enough to tell."""
    right: Counter[tuple[str, bool]] = Counter()
    often: Counter[tuple[str, bool]] = Counter()
    for findings, dangerous in heard:
        for rule in {(each.rule, each.level > Level.CONCERN) for each in findings}:
            often[rule] += 1
            right[rule] += dangerous
    return {rule: right[rule] / often[rule] for rule in often if often[rule] >= OFTEN}


def _make_room() -> None:
    """The rules load only with tables of the size that is set; of others nothing is left to begin from."""
    try:
        load_learned(read_toml(OUT), {"classes": {}})
    except (KeyError, TypeError, ValueError):
        empty = Table(array("b", bytes(MASK + 1)), 1.0, 0.0)
        _write(Learned(empty, empty, Limits(1.0, 1.0, 1.0, 1.0, 1.0), frozenset(), frozenset(), {}), "Nothing learned yet.")


def _write(learned: Learned, source: str) -> None:
    tables = "".join(_table(name, table) for name, table in (("asking", learned.asking), ("paging", learned.paging)))
    limits = "".join(f"{name} = {value!r}\n" for name, value in learned.limits._asdict().items())
    OUT.write_text(
        HEAD.format(source=source)
        + "\n# From which scores on it asks and pages: where no rule spoke, and where one did that asks, or pages.\n"
        + f"[limits]\n{limits}\n"
        + "# Rules that page, and rules that ask, however the words around them read.\n"
        + f"[rules]\noutright = [\n{_names(learned.outright)}]\nfirm = [\n{_names(learned.firm)}]\n{tables}",
        encoding="utf-8",
    )


def _table(name: str, table: Table) -> str:
    text = base64.b85encode(zlib.compress(table.weights.tobytes(), 9)).decode()
    lines = "\n".join(text[at : at + 120] for at in range(0, len(text), 120))
    return f"\n[{name}]\nseed = {SEED}\nscale = {table.scale!r}\nbias = {table.bias!r}\nweights = '''\n{lines}\n'''\n"


def _names(rules: Iterable[str]) -> str:
    return "".join(f'    "{rule}",\n' for rule in sorted(rules))


def _small(weights: Any) -> tuple[array[int], float]:
    """The weights in a byte each, and what one is worth."""
    scale = float(abs(weights).max() / 127)
    return array("b", (weights / scale).round().astype("int8").tobytes()), scale


if __name__ == "__main__":
    main("--dry" in sys.argv[1:])
