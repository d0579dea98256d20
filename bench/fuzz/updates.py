"""Updates nobody meant: every kind of the Bot API, then bent and broken in every way its shape allows. Seeded."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

KINDS = ("message", "edited_message", "channel_post", "edited_channel_post", "business_connection", "business_message",
         "edited_business_message", "deleted_business_messages", "message_reaction", "message_reaction_count", "inline_query",
         "chosen_inline_result", "callback_query", "shipping_query", "pre_checkout_query", "purchased_paid_media", "poll", "poll_answer",
         "my_chat_member", "chat_member", "chat_join_request", "chat_boost", "removed_chat_boost", "something_of_next_year")  # fmt: skip
CONTENTS: tuple[dict[str, Any], ...] = (
    {"text": "a quiet evening"}, {"text": "/help"}, {"text": "/start abc"}, {"text": "7"}, {"text": "/checkin@between_bot now"},
    {"photo": [{"file_id": "a", "width": 1, "height": 1}], "caption": "look"}, {"voice": {"file_id": "a", "duration": 3}},
    {"video": {}}, {"video_note": {}}, {"audio": {}}, {"document": {"file_name": "a.pdf"}}, {"sticker": {"emoji": "x"}},
    {"animation": {}}, {"location": {"latitude": 1.0, "longitude": 2.0}}, {"venue": {"title": "here"}}, {"poll": {"id": "1"}},
    {"contact": {"phone_number": "555-0111", "first_name": "P"}}, {"dice": {"value": 3}}, {"story": {}}, {"new_chat_title": "x"},
    {"migrate_to_chat_id": -100200300}, {"migrate_from_chat_id": -5}, {"pinned_message": {"message_id": 1}}, {"left_chat_member": {}},
    {"new_chat_members": [{"id": 5, "is_bot": False}]}, {"successful_payment": {}}, {"web_app_data": {"data": "x"}},
    {"text": "hi", "entities": [{"type": "bold", "offset": 900, "length": -4}, {"type": "url", "offset": 2**31, "length": 2**40}]},
    {"text": "hi", "reply_to_message": {"message_id": 3, "text": "earlier"}}, {"text": "hi", "forward_origin": {"type": "hidden_user"}},
    {"text": "hi", "via_bot": {"id": 1}},
    {"text": "hi", "sender_chat": {"id": -9, "type": "channel"}}, {"text": "hi", "message_thread_id": 4},
)  # fmt: skip
TEXTS = (
    "", " ",
    "\0", "a\0b", "\ud800", "x\udc00y", "\u202eevil\u202c", "\u200b\u200d\ufeff", "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 9,
    "e\u0301" * 60,
    "\u0430\u0440\u0440le", "\u0661\u0662:\u0663\u0660", "/", "/" + "a" * 40, "/start " + "A" * 22, "{emergency}", "%s%n{0}",
    "<b>&amp;</b>",
    "=HYPERLINK(1)", "'; drop table person; --", "a" * 4096, "word " * 819, "\U0001f600" * 2048, "\r\n\t\v\f" * 50,
    "7" + " " * 4000 + "x", "\u2028\u2029\x85", "\ufffe\uffff", "\x1b[31m", "NaN", "1e999", "stop", "back", "I feel strange today",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**53 + 1, 2**63, -(2**63), 2**70, 10**300, 1.5, -0.0, 1e308, "", "x", "5001", [], {}, [[]], [None],
    {"id": 5001}, {"id": "5001"}, {"id": None}, {"id": 2**80}, {"": ""}, ["text"], 4102444800, 1, -62135596801, 253402300800, 1e18,
)  # fmt: skip


class Fuzzer:
    """Makes one raw update after the other; `one` returns (how it was made, the raw text)."""

    def __init__(self, seed: int, addresses: tuple[int, ...], nonces: list[str], now: int) -> None:
        self.random = random.Random(seed)
        self.addresses, self.nonces, self.now = addresses, nonces, now
        self.id = 1_000_000
        self.ways: tuple[tuple[str, int, Callable[[], str]], ...] = (
            ("as it is", 80, lambda: self._dump(self.update())),
            ("bent", 520, self._bent),
            ("text", 220, self._text),
            ("time", 60, self._time),
            ("deep", 10, self._deep),
            ("huge", 2, self._huge),
            ("broken", 80, self._broken),
            ("no object", 20, lambda: json.dumps(self.random.choice(VALUES))),
            ("again", 40, self._again),
        )
        self._last: list[str] = []

    def one(self) -> tuple[str, str]:
        way, _, make = self.random.choices(self.ways, [weight for _, weight, _ in self.ways])[0]
        raw = make()
        self._last = [*self._last[-20:], raw]
        return way, raw

    def update(self) -> dict[str, Any]:
        """A whole update of any kind, as Telegram documents it or nearly."""
        pick = self.random.choice
        kind = pick(KINDS) if self.random.random() < 0.6 else pick(("message", "message", "callback_query", "edited_message"))
        self.id += 1
        address = pick(self.addresses)
        user = {"id": address, "is_bot": False, "first_name": "P", "language_code": "en"}
        chat = {"id": address, "type": "private"} if self.random.random() < 0.85 else self._elsewhere()
        body: dict[str, Any] = {"chat": chat, "from": user, "date": self.now}
        if "message" in kind or "post" in kind:
            body |= {"message_id": self.random.randrange(1, 10_000), **pick(CONTENTS)}
            if kind.startswith("edited"):
                body["edit_date"] = self.now
        elif kind == "callback_query":
            data = pick((*self.nonces, "x", "")) + pick((".0", ".1", ".7", ".999", "", ".\u0661"))
            body = {"id": str(self.id), "from": user, "message": {"message_id": 5, "date": self.now, "chat": chat}, "data": data}
        elif kind.endswith("chat_member"):
            body |= {"old_chat_member": {"status": "member"}, "new_chat_member": {"status": pick(("kicked", "member", "left", "x"))}}
        elif kind in ("poll", "inline_query", "poll_answer"):
            body = {"id": str(self.id), "from": user, "user": user, "query": "x", "question": "?", "options": []}
        return {"update_id": self.id, kind: body}

    def _elsewhere(self) -> dict[str, Any]:
        return {"id": -self.random.randrange(1, 10**12), "type": self.random.choice(("group", "supergroup", "channel", "", "private"))}

    def _dump(self, update: Any) -> str:
        return json.dumps(update, ensure_ascii=self.random.random() < 0.5)

    def _bent(self) -> str:
        """One to three places made wrong: another value, no value, a value of a neighbour, a list, a key nobody knows."""
        update = self.update()
        for _ in range(self.random.randrange(1, 4)):
            parent, key = self.random.choice(list(_places(update)))
            match self.random.randrange(5):
                case 0:
                    del parent[key]
                case 1:
                    parent[key] = [parent[key]]
                case 2:
                    parent[key] = self.random.choice(TEXTS)
                case _:
                    parent[key] = self.random.choice(VALUES)
            if not update:
                break
        return self._dump(update)

    def _text(self) -> str:
        text = "".join(self.random.choice(TEXTS) for _ in range(self.random.choice((1, 1, 1, 2, 3))))[:4096]
        return self._dump(self._said({self.random.choice(("text", "text", "text", "caption")): text}))

    def _said(self, content: dict[str, Any]) -> dict[str, Any]:
        address = self.random.choice(self.addresses)
        self.id += 1
        base = {"message_id": self.id % 10_000 + 1, "date": self.now, "chat": {"id": address, "type": "private"}, "from": {"id": address}}
        kind = self.random.choice(("message", "message", "message", "edited_message"))
        return {"update_id": self.id, kind: {**base, **content}}

    def _time(self) -> str:
        date = self.random.choice((0, -1, 1, 4102444800, 253402300799, 253402300800, -62135596800, 10**17, 10**40, 1e18, 0.5, "1", None))
        return self._dump(self._said({"text": "hello", "date": date}))

    def _deep(self) -> str:
        depth = self.random.choice((20, 200, 900, 5_000, 50_000))
        opened, closed = self.random.choice((('{"a":', "}"), ("[", "]"), ('{"message":', "}"), ('{"reply_to_message":', "}")))
        return f'{{"update_id": {self.id}, "message": {opened * depth}1{closed * depth}}}'

    def _huge(self) -> str:
        """What Telegram never sends: texts of 64 KiB, numbers of thousands of digits."""
        if self.random.random() < 0.3:
            return f'{{"update_id": {"9" * 5000}, "message": {{"chat": {{"id": 5001}}, "text": "hello"}}}}'
        text = (self.random.choice([text for text in TEXTS if text]) * 65_536)[:65_536]
        return self._dump(self._said({"text": text}))

    def _broken(self) -> str:
        """No JSON any more: cut off, bytes changed, put together from two."""
        raw = bytearray(json.dumps(self.update()).encode())
        match self.random.randrange(4):
            case 0:
                raw = raw[: self.random.randrange(len(raw))]
            case 1:
                for _ in range(self.random.randrange(1, 12)):
                    raw[self.random.randrange(len(raw))] = self.random.randrange(256)
            case 2:
                raw = raw * 2
            case _:
                raw = bytearray(self.random.randbytes(self.random.randrange(0, 200)))
        return raw.decode("utf-8", "surrogateescape")

    def _again(self) -> str:
        return self.random.choice(self._last) if self._last else self._dump(self.update())


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) inside."""
    found: list[tuple[Any, Any]] = []
    inner = list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    for key, each in inner:
        found.append((value, key))
        found += _places(each)
    return found
