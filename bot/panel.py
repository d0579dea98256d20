"""A talk on the screen: one message edited in place, its keyboard, and the frames of a timer.

After typed text, a crisis card or a message of its own, the next question comes as a new message and the old keyboard goes.
"""

from __future__ import annotations

from bot.flow import Flow, Say, Several, Step, Timer
from bot.flow.questions import Option
from bot.message import Button, Draft
from bot.sitting import Sitting
from storage import outbox, talks
from storage.outbox import BULK, REPLY
from storage.talks import TalkRow

BACK, SKIP, DONE, HELP, LATER = "~back", "~skip", "~done", "~help", "~later"


def show(s: Sitting, flow: Flow, row: TalkRow, step: Step, says: list[Say], *, typed: bool) -> tuple[int, int]:
    """Put the question before the patient; returns (the message's outbox row, the prompt's row)."""
    assert step.ask is not None
    alone = _say_alone(s, says)
    draft = _question(s, flow, step, says)
    prompt, nonce = talks.add_prompt(s.u, s.chat.id, "talk", step.key, draft.options, talk=row.id)
    _retire(s, row)
    if row.panel is None or typed or alone or step.ask.fresh:
        if row.panel is not None:
            s.strip(row.panel)
        shown = outbox.post(s.u, s.chat, REPLY, "send", draft.payload(nonce), draft.content)
    else:
        shown = row.panel
        outbox.post(s.u, s.chat, REPLY, "edit", draft.payload(nonce), draft.content, target=shown)
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


def start_frames(s: Sitting, shown: int, prompt: int, step: Step, says: list[Say], slot: str) -> None:
    """Let the drain draw a timer: it works out the current frame from this plan and the time, and skips missed ones."""
    assert step.ask is not None and isinstance(step.ask.question, Timer)
    timer, draft = step.ask.question, s.draft()
    phases = [[draft.phrase(words), seconds] for words, seconds in timer.plan]
    row = talks.prompt(s.u, prompt)
    assert row is not None
    base = s.draft()
    for say in says:
        if not say.alone:
            base.add(say.words, **say.slots)
    base.add(step.words, **step.ask.slots)
    stop = draft.button("stopped", "button.stop_timer"), draft.button(HELP, "button.help")
    payload = {
        "text": base.text,
        "phases": phases,
        "seconds": timer.seconds,
        "started": s.u.now.isoformat(),
        "keyboard": [[[button.label, f"{row.nonce}.{row.options.index(button.option)}"] for button in stop]],
    }
    outbox.post(s.u, s.chat, BULK, "frame", payload, draft.content, target=shown, wanted=f"due:{slot}")


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
    draft.grid(buttons, question.columns)
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
