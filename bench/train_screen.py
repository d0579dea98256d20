"""Trains the screen's second stage on our own training messages and writes `content/screen/learned.toml`.

    pip install numpy scikit-learn        needed here only
    python -m bench.train_screen          trains, prints what it adds (cross-validated), writes the weights
    python -m bench.train_screen --dry    only prints

Deterministic: the same messages, rules and seed give the same file. The aside third is not read here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import zlib
from pathlib import Path
from typing import Any

from bench.screen import EVERYDAY
from content.library import ROOT, read_toml
from safety.heard import Level
from safety.learned import MASK, features, hash_classes
from safety.rules import load_rules
from safety.screen import by_rules

SEED = 20261121
PENALTY = 30.0  # the inverse of the regularisation
ALIKE, EVERYDAY_SHARE = 0.05, 0.015  # what it may flag of the messages that only look dangerous, and of the everyday ones, cross-validated
FOLDS = 5
CORPUS = Path(__file__).parents[1] / "tests" / "safety" / "corpus" / "tuned.jsonl"
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
    from sklearn.model_selection import StratifiedKFold

    raw = CORPUS.read_bytes()
    rows = [json.loads(line) for line in raw.decode().splitlines()]
    rules = load_rules()
    classes = hash_classes(read_toml(ROOT / "screen" / "classes.toml"))
    counts = [features(rules.speller.read(row["text"]).words, classes) for row in rows]
    table = csr_matrix(
        (
            np.concatenate([np.full(len(one), len(one) ** -0.5) for one in counts]),
            np.concatenate(counts),
            np.cumsum([0, *map(len, counts)]),
        ),
        shape=(len(rows), MASK + 1),
    )
    table.sum_duplicates()
    danger = np.array([row["level"] != "none" for row in rows])
    readings = [by_rules(rules, row["text"]) for row in rows]
    heard = np.array([one.level > Level.NONE for one in readings])
    denied = np.array([one.taken_back for one in readings])

    def fitted(where: Any) -> Any:
        model = LogisticRegression(C=PENALTY, solver="liblinear", random_state=SEED)
        return model.fit(table[where], danger[where])

    score = np.zeros(len(rows))
    for train, held_out in StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(table, danger):
        score[held_out] = fitted(train).decision_function(table[held_out])
    free = ~heard & ~denied
    everyday = np.array([row["category"] in EVERYDAY for row in rows])
    threshold = max(
        float(np.sort(score[free & kind & ~danger])[::-1][int(most * (kind & ~danger).sum())])
        for kind, most in ((everyday, EVERYDAY_SHARE), (~everyday, ALIKE))
    )
    added, wrong = free & danger & (score > threshold), free & ~danger & (score > threshold)
    sys.stdout.write(
        f"{len(rows)} messages. Rules alone: {heard[danger].mean():.3f} of the dangerous, {heard[~danger].mean():.3f} of the harmless.\n"
        f"The second stage (held out, {FOLDS} folds) adds {added.sum()} of {(danger & ~heard).sum()} missed, "
        f"and {wrong.sum()} of {(~danger & ~heard).sum()} harmless; threshold {threshold:.3f}.\n"
    )
    if dry:
        return
    model = fitted(np.arange(len(rows)))
    weights = model.coef_[0]
    scale = float(np.abs(weights).max() / 127)
    small = np.round(weights / scale).astype(np.int8).tobytes()
    text = base64.b85encode(zlib.compress(small, 9)).decode()
    lines = "\n".join(text[at : at + 120] for at in range(0, len(text), 120))
    OUT.write_text(
        HEAD.format(messages=len(rows), digest=hashlib.sha256(raw).hexdigest()[:16])
        + f"seed = {SEED}\nscale = {scale!r}\n"
        + f"bias = {float(model.intercept_[0])!r}\nthreshold = {threshold!r}\nweights = '''\n{lines}\n'''\n",
        encoding="utf-8",
    )
    sys.stdout.write(f"Wrote {OUT.name}, {OUT.stat().st_size} bytes.\n")


if __name__ == "__main__":
    main("--dry" in sys.argv[1:])
