"""What people type where a question waits: codes, times, numbers, names, zones and phone numbers in every shape. Seeded."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from bench.fuzz.updates import TEXTS
from bench.fuzz.world import PEOPLE, World
from content.library import load
from storage import people, talks

TYPED = (
    "7", "7pm", "25:00", "\u0667:\u0663\u0660", "1e9", "noon-ish", "24:00", "7:5", "-1", "0", "3.5", "10/10", "11", "\uff17",
    "\u00b2", "VII",
    "8 p.m.", "20h15", "12am", "13pm", "::", "9" * 200, "0x10", "NaN", "two", "555-0111", "+1 (555) 010-0111 ext. 7", "call me", "+" * 30,
    "0001", "0001 0002", "G1", "../../etc", "CON", "2026-W46", "caseload", "a" * 12, "a" * 13, "ny", "Mars/Phobos", "UTC+25",
    "America/New_York",
    "2026-02-30", "tomorrow", "0000-00-00", "9999-12-31", "mon", "52", "53", "1,5", "O'Brien", "\u5f20\u4f1f", "X \u00c6 A-12",
    "\u202eniboR", "\u200b",
    "Robin\0", "-", "?", "{name}", "%(name)s", "<i>", "yes", "no", "skip", "back", "done", "Next", *TEXTS,
)  # fmt: skip
TALKS = {
    "patient": ("/settings", "/journal", "/skills", "/checkin", "/pause", "/mydata", "/sessions"),
    "new": ("/start",),
    "admin": ("/invite", "/session"),
    "clinician": ("/session",),
}
SCOLDING = ("invalid", "error", "exception", "wrong", "illegal", "must ", "traceback", "none", "null")


@dataclass
class Typed:
    """Questions reached, and what went wrong."""

    asked: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    count: int = 0


def answer(world: World, count: int, seed: int) -> Typed:
    """Walk through the talks by random taps and typed answers; after each typed answer there is a way on."""
    rng, told = random.Random(seed), Typed()
    while told.count < count:
        who = rng.choice(tuple(TALKS))
        address = PEOPLE[who]
        world.take([world.numbered(world.text(address, rng.choice(TALKS[who])))])
        for _ in range(rng.randrange(2, 14)):
            prompt = _waits(world, who)
            if prompt is None:
                break
            told.asked[prompt[0]] += 1
            if rng.random() < 0.55:
                _type(world, rng, told, who, prompt[0])
            else:
                data = f"{prompt[1]}.{rng.randrange(len(prompt[2]))}"
                _judge(told, world.take([world.numbered(world.tap(address, data))]), f"tap at {prompt[0]}", who)
        if told.count % 50 < 3:
            world.begin_again()
        world.forward(timedelta(minutes=1))
    return told


def _waits(world: World, who: str) -> tuple[str, str, tuple[str, ...]] | None:
    """(question, nonce, options) of the talk that waits."""
    with world.store.unit(world.now) as u:
        chat = people.chat_for(u, PEOPLE[who])
        row = talks.waiting(u, chat)
        prompt = talks.prompt(u, row.prompt) if row is not None and row.prompt is not None else None
        return (prompt.key, prompt.nonce, prompt.options) if prompt is not None else None


def _outside(world: World, who: str) -> bool:
    """Who has stopped everything is told so once an hour, and not each time."""
    with world.store.unit(world.now) as u:
        person = people.chat_for(u, PEOPLE[who]).person
        return person is None or people.person(u, person).outside


def _type(world: World, rng: random.Random, told: Typed, who: str, question: str) -> None:
    text = rng.choice(TYPED)[:4096]
    told.count += 1
    seen = world.take([world.numbered(world.text(PEOPLE[who], text))])
    _judge(told, seen, f"{text[:40]!a} at {question}", who)
    if text.strip() and not seen.sent and not _outside(world, who):
        told.faults.append(f"no answer to {text[:40]!a} at {question}")


def _judge(told: Typed, seen: object, what: str, who: str) -> None:
    from bench.fuzz.world import Seen

    assert isinstance(seen, Seen)
    told.cpu += seen.cpu
    told.faults += [f"{fault} after {what}" for fault in seen.faults]
    if set(seen.states) - {"done"}:
        told.faults.append(f"set aside: {what}")
    for _, _, content in seen.sent:
        for id in content.split():
            if id.startswith(("bot.flow_closed", "bot.trouble")):
                told.faults.append(f"{id} after {what}")
            elif id.startswith(("bot.needs", "bot.too_long")) or ".again@" in id or ".bad_" in id:
                words = load("en").item(id.split("@")[0]).text.lower()
                told.faults += [f"{id} scolds: {word}" for word in SCOLDING if word in words.split()]
