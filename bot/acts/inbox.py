"""The staff inbox: what happened, in words, oldest first, and ticked off one by one by whoever has looked."""

from __future__ import annotations

from bot.acts.schedule import told
from bot.message import Draft
from bot.registry import command, tap
from bot.rights import allowed
from bot.sitting import Sitting
from storage import audit, notes, people
from storage.notes import NoteRow
from storage.talks import PromptRow
from storage.wall import local

SHOWN = 5
LONGEST = 300
"""Characters of what a patient passed on; the rest is on the weekly page."""


@command("inbox", role="staff", menu="menu.inbox")
def inbox(s: Sitting) -> None:
    if allowed(s, "inbox"):
        _show(s, None)


@tap("inbox", role="staff")
def tapped(s: Sitting, prompt: PromptRow, option: str) -> None:
    """seen:<note>. A line that somebody else has ticked off meanwhile stays ticked."""
    if not allowed(s, "inbox"):
        return
    verb, _, id = option.partition(":")
    if verb == "seen" and any(row.id == int(id) for row in notes.unseen(s.u, 1000)):
        notes.seen(s.u, int(id), s.person)
    _show(s, prompt.panel)


def _show(s: Sitting, panel: int | None) -> None:
    waiting = notes.unseen(s.u, 1000)
    rows = waiting[:SHOWN]
    draft = s.draft()
    if not rows:
        draft.add("staff.inbox.empty")
    else:
        draft.add("staff.inbox.head", count=len(waiting))
    for place, row in enumerate(rows, 1):
        at = f"{local(row.at, s.person.zone):%m-%d %H:%M}"
        draft.add("staff.inbox.line", place=place, who=_who(s, row), time=at, what=told(s, draft, row) or _what(draft, row))
        if row.words and row.person is not None:
            draft.add("staff.inbox.words", words=row.words[:LONGEST])
            audit.record(s.u, row.person, s.person.code, "note.read", row.kind)
    ticks = [draft.button(f"seen:{row.id}", "staff.inbox.tick", place=place) for place, row in enumerate(rows, 1)]
    draft.grid(ticks, 5)
    draft.row(draft.button("~help", "button.help"))
    s.offer(draft, "act", "inbox", edit=panel)


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


