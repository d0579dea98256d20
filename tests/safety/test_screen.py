"""What the turn relies on: the screen never raises, fails towards danger, alone makes verdicts, and keeps none of the patient's words."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import safety.screen
from safety.heard import Finding, Heard, Level, Track, worse
from safety.screen import screen


def test_a_plain_statement_is_heard_with_a_rule_a_span_and_a_reason() -> None:
    text = "Hi. I am going to kill myself tonight"
    heard = screen(text)
    assert heard.level is Level.IMMINENT
    assert heard.track is Track.SUICIDE
    start, end = heard.findings[0].span
    assert "kill myself" in text[start:end]
    assert heard.findings[0].why
    assert heard.pages


def test_an_ordinary_message_is_none() -> None:
    heard = screen("group was good, see you on thursday")
    assert (heard.level, heard.findings, heard.failed) == (Level.NONE, (), False)


@pytest.mark.parametrize("text", ["", " ", "\n\n", "...", "?", "\u200b"])
def test_nothing_to_read_is_none(text: str) -> None:
    assert screen(text).level is Level.NONE


@pytest.mark.parametrize("text", [None, 7, b"bytes", ["list"]])
def test_what_is_not_text_counts_as_high(text: object) -> None:
    heard = screen(text)  # type: ignore[arg-type]
    assert (heard.level, heard.failed, heard.track) == (Level.HIGH, True, Track.UNKNOWN)


@pytest.mark.parametrize("recent", [[None], [3, "a"], 5])
def test_earlier_messages_that_cannot_be_read_count_as_high(recent: Sequence[str]) -> None:
    assert screen("fine", recent).failed


def test_rules_that_cannot_be_loaded_count_as_high(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OSError("gone")

    monkeypatch.setattr(safety.screen, "load_rules", broken)
    heard = screen("all good today")
    assert (heard.level, heard.failed) == (Level.HIGH, True)


@pytest.mark.parametrize(
    "maker", [lambda: Heard(Level.NONE, (), Track.UNKNOWN), lambda: Heard(Level.NONE, (), Track.UNKNOWN, seal=object())]
)
def test_nobody_else_makes_a_verdict(maker: object) -> None:
    with pytest.raises(TypeError, match="screen"):
        maker()  # type: ignore[operator]


def test_a_verdict_cannot_be_changed_or_copied_calmer() -> None:
    heard = screen("I want to kill myself")
    with pytest.raises(dataclasses.FrozenInstanceError):
        heard.level = Level.NONE  # type: ignore[misc]
    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(heard, level=Level.NONE)


def test_a_verdict_holds_none_of_the_words() -> None:
    heard = screen("I will take my own life, says Quillfeather of Zanzibar Street")
    assert heard.level is Level.IMMINENT
    assert "Quillfeather" not in repr(heard)
    assert "my own" not in repr(heard)


def test_the_start_of_a_long_message_is_read_on_from_the_last_one_and_all_of_it_alone() -> None:
    long = "walked the dog, fed the cat, watered the plants. " * 60
    assert screen(f"end it. {long}", ["I'm going to"]).level is screen("end it", ["I'm going to"]).level
    assert screen(f"{long} I want to kill myself", ["fine"]).level >= Level.HIGH


def test_the_worse_of_two_wins_whichever_comes_first() -> None:
    calm, danger = screen("nice walk"), screen("I want to die")
    assert worse(calm, danger) is danger
    assert worse(danger, calm) is danger
    assert worse(calm, calm) is calm


def test_a_sentence_split_over_two_messages_is_heard() -> None:
    assert screen("end it").level is Level.NONE
    heard = screen("end it", ["I'm going to"])
    assert heard.level is Level.IMMINENT
    assert all(0 <= start < end <= len("end it") for start, end in (finding.span for finding in heard.findings))


def test_what_was_said_before_is_not_held_against_a_calm_message() -> None:
    assert screen("ok thank you", ["I want to die", "bye"]).level is Level.NONE


def test_earlier_messages_never_lower_what_the_text_says() -> None:
    text = "I am going to kill myself"
    assert screen(text, ["this is not true:", "no,"]).level is Level.IMMINENT


def test_a_means_in_one_message_and_a_wish_in_the_next_add_up() -> None:
    assert screen("I just want to be dead", ["the gun is here next to me"]).level is Level.IMMINENT


@pytest.mark.parametrize("at", [0, 5_700, 6_000, 11_500, 40_000])
def test_a_long_text_is_read_to_its_end(at: int) -> None:
    filler = "we had soup and it was warm. " * 2_000
    text = filler[:at] + ". I am going to kill myself tonight. " + filler[at:]
    heard = screen(text)
    assert heard.level is Level.IMMINENT
    assert "kill myself" in text[slice(*heard.findings[0].span)]


def words() -> st.SearchStrategy[str]:
    """Pieces that frames, cues and spelling rules react to, between any other characters."""
    dangerous = [
        "I want to",
        "die",
        "kill",
        "myself",
        "not",
        "my brother",
        "k i l l",
        "l0l",
        "used to",
        "pills",
        "no puedo",
        "\u2019",
        "\u200b",
        "😂",
        "💀",
    ]
    return st.lists(st.one_of(st.sampled_from(dangerous), st.text(max_size=6)), max_size=40).map(" ".join)


@settings(max_examples=200, deadline=None)
@given(text=st.one_of(st.text(max_size=300), words()), recent=st.lists(st.text(max_size=40), max_size=4))
def test_any_text_is_read_and_every_span_lies_in_it(text: str, recent: list[str]) -> None:
    heard = screen(text, recent)
    assert not heard.failed
    assert heard.level == max((finding.level for finding in heard.findings), default=Level.NONE)
    for finding in heard.findings:
        assert isinstance(finding, Finding)
        assert 0 <= finding.span[0] < finding.span[1] <= len(text)


@settings(max_examples=50, deadline=None)
@given(text=words())
def test_the_same_text_is_always_heard_the_same(text: str) -> None:
    assert screen(text) == screen(text)


@pytest.mark.parametrize("text", ["\ud800 I want to kill myself \udfff", "I want to kill myself\x00", "\u202eI want to kill myself"])
def test_broken_and_invisible_characters_hide_nothing(text: str) -> None:
    assert screen(text).level >= Level.HIGH


def test_parts_that_mean_nothing_apart_mean_nothing_in_two_messages() -> None:
    assert screen("My brother", ["cannot sleep", "walk the dog", "the library"]).level is Level.NONE
