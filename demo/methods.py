"""The Bot API methods this server knows: which fields each takes, which it must have, and who does the work.

A method Telegram has and this table has not is answered 404, as an unknown one is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from demo import changing, polling, profile, sending
from demo.fields import Field

if TYPE_CHECKING:
    from demo.local import LocalTelegram

Args = dict[str, Any]


@dataclass(frozen=True)
class Method:
    """One method: its name as documented, its fields, and the function that does it (getUpdates alone is a coroutine)."""

    name: str
    fields: Mapping[str, Field]
    does: Callable[[LocalTelegram, Args], Any]


CHAT = Field("chat", "chat_id is empty")
MESSAGE = Field("int", "message identifier is not specified")
TEXT, INT, BOOL, ARRAY, OBJECT = Field("text"), Field("int"), Field("bool"), Field("array"), Field("object")
LANGUAGE = {"language_code": TEXT}
SCOPED = {"scope": OBJECT, **LANGUAGE}
SENT = {
    "chat_id": CHAT,
    "message_thread_id": INT,
    "disable_notification": BOOL,
    "protect_content": BOOL,
    "reply_parameters": OBJECT,
    "reply_to_message_id": INT,
    "allow_sending_without_reply": BOOL,
    "reply_markup": OBJECT,
}
CAPTIONED = {"caption": TEXT, "parse_mode": TEXT, "caption_entities": ARRAY}
EDITED = {"chat_id": CHAT, "message_id": MESSAGE, "reply_markup": OBJECT}
WORDED = {"parse_mode": TEXT, "entities": ARRAY, "link_preview_options": OBJECT, "disable_web_page_preview": BOOL}

_ALL = (
    Method("getMe", {}, profile.get_me),
    Method("getUpdates", {"offset": INT, "limit": INT, "timeout": INT, "allowed_updates": ARRAY}, polling.get_updates),
    Method(
        "setWebhook",
        {
            "url": TEXT,
            "max_connections": INT,
            "allowed_updates": ARRAY,
            "drop_pending_updates": BOOL,
            "secret_token": TEXT,
            "ip_address": TEXT,
        },
        polling.set_webhook,
    ),
    Method("deleteWebhook", {"drop_pending_updates": BOOL}, polling.delete_webhook),
    Method("getWebhookInfo", {}, polling.get_webhook_info),
    Method("sendMessage", {**SENT, "text": Field("text", "message text is empty"), **WORDED}, sending.send_message),
    Method(
        "sendPhoto",
        {**SENT, **CAPTIONED, "photo": Field("file", "there is no photo in the request"), "has_spoiler": BOOL},
        sending.send_photo,
    ),
    Method(
        "sendDocument",
        {**SENT, **CAPTIONED, "document": Field("file", "there is no document in the request")},
        sending.send_document,
    ),
    Method(
        "sendChatAction",
        {"chat_id": CHAT, "action": Field("text", "wrong parameter action in request")},
        sending.send_chat_action,
    ),
    Method(
        "answerCallbackQuery",
        {
            "callback_query_id": Field("text", "callback query identifier is not specified"),
            "text": TEXT,
            "show_alert": BOOL,
            "url": TEXT,
            "cache_time": INT,
        },
        changing.answer_callback_query,
    ),
    Method("editMessageText", {**EDITED, "text": Field("text", "message text is empty"), **WORDED}, changing.edit_text),
    Method("editMessageCaption", {**EDITED, **CAPTIONED}, changing.edit_caption),
    Method("editMessageReplyMarkup", EDITED, changing.edit_markup),
    Method("deleteMessage", {"chat_id": CHAT, "message_id": MESSAGE}, changing.delete_message),
    Method("pinChatMessage", {"chat_id": CHAT, "message_id": MESSAGE, "disable_notification": BOOL}, changing.pin),
    Method("unpinChatMessage", {"chat_id": CHAT, "message_id": INT}, changing.unpin),
    Method("unpinAllChatMessages", {"chat_id": CHAT}, changing.unpin_all),
    Method("getChat", {"chat_id": CHAT}, profile.get_chat),
    Method("leaveChat", {"chat_id": CHAT}, profile.leave_chat),
    Method("getFile", {"file_id": Field("text", "file_id not specified")}, profile.get_file),
    Method("setMyCommands", {"commands": Field("array", 'parameter "commands" is required'), **SCOPED}, profile.set_commands),
    Method("getMyCommands", SCOPED, profile.get_commands),
    Method("deleteMyCommands", SCOPED, profile.delete_commands),
    Method("setMyName", {"name": TEXT, **LANGUAGE}, profile.set_name),
    Method("getMyName", LANGUAGE, profile.get_name),
    Method("setMyDescription", {"description": TEXT, **LANGUAGE}, profile.set_description),
    Method("getMyDescription", LANGUAGE, profile.get_description),
    Method("setMyShortDescription", {"short_description": TEXT, **LANGUAGE}, profile.set_short_description),
    Method("getMyShortDescription", LANGUAGE, profile.get_short_description),
    Method("setChatMenuButton", {"chat_id": INT, "menu_button": OBJECT}, profile.set_menu_button),
    Method("getChatMenuButton", {"chat_id": INT}, profile.get_menu_button),
)

METHODS: Mapping[str, Method] = {method.name.lower(): method for method in _ALL}
"""By lower-case name: Telegram's method names are case-insensitive."""
