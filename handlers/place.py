"""Where someone is: country and state for the right emergency numbers, and the time zone for everything that has a time.

Typed names are looked up, never guessed: what is not known is asked again, and after a few tries left as it was and said so.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from bot.flow import Ask, Do, Me, Read, Say, Text, YesNo, scoped
from bot.flow.commands import SaveProfile
from content import places

COUNTRIES = ("US", "CA", "GB", "IE", "AU", "NZ")
"""On buttons; every other country can be typed."""
TRIES = 4
OFFERED = 8

Part = Generator[Any, Any, Any]


def ask_place(me: Me) -> Part:
    """Country, state where there is one, and zone."""
    country = yield from scoped("profile.country", ask_country(me))
    state = ""
    if country == "US":
        state = yield from scoped("profile.state", ask_state(me))
    yield from scoped("profile.zone", ask_zone(me, country, state))


def ask_country(me: Me) -> Part:
    """Evaluates to a two-letter code. It decides which numbers the crisis card shows."""
    buttons = tuple((code, f"profile.country.{code}") for code in COUNTRIES)
    for n in range(1, TRIES):
        words = "profile.country.ask" if n == 1 else "profile.country.again"
        answer = yield Ask(f"ask_{n}", Text(limit=60, fact=True, of=buttons, columns=2), words=words)
        code = answer[0] if isinstance(answer, list) else places.country(answer)
        if code is not None:
            yield Do(SaveProfile({"country": code, "region": ""}), again=True)
            return code
    yield Say("profile.country.kept", {"country": places.country_name(me.country)})
    return me.country


def ask_state(me: Me) -> Part:
    """Evaluates to a state's two letters, or "" when it was skipped."""
    for n in range(1, TRIES):
        words = "profile.state.ask" if n == 1 else "profile.state.again"
        typed = yield Ask(f"ask_{n}", Text(limit=40, fact=True, optional=True), words=words)
        code = places.state(typed) if typed is not None else ""
        if code is not None:
            yield Do(SaveProfile({"region": code}), again=True)
            return code
    return ""


def ask_zone(me: Me, country: str, state: str = "", *, travel: bool = False) -> Part:
    """Propose the zone of the place, or take a city; either is shown with the time it has there now, and confirmed.

    travel: they are away from home, so the zone of home is not proposed.
    """
    near = places.zones(country, state)
    proposed = not travel and bool(near) and (len(near) == 1 or bool(state))
    if proposed and (yield from _right(near[0], 0)):
        return
    for n in range(1, TRIES):
        words = "profile.zone.ask" if n == 1 else "profile.zone.again"
        offer = tuple(places.zone_name(zone) for zone in near[:OFFERED]) if len(near) > 1 else ()
        typed = yield Ask(f"ask_{n}", Text(limit=60, fact=True, offer=offer, columns=2), words=words)
        zone = places.zone(typed, country)
        if zone is not None and (yield from _right(zone, n)):
            return
    yield Say("profile.zone.kept", {"zone": places.zone_name(me.zone)})


def _right(zone: str, n: int) -> Part:
    clock = yield Read("profile.clock", {"zone": zone})
    slots = {"zone": places.zone_name(zone), "time": clock}
    right = yield Ask(f"right_{n}", YesNo(yes="profile.zone.right", no="profile.zone.wrong"), words="profile.zone.confirm", slots=slots)
    if right:
        yield Do(SaveProfile({"zone": zone}), again=True)
    return right
