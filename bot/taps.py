"""Buttons: what a tap names, whether it still counts, and what it does. A tap is untrusted until its row says otherwise."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from bot import talk
from bot.flow import Given
from bot.panel import BACK, DONE, HELP, LATER, SKIP
from bot.registry import COMMANDS, TAPPED_BY, TAPS
from bot.sitting import Sitting
from bot.typed import asks_directly
from storage import inbox, outbox, talks
from storage.store import Unit
from storage.talks import PromptRow, TalkRow

DATA = re.compile(r"([A-Za-z0-9_-]{22})\.(\d{1,3})")
STAYS = "crisis"
"""The keyboard of the crisis card and of the help screen, which is never taken away."""
DOUBLED = timedelta(seconds=5)


def foresee(u: Unit, data: str) -> None:
    """This tap is about to be taken."""
    if found := DATA.fullmatch(data):
        talks.foresee_tap(u, found[1])


def take(s: Sitting) -> None:
    """Act on a button, silently pass over a doubled tap, or take a dead keyboard away and say so once."""
    found = DATA.fullmatch(s.event.data)
    prompt = talks.prompt_by_nonce(s.u, found[1]) if found else None
    if found is None or prompt is None or prompt.chat != s.chat.id or int(found[2]) >= len(prompt.options):
        _dead(s)
        return
    option = prompt.options[int(found[2])]
    if option == HELP:
        (COMMANDS.get(f"{s.person.role}:help") or COMMANDS["any:help"]).run(s)
        return
    if prompt.kind == "act" and TAPPED_BY.get(prompt.key) not in (s.person.role, "any"):
        _dead(s)
        return
    if prompt.state != "live" and not _stays(s, prompt, option):
        _closed(s, prompt, option)
        return
    if prompt.kind == "act":
        talks.close_prompt(s.u, prompt.id, option)
        TAPS[prompt.key](s, prompt, option)
    elif prompt.kind == "door":
        talks.close_prompt(s.u, prompt.id, option)
        if prompt.panel is not None:
            s.strip(prompt.panel)
        talk.start(s, prompt.key, {**prompt.args, "option": option})
    else:
        _answer(s, prompt, option)


def _answer(s: Sitting, prompt: PromptRow, option: str) -> None:
    row = talks.asked_by(s.u, s.chat, prompt)
    if row is None or row.state != "waiting" or row.prompt != prompt.id:
        _dead(s)
        return
    _give(s, row, prompt, option)


def _give(s: Sitting, row: TalkRow, prompt: PromptRow, option: str) -> None:
    """Do what a button of the question that waits stands for."""
    talks.close_prompt(s.u, prompt.id, option)
    row = replace(row, prompt=None)  # it is closed already, with what was answered
    if option == BACK:
        talk.back(s, row)
    elif option == LATER:
        talk.park(s)
        s.say("bot.later")
    elif option[:1] in "+-" and option[1:]:
        talk.tick(s, row, option)
    else:
        kind = {SKIP: "skip", DONE: "done"}.get(option, "tap")
        if not talk.take(s, row, Given(kind, option, prompt.key)):
            talk.show_again(s, row)


def _stays(s: Sitting, prompt: PromptRow, option: str) -> bool:
    """Whether a button of the crisis card or the help screen is meant anew. Nobody in danger taps in vain, but for a doubled tap."""
    return prompt.kind == "act" and prompt.key == STAYS and not (prompt.answered == option and doubled(s))


def for_help(s: Sitting) -> str:
    """Which button of a crisis card or help screen of this chat was tapped, or the Help of any keyboard; empty when none of them was."""
    found = DATA.fullmatch(s.event.data)
    prompt = talks.prompt_by_nonce(s.u, found[1]) if found else None
    if found is None or prompt is None or prompt.chat != s.chat.id or int(found[2]) >= len(prompt.options):
        return ""
    option = prompt.options[int(found[2])]
    return option if option == HELP or (prompt.kind == "act" and prompt.key == STAYS) else ""


def doubled(s: Sitting) -> bool:
    """Whether this very button was the last one tapped in this chat, a moment ago; what waits meanwhile is no matter."""
    return s.event.data == inbox.tap_before(s.u, s.chat, s.source, s.said_at - DOUBLED)


def _closed(s: Sitting, prompt: PromptRow, option: str) -> None:
    """The same button twice is silent; so is a tap that crossed with the edit that replaced its keyboard.

    A keyboard that should have been replaced longer ago is still on the phone: nobody is left with one that does nothing. Where a question
    about their safety was put again below, what is tapped on the one before is its answer: nobody says in vain that they are in danger.
    """
    waiting = talks.waiting(s.u, s.chat)
    now = talks.prompt(s.u, waiting.prompt) if waiting is not None and waiting.prompt is not None else None
    if waiting is not None and now is not None and _put_again(prompt, now, option) and asks_directly(waiting, option):
        talks.close_prompt(s.u, prompt.id, option)
        _give(s, waiting, now, option)
        return
    if prompt.panel is not None and waiting is not None and waiting.panel == prompt.panel:
        if not _late_tick(s, prompt, waiting, now, option) and now is not None and s.u.now - now.created_at > DOUBLED:
            talk.show_again(s, waiting)
        return
    if prompt.answered != option:
        _dead(s)


def _put_again(before: PromptRow, now: PromptRow, option: str) -> bool:
    """Whether these are two keyboards of one question, on two messages, and nothing was tapped on the first."""
    same = before.talk is not None and (before.talk, before.key) == (now.talk, now.key) and before.panel != now.panel
    return same and before.answered is None and option in now.options


def _late_tick(s: Sitting, prompt: PromptRow, waiting: TalkRow, now: PromptRow | None, option: str) -> bool:
    """Chips are tapped quicker than a keyboard is redrawn: a tick made on the one before still counts while its question stands."""
    if prompt.answered == option or now is None or now.talk != prompt.talk or now.key != prompt.key:
        return False
    if option[:1] not in "+-" or option not in now.options:
        return False
    talk.tick(s, waiting, option)
    return True


def _dead(s: Sitting) -> None:
    """An old or foreign keyboard: take it off the message that was tapped, and answer once for that message."""
    if s.event.message_id is None:
        return
    mark = f"{s.chat.id}:{s.event.message_id}"
    payload = {"message_id": s.event.message_id}
    outbox.post(s.u, s.chat, outbox.REPLY, "strip", payload, "", dedupe=f"strip:{mark}")
    s.say("bot.stale", dedupe=f"stale:{mark}")
