"""What is kept how long, table by table. `apply` is the daily chore; every table has its line here, and `docs/data.md` shows them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Executable, delete, func, select, update

from storage import inbox, my_data, outbox, people
from storage.ids import first_of
from storage.prepared import fixed
from storage.store import Unit, table
from storage.tables import Chat, Contact, Due, Inbox, Invite, Note, Outbox, Prompt, Talk

TRAFFIC, UNHEARD, PASSED_ON, LINKS, STRANGERS = (timedelta(days=days) for days in (180, 30, 90, 30, 90))
MINUTES = timedelta(days=7)
"""How long what fired every minute is kept: half a million rows a year that say nothing of anybody."""
AT_ONCE = 1000
"""Chats of strangers erased in one run; the rest the next day."""

CARE = "kept as the record of care, until the patient is forgotten; words and names go with the data key"
FACT = "kept; holds nothing about a patient"
KEPT = {
    "attendance": CARE,
    "attendee": "until the patient is forgotten",
    "audit": "kept: who did or read what, under a code",
    "audit_anchor": "kept",
    "cancelled": FACT,
    "chat": f"until the person is forgotten; one nobody is bound to, {STRANGERS.days} days after it was last heard from",
    "check_in": CARE,
    "clinic": FACT,
    "consent": "kept: what was agreed to, in which version, and when it ended",
    "contact": "the name and the way to them until either side ends it, or the patient is forgotten",
    "data_key": "destroyed with its person or chat; that it was destroyed is kept",
    "drill": FACT,
    "due": f"{TRAFFIC.days} days after it fired or was dropped; the auditor's, one a minute, {MINUTES.days} days",
    "entry": "words until the patient erases them or is forgotten",
    "escalation": CARE,
    "escalation_event": CARE,
    "inbox": f"text {inbox.RAW_KEPT.days} days after it was handled (a stranger's at once; {UNHEARD.days} days if it could not be), "
    f"row {TRAFFIC.days} days",
    "invite": f"{LINKS.days} days after it was used or ended; only a hash of the code is ever kept",
    "lease": FACT,
    "meta": FACT,
    "note": f"words {PASSED_ON.days} days after staff have seen them, or until its patient leaves; the line is kept as the record of care",
    "observation": CARE,
    "on_call": FACT,
    "override": FACT,
    "outbox": f"words {outbox.KEPT.days} days after it was sent or dropped, row {TRAFFIC.days} days",
    "person": "until forgotten; then a code without a name",
    "plan_item": "words, also of earlier versions, until the patient erases the plan or is forgotten",
    "plan_review": CARE,
    "prompt": f"{TRAFFIC.days} days",
    "rotation": FACT,
    "series": FACT + "; the title of a session for one patient alone goes with them",
    "skill_gate": "until the patient is forgotten",
    "skill_use": CARE,
    "staff_leave": FACT,
    "talk": f"words until it is over, row {TRAFFIC.days} days after it was last touched",
}


def apply(u: Unit) -> dict[str, int]:
    """Erase what is past its time. Returns how many of each."""
    came, sent, due, links, notes = table(Inbox), table(Outbox), table(Due), table(Invite), table(Note)
    talks, prompts = table(Talk), table(Prompt)
    old = u.now - TRAFFIC
    before = first_of(old)  # everything here is done in one transaction that others wait for: none of it goes through a whole table
    done = {"erased": inbox.erase_old(u), "emptied": outbox.erase_old(u)}
    stuck = (came.c.state == fixed("quarantined")) & came.c.raw.is_not(None) & (came.c.received_at < u.now - UNHEARD)
    done["unheard"] = _count(u, update(came).where(stuck).values(raw=None))
    over = (came.c.id < before) & (came.c.state != "ready") & (came.c.received_at < old)
    done["inbox"] = _count(u, delete(came).where(over, came.c.raw.is_(None)))
    idle = (talks.c.id < before) & talks.c.state.not_in(("waiting", "parked")) & (talks.c.touched_at < old)
    theirs = prompts.c.talk_id.in_(select(talks.c.id).where(idle))
    done["prompts"] = _count(u, delete(prompts).where(theirs))
    alone = (prompts.c.id < before) & (prompts.c.created_at < old) & prompts.c.talk_id.is_(None)
    done["prompts"] += _count(u, delete(prompts).where(alone))
    done["talks"] = _count(u, delete(talks).where(idle))
    done["outbox"] = _count(u, delete(sent).where(sent.c.id < before, sent.c.state.not_in(("ready", "leased")), sent.c.done_at < old))
    done["dues"] = _count(u, delete(due).where(due.c.id < before, due.c.state != "ready", due.c.done_at < old))
    every_minute = (due.c.kind == "audit") & (due.c.subject == 0) & (due.c.state != "ready") & (due.c.done_at < u.now - MINUTES)
    done["minutes"] = _count(u, delete(due).where(every_minute))
    ended = func.coalesce(links.c.used_at, links.c.expires_at)
    done["links"] = _count(u, delete(links).where(ended < u.now - LINKS))
    seen = notes.c.words.is_not(None) & (notes.c.seen_at < u.now - PASSED_ON)
    done["passed_on"] = _count(u, update(notes).where(seen).values(words=None))
    done["strangers"] = _strangers(u)
    return done


def _strangers(u: Unit) -> int:
    """Chats that nobody is bound to and that have long been silent: their Telegram id goes."""
    chats, came = table(Chat), table(Inbox)
    heard = select(came.c.id).where(came.c.chat_id == chats.c.id, came.c.received_at >= u.now - STRANGERS).exists()
    alone = chats.c.person_id.is_(None) & (chats.c.created_at < u.now - STRANGERS) & (func.length(chats.c.address) > 0)
    chosen = select(table(Contact).c.id).where(table(Contact).c.chat_id == chats.c.id, table(Contact).c.ended_at.is_(None)).exists()
    silent = alone & ~heard & ~chosen
    rows = u.all(select(chats.c.id).where(silent).order_by(chats.c.id).limit(AT_ONCE))
    return sum(my_data.erase_chat(u, people.chat(u, row.id)) for row in rows)


def _count(u: Unit, statement: Executable) -> int:
    return int(u.run(statement).rowcount)
