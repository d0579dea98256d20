"""The work grows with the length of the message and no faster, whatever is written. Counted in what is read, not in seconds."""

from __future__ import annotations

import pytest

import safety.clauses
from safety.index import Matcher
from safety.normalise import Speller
from safety.screen import screen
from safety.words import Words

PUMPS = (
    "a",
    "k ",
    "k.i.l.l.",
    "I want to ",
    "not ",
    "used to ",
    "my brother said ",
    "kill myself ",
    "want to want to die ",
    "I think I think about ",
    "'",
    "1!3",
    "aaaaab ",
    "🙂",
    "e\u0301",
    "so really just ",
    "die. ",
    "lol ",
    "\u200b",
    "if i say ",
    "pills and vodka ",
    "no puedo ",
    "me quiero ",
    "myslef ",
    "wanttodiewanttodie",
    "x" * 63 + " ",
)


@pytest.mark.parametrize("pump", PUMPS, ids=repr)
def test_work_is_linear_in_length(pump: str, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted(monkeypatch)
    small = counted.work(pump * (8_000 // len(pump)))
    large = counted.work(pump * (64_000 // len(pump)))
    assert large <= 10 * small + 1_000


class Counted:
    """Counts what the screen reads: characters cut into words, words spelled, words handed to RE2, words a cue marks."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.units = 0
        read, spell, find, mark = Speller.read, Speller.spell, Matcher.find, safety.clauses._mark

        def counted_read(speller: Speller, text: str) -> Words:
            self.units += len(text)
            return read(speller, text)

        def counted_spell(speller: Speller, raw: str) -> tuple[str, ...]:
            self.units += 1 + len(raw)
            return spell(speller, raw)

        def counted_find(matcher: Matcher, encoded: bytes, first: int, last: int) -> tuple[int, int] | None:
            self.units += 1 + last - first
            return find(matcher, encoded, first, last)

        def counted_mark(*given: object) -> None:
            found = given[0]
            before = sum(sum(marks) for marks in found.reached.values())  # type: ignore[attr-defined]
            mark(*given)  # type: ignore[arg-type]
            self.units += sum(sum(marks) for marks in found.reached.values()) - before  # type: ignore[attr-defined]

        monkeypatch.setattr(Speller, "read", counted_read)
        monkeypatch.setattr(Speller, "spell", counted_spell)
        monkeypatch.setattr(Matcher, "find", counted_find)
        monkeypatch.setattr(safety.clauses, "_mark", counted_mark)

    def work(self, text: str) -> int:
        self.units = 0
        assert not screen(text).failed
        return self.units
