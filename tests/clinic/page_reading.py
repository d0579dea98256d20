"""Reads a page the way a browser's parser does, for tests: elements in order, with their attributes and their text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "br", "img", "link", "input", "hr"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text inside, words separated by one space. Style sheets are not text."""
        return " ".join(" ".join(self._pieces()).split()).replace(" ,", ",").replace(" ;", ";")

    def _pieces(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            elif child.tag != "style":
                yield from child._pieces()

    def every(self, tag: str = "", **attributes: str) -> list[Element]:
        """Descendants in document order, by tag and by attributes (`cls` for class, a whole word of it)."""
        found = []
        for child in self.children:
            if isinstance(child, Element):
                if (not tag or child.tag == tag) and all(child.has(name, value) for name, value in attributes.items()):
                    found.append(child)
                found += child.every(tag, **attributes)
        return found

    def has(self, name: str, value: str) -> bool:
        if name == "cls":
            return value in self.attributes.get("class", "").split()
        return self.attributes.get(name.replace("_", "-")) == value

    def one(self, tag: str = "", **attributes: str) -> Element:
        (found,) = self.every(tag, **attributes)
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self.path = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.path[-1].children.append(element)
        if tag not in VOID:
            self.path.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.path[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.path[-1].tag == tag, f"</{tag}> closes <{self.path[-1].tag}>"
        self.path.pop()

    def handle_data(self, data: str) -> None:
        self.path[-1].children.append(data)


def read(page: str) -> Element:
    """The page as a tree. Fails on an element that is not closed in its place."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    assert reader.path == [reader.root], f"<{reader.path[-1].tag}> is not closed"
    return reader.root


def section(page: Element, name: str) -> Element:
    """The section labelled by the heading with that id."""
    return page.one("section", aria_labelledby=name)
