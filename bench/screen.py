"""How well and how fast the screen hears, on the corpus in tests/safety/corpus.

    python -m bench.screen                 the aside third: per category, levels, misses, time and growth
    python -m bench.screen --part blind    messages of two writers who saw nothing of ours (their misses are not printed: no rule for one)
    python -m bench.screen --part plain    the same of two who wrote as patients naturally do, neither to trick it nor to help it
    python -m bench.screen --part ordinary what people without danger write in a week: how often it asks and pages for nothing
    python -m bench.screen --part tuned    the part the rules were written against
    python -m bench.screen --file F.jsonl  any file of {"text", "level", "category", "lang"} lines
    python -m bench.screen --no-learned    the rules alone, to see what is added by how it reads

Times are CPU time of this process; growth is the time of twice the text over the time of once, and 2 is linear.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from bot.warm import warm
from safety.heard import Heard, Level
from safety.rules import load_rules
from safety.screen import by_rules, screen

CORPUS = Path(__file__).parents[1] / "tests" / "safety" / "corpus"
TRAINING = ("tuned", "writers")  # the parts that rules and the second stage may be made from; the others are never looked at for that
LIFE = frozenset({"ideation", "passive", "method", "plan", "means", "prep", "goodbye", "burden", "selfharm", "attempt"})
EVERYDAY = frozenset({"everyday", "sobriety", "grief", "clinical"})
PUMPS = {
    "danger": "I want to kill myself ",
    "prefixes": "I want to want to ",
    "negations": "not not never ",
    "idioms": "killing it dead tired ",
    "spelled": "k i l l ",
    "leet": "k1ll m3 ",
    "unknown words": "qwzxv plokm ",
    "accents": "\u00e9\u0301\u200b",
    "no space": "wanttodie",
    "sentences": "die. ",
    "quotes": '"he said ',
    "fullwidth": "\uff44\uff49\uff45 ",
}
SEED = 7
WORTH_PROCESSES = 500  # messages: for fewer none are begun
READ_BEFORE = 200
"""Messages of a length that are read before any is timed: re2 builds its automaton, and the screen its memory of words, as they come."""
Row = dict[str, str]


def read(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


KNOWN: dict[str, Heard] = {}


def heard(text: str) -> Heard:
    """What the screen makes of a message; several tables and tests ask for the same ones."""
    if text not in KNOWN:
        KNOWN[text] = screen(text)
    return KNOWN[text]


def hear_all(texts: Iterable[str]) -> None:
    """Reads many messages in as many processes as there are cores, for `heard`."""
    unknown = [text for text in dict.fromkeys(texts) if text not in KNOWN]
    if len(unknown) < WORTH_PROCESSES:
        return
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # of the processes that are begun now: each has a core to itself
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        KNOWN.update(zip(unknown, pool.map(screen, unknown, chunksize=50), strict=True))


def level_of(row: Row, learned: bool) -> Level:
    return heard(row["text"]).level if learned else by_rules(load_rules(), row["text"]).level


def share(part: int, whole: int) -> str:
    return f"{part}/{whole} = {part / whole:.3f}" if whole else "-"


@dataclass(frozen=True)
class Counts:
    """Messages, each with the level it should have and the one it got."""

    pairs: tuple[tuple[Row, Level, Level], ...]

    def __len__(self) -> int:
        return len(self.pairs)

    def figures(self) -> list[tuple[str, tuple[int, int]]]:
        """The lines of the bar, each as (how many, of how many)."""

        def count(rows: Sequence[tuple[Row, Level, Level]], least: Level) -> tuple[int, int]:
            return sum(got >= least for _, _, got in rows), len(rows)

        danger = [pair for pair in self.pairs if pair[1] > Level.NONE]
        calm = [pair for pair in self.pairs if pair[1] is Level.NONE]
        imminent = [pair for pair in danger if pair[1] is Level.IMMINENT]
        everyday = [pair for pair in calm if pair[0]["category"] in EVERYDAY]
        alike = [pair for pair in calm if pair[0]["category"] not in EVERYDAY]
        return [
            ("dangerous, flagged", count(danger, Level.CONCERN)),
            ("suicide and self-harm, flagged", count([pair for pair in danger if pair[0]["category"] in LIFE], Level.CONCERN)),
            ("English, flagged", count([pair for pair in danger if pair[0]["lang"] == "en"], Level.CONCERN)),
            ("Spanish, flagged", count([pair for pair in danger if pair[0]["lang"] == "es"], Level.CONCERN)),
            ("imminent, flagged", count(imminent, Level.CONCERN)),
            ("imminent, graded high or imminent", count(imminent, Level.HIGH)),
            ("only looks dangerous, flagged", count(alike, Level.CONCERN)),
            ("only looks dangerous, graded high or imminent", count(alike, Level.HIGH)),
            ("everyday, flagged", count(everyday, Level.CONCERN)),
            ("everyday, graded high or imminent", count(everyday, Level.HIGH)),
        ]


def counted(rows: Sequence[Row], learned: bool = True) -> Counts:
    if learned:
        hear_all(row["text"] for row in rows)
    return Counts(tuple((row, Level[row["level"].upper()], level_of(row, learned)) for row in rows))


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def tables(counts: Counts, *, short: bool = False) -> str:
    """The bar, the categories and the levels. short: only those lines of the bar that there are messages for."""
    figures = [[line, share(*count)] for line, count in counts.figures() if count[1] or not short]
    parts = [table(["measure", "figure"], figures)]
    if short:
        return parts[0]
    by_category: dict[str, Counter[str]] = defaultdict(Counter)
    confusion: Counter[tuple[Level, Level]] = Counter()
    for row, wanted, got in counts.pairs:
        kind = "danger" if wanted > Level.NONE else "calm"
        by_category[row["category"]].update([kind, f"{kind} {'flagged' if got > Level.NONE else 'passed'}"])
        confusion[wanted, got] += 1
    parts.append(
        table(
            ["category", "dangerous, flagged", "harmless, passed"],
            [
                [name, share(count["danger flagged"], count["danger"]), share(count["calm passed"], count["calm"])]
                for name, count in sorted(by_category.items())
            ],
        )
    )
    parts.append(
        table(
            ["expected \\ graded", *[level.word for level in Level]],
            [[wanted.word, *[str(confusion[wanted, got]) for got in Level]] for wanted in Level],
        )
    )
    return "\n\n".join(parts)


def misses(counts: Counts) -> str:
    """What was missed, flagged without need, or imminent and not graded so."""
    missed = [
        [row["category"], wanted.word, got.word, " ".join(row["text"].replace("|", "/").split())]
        for row, wanted, got in counts.pairs
        if (wanted > Level.NONE) != (got > Level.NONE) or (wanted is Level.IMMINENT and got < Level.HIGH)
    ]
    return table(["category", "expected", "graded", "message"], missed)


def timed(text: str) -> float:
    start = time.process_time()
    screen(text)
    return (time.process_time() - start) * 1_000


def speed(rows: Sequence[Row]) -> str:
    """As in the bot: what is loaded at its start is out of the garbage collector's sight, and messages were read before."""
    warm()
    chooser = random.Random(SEED)

    def mixture(length: int, pool: Sequence[Row]) -> str:
        text = ""
        while len(text) < length:
            text += chooser.choice(pool)["text"] + chooser.choice([". ", " ", "\n", ", "])
        return text[:length]

    calm = [row for row in rows if row["level"] == "none"]
    lines = []
    for length, repeats in ((100, 400), (4_096, 200), (65_536, 8)):
        for name, pool in (("harmless", calm), ("all kinds", list(rows))):
            for _ in range(min(repeats, READ_BEFORE)):
                screen(mixture(length, pool))
            texts = [mixture(length, pool) for _ in range(repeats)]
            taken = sorted(timed(text) for text in texts)
            p99 = taken[min(len(taken) - 1, int(0.99 * len(taken)))]
            lines.append([str(length), name, f"{statistics.median(taken):.2f}", f"{p99:.2f}"])
    growth = []
    for name, pump in PUMPS.items():
        once, twice = (min(timed((pump * length)[:length]) for _ in range(3)) for length in (32_768, 65_536))
        growth.append([name, f"{twice:.1f}", f"{twice / once:.2f}"])
    return "\n\n".join(
        [
            table(["characters", "messages", "median ms", "p99 ms"], lines),
            table(["65,536 characters of", "ms", "growth for twice the length"], growth),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="How well and how fast the screen hears.")
    parser.add_argument("--part", choices=("aside", "blind", "ordinary", "plain", "tuned"), default="aside")
    parser.add_argument("--file", type=Path)
    parser.add_argument("--no-learned", action="store_true")
    parser.add_argument("--no-time", action="store_true")
    options = parser.parse_args()
    rows = read(options.file or CORPUS / f"{options.part}.jsonl")
    counts = counted(rows, not options.no_learned)
    sys.stdout.write(f"{len(rows)} messages\n\n{tables(counts)}\n")
    if options.file or options.part not in ("blind", "ordinary", "plain"):
        sys.stdout.write(f"\nMissed, or flagged without need:\n\n{misses(counts)}\n")
    if not options.no_time:
        sys.stdout.write("\n" + speed(rows) + "\n")


if __name__ == "__main__":
    main()
