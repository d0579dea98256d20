"""A crash anywhere loses nothing acknowledged; the short of `python -m bench.crash`, which crashes at every point there is."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest

from tests.crash import cuts, kills
from tests.crash.episodes import EPISODES, Episode
from tests.crash.points import POINTS
from tests.crash.sweep import Job, ends_of, play
from tests.crash.world import Nursery, lay_clinic, nursery

SEED = 20261121
SINGLES, DOUBLES, KILLS, CUTS = 6, 2, 25, 60


@pytest.fixture
def template(tmp_path: Path) -> Path:
    lay_clinic(tmp_path / "template")
    return tmp_path / "template"


async def test_every_point_is_listed_and_some_are_crashed_at(tmp_path: Path, template: Path) -> None:
    chance = random.Random(SEED)
    async with nursery() as one, nursery() as another:

        async def by_turns(jobs: list[Job]) -> list[tuple[Episode, Counter[str]]]:
            """Each job played, on two nurseries side by side, with the points it came to."""
            left, played = list(enumerate(jobs)), []

            async def work(made: Nursery) -> None:
                while left:
                    number, (episode, ends) = left.pop()
                    hits, crashed = await play(made, template, tmp_path / f"{len(jobs)}-{number}", episode, ends)
                    assert set(crashed) <= {77, *episode.stops}, f"{episode.name} {ends}: the bot ended by itself"
                    played.append((episode, Counter(hits)))

            await asyncio.gather(work(one), work(another))
            return sorted(played, key=lambda each: each[0].name)

        learned = await by_turns([(episode, []) for episode in EPISODES])
        seen = set().union(*(hits for _, hits in learned))
        assert seen == POINTS, "a point that is not in tests/crash/points.py, or one there that is not come to"
        chosen = [chance.choice(learned) for _ in range(SINGLES + DOUBLES)]
        counts = [1] * SINGLES + [2] * DOUBLES
        await by_turns([(episode, chance.choices(ends_of(hits), k=count)) for (episode, hits), count in zip(chosen, counts, strict=True)])


async def test_kills(tmp_path: Path, template: Path) -> None:
    async with nursery() as made:
        survived = await kills.kill(made, template, tmp_path / "kills", KILLS, SEED)
    assert survived.kills == KILLS
    assert survived.kept > 0, "nothing was kept, so nothing was shown"


def test_a_log_that_is_cut_holds_the_commits_up_to_there(tmp_path: Path) -> None:
    taken = cuts.take_wal(tmp_path / "wal")
    bench = cuts.Bench(tmp_path / "bench", tmp_path / "wal" / "master.key")
    cuts.cut_wal(bench, taken, CUTS, random.Random(SEED))
    cuts.cut_file(bench, taken.settled, CUTS, random.Random(SEED))
    assert len({commit.holds for commit in taken.commits}) > 20
    assert bench.started > 0


def test_a_journal_that_is_cut_undoes_what_was_open(tmp_path: Path) -> None:
    middles = cuts.take_journal(tmp_path / "journal")
    bench = cuts.Bench(tmp_path / "bench", tmp_path / "journal" / "master.key")
    cuts.cut_journal(bench, middles, CUTS, random.Random(SEED))
    assert any(middle.old != middle.new for middle in middles), "no page was written before its commit"
