"""The closed set of questions. Each knows its buttons, reads typed text, and says whether a stored answer still fits.

Answers are JSON values: int for a scale or number, str for a choice, text or time ("HH:MM"), list[str] for several,
bool for yes/no, and None for a skipped question that may be skipped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, ClassVar

Answer = Any
MAX_TEXT = 4096
OFFERED = "offer:"


@dataclass(frozen=True)
class Option:
    """One button: `value` is stored, `label` is a content id, or the literal itself where `literal` (a digit, a time)."""

    value: str
    label: str
    literal: bool = False


@dataclass(frozen=True)
class Question:
    """Base of the closed set. `optional` puts a skip button under the question; a skip is stored as None."""

    optional: bool = field(default=False, kw_only=True)
    columns: int = field(default=1, kw_only=True)
    takes_text: ClassVar[bool] = True

    def options(self) -> tuple[Option, ...]:
        return ()

    def tapped(self, value: str) -> Answer:
        """The answer a button stands for, or None when this question has no such button."""
        return value if any(option.value == value for option in self.options()) else None

    def read(self, text: str) -> Answer:
        """The answer typed text stands for, or None when it does not parse."""
        raise NotImplementedError

    def accepts(self, answer: Answer) -> bool:
        """Whether a stored answer still fits; one that does not counts as unanswered."""
        return (answer is None and self.optional) or (answer is not None and self.fits(answer))

    def fits(self, answer: Answer) -> bool:
        raise NotImplementedError


@dataclass(frozen=True)
class Scale(Question):
    """Whole numbers low..high as buttons, both ends included."""

    low: int = 0
    high: int = 10
    columns: int = field(default=6, kw_only=True)

    def options(self) -> tuple[Option, ...]:
        return tuple(Option(str(n), str(n), literal=True) for n in range(self.low, self.high + 1))

    def tapped(self, value: str) -> Answer:
        return self.read(value)

    def read(self, text: str) -> Answer:
        found = re.fullmatch(r"(-?\d{1,4})(?:\s*/\s*\d{1,4})?", text.strip())
        value = int(found[1]) if found else None
        return value if value is not None and self.low <= value <= self.high else None

    def fits(self, answer: Answer) -> bool:
        return type(answer) is int and self.low <= answer <= self.high


@dataclass(frozen=True)
class Choice(Question):
    """One of a few named options: pairs of (value, content id).

    numbered: so many buttons "1", "2", ... come first, to pick from a numbered list that stands in the question's words.
    direct: it asks plainly about somebody's safety; words typed instead of a tap may be the gravest answer, and staff hear of them.
    """

    of: tuple[tuple[str, str], ...] = ()
    numbered: int = 0
    direct: bool = False
    takes_text: ClassVar[bool] = False

    def options(self) -> tuple[Option, ...]:
        numbers = tuple(Option(str(n), str(n), literal=True) for n in range(1, self.numbered + 1))
        return numbers + tuple(Option(value, label) for value, label in self.of)

    def read(self, text: str) -> Answer:
        return None

    def fits(self, answer: Answer) -> bool:
        return any(answer == option.value for option in self.options())


@dataclass(frozen=True)
class Hours(Choice):
    """A choice of spans of hours, in order. A number that is typed instead is kept as the first span whose end it does not pass.

    ends: of each span, in the order of `of`.
    """

    ends: tuple[float, ...] = ()
    takes_text: ClassVar[bool] = True

    def read(self, text: str) -> Answer:
        found = re.fullmatch(r"(\d{1,2}(?:[.,]\d{1,2})?)\s*(?:h|hrs?|hours?)?", text.strip().lower())
        hours = float(found[1].replace(",", ".")) if found else None
        return next((value for (value, _), end in zip(self.of, self.ends, strict=True) if hours is not None and hours <= end), None)


@dataclass(frozen=True)
class Several(Question):
    """Any number of named options, ticked one by one and closed with "done". The answer keeps the options' order."""

    of: tuple[tuple[str, str], ...] = ()
    columns: int = field(default=2, kw_only=True)
    takes_text: ClassVar[bool] = False

    def options(self) -> tuple[Option, ...]:
        return tuple(Option(value, label) for value, label in self.of)

    def read(self, text: str) -> Answer:
        return None

    def fits(self, answer: Answer) -> bool:
        known = {value for value, _ in self.of}
        return isinstance(answer, list) and all(value in known for value in answer)


@dataclass(frozen=True)
class Text(Question):
    """Free text of 1..limit characters, screened like every text before it gets here.

    of: buttons beside typing, pairs of (value, content id); a tap is stored as [value], so that no typed word can be
    mistaken for it. offer: words that can be tapped instead of typed, and mean the same; a button holds only their place in
    the list, because they may be somebody's name and buttons are kept in clear.
    fact: a name or a number is asked for, not something to say. Words that sound like danger never become the answer.
    """

    limit: int = MAX_TEXT
    of: tuple[tuple[str, str], ...] = ()
    offer: tuple[str, ...] = ()
    fact: bool = False

    def options(self) -> tuple[Option, ...]:
        offered = tuple(Option(f"{OFFERED}{n}", words, literal=True) for n, words in enumerate(self.offer))
        return offered + tuple(Option(value, label) for value, label in self.of)

    def tapped(self, value: str) -> Answer:
        place = value.removeprefix(OFFERED) if value.startswith(OFFERED) else ""
        if place.isdecimal() and int(place) < len(self.offer):
            return self.offer[int(place)]
        return [value] if any(value == known for known, _ in self.of) else None

    def read(self, text: str) -> Answer:
        return text.strip() if 0 < len(text.strip()) <= self.limit else None

    def fits(self, answer: Answer) -> bool:
        if isinstance(answer, list):
            return len(answer) == 1 and any(answer[0] == known for known, _ in self.of)
        return isinstance(answer, str) and 0 < len(answer) <= self.limit


@dataclass(frozen=True)
class Number(Question):
    """A typed whole number low..high; `offer` are the values put on buttons."""

    low: int = 0
    high: int = 100
    offer: tuple[int, ...] = ()
    columns: int = field(default=4, kw_only=True)

    def options(self) -> tuple[Option, ...]:
        return tuple(Option(str(n), str(n), literal=True) for n in self.offer)

    def tapped(self, value: str) -> Answer:
        return self.read(value)

    def read(self, text: str) -> Answer:
        found = re.fullmatch(r"\s*(\d{1,9})\s*", text)
        return int(found[1]) if found and self.low <= int(found[1]) <= self.high else None

    def fits(self, answer: Answer) -> bool:
        return type(answer) is int and self.low <= answer <= self.high


@dataclass(frozen=True)
class TimeOfDay(Question):
    """A wall-clock time as "HH:MM"; understands 8, 8:30, 20.15, 8 pm, 8:30pm. `offer` are the times put on buttons."""

    offer: tuple[str, ...] = ()
    columns: int = field(default=3, kw_only=True)

    def options(self) -> tuple[Option, ...]:
        return tuple(Option(value, value, literal=True) for value in self.offer)

    def read(self, text: str) -> Answer:
        found = re.fullmatch(r"(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm|a\.m\.|p\.m\.)?", text.strip().lower())
        if not found:
            return None
        hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").replace(".", "")
        if half:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if half == "pm" else 0)
        return f"{hour:02d}:{minute:02d}" if hour < 24 and minute < 60 else None

    def fits(self, answer: Answer) -> bool:
        return isinstance(answer, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", answer) is not None


@dataclass(frozen=True)
class YesNo(Question):
    """Yes or no; the labels are content ids and default to the plain words.

    said: words that are as good as a button when they are typed alone, pairs of (words in lower case, "yes" or "no").
    """

    yes: str = "button.yes"
    no: str = "button.no"
    columns: int = field(default=2, kw_only=True)
    said: tuple[tuple[str, str], ...] = ()
    takes_text: ClassVar[bool] = False

    def options(self) -> tuple[Option, ...]:
        return (Option("yes", self.yes), Option("no", self.no))

    def tapped(self, value: str) -> Answer:
        return {"yes": True, "no": False}.get(value)

    def read(self, text: str) -> Answer:
        return None

    def fits(self, answer: Answer) -> bool:
        return isinstance(answer, bool)


@dataclass(frozen=True)
class Timer(Question):
    """A wait of `seconds` with live frames. Answered "ended" by the clock or "stopped" by the patient's tap.

    plan: pairs of (content id, seconds) shown in turn, over and over until the end. A single pair is a plain countdown.
    """

    seconds: int = 60
    plan: tuple[tuple[str, int], ...] = ()
    takes_text: ClassVar[bool] = False

    def options(self) -> tuple[Option, ...]:
        return (Option("stopped", "button.stop_timer"),)

    def read(self, text: str) -> Answer:
        return None

    def fits(self, answer: Answer) -> bool:
        return answer in ("ended", "stopped")


@dataclass(frozen=True)
class Ask:
    """One question under a key that is unique in its scope. Its words are `<scope>.<key>` unless `words` names others."""

    key: str
    question: Question
    words: str | None = None
    slots: dict[str, Any] = field(default_factory=dict)
    fresh: bool = False
    """Begin a new message instead of editing the one on the screen (the end of a timer: an edit makes no sound)."""
