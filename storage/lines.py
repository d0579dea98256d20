"""Crisis lines a clinic has checked itself, by calling them or reading their agency's page."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from storage import meta
from storage.meta import META
from storage.store import Unit

PREFIX = "line:"


def confirm(u: Unit, line: str, on: date) -> None:
    """The clinic checked this line (its id) on that day."""
    meta.put(u, f"{PREFIX}{line}", on.isoformat())


def confirmed(u: Unit) -> dict[str, date]:
    """The lines the clinic has checked, each with the last day it did."""
    rows = u.all(select(META.c.key, META.c.value).where(META.c.key.startswith(PREFIX, autoescape=True)))
    return {row.key.removeprefix(PREFIX): date.fromisoformat(row.value) for row in rows}
