"""Countries, states and time zones by the names people type for them. Data only: `content/places.toml` and the tz database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from zoneinfo import available_timezones

from content.library import ROOT, read_toml

FOLDED = str.maketrans({"_": " ", "-": " ", ",": " ", ".": None})


@dataclass(frozen=True)
class Places:
    """Looked up by folded name (`fold`). Codes are ISO 3166-1 alpha-2 and USPS; zones are names of the tz database."""

    countries: Mapping[str, str]
    country_names: Mapping[str, str]
    states: Mapping[str, str]
    state_names: Mapping[str, str]
    state_zones: Mapping[str, tuple[str, ...]]
    country_zones: Mapping[str, tuple[str, ...]]
    likely: Mapping[str, tuple[str, ...]]
    """The zones most people of a wide country keep."""
    zone_names: Mapping[str, str]
    zones: Mapping[str, tuple[str, ...]]


def country(typed: str) -> str | None:
    """The country a name or a two-letter code stands for."""
    return _load().countries.get(fold(typed))


def country_name(code: str) -> str:
    return _load().country_names.get(code, code)


def state(typed: str) -> str | None:
    """The state of the United States a name or a USPS code stands for."""
    return _load().states.get(fold(typed))


def state_name(code: str) -> str:
    return _load().state_names.get(code, code)


def zones(country: str, state: str = "") -> tuple[str, ...]:
    """The zones people of a place may keep, the likeliest first; the common ones of a country without its state."""
    places = _load()
    if country == "US":
        return places.state_zones.get(state) or tuple(places.zone_names.values())
    return places.likely.get(country) or places.country_zones.get(country, ())


def zone(typed: str, country: str = "") -> str | None:
    """The zone a city, a state, a zone's name or a common abbreviation stands for; one of `country` before any other."""
    found = _load().zones.get(fold(typed), ())
    near = [each for each in found if each in _load().country_zones.get(country, ())]
    return next(iter(near or found), None)


def zone_name(zone: str) -> str:
    """A zone as a button shows it: its own name in common use, else its city."""
    named = {known: name for name, known in _load().zone_names.items()}
    return named.get(zone) or zone.rpartition("/")[2].replace("_", " ")


def fold(typed: str) -> str:
    """As names are compared: no case, no dots, one kind of space."""
    return " ".join(typed.casefold().translate(FOLDED).split())


@cache
def _load() -> Places:
    data = read_toml(ROOT / "places.toml")
    names = dict(line.split("\t")[:2] for line in _table("iso3166.tab"))
    rows = [line.split("\t") for line in _table("zone.tab")]
    country_zones: dict[str, tuple[str, ...]] = {}
    for code, _, zone, *_ in rows:
        country_zones[code] = (*country_zones.get(code, ()), zone)
    called = [(code, name) for name, code in data["countries"].items()]
    states = {code: row[0] for code, row in data["states"].items()}
    state_zones = {code: tuple(row[1:]) for code, row in data["states"].items()}
    return Places(
        countries={fold(name): code for code, name in [*names.items(), *zip(names, names, strict=True), *called]},
        country_names=names | data["country_names"],
        states={fold(name): code for code, name in states.items()} | {fold(code): code for code in states},
        state_names=states,
        state_zones=state_zones,
        country_zones=country_zones,
        likely={code: tuple(kept) for code, kept in data["likely"].items()},
        zone_names=data["zone_names"],
        zones=_zones(data, [row[2] for row in rows], {fold(states[code]): kept for code, kept in state_zones.items()}),
    )


def _zones(data: Mapping[str, Mapping[str, str]], listed: list[str], states: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Every name a zone goes by; where names clash, common names win, then zones of today, then old names of zones."""
    found: dict[str, tuple[str, ...]] = {}
    known = available_timezones()
    common = [(name, zone) for part in ("zone_names", "zones") for name, zone in data[part].items()]
    names = [*common, *((name, zone) for name, kept in states.items() for zone in kept)]
    for zone in [*listed, *sorted(known - set(listed))]:
        if "/" in zone and zone in known and not zone.startswith(("Etc/", "posix/", "right/", "SystemV/")):
            names += [(zone, zone), (zone.rpartition("/")[2], zone)]
    for name, zone in [*names, ("utc", "UTC"), ("gmt", "UTC")]:
        folded = fold(name)
        if zone not in found.get(folded, ()):
            found[folded] = (*found.get(folded, ()), zone)
    return found


def _table(name: str) -> list[str]:
    text = (files("tzdata.zoneinfo") / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
