"""Short histories of the simulator, one of each way to Telegram; and the seeds that once failed. `python -m bench.sim` runs long ones."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from bench.sim import reckoning
from bench.sim.history import History, live
from bench.sim.plan import WEEK, Outcome, Plan
from bench.sim.weather import FAIR
from storage.wall import instant


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


def test_the_reminder_of_the_week_before_a_clock_change_belongs_to_that_week() -> None:
    since, begins = reckoning.week_before(date(2026, 3, 8), "09:00", "America/New_York")
    half_an_hour_before = instant(date(2026, 3, 1), "08:30", "America/New_York")
    assert half_an_hour_before < since < begins


def test_records_a_clock_far_ahead_let_the_bot_erase_were_looked_at_before(tmp_path: Path) -> None:
    history = History(Plan(3, patients=2, weeks=1, weather=FAIR), tmp_path)
    history.set_up()
    history.telegram.block(min(history.patients))  # so that what was to be sent is only known by the reason that was put down
    history.later(timedelta(days=6), lambda: history._jump(timedelta(days=200)))
    history.run(history.start + WEEK)
    reckoning.reckon(history)
    history.fall()
    assert history.oracle.violations == []
    assert history.reckoned.counted["session delivered"] > 3
    assert history.reckoned.counted["session dropped: late"] > 0, "what was still to come when the clock was set ahead"
