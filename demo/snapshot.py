"""What the page is told: plain JSON of everything that changed after a revision."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from demo.chats import Chat, Message, Tap
from demo.local import Call, LocalTelegram
from demo.profile import commands_for

LONGEST_ANSWER = 4000
"""Characters of one call's answer that are shown."""


def snapshot(here: LocalTelegram, chat_ids: Sequence[int], since: int, calls_since: int) -> dict[str, Any]:
    """Messages and taps changed after revision `since` in these chats, calls after id `calls_since`, and the state of each phone."""
    with here.lock:
        chats = [here.private_chat(here.people[id]) for id in chat_ids if id in here.people]
        shown = {chat.id for chat in chats}
        return {
            "revision": here.revision,
            "bot": {"name": here.profile.get("name") or here.bot["first_name"], "description": here.profile.get("description", "")},
            "chats": [_chat(here, chat) for chat in chats],
            "messages": [_message(m, chat) for chat in chats for m in chat.messages.values() if m.revision > since],
            "taps": [_tap(tap) for tap in here.taps.values() if tap.revision > since and tap.chat_id in shown],
            "calls": [_call(call) for call in here.calls if call.id > calls_since and not _idle(call)],
        }


def _chat(here: LocalTelegram, chat: Chat) -> dict[str, Any]:
    person = chat.person
    keyboard = chat.reply_keyboard or {}
    return {
        "id": chat.id,
        "started": person is not None and person.started,
        "blocked": person is not None and person.blocked,
        "typing": bool(chat.action) and here.monotonic() < chat.action_until,
        "keyboard": keyboard.get("keyboard", []),
        "hint": keyboard.get("input_field_placeholder", ""),
        "commands": commands_for(here, chat.id, person.language_code if person else ""),
    }


def _message(message: Message, chat: Chat) -> dict[str, Any]:
    picture = message.media["photo"][-1]["file_id"] if message.kind == "photo" and message.from_bot else ""
    document = message.media.get("document", {})
    return {
        "chat": message.chat_id,
        "id": message.id,
        "bot": message.from_bot,
        "kind": message.kind,
        "text": message.text,
        "entities": message.entities,
        "rows": message.keyboard,
        "date": int(message.date.timestamp() * 1000),
        "edited": message.edit_date is not None,
        "deleted": message.deleted,
        "pinned": message.pinned,
        "file": picture or document.get("file_id", ""),
        "file_name": document.get("file_name", ""),
        "emoji": message.media.get("sticker", {}).get("emoji", ""),
        "revision": message.revision,
    }


def _tap(tap: Tap) -> dict[str, Any]:
    return {
        "id": tap.id,
        "chat": tap.chat_id,
        "message": tap.message_id,
        "data": tap.data,
        "answered": tap.answered,
        "text": tap.text,
        "alert": tap.alert,
    }


def _call(call: Call) -> dict[str, Any]:
    answer = call.answer if isinstance(call.answer, str) else json.dumps(call.answer, ensure_ascii=False, indent=1)
    return {
        "id": call.id,
        "method": call.method,
        "status": call.status,
        "params": {name: str(value) for name, value in call.params.items()},
        "answer": answer[:LONGEST_ANSWER],
        "at": int(call.at.timestamp() * 1000),
        "ms": round(call.took * 1000),
    }


def _idle(call: Call) -> bool:
    return call.method.lower() == "getupdates" and call.ok and not call.answer["result"]
