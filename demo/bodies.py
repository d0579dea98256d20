"""Reads the body of a Bot API call, whichever of the four ways it came: query, form, multipart, JSON."""

from __future__ import annotations

import json
from email.message import Message as Headers
from email.parser import HeaderParser
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from demo.fields import Upload
from demo.refusals import bad


async def read_call(request: Request) -> tuple[dict[str, Any], dict[str, Upload]]:
    """The fields and the files of a call; the body's fields win over those of the address."""
    fields: dict[str, Any] = dict(request.query_params)
    body = await request.body()
    kind = request.headers.get("content-type", "")
    if not body:
        return fields, {}
    if kind.startswith("multipart/form-data"):
        more, files = read_multipart(kind, body)
        return fields | more, files
    try:
        if kind.startswith("application/json"):
            found = json.loads(body)
            if not isinstance(found, dict):
                raise bad("can't parse the request body: expected an Object")
            return fields | {name: value for name, value in found.items() if value is not None}, {}
        return fields | dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict")), {}
    except ValueError:
        raise bad("strings must be encoded in UTF-8 and JSON must be well-formed") from None


def read_multipart(kind: str, body: bytes) -> tuple[dict[str, str], dict[str, Upload]]:
    """Fields and files of a multipart body (RFC 7578)."""
    header = Headers()
    header["content-type"] = kind
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str):
        raise bad("can't parse the request body: the boundary is missing")
    fields: dict[str, str] = {}
    files: dict[str, Upload] = {}
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary.encode())[1:]:
        if part.startswith(b"--"):
            break
        head, _, data = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        about = HeaderParser().parsestr(head.decode("utf-8", "replace"))
        name = about.get_param("name", header="content-disposition")
        if not isinstance(name, str):
            raise bad("can't parse the request body: a part has no name")
        file_name = about.get_filename()
        if file_name is None:
            fields[name] = _decoded(data)
        else:
            files[name] = Upload(file_name, about.get_content_type(), data)
    return fields, files


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise bad("strings must be encoded in UTF-8") from None
