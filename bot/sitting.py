"""One turn's table: the transaction, the chat, who sits there, and the ways to put a message before them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.event import Event
from bot.flow import Me
from bot.log import get
from bot.message import Draft
from content.library import Words, load
from storage import notes, outbox, people, talks
from storage.outbox import REPLY
from storage.people import ChatCard, PersonCard
from storage.store import Unit

log = get("bot.sitting")
SAID_WITHIN = timedelta(hours=24)


@dataclass
class Sitting:
    """What every step of a turn is handed. `source` is the inbox or due row this turn answers, for dedupe keys."""

    u: Unit
    chat: ChatCard
    who: PersonCard | None
    source: int
    event: Event
    said_at: datetime

    @property
    def words(self) -> Words:
        return load(self.who.language if self.who else "en")

    @property
    def person(self) -> PersonCard:
        """The person of this chat; only called where the router has made sure there is one."""
        if self.who is None:
            raise LookupError("nobody is bound to this chat")
        return self.who

    @property
    def local(self) -> datetime:
        """`now` on the wall of whoever this turn is about."""
        return self.u.now.astimezone(ZoneInfo(self.who.zone if self.who else "UTC"))

    def draft(self) -> Draft:
        return Draft(self.words)

    def of(self, person: int) -> Sitting | None:
        """The same turn at another person's chat (a page to the on-call person), or None when they have none that can be written to."""
        chat = people.chat_of(self.u, person)
        if chat is None or not self.u.has_key(chat.key):
            return None
        return replace(self, chat=chat, who=_who(self.u, person))

    def me(self, start: dict[str, Any]) -> Me:
        who, local = self.person, self.local
        return Me(
            person=who.id,
            code=who.code,
            name=who.call_name or who.name,
            role=who.role,
            zone=who.zone,
            country=who.country,
            language=who.language,
            today=local.date().isoformat(),
            time=f"{local:%H:%M}",
            medicines=who.medicines,
            start=start,
        )

    def say(self, words: str, *, lane: int = REPLY, dedupe: str | None = None, wanted: str | None = None, **slots: Any) -> int | None:
        """A message of one item, with no buttons."""
        return self.post(self.draft().add(words, **slots), lane=lane, dedupe=dedupe, wanted=wanted)

    def post(self, draft: Draft, *, lane: int = REPLY, dedupe: str | None = None, **options: Any) -> int | None:
        """A new message without buttons that lead anywhere. Options as in `storage.outbox.post`."""
        return outbox.post(self.u, self.chat, lane, "send", draft.payload(), draft.content, dedupe=dedupe, **options)

    def offer(
        self,
        draft: Draft,
        kind: str,
        key: str,
        *,
        subject: int | None = None,
        args: dict[str, Any] | None = None,
        lane: int = REPLY,
        edit: int | None = None,
        **options: Any,
    ) -> int | None:
        """A message with buttons: `kind` "act" calls the tap named `key` with `subject`, "door" opens the flow `key`.

        edit: the outbox row whose message is to be changed instead of sending a new one. None when deduped away.
        """
        prompt, nonce = talks.add_prompt(self.u, self.chat.id, kind, key, draft.options, subject=subject, args=args)
        how = "edit" if edit is not None else "send"
        posted = outbox.post(self.u, self.chat, lane, how, draft.payload(nonce), draft.content, target=edit, **options)
        if posted is None:
            talks.close_prompt(self.u, prompt)
            return None
        panel = edit if edit is not None else posted
        talks.put_on(self.u, prompt, panel)
        return panel

    def strip(self, panel: int) -> None:
        """Take the keyboard off a message we sent."""
        outbox.post(self.u, self.chat, REPLY, "strip", {}, "", target=panel)


def seat(u: Unit, person: int, source: int) -> Sitting | None:
    """A table at somebody's chat when it is nobody's turn (the clinic's own times), or None as with `of`."""
    chat = people.chat_of(u, person)
    if chat is None or not u.has_key(chat.key):
        return None
    return Sitting(u, chat, _who(u, person), source, Event("due", 0), u.now)


def _who(u: Unit, person: int) -> PersonCard:
    """Whoever it is, and staff hear of it when something of theirs does not open."""
    who = people.person(u, person)
    if notes.damaged(u, who):
        log.error("person.damaged", role=who.role)
    return who


def said_at(event: Event, received_at: datetime) -> datetime:
    """When it was said by Telegram's own date, held within the 24 hours before we received it."""
    at = event.said_at or received_at
    return min(max(at, received_at - SAID_WITHIN), received_at)
