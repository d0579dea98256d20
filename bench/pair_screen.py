"""Counts which pairs of parts (`content/screen/parts.*.toml`) stand in dangerous training messages and next to never in harmless ones.

    python -m bench.pair_screen    prints each pair with its counts, and what pairs from one half of the messages do on the other half

`content/screen/together.toml` is written from this list; a pair that no clinician would sign does not go in. The aside third is not read.
"""

from __future__ import annotations

import dataclasses
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations, permutations

from bench.screen import CORPUS, EVERYDAY, TRAINING, read
from safety.frames import find_signs
from safety.heard import Level, Track
from safety.rules import Rise, Rules, load_rules
from safety.screen import by_rules

SEED = 2
LEAST, PRECISION = 4, 0.92  # dangerous messages that hold the pair; their share of all that do, the harmless ones weighed
HARMLESS, DAILY, ASKED, CHANCE = 1.5, 5.0, 0.35, 0.6  # weights: harmless, everyday, only a concern, met by chance in harmless ones
Spans = dict[str, list[tuple[int, int]]]


@dataclasses.dataclass(frozen=True)
class Message:
    """What is known of one training message: its level, whether it is an everyday one, what the rules graded, and where its parts stand."""

    level: Level
    daily: bool
    graded: Level
    spans: Spans

    def holds(self, tags: Sequence[str]) -> bool:
        """Whether all these tags stand in it, each in words of its own."""
        return any(_apart(self.spans, order) for order in permutations(tags))


def _apart(spans: Spans, tags: Sequence[str]) -> bool:
    picked: list[tuple[int, int]] = []
    for tag in tags:
        free = (span for span in spans.get(tag, ()) if all(span[1] <= start or end <= span[0] for start, end in picked))
        span = next(free, None)
        if span is None:
            return False
        picked.append(span)
    return True


def messages(rules: Rules) -> list[Message]:
    """All training messages, read by the frames and the rises that were written by hand."""
    byhand = tuple(rise for rise in rules.rises if not rise.id.startswith("together."))
    tags = {tag for frame in rules.frames for tag in frame.tags}
    each = tuple(Rise(f"part.{tag}", Level.NONE, Track.UNKNOWN, (frozenset({tag}),), "", "") for tag in tags)  # every part is reported
    graded, counted = dataclasses.replace(rules, rises=byhand), dataclasses.replace(rules, rises=each)
    out = []
    for row in (row for part in TRAINING for row in read(CORPUS / f"{part}.jsonl")):
        spans: Spans = {}
        for sign in find_signs(counted, rules.speller.read(row["text"])):
            for tag in sign.frame.tags if sign.own else ():
                spans.setdefault(tag, []).append(sign.span)
        level, got = Level[row["level"].upper()], by_rules(graded, row["text"]).level
        out.append(Message(level, row["category"] in EVERYDAY, got, spans))
    return out


def pairs(known: Sequence[Message]) -> Iterator[tuple[tuple[str, str], int, int]]:
    """Each pair worth a rule, with the dangerous and the harmless messages that hold it."""
    calm = Counter(tag for one in known if one.level is Level.NONE for tag in one.spans)
    harmless = sum(one.level is Level.NONE for one in known)
    holders: dict[str, set[int]] = {}
    for number, one in enumerate(known):
        for tag in one.spans:
            holders.setdefault(tag, set()).add(number)
    for pair in combinations(sorted(holders), 2):
        both = [known[number] for number in sorted(holders[pair[0]] & holders[pair[1]]) if known[number].holds(pair)]
        danger = sum(one.level >= Level.HIGH for one in both)
        if danger < LEAST or all(one.graded >= Level.HIGH for one in both if one.level >= Level.HIGH):
            continue
        bad = [one for one in both if one.level is Level.NONE]
        wrong = HARMLESS * len(bad) + DAILY * sum(one.daily for one in bad) + ASKED * sum(one.level is Level.CONCERN for one in both)
        if danger / (danger + wrong + CHANCE * calm[pair[0]] * calm[pair[1]] / harmless) >= PRECISION:
            yield pair, danger, len(bad)


def main() -> None:
    known = messages(load_rules())
    for pair, danger, harmless in pairs(known):
        sys.stdout.write(f"{' + '.join(pair)}: {danger} dangerous, {harmless} harmless\n")
    random.Random(SEED).shuffle(known)
    half = len(known) // 2
    found = [pair for pair, _, _ in pairs(known[:half])]
    rest = known[half:]
    raised = [any(one.holds(pair) for pair in found) for one in rest]
    imminent = [(one, up) for one, up in zip(rest, raised, strict=True) if one.level is Level.IMMINENT]
    calm = [(one, up) for one, up in zip(rest, raised, strict=True) if one.level is Level.NONE]
    sys.stdout.write(
        f"On the other half: imminent graded high {sum(one.graded >= Level.HIGH for one, _ in imminent)} -> "
        f"{sum(one.graded >= Level.HIGH or up for one, up in imminent)} of {len(imminent)}; "
        f"harmless raised {sum(up for _, up in calm)} of {len(calm)}, everyday {sum(up and one.daily for one, up in calm)}.\n"
    )


if __name__ == "__main__":
    main()
