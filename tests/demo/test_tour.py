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
from content.library import load
from demo.control import SIDES, STEPS, Step, Suggestion
from tests.demo.conftest import FRIDAY


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


async def test_whoever_lets_nobody_answer_sees_the_page_climb_and_may_end_it_at_any_rung(stage: Stage) -> None:
    stage.here.phone(stage.patient.user_id).open_link(await stage.invite_link())
    await do(stage, (await stage.suggestions())[0])
    await do(stage, next(card for card in await stage.suggestions() if card.id == "danger"))
    seen: list[tuple[str, str]] = []
    for _ in range(4):
        take, climb, *_ = await stage.suggestions()
        seen.append((take.id, climb.id))
        await do(stage, climb)
    take, climb, *_ = await stage.suggestions()
    assert [*seen, (take.id, climb.id)] == [
        ("take", "repeat"),
        ("take", "backup"),
        ("take_backup", "supervisor"),
        ("take_supervisor", "all"),
        ("take", "exhausted"),
    ]
    imani = stage.here.phone(stage.further[0].user_id)
    imani.press("I'll take it")
    await stage.here.until(lambda: any("you have taken this" in text for text in imani.texts), 60)
    for title, button in (("Imani calls Robin", "They spoke"), ("Close it with an outcome", "Safe for now")):
        card = (await stage.suggestions())[0]
        assert (card.title, card.button, card.phone) == (title, button, "backup")
        await do(stage, card)
    assert await stage.next_step() is None


async def do(stage: Stage, card: Suggestion) -> None:
    """What the page does when the button of a card is pressed; returns when its first cards have changed."""
    before = (await stage.suggestions())[:2]
    holders = dict(zip(SIDES, (stage.patient, stage.staff, *stage.further), strict=True))
    phone = stage.here.phone(holders[card.phone].user_id)
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
            await stage.turn(next(step for step in STEPS if step == card.value))
        case "weekly":
            assert "Safety: 1 event this week, closed" in await stage.weekly_html(card.value)
            return
    for _ in range(200):
        if (await stage.suggestions())[:2] != before:
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
