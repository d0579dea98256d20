"""Running a conversation: take an answer, replay, show the next question, and put everything down in the same transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot import danger, panel
from bot.flow import (
    Danger,
    Do,
    Flow,
    FlowError,
    Given,
    Log,
    Me,
    Read,
    Say,
    Step,
    Timer,
)
from bot.flow import replay as replay_flow
from bot.flow.commands import Command, StartFlow
from bot.flow.effects import Effect
from bot.log import get
from bot.registry import ACTS, LOOKS
from bot.sitting import Sitting
from bot.typed import as_tap, asks_fact
from handlers import FLOWS
from storage import due, outbox, talks
from storage.talks import TalkRow

log = get("bot.talk")
KEPT = "kept"
"""Where a talk's body names what staff were told of it already: that is not told again when it ends."""
IN_WORDS = "in_words"
"""Where a talk's body names the direct question that was last answered in words, which staff were told of."""


def start(s: Sitting, flow: str, start: dict[str, Any] | None = None, *, typed: str = "") -> None:
    """Open a conversation; one that waits is parked and can be taken up again. typed: what the message that opens it has answered."""
    park(s)
    kind = FLOWS[flow]
    body = {"me": s.me(start or {}).as_json(), "log": Log().as_json(), "answers": {typed: s.event.message_id} if typed else {}}
    expires = s.u.now + timedelta(minutes=kind.expires)
    id = talks.add_talk(s.u, s.chat, flow, kind.version, body, expires)
    due.plan(s.u, "talk_expiry", id, f"talk_expiry:{id}", expires, chat=s.chat.id)
    row = talks.talk(s.u, s.chat, id)
    assert row is not None
    _advance(s, row, None)


def take(s: Sitting, row: TalkRow, given: Given, *, typed: bool = False) -> bool:
    """Give an answer to a talk. False when its question does not take it. `typed`: the next question comes as a new message."""
    return _advance(s, row, as_tap(s, row, given), typed=typed)


def keep(s: Sitting, row: TalkRow, given: Given, *, typed: bool = False) -> bool:
    """Take an answer and what follows from it, and show nothing: for words with danger in them. The caller parks the talk."""
    return _advance(s, row, given, typed=typed, quiet=True)


def tick(s: Sitting, row: TalkRow, option: str) -> None:
    """Tick or untick one option of a `Several`; `option` is "+value" or "-value", so a doubled tap changes nothing."""
    state = Log.from_json(row.body["log"])
    kept = tuple(value for value in state.draft if value != option[1:])
    draft = (*kept, option[1:]) if option[0] == "+" else kept
    _advance(s, replace(row, body={**row.body, "log": replace(state, draft=draft).as_json()}), None)


def show_again(s: Sitting, row: TalkRow) -> None:
    """Put the question that waits below what was typed, as a new message."""
    _advance(s, row, None, typed=True)


def back(s: Sitting, row: TalkRow) -> None:
    """Undo the last answer, unless something that lasts stands in between."""
    before = Log.from_json(row.body["log"]).back()
    if before is None:
        s.say("bot.no_back")
        return
    _stop_timer(s, row)
    _advance(s, replace(row, body={**row.body, "log": before.as_json(), "timer": None}), None)


def change_last_text(s: Sitting, row: TalkRow, *, facts: bool = True, quiet: bool = False) -> bool:
    """An edited message replaces the talk's last text answer, if it was that message and nothing lasting followed.

    facts: also where a name or a number was asked for. quiet: show nothing.
    """
    rewound = before_last_text(s, row)
    if rewound is None or (asks_fact(rewound) and not facts):
        return False
    given = replace(as_tap(s, rewound, Given("text", s.event.text)), key=row.body["typed"]["key"])
    return _advance(s, rewound, given, typed=True, quiet=quiet)


def before_last_text(s: Sitting, row: TalkRow) -> TalkRow | None:
    """A talk as it was before its last text answer, if that was the edited message and nothing lasting followed."""
    if not row.was_answered_by(s.event.message_id):
        return None
    before = Log.from_json(row.body["log"]).back()
    if before is None or any(e.key == row.body["typed"]["key"] and not e.effect for e in before.entries):
        return None
    return replace(row, body={**row.body, "log": before.as_json()})


def park(s: Sitting) -> TalkRow | None:
    """Set the waiting talk aside. Its keyboard goes; its answers stay. One that isn't worth coming back to is closed."""
    row = talks.waiting(s.u, s.chat)
    if row is None:
        return None
    worth = FLOWS[row.flow].worth if row.flow in FLOWS else None
    if worth is not None and not worth(Me.from_json(row.body["me"]), _answers(row)):
        close(s, row, "partial")
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


def give_time(s: Sitting, row: TalkRow) -> None:
    """Let a talk wait from now on as long as one that begins now."""
    expires = s.u.now + timedelta(minutes=FLOWS[row.flow].expires)
    talks.save_talk(s.u, s.chat, row.id, expires_at=expires)
    for each in due.planned(s.u, "talk_expiry", row.id):
        due.move(s.u, each.id, expires)


def close(s: Sitting, row: TalkRow, state: str) -> None:
    """End a talk before its end ("partial" or "expired"), keeping what its flow says is worth keeping; nothing of another version's."""
    _stop_timer(s, row)
    panel.close(s, row)
    command = left_as(row)
    if command is not None and s.who is not None and getattr(command, "code", "") != row.body.get(KEPT):
        ACTS[type(command)](s, command)
    talks.save_talk(s.u, s.chat, row.id, body=_emptied(row.body), state=state)
    due.cancel(s.u, "talk_expiry", row.id, state)


def left_as(row: TalkRow) -> Command | None:
    """What would be kept of a talk if it ended with the answers so far; nothing of another version's."""
    flow = FLOWS.get(row.flow)
    if flow is None or flow.partial is None or row.version != flow.version:
        return None
    return flow.partial(Me.from_json(row.body["me"]), _answers(row))


def _answers(row: TalkRow) -> dict[str, Any]:
    return {e.key: e.value for e in Log.from_json(row.body["log"]).entries if not e.effect}


def _advance(s: Sitting, row: TalkRow, given: Given | None, *, typed: bool = False, quiet: bool = False) -> bool:
    start_next: list[StartFlow] = []

    def perform(effect: Effect, key: str) -> Any:
        match effect:
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
    outgrown = row.version != flow.version
    try:
        if outgrown:
            raise FlowError("begun with another version")
        step = replay_flow(flow, Me.from_json(row.body["me"]), state, perform, given)
    except FlowError as fault:
        log.error("talk.closed", flow=row.flow, fault=type(fault.__cause__ or fault).__name__)
        close(s, row, "partial")
        s.say("bot.flow_changed" if outgrown else "bot.flow_closed")
        return True
    if given and not step.took:
        return False
    body = {**row.body, "log": step.log.as_json()}
    if typed and given:
        body["typed"] = {"key": step.took, "message": s.event.message_id}
        body["answers"] = {**body.get("answers", {}), step.took: s.event.message_id}
    if step.took:
        _stop_timer(s, row)
        body["timer"] = None
    if quiet:
        panel.close(s, row)
        body, then = (body, row.state) if step.ask else (_emptied(body), "done")
        talks.save_talk(s.u, s.chat, row.id, body=body, state=then, touch=row.state == "waiting")
        return True
    says = [say for say in step.says if not say.alone or say in step.performed]
    if step.ask is None:
        _finish(s, replace(row, body=body), says, start_next, typed=typed)
        return True
    _show(s, flow, replace(row, body=body), step, says, typed=typed)
    return True


def _show(s: Sitting, flow: Flow, row: TalkRow, step: Step, says: list[Say], *, typed: bool) -> None:
    assert step.ask is not None
    body, timer = row.body, None
    if isinstance(step.ask.question, Timer):
        timer = _running(s, row, step, step.ask.question, says)
    shown, prompt = panel.show(s, flow, row, step, says, typed=typed, plan=timer["plan"] if timer else None)
    if timer is not None:
        if "panel" in timer:
            outbox.drop(s.u, "moved", target=timer["panel"], kind="frame")
        panel.start_frames(s, shown, prompt, timer["plan"], timer["slot"])
        body = {**body, "timer": {**timer, "panel": shown}}
    talks.save_talk(s.u, s.chat, row.id, body=body, panel_id=shown, prompt_id=prompt, state="waiting")


def _running(s: Sitting, row: TalkRow, step: Step, question: Timer, says: list[Say]) -> dict[str, Any]:
    """The timer of this question: the one that runs, also when its message is shown anew, or one that starts now."""
    running: dict[str, Any] = row.body.get("timer") or {}
    if running.get("key") == step.key:
        return running
    slot = f"timer:{row.id}:{s.u.new_id()}"
    ends = s.u.now + timedelta(seconds=question.seconds)
    due.plan(s.u, "timer", row.id, slot, ends, chat=s.chat.id, send_by=row.expires_at, key=step.key)  # then nobody could answer any more
    return {"key": step.key, "slot": slot, "plan": panel.plan_of(s, step, says, s.u.now)}


def _finish(s: Sitting, row: TalkRow, says: list[Say], start_next: list[StartFlow], *, typed: bool) -> None:
    panel.end(s, row, says, typed=typed)
    talks.save_talk(s.u, s.chat, row.id, body=_emptied(row.body), state="done")
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
    draft.row(draft.button(panel.HELP, "button.help"))
    s.offer(draft, "act", "resume", subject=row.id)


def _emptied(body: dict[str, Any]) -> dict[str, Any]:
    """A talk that is over keeps no words, name or medicines: what was worth keeping is a fact by now, what was deleted must not live on.
    By the numbers of the messages it was answered in, an edit of one is still known for that."""
    return {"me": {}, "log": Log().as_json(), "answers": body.get("answers", {})}


def _stop_timer(s: Sitting, row: TalkRow) -> None:
    timer = row.body.get("timer")
    if timer:
        due.cancel(s.u, "timer", row.id, "answered", slot=timer["slot"])
        panel.end_frames(s, timer["panel"], timer["plan"])
