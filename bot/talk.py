"""Running a conversation: take an answer, replay, show the next question, and put everything down in the same transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot import danger, panel
from bot.flow import (
    Choice,
    Danger,
    Do,
    Flow,
    FlowError,
    Given,
    Log,
    Me,
    Number,
    Question,
    Read,
    Say,
    Scale,
    Several,
    Step,
    Text,
    TimeOfDay,
    Timer,
    YesNo,
)
from bot.flow import replay as replay_flow
from bot.flow.commands import StartFlow
from bot.flow.effects import Effect
from bot.log import get
from bot.registry import ACTS, LOOKS
from bot.sitting import Sitting
from handlers import FLOWS
from storage import due, outbox, talks
from storage.talks import TalkRow

log = get("bot.talk")
LOOKS_LIKE_A_NUMBER = 8
"""Typed text with a digit and at most this long was meant as the answer to a question with buttons."""


def start(s: Sitting, flow: str, start: dict[str, Any] | None = None) -> None:
    """Open a conversation; one that waits is parked and can be taken up again."""
    park(s)
    kind = FLOWS[flow]
    body = {"me": s.me(start or {}).as_json(), "log": Log().as_json()}
    expires = s.u.now + timedelta(minutes=kind.expires)
    id = talks.add_talk(s.u, s.chat, flow, kind.version, body, expires)
    due.plan(s.u, "talk_expiry", id, f"talk_expiry:{id}", expires, chat=s.chat.id)
    row = talks.talk(s.u, s.chat, id)
    assert row is not None
    _advance(s, row, None)


def take(s: Sitting, row: TalkRow, given: Given, *, typed: bool = False) -> bool:
    """Give an answer to a talk. False when its question does not take it. `typed`: the next question comes as a new message."""
    return _advance(s, row, given, typed=typed)


def tick(s: Sitting, row: TalkRow, option: str) -> None:
    """Tick or untick one option of a `Several`; `option` is "+value" or "-value", so a doubled tap changes nothing."""
    state = Log.from_json(row.body["log"])
    kept = tuple(value for value in state.draft if value != option[1:])
    draft = (*kept, option[1:]) if option[0] == "+" else kept
    _advance(s, replace(row, body={**row.body, "log": replace(state, draft=draft).as_json()}), None)


def show_again(s: Sitting, row: TalkRow) -> None:
    """Put the question that waits below what was typed, as a new message."""
    _advance(s, row, None, typed=True)


def hint(s: Sitting, row: TalkRow, text: str) -> tuple[str, dict[str, Any]] | None:
    """How to answer the question that waits, for text that was plainly meant as its answer; None when it was not."""
    question = _question(row)
    if isinstance(question, Text) and len(text) > question.limit:
        return "bot.too_long", {"limit": question.limit}
    if len(text) > LOOKS_LIKE_A_NUMBER or not any(sign.isdigit() for sign in text):
        return None
    match question:
        case Scale(low=low, high=high):
            return "bot.needs_scale", {"low": low, "high": high}
        case Number(low=low, high=high):
            return "bot.needs_number", {"low": low, "high": high}
        case TimeOfDay():
            return "bot.needs_time", {}
        case Choice() | Several() | YesNo():
            return "bot.needs_tap", {}
    return None


def _question(row: TalkRow) -> Question | None:
    """The question a talk waits at, found without doing anything."""

    def perform(effect: Effect, key: str) -> Any:
        raise LookupError("nothing is done while only looking")

    try:
        step = replay_flow(FLOWS[row.flow], Me.from_json(row.body["me"]), Log.from_json(row.body["log"]), perform)
    except (FlowError, LookupError):
        return None
    return step.ask.question if step.ask else None


def back(s: Sitting, row: TalkRow) -> None:
    """Undo the last answer, unless something that lasts stands in between."""
    before = Log.from_json(row.body["log"]).back()
    if before is None:
        s.say("bot.no_back")
        return
    _stop_timer(s, row)
    _advance(s, replace(row, body={**row.body, "log": before.as_json(), "timer": None}), None)


def change_last_text(s: Sitting, row: TalkRow, message_id: int | None, text: str) -> bool:
    """An edited message replaces the talk's last text answer, if it was that message and nothing lasting followed."""
    last = row.body.get("typed")
    if message_id is None or not last or last["message"] != message_id:
        return False
    before = Log.from_json(row.body["log"]).back()
    if before is None or any(e.key == last["key"] and not e.effect for e in before.entries):
        return False
    rewound = replace(row, body={**row.body, "log": before.as_json()})
    return _advance(s, rewound, Given("text", text, last["key"]), typed=True)


def park(s: Sitting) -> TalkRow | None:
    """Set the waiting talk aside. Its keyboard goes; its answers stay."""
    row = talks.waiting(s.u, s.chat)
    if row is None:
        return None
    _stop_timer(s, row)
    panel.close(s, row)
    talks.save_talk(s.u, s.chat, row.id, body={**row.body, "timer": None}, state="parked", touch=False)
    return row


def resume(s: Sitting, row: TalkRow) -> None:
    """Take up a parked talk where it was, as a new message."""
    park(s)
    talks.save_talk(s.u, s.chat, row.id, state="waiting")
    _advance(s, replace(row, state="waiting", panel=None, prompt=None), None)


def close(s: Sitting, row: TalkRow, state: str) -> None:
    """End a talk before its end ("partial" or "expired"), keeping what its flow says is worth keeping."""
    _stop_timer(s, row)
    panel.close(s, row)
    flow = FLOWS.get(row.flow)
    if flow and flow.partial:
        answers = {e.key: e.value for e in Log.from_json(row.body["log"]).entries if not e.effect}
        command = flow.partial(Me.from_json(row.body["me"]), answers)
        if command is not None:
            ACTS[type(command)](s, command)
    talks.save_talk(s.u, s.chat, row.id, state=state)
    due.cancel(s.u, "talk_expiry", row.id, state)


def _advance(s: Sitting, row: TalkRow, given: Given | None, *, typed: bool = False) -> bool:
    says: list[Say] = []
    start_next: list[StartFlow] = []

    def perform(effect: Effect, key: str) -> Any:
        match effect:
            case Say():
                says.append(effect)
            case Read(query, args):
                return LOOKS[query](s, **args)
            case Do(StartFlow() as command):
                start_next.append(command)
            case Do(command):
                return ACTS[type(command)](s, command)
            case Danger(level, reason, track):
                danger.from_button(s, level, reason, track)
        return None

    flow, state = FLOWS[row.flow], Log.from_json(row.body["log"])
    try:
        step = replay_flow(flow, Me.from_json(row.body["me"]), state, perform, given)
    except FlowError as fault:
        log.error("talk.closed", flow=row.flow, fault=type(fault.__cause__ or fault).__name__)
        close(s, row, "partial")
        s.say("bot.flow_closed")
        return True
    if given and not step.took:
        return False
    body = {**row.body, "log": step.log.as_json()}
    if typed and given:
        body["typed"] = {"key": step.took, "message": s.event.message_id}
    if step.took:
        _stop_timer(s, row)
        body["timer"] = None
    if step.ask is None:
        _finish(s, replace(row, body=body), says, start_next, typed=typed)
        return True
    _show(s, flow, replace(row, body=body), step, says, typed=typed)
    return True


def _show(s: Sitting, flow: Flow, row: TalkRow, step: Step, says: list[Say], *, typed: bool) -> None:
    assert step.ask is not None
    body = row.body
    shown, prompt = panel.show(s, flow, row, step, says, typed=typed)
    question = step.ask.question
    if isinstance(question, Timer) and (body.get("timer") or {}).get("key") != step.key:
        ends = s.u.now + timedelta(seconds=question.seconds)
        slot = f"timer:{row.id}:{s.u.new_id()}"
        due.plan(s.u, "timer", row.id, slot, ends, chat=s.chat.id, key=step.key)
        body = {**body, "timer": {"key": step.key, "slot": slot, "panel": shown}}
        panel.start_frames(s, shown, prompt, step, says, slot)
    talks.save_talk(s.u, s.chat, row.id, body=body, panel_id=shown, prompt_id=prompt, state="waiting")


def _finish(s: Sitting, row: TalkRow, says: list[Say], start_next: list[StartFlow], *, typed: bool) -> None:
    panel.end(s, row, says, typed=typed)
    talks.save_talk(s.u, s.chat, row.id, body={**row.body, "timer": None}, state="done")
    due.cancel(s.u, "talk_expiry", row.id, "done")
    if start_next:
        start(s, start_next[-1].flow, start_next[-1].start)
        return
    offer_parked(s)


def offer_parked(s: Sitting) -> None:
    """Ask whether to take up the talk that was interrupted."""
    row = talks.parked(s.u, s.chat)
    if row is None or danger.is_open(s):
        return
    draft = s.draft().add("bot.resume_offer")
    draft.row(draft.button("yes", "button.carry_on"), draft.button("no", "button.not_now"))
    s.offer(draft, "act", "resume", subject=row.id)


def _stop_timer(s: Sitting, row: TalkRow) -> None:
    timer = row.body.get("timer")
    if timer:
        due.cancel(s.u, "timer", row.id, "answered", slot=timer["slot"])
        outbox.drop(s.u, "answered", target=timer["panel"], kind="frame")
