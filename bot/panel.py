"""A talk on the screen: one message edited in place, its keyboard, and the frames of a timer.

After typed text, a crisis card or a message of its own, the next question comes as a new message and the old keyboard goes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.flow import Choice, Flow, Say, Several, Step, Timer
from bot.flow.questions import Option
from bot.frames import closing, frame
from bot.message import Button, Draft
from bot.sitting import Sitting
from storage import outbox, talks
from storage.outbox import BULK, REPLY
from storage.talks import TalkRow

NUMBERS_IN_A_ROW = 5
BACK, SKIP, DONE, HELP, LATER = "~back", "~skip", "~done", "~help", "~later"


def show(
    s: Sitting, flow: Flow, row: TalkRow, step: Step, says: list[Say], *, typed: bool, plan: dict[str, Any] | None = None
) -> tuple[int, int]:
    """Put the question before the patient; returns (the message's outbox row, the prompt's row).

    plan: of a timer's question, from `plan_of`; the message then shows the timer as it stands now.
    """
    assert step.ask is not None
    alone = _say_alone(s, says)
    draft = _question(s, flow, step, says)
    anew = row.panel is None or typed or alone or step.ask.fresh
    prompt, nonce = talks.add_prompt(
        s.u, s.chat.id, "talk", step.key, draft.options, talk=row.id, panel=None if anew else row.panel
    )
    payload = draft.payload(nonce)
    if plan is not None:
        payload["text"] = frame(plan, s.u.now)[0]
    _retire(s, row)
    if not anew and row.panel is not None:
        outbox.post(s.u, s.chat, REPLY, "edit", payload, draft.content, target=row.panel)
        return row.panel, prompt
    if row.panel is not None:
        s.strip(row.panel)
    shown = outbox.post(s.u, s.chat, REPLY, "send", payload, draft.content)
    assert shown is not None
    talks.put_on(s.u, prompt, shown)
    return shown, prompt


def end(s: Sitting, row: TalkRow, says: list[Say], *, typed: bool) -> None:
    """The last words of a talk: in its message, or as a new one after typed text."""
    alone = _say_alone(s, says)
    _retire(s, row)
    draft = s.draft()
    for say in says:
        if not say.alone:
            draft.add(say.words, **say.slots)
    if not draft.content:
        if row.panel is not None:
            s.strip(row.panel)
    elif row.panel is None or typed or alone:
        if row.panel is not None:
            s.strip(row.panel)
        s.post(draft)
    else:
        outbox.post(s.u, s.chat, REPLY, "edit", draft.payload(), draft.content, target=row.panel)


def close(s: Sitting, row: TalkRow) -> None:
    """Take a talk off the screen: its keyboard goes, its words stay."""
    _retire(s, row)
    if row.panel is not None:
        s.strip(row.panel)


def plan_of(s: Sitting, step: Step, says: list[Say], started: datetime) -> dict[str, Any]:
    """All that `bot.frames` needs to draw a timer at any instant."""
    assert step.ask is not None and isinstance(step.ask.question, Timer)
    timer, draft = step.ask.question, s.draft()
    for say in says:
        if not say.alone:
            draft.add(say.words, **say.slots)
    draft.add(step.words, **step.ask.slots)
    return {
        "text": draft.text,
        "phases": [[_phase(draft, words, seconds), seconds] for words, seconds in timer.plan],
        "seconds": timer.seconds,
        "started": started.isoformat(),
        "left": draft.phrase("timer.left", time="{time}"),
        "over": draft.phrase("timer.over"),
        "content": draft.content,
    }


def start_frames(s: Sitting, shown: int, prompt: int, plan: dict[str, Any], slot: str) -> None:
    """Let the drain draw a timer on a message: it works out the frame from the plan and the time, and skips missed ones."""
    row, following, draft = talks.prompt(s.u, prompt), frame(plan, s.u.now)[1], s.draft()
    if row is None or following is None:
        return
    buttons = draft.button("stopped", "button.stop_timer"), draft.button(HELP, "button.help")
    keyboard = [[[button.label, f"{row.nonce}.{row.options.index(button.option)}"]] for button in buttons]
    content = f"{plan['content']} {draft.content}"
    payload = {**plan, "keyboard": keyboard}
    outbox.post(s.u, s.chat, BULK, "frame", payload, content, target=shown, not_before=following, wanted=f"due:{slot}")


def end_frames(s: Sitting, shown: int, plan: dict[str, Any]) -> None:
    """Leave the message of a timer in words that are still true: how far it came, and no buttons."""
    outbox.drop(s.u, "answered", target=shown, kind="frame")
    draft = s.draft()
    payload = {"text": closing(plan, s.u.now, draft.phrase("timer.stopped")), "keyboard": []}
    outbox.post(s.u, s.chat, REPLY, "edit", payload, f"{plan['content']} {draft.content}", target=shown)


def _phase(draft: Draft, words: str, seconds: int) -> str:
    slots = {"seconds": seconds} if "seconds" in draft.words.item(words).slots else {}
    return draft.phrase(words, **slots)


def _say_alone(s: Sitting, says: list[Say]) -> bool:
    alone = [say for say in says if say.alone]
    for say in alone:
        s.say(say.words, **say.slots)
    return bool(alone)


def _retire(s: Sitting, row: TalkRow) -> None:
    if row.prompt is not None:
        talks.close_live_prompt(s.u, row.prompt)


def _question(s: Sitting, flow: Flow, step: Step, says: list[Say]) -> Draft:
    assert step.ask is not None
    question, draft = step.ask.question, s.draft()
    for say in says:
        if not say.alone:
            draft.add(say.words, **say.slots)
    draft.add(step.words, **step.ask.slots)
    buttons = [_button(draft, option, question, step) for option in question.options()]
    numbers = question.numbered if isinstance(question, Choice) else 0
    draft.grid(buttons[:numbers], NUMBERS_IN_A_ROW).grid(buttons[numbers:], question.columns)
    tail = []
    if isinstance(question, Several):
        draft.row(draft.button(DONE, "button.done"))
    if step.can_go_back and not isinstance(question, Timer):
        tail.append(draft.button(BACK, "button.back"))
    if question.optional:
        tail.append(draft.button(SKIP, "button.skip"))
    if flow.later and not isinstance(question, Timer):
        tail.append(draft.button(LATER, "button.later"))
    tail.append(draft.button(HELP, "button.help"))
    return draft.row(*tail)


def _button(draft: Draft, option: Option, question: object, step: Step) -> Button:
    if option.literal:
        return Button(option.value, option.label)
    label = draft.phrase(option.label)
    if not isinstance(question, Several):
        return Button(option.value, label)
    if option.value in step.log.draft:
        return Button(f"-{option.value}", draft.phrase("button.ticked", label=label))
    return Button(f"+{option.value}", label)
