"""Methods that change what is already on a phone: edits, deletions, pins, and the answer to a tap."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from telegram.constants import CallbackQueryLimit

from demo.chats import Chat, Message
from demo.entities import checked_caption, checked_text
from demo.keyboards import Row, read_markup
from demo.markup import units
from demo.refusals import bad

if TYPE_CHECKING:
    from demo.local import LocalTelegram

Args = dict[str, Any]
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content and reply "
    "markup of the message"
)
DELETABLE = timedelta(hours=48)


def edit_text(here: LocalTelegram, args: Args) -> Any:
    text, entities = checked_text(args["text"], args.get("parse_mode"), args.get("entities"))
    keyboard = _keyboard(args)
    chat, message = _own(here, args)
    if message.kind != "text":
        raise bad("there is no text in the message to edit")
    return _change(here, chat, message, text, entities, keyboard)


def edit_caption(here: LocalTelegram, args: Args) -> Any:
    caption, entities = checked_caption(args.get("caption", ""), args.get("parse_mode"), args.get("caption_entities"))
    keyboard = _keyboard(args)
    chat, message = _own(here, args)
    if message.kind == "text":
        raise bad("there is no caption in the message to edit")
    return _change(here, chat, message, caption, entities, keyboard)


def edit_markup(here: LocalTelegram, args: Args) -> Any:
    keyboard = _keyboard(args)
    chat, message = _own(here, args)
    return _change(here, chat, message, message.text, message.entities, keyboard)


def delete_message(here: LocalTelegram, args: Args) -> bool:
    """A bot may delete any message of a private chat that is younger than 48 hours by the server's clock."""
    chat = here.open_chat(args["chat_id"])
    message = chat.messages.get(args["message_id"])
    if message is None or message.deleted:
        raise bad("message to delete not found")
    if here.clock() - message.date > DELETABLE or (chat.person is None and not message.from_bot):
        raise bad("message can't be deleted for everyone")
    message.deleted, message.pinned = True, False
    here.changed(message)
    return True


def answer_callback_query(here: LocalTelegram, args: Args) -> bool:
    """Stops the spinner, once; late, repeated and unknown ids are all refused in the same words."""
    if units(args.get("text", "")) > CallbackQueryLimit.ANSWER_CALLBACK_QUERY_TEXT_LENGTH:
        raise bad("MESSAGE_TOO_LONG")
    tap = here.taps.get(args["callback_query_id"])
    if tap is None or tap.answered or here.monotonic() > tap.until:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    tap.answered, tap.text, tap.alert = True, args.get("text", ""), args.get("show_alert", False)
    here.changed(tap)
    return True


def pin(here: LocalTelegram, args: Args) -> bool:
    chat = here.open_chat(args["chat_id"])
    message = chat.messages.get(args["message_id"])
    if message is None or message.deleted:
        raise bad("message to pin not found")
    message.pinned = True
    here.changed(message)
    return True


def unpin(here: LocalTelegram, args: Args) -> bool:
    """The named message, or without `message_id` the one pinned last."""
    chat = here.open_chat(args["chat_id"])
    pinned = [m for m in chat.visible if m.pinned and args.get("message_id", m.id) == m.id]
    if not pinned:
        raise bad("message to unpin not found")
    pinned[-1].pinned = False
    here.changed(pinned[-1])
    return True


def unpin_all(here: LocalTelegram, args: Args) -> bool:
    for message in here.open_chat(args["chat_id"]).visible:
        if message.pinned:
            message.pinned = False
            here.changed(message)
    return True


def _keyboard(args: Args) -> list[Row]:
    """An edit without `reply_markup` takes the keyboard away, as Telegram does."""
    markup = read_markup(args["reply_markup"], inline_only=True) if "reply_markup" in args else None
    return (markup or {}).get("inline_keyboard", []) or []


def _own(here: LocalTelegram, args: Args) -> tuple[Chat, Message]:
    chat = here.open_chat(args["chat_id"])
    message = chat.messages.get(args["message_id"])
    if message is None or message.deleted:
        raise bad("message to edit not found")
    if not message.from_bot:
        raise bad("message can't be edited")
    return chat, message


def _change(
    here: LocalTelegram, chat: Chat, message: Message, text: str, entities: list[dict[str, Any]], keyboard: list[Row]
) -> dict[str, Any]:
    if (text, entities, keyboard) == (message.text, message.entities, message.keyboard):
        raise bad(NOT_MODIFIED)
    here.flood.count(chat.id, edit=True)
    if text != message.text:
        message.history.append(message.text)
    if (text, entities) != (message.text, message.entities):
        message.edit_date = here.clock()
    message.text, message.entities, message.keyboard = text, entities, keyboard
    message.edits += 1
    here.changed(message)
    return message.as_api(chat)
