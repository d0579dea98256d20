"""A message in normal form, and what is remembered while it is written down."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Words:
    """A text in normal form, column by column: the words, and where each stands in the original text.

    `paused`: the words that a comma, a line break or the like comes before; `broken`: those that begin a line; `listed`: those
    right behind a colon; `quoted`: those inside quotation marks.
    """

    words: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    paused: set[int] = field(default_factory=set)
    broken: set[int] = field(default_factory=set)
    listed: set[int] = field(default_factory=set)
    quoted: set[int] = field(default_factory=set)

    def add(self, word: str, start: int, end: int, pen: Pen) -> None:
        """Append one word; it takes up the pause before it."""
        if pen.paused:
            self.pause(pen)
        if pen.quoted:
            self.quoted.add(len(self.words))
        self.words.append(word)
        self.starts.append(start)
        self.ends.append(end)

    def pause(self, pen: Pen) -> None:
        """The next word has a pause before it; no line ends without one."""
        self.paused.add(len(self.words))
        if pen.broken:
            self.broken.add(len(self.words))
        pen.paused = pen.broken = False


@dataclass(slots=True)
class Pen:
    """What the next word written down inherits from the marks before it. `opened`: where the quotation that is open begins."""

    paused: bool = False
    broken: bool = False
    quoted: bool = False
    opened: int = 0

    def line(self) -> None:
        """A line ends here."""
        self.paused = self.broken = True
