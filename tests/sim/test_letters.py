"""What the simulator says of mail and of the second process, and a day on which both are needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from bench.sim.beside import Beside
from bench.sim.guard import CLINIC
from bench.sim.history import History
from bench.sim.letters import ALONE, FALLBACK, Letters
from bench.sim.oracle import Oracle
from bench.sim.plan import Plan
from bench.sim.post import Sent
from bench.sim.staff import HABITS
from bench.sim.weather import FAIR
from content.library import load

NOW = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
WORDS = load("en")


@dataclass
class Times:
    """As much of `Beside` as is read: seconds."""

    mailed: float = 0.0
    alone: float = 0.0
    there: float = 0.0
    uneasy_until: datetime = NOW


@pytest.fixture
def oracle() -> Oracle:
    oracle = Oracle(lambda: 0.0, lambda: NOW, lambda: NOW)
    oracle.add_patient(5001, "0001")
    oracle.staff.add(9001)
    oracle.mailboxes["dana@clinic.sim"] = 9001
    return oracle


@pytest.fixture
def letters(oracle: Oracle) -> Letters:
    letters = Letters(oracle, lambda: NOW)
    letters.look(cast(Beside, Times()))
    return letters


def page(why: str = "exhausted") -> str:
    return WORDS.text("mail.page", code="0001", level="high", time="12:00", ref="AB2CD", why=WORDS.text(f"mail.why.{why}"))


def sent(to: str = CLINIC, text: str = "", id: str = "between-1", *, taken: bool = True, doubtful: bool = False) -> Sent:
    return Sent(to, "Between: high", text or page(), id, taken, doubtful)


def wrong(oracle: Oracle) -> list[str]:
    return [violation.kind for violation in oracle.violations]


REPEAT = f"{WORDS.text('mail.repeat')}\n\n{page()}"


@pytest.mark.parametrize(
    ("mails", "kinds"),
    [
        ([sent(), sent("dana@clinic.sim", id="between-2")], []),
        ([sent("somebody@else.sim")], ["mail_not_entitled"]),
        ([sent(text="Ria Q0001q wrote")], ["mail_canary"]),
        ([sent(), sent()], ["mail_repeat_without_doubt"]),
        ([sent(doubtful=True), sent()], ["mail_repeat_unmarked"]),
        ([sent(doubtful=True), sent(text=REPEAT)], []),
        ([sent(taken=False), sent(text=REPEAT)], ["mail_marked_without_doubt"]),
        ([sent(text=WORDS.text("mail.watch.dead", time="2026-11-16 16:55"))], ["false_alarm"]),
    ],
)
def test_what_is_wrong_with_letters(oracle: Oracle, letters: Letters, mails: list[Sent], kinds: list[str]) -> None:
    for one in mails:
        letters.watch(one)
    assert wrong(oracle) == kinds


def opened(oracle: Oracle) -> None:
    oracle.cases[5001].state, oracle.cases[5001].rested = "OPEN", True


def test_the_clinic_must_be_mailed_when_nobody_answers(oracle: Oracle, letters: Letters) -> None:
    opened(oracle)
    oracle.cases[5001].unanswered = 1
    letters.look(cast(Beside, Times(mailed=100)))
    letters.look(cast(Beside, Times(mailed=100 + FALLBACK)))
    assert wrong(oracle) == []
    letters.look(cast(Beside, Times(mailed=101 + FALLBACK)))
    assert wrong(oracle) == ["fallback_missing"]


def test_a_letter_that_came_before_the_look_at_who_was_told_counts(oracle: Oracle, letters: Letters) -> None:
    opened(oracle)
    oracle.cases[5001].unanswered = 1
    letters.watch(sent())
    letters.look(cast(Beside, Times(mailed=100)))
    letters.look(cast(Beside, Times(mailed=101 + FALLBACK)))
    assert wrong(oracle) == []


def test_the_second_process_must_mail_when_the_first_is_gone(oracle: Oracle, letters: Letters) -> None:
    opened(oracle)
    letters.look(cast(Beside, Times(alone=ALONE + 1)))
    assert wrong(oracle) == ["watch_silent"]
    letters.look(cast(Beside, Times(there=ALONE + 1)))
    letters.watch(sent("dana@clinic.sim", page("alone"), "between-watch-1"))
    letters.look(cast(Beside, Times(alone=ALONE + 1)))
    assert wrong(oracle) == ["watch_silent"]


@pytest.fixture
def bad_day(tmp_path: Path) -> Callable[[timedelta], History]:
    """Danger is written, nobody on call answers, and three minutes later the bot's machine stops; its clock may be wrong."""

    def day(skew: timedelta) -> History:
        history = History(Plan(5, 2, 1, weather=FAIR), tmp_path)
        history.set_up()
        history.run(history.start + timedelta(hours=5))
        history.skew = skew
        history.run(history.now + timedelta(minutes=5))
        for member in history.staff.values():
            member.habit = HABITS["absent"]
        history.telegram.say(5001, "I want to kill myself")
        history.run(history.now + timedelta(minutes=3))
        history.fall()
        return history

    return day


@pytest.mark.parametrize("skew", [timedelta(), timedelta(hours=-4)], ids=["clock right", "clock set back"])
def test_both_ways_are_needed_and_there(bad_day: Callable[[timedelta], History], skew: timedelta) -> None:
    history = bad_day(skew)
    history.run(history.now + timedelta(minutes=10))
    assert history.oracle.seen["pages_by_watch"] > 0
    history.post.refusing = True
    history.run(history.now + timedelta(minutes=30))
    history.post.refusing = False
    history.rise()
    history.run(history.now + timedelta(hours=1))
    history.fall()
    assert history.oracle.seen["exhausted"] > 0
    assert history.oracle.violations == []
