"""The other side of a personal contact: a chat of nobody in the program, which can agree, see a test message, and stop. Nothing else.

No word here names a program, care or a reason: that somebody is in one is not for us to tell.
"""

from __future__ import annotations

from bot.acts.contacts import finish
from bot.message import Draft
from bot.sitting import Sitting
from bot.taps import DATA
from storage import audit, contacts, outbox, people, talks
from storage.contacts import ContactRow

STOPS = ("stop", "stop.", "stop!")
KEY = "contact"


def opened(s: Sitting, code: str) -> bool:
    """A link of theirs: ask whether they agree, in the patient's name. False when it is no such link."""
    row = contacts.open_link(s.u, code, s.chat.id)
    if row is None:
        return False
    commands = {"commands": [("stop", s.words.text("menu.contact_stop"))]}
    outbox.post(s.u, s.chat, outbox.REPLY, "menu", commands, "", dedupe=f"menu:{s.chat.id}:contact")
    name = _name(s, row)
    draft = s.draft().add("contact.ask", name=name, message=s.words.text("contact.message", name=name))
    draft.row(draft.button("yes", "contact.yes"), draft.button("no", "contact.no"))
    s.offer(draft, "contact", KEY, subject=row.id)
    return True


def take(s: Sitting) -> bool:
    """What a contact does in their chat. False when this chat is nobody's contact, or they ask for help: then anybody gets the numbers."""
    rows = contacts.in_chat(s.u, s.chat.id)
    if not rows or s.event.command in ("help", "sos"):
        return False
    if s.event.kind == "button":
        _tapped(s, rows)
    elif s.event.command == "stop" or s.event.text.strip().lower() in STOPS:
        for row in rows:
            _end(s, row, "ended", "contact.stopped")
    else:
        s.say("contact.only", dedupe=f"contact:only:{s.chat.id}:{s.u.now:%Y%m%d%H}")
    return True


def leave(s: Sitting) -> None:
    """Whoever sits here has been let into a program: "stop" means something else to them now, so they are nobody's contact any more.
    Who chose them learns that they can't be asked, and nothing else."""
    for row in contacts.in_chat(s.u, s.chat.id):
        finish(s, row, "ended")
        audit.record(s.u, row.person, "contact", "contact.ended", "contact")
        _tell(s, row, "contacts.they_left")


def _tapped(s: Sitting, rows: list[ContactRow]) -> None:
    found = DATA.fullmatch(s.event.data)
    prompt = talks.prompt_by_nonce(s.u, found[1]) if found else None
    if found is None or prompt is None or prompt.chat != s.chat.id or prompt.state != "live" or int(found[2]) >= len(prompt.options):
        return
    row = next((each for each in rows if each.id == prompt.subject), None)
    if row is None or prompt.kind != "contact":
        return
    option = prompt.options[int(found[2])]
    talks.close_prompt(s.u, prompt.id, option)
    if prompt.panel is not None:
        s.strip(prompt.panel)
    if option == "yes" and row.state == "opened":
        contacts.agree(s.u, row.id)
        audit.record(s.u, row.person, "contact", "contact.agreed")
        _test(s, row)
        _tell(s, row, "contacts.agreed")
    elif option == "seen" and row.state == "agreed":
        contacts.tested(s.u, row.id)
        s.say("contact.ready")
    elif option == "no":
        _end(s, row, "declined", "contact.declined")


def _test(s: Sitting, row: ContactRow) -> None:
    draft: Draft = s.draft().add("contact.test", message=s.words.text("contact.message", name=_name(s, row)))
    draft.row(draft.button("seen", "contact.seen"))
    s.offer(draft, "contact", KEY, subject=row.id)


def _end(s: Sitting, row: ContactRow, state: str, words: str) -> None:
    finish(s, row, state)
    audit.record(s.u, row.person, "contact", f"contact.{state}", "contact")
    s.say(words, dedupe=f"{words}:{s.source}")
    _tell(s, row, f"contacts.they_{state}")


def _tell(s: Sitting, row: ContactRow, words: str) -> None:
    """The patient learns what their contact decided."""
    at = s.of(row.person)
    if at is not None and at.person.active:
        at.say(words, name=row.name)


def _name(s: Sitting, row: ContactRow) -> str:
    """What the patient is called."""
    patient = people.person(s.u, row.person)
    return patient.call_name or patient.name
