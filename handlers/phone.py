"""What to be called, and the number the person on call can ring. The number is kept as it was typed."""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Any

from bot.flow import Ask, Do, Flow, Me, Read, Say, Talking, Text, scoped
from bot.flow.commands import SaveProfile

TRIES = 5
NUMBER = re.compile(r"\+?[\d\s().,/-]{5,30}(?:\s*(?:x|ext\.?)\s*\d{1,6})?", re.IGNORECASE)

Part = Generator[Any, Any, Any]


def phone(me: Me) -> Talking:
    """Opened from the crisis card too, so it is one question long."""
    yield from scoped("profile.phone", change_phone(me))


def ask_name(me: Me) -> Part:
    """A skip leaves the name as it is: at first, what their program calls them."""
    offer = (me.name,) if me.name else ()
    name = yield Ask("ask", Text(limit=40, fact=True, offer=offer, optional=True))
    if name is not None:
        yield Do(SaveProfile({"call_name": name}), again=True)


def ask_phone(me: Me) -> Part:
    """The first time: a skip has a consequence, and it is said."""
    number = yield from _number("profile.phone.ask")
    yield Do(SaveProfile({"phone": number or ""}), again=True)
    if number is None:
        yield Say("profile.phone.skipped")


def change_phone(me: Me) -> Part:
    """Later on: a skip leaves the number as it is. Asked from the crisis card too, so no call is promised that nobody would make."""
    known = (yield Read("profile.mine"))["phone"]
    number = yield from _number("profile.phone.change", known)
    if number is not None:
        yield Do(SaveProfile({"phone": number}), again=True)
        can_ring = yield Read("reaching.can_ring")
        yield Say("profile.phone.saved" if can_ring else "profile.phone.saved_nobody", {"phone": number})
    else:
        yield Say("profile.phone.unchanged")


def is_phone(text: str) -> bool:
    """Whether it could be a telephone number: five to fifteen digits, and only what people write between them."""
    return NUMBER.fullmatch(text.strip()) is not None and 5 <= sum(sign.isdigit() for sign in text) <= 15


def _number(words: str, known: str | None = None) -> Part:
    """What was typed, or None when it was skipped."""
    for n in range(1, TRIES):
        slots = {"phone": known} if known is not None and n == 1 else {}
        asked = words if n == 1 else "profile.phone.again"
        typed = yield Ask(f"ask_{n}", Text(limit=40, fact=True, optional=True), words=asked, slots=slots)
        if typed is None or is_phone(typed):
            return typed
    return None


FLOWS = (Flow("phone", phone, expires=12 * 60, later=False),)
