"""However it is typed, it is heard; and words that only look alike are left alone."""

from __future__ import annotations

import pytest

from safety.heard import Level
from safety.rules import load_rules
from safety.screen import screen
from safety.slips import one_slip

SENTENCES = ("I want to kill myself", "I can't stop thinking about suicide", "I don't want to live anymore")


def homoglyphs(text: str) -> str:
    return text.translate(str.maketrans("aeoicp", "аеоіср"))


def zero_width(text: str) -> str:
    return "\u200b".join(text)


def curly(text: str) -> str:
    return text.replace("'", "’")


def full_width(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if letter.isascii() and letter.isalpha() else letter for letter in text)


def accents(text: str) -> str:
    return text.replace("i", "í").replace("o", "ö")


def leet(text: str) -> str:
    return text.replace("kill", "k1ll").replace("suicide", "su1c1d3").replace("live", "l1ve")


def no_apostrophe(text: str) -> str:
    return text.replace("'", "")


def shouted(text: str) -> str:
    return text.upper() + "!!!"


def with_emoji(text: str) -> str:
    return "😭😭 " + text + " 💔"


def two_lines(text: str) -> str:
    return text.replace("want to ", "want to\n").replace("thinking ", "thinking\n").replace("live ", "live\n")


DISGUISES = (homoglyphs, zero_width, curly, full_width, accents, leet, no_apostrophe, shouted, with_emoji, two_lines)


@pytest.mark.parametrize("disguise", DISGUISES, ids=lambda disguise: disguise.__name__)
@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_disguise_changes_nothing(sentence: str, disguise: object) -> None:
    disguised = disguise(sentence)  # type: ignore[operator]
    assert screen(disguised).level is screen(sentence).level
    assert screen(sentence).level is Level.HIGH


@pytest.mark.parametrize(
    "text", ["k i l l myself", "k.i.l.l. myself", "i want to k i l l m y s e l f", "wanttodie", "k-i-l-l my self", "i want to d i e e e e"]
)
def test_spaced_and_joined_letters_are_read(text: str) -> None:
    assert screen(text).level >= Level.HIGH


@pytest.mark.parametrize("written", ["myslef", "myselff", "mysefl", "myelf"])
def test_one_slip_of_the_finger_is_forgiven(written: str) -> None:
    assert screen(f"I want to kill {written}").level >= Level.HIGH


@pytest.mark.parametrize(
    "text",
    [
        "I am a skilled painter",
        "the dye on my shirt ran",
        "my therapist is nice",
        "she has skill",
        "bill came today",
        "studied diet plans",
        "a b c d e f g",
    ],
)
def test_words_that_only_look_alike_are_left_alone(text: str) -> None:
    assert screen(text).level is Level.NONE


def test_a_span_points_into_the_text_as_it_was_typed() -> None:
    text = "well… I ｗａｎｔ to k\u200bill mysеlf, ok"
    finding = screen(text).findings[0]
    assert text[finding.span[0] : finding.span[1]].endswith("mysеlf")


@pytest.mark.parametrize(
    ("written", "meant", "near"),
    [
        ("myslef", "myself", True),
        ("myelf", "myself", True),
        ("mysself", "myself", True),
        ("mysalf", "myself", True),
        ("mslef", "myself", False),
        ("bridge", "bridge", True),
    ],
)
def test_what_one_slip_is(written: str, meant: str, near: bool) -> None:
    assert one_slip(written, meant) is near


def test_no_rewrite_is_lost_because_a_frame_cannot_know_it() -> None:
    rules = load_rules()
    unknown = {word for meant in rules.speller.rewrites.values() for word in meant} - rules.speller.known
    assert len(unknown) < 40, sorted(unknown)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("hace 2 dias", ["hace", "#few", "dias"]),
        ("a las 2 voy", ["a", "las", "#few", "voy"]),
        ("i want 2 sleep", ["i", "want", "to", "sleep"]),
    ],
)
def test_a_two_is_a_number_where_one_is_meant(written: str, read: list[str]) -> None:
    assert load_rules().speller.read(written).words == read
