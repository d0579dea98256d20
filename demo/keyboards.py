"""Checks keyboards the way Telegram does: 1-64 bytes of data, a text on each button, exactly one action, no more than 100 buttons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telegram.constants import InlineKeyboardButtonLimit, InlineKeyboardMarkupLimit, ReplyLimit

from demo.entities import clean
from demo.refusals import Refusal, bad

Markup = dict[str, Any]
Row = list[dict[str, Any]]

INLINE_ACTIONS = (
    "callback_data",
    "url",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
)
REPLY_REQUESTS = ("request_contact", "request_location", "request_poll", "request_users", "request_chat", "web_app")


def read_markup(value: Any, *, inline_only: bool = False) -> Markup | None:
    """The keyboard as it will be shown, or None for none. An edit takes inline keyboards only."""
    if not isinstance(value, Mapping):
        raise bad("object expected as reply markup")
    if not value:
        return None
    if "inline_keyboard" in value:
        rows = _rows(value["inline_keyboard"], "inline_keyboard", _inline_button)
        if sum(len(row) for row in rows) > InlineKeyboardMarkupLimit.TOTAL_BUTTON_NUMBER:
            raise bad("reply markup is too long")
        return {"inline_keyboard": rows} if rows else None
    if inline_only:
        raise bad("inline keyboard expected")
    if "keyboard" in value:
        return _reply_keyboard(value)
    for kind in ("remove_keyboard", "force_reply"):
        if kind in value:
            if value[kind] is not True:
                raise bad(f'field "{kind}" must be true')
            return dict(value)
    raise bad("object expected as reply markup")


def _reply_keyboard(value: Mapping[str, Any]) -> Markup:
    rows = _rows(value["keyboard"], "keyboard", _reply_button)
    if not rows:
        raise bad("reply markup must contain at least one button")
    hint = value.get("input_field_placeholder", "")
    if not isinstance(hint, str) or len(hint) > ReplyLimit.MAX_INPUT_FIELD_PLACEHOLDER:
        raise bad("input field placeholder is too long")
    return {**value, "keyboard": rows}


def _rows(value: Any, name: str, read: Any) -> list[Row]:
    if not isinstance(value, list):
        raise bad(f'field "{name}" must be of type Array')
    rows: list[Row] = []
    for row in value:
        if not isinstance(row, list):
            raise bad(f'field "{name}" must be an Array of Arrays')
        if row:
            rows.append([read(button) for button in row])
    return rows


def _text(button: Any, kind: str) -> str:
    if not isinstance(button, Mapping):
        raise bad(f"can't parse {kind}: expected an Object")
    text = button.get("text")
    if not isinstance(text, str):
        raise bad(f"can't parse {kind}: can't find field \"text\"")
    if not clean(text).strip():
        raise bad(f'can\'t parse {kind}: field "text" is empty')
    return clean(text).strip()


def _inline_button(button: Any) -> dict[str, Any]:
    text = _text(button, "inline keyboard button")
    actions = [name for name in INLINE_ACTIONS if name in button]
    if not actions:
        raise bad("can't parse inline keyboard button: text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise bad(f"can't parse inline keyboard button: exactly one action is allowed, found {', '.join(actions)}")
    _check_action(actions[0], button[actions[0]])
    return {"text": text, actions[0]: button[actions[0]]}


def _check_action(name: str, value: Any) -> None:
    wrong: Refusal | None = None
    if name == "callback_data":
        if not isinstance(value, str):
            wrong = bad('can\'t parse inline keyboard button: field "callback_data" must be of type String')
        elif not InlineKeyboardButtonLimit.MIN_CALLBACK_DATA <= len(value.encode()) <= InlineKeyboardButtonLimit.MAX_CALLBACK_DATA:
            wrong = bad("BUTTON_DATA_INVALID")
    elif name == "url":
        if not isinstance(value, str) or not value.startswith(("http://", "https://", "tg://", "tel:")):
            wrong = bad("inline keyboard button URL is invalid: unsupported URL protocol")
    elif name == "copy_text":
        copied = value.get("text") if isinstance(value, Mapping) else None
        if not isinstance(copied, str) or not 1 <= len(copied) <= InlineKeyboardButtonLimit.MAX_COPY_TEXT:
            wrong = bad("BUTTON_COPY_TEXT_INVALID")
    elif not isinstance(value, str | Mapping | bool):
        wrong = bad(f'can\'t parse inline keyboard button: field "{name}" has a wrong type')
    if wrong is not None:
        raise wrong


def _reply_button(button: Any) -> dict[str, Any]:
    if isinstance(button, str):
        button = {"text": button}
    text = _text(button, "keyboard button")
    if sum(bool(button.get(name)) for name in REPLY_REQUESTS) > 1:
        raise bad("can't parse keyboard button: exactly one request is allowed")
    return {**button, "text": text}
