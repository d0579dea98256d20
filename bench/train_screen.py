"""Trains the screen's second stage on our own training messages and writes `content/screen/learned.toml`.

    pip install numpy scikit-learn        needed here only
    python -m bench.train_screen          trains, prints how it does on writers it was not trained on, writes the weights
    python -m bench.train_screen --dry    only prints

Deterministic: the same messages, rules and seed give the same file. The aside and the blind part are not read here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import zlib
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from os import cpu_count
from typing import Any

from bench.screen import CORPUS, EVERYDAY, TRAINING
from content.library import ROOT, read_toml
from safety.heard import Finding, Level
from safety.learned import LEAST, MASK, Learned, features, hash_classes, load_learned, stretches
from safety.rules import load_rules
from safety.screen import by_rules, kept

SEED = 20261126
PENALTY = 60.0  # the inverse of the regularisation
WEIGHT = 3.0  # of an everyday message: the screen hears far more of them than of any others
ALIKE, EVERYDAY_SHARE = 0.175, 0.08  # what may be flagged of the messages that only look dangerous, and of the everyday ones
AGREEING = -2.0  # the score below which a message is plainly harmless, whatever a doubted rule says
CALM = 0.0  # the score around what a rule heard below which it is asked about, and not paged for
CALM_WORDS = 3.0  # the same of the words that it heard, by themselves
SAID_OUTRIGHT = (
    "es.suicide.self",
    "es.suicide.want_die",
    "overdose.excess",
    "overdose.took_too_much",
    "overdose.whole_dose",
    "overdose.wrong_dose",
    "suicide.self",
    "suicide.want_die",
)
"""Rules whose pages nothing makes a question: what they hear is said in plain words, and minutes count. So are those that are trusted."""
DOUBT, OFTEN = 0.9, 10  # a rule that asks and is right less often than this is doubted, if it was heard often enough to tell
TRUST = 0.97  # a rule that pages and is right at least so often is trusted
FOLDS = 5
SOURCE = "Learned from our own made-up training messages ({messages} of them, sha256 {digest})."
OUT = ROOT / "screen" / "learned.toml"
HEAD = """# Weights of the screen's second stage, made by python -m bench.train_screen; not written by hand.

[meta]
source = "{source}"
review = "pending"

[table]
"""


def main(dry: bool) -> None:
    import numpy as np  # not needed to run Between
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold

    _make_room()
    raw = b"".join(path.read_bytes() for path in (CORPUS / f"{part}.jsonl" for part in TRAINING))
    rows = [json.loads(line) for line in raw.decode().splitlines()]
    rules = load_rules()
    classes = hash_classes(read_toml(ROOT / "screen" / "classes.toml"))
    words = [rules.speller.read(row["text"]).words for row in rows]
    danger = np.array([row["level"] != "none" for row in rows])

    def table_of(texts: Sequence[Sequence[str]]) -> Any:
        counts = [features(each, classes) for each in texts]
        filled = np.concatenate([np.full(len(one), len(one) ** -0.5) for one in counts])
        table = csr_matrix((filled, np.concatenate(counts), np.cumsum([0, *map(len, counts)])), shape=(len(texts), MASK + 1))
        table.sum_duplicates()
        return table

    parts = [(at, each[start:end]) for at, each in enumerate(words) for start, end in stretches(each)]  # as it is asked later
    lessons = [*((at, each) for at, each in enumerate(words) if danger[at]), *((at, part) for at, part in parts if not danger[at])]
    asked, taught = (np.array([at for at, _ in each]) for each in (parts, lessons))
    asked_table, taught_table = (table_of([part for _, part in each]) for each in (parts, lessons))
    everyday = np.array([row["category"] in EVERYDAY for row in rows]) & ~danger
    alike = ~danger & ~everyday
    readings = [by_rules(rules, row["text"]) for row in rows]
    findings = [reading.findings for reading in readings]
    spoke = np.array([bool(found) for found in findings])
    firm = np.zeros(len(rows), dtype=bool)

    def fitted(where: Any) -> Any:
        """A harmless message is harmless in each of its parts; of a dangerous one nobody knows in which it is, so all of it is learned."""
        some = np.isin(taught, where)
        model = LogisticRegression(C=PENALTY, solver="liblinear", random_state=SEED)
        weight = np.where(everyday, WEIGHT, 1.0)[taught[some]]
        return model.fit(taught_table[some], danger[taught[some]], sample_weight=weight)

    def learned_of(model: Any, found: Sequence[Sequence[Finding]], truth: Any) -> Learned:
        """The second stage as the bot has it, of what was learned from these messages; when it asks is chosen afterwards."""
        weights, scale = _small(model.coef_[0])
        doubted, outright = _doubted(found, truth), _outright(found, truth)
        bias = float(model.intercept_[0])
        return Learned(weights, scale, bias, 0.0, AGREEING, doubted, CALM, CALM_WORDS, outright, classes)

    score = np.full(len(rows), -np.inf)
    paged, paged_by_rules = (np.zeros(len(rows), dtype=bool) for _ in range(2))
    splits = list(GroupKFold(FOLDS).split(rows, danger, [row.get("by", "ours") for row in rows]))
    with ThreadPoolExecutor(cpu_count()) as pool:  # it learns in C, beside the interpreter's lock
        whole, *models = pool.map(fitted, [np.arange(len(rows)), *(train for train, _ in splits)])
    for model, (train, held_out) in zip(models, splits, strict=True):
        some = np.isin(asked, held_out)
        np.maximum.at(score, asked[some], model.decision_function(asked_table[some]))
        learned = learned_of(model, [findings[at] for at in train], danger[train])
        for at in held_out:
            paged_by_rules[at] = any(each.level > Level.CONCERN for each in findings[at])
            paged[at] = paged_by_rules[at] and kept(learned, findings[at], readings[at].windows)[0].level > Level.CONCERN
            firm[at] = any(each.level > Level.CONCERN or each.rule not in learned.doubted for each in findings[at])

    short = np.array([len(each) < LEAST for each in words])

    def flagged(threshold: float) -> Any:
        return firm | (score > threshold) & ~short | spoke & (short | (score > AGREEING))

    def shares(flags: Any, *kinds: Any) -> str:
        return ", ".join(f"{flags[kind].mean():.3f}" for kind in kinds or (danger, everyday, alike))

    def fits(flags: Any) -> bool:
        return bool(flags[everyday].mean() <= EVERYDAY_SHARE and flags[alike].mean() <= ALIKE)

    threshold = min(float(t) for t in np.arange(4.0, -2.0, -0.05) if fits(flagged(t)))
    imminent = np.array([row["level"] == "imminent" for row in rows])
    by_rules_alone, kept_of_it = (shares(each, imminent, everyday, alike) for each in (paged_by_rules, paged))
    sys.stdout.write(
        f"{len(rows)} messages; flagged of the dangerous, the everyday ones and those that only look dangerous:\n"
        f"  rules alone {shares(spoke)}; without those that are doubted {shares(firm)};\n"
        f"  with the second stage, on writers it did not learn from, {shares(flagged(threshold))}.\n"
        "Paged of the imminent, the everyday ones and those that only look dangerous:\n"
        f"  rules alone {by_rules_alone}; with what is asked about instead {kept_of_it}.\n"
        f"Threshold {threshold:.2f}; plainly harmless below {AGREEING}.\n"
    )
    if dry:
        return
    learned = replace(learned_of(whole, findings, danger), threshold=round(threshold, 2))
    _write(learned, SOURCE.format(messages=len(rows), digest=hashlib.sha256(raw).hexdigest()[:16]))
    sys.stdout.write(f"Wrote {OUT.name}, {OUT.stat().st_size} bytes.\n")


def _make_room() -> None:
    """The rules load only with a table of the size that is set; of another one nothing is left to begin from."""
    try:
        load_learned(read_toml(OUT), {"classes": {}})
    except ValueError:
        weights, none = array("b", bytes(MASK + 1)), frozenset[str]()
        _write(Learned(weights, 1.0, 0.0, 1.0, AGREEING, none, CALM, CALM_WORDS, none, {}), "Nothing learned yet.")


def _write(learned: Learned, source: str) -> None:
    text = base64.b85encode(zlib.compress(learned.weights.tobytes(), 9)).decode()
    lines = "\n".join(text[at : at + 120] for at in range(0, len(text), 120))
    doubted, outright = ("".join(f'    "{name}",\n' for name in sorted(names)) for names in (learned.doubted, learned.outright))
    OUT.write_text(
        HEAD.format(source=source)
        + f"seed = {SEED}\nscale = {learned.scale!r}\nbias = {learned.bias!r}\n"
        + f"threshold = {learned.threshold}\nagreeing = {learned.agreeing}\n"
        + f"calm = {learned.calm}\ncalm_words = {learned.calm_words}\nweights = '''\n{lines}\n'''\n\n"
        + "# Rules that are right too seldom to ask where the second stage finds a message plainly harmless.\n"
        + f"[rules]\ndoubted = [\n{doubted}]\n"
        + "# Rules that page however calm the words around them read.\n"
        + f"outright = [\n{outright}]\n",
        encoding="utf-8",
    )


def _small(weights: Any) -> tuple[array[int], float]:
    """The weights in a byte each, and what one is worth."""
    scale = float(abs(weights).max() / 127)
    return array("b", (weights / scale).round().astype("int8").tobytes()), scale


def _doubted(findings: Sequence[Sequence[Finding]], danger: Sequence[bool]) -> frozenset[str]:
    """The rules whose questions are wrong too often."""
    right = _right(findings, danger, lambda level: level is Level.CONCERN)
    return frozenset(rule for rule, share in right.items() if share < DOUBT)


def _outright(findings: Sequence[Sequence[Finding]], danger: Sequence[bool]) -> frozenset[str]:
    """Those that page however calm it reads: what is said in plain words, and what is right so often that nothing is gained by asking."""
    right = _right(findings, danger, lambda level: level > Level.CONCERN)
    return frozenset(SAID_OUTRIGHT) | {rule for rule, share in right.items() if share >= TRUST}


def _right(findings: Sequence[Sequence[Finding]], danger: Sequence[bool], counts: Callable[[Level], bool]) -> dict[str, float]:
    """How often each rule is right, of those that were heard often enough to tell."""
    right: Counter[str] = Counter()
    heard: Counter[str] = Counter()
    for found, dangerous in zip(findings, danger, strict=True):
        for rule in {each.rule for each in found if counts(each.level)}:
            heard[rule] += 1
            right[rule] += bool(dangerous)
    return {rule: right[rule] / heard[rule] for rule in heard if heard[rule] >= OFTEN}


if __name__ == "__main__":
    main("--dry" in sys.argv[1:])
