"""What a visitor of the demo may want to try next: four cards, chosen by how things stand, so that none is there that no longer fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.commands import tour
from content.library import Words
from demo.control import Suggestion
from storage import escalations, people, talks
from storage.store import Unit
from storage.wall import local

MORNING, EVENING = 5, 17
"""Local hours between which the evening is what comes next; outside them it is the morning."""

Story = Literal["invited", "welcome", "check_in", "offered", "riding", "skill", "home"]
Alert = Literal["none", "open", "taken", "reached"]


@dataclass(frozen=True)
class Moment:
    """Where the patient is in their story, how an alert about them stands, and whether it is day."""

    story: Story = "invited"
    alert: Alert = "none"
    day: bool = False


def moment(u: Unit, code: str, zone: str) -> Moment:
    """How things stand for one patient."""
    who = people.person_by_code(u, code)
    chat = people.chat_of(u, who.id) if who is not None else None
    day = MORNING <= local(u.now, zone).hour < EVENING
    if who is None or chat is None:
        return Moment(day=day)
    talk, asked = talks.waiting(u, chat), tour.waiting(u, code)
    riding = talk is not None and bool(talk.body.get("timer"))
    row = escalations.open_for(u, who.id)
    return Moment("riding" if riding else _story(asked), _alert(row.state) if row is not None else "none", day)


def suggestions(at: Moment, words: Words) -> list[Suggestion]:
    """The four for this moment, the likeliest first."""
    story = {"invited": "invitation", "home": "evening"}.get(at.story, at.story)
    later = "on_call" if at.story in ("invited", "welcome") else "day" if at.day else "night"
    ids = {
        "none": (story, "danger", later, "week"),
        "open": ("take", "silence", story, "week"),
        "taken": ("reached", "unreached", story, "week"),
        "reached": ("close", story, later, "week"),
    }
    return [_card(id, words) for id in ids[at.alert]]


def _story(asked: tour.Waiting | None) -> Story:
    """Where nothing can be answered for the patient, the card offers to begin anew."""
    if asked is None or asked.key not in tour.ANSWERS:
        return "home"
    if asked.key == "check_in/skill_offer":
        return "offered"
    flow = asked.key.partition("/")[0]
    return "welcome" if flow == "welcome" else "check_in" if flow == "check_in" else "skill"


def _alert(state: str) -> Alert:
    return "taken" if state == "ACKED" else "reached" if state == "CONTACTED" else "open"


def _card(id: str, words: Words) -> Suggestion:
    title, detail, button = (words.text(f"demo.{id}.{part}") for part in ("title", "detail", "button"))
    match id:
        case "invitation":
            return Suggestion(id, title, detail, button, "invitation")
        case "welcome" | "check_in" | "offered" | "skill":
            return Suggestion(id, title, detail, button, "play")
        case "evening":
            return Suggestion(id, title, detail, button, "send", "/checkin")
        case "danger":
            return Suggestion(id, title, detail, button, "fill", words.text("demo.danger.value"))
        case "on_call":
            return Suggestion(id, title, detail, button, "send", "/oncall", "staff")
        case "take" | "reached" | "close":
            label = {"take": "page.button.ack", "reached": "page.button.contacted", "close": "page.outcome.safe"}[id]
            return Suggestion(id, title, detail, button, "press", words.text(label), "staff")
        case "riding" | "silence" | "unreached":
            return Suggestion(id, title, detail, button, "turn", "+30m", "staff" if id == "unreached" else "patient")
        case "night" | "day":
            return Suggestion(id, title, detail, button, "turn", "tomorrow" if id == "night" else "tonight")
    return Suggestion(id, title, detail, button, "weekly")
