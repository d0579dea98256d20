"""Reads the fields of one call: present when required, of the right type, from a form, a multipart body or JSON alike."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from demo.refusals import bad

Kind = Literal["int", "bool", "text", "chat", "array", "object", "file"]
NAMES = {"int": "Integer", "bool": "Boolean", "array": "Array", "object": "Object", "text": "String"}


@dataclass(frozen=True)
class Upload:
    """A file that came with the call."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True)
class Field:
    """One field of a method. `missing` is what Telegram says when it is absent; None where it may be absent."""

    kind: Kind
    missing: str | None = None


def read_fields(fields: Mapping[str, Field], raw: Mapping[str, Any], uploads: Mapping[str, Upload]) -> dict[str, Any]:
    """The given fields by name, typed. Unknown fields are ignored, as Telegram ignores them."""
    found: dict[str, Any] = {}
    for name, field in fields.items():
        value = uploads.get(name) or raw.get(name)
        if value is None or value == "":
            if field.missing is not None:
                raise bad(field.missing)
            if value == "" and field.kind == "text":
                found[name] = ""
            continue
        found[name] = _typed(name, field.kind, value, uploads)
    return found


def _typed(name: str, kind: Kind, value: Any, uploads: Mapping[str, Upload]) -> Any:
    if kind == "file":
        return _file(name, value, uploads)
    if kind == "chat":
        return _chat(value)
    if kind == "text":
        if isinstance(value, str):
            return value
    elif kind == "int":
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip().lstrip("-").isdecimal():
            return int(value)
    elif kind == "bool":
        if isinstance(value, bool):
            return value
        if str(value).lower() in ("true", "false", "1", "0"):
            return str(value).lower() in ("true", "1")
    else:
        return _json(name, kind, value)
    raise bad(f'field "{name}" must be of type {NAMES[kind]}')


def _json(name: str, kind: Kind, value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise bad(f'can\'t parse "{name}" as a JSON-serialized object') from None
    if isinstance(value, list if kind == "array" else dict):
        return value
    raise bad(f'field "{name}" must be of type {NAMES[kind]}')


def _chat(value: Any) -> int | str:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lstrip("-").isdecimal():
        return int(value)
    if isinstance(value, str) and value.startswith("@"):
        return value
    raise bad("chat not found")


def _file(name: str, value: Any, uploads: Mapping[str, Upload]) -> Upload | str:
    if isinstance(value, Upload):
        return value
    if isinstance(value, str) and value.startswith("attach://"):
        attached = uploads.get(value.removeprefix("attach://"))
        if attached is None:
            raise bad(f"there is no file attached as {value.removeprefix('attach://')}")
        return attached
    if isinstance(value, str):
        return value
    raise bad(f"there is no {name} in the request")
