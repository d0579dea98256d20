"""What a visitor of the demo may want to try next: four cards, chosen by how things stand, so that none is there that no longer fits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from bot.commands import tour
from content.library import Words
from demo.control import Suggestion
from storage import check_ins, escalations, people, talks
from storage.store import Unit
from storage.wall import local

MORNING, NOON, EVENING = 5, 12, 17
"""Local hours: until noon a check-in is the morning's; until the evening that is what comes next, then it is the morning."""

Story = Literal["invited", "welcome", "home", "check_in", "offered", "riding", "skill", "checked_in"]
Alert = Literal["none", "open", "taken", "reached", "closed"]


@dataclass(frozen=True)
class Moment:
    """Where the patient is in their story, how the last alert about them stands, and the hour on their clock."""

    story: Story = "invited"
    alert: Alert = "none"
    hour: int = 19
    shared: str = ""
    """The patient's code, once there is a week of theirs that the team may read."""


def moment(u: Unit, code: str, zone: str) -> Moment:
    """How things stand for one patient."""
    who, now = people.person_by_code(u, code), local(u.now, zone)
    chat = people.chat_of(u, who.id) if who is not None else None
    if who is None or chat is None:
        return Moment(hour=now.hour)
    alerts = escalations.of_person(u, who.id)
    story = _story(u, code, chat) or _rest(u, who.id, now.date())
    shared = code if "weekly" in people.consents(u, who.id) and (alerts or story == "checked_in") else ""
    return Moment(story, _alert(alerts[-1].state) if alerts else "none", now.hour, shared)


def suggestions(at: Moment, words: Words) -> list[Suggestion]:
    """The four for this moment. Whoever always takes the first one sees the whole story."""
    before_noon, after = MORNING <= at.hour < NOON, at.story == "checked_in"
    begin, go_on = ("morning", "morning_on") if before_noon else ("evening", "evening_on")
    story = {"invited": "invitation", "home": begin, "checked_in": begin, "check_in": go_on}.get(at.story, at.story)
    meanwhile = "calm" if story == begin else story
    later = "on_call" if at.story in ("invited", "welcome") else "day" if MORNING <= at.hour < EVENING else "night"
    ids = {
        "none": ("danger", later, "on_call", "week") if after else (story, "danger", later, "week"),
        "open": ("take", "silence", meanwhile, "week"),
        "taken": ("reached", "unreached", meanwhile, "week"),
        "reached": ("close", story, later, "week"),
        "closed": ("week", later, "on_call", story) if after else (story, later, "danger", "week"),
    }
    return [_card("own_week" if id == "week" and at.shared else id, words, at.shared) for id in ids[at.alert]]


def _story(u: Unit, code: str, chat: people.ChatCard) -> Story | None:
    """What the patient is in the middle of; None for nothing that could be answered for them."""
    talk, asked = talks.waiting(u, chat), tour.waiting(u, code)
    if talk is not None and talk.body.get("timer"):
        return "riding"
    if asked is None or asked.key not in tour.ANSWERS or asked.key == "skill/skills/next":
        return None
    if asked.key == "check_in/skill_offer":
        return "offered"
    flow = asked.key.partition("/")[0]
    return "welcome" if flow == "welcome" else "check_in" if flow == "check_in" else "skill"


def _rest(u: Unit, person: int, today: date) -> Story:
    return "checked_in" if any(row.done for row in check_ins.on(u, person, today)) else "home"


def _alert(state: str) -> Alert:
    known: dict[str, Alert] = {"ACKED": "taken", "CONTACTED": "reached", "CLOSED": "closed"}
    return known.get(state, "open")


def _card(id: str, words: Words, code: str) -> Suggestion:
    title, detail, button = (words.text(f"demo.{id}.{part}") for part in ("title", "detail", "button"))
    match id:
        case "invitation":
            return Suggestion(id, title, detail, button, "invitation")
        case "welcome" | "morning_on" | "evening_on" | "offered" | "skill":
            return Suggestion(id, title, detail, button, "play")
        case "morning" | "evening":
            return Suggestion(id, title, detail, button, "send", "/checkin")
        case "danger":
            return Suggestion(id, title, detail, button, "fill", words.text("demo.danger.value"))
        case "on_call":
            return Suggestion(id, title, detail, button, "send", "/oncall", "staff")
        case "take" | "reached" | "close":
            label = {"take": "page.button.ack", "reached": "page.button.contacted", "close": "page.outcome.safe"}[id]
            return Suggestion(id, title, detail, button, "press", words.text(label), "staff")
        case "calm":
            return Suggestion(id, title, detail, button, "press", words.text("crisis.button.ground"))
        case "riding" | "silence" | "unreached":
            return Suggestion(id, title, detail, button, "turn", "+30m", "staff" if id == "unreached" else "patient")
        case "night" | "day":
            return Suggestion(id, title, detail, button, "turn", "tomorrow" if id == "night" else "tonight")
    return Suggestion(id, title, detail, button, "weekly", code)
