"""My data: what is kept in numbers, who looked, and erasing. What it promises is kept by `storage.my_data`."""

from __future__ import annotations

from typing import Any

from bot import danger, talk
from bot.flow.commands import EraseJournal, ForgetMe
from bot.registry import act, command, due, look
from bot.sitting import Sitting
from storage import audit, my_data, notes
from storage import due as dues
from storage.clinic import clinic
from storage.due import DueRow
from storage.my_data import StillOpen
from storage.wall import local

SHOWN = 10


@command("mydata", menu="menu.mydata")
def my_data_command(s: Sitting) -> None:
    talk.start(s, "my_data")


@look("my_data.kept")
def kept(s: Sitting) -> dict[str, int]:
    found = my_data.kept(s.u, s.person)
    return {
        "check_ins": found.check_ins,
        "entries": found.entries,
        "shared": found.shared,
        "skills": found.skills,
        "plan": found.plan,
        "plan_before": found.plan_before,
        "answers": found.answers,
        "alerts": found.alerts,
        "messages": found.messages,
    }


@look("my_data.looks")
def looks(s: Sitting) -> str:
    """One line for each time somebody saw something, newest first; empty when nobody has."""
    lines = []
    for each in my_data.looks(s.u, s.person, SHOWN):
        at = local(each.at, s.person.zone)
        words = f"my_data.saw.{each.action.replace('.', '_')}"
        what = s.words.text(words if s.words.has(words) else "my_data.saw.other")
        lines.append(s.words.text("my_data.saw.line", date=f"{at:%Y-%m-%d %H:%M}", who=each.who, what=what))
    return "\n".join(lines)


@look("my_data.open")
def is_open(s: Sitting) -> bool:
    return danger.is_open(s)


@look("my_data.clinic")
def whom_to_ask(s: Sitting) -> dict[str, Any]:
    known = clinic(s.u)
    return {"clinic": known.name if known else "", "clinic_line": known.line if known else ""}


@act(EraseJournal)
def erase_journal(s: Sitting, command: EraseJournal) -> int:
    count = my_data.erase_journal(s.u, s.person)
    audit.record(s.u, s.person.id, s.person.code, "journal.erased", str(count))
    return count


@act(ForgetMe)
def forget_me(s: Sitting, command: ForgetMe) -> bool:
    """From here on nobody sits here: the last words go to a chat of a stranger, which is erased shortly after."""
    who = s.person
    try:
        chat = my_data.forget(s.u, who)
    except StillOpen:
        return False
    notes.add(s.u, who.id, "forgotten", "by_patient")
    if chat is not None:
        s.chat = chat
        my_data.plan_erasing(s.u, chat.id)
    s.who = None
    return True


@due("forget_chat")
def forget_chat(s: Sitting, row: DueRow) -> None:
    """Erase a chat nobody is bound to, unless they have come back; wait while something is still being sent."""
    if s.who is None and not my_data.erase_chat(s.u, s.chat):
        dues.move(s.u, row.id, s.u.now + my_data.ERASE_CHAT_AFTER)
