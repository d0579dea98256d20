"""What Telegram refuses, the local server refuses, in Telegram's shape and words."""

from __future__ import annotations

from typing import Any

import pytest

from demo.faults import Fault
from demo.limits import Limits
from demo.local import LocalTelegram
from demo.phone import Phone

SAM, STRANGER, NOBODY = 11, 12, 99
BUTTON = {"text": "Yes", "callback_data": "y"}


def keyboard(*buttons: Any) -> dict[str, Any]:
    return {"inline_keyboard": [list(buttons)]}


def message(**more: Any) -> dict[str, Any]:
    return {"chat_id": SAM, "text": "Hello", **more}


REFUSED = [
    ("sendMesage", {}, 404, "Not Found"),
    ("sendMessage", {"text": "Hello"}, 400, "chat_id is empty"),
    ("sendMessage", {"chat_id": SAM}, 400, "message text is empty"),
    ("sendMessage", message(text=""), 400, "message text is empty"),
    ("sendMessage", message(text=" \n "), 400, "text must be non-empty"),
    ("sendMessage", message(text=7), 400, 'field "text" must be of type String'),
    ("sendMessage", message(text="\ud800"), 400, "UTF-8"),
    ("sendMessage", message(chat_id=NOBODY), 400, "chat not found"),
    ("sendMessage", message(chat_id="nobody"), 400, "chat not found"),
    ("sendMessage", message(chat_id="@nobody"), 400, "chat not found"),
    ("sendMessage", message(chat_id=STRANGER), 403, "bot can't initiate conversation with a user"),
    ("sendMessage", message(text="x" * 4097), 400, "message is too long"),
    ("sendMessage", message(text="😀" * 2049), 400, "message is too long"),
    ("sendMessage", message(text="<b>" + "x" * 4097 + "</b>", parse_mode="HTML"), 400, "message is too long"),
    ("sendMessage", message(parse_mode="BBCode"), 400, "unsupported parse_mode"),
    ("sendMessage", message(text="<b>a", parse_mode="HTML"), 400, 'Can\'t find end tag corresponding to start tag "b"'),
    ("sendMessage", message(text="<b>a</i>", parse_mode="HTML"), 400, 'expected "</b>", found "</i>"'),
    ("sendMessage", message(text="a</b>", parse_mode="HTML"), 400, "Unexpected end tag at byte offset 1"),
    ("sendMessage", message(text="<h1>a</h1>", parse_mode="HTML"), 400, 'Unsupported start tag "h1" at byte offset 0'),
    ("sendMessage", message(text="1 < 2", parse_mode="HTML"), 400, "Unclosed start tag at byte offset 2"),
    ("sendMessage", message(text="<b></b>", parse_mode="HTML"), 400, "text must be non-empty"),
    ("sendMessage", message(text="Hi.", parse_mode="MarkdownV2"), 400, "Character '.' is reserved and must be escaped"),
    ("sendMessage", message(text="*hi", parse_mode="MarkdownV2"), 400, "Can't find end of Bold entity at byte offset 0"),
    ("sendMessage", message(text="a `b", parse_mode="MarkdownV2"), 400, "Can't find end of Code entity at byte offset 2"),
    ("sendMessage", message(text="[a](b", parse_mode="MarkdownV2"), 400, "Can't find end of a URL"),
    ("sendMessage", message(text="snake_case", parse_mode="Markdown"), 400, "Can't find end of the entity starting at byte offset 5"),
    ("sendMessage", message(entities="[{"), 400, 'can\'t parse "entities"'),
    ("sendMessage", message(entities=[{"type": "bold", "offset": 0, "length": 6}]), 400, "ends after the end of the text"),
    ("sendMessage", message(entities=[{"type": "shiny", "offset": 0, "length": 5}]), 400, "unsupported entity type"),
    ("sendMessage", message(reply_parameters={"message_id": 999}), 400, "message to be replied not found"),
    ("sendMessage", message(reply_markup="yes"), 400, "reply_markup"),
    ("sendMessage", message(reply_markup={"buttons": []}), 400, "object expected as reply markup"),
    ("sendMessage", message(reply_markup={"inline_keyboard": [BUTTON]}), 400, "must be an Array of Arrays"),
    ("sendMessage", message(reply_markup=keyboard({"callback_data": "y"})), 400, 'can\'t find field "text"'),
    ("sendMessage", message(reply_markup=keyboard(BUTTON | {"text": " "})), 400, 'field "text" is empty'),
    ("sendMessage", message(reply_markup=keyboard({"text": "Yes"})), 400, "text buttons are unallowed in the inline keyboard"),
    ("sendMessage", message(reply_markup=keyboard(BUTTON | {"url": "https://example.org"})), 400, "exactly one action"),
    ("sendMessage", message(reply_markup=keyboard(BUTTON | {"callback_data": ""})), 400, "BUTTON_DATA_INVALID"),
    ("sendMessage", message(reply_markup=keyboard(BUTTON | {"callback_data": "x" * 65})), 400, "BUTTON_DATA_INVALID"),
    ("sendMessage", message(reply_markup=keyboard(BUTTON | {"callback_data": "ж" * 33})), 400, "BUTTON_DATA_INVALID"),
    ("sendMessage", message(reply_markup=keyboard(BUTTON | {"callback_data": 5})), 400, "must be of type String"),
    ("sendMessage", message(reply_markup=keyboard({"text": "Go", "url": "javascript:x"})), 400, "unsupported URL protocol"),
    ("sendMessage", message(reply_markup=keyboard(*[BUTTON] * 101)), 400, "reply markup is too long"),
    ("sendMessage", message(reply_markup={"keyboard": []}), 400, "must contain at least one button"),
    ("sendMessage", message(reply_markup={"keyboard": [[{"request_contact": True}]]}), 400, 'can\'t find field "text"'),
    ("sendMessage", message(disable_notification="perhaps"), 400, 'field "disable_notification" must be of type Boolean'),
    ("sendPhoto", {"chat_id": SAM}, 400, "there is no photo in the request"),
    ("sendPhoto", {"chat_id": SAM, "photo": "what"}, 400, "wrong file identifier/HTTP URL specified"),
    ("sendPhoto", {"chat_id": SAM, "photo": "attach://gone"}, 400, "no file attached"),
    ("sendPhoto", {"chat_id": SAM, "photo": "https://example.org/a.png", "caption": "x" * 1025}, 400, "message caption is too long"),
    ("sendDocument", {"chat_id": SAM}, 400, "there is no document in the request"),
    ("sendChatAction", {"chat_id": SAM, "action": "sleeping"}, 400, "wrong parameter action"),
    ("editMessageText", {"chat_id": SAM, "message_id": 999, "text": "a"}, 400, "message to edit not found"),
    ("editMessageText", {"chat_id": SAM, "message_id": 1, "text": "a"}, 400, "message can't be edited"),
    ("editMessageText", {"chat_id": SAM, "text": "a"}, 400, "message identifier is not specified"),
    ("editMessageText", {"chat_id": SAM, "message_id": "one", "text": "a"}, 400, 'field "message_id" must be of type Integer'),
    ("editMessageText", {"chat_id": SAM, "message_id": 2, "text": "First"}, 400, "message is not modified"),
    ("editMessageText", {"chat_id": SAM, "message_id": 2, "text": "a" * 4097}, 400, "message is too long"),
    ("editMessageReplyMarkup", {"chat_id": SAM, "message_id": 2, "reply_markup": {"keyboard": [["a"]]}}, 400, "inline keyboard expected"),
    ("editMessageReplyMarkup", {"chat_id": SAM, "message_id": 2}, 400, "message is not modified"),
    ("editMessageCaption", {"chat_id": SAM, "message_id": 2, "caption": "a"}, 400, "there is no caption in the message to edit"),
    ("deleteMessage", {"chat_id": SAM, "message_id": 999}, 400, "message to delete not found"),
    ("pinChatMessage", {"chat_id": SAM, "message_id": 999}, 400, "message to pin not found"),
    ("unpinChatMessage", {"chat_id": SAM}, 400, "message to unpin not found"),
    ("answerCallbackQuery", {"callback_query_id": "5"}, 400, "query is too old"),
    ("answerCallbackQuery", {"callback_query_id": "5", "text": "x" * 201}, 400, "MESSAGE_TOO_LONG"),
    ("setMyCommands", {}, 400, "commands"),
    ("setMyCommands", {"commands": [{"command": "Start", "description": "Begin"}]}, 400, "BOT_COMMAND_INVALID"),
    ("setMyCommands", {"commands": [{"command": "a" * 33, "description": "Begin"}]}, 400, "BOT_COMMAND_INVALID"),
    ("setMyCommands", {"commands": [{"command": "start", "description": ""}]}, 400, "BOT_COMMAND_DESCRIPTION_INVALID"),
    ("setMyCommands", {"commands": [{"command": "start"}]}, 400, "can't parse commands"),
    ("setMyCommands", {"commands": [{"command": f"c{n}", "description": "d"} for n in range(101)]}, 400, "BOT_COMMANDS_TOO_MUCH"),
    ("setMyCommands", {"commands": [], "scope": {"type": "chat", "chat_id": NOBODY}}, 400, "chat not found"),
    ("setMyDescription", {"description": "x" * 513}, 400, "description is too long"),
    ("setMyShortDescription", {"short_description": "x" * 121}, 400, "short description is too long"),
    ("setMyName", {"name": "x" * 65}, 400, "name is too long"),
    ("setChatMenuButton", {"menu_button": {"type": "confetti"}}, 400, "unknown menu button type"),
    ("setWebhook", {"url": "http://example.org/hook"}, 400, "An HTTPS URL must be provided for webhook"),
    ("setWebhook", {"url": "https://example.org/hook", "secret_token": "a b"}, 400, "unallowed characters"),
    ("getChat", {"chat_id": NOBODY}, 400, "chat not found"),
    ("leaveChat", {"chat_id": SAM}, 400, "private chats"),
    ("getFile", {"file_id": "nothing"}, 400, "wrong file_id"),
]


@pytest.mark.parametrize(("method", "params", "code", "words"), REFUSED, ids=[f"{n}-{row[0]}" for n, row in enumerate(REFUSED)])
async def test_what_telegram_refuses(here: LocalTelegram, ask: Any, method: str, params: dict[str, Any], code: int, words: str) -> None:
    await ask("sendMessage", chat_id=SAM, text="First")
    before = [(m.id, m.text, m.edits) for m in here.phone(SAM).messages]
    answer = await ask(method, **params)
    assert (answer["ok"], answer["error_code"]) == (False, code)
    assert words.lower() in answer["description"].lower()
    assert [(m.id, m.text, m.edits) for m in here.phone(SAM).messages] == before


async def test_a_text_is_counted_after_its_markup(ask: Any, sam: Phone) -> None:
    assert (await ask("sendMessage", chat_id=SAM, text="<b>" + "x" * 4096 + "</b>", parse_mode="HTML"))["ok"]
    assert (await ask("sendMessage", chat_id=SAM, text="&amp;" * 4096, parse_mode="HTML"))["ok"]
    assert (await ask("sendMessage", chat_id=SAM, text="\\." * 4096, parse_mode="MarkdownV2"))["ok"]
    assert [len(text) for text in sam.texts] == [4096] * 3


async def test_of_many_entities_the_first_hundred_stay(ask: Any, sam: Phone) -> None:
    await ask("sendMessage", chat_id=SAM, text="<b>a</b> " * 150, parse_mode="HTML")
    assert len(sam.last.entities) == 100


async def test_sixty_four_bytes_pass(ask: Any, sam: Phone) -> None:
    rows = keyboard(BUTTON | {"callback_data": "ж" * 32}, BUTTON | {"callback_data": "x"})
    assert (await ask("sendMessage", **message(reply_markup=rows)))["ok"]
    assert sam.last.labels == [["Yes", "Yes"]]


async def test_markup_becomes_entities_in_utf16_units(ask: Any, sam: Phone) -> None:
    html = '😀 <b>bold <i>both</i></b> <a href="https://example.org">link</a> <tg-spoiler>s</tg-spoiler> '
    html += "<blockquote expandable>q</blockquote>"
    await ask("sendMessage", chat_id=SAM, text=html, parse_mode="HTML")
    assert sam.last.text == "😀 bold both link s q"
    assert [(e["type"], e["offset"], e["length"]) for e in sam.last.entities] == [
        ("bold", 3, 9), ("italic", 8, 4), ("text_link", 13, 4), ("spoiler", 18, 1), ("expandable_blockquote", 20, 1),
    ]  # fmt: skip
    await ask("sendMessage", chat_id=SAM, text="*b _i_* __u__ ~s~ ||x|| `c_1` [l](https://a.b) 1\\.", parse_mode="MarkdownV2")
    assert sam.last.text == "b i u s x c_1 l 1."
    kinds = [e["type"] for e in sam.last.entities]
    assert kinds == ["bold", "italic", "underline", "strikethrough", "spoiler", "code", "text_link"]
    await ask("sendMessage", chat_id=SAM, text="*b* _i_ `c` [l](https://a.b) a\\_b", parse_mode="Markdown")
    assert (sam.last.text, [e["type"] for e in sam.last.entities]) == ("b i c l a_b", ["bold", "italic", "code", "text_link"])
    await ask("sendMessage", chat_id=SAM, text=">said so\nand then", parse_mode="MarkdownV2")
    assert (sam.last.text, sam.last.entities[0]["length"]) == ("said so\nand then", 7)


async def test_plain_text_may_hold_any_character(ask: Any, sam: Phone) -> None:
    await ask("sendMessage", chat_id=SAM, text="  5 < 6 & *_[`. see https://example.org or /help  ")
    assert sam.last.text == "5 < 6 & *_[`. see https://example.org or /help"
    assert [e["type"] for e in sam.last.entities] == ["url", "bot_command"]


async def test_blocked_and_unblocked(ask: Any, sam: Phone) -> None:
    sam.block()
    answer = await ask("sendMessage", **message())
    assert (answer["error_code"], answer["description"]) == (403, "Forbidden: bot was blocked by the user")
    sam.unblock()
    assert (await ask("sendMessage", **message()))["ok"]


async def test_a_tap_is_answered_once_and_in_time(here: LocalTelegram, ask: Any, sam: Phone) -> None:
    clock = [0.0]
    here.monotonic = lambda: clock[0]
    await ask("sendMessage", **message(reply_markup=keyboard(BUTTON)))
    first, second = sam.press("Yes"), sam.press("Yes")
    assert (await ask("answerCallbackQuery", callback_query_id=first.id, text="Saved"))["ok"]
    assert (first.answered, first.text) == (True, "Saved")
    assert "query is too old" in (await ask("answerCallbackQuery", callback_query_id=first.id))["description"]
    clock[0] = 61.0
    assert "query is too old" in (await ask("answerCallbackQuery", callback_query_id=second.id))["description"]


async def test_an_edit_changes_the_message_in_place(ask: Any, sam: Phone) -> None:
    sent = (await ask("sendMessage", **message(reply_markup=keyboard(BUTTON))))["result"]
    assert (await ask("editMessageText", chat_id=SAM, message_id=sent["message_id"], text="Done"))["result"]["edit_date"]
    assert (sam.last.text, sam.last.labels, sam.last.edits, sam.last.history) == ("Done", [], 1, ["Hello"])
    assert (await ask("deleteMessage", chat_id=SAM, message_id=sent["message_id"]))["ok"]
    assert "Done" not in sam.texts
    assert "not found" in (await ask("editMessageText", chat_id=SAM, message_id=sent["message_id"], text="Late"))["description"]


async def test_protected_and_silent_messages_are_kept_so(ask: Any, sam: Phone) -> None:
    await ask("sendMessage", **message(protect_content="true", disable_notification=True))
    assert (sam.last.protected, sam.last.silent) == (True, True)


async def test_flood_limits_follow_the_published_ones() -> None:
    clock = [100.0]
    here = LocalTelegram(limits=Limits(), monotonic=lambda: clock[0])
    for id in range(1, 41):
        here.phone(id, "P").send_text("/start")

    async def send(chat_id: int) -> Any:
        return (await here.call("sendMessage", {"chat_id": chat_id, "text": "x"})).body

    assert (await send(1))["ok"]
    again = await send(1)
    assert (again["error_code"], again["parameters"]) == (429, {"retry_after": 1})
    assert again["description"] == "Too Many Requests: retry after 1"
    assert [(await send(id))["ok"] for id in range(2, 33)] == [True] * 29 + [False] * 2
    clock[0] += 1.0
    assert (await send(1))["ok"]
    edit = {"chat_id": 1, "message_id": here.phone(1).last.id, "text": "y"}
    assert (await here.call("editMessageText", edit)).status == 200


async def test_a_group_takes_twenty_a_minute(here: LocalTelegram, sam: Phone) -> None:
    clock = [0.0]
    busy = LocalTelegram(monotonic=lambda: clock[0])
    group = busy.add_group("Family", busy.phone(SAM, "Sam"))
    passed = 0
    for _ in range(25):
        passed += (await busy.call("sendMessage", {"chat_id": group.id, "text": "x"})).status == 200
        clock[0] += 1.0
    assert passed == 20
    assert (await busy.call("leaveChat", {"chat_id": group.id})).status == 200
    assert (await busy.call("sendMessage", {"chat_id": group.id, "text": "x"})).status == 403


FAULTS = [
    (Fault("flood", retry_after=7), 429, {"retry_after": 7}),
    (Fault("error", code=500), 500, None),
    (Fault("error", code=403), 403, None),
    (Fault("error", code=401), 401, None),
    (Fault("error", code=400, description="Bad Request: group chat was upgraded to a supergroup chat"), 400, None),
]


@pytest.mark.parametrize(("fault", "status", "parameters"), FAULTS, ids=[f"{n}" for n in range(len(FAULTS))])
async def test_a_fault_strikes_only_what_it_names(here: LocalTelegram, ask: Any, fault: Fault, status: int, parameters: Any) -> None:
    here.phone(STRANGER).send_text("/start")
    fault.method, fault.chat_id, fault.times = "sendMessage", SAM, 2
    here.faults.coming.append(Fault(**vars(fault)))
    assert (await ask("sendMessage", chat_id=STRANGER, text="x"))["ok"]
    assert (await ask("sendChatAction", chat_id=SAM, action="typing"))["ok"]
    answers = [await ask("sendMessage", **message()) for _ in range(3)]
    assert [a.get("error_code") for a in answers] == [status, status, None]
    assert answers[0].get("parameters") == parameters
