"""The check-in: a morning one of about 15 seconds and an evening one of under a minute, each in one message edited in place.

The step shown ("3/8") counts questions everybody of that day gets; a question that only follows from an answer belongs to
the step it follows. An ordinary evening takes at most nine taps, the one that starts it included.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from bot.flow import Ask, Choice, Danger, Do, Flow, Hours, Me, Question, Read, Say, Scale, Several, Talking, Text
from bot.flow.commands import NoteStaff, SaveCheckIn
from handlers.concern import ANSWERS
from handlers.skills import offer_skill

LOW_MOOD, MOOD_DROP = 2, 4
"""At or below this, or this far below the person's own median, the safety question follows."""
TRIGGERS_FROM, OFFER_FROM, HELP_LINE_FROM = 4, 7, 9

ITEMS = (
    "mood", "safety", "sleep_hours", "sleep_quality", "craving", "craving_worst", "trigger", "stress",
    "use", "use_safe", "use_what", "use_when", "meds", "connection", "confidence",
)  # fmt: skip
"""What becomes an observation; the code of a choice is its value here."""
SLEEP = {"under_4": 3.99, "4_to_6": 6, "6_to_8": 8, "over_8": 24}
"""The most hours each stands for."""
TRIGGERS = (
    "argument", "loneliness", "boredom", "stress", "low_mood", "pain", "poor_sleep", "people", "place", "money", "celebration", "other",
)  # fmt: skip
SUBSTANCES = ("alcohol", "opioids", "stimulants", "cannabis", "sedatives", "other")
NOT_SAFE = {"overdose": ("imminent", "overdose"), "medical": ("imminent", "medical"), "other": ("high", "unknown")}
"""Answers to "are you safe right now" that mean danger: (level, track of the card)."""

Part = Generator[Any, Any, Any]


def check_in(me: Me) -> Talking:
    yield from (_morning(me) if slot(me) == "morning" else _evening(me))


def slot(me: Me) -> str:
    return str(me.start.get("slot", "evening"))


def day(me: Me) -> str:
    """The local date it counts for: the prompt's own, also when it is answered after midnight."""
    return str(me.start.get("date") or me.today)


def sounds_low(mood: int | None, median: float | None) -> bool:
    """Whether the safety question follows this mood."""
    return mood is not None and (mood <= LOW_MOOD or (median is not None and median - mood >= MOOD_DROP))


@dataclass
class Round:
    """The answers of one check-in so far, and the step on the screen."""

    me: Me
    steps: int
    step: int = 0
    told: dict[str, Any] = field(default_factory=dict)

    def ask(self, key: str, question: Question, *, follows: bool = False) -> Part:
        """`follows`: it comes of the answer before, and is shown under the same step."""
        self.step += not follows
        self.told[key] = yield Ask(key, question, words=f"checkin.{key}", slots={"step": self.step, "steps": self.steps})
        return self.told[key]

    def save(self, status: str = "complete") -> Part:
        return (yield Do(_saved(self.me, self.told, status)))


def _morning(me: Me) -> Talking:
    told = Round(me, 4 if me.medicines else 3)
    if (yield from _mood(told)):
        return
    spans = tuple((code, f"checkin.sleep_hours.{code}") for code in SLEEP)
    yield from told.ask("sleep_hours", Hours(of=spans, ends=tuple(SLEEP.values()), columns=2, optional=True))
    yield from told.ask("sleep_quality", _rating())
    if me.medicines:
        yield from told.ask("meds", _choice("meds", ("all", "some", "none")))
    yield from told.save()
    yield from _thanks(me)


def _evening(me: Me) -> Talking:
    """Medicines are asked here only if the morning did not: once a day is enough."""
    asks_meds = bool(me.medicines) and not (yield Read("check_in.answered", {"item": "meds", "day": day(me)}))
    told = Round(me, 8 if asks_meds else 7)
    if (yield from _mood(told)):
        return
    craving = yield from _craving(told, asks_meds)
    stress = yield from told.ask("stress", _rating())
    if (yield from _use(told)):
        return
    if asks_meds:
        yield from told.ask("meds", _choice("meds", ("all", "some", "none")))
    yield from told.ask("connection", _choice("connection", ("yes", "no"), columns=2))
    yield from told.ask("confidence", _rating())
    line = yield from told.ask("line", Text(optional=True))
    if line is not None and (yield Read("check_in.team")):
        yield from told.ask("share", _choice("share", ("private", "team"), optional=False), follows=True)
    yield from told.save()
    yield from _thanks(me)
    yield from _offer(me, craving, stress)


def _mood(told: Round) -> Part:
    """Mood, and the safety question after a low one. True when the answer was danger and the check-in ends here."""
    mood = yield from told.ask("mood", _rating())
    median = yield Read("check_in.median", {"item": "mood", "day": day(told.me)})
    if not sounds_low(mood, median):
        return False
    answer = yield Ask("safety", Choice(of=ANSWERS, direct=True), words="checkin.safety")
    told.told["safety"] = "skipped" if answer == "skip" else answer
    if answer == "yes":
        yield Danger("high", "said_yes")
        yield from told.save("partial")
        return True
    if answer == "sometimes":
        yield Danger("concern", "sometimes_no_plan")
    elif answer == "skip":
        yield Do(NoteStaff("concern", "skipped"))
    yield Say(f"crisis.concern.reply_{answer}", alone=answer != "no")
    return False


def _craving(told: Round, asks_meds: bool) -> Part:
    """Craving now; at 9 and 10 the way to a person comes before anything else.

    The worst since last time adds something while the craving now is between 1 and 6. It is the question that gives way
    when an otherwise ordinary evening also asks for medicines.
    """
    craving = yield from told.ask("craving", _rating())
    if craving is None:
        return None
    if craving >= HELP_LINE_FROM:
        ways = yield Read("check_in.ways")
        yield Say("checkin.craving_high", {"line": ways["line"], "crisis": ways["crisis"]}, alone=True)
    worst = None
    if 1 <= craving < OFFER_FROM and not (asks_meds and craving < TRIGGERS_FROM):
        worst = yield from told.ask("craving_worst", _rating(), follows=True)
    if max(craving, worst or 0) >= TRIGGERS_FROM:
        yield from told.ask("trigger", _several("trigger", TRIGGERS), follows=True)
    return craving


def _use(told: Round) -> Part:
    """Use since last time. After a yes, safety comes first, then kind words and what a break does to tolerance.

    True when they are not safe and the check-in ends here.
    """
    if (yield from told.ask("use", _choice("use", ("none", "yes", "private"), optional=False))) != "yes":
        return False
    safe = yield from told.ask("use_safe", _choice("use_safe", ("safe", *NOT_SAFE), optional=False, direct=True), follows=True)
    if safe in NOT_SAFE:
        level, track = NOT_SAFE[safe]
        yield Danger(level, f"use_{safe}", track)
        yield from told.save("partial")
        return True
    ways = yield Read("check_in.ways")
    yield Say("checkin.lapse", {"emergency": ways["emergency"]}, alone=True)
    yield from told.ask("use_what", _several("use_what", SUBSTANCES), follows=True)
    yield from told.ask("use_when", _choice("use_when", ("today", "yesterday", "earlier")), follows=True)
    return False


def _thanks(me: Me) -> Part:
    """That it is saved, days shown up without a word about the others, and who reads it."""
    shown = yield Read("check_in.shown_up", {"day": day(me)})
    if shown["of"] > 1:
        yield Say("checkin.saved", shown)
    else:
        yield Say("checkin.saved_first")
    yield Say("checkin.read_by_team" if (yield Read("check_in.team")) else "checkin.read_by_nobody")


def _offer(me: Me, craving: int | None, stress: int | None) -> Part:
    """At most one offer of skills: for a strong craving, else for high stress."""
    if craving is not None and craving >= OFFER_FROM:
        chosen = yield from offer_skill(me, "craving", craving)
    elif stress is not None and stress >= OFFER_FROM:
        chosen = yield from offer_skill(me, "distress", stress)
    else:
        return
    if not chosen:
        yield from _thanks(me)
        yield Say("checkin.offer_declined")


def _saved(me: Me, told: dict[str, Any], status: str) -> SaveCheckIn:
    return SaveCheckIn(
        str(me.start.get("as") or slot(me)),
        day(me),
        {item: told[item] for item in ITEMS if item in told},
        status,
        told.get("line"),
        told.get("share") == "team",
    )


def keep(me: Me, answers: dict[str, Any]) -> SaveCheckIn | None:
    """What is kept of a check-in that was left: its answers so far, with its line private. (One that had been saved is left alone.)"""
    told = {key.removeprefix("check_in/"): answer for key, answer in answers.items()}
    if told.get("safety") == "skip":
        told["safety"] = "skipped"
    return _saved(me, told, "complete" if "line" in told else "partial") if told else None


def _rating() -> Scale:
    return Scale(optional=True)


def _choice(item: str, codes: tuple[str, ...], *, columns: int = 1, optional: bool = True, direct: bool = False) -> Choice:
    return Choice(of=tuple((code, f"checkin.{item}.{code}") for code in codes), columns=columns, optional=optional, direct=direct)


def _several(item: str, codes: tuple[str, ...]) -> Several:
    return Several(of=tuple((code, f"checkin.{item}.{code}") for code in codes), optional=True)


FLOWS = (Flow("check_in", check_in, expires=180, partial=keep),)
