"""What people say in the hour of a suicide pages by rule, in plain or halting sentences; its harmless twin does not."""

from __future__ import annotations

import pytest

from safety.heard import Level
from safety.rules import load_rules
from safety.screen import by_rules

PAGES = (
    "I keep picturing my truck going off the pier",
    "images of me hanging in the shed",
    "the crash wasn't an accident",
    "Last month I turned on the gas. The neighbours smelled it",
    "put a cigarette out on my leg",
    "I swallowed a battery",
    "did it again last night. thigh. not that deep",
    "I won't be able to keep myself from doing it",
    "don't blame yourselves",
    "sitting here with a loaded revolver",
    "I have everything I need to do it",
    "I lied about giving the pistol to my uncle",
    "I wish they hadn't saved me",
    "this time I'll do it right",
    "I'm not scared to die anymore",
    "Last message. Then me",
    "time to log out. permanently",
    "I took them. All of them",
    "the pills are out",
    "sat on the railway line",
)
STAYS_SILENT = (
    "I keep picturing my truck going to the car wash",
    "images of the cat hanging out in the shed",
    "the cake wasn't an accident",
    "Last month I turned on the heating",
    "put a sticker on my leg",
    "I swallowed my coffee too fast",
    "did it again last night. dishes, not that many",
    "I don't blame them for laughing",
    "I have everything I need for the soup",
    "I'm not scared to fly anymore",
    "Last message. Then lunch",
    "time to log out. dinner",
    "I took the vitamins",
    "sat on the porch",
)


def _pages(text: str) -> bool:
    return by_rules(load_rules(), text).level > Level.CONCERN


@pytest.mark.parametrize("text", PAGES)
def test_said_in_that_hour_pages(text: str) -> None:
    assert _pages(text)


@pytest.mark.parametrize("text", STAYS_SILENT)
def test_its_harmless_twin_stays_silent(text: str) -> None:
    assert not _pages(text)
