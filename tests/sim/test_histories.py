"""Short histories of the simulator, one of each way to Telegram; and the seeds that once failed. `python -m bench.sim` runs long ones."""

from __future__ import annotations

import pytest

from bench.sim.history import History, Outcome, Plan, live


def told(outcome: Outcome) -> list[str]:
    return [f"{wrong.kind}: {wrong.detail}" for wrong in outcome.violations]


@pytest.mark.parametrize("plan", [Plan(1, patients=3, weeks=1), Plan(2, patients=2, weeks=1, channel=True)], ids=["below", "channel"])
def test_a_week_of_bad_weather(plan: Plan) -> None:
    outcome = live(plan)
    assert told(outcome) == []
    assert outcome.seen["messages"] > 40
    assert sum(outcome.injected.values()) > 20


def test_a_history_that_breaks_is_told_of_and_ends_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(history: History) -> None:
        raise LookupError("nobody is here")

    monkeypatch.setattr(History, "calm_down", breaks)
    outcome = live(Plan(1, patients=1, weeks=1))
    assert told(outcome) == ["history_broke: LookupError: nobody is here"]
    assert any("in breaks" in line for line in outcome.stories[0])
