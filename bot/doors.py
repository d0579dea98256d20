"""Everything at the edge of a conversation: groups, what can't be read, edits, stop, free text."""

from __future__ import annotations

from bot import danger, entry, talk
from bot.registry import tap
from bot.sitting import Sitting
from storage import audit, escalations, journal, notes, outbox, people, talks
from storage.talks import PromptRow


def membership(s: Sitting) -> None:
    """Groups are left; a patient or staff member who blocks the bot can't be reached, and staff are told."""
    kind = s.event.kind
    if kind == "group":
        outbox.post(s.u, s.chat, outbox.REPLY, "leave", {}, "", dedupe=f"leave:{s.chat.id}:{s.local.date()}")
    elif kind == "blocked":
        people.set_reachable(s.u, s.chat.id, False)
        if s.who is not None:
            notes.add(s.u, s.who.id, "undelivered", "blocked")
            row = escalations.open_for(s.u, s.who.id)
            if row is not None:
                escalations.note(s.u, row.id, "blocked")
    elif kind == "unblocked":
        people.set_reachable(s.u, s.chat.id, True)


def unreadable(s: Sitting) -> None:
    """Pictures, voice and files can't be read here: say so kindly, with the way to a human."""
    s.say("crisis.unreadable", dedupe=f"unreadable:{s.source}")


def edited(s: Sitting, *, tell: bool = True) -> bool:
    """A journal entry gets a new version; any other edit was screened and changes nothing. Whether it was one. tell: say so."""
    if not s.event.text or s.event.message_id is None:
        return False
    became = journal.edit(s.u, s.person, s.event.message_id, s.event.text)
    if became == "unshared":
        audit.record(s.u, s.person.id, s.person.code, "journal.unshared", "edited")
    if became in ("kept", "unshared") and tell:
        s.say("bot.saw_edit" if became == "kept" else "journal.edit_unshared")
    elif became == "gone" and tell:
        s.say("journal.gone")
    return became is not None


def stop(s: Sitting) -> None:
    """"stop" may mean the talk, the reminders or the STOP skill: ask. Staff have only the talk."""
    if s.person.role != "patient":
        _stop_this(s)
        return
    draft = s.draft().add("bot.stop_which")
    draft.row(draft.button("this", "bot.stop_this"), draft.button("reminders", "bot.stop_reminders"))
    draft.row(draft.button("skill", "bot.stop_skill"))
    draft.row(draft.button("~help", "button.help"))
    s.offer(draft, "act", "stop")


@tap("stop")
def _stop(s: Sitting, prompt: PromptRow, option: str) -> None:
    if prompt.panel is not None:
        s.strip(prompt.panel)
    if option == "this":
        _stop_this(s)
    elif option == "reminders":
        talk.start(s, "pause")
    else:
        talk.start(s, "skill", {"card": "stop"})


def _stop_this(s: Sitting) -> None:
    waiting = talks.waiting(s.u, s.chat)
    if waiting is None:
        s.say("bot.nothing_to_stop")
    else:
        talk.close(s, waiting, "partial")
        s.say("bot.stopped")


def free_text(s: Sitting) -> None:
    """Words nobody asked for: offered to the journal, private, and nothing is kept unless they say so."""
    if s.person.role != "patient":
        s.say("staff.use_menu")
        return
    if entry.unwelcomed(s):
        entry.welcome(s)
        return
    if danger.add_context(s):
        return
    draft = s.draft().add("bot.journal_offer")
    draft.row(draft.button("keep", "bot.journal_keep"), draft.button("no", "bot.journal_no"))
    draft.row(draft.button("~help", "button.help"))
    args = {"message": s.event.message_id or 0}
    s.offer(draft, "act", "journal_offer", subject=s.source, args=args)


@tap("journal_offer")
def _journal_offer(s: Sitting, prompt: PromptRow, option: str) -> None:
    if prompt.panel is not None:
        s.strip(prompt.panel)
    if option == "keep" and prompt.subject is not None and journal.keep_message(s.u, s.person, s.chat, prompt.subject):
        s.say("bot.journal_kept")
    else:
        s.say("bot.journal_left")
    waiting = talks.waiting(s.u, s.chat)
    if waiting is not None:
        talk.show_again(s, waiting)


@tap("resume", role="any")
def _resume(s: Sitting, prompt: PromptRow, option: str) -> None:
    if prompt.panel is not None:
        s.strip(prompt.panel)
    row = talks.talk(s.u, s.chat, prompt.subject) if prompt.subject is not None else None
    if row is None or row.state != "parked":
        s.say("bot.nothing_to_stop")
    elif option == "yes":
        talk.resume(s, row)
    else:
        talk.close(s, row, "partial")
        s.say("bot.resume_declined")

