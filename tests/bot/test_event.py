"""Every update becomes an event or is set aside; nothing else can come of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.event import Event, Unreadable, parse, written

CHAT = {"id": 5001, "type": "private"}
AT = int(datetime(2026, 11, 16, 20, tzinfo=UTC).timestamp())


def message(**content: Any) -> dict[str, Any]:
    return {"message": {"message_id": 7, "date": AT, "chat": CHAT, "from": {"id": 5001}, **content}}


@pytest.mark.parametrize(
    ("update", "kind", "text"),
    [
        (message(text="hello"), "text", "hello"),
        (message(text="/help"), "command", "/help"),
        (message(text="/help@between_bot now please"), "command", "/help@between_bot now please"),
        (message(text="/ is not a command"), "text", "/ is not a command"),
        (message(photo=[{}], caption="look"), "media", "look"),
        (message(voice={}), "media", ""),
        (message(new_chat_title="x"), "other", ""),
        ({"edited_message": message(text="better")["message"]}, "edit", "better"),
        ({"edited_message": message(photo=[{}], caption="better")["message"]}, "edit", "better"),
        ({"my_chat_member": {"chat": CHAT, "new_chat_member": {"status": "kicked"}}}, "blocked", ""),
        ({"my_chat_member": {"chat": CHAT, "new_chat_member": {"status": "member"}}}, "unblocked", ""),
        ({"callback_query": {"id": "1", "from": {"id": 5001}, "data": "x.1", "message": {"message_id": 3, "chat": CHAT}}}, "button", ""),
        (message(text="hello", chat={"id": -5, "type": "group"}), "group", ""),
        ({"poll": {"id": "1"}}, "other", ""),
    ],
)
def test_what_an_update_becomes(update: dict[str, Any], kind: str, text: str) -> None:
    event = parse({"update_id": 1, **update})
    assert (event.kind, event.text) == (kind, text)


def test_a_command_is_taken_apart() -> None:
    event = parse(message(text="/start@between_bot  abc def "))
    assert (event.command, event.argument) == ("start", "abc def")


FIELDS = ["id", "chat", "from", "text", "date", "data", "type", "message_id", "new_chat_member"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS), inner),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["message", "edited_message", "callback_query", "my_chat_member", "channel_post", "poll"]), JSON)
def test_whatever_comes_is_an_event_or_unreadable(kind: str, body: Any) -> None:
    update = json.loads(json.dumps({"update_id": 1, kind: body}))
    try:
        assert isinstance(parse(update), Event)
    except Unreadable:
        assert isinstance(list(written(update)), list)


@settings(max_examples=100, deadline=None)
@given(st.text(min_size=1, max_size=60))
def test_the_words_of_a_broken_update_are_found(words: str) -> None:
    assert words in list(written({"message": {"message_id": "x", "reply_to_message": {"caption": words}}}))
