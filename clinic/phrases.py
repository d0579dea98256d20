"""Dates, numbers, plurals and patients' text as they are said on the page; the words themselves are content (`weekly.*`)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from content.library import Words

_ZERO_WIDTH_JOINER = "\u200d"


@dataclass(frozen=True, slots=True)
class Phrases:
    """The words of one page, with the zone its times are told in."""

    words: Words
    zone: ZoneInfo

    def say(self, id: str, **slots: object) -> str:
        """A content item of the page, its id without the leading `weekly.`."""
        return self.words.text(f"weekly.{id}", **slots)

    def count(self, id: str, n: int, **slots: object) -> str:
        """The singular (`.one`) or plural (`.many`) of an item, each given only the slots it has."""
        item = f"weekly.{id}.{'one' if n == 1 else 'many'}"
        known = {"n": n, **slots}
        return self.words.text(item, **{name: known[name] for name in self.words.item(item).slots})

    def label(self, area: str, code: str) -> str:
        """The name of a code: `weekly.<area>.<code>`, else what the check-in calls it, else the code itself, readable."""
        for id in (f"weekly.{area}.{code}", f"checkin.{area}.{code}"):
            if self.words.has(id):
                return self.words.text(id)
        return clean(code).replace("_", " ").capitalize()

    def weekday(self, day: date) -> str:
        return self.say("days").split()[day.weekday()]

    def short(self, day: date) -> str:
        """ "9 Nov"."""
        return f"{day.day} {self.say('months').split()[day.month - 1]}"

    def day(self, day: date) -> str:
        """ "Mon 9 Nov"."""
        return f"{self.weekday(day)} {self.short(day)}"

    def when(self, at: datetime) -> str:
        """ "Wed 11 Nov 21:40 EST": in the clinic's zone, which is named because a page may be read in another."""
        local = at.astimezone(self.zone)
        return f"{self.day(local.date())} {local:%H:%M} {zone_name(local)}"

    def local(self, at: datetime) -> str:
        """ "Wed 11 Nov 21:40", where the zone is already said."""
        local = at.astimezone(self.zone)
        return f"{self.day(local.date())} {local:%H:%M}"

    def after(self, at: datetime, start: datetime) -> str:
        """The time alone on the day of `start`, with the weekday up to six days on, else with the date; the zone is named
        again when the clocks changed between."""
        local, began = at.astimezone(self.zone), start.astimezone(self.zone)
        apart = (local.date() - began.date()).days
        clock = f"{local:%H:%M}"
        if apart:
            clock = f"{self.weekday(local.date())} {clock}" if 0 < apart < 7 else self.local(at)
        return clock if zone_name(local) == zone_name(began) else f"{clock} {zone_name(local)}"

    def weekdays(self, days: Iterable[date]) -> str:
        """ "Tue, Sat", each day once."""
        return ", ".join(dict.fromkeys(self.weekday(day) for day in days))


def zone_name(at: datetime) -> str:
    """The abbreviation of the zone at that instant, or its offset where the zone has none ("UTC-03")."""
    name = at.tzname() or ""
    return f"UTC{name.replace('-', '−')}" if name[:1] in "+-" and name else name


def number(value: float) -> str:
    """At most one decimal, with a true minus sign: 5, 5.5, −2.8."""
    return f"{value:.1f}".removesuffix(".0").replace("-", "−") if round(value, 1) else "0"


def signed(value: float, digits: int = 1) -> str:
    """Always with a sign: +0.2, −2.8; a change of nothing is ±0."""
    shown = f"{value:+.{digits}f}"
    return shown.replace("-", "−") if float(shown) else "±0"


def hours(minutes: int) -> str:
    """Minutes as hours with at most one decimal."""
    return number(minutes / 60)


def clean(text: str) -> str:
    """Text of a person in one line: white space is one space; what no page can show (control characters, half of a pair) is U+FFFD."""
    if text.isprintable():
        return " ".join(text.split())
    shown = "".join("\ufffd" if unicodedata.category(c) in ("Cc", "Cs") and not c.isspace() else c for c in text)
    return " ".join(shown.split())


def within(text: str, limit: int) -> str:
    """A person's words made ready to stand inside a sentence: in one line, shortened, and set apart when they run right to left."""
    text, shortened = cut(clean(text), limit)
    text += "…" if shortened else ""
    other_way = any(unicodedata.bidirectional(c) in ("R", "AL", "AN", "RLE", "RLO", "LRE", "LRO", "RLI", "LRI", "FSI") for c in text)
    return f"\u2068{text}\u2069" if other_way else text


def cut(text: str, limit: int) -> tuple[str, bool]:
    """At most about `limit` characters, ended at a word where there is one, and whether anything was left out."""
    if len(text) <= limit:
        return text, False
    end = text.rfind(" ", limit - 40, limit)
    if end < 0:
        end = limit
        while end < min(len(text), limit + 20) and (_clings(text[end]) or text[end - 1] == _ZERO_WIDTH_JOINER):
            end += 1
    return text[:end].rstrip(), end < len(text)


def _clings(character: str) -> bool:
    """Whether the character belongs to the one before it: an accent, a skin tone, a joiner."""
    return (
        character == _ZERO_WIDTH_JOINER
        or unicodedata.category(character) in ("Mn", "Me", "Mc")
        or "\U0001f3fb" <= character <= "\U0001f3ff"
    )
