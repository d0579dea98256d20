"""Running late, and not being able to come: what is in the way, what helps now, and what the team may know of it.

That someone is late or not coming is kept and noted for staff before these begin (`bot.acts.sessions`); the reason is passed
on only if they want that. Two-way reminders that solve barriers follow appointment research in addiction care, where a
plain reminder changed little (21.9 % to 20.5 % missed).
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from bot.flow import Ask, Choice, Do, Flow, Me, Number, Read, Say, Talking, Text
from bot.flow.commands import AnswerSession, KeepConcern, StartFlow
from handlers.concern import LEVELS, ask_directly, left

BARRIERS = tuple((code, f"barrier.{code}") for code in ("transport", "work", "childcare", "feeling_bad", "used", "other"))
FEELINGS = (("body", "barrier.feeling_body"), ("mood", "barrier.feeling_mood"))
NEXT = (("come", "barrier.come"), ("stay", "barrier.stay"))
SHARE = (("yes", "barrier.share_yes"), ("no", "barrier.share_no"))
SKILL = (("now", "barrier.skill_now"), ("no", "button.not_now"))
NEEDS_EMERGENCY = ("body", "used")
"""Where what helps now names the emergency number too."""
LINE = 500


def late(me: Me) -> Talking:
    """How many minutes; the note that they are late is there already."""
    lines = yield Read("sessions.lines")
    minutes = yield Ask("minutes", Number(low=1, high=240, offer=(5, 10, 15, 30)), slots={"line": lines["line"]})
    told = yield from _answered(me, "late", minutes=minutes)
    yield _said(me, told, Say("late.done", {"minutes": minutes}))


def barrier(me: Me) -> Talking:
    """What is in the way, and what helps with that now."""
    lines = yield Read("sessions.lines")
    what = yield Ask("what", Choice(of=BARRIERS, columns=2), slots={"title": me.start["title"]})
    need = what
    if what == "feeling_bad":
        need = yield Ask("feeling", Choice(of=FEELINGS))
        if need == "mood" and (yield from ask_directly(me)) in LEVELS:
            return  # the crisis card is up, and people are being told
    yield Say(f"barrier.help.{need}", lines if need in NEEDS_EMERGENCY else {"line": lines["line"]})
    if (yield Ask("next", Choice(of=NEXT))) == "come":
        told = yield from _answered(me, "coming")
        yield _said(me, told, Say("session.thanks.coming", {"title": me.start["title"], "when": told["when"]}))
    else:
        yield from _share(me, what)
    if need in ("mood", "used") and (yield Ask("skill", Choice(of=SKILL))) == "now":
        yield Do(StartFlow("skill", {"card": "grounding_54321", "calm": True}))


def _share(me: Me, what: str) -> Generator[Any, Any, None]:
    """The reason goes to the team only with a yes; for "something else" they may put it in a line of their own."""
    if (yield Ask("share", Choice(of=SHARE))) == "no":
        yield Say("barrier.kept")
        return
    words = (yield Ask("line", Text(limit=LINE, optional=True))) if what == "other" else None
    told = yield from _answered(me, "cant", barrier=what, text=words)
    yield _said(me, told, Say("barrier.shared"))


def _answered(me: Me, answer: str, **known: Any) -> Generator[Any, Any, dict[str, str]]:
    """Put an answer down, and what became of it. In a talk that began before this was told, it was kept."""
    became: dict[str, str] | None = yield Do(AnswerSession(me.start["series"], me.start["day"], answer, **known))
    return became or {"became": "kept", "when": me.start["when"]}


def keep(me: Me, answers: dict[str, Any]) -> KeepConcern | None:
    """What is kept of the direct questions that were left half-way. None before they begin, and once they have ended: then it is kept."""
    told = {key.rpartition("/")[2]: answer for key, answer in answers.items()}
    return left(told) if told.get("feeling") == "mood" and "past" not in told else None


def _said(me: Me, told: dict[str, str], kept: Say) -> Say:
    """What is said of an answer: that it was kept, or why nothing was changed."""
    if told["became"] == "off":
        return Say("session.is_off", {"title": me.start["title"], "when": told["when"]})
    return kept if told["became"] == "kept" else Say("session.is_over")


FLOWS = (Flow("late", late, expires=4 * 60), Flow("barrier", barrier, expires=12 * 60, partial=keep))
