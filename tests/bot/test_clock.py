"""The time Between tells never runs back, whatever is done to the machine's clock."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from bot.clock import SteadyClock, TurnedClock

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)


class Machine:
    """A wall clock and a steady counter, moved by hand."""

    def __init__(self) -> None:
        self.wall, self.ticks = NOON, 0.0

    def passes(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.ticks += seconds

    def clock(self, floor: datetime | None = None) -> SteadyClock:
        return SteadyClock(floor, read=lambda: self.wall, ticks=lambda: self.ticks)


def test_a_clock_set_back_goes_on_at_its_own_pace() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.passes(60)
    machine.wall -= timedelta(hours=1)
    assert clock.now() == NOON + timedelta(seconds=60)
    machine.passes(30)
    assert clock.now() == NOON + timedelta(seconds=90), "time stood still, and with it every escalation"
    assert clock.behind() == timedelta(hours=1)


def test_a_thread_that_asks_between_a_new_base_and_its_tick_is_told_no_later_time() -> None:
    machine = Machine()

    class Halting(SteadyClock):
        """Another thread asks as soon as a new base is there."""

        def __setattr__(self, name: str, value: object) -> None:
            super().__setattr__(name, value)
            if name == "_base" and threading.current_thread() is threading.main_thread() and hasattr(self, "_since"):
                other.start()
                other.join(0.3)

    clock, told = Halting(None, lambda: machine.wall, lambda: machine.ticks), []
    other = threading.Thread(target=lambda: told.append(clock.now()))
    machine.passes(60)
    machine.wall += timedelta(seconds=1)
    assert clock.now() == NOON + timedelta(seconds=61)
    other.join()
    assert told == [NOON + timedelta(seconds=61)]


def test_a_jump_forward_is_taken() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.wall += timedelta(hours=3)
    assert clock.now() == NOON + timedelta(hours=3)


def test_after_a_restart_time_goes_on_from_the_latest_that_was_told() -> None:
    machine = Machine()
    clock = machine.clock(floor=NOON + timedelta(minutes=20))
    assert clock.now() == NOON + timedelta(minutes=20)
    machine.passes(5)
    assert clock.now() == NOON + timedelta(minutes=20, seconds=5)


def test_a_turned_clock_turns_forward_only() -> None:
    machine = Machine()
    clock = TurnedClock(NOON, read=lambda: machine.wall)
    clock.turn(NOON + timedelta(hours=2))
    clock.turn(NOON + timedelta(hours=1))
    machine.passes(1)
    assert clock.now() == NOON + timedelta(hours=2, seconds=1)
