"""Conversations and the keyboards they were shown on."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, select, update

from storage.people import ChatCard
from storage.prepared import Prepared, fixed
from storage.store import Unit, table
from storage.tables import Prompt, Talk

TALKS, PROMPTS = table(Talk), table(Prompt)

IS_WAITING, IS_PARKED = TALKS.c.state == fixed("waiting"), TALKS.c.state == fixed("parked")
LIVE = PROMPTS.c.state == fixed("live")
WAITING = Prepared(select(TALKS).where(TALKS.c.chat_id == bindparam("chat"), IS_WAITING).order_by(TALKS.c.id.desc()))
TALK = Prepared(select(TALKS).where(TALKS.c.id == bindparam("id"), TALKS.c.chat_id == bindparam("chat")))
PARKED = Prepared(
    select(TALKS)
    .where(TALKS.c.chat_id == bindparam("chat"), IS_PARKED, TALKS.c.expires_at > bindparam("at"))
    .order_by(TALKS.c.touched_at.desc(), TALKS.c.id.desc())
)
OPEN = Prepared(
    select(TALKS)
    .where(TALKS.c.chat_id == bindparam("chat"), IS_WAITING | IS_PARKED, TALKS.c.flow == bindparam("of_flow"))
    .order_by(TALKS.c.id.desc())
)
LATELY = Prepared(
    select(TALKS).where(TALKS.c.chat_id == bindparam("chat"), TALKS.c.touched_at > bindparam("since")).order_by(TALKS.c.id.desc())
)
BY_NONCE = Prepared(select(PROMPTS).where(PROMPTS.c.nonce == bindparam("nonce")))
ASKED_BY = Prepared(
    select(TALKS)
    .join(PROMPTS, PROMPTS.c.talk_id == TALKS.c.id)
    .where(PROMPTS.c.nonce == bindparam("nonce"), PROMPTS.c.chat_id == TALKS.c.chat_id)
)
PROMPT = Prepared(select(PROMPTS).where(PROMPTS.c.id == bindparam("id")))
LIVE_ABOUT = Prepared(
    select(PROMPTS).where(
        PROMPTS.c.kind == bindparam("of_kind"), PROMPTS.c.key == bindparam("of_key"), PROMPTS.c.subject == bindparam("about"), LIVE
    )
)
ASKS = PROMPTS.c.key.not_in([fixed("crisis"), fixed("note")])
"""The crisis card and the help screen, whose buttons always stay, ask nothing, and neither does a note that is to be opened."""
LATER_LIVE = Prepared(
    select(PROMPTS.c.id).where(PROMPTS.c.id > bindparam("than"), PROMPTS.c.chat_id == bindparam("chat"), LIVE, ASKS).limit(1)
)
CLOSE_LIVE = Prepared(update(PROMPTS).where(PROMPTS.c.id == bindparam("prompt"), LIVE).values(state="closed"))

CAN_BE_EDITED = timedelta(days=3)
"""Telegram takes edits for two days; an answer may come late."""


@dataclass(frozen=True)
class TalkRow:
    """A conversation as stored. `body` is JSON data: {"me", "log", "timer", ...}."""

    id: int
    chat: int
    flow: str
    version: int
    state: str
    body: dict[str, Any]
    panel: int | None
    prompt: int | None
    started_at: datetime
    touched_at: datetime
    expires_at: datetime

    def was_answered_by(self, message_id: int | None) -> bool:
        """Whether this message was the last typed answer."""
        return message_id is not None and (self.body.get("typed") or {}).get("message") == message_id

    def was_ever_answered_by(self, message_id: int | None) -> bool:
        """Whether this message was any typed answer, also of a talk that is over."""
        return message_id is not None and message_id in self.body.get("answers", {}).values()


@dataclass(frozen=True)
class PromptRow:
    """A keyboard that was shown: which option was the button at place n, and what it belongs to."""

    id: int
    nonce: str
    chat: int
    kind: str
    talk: int | None
    key: str
    subject: int | None
    options: tuple[str, ...]
    args: dict[str, Any]
    panel: int | None
    state: str
    answered: str | None
    created_at: datetime


def _talk(u: Unit, chat: ChatCard, row: Row[Any]) -> TalkRow:
    body = u.open_json(chat.key, "talk.body", row.id, row.body) if row.body else {}  # one that was closed for good has none
    return TalkRow(
        row.id,
        row.chat_id,
        row.flow,
        row.version,
        row.state,
        body,
        row.panel_id,
        row.prompt_id,
        row.started_at,
        row.touched_at,
        row.expires_at,
    )


def waiting(u: Unit, chat: ChatCard) -> TalkRow | None:
    """The one talk of this chat that waits for an answer."""
    row = u.one(WAITING, chat=chat.id)
    return _talk(u, chat, row) if row else None


def parked(u: Unit, chat: ChatCard, flow: str | None = None) -> TalkRow | None:
    """The talk that was interrupted last, or the last one of `flow`, and can be offered again."""
    rows = u.all(PARKED, chat=chat.id, at=u.now)
    row = next((row for row in rows if flow is None or row.flow == flow), None)
    return _talk(u, chat, row) if row else None


def answered_by(u: Unit, chat: ChatCard, message_id: int) -> TalkRow | None:
    """The talk of this chat, over or not, in which a message was a typed answer; of the last days, in which it can be edited."""
    lately = u.all(LATELY, chat=chat.id, since=u.now - CAN_BE_EDITED)
    rows = (_talk(u, chat, row) for row in lately if not row.body or u.opened(chat.key, "talk.body", row.id, row.body) is not None)
    return next((row for row in rows if row.was_ever_answered_by(message_id)), None)


def open_talks(u: Unit, chat: ChatCard, flow: str) -> list[TalkRow]:
    """The talks of one flow that wait or are parked, newest first."""
    return [_talk(u, chat, row) for row in u.all(OPEN, chat=chat.id, of_flow=flow)]


def close_for_good(u: Unit, chat: ChatCard) -> None:
    """No parked talk of this chat is offered again, nothing of what was said in it is kept, and no keyboard here does anything any more."""
    u.run(update(TALKS).where(TALKS.c.chat_id == chat.id, IS_PARKED).values(state="closed", body=b""))
    u.run(update(PROMPTS).where(PROMPTS.c.chat_id == chat.id, LIVE).values(state="closed"))


def leave_nothing_open(u: Unit, chat: ChatCard) -> None:
    """Somebody else sits at this chat from now on: what was talked about before, and every keyboard of it, is over."""
    close_for_good(u, chat)
    u.run(update(TALKS).where(TALKS.c.chat_id == chat.id, IS_WAITING).values(state="closed", body=b""))


def talk(u: Unit, chat: ChatCard, id: int) -> TalkRow | None:
    row = u.one(TALK, id=id, chat=chat.id)
    return _talk(u, chat, row) if row else None


def asked_by(u: Unit, chat: ChatCard, keyboard: PromptRow) -> TalkRow | None:
    """The talk of this chat whose question a keyboard belongs to."""
    row = u.one(ASKED_BY, nonce=keyboard.nonce) if keyboard.chat == chat.id else None
    return _talk(u, chat, row) if row else None


def foresee_tap(u: Unit, nonce: str) -> None:
    """A button with this nonce is about to be taken: its keyboard and its talk will be looked up."""
    u.foresee(BY_NONCE, nonce=nonce)
    u.foresee(ASKED_BY, nonce=nonce)


def add_talk(u: Unit, chat: ChatCard, flow: str, version: int, body: dict[str, Any], expires_at: datetime) -> int:
    id = u.new_id()
    return u.add(
        Talk,
        id=id,
        chat_id=chat.id,
        flow=flow,
        version=version,
        state="waiting",
        body=u.seal(chat.key, "talk.body", id, body),
        started_at=u.now,
        touched_at=u.now,
        expires_at=expires_at,
    )


def save_talk(u: Unit, chat: ChatCard, id: int, *, body: dict[str, Any] | None = None, touch: bool = True, **columns: Any) -> None:
    """Write a talk's new state. `columns`: state, panel_id, prompt_id, version, expires_at."""
    if body is not None:
        columns["body"] = u.seal(chat.key, "talk.body", id, body)
    if touch:
        columns["touched_at"] = u.now
    u.set(Talk, id, **columns)


def add_prompt(
    u: Unit,
    chat: int,
    kind: str,
    key: str,
    options: list[str],
    *,
    talk: int | None = None,
    subject: int | None = None,
    args: dict[str, Any] | None = None,
    panel: int | None = None,
) -> tuple[int, str]:
    """A new live keyboard; returns its id and the nonce its buttons carry (128 random bits, 22 characters)."""
    nonce = secrets.token_urlsafe(16)
    id = u.add(
        Prompt,
        nonce=nonce,
        chat_id=chat,
        kind=kind,
        key=key,
        talk_id=talk,
        subject=subject,
        options=json.dumps(options),
        args=json.dumps(args or {}),
        panel_id=panel,
        state="live",
        created_at=u.now,
    )
    return id, nonce


def _prompt(row: Row[Any]) -> PromptRow:
    return PromptRow(
        row.id,
        row.nonce,
        row.chat_id,
        row.kind,
        row.talk_id,
        row.key,
        row.subject,
        tuple(json.loads(row.options)),
        json.loads(row.args),
        row.panel_id,
        row.state,
        row.answered,
        row.created_at,
    )


def prompt_by_nonce(u: Unit, nonce: str) -> PromptRow | None:
    row = u.one(BY_NONCE, nonce=nonce)
    return _prompt(row) if row else None


def prompt(u: Unit, id: int) -> PromptRow | None:
    row = u.one(PROMPT, id=id)
    return _prompt(row) if row else None


def asked_since(u: Unit, chat: ChatCard, prompt: int) -> bool:
    """Whether something else with buttons was asked in this chat after a keyboard, and waits for an answer too."""
    return u.one(LATER_LIVE, than=prompt, chat=chat.id) is not None


def put_on(u: Unit, id: int, panel: int) -> None:
    """Note the message a keyboard was shown on."""
    u.set(Prompt, id, panel_id=panel)


def close_prompt(u: Unit, id: int, answered: str | None = None) -> None:
    u.set(Prompt, id, state="closed", answered=answered)


def close_live_prompt(u: Unit, id: int) -> None:
    """Close a keyboard nobody tapped; one that was tapped keeps what was answered."""
    u.later(CLOSE_LIVE, {"prompt": id})


def live_prompts_about(u: Unit, kind: str, key: str, subject: int) -> list[PromptRow]:
    """Every live keyboard about one thing (all pages of an escalation)."""
    return [_prompt(row) for row in u.all(LIVE_ABOUT, of_kind=kind, of_key=key, about=subject)]


def close_prompts_about(u: Unit, kind: str, key: str, subject: int) -> list[PromptRow]:
    """Close them; returns them as they were."""
    rows = live_prompts_about(u, kind, key, subject)
    for row in rows:
        close_live_prompt(u, row.id)
    return rows
