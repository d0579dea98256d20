"""The safety plan of a patient: its items, each in every version it ever had, and when it was looked through."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import SQLModel

from storage.tables.columns import link, link_or_none, row_id


class PlanItem(SQLModel, table=True):
    """One item in one version; a change ends it and adds the next. What has `ended_at` is history, without words once it was erased."""

    __tablename__ = "plan_item"
    id: int = row_id()
    person_id: int = link("person.id", index=True)
    step: int
    """1-7: warning signs, alone, people and places, people to ask, professionals, surroundings, what is worth living for."""
    place: int
    """The order within a step; a new version keeps it."""
    words: bytes | None
    number: bytes | None = None
    reach: str = ""
    """"phone", "telegram", or "" where nobody can be reached by it."""
    replaces: int | None = link_or_none("plan_item.id")
    written_at: datetime
    ended_at: datetime | None = None


class PlanReview(SQLModel, table=True):
    """One time a patient looked through the plan."""

    __tablename__ = "plan_review"
    id: int = row_id()
    person_id: int = link("person.id", index=True)
    why: str
    """"alert", "quarter", "rehearsal" or "self"."""
    result: str
    """"fits" or "changed"."""
    at: datetime
