"""What the made-up people type, and how the oracle knows what the bot said: by the reviewed words, not by our tables."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from content.library import load

DANGERS = (
    "I want to kill myself",
    "I am going to end my life tonight",
    "I took too many pills and I want to die",
    "I don't want to live anymore",
    "I think I am overdosing",
    "my husband is beating me right now and I am scared for my life",
    "I want to die",
    "quiero morir",
)
"""The screen grades each of these at least "high"; a test holds that."""
HARMLESS = (
    "a long day at work", "the coffee was good", "walked the dog", "slept all right", "thank you", "ok", "5", "7", "tomorrow",
    "Lisbon", "Chicago", "Denver", "08:15", "20:30", "my sister called", "Ontario", "stop", "the bus was late", "0", "what now?",
)  # fmt: skip
"""The screen grades none of these."""
CITIES = ("Lisbon", "Denver", "Sydney", "London", "Honolulu", "Chicago")

CARDS = ("crisis.card", "crisis.card_unclear", "crisis.card_unknown_country", "crisis.card_overdose", "crisis.card_medical",
         "crisis.card_withdrawal", "crisis.card_violence", "crisis.card_self_harm", "crisis.card_others", "crisis.card_poison",
         "crisis.memory", "crisis.es.card",
         *(f"crisis.es.card_{track}" for track in ("unclear", "overdose", "medical", "withdrawal", "violence")))  # fmt: skip
PAGES = ("page.new", "page.repeat", "page.backup", "page.supervisor", "page.all", "page.come_on", "page.newer", "page.risen")
ABOUT = ("page.details", "page.thanks", "page.outcome_question", "page.reopened", "page.second")
"""What else staff are shown about one alert."""
CHEERFUL = ("checkin.prompt_morning", "checkin.prompt_evening", "checkin.prompt_door", "checkin.nudge", "checkin.again",
            "session.eve", "session.soon", "bot.note", "plan.prompt.alert", "plan.prompt.none_yet", "plan.prompt.quarter",
            "plan.prompt.rehearsal")  # fmt: skip
UNTIMELY = ("checkin.prompt_morning", "checkin.prompt_evening", "checkin.prompt_door", "checkin.nudge", "checkin.again",
            *(f"care.note_{n}" for n in range(1, 6)),
            *(f"plan.prompt.{why}" for why in ("alert", "none_yet", "quarter", "rehearsal")))  # fmt: skip
"""What is said to nobody while an alert is open, nor in the two days after danger. Sessions are where help is: those go on."""
NOTHING_ON = ("consent.program.left", "consent.program.left_alert", "welcome.declined", "welcome.declined_alert")
"""What somebody reads who is not in the program from then on, and may come back."""
CLOSED = ("crisis.closed", "crisis.closed_left")
PAGING = ("crisis.ladder_opened", "crisis.joined", "crisis.paged_anew", "crisis.reopened", "crisis.second_look")
"""What a patient is told while nobody has it."""
ASKS = ("checkin.prompt_morning", "checkin.prompt_evening")
KNOWN = (
    *CARDS, *PAGES, *CHEERFUL, *UNTIMELY[5:], *NOTHING_ON,
    "page.details", "page.thanks", "page.over", "page.before", "page.acked_by_other", "page.outcome_question", "page.closed",
    "page.reopened",
    "drill.page", "page.second", "page.second_asked", "page.second_nobody", "page.kept_open", "page.unconfirmed",
    "page.passed_on", "page.paged_on", "page.screen_broken", "page.ladder_broken", "page.ladder_broken_no_card",
    *PAGING, "crisis.acked", "crisis.contacted", "crisis.exhausted", "crisis.unreached",
    "crisis.no_cover", *CLOSED, "crisis.still_open", "crisis.discharged", "crisis.stranger", "welcome.off",
    "my_data.forgotten", "staff.goodbye", "staff.revoked", "staff.members.revoked", "staff.patients.discharged",
    "bot.journal_kept", "bot.trouble", "my_data.what", "welcome.unlinked", "mail.page", "mail.why.exhausted", "mail.why.alone",
    "mail.watch.dead", "mail.watch.unproved", "mail.watch.locked", "mail.watch.back",
)  # fmt: skip
REPEAT = re.compile(r"This may be a repeat(?: of \S+)?\.\n\n")
CANARY = re.compile(r"Q(\d{4})q")


SLOTS = {"code": r"\w+", "ref": r"\w+"}
"""What stands in these: else "You have just come on duty. 0018" would be the code of a first page."""


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    words = load("en")
    return tuple((id, _pattern(words.item(id).text)) for id in KNOWN)


def _pattern(text: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", text)
    made, seen = "", set()
    for place, part in enumerate(parts):
        if place % 2 == 0:
            made += re.escape(part)
        elif part in seen:
            made += f"(?P={part})"
        else:
            seen.add(part)
            made += f"(?P<{part}>{SLOTS.get(part, '.+?')})"
    return re.compile(rf"(?:^|\n){made}(?=\n|$)", re.DOTALL)


def label(id: str) -> str:
    return load("en").text(id)


@lru_cache(8192)
def _read(text: str) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    plain = REPEAT.sub("", text)
    found = ((id, pattern.search(plain)) for id, pattern in _patterns())
    return tuple((id, tuple(match.groupdict().items())) for id, match in found if match is not None)


def read(text: str) -> dict[str, dict[str, str]]:
    """The known items in a message, each with what stood in its slots."""
    return {id: dict(slots) for id, slots in _read(text)}
