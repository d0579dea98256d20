"""A crash anywhere loses nothing acknowledged; the short of `python -m bench.crash`, which crashes at every point there is."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.crash import cuts, kills
from tests.crash.episodes import EPISODES
from tests.crash.points import POINTS
from tests.crash.sweep import ends_of, play
from tests.crash.world import lay_clinic, nursery

SEED = 20261121
SINGLES, DOUBLES, KILLS, CUTS = 6, 2, 25, 60


@pytest.fixture
def template(tmp_path: Path) -> Path:
    lay_clinic(tmp_path / "template")
    return tmp_path / "template"


async def test_every_point_is_listed_and_some_are_crashed_at(tmp_path: Path, template: Path) -> None:
    chance, seen = random.Random(SEED), set()
    async with nursery() as made:
        hits = []
        for episode in EPISODES:
            found, _ = await play(made, template, tmp_path / episode.name, episode, [])
            seen |= set(found)
            hits.append({point: found.count(point) for point in found})
        assert seen == POINTS, "a point that is not in tests/crash/points.py, or one there that is not come to"
        for number in range(SINGLES + DOUBLES):
            episode, known = chance.choice(list(zip(EPISODES, hits, strict=True)))
            ends = [chance.choice(ends_of(known)) for _ in range(1 if number < SINGLES else 2)]
            _, crashed = await play(made, template, tmp_path / f"run{number}", episode, ends)
            assert set(crashed) <= {77, *episode.stops}, f"{episode.name} {ends}: the bot ended by itself"


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
