"""Reads the three markup languages a bot may send (HTML, MarkdownV2, Markdown) into bare text and entities.

Offsets and lengths are UTF-16 code units, as everywhere in the Bot API (core.telegram.org/bots/api#formatting-options).
Anything unbalanced or unescaped is refused with Telegram's "can't parse entities".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from demo.refusals import Refusal, bad

Entity = dict[str, Any]

HTML_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
    "span": "spoiler",
    "tg-emoji": "custom_emoji",
}
V2_MARKS = {"*": "bold", "_": "italic", "__": "underline", "~": "strikethrough", "||": "spoiler", "`": "code", "```": "pre"}
V2_NAMES = {"bold": "Bold", "italic": "Italic", "underline": "Underline", "strikethrough": "Strikethrough", "spoiler": "Spoiler"}
V2_RESERVED = set("_*[]()~`>#+-=|{}.!")
HTML_PIECE = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)((?:\s[^<>]*)?)>|<|&(?:lt|gt|amp|quot|#\d{1,7}|#x[0-9A-Fa-f]{1,6});")


def units(text: str) -> int:
    """Length in UTF-16 code units, the only length Telegram counts in."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@dataclass
class Rich:
    """Bare text growing from left to right, with the entities found so far."""

    text: str = ""
    entities: list[Entity] = field(default_factory=list)
    length: int = 0

    def add(self, piece: str) -> None:
        self.text += piece
        self.length += units(piece)

    def close(self, kind: str, start: int, **more: str) -> None:
        if self.length > start:
            self.entities.append({"type": kind, "offset": start, "length": self.length - start, **more})


def unparsable(reason: str) -> Refusal:
    return bad(f"can't parse entities: {reason}")


def offset_of(source: str, index: int) -> int:
    return len(source[:index].encode("utf-8", "surrogatepass"))


def parse_html(source: str) -> Rich:
    """HTML mode: the tags Telegram lists, and no others."""
    rich = Rich()
    stack: list[tuple[str, int, dict[str, str]]] = []
    at = 0
    for piece in HTML_PIECE.finditer(source):
        rich.add(source[at : piece.start()])
        at = piece.end()
        here = offset_of(source, piece.start())
        if piece[0].startswith("&"):
            rich.add(unescape(piece[0]))
        elif piece[0] == "<":
            raise unparsable(f"Unclosed start tag at byte offset {here}")
        elif piece[1]:
            _close_tag(rich, stack, piece[2].lower(), here)
        else:
            tag = piece[2].lower()
            stack.append((tag, rich.length, _attributes(tag, piece[3], here)))
    rich.add(source[at:])
    if stack:
        raise unparsable(f'Can\'t find end tag corresponding to start tag "{stack[-1][0]}"')
    return rich


def _attributes(tag: str, raw: str, here: int) -> dict[str, str]:
    given = {name.lower(): unescape(a or b) for name, a, b in re.findall(r"([\w-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", raw)}
    if tag not in HTML_TAGS or (tag == "span" and given.get("class") != "tg-spoiler"):
        raise unparsable(f'Unsupported start tag "{tag}" at byte offset {here}')
    if tag == "a":
        return {"url": given.get("href", "")}
    if tag == "tg-emoji":
        return {"custom_emoji_id": given.get("emoji-id", "")}
    return {"expandable": "yes"} if tag == "blockquote" and "expandable" in raw else {}


def _close_tag(rich: Rich, stack: list[tuple[str, int, dict[str, str]]], tag: str, here: int) -> None:
    if not stack:
        raise unparsable(f"Unexpected end tag at byte offset {here}")
    opened, start, more = stack.pop()
    if opened != tag:
        raise unparsable(f'Unmatched end tag at byte offset {here}, expected "</{opened}>", found "</{tag}>"')
    if opened == "a" and not more["url"]:
        return
    kind = "expandable_blockquote" if more.pop("expandable", "") else HTML_TAGS[opened]
    rich.close(kind, start, **more)


def parse_markdown_v2(source: str) -> Rich:
    """MarkdownV2: every reserved character outside an entity must be escaped."""
    rich = Rich()
    stack: list[tuple[str, int, int]] = []
    at, quote = 0, -1
    while at < len(source):
        char = source[at]
        inside_code = bool(stack) and stack[-1][0] in ("`", "```")
        if char == "\\" and at + 1 < len(source) and 0 < ord(source[at + 1]) < 127:
            rich.add(source[at + 1])
            at += 2
            continue
        mark = _mark_at(source, at, stack, inside_code)
        if char == ">" and not stack and (at == 0 or source[at - 1] == "\n"):
            quote = rich.length if quote < 0 else quote
            at += 1
            continue
        if char == "\n" and quote >= 0 and source[at + 1 : at + 2] != ">":
            rich.close("blockquote", quote)
            quote = -1
        if inside_code and mark is None:
            rich.add(char)
            at += 1
        elif mark is not None and stack and stack[-1][0] == mark:
            _, start, _ = stack.pop()
            rich.close(V2_MARKS[mark], start)
            at += len(mark)
        elif mark is not None:
            stack.append((mark, rich.length, at))
            at += len(mark)
        elif char in "[!" and (char == "[" or source[at + 1 : at + 2] == "["):
            stack.append(("[", rich.length, at))
            at += 1 if char == "[" else 2
        elif char == "]" and stack and stack[-1][0] == "[":
            at = _close_link(rich, source, at, stack.pop())
        elif char in V2_RESERVED:
            raise unparsable(f"Character '{char}' is reserved and must be escaped with the preceding '\\'")
        else:
            rich.add(char)
            at += 1
    if stack:
        mark, _, index = stack[-1]
        name = V2_NAMES.get(V2_MARKS.get(mark, ""), {"`": "Code", "```": "Pre"}.get(mark, "TextUrl"))
        raise unparsable(f"Can't find end of {name} entity at byte offset {offset_of(source, index)}")
    if quote >= 0:
        rich.close("blockquote", quote)
    return rich


def _mark_at(source: str, at: int, stack: list[tuple[str, int, int]], inside_code: bool) -> str | None:
    if inside_code:
        mark = stack[-1][0]
        return mark if source.startswith(mark, at) else None
    return next((mark for mark in ("```", "||", "__", "*", "_", "~", "`") if source.startswith(mark, at)), None)


def _close_link(rich: Rich, source: str, at: int, opened: tuple[str, int, int]) -> int:
    _, start, index = opened
    target = re.compile(r"\]\(((?:\\.|[^)\\])*)\)").match(source, at)
    if target is None:
        if source[at + 1 : at + 2] == "(":
            raise unparsable(f"Can't find end of a URL at byte offset {offset_of(source, at + 1)}")
        return at + 1
    url = re.sub(r"\\(.)", r"\1", target[1])
    if source[index] == "!":
        rich.close("custom_emoji", start, custom_emoji_id=url.rpartition("=")[2])
    elif url:
        rich.close("text_link", start, url=url)
    return target.end()


def parse_markdown(source: str) -> Rich:
    """The old Markdown mode: no nesting; `_ * ` [` open an entity unless escaped."""
    rich = Rich()
    at = 0
    while at < len(source):
        char = source[at]
        if char == "\\" and source[at + 1 : at + 2] in ("_", "*", "`", "["):
            rich.add(source[at + 1])
            at += 2
            continue
        if char not in "_*`[":
            rich.add(char)
            at += 1
            continue
        mark = "```" if source.startswith("```", at) else char
        end = source.find("]" if mark == "[" else mark, at + len(mark))
        if end < 0:
            raise unparsable(f"Can't find end of the entity starting at byte offset {offset_of(source, at)}")
        start = rich.length
        rich.add(source[at + len(mark) : end])
        link = re.compile(r"\]\(([^)]*)\)").match(source, end)
        if mark != "[":
            rich.close(V2_MARKS[mark] if mark != "_" else "italic", start)
        elif link is not None and link[1]:
            rich.close("text_link", start, url=link[1])
        at = link.end() if mark == "[" and link is not None else end + len(mark)
    return rich


PARSERS = {"html": parse_html, "markdownv2": parse_markdown_v2, "markdown": parse_markdown}
