"""Trains the screen's second stage on our own training messages and writes `content/screen/learned.toml`.

    pip install numpy scikit-learn        needed here only
    python -m bench.train_screen          trains, prints how it does on writers it was not trained on, writes the weights
    python -m bench.train_screen --dry    only prints

Two tables (`tables.py`): how much words read like danger, and how much like danger that cannot wait (what should be graded high or
imminent). Then, on writers that the tables did not learn from (`evidence.py`), what a rule's word is worth beside them, and from which
scores on it asks and pages (`limits.py`).

Deterministic: the same messages, rules and seed give the same file. The aside, the blind and the plain part are not read here.
"""
