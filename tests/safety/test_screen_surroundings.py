"""What stands around words of danger in the same message must not silence them: times, lists, another line, a plea for help."""

from __future__ import annotations

import pytest

from safety.heard import Level, Track
from safety.screen import screen

DANGER = (
    "I want to kill myself",
    "I'm going to kill myself tonight",
    "I took all my pills",
    "I just cut my wrists",
    "I want to end my life",
    "me quiero matar",
    "quiero morir",
    "me tome todas las pastillas",
)
AROUND = (
    "{} at 9 pm",
    "left work at 6 and {}",
    "- woke up at 7\n- skipped group\n- {}",
    "5 years sober, {}",
    "5 years sober and {} tonight",
    "it started two years ago\n{}",
    "I went to high school\n{}",
    "lol\n{}",
    "years ago I was happy \n{}",
    "no meetings today\r\n{}",
    "back then\t\n\n {}",
    "I would never\u2028{}",
    "I watched a movie\n{}",
    "{}\nnone of it helps",
    "{}, zero left",
    "{} it's over",
    "can you help me, {}",
    "ok.{}",
    "5 years sober.{}",
    "{}\nDeer waited at the crossing",
    "{}\nPulled weeds till dark",
    'watched "Up, the movie, {}',
    "no pude dormir {}",
)


@pytest.mark.parametrize("around", AROUND, ids=repr)
def test_danger_pages_whatever_stands_around_it(around: str) -> None:
    assert [danger for danger in DANGER if screen(around.format(danger)).level < Level.HIGH] == []


def test_denied_again_and_again_and_then_said() -> None:
    assert screen("I am not saying I want to kill myself " * 6 + "but I want to kill myself").level >= Level.HIGH


@pytest.mark.parametrize(
    ("text", "before"),
    [("I have a gun", "I want to die"), ("all my pills", "i took")],
)
@pytest.mark.parametrize("between", ["woke up at 7", "5 years sober", "in high school", "lol"])
def test_another_message_between_two_halves_takes_neither_back(text: str, before: str, between: str) -> None:
    assert screen(text, [between, before]).level is screen(text, [before]).level >= Level.HIGH


@pytest.mark.parametrize(
    "text",
    [
        "when i was 15 i wanted to die, that is long over",
        "suicidal thoughts: none",
        "the thoughts of dying are gone",
        "my coach beat me at chess today",
        "I don't want to kill myself",
        "no me quiero matar",
    ],
)
def test_what_is_past_denied_or_told_still_is(text: str) -> None:
    assert screen(text).level < Level.HIGH


@pytest.mark.parametrize("text", ["me quiero matar", "ya me quiero matar hoy", "me quiero suicidar"])
def test_the_one_in_danger_is_the_one_who_writes(text: str) -> None:
    heard = screen(text)
    assert (heard.level >= Level.HIGH, heard.track) == (True, Track.SUICIDE)


def test_halves_of_a_long_day_mean_nothing_together() -> None:
    halves = ("I have the pills here", "I don't want to wake up")
    day = "I fed the cat and watered the beans, then we had soup with my aunt. " * 8
    close, apart = (screen(f"{halves[0]}. {between}{halves[1]}.") for between in ("", day))
    assert close.level >= Level.HIGH > apart.level
