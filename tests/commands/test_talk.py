"""`between talk`: the same bot as lines of text, with a clock that moves when told and the on-call person's phone beside it."""

from __future__ import annotations

import re

import pytest

from tests.commands.between import Between, Ran

AGREED = ("Next", "next", "[Next]", "Yes, I agree")


def talk(between: Between, *lines: str) -> Ran:
    ran = between("talk", stdin="".join(f"{line}\n" for line in lines))
    assert (ran.code, ran.err) == (0, "")
    return ran


def after(ran: Ran, what: str) -> list[str]:
    """The lines from the one that begins with `what` on."""
    (at,) = [number for number, line in enumerate(ran.lines) if line.startswith(what)]
    return ran.lines[at:]


def test_a_conversation_from_the_invitation_to_a_human_and_half_an_hour_on(empty: Between) -> None:
    said = [*AGREED, "I want to kill myself", "/staff I'll take it", "/+31m", "/quit", "I want to die"]
    ran = empty.process("talk", stdin="\n".join(said))
    assert (ran.code, ran.err, ran.lines[-1]) == (0, "", "Bye. Nothing of this was kept.")
    assert any("/+30m" in line and "/staff" in line and "/quit" in line for line in ran.lines[:2])
    assert ran.lines[2].startswith("bot   > Hi. I am Between")
    assert "        [Next]" in ran.lines
    told = [line for line in ran.lines if re.match(r"(bot   |on call phone )>", line)]
    card = next(number for number, line in enumerate(told) if "988" in line)
    assert [line.split(">")[0].strip() for line in told[card : card + 4]] == ["bot", "bot", "on call phone", "bot"]
    assert "Robin" not in told[card + 2]
    assert told[card + 3].startswith("bot   > Dana Reyes saw this at ")
    later = after(ran, "      … it is ")
    assert any(line.startswith("on call phone > ") for line in later)
    assert any(line.startswith("bot   > ") for line in later)
    assert not empty.data.exists()


def test_the_clock_on_the_screen_is_the_one_the_bot_tells(empty: Between) -> None:
    ran = talk(empty, *AGREED, "I want to kill myself", "/+1s", "I want to kill myself")
    (paged,) = re.findall(r"for your program now, at (\d\d:\d\d)", ran.out)
    (shown,) = re.findall(r"… it is \w+ (\d\d:\d\d)", ran.out)
    minutes = [int(each[:2]) * 60 + int(each[3:]) for each in (paged, shown)]
    assert (minutes[1] - minutes[0]) % (24 * 60) <= 1


@pytest.mark.parametrize("step", ["/+90s", "/+30m", "/+2h", "/+ 1d", "/+3D"])
def test_time_moves_by_seconds_minutes_hours_and_days(empty: Between, step: str) -> None:
    assert "… it is " in talk(empty, step).out


@pytest.mark.parametrize("step", ["/+abc", "/+30", "/+", "/+ten m"])
def test_a_step_that_is_no_time_is_not_passed_on_as_words(empty: Between, step: str) -> None:
    more = talk(empty, step).lines[len(talk(empty).lines) - 1 : -1]
    assert more == ["      … how long? Write a number and s, m, h or d, such as /+30m."]


def test_an_input_that_ends_says_goodbye_too(empty: Between) -> None:
    for lines in ((), ("Next",), ("", "/staff", "/exit")):
        assert talk(empty, *lines).lines[-1] == "Bye. Nothing of this was kept."


def test_words_that_are_no_button_and_no_command_reach_the_bot(empty: Between) -> None:
    before = len(talk(empty).lines)
    for said in ("[No such button]", "/nonsense", "\N{GRINNING FACE}", "x" * 5000):
        assert len(talk(empty, said).lines) > before, said
