"""Crisis lines and emergency numbers by country, from `content/hotlines.toml`.

Loaded at start, so that a card needs no file and no database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from content.library import REVIEW_STATES, ROOT, ContentError, read_toml

FILE = ROOT / "hotlines.toml"
ANYWHERE = "ZZ"
PURPOSES = ("suicide", "distress", "violence", "poison", "substance", "directory")
CONFIDENCE = ("high", "medium", "low")


@dataclass(frozen=True)
class Hotline:
    """One line. `number`, `text` and `chat` are ways in ("" where there is none); `text` reads "HOME to 741741" when a word is asked for.

    `press`: what to press after the call is answered. `country`: ISO 3166-1 alpha-2, "ZZ" for anywhere. `confidence`: how many public
    sources agreed; a line of low confidence is not shown to patients by default.
    """

    id: str
    country: str
    name: str
    number: str
    press: str
    text: str
    chat: str
    language: str
    hours: str
    purpose: str
    source: str
    confidence: str
    review: str
    checked_on: date
    expires_after_days: int

    @property
    def way(self) -> str:
        """How to reach it, to follow "call now:" or the like, e.g. "call or text 988" or "text HOME to 741741"."""
        press = f" and press {self.press}" if self.press else ""
        if self.number and self.text == self.number:
            return f"call or text {self.number}{press}"
        if self.number and self.text:
            return f"call {self.number}{press}, or text {self.text}"
        if self.number:
            return f"call {self.number}{press}"
        return f"text {self.text}" if self.text else f"go to {self.chat}"


@dataclass(frozen=True)
class Registry:
    """All lines in file order (best first within a country and purpose) and the emergency numbers."""

    hotlines: tuple[Hotline, ...]
    emergency: Mapping[str, str]


@cache
def load_registry() -> Registry:
    """Read and check the file once; raises `ContentError` naming the row and what to change."""
    data = read_toml(FILE)
    meta = data.get("meta", {})
    rows = tuple(_hotline(row, meta) for row in data.get("line", ()))
    ids = [row.id for row in rows]
    if doubled := sorted({id for id in ids if ids.count(id) > 1}):
        raise ContentError(f"hotlines.toml: the ids {doubled} are used twice.")
    if not any(row.country == ANYWHERE for row in rows):
        raise ContentError(f'hotlines.toml: a row with country = "{ANYWHERE}" is needed for countries without a line.')
    return Registry(rows, dict(data.get("emergency", {})))


def lines(country: str, purpose: str = "suicide", confirmed: Collection[str] = ()) -> tuple[Hotline, ...]:
    """The lines of a country (ISO 3166-1 alpha-2, any case) for one purpose, best first; the worldwide directory where there is none.

    Lines of low confidence are left out unless the clinic `confirmed` their ids: a wrong number is worse than none.
    """
    found = (row for row in of_country(country) if row.purpose == purpose)
    return tuple(row for row in found if row.confidence != "low" or row.id in confirmed) or default_lines()


def of_country(country: str) -> tuple[Hotline, ...]:
    """Every row on file for a country, of every purpose and confidence; none where nothing is known."""
    code = country.strip().upper()
    return tuple(row for row in load_registry().hotlines if row.country == code)


def default_lines() -> tuple[Hotline, ...]:
    """What to show when the country is unknown: a directory of helplines."""
    return tuple(row for row in load_registry().hotlines if row.country == ANYWHERE)


def short(country: str, purpose: str = "suicide", confirmed: Collection[str] = ()) -> str:
    """The best line in a few words for a card's slot, e.g. "call or text 988".

    Where none is known for the purpose, the country's suicide line; where that is not known either, the worldwide directory.
    """
    found = lines(country, purpose, confirmed)
    return (found if found[0].country != ANYWHERE else lines(country, confirmed=confirmed))[0].way


def emergency_number(country: str) -> str | None:
    """The number that brings an ambulance, or None: then the card says "your local emergency number"."""
    return load_registry().emergency.get(country.strip().upper())


def stale(now: date, rows: Iterable[Hotline] | None = None, confirmed: Mapping[str, date] | None = None) -> list[Hotline]:
    """Of `rows` (default: all), those nobody has checked for longer than they allow on the given day, neither we nor the clinic."""
    known = confirmed or {}
    return [
        row
        for row in (load_registry().hotlines if rows is None else rows)
        if max(row.checked_on, known.get(row.id, row.checked_on)) + timedelta(days=row.expires_after_days) <= now
    ]


def _hotline(row: Mapping[str, Any], meta: Mapping[str, Any]) -> Hotline:
    id = row.get("id", "a row without id")
    merged = {**meta, **row}
    wrong = [
        name
        for name, good in {
            "country": isinstance(row.get("country"), str) and len(row["country"]) == 2 and row["country"].isupper(),
            "name": bool(row.get("name")),
            "language": bool(row.get("language")),
            "hours": bool(row.get("hours")),
            "purpose": row.get("purpose") in PURPOSES,
            "confidence": row.get("confidence") in CONFIDENCE,
            "source": bool(row.get("source")),
            "review": merged.get("review") in REVIEW_STATES,
            "checked_on": isinstance(merged.get("checked_on"), date),
            "expires_after_days": isinstance(merged.get("expires_after_days"), int),
            "number, text or chat": any(row.get(way) for way in ("number", "text", "chat")),
        }.items()
        if not good
    ]
    if wrong:
        raise ContentError(f"hotlines.toml: {id} needs a usable {', '.join(wrong)}.")
    texts = {name: row.get(name, "") for name in ("number", "press", "text", "chat")}
    named = {name: row[name] for name in ("id", "country", "name", "language", "hours", "purpose", "source", "confidence")}
    return Hotline(
        **named, **texts, review=merged["review"], checked_on=merged["checked_on"], expires_after_days=merged["expires_after_days"]
    )
