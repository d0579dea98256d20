"""The day after danger: one question, answered by buttons, that goes the way of a concern. It is asked also while an alert is open.

Silence to it is no "no": staff find a line that it was left without an answer, or that it could not be asked.
"""

from __future__ import annotations

from datetime import timedelta

from bot import talk
from bot.acts import concern
from bot.message import Draft
from bot.panel import HELP
from bot.prompting import may_prompt, terms, veiled
from bot.registry import due as due_kind
from bot.registry import tap
from bot.sitting import Sitting
from bot.typed import plain
from handlers.follow_up import ANSWERS, asks_about_dying
from storage import due, notes, talks
from storage.due import DueRow
from storage.follow_up import KIND
from storage.outbox import PROMPT
from storage.talks import PromptRow

UNANSWERED = "follow_up_end"
ANSWER_WITHIN = timedelta(hours=24)
WANTED = "care:program"


@due_kind(KIND)
def ask(s: Sitting, row: DueRow) -> None:
    about = str(row.args["about"])
    paused = s.who.paused_until if s.who is not None and s.event.kind == "due" else None
    if s.who is not None and paused is not None and s.local.date() <= paused:
        notes.add(s.u, s.who.id, KIND, "paused")
    if not may_prompt(s, row, cheerful=False):
        return
    if s.event.kind == "due":
        _stop_waiting(s, row.id, "asked_again")
        slot = f"{UNANSWERED}:{row.id}:{s.u.now:%Y%m%d%H%M}"
        due.plan(s.u, UNANSWERED, s.person.id, slot, s.u.now + ANSWER_WITHIN, chat=s.chat.id, asked=row.id)
    if veiled(s, row, always=about == "violence", wanted=WANTED):
        return
    args = {"about": about, "asked": row.id}
    draft = _question(s, about)
    s.offer(draft, "act", KIND, subject=s.person.id, args=args, lane=PROMPT, wanted=WANTED, **terms(s, row, row.send_by))


def _question(s: Sitting, about: str) -> Draft:
    draft = s.draft().add("crisis.follow_up" if asks_about_dying(about) else "crisis.follow_up_other")
    *answers, skip = (draft.button(answer, label) for answer, label in _answers(about))
    return draft.row(*answers).row(skip).row(draft.button(HELP, "button.help"))


def _answers(about: str) -> list[tuple[str, str]]:
    """Each answer with the words on its button."""
    kind = "dying" if asks_about_dying(about) else "other"
    return [*((answer, f"crisis.follow_up.{answer}_{kind}") for answer in ANSWERS), ("skip", "crisis.concern.skip")]


def waits(s: Sitting) -> PromptRow | None:
    """This question, while it is the last thing that was asked, and not for longer than it waits for an answer."""
    live = talks.live_prompts_about(s.u, "act", KIND, s.person.id)
    asked = next((each for each in live if not talks.asked_since(s.u, s.chat, each.id)), None)
    return asked if asked is not None and s.u.now - asked.created_at <= ANSWER_WITHIN else None


def as_tap(s: Sitting, asked: PromptRow) -> bool:
    """Whoever types the very words of a button under this question means that button. Whether they did."""
    meant = (answer for answer, label in _answers(str(asked.args["about"])) if plain(s.words.text(label)) == plain(s.event.text))
    answer = next(meant, None)
    if answer is None:
        return False
    talks.close_prompt(s.u, asked.id, answer)
    _answered(s, asked, answer, typed=f"asked/{concern.FIRST}{asked.args['about']}")
    return True


def in_words(s: Sitting, asked: PromptRow) -> bool:
    """Other words typed under this question: as at any direct question. A bare number is no answer. Whether they were one."""
    about = str(asked.args["about"])
    if s.event.text.strip().isdecimal():
        return False
    known = concern.take_words(s, about, again=bool(asked.args.get("in_words")))
    if asked.panel is not None:
        s.strip(asked.panel)  # a tap there that crosses with this still counts
    s.offer(_question(s, about), "act", KIND, subject=s.person.id, args={**asked.args, "in_words": known})
    return True


def asked_instead(s: Sitting) -> None:
    """Words that worry came under this question, and are asked about in its place: it has had its answer."""
    asked = waits(s)
    if asked is not None:
        _stop_waiting(s, asked.args["asked"], "asked_instead")


@tap(KIND)
def answered(s: Sitting, prompt: PromptRow, option: str) -> None:
    """well, unwell or skip."""
    _answered(s, prompt, option)


def _answered(s: Sitting, prompt: PromptRow, option: str, *, typed: str = "") -> None:
    live = talks.live_prompts_about(s.u, "act", KIND, s.person.id)
    for each in (prompt, *(each for each in live if each.args["asked"] == prompt.args["asked"])):
        talks.close_live_prompt(s.u, each.id)
        if each.panel is not None:
            s.strip(each.panel)
    _stop_waiting(s, prompt.args["asked"], "answered")
    talk.start(s, "follow_up", {"about": prompt.args["about"], "answer": option}, typed=typed)
    concern.listen(s, str(prompt.args["about"]))


def _stop_waiting(s: Sitting, asked: int, reason: str) -> None:
    for row in due.planned(s.u, UNANSWERED, s.person.id):
        if row.args["asked"] == asked:
            due.cancel(s.u, UNANSWERED, s.person.id, reason, slot=row.slot)


@due_kind(UNANSWERED)
def left(s: Sitting, row: DueRow) -> None:
    """A day later, and no answer. The buttons stay."""
    if s.who is not None and s.who.active:
        notes.add(s.u, s.who.id, KIND, "unanswered")
