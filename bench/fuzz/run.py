"""The flood of fuzzed updates, with good ones between them that have to be answered in the same group."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count as counting
from pathlib import Path

from sqlalchemy import select

from bench.fuzz.taps import buttons
from bench.fuzz.updates import Fuzzer
from bench.fuzz.world import PEOPLE, World
from storage import notes
from storage.store import table
from storage.tables import Inbox

GROUP, LIFE = 40, 10_000
"""Updates in one batch; updates after which a fresh database is begun, so that none grows without end."""
GOOD = 810_000
"""A chat no fuzzed update is from asks for help in every batch: this one and those after it, as time stands still here and a stranger
gets one card a minute."""


@dataclass
class Flood:
    """What came of it. `cpu` is (seconds, how it was made, characters); `usual` the longest an update of Telegram's is taken to be."""

    count: int = 0
    deaths: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    cpu: list[tuple[float, str, int]] = field(default_factory=list)
    quarantined: int = 0
    good: int = 0
    unanswered: int = 0
    usual: int = 32_768


def flood(folder: Path, count: int, seed: int) -> Flood:
    told, worlds = Flood(), _worlds(folder)
    rng = random.Random(seed)
    world, fuzzer = next(worlds), Fuzzer(seed, (*PEOPLE.values(), 7003), [], 0)
    since = 0
    while told.count < count:
        if not since or since >= LIFE:
            world = next(worlds) if since else world
            _warm(world)
            fuzzer.nonces, fuzzer.now, since = [each.nonce for each in buttons(world)], int(world.now.timestamp()), 0
        made = [fuzzer.one() for _ in range(GROUP)]
        place = rng.randrange(GROUP)
        _batch(world, told, made, place)
        told.count += len(made)
        since += len(made)
        if rng.random() < 0.02:
            world.restart()
            _warm(world)
    return told


def _warm(world: World) -> None:
    """What is loaded and put together once, at the first message of a kind, is not what is measured."""
    fuzzer = Fuzzer(0, tuple(PEOPLE.values()), [], int(world.now.timestamp()))
    fuzzer.id = 1
    world.take([world.numbered(world.text(who, text)) for who in PEOPLE.values() for text in ("hello", "/help", "stop")])
    world.take([fuzzer.one()[1] for _ in range(3 * GROUP)])


def _worlds(folder: Path) -> Iterator[World]:
    for n in counting():
        path = folder / f"updates-{n}"
        path.mkdir()
        yield World(path)


def _batch(world: World, told: Flood, made: list[tuple[str, str]], place: int) -> None:
    raws = [raw for _, raw in made]
    good = world.numbered(world.text(GOOD + told.good, "/help"))
    try:
        seen = world.take([*raws[:place], good, *raws[place:]])
    except Exception as fault:
        told.deaths.append(f"{type(fault).__name__} in a batch: {[ascii(raw[:60]) for raw in raws[:3]]}")
        world.begin_again()
        return
    ways = [*made[:place], ("good", good), *made[place:]]
    told.cpu += [(cpu, way, len(raw)) for cpu, (way, raw) in zip(seen.cpu, ways, strict=True)]
    told.faults += seen.faults
    told.good += 1
    told.quarantined += seen.states["quarantined"]
    answered = any(content.startswith(("crisis.card", "crisis.es.card", "help.screen")) for _, _, content in seen.sent)
    told.unanswered += not answered
    if not answered:
        told.faults.append("a good update between bad ones was not answered in its group")
    if set(seen.states) - {"done", "quarantined"}:
        told.faults.append(f"rows left {dict(seen.states)}")
    if seen.states["quarantined"] and not _seen_by_staff(world):
        told.faults.append("rows were set aside and staff have no line about it")


def _seen_by_staff(world: World) -> bool:
    rows = table(Inbox).c
    with world.store.unit(world.now) as u:
        aside = len(u.all(select(rows.id).where(rows.state == "quarantined")))
        return sum(note.kind == "quarantine" for note in notes.unseen(u, 1_000_000)) >= aside
