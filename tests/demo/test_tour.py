"""What stands beside the phones: four cards that fit the moment, and the demo answering for its patient."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from bot.commands import moments, tour
from bot.commands.moments import Alert, Moment, Story
from bot.commands.stage import Stage, staged
from bot.phones import instant
from content.library import load
from demo.control import Step, Suggestion

FRIDAY = instant("2026-11-20T18:50-05:00")


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    monkeypatch.setattr(tour, "READ", 0.05)
    async with staged(tmp_path, 0, 7, FRIDAY) as (_, stage):
        yield stage


def test_there_are_four_different_things_to_try_at_any_moment() -> None:
    for at in (Moment(*each) for each in product(get_args(Story), get_args(Alert), (2, 9, 14, 22))):
        cards = moments.suggestions(at, load("en"))
        assert len({card.id for card in cards}) == 4, at
        assert all(card.title and card.detail and card.button for card in cards), at


async def test_whoever_takes_the_first_card_each_time_sees_the_whole_story(stage: Stage) -> None:
    taken: list[str] = []
    while not taken or taken[-1] != "own_week":
        card = (await stage.suggestions())[0]
        taken.append(card.id)
        assert len(taken) < 15
        await do(stage, card)
    story = "invitation welcome evening evening_on offered riding skill danger take reached close own_week"
    assert taken == story.split()


async def do(stage: Stage, card: Suggestion) -> None:
    """What the page does when the button of a card is pressed; returns when its first card has changed."""
    phone = stage.here.phone((stage.patient if card.phone == "patient" else stage.staff).user_id)
    match card.do:
        case "invitation":
            phone.open_link(await stage.invite_link())
        case "fill" | "send":
            phone.send_text(card.value)
        case "press":
            await stage.here.until(lambda: any(card.value in row for message in phone.messages for row in message.labels), 60)
            phone.press(card.value)
        case "play":
            await stage.play()
        case "turn":
            await stage.turn("+30m")
        case "weekly":
            assert "Safety: 1 event this week, closed" in await stage.weekly_html(card.value)
            return
    for _ in range(200):
        if (await stage.suggestions())[0] != card:
            return
        await stage.here.wait_change(0.1)
    raise AssertionError(f"after {card.id} the same card stays")


async def test_a_visitor_may_answer_in_between(stage: Stage) -> None:
    robin = stage.here.phone(stage.patient.user_id)
    robin.open_link(await stage.invite_link())
    await stage.here.until(lambda: robin.texts, 60)
    robin.press("Next")
    await stage.play()
    await stage.here.until(lambda: "All set, Robin" in robin.texts[-1], 60)
    robin.send_text("/settings")
    await stage.here.until(lambda: "All set" not in robin.texts[-1], 60)
    before = list(robin.texts)
    await stage.play()
    assert robin.texts == before


async def test_turning_the_clock_past_many_minutes_takes_seconds(stage: Stage) -> None:
    walls: dict[Step, str] = {"+30m": "19:20", "tonight": "20:30", "tomorrow": "08:30", "monday": "09:00"}
    for step, wall in walls.items():
        async with asyncio.timeout(10):
            await stage.turn(step)
        assert f"{stage.now().astimezone(ZoneInfo(stage.zone)):%H:%M}" == wall
