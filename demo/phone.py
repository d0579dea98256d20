"""A person's phone: everything a user of Telegram can do to a bot, for tests and for the page.

Each act puts an update into the queue, exactly once unless a fault says otherwise, and shows in the chat at once.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from telegram.constants import MessageLimit

from demo.chats import Chat, Message, Person, Tap
from demo.entities import clean, find_entities
from demo.markup import units

if TYPE_CHECKING:
    from demo.local import LocalTelegram

TAP_SECONDS = 60.0
"""Real seconds in which a tap can be answered; after that Telegram says the query is too old."""


class PhoneFault(Exception):
    """A thing this phone cannot do now; the message says why."""


class Phone:
    """Acts as one person. Every method is safe to call from any thread."""

    def __init__(self, here: LocalTelegram, person: Person) -> None:
        self.here = here
        self.person = person

    @property
    def id(self) -> int:
        return self.person.id

    @property
    def chat(self) -> Chat:
        return self.here.private_chat(self.person)

    @property
    def messages(self) -> list[Message]:
        """What is on the screen, oldest first."""
        return self.chat.visible

    @property
    def last(self) -> Message:
        return self._found(self.messages[-1] if self.messages else None, "There is no message yet.")

    @property
    def texts(self) -> list[str]:
        """The bot's messages as they read now, oldest first."""
        return [message.text for message in self.messages if message.from_bot]

    @property
    def taps(self) -> list[Tap]:
        return [tap for tap in self.here.taps.values() if tap.person.id == self.id]

    # -- writing

    def send_text(self, text: str, chat: Chat | None = None, reply_to: int | None = None) -> Message:
        """Type and send; more than 4096 units go as several messages, of which the last is returned."""
        pieces = _pieces(clean(text).strip())
        if not pieces:
            raise PhoneFault("An empty message cannot be sent.")
        sent = [self._send(chat, text=piece, entities=find_entities(piece), reply_to=reply_to) for piece in pieces]
        return sent[-1]

    def open_link(self, link: str) -> Message:
        """Follow `https://t.me/<bot>?start=<code>`: sends `/start <code>`."""
        _, _, code = link.partition("?start=")
        return self.send_text(f"/start {code}".strip())

    def send_photo(self, caption: str = "") -> Message:
        return self._send_media("photo", {"photo": [{**_file(), "width": 800, "height": 600}]}, caption)

    def send_voice(self, seconds: int = 4, caption: str = "") -> Message:
        return self._send_media("voice", {"voice": {**_file(), "duration": seconds}}, caption)

    def send_video(self, caption: str = "") -> Message:
        return self._send_media("video", {"video": {**_file(), "width": 640, "height": 480, "duration": 3}}, caption)

    def send_document(self, name: str, caption: str = "") -> Message:
        return self._send_media("document", {"document": {**_file(), "file_name": name}}, caption)

    def send_sticker(self, emoji: str = "🙂") -> Message:
        kind = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False, "emoji": emoji}
        return self._send_media("sticker", {"sticker": {**_file(), **kind}}, "")

    def send_location(self, latitude: float = 40.0, longitude: float = -75.0) -> Message:
        return self._send_media("location", {"location": {"latitude": latitude, "longitude": longitude}}, "")

    def send_contact(self, number: str) -> Message:
        """Share one's own number, as the button with `request_contact` does."""
        own = {"phone_number": number, "first_name": self.person.first_name, "user_id": self.id}
        return self._send_media("contact", {"contact": own}, "")

    def edit(self, message_id: int, text: str) -> Message:
        """Change a text or caption one sent before."""
        with self.here.lock:
            message = self._found(self.chat.messages.get(message_id), "There is no such message.")
            if message.from_bot or message.deleted:
                raise PhoneFault("Only one's own message can be edited.")
            message.history.append(message.text)
            message.text = clean(text).strip()
            message.entities = find_entities(message.text)
            message.edit_date = self.here.clock()
            message.edits += 1
            self.here.queue.add("edited_message", message.as_api(self.chat))
            self.here.changed(message)
            return message

    # -- tapping

    def tap(self, message_id: int, callback_data: str, *, anyway: bool = False) -> Tap:
        """Press an inline button. `anyway` presses one that is no longer, or never was, on this message."""
        with self.here.lock:
            message = self._found(self.chat.messages.get(message_id), "There is no such message.")
            if not anyway and callback_data not in [button.get("callback_data") for button in message.buttons()]:
                raise PhoneFault("There is no such button on this message.")
            return self._query(self.chat, message, callback_data)

    def press(self, label: str) -> Tap:
        """Press the newest inline button whose words are, or contain, `label`."""
        for exact in (True, False):
            for message in reversed(self.messages):
                for button in message.buttons():
                    if "callback_data" in button and (button["text"] == label if exact else label in button["text"]):
                        return self.tap(message.id, button["callback_data"])
        shown = [label for message in self.messages for row in message.labels for label in row]
        raise PhoneFault(f"No button says {label!r}. There are: {', '.join(shown) or 'none'}.")

    def tap_in(self, chat: Chat, message_id: int, callback_data: str) -> Tap:
        """Press a button in a chat that is not one's own: a forwarded keyboard, a group, a forged query."""
        with self.here.lock:
            message = self._found(chat.messages.get(message_id), "There is no such message.")
            return self._query(chat, message, callback_data)

    def resend(self, tap: Tap) -> None:
        """Deliver one tap a second time under a new update id, as phones on a bad line do."""
        with self.here.lock:
            message = self.here.chats[tap.chat_id].messages[tap.message_id]
            self._queue_query(tap, self.here.chats[tap.chat_id], message)
            self.here.changed(tap)

    # -- keeping the bot out

    def block(self) -> None:
        with self.here.lock:
            self.person.blocked = True
            self.change_membership(self.chat, "member", "kicked")

    def unblock(self) -> None:
        with self.here.lock:
            self.person.blocked = False
            self.change_membership(self.chat, "kicked", "member")

    def change_membership(self, chat: Chat, old: str, new: str) -> None:
        """Tell the bot that it was let in or put out (`my_chat_member`)."""
        bot = self.here.bot
        banned = {"until_date": 0}
        update = {
            "chat": chat.as_api(),
            "from": self.person.as_api(),
            "date": int(self.here.clock().timestamp()),
            "old_chat_member": {"user": bot, "status": old, **(banned if old == "kicked" else {})},
            "new_chat_member": {"user": bot, "status": new, **(banned if new == "kicked" else {})},
        }
        self.here.queue.add("my_chat_member", update)
        self.here.changed()

    # -- inside

    def _send_media(self, kind: str, media: dict[str, Any], caption: str) -> Message:
        text = clean(caption).strip()
        return self._send(None, kind=kind, media=media, text=text, entities=find_entities(text))

    def _send(self, chat: Chat | None, *, text: str, entities: list[dict[str, Any]], **more: Any) -> Message:
        with self.here.lock:
            if chat is None:
                if self.person.blocked:
                    raise PhoneFault("This phone has blocked the bot; unblock it first.")
                self.person.started = True
                chat = self.chat
            message = self.here.add_message(chat, self.person.as_api(), text, entities, **more)
            self.here.queue.add("message", message.as_api(chat))
            self.here.changed(message)
            return message

    def _query(self, chat: Chat, message: Message, data: str) -> Tap:
        here = self.here
        tap = Tap(str(10**17 + here.new_serial()), self.person, chat.id, message.id, data, here.monotonic() + TAP_SECONDS)
        here.taps[tap.id] = tap
        self._queue_query(tap, chat, message)
        here.changed(tap)
        return tap

    def _queue_query(self, tap: Tap, chat: Chat, message: Message) -> None:
        query = {"id": tap.id, "from": self.person.as_api(), "chat_instance": str(chat.id), "data": tap.data}
        self.here.queue.add("callback_query", query | {"message": message.as_api(chat)})

    @staticmethod
    def _found(message: Message | None, otherwise: str) -> Message:
        if message is None:
            raise PhoneFault(otherwise)
        return message


def _file() -> dict[str, Any]:
    name = secrets.token_hex(16)
    return {"file_id": name, "file_unique_id": name[:16], "file_size": 1000}


def _pieces(text: str) -> list[str]:
    pieces, current, size = [], "", 0
    for char in text:
        width = units(char)
        if size + width > MessageLimit.MAX_TEXT_LENGTH:
            pieces.append(current)
            current, size = "", 0
        current, size = current + char, size + width
    return [*pieces, current] if current else pieces
