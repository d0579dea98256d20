"""What the server remembers: people, chats, messages and taps. Plain records; the rules are elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from demo.keyboards import Markup, Row
from demo.markup import Entity


@dataclass
class Person:
    """Someone with a Telegram account. `started` once they wrote to the bot, `blocked` while they keep it out."""

    id: int
    first_name: str
    username: str | None = None
    language_code: str = "en"
    started: bool = False
    blocked: bool = False

    def as_api(self) -> dict[str, Any]:
        name = {"username": self.username} if self.username else {}
        return {"id": self.id, "is_bot": False, "first_name": self.first_name, "language_code": self.language_code, **name}


@dataclass
class Message:
    """One message as it stands now. `edits` counts changes of any kind, `history` keeps the earlier texts, oldest first."""

    id: int
    chat_id: int
    sender: dict[str, Any]
    date: datetime
    kind: str = "text"
    text: str = ""
    entities: list[Entity] = field(default_factory=list)
    media: dict[str, Any] = field(default_factory=dict)
    keyboard: list[Row] = field(default_factory=list)
    edit_date: datetime | None = None
    edits: int = 0
    history: list[str] = field(default_factory=list)
    reply_to: int | None = None
    protected: bool = False
    silent: bool = False
    pinned: bool = False
    deleted: bool = False
    revision: int = 0

    @property
    def from_bot(self) -> bool:
        return bool(self.sender["is_bot"])

    @property
    def labels(self) -> list[list[str]]:
        """The keyboard as the words on its buttons, row by row."""
        return [[button["text"] for button in row] for row in self.keyboard]

    def buttons(self) -> Iterator[dict[str, Any]]:
        for row in self.keyboard:
            yield from row

    def as_api(self, chat: Chat) -> dict[str, Any]:
        body: dict[str, Any] = {"message_id": self.id, "date": int(self.date.timestamp()), "chat": chat.as_api(), "from": self.sender}
        words, marks = ("text", "entities") if self.kind == "text" else ("caption", "caption_entities")
        if self.text:
            body[words] = self.text
            if self.entities:
                body[marks] = self.entities
        body |= self.media
        if self.edit_date is not None:
            body["edit_date"] = int(self.edit_date.timestamp())
        if self.keyboard:
            body["reply_markup"] = {"inline_keyboard": self.keyboard}
        if self.reply_to is not None and self.reply_to in chat.messages:
            body["reply_to_message"] = {"message_id": self.reply_to, "date": int(self.date.timestamp()), "chat": chat.as_api()}
        if self.protected:
            body["has_protected_content"] = True
        return body


@dataclass
class Chat:
    """A private chat (`person` set) or a group (`title` set). Deleted messages stay here, marked."""

    id: int
    person: Person | None = None
    title: str = ""
    messages: dict[int, Message] = field(default_factory=dict)
    reply_keyboard: Markup | None = None
    action: str = ""
    action_until: float = 0.0
    members: set[int] = field(default_factory=set)
    bot_inside: bool = True

    @property
    def visible(self) -> list[Message]:
        return [message for message in self.messages.values() if not message.deleted]

    def as_api(self) -> dict[str, Any]:
        if self.person is None:
            return {"id": self.id, "type": "group", "title": self.title}
        name = {"username": self.person.username} if self.person.username else {}
        return {"id": self.id, "type": "private", "first_name": self.person.first_name, **name}


@dataclass
class Tap:
    """One press of an inline button. It spins until answered, and can be answered once, for a while (`until`, monotonic)."""

    id: str
    person: Person
    chat_id: int
    message_id: int
    data: str
    until: float
    answered: bool = False
    text: str = ""
    alert: bool = False
    revision: int = 0
