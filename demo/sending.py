"""Methods that put something new on a phone."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from telegram.constants import ChatAction, FileSizeLimit

from demo.chats import Chat, Message
from demo.entities import checked_caption, checked_text
from demo.fields import Upload
from demo.keyboards import Markup, read_markup
from demo.markup import Entity
from demo.refusals import bad

if TYPE_CHECKING:
    from demo.local import LocalTelegram

Args = dict[str, Any]
ACTIONS = frozenset(action.value for action in ChatAction)
ACTION_SECONDS = 5.0


def send_message(here: LocalTelegram, args: Args) -> Any:
    text, entities = checked_text(args["text"], args.get("parse_mode"), args.get("entities"))
    return _send(here, args, text, entities)


def send_photo(here: LocalTelegram, args: Args) -> Any:
    """An upload, a known file_id or an http(s) address; the largest upload is 10 MB."""
    caption, entities = _caption(args)
    file_id, file = _store(here, args["photo"], int(FileSizeLimit.PHOTOSIZE_UPLOAD))
    size = {"file_id": file_id, "file_unique_id": file_id[:16], "width": 800, "height": 600, "file_size": len(file.data) if file else 0}
    return _send(here, args, caption, entities, kind="photo", media={"photo": [size]})


def send_document(here: LocalTelegram, args: Args) -> Any:
    """An upload, a known file_id or an http(s) address; the largest upload is 50 MB."""
    caption, entities = _caption(args)
    file_id, file = _store(here, args["document"], int(FileSizeLimit.FILESIZE_UPLOAD))
    document: dict[str, Any] = {"file_id": file_id, "file_unique_id": file_id[:16]}
    if file is not None:
        document |= {"file_name": file.name, "mime_type": file.media_type, "file_size": len(file.data)}
    return _send(here, args, caption, entities, kind="document", media={"document": document})


def send_chat_action(here: LocalTelegram, args: Args) -> bool:
    """Shows "typing" and its kin for five real seconds or until the next message."""
    if args["action"] not in ACTIONS:
        raise bad("wrong parameter action in request")
    chat = here.open_chat(args["chat_id"])
    chat.action, chat.action_until = args["action"], here.monotonic() + ACTION_SECONDS
    here.changed()
    return True


def _send(here: LocalTelegram, args: Args, text: str, entities: list[Entity], **more: Any) -> dict[str, Any]:
    markup = read_markup(args["reply_markup"]) if "reply_markup" in args else None
    chat = here.open_chat(args["chat_id"])
    reply_to = _replied(chat, args)
    here.flood.count(chat.id)
    chat.action = ""
    _show_reply_keyboard(chat, markup)
    message: Message = here.add_message(
        chat,
        here.bot,
        text,
        entities,
        keyboard=(markup or {}).get("inline_keyboard", []),
        reply_to=reply_to,
        protected=args.get("protect_content", False),
        silent=args.get("disable_notification", False),
        **more,
    )
    return message.as_api(chat)


def _caption(args: Args) -> tuple[str, list[Entity]]:
    return checked_caption(args.get("caption", ""), args.get("parse_mode"), args.get("caption_entities"))


def _replied(chat: Chat, args: Args) -> int | None:
    asked = args.get("reply_parameters", {})
    wanted = asked.get("message_id", args.get("reply_to_message_id"))
    if wanted is None:
        return None
    found = chat.messages.get(wanted)
    if found is not None and not found.deleted:
        return found.id
    if asked.get("allow_sending_without_reply", args.get("allow_sending_without_reply", False)):
        return None
    raise bad("message to be replied not found")


def _show_reply_keyboard(chat: Chat, markup: Markup | None) -> None:
    if markup is None:
        return
    if "keyboard" in markup:
        chat.reply_keyboard = markup
    elif markup.get("remove_keyboard"):
        chat.reply_keyboard = None


def _store(here: LocalTelegram, given: Upload | str, most: int) -> tuple[str, Upload | None]:
    if isinstance(given, str):
        if given in here.files:
            return given, here.files[given]
        if given.startswith(("http://", "https://")):
            return hashlib.sha256(given.encode()).hexdigest(), None
        raise bad("wrong file identifier/HTTP URL specified")
    if not given.data:
        raise bad("file must be non-empty")
    if len(given.data) > most:
        raise bad("file is too big")
    file_id = hashlib.sha256(given.name.encode() + given.data).hexdigest()
    here.files[file_id] = given
    return file_id, given
