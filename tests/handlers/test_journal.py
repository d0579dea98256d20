"""Long entries in pieces, and buttons beside typing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.flow import Choice, Given, Text
from handlers.journal import pieces


def units(words: str) -> int:
    return len(words.encode("utf-16-le")) // 2


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=400), st.integers(2, 60))
def test_pieces_fit_and_lose_nothing_but_space(words: str, size: int) -> None:
    parts = pieces(words, size)
    assert all(0 < units(part) <= size for part in parts)
    assert "".join("".join(parts).split()) == "".join(words.split())


def test_a_piece_ends_at_a_word() -> None:
    assert pieces("one two three four", 9) == ["one two", "three", "four"]
    assert pieces("x" * 10, 4) == ["xxxx", "xxxx", "xx"]
    assert pieces("", 4) == []


def test_a_piece_never_cuts_a_picture_in_two() -> None:
    assert pieces("🙂🙂🙂", 3) == ["🙂", "🙂", "🙂"]


WITH_BUTTONS = Text(of=(("done", "x"),))


@pytest.mark.parametrize(
    ("given_", "taken"),
    [(Given("tap", "done"), ["done"]), (Given("text", "done"), "done"), (Given("tap", "other"), None), (Given("text", "  "), None)],
)
def test_a_typed_word_is_never_taken_for_a_button(given_: Given, taken: object) -> None:
    fits, answer = given_.answer_to(WITH_BUTTONS, ())
    assert (answer if fits else None) == taken


def test_a_number_of_a_list_is_a_choice_and_one_beyond_it_is_not() -> None:
    question = Choice(numbered=3, of=(("close", "x"),))
    assert [option.value for option in question.options()] == ["1", "2", "3", "close"]
    assert question.accepts("3") and question.accepts("close")
    assert not question.accepts("4")
