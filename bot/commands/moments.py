"""What a visitor of the demo may want to try next: four cards, chosen by how things stand, so that none is there that no longer fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from bot.commands import tour
from content.library import Words
from demo.control import Side, Suggestion
from storage import check_ins, escalations, people, talks
from storage.store import Unit
from storage.wall import local

MORNING, NOON, EVENING = 5, 12, 17
"""Local hours: until noon a check-in is the morning's; until the evening that is what comes next, then it is the morning."""

Story = Literal["invited", "welcome", "home", "check_in", "offered", "riding", "skill", "checked_in"]
Alert = Literal["none", "repeat", "backup", "supervisor", "all", "exhausted", "taken", "reached", "closed"]
"""How an alert stands. While nobody has taken it: whose page comes next, until everyone was paged."""
CLIMB: dict[str, Alert] = {"page.repeat": "repeat", "page.backup": "backup", "page.supervisor": "supervisor", "page.all": "all"}
PAGED: dict[Alert, Side] = {"supervisor": "backup", "all": "supervisor"}
"""Who was paged last, where that is not the person on call."""


@dataclass(frozen=True)
class Moment:
    """Where the patient is in their story, how the last alert about them stands, and the hour on their clock."""

    story: Story = "invited"
    alert: Alert = "none"
    hour: int = 19
    shared: str = ""
    """The patient's code, once there is a week of theirs that the team may read."""
    holder: str = "Dana Reyes"
    """Who has taken the alert, and on which phone that is."""
    phone: Side = "staff"


def moment(u: Unit, code: str, zone: str, shown: Mapping[str, Side]) -> Moment:
    """How things stand for one patient. `shown` tells on which phone of the page somebody on call answers."""
    who, now = people.person_by_code(u, code), local(u.now, zone)
    chat = people.chat_of(u, who.id) if who is not None else None
    if who is None or chat is None:
        return Moment(hour=now.hour)
    alerts = escalations.of_person(u, who.id)
    story = _story(u, code, chat) or _rest(u, who.id, now.date())
    shared = code if "weekly" in people.consents(u, who.id) and (alerts or story == "checked_in") else ""
    at = Moment(story, _alert(alerts[-1]) if alerts else "none", now.hour, shared)
    holder = people.person(u, alerts[-1].acked_by).name if alerts and alerts[-1].acked_by is not None else None
    return replace(at, holder=holder, phone=shown.get(holder, "staff")) if holder else at


def next_step(u: Unit, code: str) -> datetime | None:
    """When the ladder goes on by itself for one patient; None when it waits for a person, or nothing is open."""
    who = people.person_by_code(u, code)
    row = escalations.open_for(u, who.id) if who is not None else None
    return row.next_at if row is not None else None


def suggestions(at: Moment, words: Words) -> list[Suggestion]:
    """The four for this moment. Whoever always takes the first one sees the whole story."""
    before_noon, after = MORNING <= at.hour < NOON, at.story == "checked_in"
    begin, go_on = ("morning", "morning_on") if before_noon else ("evening", "evening_on")
    story = {"invited": "invitation", "home": begin, "checked_in": begin, "check_in": go_on}.get(at.story, at.story)
    meanwhile = "calm" if story == begin else story
    later = "on_call" if at.story in ("invited", "welcome") else "day" if MORNING <= at.hour < EVENING else "night"
    ids = {
        "none": ("danger", later, "on_call", "week") if after else (story, "danger", later, "week"),
        "repeat": ("take", "repeat", meanwhile, "week"),
        "backup": ("take", "backup", meanwhile, "week"),
        "supervisor": ("take_backup", "supervisor", meanwhile, "week"),
        "all": ("take_supervisor", "all", meanwhile, "week"),
        "exhausted": ("take", "exhausted", meanwhile, "week"),
        "taken": ("reached", "unreached", meanwhile, "week"),
        "reached": ("close", story, later, "week"),
        "closed": ("week", later, "on_call", story) if after else (story, later, "danger", "week"),
    }
    return [_card("own_week" if id == "week" and at.shared else id, words, at) for id in ids[at.alert]]


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


def _alert(row: escalations.EscalationRow) -> Alert:
    known: dict[str, Alert] = {"ACKED": "taken", "CONTACTED": "reached", "CLOSED": "closed", "EXHAUSTED": "exhausted"}
    last = len(row.ladder) - 1  # where somebody gave it back, everybody may have been paged before it is exhausted
    return known.get(row.state) or CLIMB.get(row.ladder[min(row.step, last)][2], "repeat")


def _card(id: str, words: Words, at: Moment) -> Suggestion:
    known = {"name": at.holder.partition(" ")[0]} if id == "reached" else {}
    title = words.text(f"demo.{id}.title", **known)
    detail, button = (words.text(f"demo.{id}.{part}") for part in ("detail", "button"))
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
        case "take" | "take_backup" | "take_supervisor":
            return Suggestion(id, title, detail, button, "press", words.text("page.button.ack"), PAGED.get(at.alert, "staff"))
        case "reached" | "close":
            label = {"reached": "page.button.contacted", "close": "page.outcome.safe"}[id]
            return Suggestion(id, title, detail, button, "press", words.text(label), at.phone)
        case "calm":
            return Suggestion(id, title, detail, button, "press", words.text("crisis.button.ground"))
        case "riding":
            return Suggestion(id, title, detail, button, "turn", "+30m")
        case "repeat" | "backup" | "supervisor" | "all" | "exhausted" | "unreached":
            rings: dict[str, Side] = {"backup": "backup", "supervisor": "supervisor", "all": "patient"}
            return Suggestion(id, title, detail, button, "turn", "next", rings.get(id, "staff"))
        case "night" | "day":
            return Suggestion(id, title, detail, button, "turn", "tomorrow" if id == "night" else "tonight")
    return Suggestion(id, title, detail, button, "weekly", at.shared)
