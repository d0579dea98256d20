"""What `= name value` asks of the database in a transcript: one short line each, so that a transcript reads as a story."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Select, Table, func, select

from safety import duty
from storage import audit, drills, escalations, journal, notes, people, plans, skills
from storage.seal import SealBroken
from storage.store import Unit, table
from storage.tables import (
    Attendance,
    Chat,
    CheckIn,
    Consent,
    Due,
    Entry,
    Inbox,
    Note,
    Observation,
    Outbox,
    Person,
    PlanItem,
    SkillUse,
    Talk,
)


def _escalation(u: Unit) -> str:
    """`= escalation high OPEN` for the patient's newest, "none" when there never was one."""
    who = people.person_by_code(u, "0001")
    rows = escalations.of_person(u, who.id) if who else []
    return f"{rows[-1].level} {rows[-1].state}" if rows else "none"


def _trail(u: Unit) -> str:
    """`= trail opened ack doubted:S001 confirm:S002`: what people did about the patient's newest, with who where it took two."""
    who = people.person_by_code(u, "0001")
    rows = escalations.of_person(u, who.id) if who else []
    told = [event for event in escalations.events(u, rows[-1].id) if event.kind.islower()] if rows else []
    named = {event.by: people.person(u, event.by).code for event in told if event.by is not None}
    two = ("doubted", "confirm", "disagree")
    return " ".join(f"{event.kind}:{named[event.by]}" if event.kind in two else event.kind for event in told) or "none"


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


def _note_words(u: Unit) -> str:
    """`= note_words 1`: how many lines of the staff inbox, seen or not, still hold words."""
    return str(u.run(select(func.count()).select_from(table(Note)).where(table(Note).c.words.is_not(None))).scalar_one())


def _skills(u: Unit) -> str:
    """`= skills urge_surfing 8>5 done`: every use, oldest first."""
    rows = u.all(select(table(SkillUse)).order_by(table(SkillUse).c.id))
    return ", ".join(f"{row.card} {row.before}>{row.after} {row.status}" for row in rows) or "none"


def _attendance(u: Unit) -> str:
    """`= attendance cant transport`, `= attendance late 20`: the newest answer."""
    row = u.one(select(table(Attendance)).order_by(table(Attendance).c.answered_at.desc()).limit(1))
    return f"{row.answer} {row.barrier or row.minutes or ''}".strip() if row else "none"


def _attended(u: Unit) -> str:
    """`= attended 0001 no, 0002 yes`: what staff recorded, by patient."""
    rows = u.all(select(table(Attendance)).where(table(Attendance).c.attended.is_not(None)))
    return ", ".join(sorted(f"{people.person(u, row.person_id).code} {row.attended}" for row in rows)) or "none"


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


def _gates(u: Unit) -> str:
    """`= gates cold:none tension:some`: the medical answers of the first patient that still count."""
    who = people.person_by_code(u, "0001")
    return " ".join(f"{gate}:{answer}" for gate, answer in sorted(skills.gates(u, who).items() if who else ())) or "none"


def _journal(u: Unit) -> str:
    """`= journal private/journal words, shared/skill words`: the first patient's entries, oldest first, on one line."""
    who = people.person_by_code(u, "0001")
    rows = journal.entries(u, who, 100) if who else []
    shown = [f"{'shared' if row.shared_at else 'private'}/{row.source} {' '.join(row.words.split())}" for row in reversed(rows)]
    return ", ".join(shown) or "none"


def _plan(u: Unit) -> str:
    """`= plan 2 walk the dog, 4 Ana phone`: the first patient's safety plan as it stands, with how each one can be reached."""
    who = people.person_by_code(u, "0001")
    found = plans.items(u, who) if who else []
    return ", ".join(f"{item.step} {item.words} {item.reach}".strip() for item in found) or "none"


def _plan_before(u: Unit) -> str:
    """`= plan_before 2 walk the cat`: what is no longer in it, newest first."""
    who = people.person_by_code(u, "0001")
    return ", ".join(f"{item.step} {item.words}" for _, item in plans.history(u, who, 100)) or "none" if who else "none"


def _longest(u: Unit) -> str:
    """`= longest 4096`: characters of the first patient's longest entry."""
    who = people.person_by_code(u, "0001")
    return str(max((len(row.words) for row in journal.entries(u, who, 100)), default=0)) if who else "0"


def _marigold(u: Unit) -> str:
    """`= marigold entry inbox outbox talk`: where a patient's word "marigold" can still be read by whoever holds the keys."""
    chat_key = table(Chat)
    places = {
        "entry": (table(Entry), "entry.words", "words", table(Person), "person_id"),
        "plan": (table(PlanItem), "plan_item.words", "words", table(Person), "person_id"),
        "inbox": (table(Inbox), "inbox.raw", "raw", chat_key, "chat_id"),
        "outbox": (table(Outbox), "outbox.payload", "payload", chat_key, "chat_id"),
        "talk": (table(Talk), "talk.body", "body", chat_key, "chat_id"),
    }
    found = []
    for name, (rows, place, column, owner, link) in places.items():
        sealed = u.all(select(rows.c.id, rows.c[column].label("sealed"), owner.c.key_id).join(owner, owner.c.id == rows.c[link]))
        if any("marigold" in u.open(row.key_id, place, row.id, row.sealed) for row in sealed if row.sealed):
            found.append(name)
    return " ".join(found) or "nowhere"


def _journal_audit(u: Unit) -> str:
    """`= journal_audit journal.shared journal.deleted`: what was recorded about the first patient's journal, oldest first."""
    who = people.person_by_code(u, "0001")
    rows = audit.history(u, who.id) if who else []
    return " ".join(row.action for row in reversed(rows) if row.action.startswith("journal.")) or "none"


def _newest(u: Unit) -> str:
    """`= newest 0003 active Kim 555-0199 US-TX America/Chicago 08:30 20:00 21:30-07:30 open`: the patient who was added last."""
    row = u.one(select(table(Person).c.id).where(table(Person).c.role == "patient").order_by(table(Person).c.id.desc()).limit(1))
    assert row is not None
    who = people.person(u, row.id)
    place = f"{who.country}-{who.region}".strip("-")
    times = f"{who.morning_at or '-'} {who.evening_at or '-'} {who.quiet_from}-{who.quiet_to}"
    words = f"{who.code} {who.status} {who.call_name or '-'} {who.phone or '-'} {place} {who.zone} {times}"
    return f"{words} {'discreet' if who.discreet else 'open'}"


def _consents_newest(u: Unit) -> str:
    """`= consents_newest outreach program@1`: with the version of the words."""
    columns, newest = table(Consent), table(Person)
    row = u.one(select(newest.c.id).where(newest.c.role == "patient").order_by(newest.c.id.desc()).limit(1))
    assert row is not None
    rows = u.all(select(columns).where(columns.c.person_id == row.id, columns.c.revoked_at.is_(None)).order_by(columns.c.scope))
    return " ".join(f"{each.scope}@{each.version}" for each in rows) or "none"


def _statuses(u: Unit) -> str:
    """`= statuses 0001:active 0002:active S001:active`: everybody, by code."""
    rows = u.all(select(table(Person).c.code, table(Person).c.status).order_by(table(Person).c.code))
    return " ".join(f"{row.code}:{row.status}" for row in rows)


def _on_call(u: Unit) -> str:
    """`= on_call primary=S001 backup= supervisor=`."""
    held = duty.holders(u)
    return " ".join(f"{position}={','.join(people.person(u, id).code for id in ids)}" for position, ids in held.items())


def _drill(u: Unit) -> str:
    """`= drill answered 240 s`, `= drill not answered`: the last exercise that is over."""
    last = drills.last(u)
    if last is None:
        return "none"
    took = int((last.answered_at - last.at).total_seconds()) if last.answered_at is not None else 0
    return f"answered {took} s" if last.passed else "not answered"


def _planned(u: Unit) -> str:
    """`= planned check_in check_in`: what is due for the first patient, without the clinic's own chores and talk expiries."""
    who = people.person_by_code(u, "0001")
    columns = table(Due)
    theirs = (columns.c.state == "ready") & (columns.c.subject == (who.id if who else 0))
    rows = u.all(select(columns.c.kind).where(theirs).order_by(columns.c.kind))
    return " ".join(row.kind for row in rows) or "nothing"


def _audit(u: Unit) -> str:
    """`= audit invite.redeemed consent.given`: what the trail says of the newest patient, oldest first, and whether it holds."""
    newest = table(Person)
    row = u.one(select(newest.c.id).where(newest.c.role == "patient").order_by(newest.c.id.desc()).limit(1))
    assert row is not None
    assert audit.first_break(u, row.id) is None
    return " ".join(each.action for each in reversed(audit.history(u, row.id))) or "none"


def _readable(u: Unit) -> str:
    """`= readable nothing` once the first patient is erased: which sealed columns of theirs, or of a chat of nobody, still open."""
    who = table(Person)
    columns = {
        "person.name": select(who.c.id, who.c.key_id, who.c.name.label("sealed")).where(who.c.code == "0001"),
        "person.profile": select(who.c.id, who.c.key_id, who.c.profile.label("sealed")).where(who.c.code == "0001"),
        "chat.address": _of_nobody(table(Chat), "address"),
        "inbox.raw": _of_nobody(table(Inbox), "raw"),
        "outbox.payload": _of_nobody(table(Outbox), "payload"),
        "talk.body": _of_nobody(table(Talk), "body"),
    }
    rows = [(name, row) for name, wanted in columns.items() for row in u.all(wanted) if row.sealed]
    found = [name for name, row in rows if _opens(u, row.key_id, name, row.id, row.sealed)]
    entries = table(Entry)
    words = u.run(select(func.count()).select_from(entries).where(entries.c.words.is_not(None))).scalar_one()
    return " ".join(sorted(set(found)) + ["entry.words"] * bool(words)) or "nothing"


def _of_nobody(columns: Table, sealed: str) -> Select[Any]:
    """A sealed column of every chat that nobody is bound to, with the key it would open with."""
    chats = table(Chat)
    if columns is chats:
        return select(chats.c.id, chats.c.key_id, chats.c[sealed].label("sealed")).where(chats.c.person_id.is_(None))
    joined = select(columns.c.id, chats.c.key_id, columns.c[sealed].label("sealed")).join(chats, chats.c.id == columns.c.chat_id)
    return joined.where(chats.c.person_id.is_(None))


def _opens(u: Unit, key: int, place: str, row: int, sealed: bytes) -> bool:
    try:
        u.open(key, place, row, sealed)
    except SealBroken:
        return False
    return True


FACTS: dict[str, Callable[[Unit], str]] = {
    "gates": _gates,
    "journal": _journal,
    "plan": _plan,
    "plan_before": _plan_before,
    "longest": _longest,
    "marigold": _marigold,
    "journal_audit": _journal_audit,
    "escalation": _escalation,
    "trail": _trail,
    "readable": _readable,
    "newest": _newest,
    "consents_newest": _consents_newest,
    "statuses": _statuses,
    "on_call": _on_call,
    "drill": _drill,
    "planned": _planned,
    "audit": _audit,
    "observations": _observations,
    "check_in": _check_in,
    "entries": _entries,
    "notes": _notes,
    "note_words": _note_words,
    "skills": _skills,
    "attendance": _attendance,
    "attended": _attended,
    "quarantined": _quarantined,
    "dropped": _dropped,
    "consents": _consents,
}
