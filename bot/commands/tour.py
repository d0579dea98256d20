"""The demo answers for its patient: for a visitor who wants to see where a conversation leads without tapping all of it.

It taps and types on the patient's phone as anyone would, one question after the other, slowly enough to be read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from content.library import load
from demo.phone import Phone
from storage import people, talks
from storage.store import Unit

READ = 0.5
"""Real seconds a question stands before it is answered."""
WITHIN = 8.0
"""Real seconds the next question may take to come."""
TYPED = "demo.answer."
"""Answers that begin so are content ids whose words are typed; all others are options of the keyboard."""

ANSWERS: dict[str, tuple[str, ...]] = {
    "welcome/is": ("next",),
    "welcome/reads": ("next",),
    "welcome/breaks": ("next",),
    "welcome/consent.program/ask": ("yes",),
    "welcome/consent.weekly/ask": ("yes",),
    "welcome/consent.crisis_words/ask": ("yes",),
    "welcome/consent.outreach/ask": ("yes",),
    "welcome/profile.name/ask": ("offer:0",),
    "welcome/profile.phone/ask_1": (f"{TYPED}phone",),
    "welcome/profile.country/ask_1": ("US",),
    "welcome/profile.state/ask_1": (f"{TYPED}state",),
    "welcome/profile.zone/right_0": ("yes",),
    "welcome/profile.check_ins/morning": ("08:30",),
    "welcome/profile.check_ins/evening": ("20:00",),
    "welcome/profile.quiet/ask": ("keep",),
    "welcome/profile.discreet/ask": ("no",),
    "check_in/mood": ("4",),
    "check_in/sleep_hours": ("4_to_6",),
    "check_in/sleep_quality": ("4",),
    "check_in/craving": ("8",),
    "check_in/trigger": ("+loneliness", "+boredom", "~done"),
    "check_in/stress": ("6",),
    "check_in/use": ("none",),
    "check_in/connection": ("yes",),
    "check_in/confidence": ("6",),
    "check_in/line": (f"{TYPED}line",),
    "check_in/share": ("team",),
    "check_in/skill_offer": ("urge_surfing",),
    "skill/skills/skills.urge_surfing/reach": ("no",),
    "skill/skills/skills.urge_surfing/where": ("chest",),
    "skill/skills/skills.urge_surfing/minutes": ("3",),
    "skill/skills/after": ("4",),
    "skill/skills/next": ("enough",),
}
"""By question: the first of these that can be tapped, or what is typed. Where nothing is written the visitor goes on alone."""
WORTH_READING = ("check_in/skill_offer", "skill/skills/next")
"""Questions it stops at, unless it is asked to go on from there."""


@dataclass(frozen=True)
class Waiting:
    """The question that waits: its key, and the nonce and options of its keyboard."""

    key: str
    nonce: str
    options: tuple[str, ...]


Look = Callable[[], Awaitable[Waiting | None]]


def waiting(u: Unit, code: str) -> Waiting | None:
    """The question a patient's conversation waits at; None when there is none."""
    who = people.person_by_code(u, code)
    chat = people.chat_of(u, who.id) if who is not None else None
    talk = talks.waiting(u, chat) if chat is not None else None
    prompt = talks.prompt(u, talk.prompt) if talk is not None and talk.prompt is not None else None
    return Waiting(prompt.key, prompt.nonce, prompt.options) if prompt is not None else None


async def answer_for(phone: Phone, look: Look) -> None:
    """Answer until something is worth reading, a timer runs, or a question comes that is the visitor's own."""
    now = await look()
    while now is not None and now.key in ANSWERS and await _shown(phone, now):
        await asyncio.sleep(READ)
        if await look() == now:
            _give(phone, now)
        following = await _following(now, look)
        now = following if following is not None and following.key not in WORTH_READING else None


def _give(phone: Phone, asked: Waiting) -> None:
    answers = ANSWERS[asked.key]
    if answers[0].startswith(TYPED):
        phone.send_text(load("en").text(answers[0]))
        return
    option = next((answer for answer in answers if answer in asked.options), None)
    if option is not None:
        data = f"{asked.nonce}.{asked.options.index(option)}"
        message = next(message for message in phone.messages if data in _taps(message.buttons()))
        phone.tap(message.id, data)


async def _shown(phone: Phone, asked: Waiting) -> bool:
    """Wait until the question is on the phone."""
    data = f"{asked.nonce}.0"
    try:
        await phone.here.until(lambda: any(data in _taps(message.buttons()) for message in phone.messages), WITHIN)
    except TimeoutError:
        return False
    return True


async def _following(before: Waiting, look: Look) -> Waiting | None:
    """What waits next; None when nothing does, or nothing comes."""
    for _ in range(round(WITHIN / (READ / 5))):
        now = await look()
        if now != before:
            return now
        await asyncio.sleep(READ / 5)
    return None


def _taps(buttons: object) -> list[object]:
    return [button.get("callback_data") for button in buttons]  # type: ignore[attr-defined]
