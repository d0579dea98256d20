"""Everything at the edge of a conversation: strangers and invitations, groups, what can't be read, edits, stop, free text."""

from __future__ import annotations

from datetime import timedelta

from bot import danger, talk
from bot.registry import tap
from bot.sitting import Sitting
from storage import audit, escalations, inbox, journal, notes, outbox, people, talks
from storage.talks import PromptRow

TRIES, TRY_WINDOW = 5, timedelta(hours=1)


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


def outside(s: Sitting) -> None:
    """Someone this program does not know, or no longer: an invitation, or a kind word about where to find one."""
    if s.who is None and s.event.kind == "command" and s.event.command == "start" and s.event.argument:
        _redeem(s)
        return
    if s.event.kind == "command" and s.event.command in ("help", "sos"):
        danger.card(s, "unknown")
        s.say("crisis.stranger" if s.who is None else "crisis.discharged", dedupe=f"alone:{s.source}")
        return
    day = s.u.now.date()
    s.say("bot.not_invited" if s.who is None else "crisis.discharged", dedupe=f"outside:{s.chat.id}:{day}:{s.u.now.hour}")


def _redeem(s: Sitting) -> None:
    tries = inbox.commands_since(s.u, s.chat.id, s.u.now - TRY_WINDOW)
    who = people.redeem(s.u, s.event.argument, s.chat.id) if tries <= TRIES else None
    if who is None:
        s.say("bot.invite_bad")
        return
    audit.record(s.u, who.id, who.code, "invite.redeemed")
    s.who = who
    talk.start(s, "welcome" if who.role == "patient" else "welcome_staff")


def unreadable(s: Sitting) -> None:
    """Pictures, voice and files can't be read here: say so kindly, with the way to a human."""
    s.say("crisis.unreadable", dedupe=f"unreadable:{s.source}")


def edited(s: Sitting) -> None:
    """A journal entry gets a new version; any other edit was screened and changes nothing."""
    if s.event.text and s.event.message_id is not None and journal.edit(s.u, s.person, s.event.message_id, s.event.text):
        s.say("bot.saw_edit")


def stop(s: Sitting) -> None:
    """"stop" may mean the talk, the reminders or the STOP skill: ask."""
    draft = s.draft().add("bot.stop_which")
    draft.row(draft.button("this", "bot.stop_this"), draft.button("reminders", "bot.stop_reminders"))
    draft.row(draft.button("skill", "bot.stop_skill"))
    s.offer(draft, "act", "stop")


@tap("stop")
def _stop(s: Sitting, prompt: PromptRow, option: str) -> None:
    if prompt.panel is not None:
        s.strip(prompt.panel)
    if option == "this":
        waiting = talks.waiting(s.u, s.chat)
        if waiting is None:
            s.say("bot.nothing_to_stop")
        else:
            talk.close(s, waiting, "partial")
            s.say("bot.stopped")
    elif option == "reminders":
        talk.start(s, "pause")
    else:
        talk.start(s, "skill", {"card": "stop"})


def free_text(s: Sitting) -> None:
    """Words nobody asked for: offered to the journal, private, and nothing is kept unless they say so."""
    if s.person.role != "patient":
        s.say("staff.use_menu")
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


@tap("resume")
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

