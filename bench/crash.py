"""A crash anywhere loses nothing acknowledged: `python -m bench.crash [--seed N] [--kills 2000] [--cuts 1000] [--doubles 600] [--jobs 2]`.

Every named point at its first three hits in every episode, a second crash during recovery, kill -9 from outside at random
moments, and database logs cut at any byte. Prints one table; exits 1 when anything was lost. `--once` plays each hit of a point
in one episode only, which the seed chooses; `--share 0.1` a tenth of the single crashes, `--episode NAME` one episode alone,
`--crash POINT#HIT` (once or twice) one crash of it.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from bot import log
from tests.crash import cuts, kills
from tests.crash.episodes import EPISODES, Episode
from tests.crash.points import HITS, POINTS
from tests.crash.sweep import Figures, Job, ends_of, learn, run
from tests.crash.world import Lost, lay_clinic, nursery


async def sweep(folder: Path, jobs: list[Job], hands: int) -> Figures:
    """Play the jobs in `hands` nurseries side by side."""
    left, found = list(reversed(list(enumerate(jobs)))), Figures()

    async def work() -> None:
        nonlocal found
        async with nursery() as made:
            while left:
                number, (episode, ends) = left.pop()
                figures = await run(made, folder / "template", folder / f"run{number}", episode, ends)
                for line in figures.lost:
                    print(f"LOST {line}", flush=True)
                found += figures

    await asyncio.gather(*(work() for _ in range(hands)))
    return found


async def points_of(folder: Path, episodes: tuple[Episode, ...]) -> dict[str, Counter[str]]:
    async with nursery() as made:
        return {each.name: await learn(made, folder / "template", folder / f"learn-{each.name}", each) for each in episodes}


def singles(hits: dict[str, Counter[str]], share: float, once: bool, chance: random.Random) -> list[Job]:
    jobs = [(episode, [end]) for episode in EPISODES if episode.name in hits for end in ends_of(hits[episode.name])]
    chance.shuffle(jobs)
    if once:
        jobs = list({ends[0]: (episode, ends) for episode, ends in jobs}.values())
    return jobs[: round(len(jobs) * share)]


def doubles(hits: dict[str, Counter[str]], count: int, chance: random.Random) -> list[Job]:
    """A crash at any hit, then one at the first hits of any point while the bot recovers from it."""
    jobs: list[Job] = []
    episodes = [episode for episode in EPISODES if episode.name in hits]
    while len(jobs) < count:
        for episode in episodes:
            ends = ends_of(hits[episode.name])
            jobs.append((episode, [chance.choice(ends), chance.choice([end for end in ends if end[1] < HITS])]))
    return jobs[:count]


def cut(folder: Path, count: int, seed: int) -> tuple[int, int, list[str]]:
    """(cuts, bots started on what was left, lost)."""
    chance, lost = random.Random(seed), []
    taken, middles = cuts.take_wal(folder / "wal"), cuts.take_journal(folder / "journal")
    bench = cuts.Bench(folder / "bench", folder / "wal" / "master.key")
    try:
        cuts.cut_wal(bench, taken, count * 6 // 10, chance)
        cuts.cut_journal(bench, middles, count * 3 // 10, chance)
        cuts.cut_file(bench, taken.settled, count - count * 6 // 10 - count * 3 // 10, chance)
    except Lost as fault:
        lost.append(str(fault))
    return bench.opened, bench.started, lost


async def main() -> int:
    asked = argparse.ArgumentParser()
    for name, default in (("seed", 1), ("kills", 2000), ("cuts", 1000), ("doubles", 600), ("jobs", 2)):
        asked.add_argument(f"--{name}", type=int, default=default)
    asked.add_argument("--share", type=float, default=1.0)
    asked.add_argument("--once", action="store_true")
    asked.add_argument("--episode", choices=[episode.name for episode in EPISODES])
    asked.add_argument("--crash", action="append", default=[])
    options = asked.parse_args()
    log.configure("critical")
    chance, began = random.Random(options.seed), time.monotonic()
    episodes = tuple(each for each in EPISODES if options.episode in (None, each.name))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lay_clinic(folder / "template")
        if options.crash:
            ends = [(point, int(hit)) for point, _, hit in (each.partition("#") for each in options.crash)]
            return int(bool((await sweep(folder, [(each, ends) for each in episodes], 1)).lost))
        lost, strange = [], False
        if options.share or options.doubles:
            hits = await points_of(folder, episodes)
            seen = set().union(*hits.values())
            show("points", len(seen & POINTS), f"of {len(POINTS)} listed; not listed: {sorted(seen - POINTS) or 'none'}")
            show("hits", sum(min(n, HITS) for each in hits.values() for n in each.values()), f"first {HITS} of each in each episode")
            once = await sweep(folder, singles(hits, options.share, options.once, chance), options.jobs)
            show("crashes", once.crashes, f"in {once.runs} runs of {len(episodes)} episodes; {once.missed} hits did not come again")
            twice = await sweep(folder, doubles(hits, options.doubles, chance), options.jobs)
            show("double crashes", twice.doubles, f"in {twice.runs} runs")
            lost += once.lost + twice.lost
            strange = seen - POINTS != set() or (options.episode is None and seen != POINTS)
        if options.kills:
            lost += await killed(folder, options.kills, options.seed)
        if options.cuts:
            opened, started, wrong = cut(folder, options.cuts, options.seed)
            show("log cuts", opened, f"{started} of them with a bot started on what was left")
            lost += wrong
    show("lost", len(lost), f"in {time.monotonic() - began:.0f} s, seed {options.seed}")
    for line in lost:
        print(f"LOST {line}")
    return int(bool(lost) or strange)


async def killed(folder: Path, count: int, seed: int) -> list[str]:
    began = time.monotonic()
    async with nursery() as made:
        try:
            found = await kills.kill(made, folder / "template", folder / "kills", count, seed)
        except (Lost, TimeoutError) as fault:
            return [f"kills: {fault}"]
    each = (time.monotonic() - began) / count
    show("kill -9", found.kills, f"{each:.2f} s each; {found.confirmed} updates confirmed, {found.kept} entries kept, {found.pages} pages")
    return []


def show(what: str, figure: int, words: str) -> None:
    print(f"{what:15} {figure:7}   {words}", flush=True)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
