"""Short histories of the simulator, one of each way to Telegram; and the seeds that once failed. `python -m bench.sim` runs long ones."""

from __future__ import annotations

import pytest

from bench.sim.history import Outcome, Plan, live


def told(outcome: Outcome) -> list[str]:
    return [f"{wrong.kind}: {wrong.detail}" for wrong in outcome.violations]


@pytest.mark.parametrize("plan", [Plan(1, patients=3, weeks=1), Plan(2, patients=2, weeks=1, channel=True)], ids=["below", "channel"])
def test_a_week_of_bad_weather(plan: Plan) -> None:
    outcome = live(plan)
    assert told(outcome) == []
    assert outcome.seen["messages"] > 40
    assert sum(outcome.injected.values()) > 20
