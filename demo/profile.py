"""Methods about the bot itself and the chats it is in: names, descriptions, the command menu."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from telegram.constants import BotCommandLimit, BotCommandScopeType, BotDescriptionLimit, BotNameLimit

from demo.refusals import bad

if TYPE_CHECKING:
    from demo.local import LocalTelegram

Args = dict[str, Any]
Command = dict[str, str]
SCOPES = frozenset(scope.value for scope in BotCommandScopeType)
COMMAND = re.compile(rf"[a-z0-9_]{{1,{int(BotCommandLimit.MAX_COMMAND)}}}")


def get_me(here: LocalTelegram, args: Args) -> dict[str, Any]:
    return {**here.bot, "can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}


def get_chat(here: LocalTelegram, args: Args) -> dict[str, Any]:
    chat = here.open_chat(args["chat_id"])
    pinned = [message for message in chat.visible if message.pinned]
    body = {**chat.as_api(), "accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": GIFTS}
    return body | ({"pinned_message": pinned[-1].as_api(chat)} if pinned else {})


GIFTS = {
    "unlimited_gifts": False,
    "limited_gifts": False,
    "unique_gifts": False,
    "premium_subscription": False,
    "gifts_from_channels": False,
}


def leave_chat(here: LocalTelegram, args: Args) -> bool:
    chat = here.open_chat(args["chat_id"])
    if chat.person is not None:
        raise bad("chat member status can't be changed in private chats")
    chat.bot_inside = False
    here.changed()
    return True


def get_file(here: LocalTelegram, args: Args) -> dict[str, Any]:
    file = here.files.get(args["file_id"])
    if file is None:
        raise bad("wrong file_id or the file is temporarily unavailable")
    file_id = args["file_id"]
    return {"file_id": file_id, "file_unique_id": file_id[:16], "file_size": len(file.data), "file_path": f"files/{file_id}"}


def set_commands(here: LocalTelegram, args: Args) -> bool:
    """At most 100 commands of lower-case letters, digits and underscores; an empty list takes the menu away."""
    commands = [_command(given) for given in args["commands"]]
    if len(commands) > BotCommandLimit.MAX_COMMAND_NUMBER:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    here.commands[_place(here, args)] = commands
    here.changed()
    return True


def get_commands(here: LocalTelegram, args: Args) -> list[Command]:
    return here.commands.get(_place(here, args), [])


def delete_commands(here: LocalTelegram, args: Args) -> bool:
    here.commands.pop(_place(here, args), None)
    here.changed()
    return True


def commands_for(here: LocalTelegram, chat_id: int, language: str = "") -> list[Command]:
    """The menu a person sees in their private chat: the narrowest scope that has one, their language before any."""
    for scope in ({"type": "chat", "chat_id": chat_id}, {"type": "all_private_chats"}, {"type": "default"}):
        for code in (language, ""):
            found = here.commands.get((json.dumps(scope, sort_keys=True), code))
            if found:
                return found
    return []


def set_name(here: LocalTelegram, args: Args) -> bool:
    return _set(here, "name", args, "name", int(BotNameLimit.MAX_NAME_LENGTH))


def set_description(here: LocalTelegram, args: Args) -> bool:
    return _set(here, "description", args, "description", int(BotDescriptionLimit.MAX_DESCRIPTION_LENGTH))


def set_short_description(here: LocalTelegram, args: Args) -> bool:
    return _set(here, "short_description", args, "short description", int(BotDescriptionLimit.MAX_SHORT_DESCRIPTION_LENGTH))


def get_name(here: LocalTelegram, args: Args) -> dict[str, str]:
    return {"name": here.profile.get("name") or str(here.bot["first_name"])}


def get_description(here: LocalTelegram, args: Args) -> dict[str, str]:
    return {"description": here.profile.get("description", "")}


def get_short_description(here: LocalTelegram, args: Args) -> dict[str, str]:
    return {"short_description": here.profile.get("short_description", "")}


def set_menu_button(here: LocalTelegram, args: Args) -> bool:
    button = args.get("menu_button", {"type": "default"})
    if button.get("type") not in ("default", "commands", "web_app"):
        raise bad("can't parse menu button: unknown menu button type")
    if button["type"] == "web_app" and not (button.get("text") and button.get("web_app", {}).get("url")):
        raise bad("can't parse menu button: a web_app button needs a text and an URL")
    here.menu_buttons[args.get("chat_id", 0)] = button
    return True


def get_menu_button(here: LocalTelegram, args: Args) -> dict[str, Any]:
    return here.menu_buttons.get(args.get("chat_id", 0), {"type": "commands"})


def _set(here: LocalTelegram, name: str, args: Args, words: str, most: int) -> bool:
    value = args.get(name, "")
    if len(value) > most:
        raise bad(f"{words} is too long")
    here.profile[name] = value
    here.changed()
    return True


def _command(given: Any) -> Command:
    if not isinstance(given, dict) or not isinstance(given.get("command"), str) or not isinstance(given.get("description"), str):
        raise bad("can't parse commands: expected an Object with a command and a description")
    name, description = given["command"].removeprefix("/"), given["description"].strip()
    if not COMMAND.fullmatch(name):
        raise bad("BOT_COMMAND_INVALID")
    if not BotCommandLimit.MIN_DESCRIPTION <= len(description) <= BotCommandLimit.MAX_DESCRIPTION:
        raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": name, "description": description}


def _place(here: LocalTelegram, args: Args) -> tuple[str, str]:
    scope = args.get("scope", {"type": "default"})
    if scope.get("type") not in SCOPES:
        raise bad("can't parse BotCommandScope: unsupported type specified")
    if scope["type"].startswith("chat") and here.open_chat(scope.get("chat_id", 0)) is None:
        raise bad("chat not found")
    return json.dumps(scope, sort_keys=True), args.get("language_code", "")
