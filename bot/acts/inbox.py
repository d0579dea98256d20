"""The staff inbox: what happened, in words, oldest first, and ticked off one by one by whoever has looked.

What went wrong (a dead letter, a message set aside, a ladder that did not go as planned) is ticked off with what became of it.
"""

from __future__ import annotations

from dataclasses import replace

from bot.acts import outcome
from bot.acts.schedule import told
from bot.message import Draft
from bot.registry import command, tap
from bot.rights import allowed
from bot.sitting import Sitting
from storage import audit, escalations, notes, people, settling
from storage.notes import NoteRow
from storage.series import BARRIERS
from storage.talks import PromptRow
from storage.wall import local

SHOWN = 5
WENT_WRONG = ("undelivered", "quarantine", "ladder", "ended", "weekly", "forgotten_outside", "damaged", "no_page", "chore")
"""Kinds of lines that take a reason: somebody has to say what they did about it."""
ANSWERS = ("concern", "follow_up")
"""Kinds of lines that tell what a patient said or tapped when they were asked how they are: who reads them is audited, as with a reason."""
REASONS = ("reached", "passed_on", "over", "nothing")
LONGEST = 300
"""Characters of what a patient passed on; the rest is on the weekly page."""


@command("inbox", role="staff", menu="menu.inbox")
def inbox(s: Sitting) -> None:
    if allowed(s, "inbox"):
        _show(s, None)


@tap("inbox", role="staff")
def tapped(s: Sitting, prompt: PromptRow, option: str) -> None:
    """seen:<note>, why:<note>:<reason>, alert:<alert> or back. A line that somebody else has ticked off meanwhile stays ticked."""
    if not allowed(s, "inbox"):
        return
    verb, _, rest = option.partition(":")
    id, _, reason = rest.partition(":")
    if verb == "alert":
        alert = escalations.get(s.u, int(id))
        if prompt.panel is not None:
            s.strip(prompt.panel)
        if alert is not None:
            outcome.put_panel(s, alert)
        return
    row = next((row for row in notes.unseen(s.u, 1000) if id and row.id == int(id)), None)
    if row is not None and verb == "seen" and row.kind in WENT_WRONG:
        _ask_why(s, prompt, row)
        return
    if row is not None and verb == "seen":
        notes.seen(s.u, row.id, s.person)
    elif row is not None and verb == "why" and reason in REASONS:
        _settle(s, row, reason)
    _show(s, prompt.panel)


def _ask_why(s: Sitting, prompt: PromptRow, row: NoteRow) -> None:
    draft = s.draft()
    at = f"{local(row.at, s.person.zone):%m-%d %H:%M}"
    draft.add("staff.inbox.line", place=1, who=_who(s, row), time=at, what=_what(draft, row)).add("staff.inbox.why")
    for reason in REASONS:
        draft.row(draft.button(f"why:{row.id}:{reason}", f"staff.inbox.why.{reason}"))
    draft.row(draft.button("back", "button.back"))
    s.offer(draft, "act", "inbox", edit=prompt.panel)


def _settle(s: Sitting, row: NoteRow, reason: str) -> None:
    """Ticked off with a reason, audited under whom it is about, and what it stands for no longer counts as waiting."""
    notes.seen(s.u, row.id, s.person)
    if row.kind == "undelivered":
        settling.settle_unsent(s.u, row.person)
    elif row.kind == "quarantine":
        settling.settle_set_aside(s.u, row.person)
    about = row.person if row.person is not None else s.person.id
    audit.record(s.u, about, s.person.code, "note.settled", f"{row.kind} {row.code}".strip(), reason)


def _show(s: Sitting, panel: int | None) -> None:
    waiting = notes.unseen(s.u, 1000)
    rows = waiting[:SHOWN]
    draft = s.draft()
    alerts = escalations.all_open(s.u)
    codes = {alert.id: people.person(s.u, alert.person).code for alert in alerts[:SHOWN]}
    for alert in alerts[:SHOWN]:
        level, at = draft.phrase(f"page.level.{alert.level}"), f"{local(alert.opened_at, s.person.zone):%m-%d %H:%M}"
        draft.add("staff.inbox.alert", ref=alert.ref, code=codes[alert.id], level=level, time=at)
    if len(alerts) > SHOWN:
        draft.add("staff.inbox.more_alerts", count=len(alerts) - SHOWN)
    if rows:
        draft.add("staff.inbox.head", count=len(waiting))
    elif not alerts:
        draft.add("staff.inbox.empty")
    for place, row in enumerate((_allowed(s, row) for row in rows), 1):
        at = f"{local(row.at, s.person.zone):%m-%d %H:%M}"
        draft.add("staff.inbox.line", place=place, who=_who(s, row), time=at, what=told(s, draft, row) or _what(draft, row))
        if row.words:
            draft.add("staff.inbox.words", words=row.words[:LONGEST])
        elif row.damaged:
            draft.add("staff.inbox.damaged_words")
        if row.person is not None and (row.words or row.kind in ANSWERS or _is_reason(row)):
            audit.record(s.u, row.person, s.person.code, "note.read", row.kind)
    ticks = [draft.button(f"seen:{row.id}", "staff.inbox.tick", place=place) for place, row in enumerate(rows, 1)]
    draft.grid(ticks, 5)
    draft.grid([draft.button(f"alert:{id}", "staff.inbox.open_alert", code=code) for id, code in codes.items()], 2)
    draft.row(draft.button("~help", "button.help"))
    s.offer(draft, "act", "inbox", edit=panel)


def _allowed(s: Sitting, row: NoteRow) -> NoteRow:
    """The line as it may be read: of somebody who has left, or took back their consent to the program, nothing they passed on by choice."""
    if row.person is None or not (row.words or row.damaged or _is_reason(row)):
        return row
    who = people.person(s.u, row.person)
    if not who.outside and "program" in people.consents(s.u, who.id):
        return row
    return replace(row, words=None, damaged=False, code="cant" if _is_reason(row) else row.code)


def _is_reason(row: NoteRow) -> bool:
    """Whether the line says why somebody can't come, which is passed on only if they want that."""
    return row.kind == "session" and row.code in BARRIERS


def _who(s: Sitting, row: NoteRow) -> str:
    return people.person(s.u, row.person).code if row.person is not None else s.words.text("staff.inbox.nobody")


def _what(draft: Draft, row: NoteRow) -> str:
    """The kind in words, with the code in words where there are any for it; a kind we have no words for is named as it is."""
    detail = f"staff.code.{row.code}"
    code = draft.phrase(detail) if draft.words.has(detail) else row.code.replace("_", " ")
    words = f"staff.note.{row.kind}"
    if not draft.words.has(words):
        return draft.phrase("staff.note.other", kind=row.kind.replace("_", " "), code=code)
    slots = draft.words.item(words).slots
    return draft.phrase(words, **({"code": code} if "code" in slots else {}))


