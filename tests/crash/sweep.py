"""Crashes at named points: each episode played through once to learn its points, then again with an end at each of them."""

from __future__ import annotations

import shutil
import socket
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from demo.phone import PhoneFault
from tests.crash.episodes import Episode
from tests.crash.oracle import judge
from tests.crash.points import HITS
from tests.crash.world import Lost, Nursery, world

End = tuple[str, int]
Job = tuple[Episode, list[End]]


@dataclass
class Figures:
    """What a sweep did and found. `lost` holds one line for each run in which something promised did not hold."""

    runs: int = 0
    crashes: int = 0
    doubles: int = 0
    missed: int = 0
    """Runs in which a point was not come to again: the loops run side by side, so a hit can fall away."""
    lost: list[str] = field(default_factory=list)

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            self.runs + other.runs, self.crashes + other.crashes, self.doubles + other.doubles, self.missed + other.missed,
            self.lost + other.lost,
        )  # fmt: skip


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def play(nursery: Nursery, template: Path, folder: Path, episode: Episode, ends: list[End]) -> tuple[list[str], list[int]]:
    """One episode with these ends; the points its lives came to, in order, and the exit codes. Raises `Lost`."""
    start = template if episode.furnished else None
    async with world(nursery, start, folder, ends, list(episode.fails), free_port() if episode.hook else None) as w:
        await episode.play(w)
        await w.does(w.sam, "/help", "988")
        await w.settled()
        crashed = list(nursery.ends)
    judge(w)
    hits = w.hits
    shutil.rmtree(folder)
    return hits, crashed


async def run(nursery: Nursery, template: Path, folder: Path, episode: Episode, ends: list[End]) -> Figures:
    label = f"{episode.name}: " + ", then ".join(f"{point} #{hit}" for point, hit in ends)
    try:
        _, crashed = await play(nursery, template, folder, episode, ends)
    except (Lost, TimeoutError, PhoneFault) as fault:
        return Figures(1, lost=[f"{label}: {fault}"])
    unplanned = [code for code in crashed if code not in (77, *episode.stops)]
    if unplanned:
        return Figures(1, lost=[f"{label}: the bot ended by itself with {unplanned}"])
    return Figures(1, crashed.count(77), int(crashed.count(77) > 1), int(crashed.count(77) < len(ends)))


async def learn(nursery: Nursery, template: Path, folder: Path, episode: Episode) -> Counter[str]:
    """How often each point is come to when nothing goes wrong."""
    hits, _ = await play(nursery, template, folder, episode, [])
    return Counter(hits)


def ends_of(hits: Counter[str]) -> list[End]:
    """Each point of an episode at its first three hits."""
    return [(point, hit) for point, count in sorted(hits.items()) for hit in range(1, min(count, HITS) + 1)]
