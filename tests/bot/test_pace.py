"""What goes when. Telegram takes about 30 messages a second in all and one new message a second to a chat.

    waiting                                  goes
    crisis, escalation (lanes 0, 1)          at once, before all others; up to 30 a second; a 429 does not hold it
    reply (2)                                next, as long as 8 a second stay free for lanes 0 and 1: at most 22
    reminder, prompt (3)                     after replies; at most 20 a second together with lane 4
    frame of a timer, bulk (4)               last
    a reminder older than 30 seconds         among the replies, by age
    anything for a chat with one on its way  when that has come back
    a second new message to a chat           a second after the first; only the crisis card does not wait
    behind a row that is held                waits with it: a chat keeps its order
    after a 429 for a chat or for all        lanes 2 to 4 of that chat, or of all, when the pause is over
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.pace import Pace
from storage.outbox import BULK, CRISIS, ESCALATION, PROMPT, REPLY, Waiting

NOW = datetime(2026, 11, 16, 21, 0, tzinfo=UTC)
SOON = NOW + timedelta(milliseconds=100)


def row(id: int, lane: int, chat: int | None = None, *, kind: str = "send", since: int = 0) -> Waiting:
    """One row that waits; a chat of its own unless told."""
    return Waiting(id, lane, chat if chat is not None else 1000 + id, kind, NOW - timedelta(seconds=since))


def go(pace: Pace, rows: list[Waiting], now: datetime = NOW) -> list[int]:
    """Choose, send and come back at once; the ids that went."""
    chosen = pace.choose(rows, now)
    for each in chosen:
        pace.went(each, now)
    return [each.id for each in chosen]


def test_the_most_urgent_lane_goes_first_and_the_oldest_within_it() -> None:
    rows = [row(1, BULK), row(2, PROMPT), row(3, REPLY), row(4, REPLY), row(5, ESCALATION), row(6, CRISIS)]
    assert go(Pace(), rows) == [6, 5, 3, 4, 2, 1]


def test_eight_a_second_stay_free_for_crisis_and_escalation() -> None:
    pace = Pace()
    assert len(go(pace, [row(n, REPLY) for n in range(40)])) == 22
    assert go(pace, [row(100 + n, CRISIS) for n in range(10)], SOON) == [100 + n for n in range(8)]
    assert go(pace, [row(200, CRISIS)], SOON) == [], "thirty have gone in this second"
    assert go(pace, [row(200, CRISIS)], NOW + timedelta(seconds=1)) == [200]


def test_urgent_rows_take_the_whole_second_if_they_must() -> None:
    rows = [row(n, ESCALATION) for n in range(40)] + [row(100, REPLY)]
    assert go(Pace(), rows) == list(range(30))


def test_reminders_and_frames_never_take_more_than_twenty() -> None:
    pace = Pace()
    rows = [row(n, PROMPT) for n in range(15)] + [row(50 + n, BULK) for n in range(15)]
    assert go(pace, rows) == [*range(15), *range(50, 55)]
    assert go(pace, [row(90, REPLY), row(91, REPLY), row(92, REPLY)], SOON) == [90, 91], "twenty-two of the ordinary lanes in a second"


def test_a_crisis_reply_goes_first_with_ten_thousand_reminders_waiting() -> None:
    pace = Pace()
    rows = [row(n, PROMPT, since=25) for n in range(10_000)]
    go(pace, rows)
    assert go(pace, [*rows[20:], row(10_001, CRISIS)], SOON)[0] == 10_001


def test_a_reminder_that_has_waited_half_a_minute_goes_among_the_replies() -> None:
    rows = [row(5, REPLY), row(1, PROMPT, since=31), row(2, PROMPT, since=29)]
    assert go(Pace(), rows) == [1, 5, 2]


def test_a_429_pauses_its_own_chat_and_never_the_urgent_lanes() -> None:
    pace = Pace()
    pace.pause(7, NOW + timedelta(seconds=5), everywhere=False)
    rows = [row(1, REPLY, 7), row(2, REPLY, 8), row(3, PROMPT, 7)]
    assert go(pace, rows) == [2]
    assert go(pace, [row(4, ESCALATION, 7)], SOON) == [4]
    assert go(pace, [row(1, REPLY, 7)], NOW + timedelta(seconds=5)) == [1]


def test_a_429_for_everything_still_lets_the_urgent_lanes_through() -> None:
    pace = Pace()
    pace.pause(7, NOW + timedelta(seconds=30), everywhere=True)
    rows = [row(1, REPLY), row(2, PROMPT), row(3, BULK), row(4, CRISIS), row(5, ESCALATION)]
    assert go(pace, rows) == [4, 5]
    assert go(pace, rows[:3], NOW + timedelta(seconds=30)) == [1, 2, 3]


def test_one_at_a_time_to_a_chat() -> None:
    pace = Pace()
    assert go(pace, [row(1, REPLY, 7), row(2, REPLY, 7, kind="edit"), row(3, ESCALATION, 7)]) == [3]
    pace.busy.add(7)
    assert go(pace, [row(1, REPLY, 7), row(4, CRISIS, 7)], SOON) == []
    pace.busy.discard(7)
    assert go(pace, [row(1, REPLY, 7), row(4, CRISIS, 7)], SOON) == [4]


def test_a_second_new_message_waits_a_second_but_not_the_card_and_not_an_edit() -> None:
    pace = Pace()
    go(pace, [row(1, REPLY, 7)])
    assert go(pace, [row(2, REPLY, 7)], SOON) == []
    assert go(pace, [row(3, REPLY, 7, kind="edit")], SOON) == [3]
    assert go(pace, [row(4, CRISIS, 7)], SOON) == [4]
    assert go(pace, [row(2, REPLY, 7)], SOON + timedelta(seconds=1)) == [2]


def test_what_is_behind_a_held_message_waits_with_it() -> None:
    """A frame of a timer never overtakes a reply, and an edit never the message it was meant to follow."""
    pace = Pace()
    go(pace, [row(1, REPLY, 7)])
    assert go(pace, [row(2, REPLY, 7), row(3, REPLY, 7, kind="edit"), row(4, BULK, 7, kind="frame")], SOON) == []
    assert go(pace, [row(2, REPLY, 7), row(3, REPLY, 7, kind="edit")], NOW + timedelta(seconds=1)) == [2]


def test_a_clock_that_was_set_back_holds_nobody_up() -> None:
    pace = Pace()
    go(pace, [row(n, REPLY, n) for n in range(22)])
    earlier = NOW - timedelta(hours=1)
    assert go(pace, [row(100, REPLY, 1)], earlier) == [100]


ROWS = st.lists(st.tuples(st.integers(0, 4), st.integers(1, 40), st.sampled_from(["send", "edit", "strip", "frame"]), st.integers(0, 60)))


@given(st.lists(st.tuples(ROWS, st.integers(0, 1500)), max_size=8))
def test_no_second_ever_holds_more_than_telegram_takes(rounds: list[tuple[list[tuple[int, int, str, int]], int]]) -> None:
    """However rows arrive: 30 in all, 22 ordinary ones, 20 reminders and frames in any second, one row a chat at a time."""
    pace, now, id = Pace(), NOW, 0
    went: list[tuple[datetime, int]] = []
    for waiting, pause in rounds:
        now += timedelta(milliseconds=pause)
        rows = [row(id := id + 1, lane, chat, kind=kind, since=since) for lane, chat, kind, since in waiting]
        chosen = pace.choose(rows, now)
        assert len({each.chat for each in chosen}) == len(chosen)
        for each in chosen:
            pace.went(each, now)
            went.append((now, each.lane))
        second = [lane for at, lane in went if now - at < timedelta(seconds=1)]
        assert len(second) <= 30
        assert sum(lane > ESCALATION for lane in second) <= 22
        assert sum(lane >= PROMPT for lane in second) <= 20
        if rows and len(second) < 30:
            urgent = {each.chat for each in rows if each.lane == CRISIS}
            assert urgent <= {each.chat for each in chosen}, "a crisis reply never waits for anything but its own chat"


def test_nothing_overtakes_a_crisis_card_that_has_yet_to_arrive() -> None:
    pace = Pace()
    pace.hold_behind_card(7, SOON)
    assert go(pace, [row(1, ESCALATION, 7), row(2, REPLY, 7), row(3, ESCALATION, 8)]) == [3]
    assert go(pace, [row(0, CRISIS, 7), row(1, ESCALATION, 7)]) == [0]
    assert go(pace, [row(2, ESCALATION, 7)], SOON + timedelta(seconds=1)) == [2]
