"""Emptying what is left of a person, without needing any key: a patient who asks, and one whose key a restore found destroyed.

What stays is numbers, codes and the audit trail under a code. Which column of which table counts as what is decided, column by
column, in `tests/storage/test_forgetting.py`; a column nobody decided about fails there.
"""

from __future__ import annotations

import secrets

from sqlalchemy import func, select, update

from storage import clinic, contacts, due, plans
from storage.store import Unit, table
from storage.tables import (
    Attendee,
    Chat,
    Consent,
    DataKey,
    Due,
    Entry,
    Escalation,
    EscalationEvent,
    Inbox,
    Invite,
    Note,
    Outbox,
    Person,
    Prompt,
    Series,
    SkillGate,
    Talk,
)

CHORE = "forgotten"
"""The chore that removes what lies outside the database: key files of backups, weekly pages, the log of the database."""


def wipe_person(u: Unit, id: int, key: int) -> None:
    """Empty the row of a person and all rows about them, and destroy their key."""
    of_theirs = select(table(Escalation).c.id).where(table(Escalation).c.person_id == id)
    events, notes, entries = table(EscalationEvent), table(Note), table(Entry)
    u.run(update(events).where(events.c.escalation_id.in_(of_theirs)).values(words=None))
    u.run(update(notes).where(notes.c.person_id == id).values(words=None))
    gone = func.coalesce(entries.c.deleted_at, u.now)
    u.run(update(entries).where(entries.c.person_id == id).values(words=None, message_id=None, shared_at=None, deleted_at=gone))
    plans.erase(u, id)
    for chat in contacts.wipe(u, id):
        due.plan(u, "forget_chat", chat, f"forget_chat:{chat}:{u.new_id()}", u.now, chat=chat)
    _wipe_titles(u, id)
    for model in (Attendee, SkillGate):
        u.run(table(model).delete().where(table(model).c.person_id == id))
    of_notes = select(notes.c.id).where(notes.c.person_id == id)
    waits = (table(Due).c.subject == id) | table(Due).c.subject.in_(of_notes)
    u.run(table(Due).delete().where(waits, table(Due).c.state == "ready"))
    invites, consents = table(Invite), table(Consent)
    u.run(update(invites).where(invites.c.person_id == id, invites.c.used_at.is_(None)).values(used_at=u.now))
    u.run(update(consents).where(consents.c.person_id == id, consents.c.revoked_at.is_(None)).values(revoked_at=u.now))
    u.set(
        Person, id, status="forgotten", name=b"", profile=b"", zone="UTC", region="", morning_at=None, evening_at=None,
        quiet_from="21:30", quiet_to="07:30", discreet=False, paused_until=None,
    )  # fmt: skip
    _wipe_told(u)
    destroy(u, key)
    due.plan(u, CHORE, 0, f"{CHORE}:{id}", u.now)


def wipe_chat(u: Unit, id: int, *, but: tuple[int, ...] = ()) -> None:
    """Empty a chat of all that was said and shown, but for what has not been heard yet. `but`: outbox rows that stay as they are."""
    for model in (Prompt, Talk):
        u.run(table(model).delete().where(table(model).c.chat_id == id))
    waits = (table(Due).c.chat_id == id) & (table(Due).c.state == "ready")
    u.run(table(Due).delete().where(waits, table(Due).c.kind.not_in(("escalation", "forget_chat"))))
    came, sent = table(Inbox), table(Outbox)
    u.run(update(came).where(came.c.chat_id == id, came.c.state != "ready").values(raw=None))
    unsent = sent.c.state.in_(("ready", "leased"))  # whoever has one on its way has lost its lease, and can't give it back
    over = {"state": "dropped", "reason": "forgotten", "done_at": u.now, "lease_owner": None, "lease_until": None}
    there = (sent.c.chat_id == id) & sent.c.id.not_in(but)
    u.run(update(sent).where(there, unsent).values(over))
    u.run(update(sent).where(there).values(payload=b""))


def unbind(u: Unit, chat: int, key: int) -> None:
    """Take the Telegram id off a chat and destroy its key: whoever writes from there again is a stranger in a new chat."""
    u.set(Chat, chat, person_id=None, address=b"", address_hash=secrets.token_bytes(32), reachable=False)
    destroy(u, key)
    due.plan(u, CHORE, 0, f"{CHORE}:{key}", u.now)


def destroy(u: Unit, key: int) -> None:
    """From here on nothing sealed with this key can be read. Key files of backups follow with the chore."""
    u.set(DataKey, key, wrapped=None, destroyed_at=u.now)
    u.keys.forget(key)
    u.leave_no_log = True


def _wipe_titles(u: Unit, id: int) -> None:
    """A session for this person alone may be called after them."""
    series, attendees = table(Series), table(Attendee)
    mine = select(attendees.c.series_id).where(attendees.c.person_id == id)
    others = select(attendees.c.series_id).where(attendees.c.person_id != id)
    known = clinic.clinic(u)
    alone = select(series.c.id).where(series.c.id.in_(mine), series.c.id.not_in(others), series.c.everyone.is_(False))
    for row in u.all(alone):
        assert known is not None  # a clinic came before its sessions
        u.set(Series, row.id, title=u.seal(known.key, "series.title", row.id, ""), cancelled_at=u.now)


def _wipe_told(u: Unit) -> None:
    """What staff were shown of anybody and what they typed (a name with /invite): once it is over, nothing needs it here."""
    sent, came, talks, chats, who = table(Outbox), table(Inbox), table(Talk), table(Chat), table(Person)
    staff = select(chats.c.id).join(who, who.c.id == chats.c.person_id).where(who.c.role == "staff")
    u.run(update(sent).where(sent.c.chat_id.in_(staff), sent.c.state.not_in(("ready", "leased"))).values(payload=b""))
    u.run(update(came).where(came.c.chat_id.in_(staff), came.c.state != "ready").values(raw=None))
    u.run(update(talks).where(talks.c.chat_id.in_(staff), talks.c.state.not_in(("waiting", "parked"))).values(body=b""))
