"""The messages that are learned from, and what the rules make of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from bench.screen import CORPUS, EVERYDAY, TRAINING
from content.library import ROOT, read_toml
from safety.heard import Level
from safety.learned import hash_classes
from safety.rules import load_rules
from safety.screen import by_rules
from safety.surroundings import Surroundings
from safety.weighing import Reading

HELD_OUT = frozenset({"w11", "w14", "w33", "w48", "w52", "w62", "w74", "w76", "w94", "w95", "w98"})
"""Writers, drawn by lot, whom the encoder does not learn from: by their messages the limits are chosen."""


@dataclass(frozen=True)
class Messages:
    """All training messages in order. `writers`: who wrote each; `digest`: of the files, so that weights can be told from others."""

    readings: list[Reading]
    level: Any
    everyday: Any
    writers: list[str]
    classes: dict[str, int]
    digest: str

    @cached_property
    def texts(self) -> list[Surroundings]:
        return [Surroundings(reading.windows) for reading in self.readings]

    @cached_property
    def kinds(self) -> dict[str, Any]:
        """Of which messages a share is told."""
        return {
            "imminent": self.level == Level.IMMINENT,
            "dangerous": self.level > Level.NONE,
            "only looks dangerous": (self.level == Level.NONE) & ~self.everyday,
            "everyday": self.everyday,
        }

    def __len__(self) -> int:
        return len(self.readings)

    def some(self, places: Sequence[int]) -> Messages:
        """Those at these places, in that order."""
        readings, writers = ([each[at] for at in places] for each in (self.readings, self.writers))
        return replace(self, readings=readings, level=self.level[places], everyday=self.everyday[places], writers=writers)


def load_messages() -> Messages:
    raw = b"".join((CORPUS / f"{part}.jsonl").read_bytes() for part in TRAINING)
    rows = [json.loads(line) for line in raw.decode().splitlines()]
    rules = load_rules()
    level = np.array([Level[row["level"].upper()] for row in rows])
    return Messages(
        [by_rules(rules, row["text"]) for row in rows],
        level,
        np.array([row["category"] in EVERYDAY for row in rows]) & (level == Level.NONE),
        [row.get("by", "ours") for row in rows],
        hash_classes(read_toml(ROOT / "screen" / "classes.toml")),
        hashlib.sha256(raw).hexdigest()[:16],
    )
