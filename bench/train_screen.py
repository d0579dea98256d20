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
from collections import Counter
from collections.abc import Sequence
from typing import Any

from bench.screen import CORPUS, EVERYDAY, TRAINING
from content.library import ROOT, read_toml
from safety.heard import Finding, Level
from safety.learned import LEAST, MASK, features, hash_classes, stretches
from safety.rules import load_rules
from safety.screen import by_rules

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
"""Rules whose pages nothing makes a question: what they hear is said in plain words, and minutes count."""
DOUBT, OFTEN = 0.9, 10  # a rule that asks and is right less often than this is doubted, if it was heard often enough to tell
FOLDS = 5
OUT = ROOT / "screen" / "learned.toml"
HEAD = '''# Weights of the screen's second stage, made by python -m bench.train_screen; not written by hand.

[meta]
source = "Learned from our own made-up training messages ({messages} of them, sha256 {digest})."
review = "pending"

[table]
'''


def main(dry: bool) -> None:
    import numpy as np  # not needed to run Between
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold

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
    findings = [by_rules(rules, row["text"]).findings for row in rows]
    doubted = _doubted(findings, danger)
    spoke = np.array([bool(found) for found in findings])
    firm = np.zeros(len(rows), dtype=bool)

    def fitted(where: Any) -> Any:
        """A harmless message is harmless in each of its parts; of a dangerous one nobody knows in which it is, so all of it is learned."""
        some = np.isin(taught, where)
        model = LogisticRegression(C=PENALTY, solver="liblinear", random_state=SEED)
        weight = np.where(everyday, WEIGHT, 1.0)[taught[some]]
        return model.fit(taught_table[some], danger[taught[some]], sample_weight=weight)

    score = np.full(len(rows), -np.inf)
    for train, held_out in GroupKFold(FOLDS).split(rows, danger, [row.get("by", "ours") for row in rows]):
        some = np.isin(asked, held_out)
        np.maximum.at(score, asked[some], fitted(train).decision_function(asked_table[some]))
        known = _doubted([findings[at] for at in train], danger[train])
        firm[held_out] = [any(each.level > Level.CONCERN or each.rule not in known for each in findings[at]) for at in held_out]

    short = np.array([len(each) < LEAST for each in words])

    def flagged(threshold: float) -> Any:
        return firm | (score > threshold) & ~short | spoke & (short | (score > AGREEING))

    def shares(flags: Any) -> str:
        return ", ".join(f"{flags[kind].mean():.3f}" for kind in (danger, everyday, alike))

    def fits(flags: Any) -> bool:
        return bool(flags[everyday].mean() <= EVERYDAY_SHARE and flags[alike].mean() <= ALIKE)

    threshold = min(float(t) for t in np.arange(4.0, -2.0, -0.05) if fits(flagged(t)))
    sys.stdout.write(
        f"{len(rows)} messages; flagged of the dangerous, the everyday ones and those that only look dangerous:\n"
        f"  rules alone {shares(spoke)}; without the {len(doubted)} that are doubted {shares(firm)};\n"
        f"  with the second stage, on writers it did not learn from, {shares(flagged(threshold))}.\n"
        f"Threshold {threshold:.2f}; plainly harmless below {AGREEING}.\n"
    )
    if dry:
        return
    model = fitted(np.arange(len(rows)))
    weights = model.coef_[0]
    scale = float(np.abs(weights).max() / 127)
    small = np.round(weights / scale).astype(np.int8).tobytes()
    text = base64.b85encode(zlib.compress(small, 9)).decode()
    lines = "\n".join(text[at : at + 120] for at in range(0, len(text), 120))
    first, second = ("".join(f'    "{name}",\n' for name in sorted(names)) for names in (doubted, SAID_OUTRIGHT))
    OUT.write_text(
        HEAD.format(messages=len(rows), digest=hashlib.sha256(raw).hexdigest()[:16])
        + f"seed = {SEED}\nscale = {scale!r}\nbias = {float(model.intercept_[0])!r}\n"
        + f"threshold = {threshold:.2f}\nagreeing = {AGREEING}\n"
        + f"calm = {CALM}\ncalm_words = {CALM_WORDS}\nweights = '''\n{lines}\n'''\n\n"
        + "# Rules that are right too seldom to ask where the second stage finds a message plainly harmless.\n"
        + f"[rules]\ndoubted = [\n{first}]\n"
        + "# Rules that page however calm the words around them read.\n"
        + f"outright = [\n{second}]\n",
        encoding="utf-8",
    )
    sys.stdout.write(f"Wrote {OUT.name}, {OUT.stat().st_size} bytes.\n")


def _doubted(findings: Sequence[Sequence[Finding]], danger: Sequence[bool]) -> set[str]:
    """The rules whose questions are wrong too often."""
    right: Counter[str] = Counter()
    heard: Counter[str] = Counter()
    for found, dangerous in zip(findings, danger, strict=True):
        for rule in {each.rule for each in found if each.level is Level.CONCERN}:
            heard[rule] += 1
            right[rule] += bool(dangerous)
    return {rule for rule in heard if heard[rule] >= OFTEN and right[rule] / heard[rule] < DOUBT}


if __name__ == "__main__":
    main("--dry" in sys.argv[1:])
