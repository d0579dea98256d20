"""The days of a made-up patient: what they answer morning and evening, with gaps, late ones and pauses as their story has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

from storage import check_ins as stored
from storage import notes
from storage.people import PersonCard
from storage.store import Unit
from storage.wall import instant

OPEN_FOR = timedelta(hours=3)
LOW_MOOD, TRIGGERS_FROM, WORST_BELOW = 2, 4, 7
"""As in the check-in: the safety question after a low mood, triggers from a craving of 4, its worst asked below 7."""
SEEN_AFTER = timedelta(hours=13)

Story = Mapping[str, Any]


@dataclass(frozen=True)
class Past:
    """Where a history ends: `now`, and the date it is then in the clinic's zone."""

    now: datetime
    today: date
    zone: str
    seed: int

    def at(self, ago: int, wall: str) -> datetime:
        return instant(self.today - timedelta(days=ago), wall, self.zone)

    def rng(self, *about: object) -> Random:
        """Chance of its own for each thing, so that a change in one story leaves the others as they are."""
        return Random(":".join(str(each) for each in (self.seed, *about)))


def then(u: Unit, at: datetime) -> Unit:
    """The same transaction at an earlier instant."""
    return Unit(u.connection, u.keys, min(at, u.now))


def level(points: Sequence[Sequence[float]], ago: float) -> float:
    """Where a curve of [days ago, level] points stands on a day, straight between two points and level beyond them."""
    points = sorted(points, key=lambda point: point[0])
    for (near_ago, near_level), (far_ago, far_level) in pairwise(points):
        if near_ago <= ago <= far_ago:
            return near_level + (far_level - near_level) * (ago - near_ago) / (far_ago - near_ago)
    return points[0][1] if ago < points[0][0] else points[-1][1]


def near(rng: Random, mean: float, spread: float = 1.2) -> int:
    """A rating from 0 to 10 around a mean."""
    return max(0, min(10, round(rng.gauss(mean, spread))))


def check_ins(u: Unit, who: PersonCard, story: Story, past: Past, staff: PersonCard) -> None:
    """Every slot from the day after the start to the end of the history. `staff` is who reads the inbox."""
    for ago in range(story["started"] - 1, -1, -1):
        for slot, wall in (("morning", who.morning_at), ("evening", who.evening_at)):
            assert wall is not None
            opens = past.at(ago, wall)
            if opens <= past.now:
                _slot(u, who, story, past, staff, slot, ago, opens)


def _slot(u: Unit, who: PersonCard, story: Story, past: Past, staff: PersonCard, slot: str, ago: int, opens: datetime) -> None:
    day, closes, rng = past.today - timedelta(days=ago), opens + OPEN_FOR, past.rng(who.code, slot, ago)
    if "paused" in story and story["paused"][0] >= ago >= story["paused"][1]:
        stored.paused(then(u, opens), who.id, slot, day)
        return
    stored.asked(then(u, opens), who.id, slot, day)
    if not _told(story, rng, day.weekday(), ago):
        if closes <= past.now:
            stored.closed(then(u, closes), who.id, slot, day)
        return
    values, status, at = _answers(story, rng, slot, ago), "complete", opens + timedelta(minutes=rng.triangular(1, 120, 6))
    if slot == "morning" and rng.random() < 0.05:
        status, at = "late", closes + timedelta(minutes=rng.randint(15, 240))
    elif rng.random() < 0.04 and "flat" not in story and not _turns_on(story, ago):
        status, values = "partial", dict(list(values.items())[:2])
    if at <= past.now:
        seconds = 4 if "flat" in story else round(rng.gauss(14 if slot == "morning" else 41, 5))
        stored.save(then(u, at), who.id, slot, day, values, status, at, seconds=seconds)
        if values.get("safety") == "sometimes":
            note = notes.add(then(u, at), who.id, "concern", "sometimes_no_plan")
            notes.seen(then(u, at + SEEN_AFTER), note, staff)


def _told(story: Story, rng: Random, weekday: int, ago: int) -> bool:
    """Whether the slot is answered; what a story turns on always is."""
    if _turns_on(story, ago):
        return True
    return rng.random() < level(story["answers"], ago) * (story.get("weekend", 1.0) if weekday > 4 else 1.0)


def _turns_on(story: Story, ago: int) -> bool:
    """Whether the story needs that day's check-ins: something happens in them, or a shared line ends one."""
    told = [line["ago"] for line in story["lines"] if line["shared"]]
    return ago in (story.get("use", {}).get("ago"), story.get("safety", {}).get("ago"), *told)


def _answers(story: Story, rng: Random, slot: str, ago: int) -> dict[str, Any]:
    if "flat" in story:
        same = story["flat"]
        ratings = ("mood", "sleep_quality") if slot == "morning" else ("mood", "craving", "stress", "confidence")
        return dict.fromkeys(ratings, same) | ({"sleep_hours": "6_to_8"} if slot == "morning" else {"use": "none", "connection": "no"})
    return _morning(story, rng, ago) if slot == "morning" else _evening(story, rng, ago)


def _morning(story: Story, rng: Random, ago: int) -> dict[str, Any]:
    hours = rng.gauss(level(story["sleep"], ago), 0.9)
    values: dict[str, Any] = _mood(story, rng, ago)
    values["sleep_hours"] = "under_4" if hours < 4 else "4_to_6" if hours < 6 else "6_to_8" if hours < 8 else "over_8"
    values["sleep_quality"] = near(rng, hours - 0.5, 1)
    if story.get("medicines"):
        values["meds"] = "some" if rng.random() < story["skips_medicines"] else "all"
    return values


def _evening(story: Story, rng: Random, ago: int) -> dict[str, Any]:
    values = _mood(story, rng, ago)
    if ago == story.get("safety", {}).get("ago"):
        values |= {"mood": LOW_MOOD, "safety": story["safety"]["answer"]}
    craving = values["craving"] = near(rng, level(story["craving"], ago))
    if 1 <= craving < WORST_BELOW:
        values["craving_worst"] = min(10, craving + rng.choice((0, 1, 1, 2, 3)))
    if max(craving, values.get("craving_worst", 0)) >= TRIGGERS_FROM:
        likely = story["triggers"]
        values["trigger"] = [each for n, each in enumerate(likely) if rng.random() < 0.6 / (n + 1)] or [likely[0]]
    values["stress"] = near(rng, level(story["stress"], ago))
    used = story.get("use", {})
    values["use"] = "yes" if used.get("ago") == ago else "none"
    if used.get("ago") == ago:
        values |= {"use_safe": "safe", "use_what": used["what"], "use_when": used["when"]}
    values["connection"] = "no" if rng.random() < 0.25 else "yes"
    values["confidence"] = near(rng, level(story["confidence"], ago), 0.8)
    return values


def _mood(story: Story, rng: Random, ago: int) -> dict[str, Any]:
    mood = near(rng, level(story["mood"], ago), 1)
    return {"mood": mood, "safety": "no"} if mood <= LOW_MOOD else {"mood": mood}
