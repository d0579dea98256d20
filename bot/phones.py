"""Phones in memory: the same bot with no Telegram at all, for `between talk` and for transcripts.

Updates have Telegram's shape and go through intake, turn and outbox as rows; only the network is left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot import sending
from bot.intake import keep
from bot.sending import Accepted, Refused, Result
from bot.worker import take_group
from storage import due, outbox
from storage.outbox import Claimed
from storage.store import Store

FAR = timedelta(days=400)


@dataclass
class Shown:
    """A message on a phone: `keyboard` rows of (label, data); `edits` counts its changes."""

    id: int
    text: str
    keyboard: list[list[tuple[str, str]]]
    edits: int = 0

    @property
    def buttons(self) -> list[tuple[str, str]]:
        return [button for row in self.keyboard for button in row]


@dataclass
class Phone:
    """One person's chat with the bot."""

    address: int
    messages: list[Shown] = field(default_factory=list)
    news: list[tuple[str, Shown]] = field(default_factory=list)
    """("new" | "edit" | "strip" | "frame", message) since it was last looked at; a frame is one picture of a timer."""
    blocked: bool = False

    def look(self) -> list[tuple[str, Shown]]:
        seen, self.news = self.news, []
        return seen

    def find(self, label: str) -> tuple[Shown, str]:
        """The newest button with this label. Raises `LookupError` naming the ones there are."""
        for message in reversed(self.messages):
            for text, data in message.buttons:
                if text == label or text.removeprefix("✓ ") == label:
                    return message, data
        there = sorted({text for message in self.messages for text, _ in message.buttons})
        raise LookupError(f"no button '{label}'; there are: {', '.join(there) or 'none'}")


class Phones:
    """Everybody's phones, one bot behind them, and a clock that only moves when told to."""

    def __init__(self, store: Callable[[], Store], now: datetime) -> None:
        self._store = store
        self.now = now
        self.phones: dict[int, Phone] = {}
        self.away = False  # Telegram can't be reached
        self._update = 1000
        self._message = 100

    def phone(self, address: int) -> Phone:
        return self.phones.setdefault(address, Phone(address))

    def type(self, address: int, text: str, **more: Any) -> int:
        """Send a text; returns its message id."""
        return self._say(address, "message", {"text": text, **more})

    def send(self, address: int, **content: Any) -> int:
        """Send anything else, in Telegram's own fields (`photo=[...]`, `voice={...}`, `caption="..."`)."""
        return self._say(address, "message", content)

    def edit(self, address: int, message_id: int, text: str) -> None:
        self._say(address, "edited_message", {"text": text, "edit_date": int(self.now.timestamp())}, message_id)

    def tap(self, address: int, label: str) -> str:
        """Tap the newest button with this label; returns its data."""
        message, data = self.phone(address).find(label)
        self.tap_data(address, message.id, data)
        return data

    def tap_data(self, address: int, message_id: int, data: str) -> None:
        query = {
            "id": str(self._update),
            "from": {"id": address, "is_bot": False, "first_name": "P"},
            "message": {"message_id": message_id, "date": int(self.now.timestamp()), "chat": {"id": address, "type": "private"}},
            "chat_instance": "1",
            "data": data,
        }
        self.receive({"callback_query": query})

    def receive(self, update: dict[str, Any]) -> None:
        """Any raw update: stored as intake does, then taken."""
        self._update += 1
        with self._store().unit(self.now) as u:
            keep(u, [json.dumps({"update_id": self._update, **update}, ensure_ascii=False)])
        self.settle()

    def block(self, address: int) -> None:
        self._blocks(address, "kicked")

    def unblock(self, address: int) -> None:
        self._blocks(address, "member")

    def _blocks(self, address: int, status: str) -> None:
        self.phone(address).blocked = status == "kicked"
        member = {"chat": {"id": address, "type": "private"}, "from": {"id": address}, "new_chat_member": {"status": status}}
        self.receive({"my_chat_member": member})

    def wait(self, span: timedelta) -> None:
        """Let time pass, stopping wherever something is due."""
        end = self.now + span
        while True:
            with self._store().unit(self.now) as u:
                upcoming = [at for at in (due.next_at(u), outbox.next_at(u)) if at is not None and at > self.now]
            following = min(upcoming, default=end + FAR)
            if following > end:
                break
            self.now = following
            self.settle()
        self.now = end
        self.settle()

    def settle(self) -> None:
        """Take every event that is ready and deliver every message that may go."""
        for _ in range(200):
            taken = take_group(self._store(), self.now)
            delivered = self._deliver()
            if not taken and not delivered:
                return
        raise RuntimeError("the bot does not come to rest")

    def _deliver(self) -> int:
        store, count = self._store(), 0
        if self.away:
            return 0
        with store.unit(self.now) as u:
            while rows := outbox.waiting(u):
                for row in (row for row in rows if row.lane == rows[0].lane):
                    claimed = sending.claim(u, row, "phones")
                    if claimed is not None:
                        sending.record(u, claimed, self._show(claimed))
                    count += 1  # also where it is not wanted any more: its due row may decide anew
        return count

    def _show(self, row: Claimed) -> Result:
        phone = self.phone(row.address)
        if phone.blocked:
            return sending.Gone()
        if row.kind in ("leave", "menu"):
            return Accepted()
        keyboard = [[(label, data) for label, data in buttons] for buttons in row.payload.get("keyboard", [])]
        if row.kind == "send":
            self._message += 1
            shown = Shown(self._message, row.payload["text"], keyboard)
            phone.messages.append(shown)
            phone.news.append(("new", shown))
            return Accepted(shown.id)
        wanted = row.payload.get("message_id", row.message_id)
        found = next((message for message in phone.messages if message.id == wanted), None)
        if found is None:
            return Refused("message to edit not found")
        found.keyboard = keyboard
        if row.kind == "edit":
            found.text = row.payload["text"]
        found.edits += 1
        phone.news.append(("frame" if "plan" in row.payload else row.kind, found))
        return Accepted()

    def _say(self, address: int, kind: str, content: dict[str, Any], message_id: int | None = None) -> int:
        self._message += 1
        id = message_id or self._message
        message = {
            "message_id": id,
            "date": int(self.now.timestamp()),
            "chat": {"id": address, "type": "private", "first_name": "P"},
            "from": {"id": address, "is_bot": False, "first_name": "P"},
            **content,
        }
        self.receive({kind: message})
        return id


def instant(text: str) -> datetime:
    """An ISO time as aware UTC; "2026-11-16T20:00-05:00"."""
    return datetime.fromisoformat(text).astimezone(UTC)
