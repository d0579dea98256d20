"""Telegram's command menu: the slash commands of a role, in the order people need them."""

from __future__ import annotations

import hashlib
import json

from bot.registry import COMMANDS
from content.library import Words, load
from storage import outbox, people
from storage.people import ChatCard
from storage.store import Unit

FIRST = ("help", "sos", "plan", "checkin", "skills", "journal", "sessions")
"""What comes on top, for patients; anything else follows by name. For staff: the on-call list, then the inbox."""
FIRST_STAFF = ("oncall", "inbox", "patients", "session", "invite", "help")


def menu(role: str, words: Words) -> list[tuple[str, str]]:
    """(command, description) of every command of `role` that has a line in the menu. Roles: "patient", "staff"."""
    found: dict[str, str] = {}
    for name, entry in COMMANDS.items():
        of, _, command = name.partition(":")
        if entry.menu is not None and of in (role, "any") and (of == role or command not in found):
            found[command] = words.text(entry.menu)
    order = FIRST_STAFF if role == "staff" else FIRST
    ranked = sorted(found, key=lambda command: (order.index(command) if command in order else len(order), command))
    return [(command, found[command]) for command in ranked]


def post_staff_menu(u: Unit, chat: ChatCard) -> None:
    """Give a staff member's chat its own menu; once, and again when the commands have changed."""
    commands = menu("staff", load("en"))
    mark = hashlib.sha256(json.dumps(commands).encode()).hexdigest()[:16]
    outbox.post(u, chat, outbox.REPLY, "menu", {"commands": commands}, "", dedupe=f"menu:{chat.id}:{mark}")


def post_staff_menus(u: Unit) -> None:
    """The same for everybody of the staff who has a chat."""
    for who in people.people(u, "staff", "active"):
        chat = people.chat_of(u, who.id)
        if chat is not None:
            post_staff_menu(u, chat)
