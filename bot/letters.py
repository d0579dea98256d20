"""When a page goes another way than Telegram, and what it says there: a code, a level, a time, a reference.

Nobody answers: mail to everyone on call and to the clinic, and the webhook, every quarter of an hour. A page that Telegram
refuses goes on at once to its person's mail; one it has not confirmed for a minute does too; what mail can't deliver, the webhook.
Each step of a ladder goes each way once, under one reference, and only by ways that are set up.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.message import Draft
from bot.when import moment
from content.library import load
from safety import duty
from safety.moves import AGAIN
from storage import clinic, escalations, letters, outbox, people, talks
from storage.escalations import EscalationRow
from storage.letters import CLINIC, MAIL, WEBHOOK, Letter, Unconfirmed
from storage.seal import SealBroken
from storage.store import Unit

NOTICE_KEPT = timedelta(hours=12)
"""How long a notice to the clinic is worth sending."""
PATIENCE = timedelta(seconds=60)
"""How long a page may go without any channel confirming it."""
ABOUT = ("page", "outage", MAIL, WEBHOOK)
"""How the keys of rows begin that are pages: "page:<escalation>:...", "mail:page:<escalation>:..."."""


def nobody_answers(u: Unit, row: EscalationRow) -> None:
    """The ladder is exhausted, or has been for another quarter of an hour: every other way there is, at once."""
    step = f"exhausted:{row.id}:{row.version}"
    for person in _to_mail(u):
        _post(u, row, MAIL, person, f"{MAIL}:{step}:{person}", "exhausted", AGAIN)
    if CLINIC in letters.ways(u):
        _post(u, row, MAIL, None, f"{MAIL}:{step}:{CLINIC}", "exhausted", AGAIN)
    if WEBHOOK in letters.ways(u):
        _post(u, row, WEBHOOK, None, f"{WEBHOOK}:{step}", "exhausted", AGAIN)


def nobody_at_step(u: Unit, row: EscalationRow) -> None:
    """A step found nobody Telegram reaches: whoever is on call and can be mailed instead, is. Once nobody answers, all are anyway."""
    for person in _to_mail(u) if row.state == "OPEN" else ():
        chat = people.chat_of(u, person)
        if chat is None or not chat.reachable:
            _post(u, row, MAIL, person, f"{MAIL}:{_unreachable(row)}:{person}", "unreachable")


def refused(u: Unit, outbox_row: int, why: str = "unreachable") -> None:
    """A channel will not take this page: it goes on to the next one at once."""
    page = letters.page(u, outbox_row)
    if page is not None:
        _onward(u, page, why)


def page_for_all(u: Unit, outbox_row: int) -> list[int]:
    """Which alerts the one page for all (`bot/outage.py`) is about, kept with its buttons; none where this is no such page."""
    shown = [each for each in talks.live_prompts_about(u, "act", "outage", 0) if each.panel == outbox_row]
    return sorted({id for each in shown for id in each.args.get("alerts", ())})


def look_for_unconfirmed(u: Unit) -> None:
    """Pages nobody has taken over for a minute go on to the next channel, and stay where they wait as well."""
    if letters.ways(u):
        for page in letters.unconfirmed(u, u.now - PATIENCE):
            _onward(u, page, "unconfirmed" if page.channel == "telegram" else "refused")


def unwanted(u: Unit, letter: Letter) -> str | None:
    """Why a letter is no longer to be sent, looked at again when it is claimed."""
    if letter.send_by is not None and u.now > letter.send_by:
        return "late"
    if letter.escalation is not None and escalations.state(u, letter.escalation) not in ("OPEN", "EXHAUSTED"):
        return "answered"
    if letter.to is not None and not _mailed(u, letter.to):
        return "not_entitled"
    if letters.written_anew(u, letter.id):
        return "overtaken"  # else all of an outage would come at once, and a telephone ring for each
    return None


def mark_repeat(u: Unit, id: int) -> None:
    """Whether this letter arrived is not known: what goes now says that it may be a repeat."""
    item = load("en").item("mail.repeat")
    with suppress(SealBroken):  # then it ends when it is claimed
        letters.change(u, id, {"repeat": True}, f"{item.id}@{item.version}")


def notice(u: Unit, words: str, key: str, event: str, since: datetime) -> None:
    """Tell the clinic itself that something is wrong with Between, by every other way. Once for each `key`."""
    known = clinic.as_it_opens(u)
    if known is None:
        return
    at = since.astimezone(ZoneInfo(known.zone))
    said = load("en")
    payload = {
        "subject": said.text(f"{words}_subject"),
        "text": said.text(words, time=f"{at:%Y-%m-%d %H:%M}"),
        "body": {"event": event, "since": since.isoformat()},
    }
    content = _items(f"{words}_subject", words)
    if CLINIC in letters.ways(u):
        letters.post(u, MAIL, payload, content, f"{MAIL}:{key}", send_by=u.now + NOTICE_KEPT)
    if WEBHOOK in letters.ways(u):
        letters.post(u, WEBHOOK, payload, content, f"{WEBHOOK}:{key}", send_by=u.now + NOTICE_KEPT)


def _onward(u: Unit, page: Unconfirmed, why: str) -> None:
    """By the next way after the one that failed: their own mail, the webhook, the clinic's mail. Each alert it is about by itself."""
    kinds = page.key.split(":")
    one = [int(part) for part in kinds[1:3] if part.isdecimal()][:1] if kinds[0] in ABOUT else []
    for id in page_for_all(u, page.id) if kinds[0] == "outage" else one:
        row = escalations.look(u, id)
        if row is not None and row.state in ("OPEN", "EXHAUSTED"):
            _next_way(u, page, row, why)


def _next_way(u: Unit, page: Unconfirmed, row: EscalationRow, why: str) -> None:
    kinds = page.key.split(":")
    person = page.to if page.channel != "telegram" else people.chat(u, page.chat).person if page.chat is not None else None
    step, _, who = page.key.removeprefix(f"{MAIL}:").removeprefix(f"{WEBHOOK}:").rpartition(":")
    if kinds[0] == "outage":
        step = f"outage:{row.id}:{kinds[2]}"
    step = _unreachable(row) if why == "unreachable" else f"{step}:{who}" if page.channel == WEBHOOK else step
    ways = letters.ways(u)
    if page.channel == "telegram" and person is not None and _mailed(u, person):
        _post(u, row, MAIL, person, f"{MAIL}:{step}:{person}", why)
    elif page.channel != WEBHOOK and WEBHOOK in ways:
        _post(u, row, WEBHOOK, None, f"{WEBHOOK}:{step}", why)
    elif CLINIC in ways and not (page.channel == MAIL and page.to is None):
        _post(u, row, MAIL, None, f"{MAIL}:{step}:{CLINIC}", why)


def _unreachable(row: EscalationRow) -> str:
    """One key for all a person misses in one cycle because Telegram does not take messages for them."""
    return f"page:{row.id}:{row.cycle}:unreachable"


def _post(u: Unit, row: EscalationRow, channel: str, to: int | None, key: str, why: str, lasts: timedelta | None = None) -> None:
    if outbox.by_dedupe(u, key) is not None:
        return
    wanted, send_by = f"escalation:{row.id}:unanswered", u.now + lasts if lasts else None
    payload, content = _page(u, row, to, why)
    letters.post(u, channel, payload, content, key, to=to, wanted=wanted, ref=row.ref, send_by=send_by)


def _page(u: Unit, row: EscalationRow, to: int | None, why: str) -> tuple[dict[str, Any], str]:
    """What it says, for either channel, and of which items the mail is made."""
    known = clinic.as_it_opens(u)
    assert known is not None  # a clinic came before its patients
    words = load("en")
    zone = people.person(u, to).zone if to is not None else known.zone
    opened, code = moment(draft := Draft(words), row.opened_at, zone, u.now), people.person(u, row.person).code
    level = words.text(f"page.level.{row.level}")
    page = words.text("mail.page", code=code, level=level, time=opened, ref=row.ref, why=words.text(f"mail.why.{why}"))
    payload = {
        "subject": words.text("mail.subject", level=level, ref=row.ref),
        "text": f"{page}\n\n{how(known.line)}",
        "body": {"event": "page", "why": why, "code": code, "level": row.level, "opened": row.opened_at.isoformat(), "reference": row.ref},
    }
    used = _items("mail.subject", "mail.page", f"mail.why.{why}", how_item(known.line), f"page.level.{row.level}")
    return payload, f"{used} {draft.content}".strip()


def how_item(line: str) -> str:
    return "mail.how" if line else "mail.how_no_line"


def how(line: str) -> str:
    """How it is taken, and the clinic's line where that can be read."""
    return load("en").text("mail.how", line=line) if line else load("en").text("mail.how_no_line")


def _items(*ids: str) -> str:
    return " ".join(f"{id}@{load('en').item(id).version}" for id in ids)


def _to_mail(u: Unit) -> list[int]:
    """Everyone the ladder may page whom mail reaches, most suitable first; nobody where mail is not set up."""
    held = duty.to_mail(u).values() if MAIL in letters.ways(u) else ()
    return list(dict.fromkeys(person for people in held for person in people))


def _mailed(u: Unit, person: int) -> bool:
    """Whether mail is set up, and this is active staff who agreed to be paged, with an address."""
    return MAIL in letters.ways(u) and duty.agreed(u)(person) and bool(people.person(u, person).email)
