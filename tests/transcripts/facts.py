"""What `= name value` asks of the database in a transcript: one short line each, so that a transcript reads as a story."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import func, select

from storage import escalations, notes, people
from storage.store import Unit, table
from storage.tables import Attendance, CheckIn, Due, Entry, Inbox, Observation, SkillUse


def _escalation(u: Unit) -> str:
    """`= escalation high OPEN` for the patient's newest, "none" when there never was one."""
    who = people.person_by_code(u, "0001")
    rows = escalations.of_person(u, who.id) if who else []
    return f"{rows[-1].level} {rows[-1].state}" if rows else "none"


def _observations(u: Unit) -> str:
    """`= observations mood=7 craving=3`: the items of the newest check-in."""
    columns, checks = table(Observation), table(CheckIn)
    last = u.one(select(checks.c.id).order_by(checks.c.id.desc()).limit(1))
    rows = u.all(select(columns).where(columns.c.check_in_id == last.id).order_by(columns.c.id)) if last else []
    shown = [f"{row.item}={row.value if row.value is not None else row.code or '-'}" for row in rows]
    return " ".join(shown) or "none"


def _check_in(u: Unit) -> str:
    """`= check_in evening complete`: slot and status of the newest."""
    row = u.one(select(table(CheckIn)).order_by(table(CheckIn).c.id.desc()).limit(1))
    return f"{row.slot} {row.status}" if row else "none"


def _entries(u: Unit) -> str:
    """`= entries 1 shared 0`."""
    columns = table(Entry)
    rows = u.all(select(columns.c.shared_at).where(columns.c.deleted_at.is_(None)))
    return f"{len(rows)} shared {sum(row.shared_at is not None for row in rows)}"


def _notes(u: Unit) -> str:
    """`= notes session:transport concern:text`: the staff inbox, oldest first."""
    return " ".join(f"{row.kind}:{row.code}" for row in notes.unseen(u)) or "none"


def _skills(u: Unit) -> str:
    """`= skills urge_surfing 8>5 done`: every use, oldest first."""
    rows = u.all(select(table(SkillUse)).order_by(table(SkillUse).c.id))
    return ", ".join(f"{row.card} {row.before}>{row.after} {row.status}" for row in rows) or "none"


def _attendance(u: Unit) -> str:
    """`= attendance cant transport`: the newest answer."""
    row = u.one(select(table(Attendance)).order_by(table(Attendance).c.id.desc()).limit(1))
    return f"{row.answer} {row.barrier or ''}".strip() if row else "none"


def _quarantined(u: Unit) -> str:
    columns = table(Inbox)
    return str(u.run(select(func.count()).select_from(columns).where(columns.c.state == "quarantined")).scalar_one())


def _dropped(u: Unit) -> str:
    """`= dropped check_in:late`: due rows that were recorded as dropped, oldest first, but for plain bookkeeping."""
    columns = table(Due)
    rows = u.all(select(columns).where(columns.c.state == "dropped").order_by(columns.c.id))
    quiet = ("moved", "done", "answered", "partial")
    return " ".join(f"{row.kind}:{row.reason}" for row in rows if row.reason not in quiet) or "none"


def _consents(u: Unit) -> str:
    who = people.person_by_code(u, "0001")
    return " ".join(sorted(people.consents(u, who.id))) if who else "none"


FACTS: dict[str, Callable[[Unit], str]] = {
    "escalation": _escalation,
    "observations": _observations,
    "check_in": _check_in,
    "entries": _entries,
    "notes": _notes,
    "skills": _skills,
    "attendance": _attendance,
    "quarantined": _quarantined,
    "dropped": _dropped,
    "consents": _consents,
}
