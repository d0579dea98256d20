"""`python -m bench.train_screen`: the messages, the tables, the evidence, the limits, the file."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from os import cpu_count
from typing import Any

import numpy as np
from sklearn.model_selection import GroupKFold

from bench.train_screen.evidence import evidence, learned_of
from bench.train_screen.limits import Chooser
from bench.train_screen.messages import Messages, load_messages
from bench.train_screen.tables import lesson
from bench.train_screen.write import OUT, make_room, write
from safety.encoder import Encoder, load_encoder
from safety.heard import Level
from safety.learned import Learned, Limits

FOLDS = 5
SOURCE = "Learned from our own made-up training messages ({messages} of them, sha256 {digest})."


def main(dry: bool) -> None:
    encoder = load_encoder()
    make_room(encoder)
    messages = load_messages()
    splits = list(GroupKFold(FOLDS).split(messages.level, messages.level, messages.writers))
    learned, *folds = learn(messages, encoder, [np.arange(len(messages)), *(taught for taught, _ in splits)])
    chooser = Chooser(*evidence(messages, zip(folds, (held_out for _, held_out in splits), strict=True)))
    limits = chooser.limits()
    tell(chooser, limits)
    if not dry:
        write(replace(learned, limits=limits), SOURCE.format(messages=len(messages), digest=messages.digest))
        sys.stdout.write(f"Wrote {OUT.name}, {OUT.stat().st_size} bytes.\n")


def learn(messages: Messages, encoder: Encoder, parts: list[Any]) -> list[Learned]:
    """The second stage as each of these parts of the messages teaches it."""
    asking, paging = (lesson(messages, least) for least in (Level.CONCERN, Level.HIGH))
    with ThreadPoolExecutor(cpu_count()) as pool:  # it learns in C, beside the interpreter's lock
        tables = zip(pool.map(asking.learn, parts), pool.map(paging.learn, parts), strict=True)
        return [learned_of(messages, *pair, encoder, part) for pair, part in zip(tables, parts, strict=True)]


def tell(chooser: Chooser, limits: Limits) -> None:
    """How it does on writers it did not learn from."""

    ruled = np.array([reading.level for reading in chooser.messages.readings])

    def shares(flags: Any) -> str:
        return ", ".join(f"{name} {flags[kind].mean():.3f}" for name, kind in chooser.messages.kinds.items())

    sys.stdout.write(
        f"{len(chooser.messages)} messages; on writers it did not learn from:\n"
        f"  flagged by rules alone: {shares(ruled > Level.NONE)};\n  flagged: {shares(chooser.flagged(limits.ask))};\n"
        f"  paged by rules alone: {shares(ruled > Level.CONCERN)};\n  paged: {shares(chooser.paged(limits.page))}.\n{limits}\n"
    )


if __name__ == "__main__":
    main("--dry" in sys.argv[1:])
