"""When the second process alarms, and when it does not: a week of ordinary minutes, stops, restarts and jumps, and what is not ordinary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from safety import moves
from safety.moves import Ladder
from safety.vigil import Alert, Judged, Letter, Seen, State, judge

NOW = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
LOOK, MINUTE = timedelta(seconds=30), timedelta(minutes=1)
HOLDERS = {"primary": [1], "backup": [2], "supervisor": [3]}


def fine(at: datetime, **changes: object) -> Seen:
    return replace(Seen(beat=at, alive=at, holders=HOLDERS), **changes)  # type: ignore[arg-type]


def alert(opened: datetime, version: int = 1, due: datetime | None = None) -> Alert:
    return Alert(7, version, Ladder(moves.DEFAULT, "high", began=opened, next_at=opened), due)


def watch(seen: Seen | None, start: datetime, span: timedelta, state: State | None = None) -> Iterator[tuple[datetime, Judged]]:
    """The same seen again and again, each half minute of this time."""
    state, at = state or State(), start
    while at <= start + span:
        judged = judge(state, seen, at)
        state = judged.state
        yield at, judged
        at += LOOK


def first_alarm(seen: Seen | None, start: datetime, span: timedelta, state: State | None = None) -> tuple[timedelta, str] | None:
    return next(((at - start, judged.state.alarm) for at, judged in watch(seen, start, span, state) if judged.state.alarm), None)


@pytest.mark.parametrize("seed", range(5))
def test_no_false_alarm_in_a_quiet_week(seed: int) -> None:
    """The first process proves each minute, a little early or late; it is restarted, upgraded, and its machine sleeps; alerts come."""
    chance = Random(seed)
    state, at, beat, planned, silent_until = State(), NOW, NOW, False, NOW
    looks = 0
    while at < NOW + timedelta(days=7):
        if at >= silent_until and at - beat >= MINUTE:
            beat, planned = at - timedelta(seconds=chance.uniform(0, 25)), False
        dice = chance.random()
        if dice < 0.0005 and at >= silent_until:  # a stop somebody asked for
            beat, planned, silent_until = at, True, at + timedelta(minutes=chance.uniform(0.2, 9))
        elif dice < 0.001 and at >= silent_until:  # killed and begun anew by the machine
            silent_until = at + timedelta(seconds=chance.uniform(10, 60))
        elif dice < 0.0015 and at >= silent_until:  # the machine slept, or its clock was set forward; it proves again in a moment
            at += timedelta(hours=chance.uniform(0.2, 5))
        opened = at - timedelta(minutes=chance.uniform(0, 90))
        alerts = (alert(opened, due=at + MINUTE),) if chance.random() < 0.2 else ()
        readable = chance.random() > 0.01  # a backup, a checkpoint
        judged = judge(state, fine(beat, planned=planned, alerts=alerts) if readable else None, at)
        assert (judged.letters, judged.notices) == ((), ()), at
        state, at, looks = judged.state, at + LOOK, looks + 1
    assert looks > 15_000


@pytest.mark.parametrize("lag", range(0, 60, 7))
def test_a_dead_process_is_told_of_within_five_minutes(lag: int) -> None:
    found = first_alarm(fine(NOW - timedelta(seconds=lag)), NOW, timedelta(minutes=6))
    assert found is not None
    assert (found[0] <= timedelta(minutes=5), found[1]) == (True, "dead")


def test_a_database_that_cannot_be_read_is_told_of_within_five_minutes() -> None:
    found = first_alarm(None, NOW, timedelta(minutes=6))
    assert found is not None
    assert (found[0] <= timedelta(minutes=5), found[1]) == (True, "locked")


def test_a_planned_stop_is_an_alarm_after_ten_minutes_only() -> None:
    found = first_alarm(fine(NOW, planned=True), NOW, timedelta(minutes=12))
    assert found is not None
    assert timedelta(minutes=10) < found[0] <= timedelta(minutes=11)
    told = judge(State(), fine(NOW, planned=True), NOW).state
    assert first_alarm(None, NOW, timedelta(minutes=10), told) is None, "nor while the database is being moved meanwhile"


def test_a_database_nobody_has_run_yet_is_no_alarm() -> None:
    assert first_alarm(Seen(), NOW, timedelta(days=1)) is None


def test_the_ladder_is_climbed_from_the_rows_and_nobody_is_paged_twice_for_a_step() -> None:
    seen = fine(NOW, alerts=(alert(NOW),))
    letters = [(at - NOW, letter.to) for at, judged in watch(seen, NOW, timedelta(minutes=31)) for letter in judged.letters]
    first = letters[0][0]
    assert first <= timedelta(minutes=4)
    assert letters[0][1] == 1
    assert [to for at, to in letters if at > first][:2] == [2, 3]
    exhausted = [at for at, to in letters if to is None]
    assert exhausted == [timedelta(minutes=15), timedelta(minutes=30)]
    assert {to for at, to in letters if at == exhausted[0]} == {1, 2, 3, None}


def test_who_takes_it_in_the_chat_meanwhile_ends_the_mailing() -> None:
    *_, (_, judged) = watch(fine(NOW, alerts=(alert(NOW),)), NOW, timedelta(minutes=4))
    taken = Ladder(moves.DEFAULT, "high", "ACKED", began=NOW, next_at=NOW + timedelta(minutes=35), acked_by=1)
    held = fine(NOW, alerts=(Alert(7, 2, taken, None),))
    later = list(watch(held, NOW + timedelta(minutes=5), timedelta(minutes=40), judged.state))
    told = [(at - NOW, letter) for at, each in later for letter in each.letters]
    assert told[0] == (timedelta(minutes=35), Letter(7, 1, 2, 0)), "without word that they were reached it begins again"


def test_a_process_that_lives_is_left_its_ladder_unless_a_step_is_late() -> None:
    def seen(at: datetime, due: datetime) -> Seen:
        return fine(NOW, alive=at, alerts=(alert(NOW, due=due),))

    state = State()
    for half_minutes in range(20):
        at = NOW + LOOK * half_minutes
        judged = judge(state, seen(at, at + MINUTE), at)
        state = judged.state
        assert judged.letters == ()
    assert state.alarm == "unproved"
    at = NOW + timedelta(minutes=11)
    late = judge(state, seen(at, at - timedelta(minutes=4)), at)
    assert {letter.to for letter in late.letters} >= {1}


def test_what_turns_worse_is_told_once_more_and_what_turns_better_is_not() -> None:
    def told(looks: Iterator[tuple[datetime, Judged]], state: State) -> tuple[list[str], State]:
        said: list[str] = []
        for _, judged in looks:
            said += [notice.what for notice in judged.notices]
            state = judged.state
        return said, state

    span, stopped = timedelta(minutes=6), fine(NOW)
    locked, state = told(watch(None, NOW, span), State())
    dead, state = told(watch(stopped, NOW + span, span, state), state)
    again, _ = told(watch(None, NOW + 2 * span, span, state), state)
    assert (locked, dead, again) == (["locked"], ["dead"], [])


def test_it_tells_when_the_first_is_back_and_begins_afresh() -> None:
    *_, (_, judged) = watch(fine(NOW), NOW, timedelta(minutes=6))
    again = NOW + timedelta(minutes=7)
    back = judge(judged.state, fine(again), again)
    assert [notice.what for notice in back.notices] == ["back"]
    assert back.state == State(alive=again, looked=again)
    assert judge(back.state, fine(again), again).notices == ()


@pytest.mark.parametrize("back", [timedelta(minutes=20), timedelta(hours=5), timedelta(days=900)])
def test_a_clock_set_back_makes_nobody_blind(back: timedelta) -> None:
    """The first process's time stays where it was, ahead of the machine's; it dies then, with an alert open."""
    state, lives = State(), NOW
    for _ in range(40):  # it stamps each minute, in its own time
        lives += MINUTE
        state = judge(state, fine(lives), lives - back).state
        assert state.alarm is None
    opened = alert(lives, due=lives + MINUTE)
    alarms = [(at, judged) for at, judged in watch(fine(lives, alerts=(opened,)), lives - back, 6 * MINUTE, state) if judged.state.alarm]
    assert alarms[0][0] - (lives - back) <= 5 * MINUTE
    assert alarms[0][1].letters == (Letter(7, 1, 1, 1),), "climbed in the first process's time"


def test_a_clock_that_is_put_right_again_is_no_alarm() -> None:
    back, state, lives = timedelta(hours=5), State(), NOW
    for minute in range(60):
        lives += MINUTE
        for half in (0, 1):  # it is looked twice a minute, and once nothing is new
            machine = lives + half * LOOK - (back if minute < 30 else timedelta())
            state = judge(state, fine(lives), machine, LOOK).state
            assert state.alarm is None
    assert state.ahead == timedelta()


@pytest.mark.parametrize("back", [timedelta(minutes=20), timedelta(hours=5)])
@pytest.mark.parametrize("seen", [fine(NOW, alerts=(alert(NOW, due=NOW),)), None], ids=["dead", "locked"])
def test_a_clock_set_back_in_the_middle_neither_ends_an_alarm_nor_puts_it_off(seen: Seen | None, back: timedelta) -> None:
    """Set back after two minutes without a sign of life, and again when the alarm is out."""
    state, shift, rang = judge(State(), fine(NOW), NOW, None).state, timedelta(), None
    for half in range(1, 60):
        shift = back * ((half > 4) + (half > 30))
        judged = judge(state, seen, NOW + half * LOOK - shift, LOOK)
        state = judged.state
        assert all(notice.what != "back" for notice in judged.notices)
        rang = rang or (half * LOOK if state.alarm else None)
    assert rang is not None
    assert rang <= 5 * MINUTE


def test_looks_far_apart_see_a_death_as_soon_while_the_clock_is_behind() -> None:
    """`between watch --once` from a timer: how long passed is not known."""
    back, state = timedelta(hours=3), State()
    for minute in range(0, 60, 4):
        state = judge(state, fine(NOW + minute * MINUTE), NOW + minute * MINUTE - back).state
    died = NOW + 56 * MINUTE
    alarms = [minute for minute in range(4, 40, 4) if (state := judge(state, fine(died), died + minute * MINUTE - back).state).alarm]
    assert alarms[0] <= 8
