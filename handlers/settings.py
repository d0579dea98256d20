"""Settings: what is set, and each thing can be changed by itself."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from bot.flow import Ask, Choice, Do, Flow, Me, Read, Say, Talking, Text, scoped
from bot.flow.commands import SaveProfile, StartFlow
from handlers import consent
from handlers.phone import ask_name, change_phone
from handlers.place import ask_place, ask_zone
from handlers.times import ask_check_ins, ask_discreet, ask_quiet

ROUNDS = 20
"""How many things can be changed before the talk ends by itself."""
MOST_MEDICINES = 12

Part = Generator[Any, Any, Any]


def settings(me: Me) -> Talking:
    for n in range(1, ROUNDS):
        mine = yield Read("profile.mine")
        what = yield Ask(f"what_{n}", Choice(of=WHAT, columns=2), words="settings.what", slots=mine["shown"])
        if what == "done":
            yield Say("settings.closed")
            return
        if what in ("pause", "my_data"):
            yield Do(StartFlow(what))
            return
        left = yield from scoped(f"round_{n}", _change(me, what, mine))
        if left:
            return


def _change(me: Me, what: str, mine: dict[str, Any]) -> Part:
    """Evaluates to True when they left the program."""
    if what == "consents":
        return (yield from consent.change(me, mine["clinic"]))
    if what == "travel":
        yield from scoped("profile.zone", ask_zone(me, me.country, travel=True))
    elif what == "place":
        yield from ask_place(me)
    else:
        scope, part = PARTS[what]
        yield from scoped(scope, part(me))
    return False


def ask_medicines(me: Me) -> Part:
    """The names of what is taken, one a line; the check-in then asks whether they were taken."""
    typed = yield Ask("ask", Text(limit=500, fact=True, of=(("none", "profile.medicines.none"),), optional=True))
    if typed is not None:
        yield Do(SaveProfile({"medicines": [] if isinstance(typed, list) else names(typed)}), again=True)


def names(typed: str) -> list[str]:
    """The medicines in a typed list, split at lines and commas, each at most 60 characters."""
    parts = (part.strip(" -•*\t") for line in typed.splitlines() for part in line.split(","))
    return [part[:60] for part in parts if part][:MOST_MEDICINES]


PARTS: dict[str, tuple[str, Callable[[Me], Part]]] = {
    "name": ("profile.name", ask_name),
    "phone": ("profile.phone", change_phone),
    "check_ins": ("profile.check_ins", ask_check_ins),
    "quiet": ("profile.quiet", ask_quiet),
    "discreet": ("profile.discreet", ask_discreet),
    "medicines": ("profile.medicines", ask_medicines),
}
WHAT = tuple(
    (what, f"settings.{what}")
    for what in ("name", "phone", "check_ins", "quiet", "discreet", "medicines", "place", "travel", "consents", "pause", "my_data", "done")
)
FLOWS = (Flow("settings", settings, expires=12 * 60, later=False, version=2),)
