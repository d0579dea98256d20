"""Two bots on one PostgreSQL and a third that is killed while it leads: nothing lost, nothing doubled, all in order."""

from __future__ import annotations

from bench.workers import run


async def test_two_workers_and_a_killed_third(on_postgresql: str) -> None:
    figures = await run(on_postgresql, seed=3, rounds=1, bots=3, patients=4, ways=("kill",))
    assert figures.good, "\n".join(figures.lines())
    assert figures.typed > 10
    assert figures.sent >= figures.typed
    assert len(figures.moves) == 1


async def test_a_planned_stop_hands_the_lead_over_at_once(on_postgresql: str) -> None:
    figures = await run(on_postgresql, seed=4, rounds=1, bots=2, patients=2, ways=("stop",))
    assert figures.good, "\n".join(figures.lines())
    assert figures.moves[0][1] < 6, "nobody had to wait for the lease to run out"
