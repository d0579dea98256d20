"""A patient's answers about sessions: the buttons under a reminder, /sessions, and what the flows "late" and "barrier" need."""

from __future__ import annotations

from datetime import date
from typing import Any

from bot import talk
from bot.acts import concern
from bot.acts.session_prompts import when, with_answers
from bot.danger import Lines
from bot.flow.commands import AnswerSession
from bot.message import Button, Draft
from bot.panel import HELP
from bot.registry import act, command, look, tap
from bot.sitting import Sitting
from storage import clinic, series, sessions
from storage.series import Occurrence
from storage.talks import PromptRow

SHOWN = 5


@tap("session")
def answer(s: Sitting, prompt: PromptRow, option: str) -> None:
    """coming, late or cant under a reminder or in /sessions; change asks again. The fact is kept before anything is asked."""
    if prompt.panel is not None:
        s.strip(prompt.panel)
    each = series.occurrence(s.u, prompt.subject or 0, date.fromisoformat(prompt.args["day"]))
    if each is None or s.u.now >= each.ends or not _theirs(s, each):
        s.say("session.is_over")
        return
    draft = s.draft()
    about = {"title": each.series.title, "when": when(draft, each, s.person.zone, s.u.now)}
    if each.cancelled:
        s.post(draft.add("session.is_off", **about))
    elif option == "change":
        _offer(s, with_answers(draft.add("session.change", **about)), each)
    elif option == "coming":
        sessions.record_answer(s.u, s.person, each, "coming")
        _offer(s, _changeable(draft.add("session.thanks.coming", **about)), each)
    elif option in ("late", "cant"):
        sessions.record_answer(s.u, s.person, each, option)
        talk.start(s, {"late": "late", "cant": "barrier"}[option], {**_key(each), **about})
        concern.listen(s, concern.BARRIER)


@act(AnswerSession)
def answer_session(s: Sitting, command: AnswerSession) -> dict[str, str]:
    """{"became": kept, off or over, "when": as one says it now}: much may have happened to a session since its buttons were shown.

    Why somebody did not come is taken also when it is over.
    """
    each = series.occurrence(s.u, command.series, date.fromisoformat(command.day))
    if each is None or not _theirs(s, each) or (s.u.now >= each.ends and command.answer != "cant"):
        return {"became": "over", "when": ""}
    said = when(s.draft(), each, s.person.zone, s.u.now)
    if each.cancelled:
        return {"became": "off", "when": said}
    sessions.record_answer(
        s.u, s.person, each, command.answer, barrier=command.barrier, minutes=command.minutes, words=command.text
    )
    return {"became": "kept", "when": said}


@look("sessions.lines")
def lines(s: Sitting) -> dict[str, str]:
    """The clinic's line and the emergency number, for the slots of "what helps now"."""
    numbers = Lines.of(s.person.country)
    return {"line": _line(s), "emergency": numbers.emergency or s.words.text("crisis.local_emergency")}


@command("sessions", menu="menu.sessions")
def upcoming(s: Sitting) -> None:
    """The next sessions with what was answered, each with a number to answer or to change the answer."""
    found = sessions.upcoming(s.u, s.person)
    open_ones = [each for each in found if not each.cancelled][:SHOWN]
    shown = [each for each in found if not open_ones or each.begins <= open_ones[-1].begins][: SHOWN * 2]
    if not shown:
        s.say("session.list.none", line=_line(s))
        return
    draft = s.draft()
    _head(s, draft)
    for each in shown:
        _add_line(s, draft, each, open_ones.index(each) + 1 if each in open_ones else None)
    if open_ones:
        draft.add("session.list.pick")
        draft.row(*[Button(str(n), str(n)) for n in range(1, len(open_ones) + 1)])
    draft.row(draft.button(HELP, "button.help"))
    s.offer(draft, "act", "session_pick", args={"of": [_key(each) for each in open_ones]})


@tap("session_pick")
def pick(s: Sitting, prompt: PromptRow, option: str) -> None:
    """A number of /sessions: the question for that one, in the same message."""
    key = prompt.args["of"][int(option) - 1]
    each = series.occurrence(s.u, key["series"], date.fromisoformat(key["day"]))
    if each is None or each.cancelled or s.u.now >= each.ends:
        if prompt.panel is not None:
            s.strip(prompt.panel)
        s.say("session.is_over")
        return
    draft = s.draft()
    draft.add("session.change", title=each.series.title, when=when(draft, each, s.person.zone, s.u.now))
    _offer(s, with_answers(draft), each, edit=prompt.panel)


def _theirs(s: Sitting, each: Occurrence) -> bool:
    """Whether this person is expected there: nobody answers for a session of others."""
    return s.person.id in series.attendees(s.u, each.series)


def _offer(s: Sitting, draft: Draft, each: Occurrence, *, edit: int | None = None) -> None:
    s.offer(draft, "act", "session", subject=each.series.id, args={"day": each.day.isoformat()}, edit=edit)


def _changeable(draft: Draft) -> Draft:
    return draft.row(draft.button("change", "session.button.change")).row(draft.button(HELP, "button.help"))


def _key(each: Occurrence) -> dict[str, Any]:
    return {"series": each.series.id, "day": each.day.isoformat()}


def _line(s: Sitting) -> str:
    known = clinic.clinic(s.u)
    return known.line if known is not None else ""


def _head(s: Sitting, draft: Draft) -> None:
    week = sessions.program_week(s.person, s.local.date())
    if week is None:
        draft.add("session.list.head")
    elif week.of is None:
        draft.add("session.list.week", n=week.number)
    else:
        draft.add("session.list.week_of", n=week.number, of=week.of)


def _add_line(s: Sitting, draft: Draft, each: Occurrence, number: int | None) -> None:
    about = {"title": each.series.title, "when": when(draft, each, s.person.zone, s.u.now)}
    told = series.answer_of(s.u, s.person.id, each.series.id, each.day)
    if number is None:
        draft.add("session.list.line_off", **about)
    elif told is None or told.answer is None:
        draft.add("session.list.line", n=number, **about)
    else:
        draft.add("session.list.line_said", n=number, answer=draft.phrase(f"session.list.{told.answer}"), **about)
