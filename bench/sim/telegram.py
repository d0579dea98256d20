"""The simulated Telegram: everybody's phones, the queue of updates, and a log of every request with what became of it.

It knows nothing of the bot but what the bot sends. Faults come from the weather; the log is what the oracle reads.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from bench.sim.weather import DOUBTFUL, FAIR, Weather, strikes
from bot.errors import PollerTaken, TokenRefused

BATCH = 100
Keyboard = list[list[tuple[str, str]]]


@dataclass
class Shown:
    """A message as it is on a phone now."""

    id: int
    text: str
    keyboard: Keyboard

    @property
    def buttons(self) -> list[tuple[str, str]]:
        return [button for row in self.keyboard for button in row]


@dataclass
class Phone:
    """One person's chat with the bot. `stock` are the last messages, newest last."""

    address: int
    stock: list[Shown] = field(default_factory=list)
    sent: set[int] = field(default_factory=set)
    """Every message of the bot there ever was here."""
    blocked: bool = False
    typed: list[tuple[int, str]] = field(default_factory=list)

    def newest(self) -> Shown | None:
        """The newest message that has buttons."""
        return next((shown for shown in reversed(self.stock) if shown.keyboard), None)


@dataclass(frozen=True)
class Request:
    """One request of the bot: `taken` when it took effect, `fault` what the bot was told instead of the plain answer."""

    at: datetime
    address: int
    how: str
    text: str
    mark: str
    """The first button's token: it names the keyboard, and so the message, once and for all."""
    taken: bool
    fault: str | None


class Telegram:
    def __init__(self, chance: Random, now: Callable[[], datetime]) -> None:
        self.chance, self.now = chance, now
        self.weather: Weather = FAIR
        self.away, self.flooded = False, False
        self.phones: dict[int, Phone] = {}
        self.queue: list[tuple[int, str]] = []
        self.injected: Counter[str] = Counter()
        self.watch: Callable[[Request], None] = lambda request: None
        self.shows: Callable[[Phone, Shown, str], None] = lambda phone, shown, how: None
        self.hands_over: Callable[[dict[str, Any]], None] = lambda update: None
        self._update, self._message = 700_000_000, 100
        self._handed: set[int] = set()

    def phone(self, address: int) -> Phone:
        return self.phones.setdefault(address, Phone(address))

    # ---- what people do ---------------------------------------------------------------------------------------------------------

    def say(self, address: int, text: str, **content: Any) -> int:
        """A message; returns its id. `content` adds or replaces Telegram's own fields (`photo=...`, `caption=...`)."""
        self._message += 1
        self.phone(address).typed = [*self.phone(address).typed[-4:], (self._message, text)]
        self.put({"message": self._body(address, self._message, {"text": text} if text else {}, content)})
        return self._message

    def edit(self, address: int, message_id: int, text: str) -> None:
        when = {"text": text, "edit_date": int(self.now().timestamp())}
        self.put({"edited_message": self._body(address, message_id, when, {})})

    def tap(self, address: int, message_id: int, data: str) -> None:
        chat = {"id": address, "type": "private"}
        shown = next((shown.text for shown in self.phone(address).stock if shown.id == message_id), "")
        message = {"message_id": message_id, "date": int(self.now().timestamp()), "chat": chat, "text": shown}
        sender = {"id": address, "is_bot": False, "first_name": "P"}
        self.put({"callback_query": {"id": str(self._update), "from": sender, "message": message, "chat_instance": "1", "data": data}})

    def block(self, address: int, *, blocked: bool = True) -> None:
        self.phone(address).blocked = blocked
        member = {"status": "kicked" if blocked else "member"}
        self.put({"my_chat_member": {"chat": {"id": address, "type": "private"}, "from": {"id": address}, "new_chat_member": member}})

    def put(self, update: dict[str, Any]) -> None:
        """Queue an update, with an id that may leave a gap or start anew somewhere else, as Telegram's do."""
        fault = strikes(self.weather.updates, self.chance)
        if fault == "gap":
            self._update += self.chance.randint(2, 5000)
        elif fault == "restart":
            if self.queue:
                fault = None  # only after everything was fetched
            else:
                self._update = self.chance.randint(1, 900_000_000)
        self._update += 1
        self.queue.append((self._update, json.dumps({"update_id": self._update, **update}, ensure_ascii=False)))
        if fault == "poison":
            self._poison()
        if fault in ("gap", "restart", "poison"):
            self.injected[fault] += 1

    def _poison(self) -> None:
        self._update += 1
        broken: list[Any] = [{"message": {"message_id": "x"}}, {"message": 5}, {"callback_query": {"id": 1}}, {"new_kind": {"a": [1]}}]
        self.queue.append((self._update, json.dumps({"update_id": self._update, **self.chance.choice(broken)})))

    def _body(self, address: int, id: int, said: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
        sender = {"id": address, "is_bot": False, "first_name": "P"}
        date = int(self.now().timestamp())
        return {"message_id": id, "date": date, "chat": {"id": address, "type": "private"}, "from": sender, **said, **content}

    # ---- what the bot asks ------------------------------------------------------------------------------------------------------

    def updates(self, offset: int | None) -> list[str]:
        """getUpdates, as `bot.channel.receive` hands it on, with its exceptions."""
        fault = "away" if self.away else strikes(self.weather.receives, self.chance)
        if fault is not None and fault != "away":
            self.injected[f"receive_{fault}"] += 1
        if fault in ("away", "5xx", "reset"):
            raise ConnectionError(fault)
        if fault in ("401", "409"):
            raise TokenRefused if fault == "401" else PollerTaken
        if offset is not None:
            self.queue = [(id, raw) for id, raw in self.queue if id >= offset]
        batch = self.queue[:BATCH]
        if fault in ("lost_answer", "garbage"):  # what was asked for is done, and nobody hears of it
            raise ConnectionError(fault)
        if len(batch) == BATCH:
            self.injected["burst"] += 1
        for id, raw in batch:
            if id not in self._handed:
                self._handed.add(id)
                self.hands_over(json.loads(raw))
        return [raw for _, raw in self._disturbed(batch)]

    def _disturbed(self, batch: list[tuple[int, str]]) -> list[tuple[int, str]]:
        fault = strikes({name: self.weather.updates.get(name, 0.0) for name in ("duplicate", "reorder")}, self.chance)
        if not batch or fault is None or (fault == "reorder" and len(batch) < 2):
            return batch
        self.injected[fault] += 1
        return batch + batch if fault == "duplicate" else self.chance.sample(batch, len(batch))

    def request(self, address: int, how: str, text: str, keyboard: Keyboard, message_id: int | None) -> tuple[str | None, int | None]:
        """A send, edit or strip: (fault or None, id of a new message). What the caller hears is the fault's own business."""
        fault = "not_connected" if self.away else "429" if self.flooded else strikes(self.weather.sends, self.chance)
        return self.perform(address, how, text, keyboard, message_id, fault)

    def perform(
        self, address: int, how: str, text: str, keyboard: Keyboard, message_id: int | None, fault: str | None
    ) -> tuple[str | None, int | None]:
        if fault is not None:
            self.injected[f"send_{'away' if self.away else fault}"] += 1
        phone, new = self.phone(address), None
        taken = fault is None or fault.endswith("_after")
        if taken and phone.blocked:
            taken, fault = False, "403" if fault is None else fault
        if taken:
            shown = self._show(phone, how, text, keyboard, message_id)
            if shown is None:
                taken, fault = False, "400" if fault is None else fault
            else:
                new = shown.id
        mark = keyboard[0][0][1].split(".")[0] if keyboard else ""
        self.watch(Request(self.now(), address, how, text, mark, taken, fault))
        if taken and shown is not None:
            self.shows(phone, shown, how)
        return fault, new

    def _show(self, phone: Phone, how: str, text: str, keyboard: Keyboard, message_id: int | None) -> Shown | None:
        if how == "send":
            self._message += 1
            phone.sent.add(self._message)
            phone.stock = [*phone.stock[-29:], Shown(self._message, text, keyboard)]
            return phone.stock[-1]
        found = next((shown for shown in phone.stock if shown.id == message_id), None)
        if found is None:
            return Shown(message_id, text, []) if message_id in phone.sent and message_id is not None else None
        found.keyboard = keyboard
        if how == "edit":
            found.text = text
        return found


def doubtful(fault: str | None) -> bool:
    return fault in DOUBTFUL or fault == "died"


def said(update: dict[str, Any]) -> tuple[str | None, int | None]:
    """What somebody wrote or tapped, and in whose chat; (None, None) for anything else."""
    for kind in ("message", "edited_message"):
        message = update.get(kind)
        if isinstance(message, dict) and isinstance(message.get("chat"), dict):
            return message.get("text") or message.get("caption") or "", message["chat"].get("id")
    query = update.get("callback_query")
    if isinstance(query, dict) and isinstance(query.get("from"), dict):
        return f"[tap {str(query.get('data'))[-3:]}]", query["from"]["id"]
    return None, None
