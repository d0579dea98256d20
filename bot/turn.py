"""The one door: every message, button, command and due time of a person passes here, and the screen hears it first.

A turn is a plain function of (unit of work, what came, now). It cannot wait for a network; what is to be sent is a row.
Order: danger, then stop and help, then a command, then a button with a live prompt, then the talk that waits, then free text.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from bot import danger, doors, entry, talk, taps, typed
from bot.acts import concern, follow_up, taken_back
from bot.acts.session_prompts import say_what_is_off
from bot.event import Event, Unreadable, parse, written
from bot.flow import Given
from bot.log import get
from bot.raw import read
from bot.raw import texts as texts_of
from bot.registry import COMMANDS
from bot.sitting import Sitting, said_at
from safety.heard import Heard, Level, worse
from safety.screen import LONGEST, screen
from storage import contacts, inbox, invites, notes, people, talks
from storage.inbox import Received
from storage.seal import SealBroken
from storage.store import Unit
from storage.talks import TalkRow

log = get("bot.turn")

WINDOW = timedelta(minutes=5)
WINDOW_TEXTS = 3
STOP_WORDS = ("stop", "stop.", "stop!")
BEFORE_WELCOME = ("start", "help", "sos")
"""The commands that are open to a patient who has not agreed to the program yet."""


def take(u: Unit, row: Received) -> None:
    """Take one inbox row. Raises what a handler raises; the caller rolls back to before it and calls `rescue`."""
    try:
        event = parse(read(row.raw))
    except Unreadable:
        rescue(u, inbox.as_it_stands(u, row), "unreadable")
        return
    heard = screen("" if _is_link(u, event) else event.text, at_most=LONGEST)
    if event.kind == "button":
        taps.foresee(u, event.data)
    chat, who = people.seated(u, row.chat.id)  # now: an event before it in the same group may have bound, moved or emptied it
    row = replace(row, chat=chat)
    heard = worse(heard, _in_window(u, row, event)) if event.kind in ("text", "edit", "media") else heard
    back = not row.chat.reachable and event.kind != "blocked"
    if back:
        people.set_reachable(u, row.chat.id, True)
    s = Sitting(u, row.chat, who, row.id, event, said_at(event, row.received_at))
    if back and who is not None:
        say_what_is_off(u, who.id)
    advance(s, heard)
    inbox.done(u, row.id, heard.level.word if heard.level else None)
    if who is None or s.who is None:  # a stranger, or somebody who has just been forgotten
        inbox.erase_raw(u, row.id)


def _is_link(u: Unit, event: Event) -> bool:
    """Whether this is a link that works: its code is chance letters, in which danger can be read like shapes in a cloud."""
    code = event.argument if event.kind == "command" and event.command == "start" else ""
    return bool(code) and (invites.lets_in(u, code) is not None or contacts.is_link(u, code))


def rescue(u: Unit, row: Received, reason: str) -> None:
    """What is left when a turn could not be taken: the text kept, danger heard, the person told, staff to look at it."""
    if not row.raw:
        raise SealBroken("nobody can tell what was said")  # what could not be screened counts as danger: `last_resort`
    texts = texts_of(row.raw)
    heard = screen("\n".join(texts), at_most=LONGEST)
    inbox.quarantine(u, row.id, reason, heard.level.word)
    who = people.person(u, row.chat.person) if row.chat.person is not None else None
    notes.add(u, who.id if who else None, "quarantine", reason)
    s = Sitting(u, row.chat, who, row.id, Event("other", 0, "\n".join(texts)), row.received_at)
    if heard.level >= Level.HIGH:
        _tell_danger(s, heard)
    elif texts:
        s.say("bot.trouble", dedupe=f"trouble:{row.id}")


def advance(s: Sitting, heard: Heard) -> None:
    """The router. Takes only what the screen has heard; there is no other way to a handler."""
    if not isinstance(heard, Heard):
        raise TypeError("a turn takes only what the screen has heard")
    event, who = s.event, s.who
    if event.kind in ("group", "other", "blocked", "unblocked"):
        doors.membership(s)
    elif heard.level >= Level.HIGH:
        _danger(s, heard)
    elif event.kind == "edit" and _says_the_same(s):
        inbox.mark(s.u, s.source, inbox.SAME)
    elif who is None or who.outside:
        entry.outside(s, heard)
    elif heard.level is Level.CONCERN and who.role == "patient":
        _concern(s, heard)
    elif event.kind == "command":
        _command(s)
    elif event.kind == "button":
        taps.take(s)
    elif event.kind == "edit":
        _edit(s)
    elif event.kind == "media" and not event.text:
        doors.unreadable(s)
    else:
        if event.kind == "media":
            doors.unreadable(s)
        _text(s)


def _in_window(u: Unit, row: Received, event: Event) -> Heard:
    """Heard together with the last messages, since people split a sentence over two. If those can't be read, alone."""
    try:
        before = inbox.recent_raw(u, row, WINDOW, WINDOW_TEXTS)
        recent = [text for update in before for text in written(update)]
    except SQLAlchemyError:
        raise
    except Exception as fault:
        log.error("turn.window", fault=type(fault).__name__)
        recent = []
    return screen(event.text, recent, at_most=LONGEST) if recent else screen("")


def _danger(s: Sitting, heard: Heard) -> None:
    if _tell_danger(s, heard):
        _keep_words(s)
        talk.park(s)


def _tell_danger(s: Sitting, heard: Heard) -> bool:
    """The card, and for a patient the ladder. Whether it was a patient; nobody else is promised one.

    Someone for whom nothing is on any more still adds to an alert that a human has not closed.
    """
    if s.who is not None and s.who.role == "patient" and (not s.who.outside or danger.is_open(s)):
        danger.from_text(s, heard)
        return True
    danger.card(s, heard.track.value, danger.rule_of(heard))
    s.say("crisis.staff" if s.who is not None and s.who.role == "staff" and s.who.active else entry.alone(s), dedupe=f"alone:{s.source}")
    return False


def _concern(s: Sitting, heard: Heard) -> None:
    """The kind questions. While an alert is under way the conversation goes on instead; what was said is kept with one that is open."""
    going_on = danger.is_under_way(s)
    if not going_on and _typed_a_button(s):
        return
    answers = _answers_directly(s)
    danger.add_context(s)
    _keep_words(s, go_on=going_on, tell=True)
    notes.add(s.u, s.person.id, "concern", "text", at=s.said_at)
    if not going_on:
        if s.event.kind != "edit":
            follow_up.asked_instead(s)
        concern.ask(s, heard, answers=answers)


def _typed_a_button(s: Sitting) -> bool:
    """Whether the very words of a button were typed at a question about their safety, which is answered then: what our own words sound like
    is no worry of theirs."""
    waiting = talks.waiting(s.u, s.chat) if s.event.kind == "text" else None
    if waiting is None or typed.asks_directly(waiting, s.event.text) is None:
        return False
    return talk.take(s, waiting, Given("text", s.event.text), typed=True)


def _answers_directly(s: Sitting) -> bool:
    """Whether this was typed at the question of the day after or at one of a check-in, or changes what was once that is over."""
    if s.event.kind == "edit" and s.event.message_id is not None:
        before = talks.answered_by(s.u, s.chat, s.event.message_id)
        over = before is not None and before.state not in ("waiting", "parked")  # else their question is put again
        return over and before is not None and taken_back.answered_directly(before, s.event.message_id) is not None
    waiting = talks.waiting(s.u, s.chat)
    at_talk = waiting is not None and typed.asks_directly(waiting, s.event.text) is not None
    return s.event.kind in ("text", "media") and (at_talk or follow_up.waits(s) is not None)


def _keep_words(s: Sitting, *, go_on: bool = False, tell: bool = False) -> None:
    """What was typed as an answer is still that answer, and an edit that edit, also when it sounded like danger; but never as a name or
    number.

    go_on: show the next question. tell: say that an edit of a journal entry was kept. After a crisis card nothing may follow it.
    """
    waiting = talks.waiting(s.u, s.chat)
    is_edit = s.event.kind == "edit" and not s.person.outside
    is_answer = s.event.kind in ("text", "media") and waiting is not None and not typed.asks_fact(waiting)
    if not is_edit and not is_answer:
        return
    try:
        with s.u.savepoint():
            if waiting is not None and is_answer:
                (talk.take if go_on else talk.keep)(s, waiting, Given("text", s.event.text), typed=True)
            elif taken_back.reopen(s) or (waiting is not None and talk.change_last_text(s, waiting, facts=False, quiet=not go_on)):
                pass
            elif not doors.edited(s, tell=tell) and (parked := talks.parked(s.u, s.chat)) is not None:
                talk.change_last_text(s, parked, facts=False, quiet=True)
    except SQLAlchemyError:
        raise
    except Exception as fault:
        log.error("turn.keep", fault=type(fault).__name__)


def _command(s: Sitting) -> None:
    known = COMMANDS.get(f"{s.person.role}:{s.event.command}") or COMMANDS.get(f"any:{s.event.command}")
    if entry.unwelcomed(s) and s.event.command not in BEFORE_WELCOME:
        entry.welcome(s)
    elif known is None:
        s.say("bot.unknown_command")
    else:
        known.run(s)


def _says_the_same(s: Sitting) -> bool:
    """Whether no word was changed, as Telegram tells of other changes too: what the message says was heard as it came. Danger is not
    asked this: it is heard each time."""
    return s.event.message_id is not None and inbox.words_of(s.u, s.chat, s.event.message_id) == s.event.text


def _edit(s: Sitting) -> None:
    if s.event.message_id is None:
        return
    waiting = talks.waiting(s.u, s.chat)
    if (waiting is not None and talk.change_last_text(s, waiting)) or doors.edited(s):
        return
    answered = talks.answered_by(s.u, s.chat, s.event.message_id)
    if answered is not None and answered.state == "parked" and talk.change_last_text(s, answered, quiet=True):
        s.say("bot.saw_edit")
    elif (at := answered or waiting) is not None and (_edited_in_words(s, at) or taken_back.took_back(s, at)):
        return
    elif answered is not None:
        s.say("bot.edit_too_late")


def _edited_in_words(s: Sitting, at: TalkRow) -> bool:
    """An edit where a talk waits at a direct question, or that takes back what was typed at one, is an answer in words."""
    before = talk.before_last_text(s, at) or at
    direct = typed.asks_directly(before, s.event.text) if at.state in ("waiting", "parked") else None
    if direct is None:
        return False
    if at.state == "parked":
        talk.park(s)
    concern.in_words(s, before, direct)
    return True


def _text(s: Sitting) -> None:
    if s.event.text.strip().lower() in STOP_WORDS:
        doors.stop(s)
        return
    waiting = talks.waiting(s.u, s.chat)
    asked = follow_up.waits(s) if s.person.role == "patient" else None  # as it stands before anything else is shown
    if asked is not None and follow_up.as_tap(s, asked):
        return
    if waiting is not None and talk.take(s, waiting, Given("text", s.event.text), typed=True):
        if asked is not None and not asked.args.get("in_words") and typed.takes_any(waiting):
            follow_up.in_words(s, asked)  # nobody can tell which of the two was meant
        return
    if waiting is not None and _hinted(s, waiting):
        return
    if asked is not None and follow_up.in_words(s, asked):
        return
    doors.free_text(s)


def _hinted(s: Sitting, waiting: TalkRow) -> bool:
    """Say how to answer when typed text was plainly meant as the answer, and put the question below it again."""
    direct = typed.asks_directly(waiting, s.event.text)
    if direct is not None:
        concern.in_words(s, waiting, direct)
        return True
    hint = typed.hint(s, waiting, s.event.text)
    if hint is None:
        return False
    words, slots = hint
    s.say(words, **slots)
    talk.show_again(s, waiting)
    return True
