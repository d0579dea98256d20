"""How often each rule of the screen is right, on the messages it may be tuned on: `python -m bench.weigh_rules [--below 0.85] [--least 8]`.

For a rule and the level it gave: the messages it was heard in, how many of those were dangerous at all, and how many at least as
dangerous as it said. Half of the harmless messages are made to look dangerous, so in life every rule does better; what is low here
is wrong about the words, and belongs to the second stage or to nobody (docs/adr/022-many-hands.md).
"""

from __future__ import annotations

import argparse
from collections import defaultdict

from bench.screen import CORPUS, TRAINING, read
from safety.heard import Level
from safety.rules import load_rules
from safety.screen import by_rules


def weigh() -> dict[tuple[str, Level], list[Level]]:
    """The levels that the messages in which a rule was heard should have."""
    heard: dict[tuple[str, Level], list[Level]] = defaultdict(list)
    rules = load_rules()
    for part in TRAINING:
        for row in read(CORPUS / f"{part}.jsonl"):
            for key in {(finding.rule, finding.level) for finding in by_rules(rules, row["text"]).findings}:
                heard[key].append(Level[row["level"].upper()])
    return heard


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--below", type=float, default=0.85)
    asked.add_argument("--least", type=int, default=8)
    options = asked.parse_args()
    rows = []
    for (rule, level), wanted in weigh().items():
        dangerous = sum(each > Level.NONE for each in wanted) / len(wanted)
        if len(wanted) >= options.least and dangerous < options.below:
            rows.append((dangerous, rule, level.word, len(wanted), sum(each >= level for each in wanted) / len(wanted)))
    print(f"{'rule':42} {'level':9} {'heard':>6} {'dangerous':>10} {'as said':>8}")
    for dangerous, rule, word, count, as_said in sorted(rows):
        print(f"{rule:42} {word:9} {count:6} {dangerous:10.2f} {as_said:8.2f}")


if __name__ == "__main__":
    main()
