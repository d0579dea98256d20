"""The clinic of this deployment: its name, line, zone and cover hours. Facts of a clinic are rows; secrets are settings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from storage.prepared import Prepared
from storage.seal import SealBroken
from storage.store import Unit, table
from storage.tables import Clinic
from storage.wall import DAYS

CLINIC = table(Clinic)
THE_CLINIC = Prepared(select(CLINIC))
ALWAYS = dict.fromkeys(DAYS, ("00:00", "24:00"))


@dataclass(frozen=True)
class ClinicCard:
    """cover: day -> (from, to) wall times of the clinic's zone; a missing day has nobody on call."""

    key: int
    name: str
    line: str
    zone: str
    country: str
    cover: dict[str, tuple[str, str]]
    damaged: bool = False


def clinic(u: Unit) -> ClinicCard | None:
    """The clinic, or None on a database that has not been set up."""
    known = as_it_opens(u)
    if known is not None and known.damaged:
        raise SealBroken("the clinic's own settings do not open")
    return known


def as_it_opens(u: Unit) -> ClinicCard | None:
    """The same where its name or its line is damaged, which are empty then: no alarm waits for them."""
    row = u.one(THE_CLINIC)
    if row is None:
        return None
    name, line = (u.opened(row.key_id, f"clinic.{column}", 1, getattr(row, column)) for column in ("name", "line"))
    cover = {day: (span[0], span[1]) for day, span in json.loads(row.cover).items()}
    return ClinicCard(row.key_id, name or "", line or "", row.zone, row.country, cover, damaged=name is None or line is None)


def set_up(u: Unit, name: str, line: str, zone: str, country: str, cover: dict[str, tuple[str, str]]) -> None:
    """Make the clinic, or change what is known of it."""
    before = clinic(u)
    key = before.key if before else u.new_key()
    values = {
        "name": u.seal(key, "clinic.name", 1, name),
        "line": u.seal(key, "clinic.line", 1, line),
        "zone": zone,
        "country": country,
        "cover": json.dumps(cover),
    }
    if before is None:
        u.add(Clinic, id=1, key_id=key, created_at=u.now, page_language="en", **values)
    else:
        u.set(Clinic, 1, **values)


def ladders(u: Unit) -> dict[str, list[int]]:
    """The minutes a clinic chose for its ladders, by level; empty where it keeps the reviewed ones."""
    row = u.one(select(CLINIC.c.ladders))
    return {level: list(minutes) for level, minutes in json.loads(row.ladders).items()} if row else {}


def set_ladder(u: Unit, level: str, minutes: Sequence[int] | None) -> None:
    """Choose the minutes of one level for alerts that open from now on; None for the reviewed ones."""
    chosen = {other: each for other, each in ladders(u).items() if other != level}
    u.set(Clinic, 1, ladders=json.dumps(chosen if minutes is None else {**chosen, level: list(minutes)}))
