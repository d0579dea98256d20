"""What a person in danger reads: short, what to do in the first line, no promise, and pages that disclose nothing."""

from __future__ import annotations

import pytest

from content.library import load

CARDS = (
    "crisis.card",
    "crisis.card_overdose",
    "crisis.card_medical",
    "crisis.card_withdrawal",
    "crisis.card_violence",
    "crisis.card_unknown_country",
    "crisis.memory",
)
PAGES = ("page.new", "page.repeat", "page.backup", "page.supervisor", "page.all", "page.exhausted")


@pytest.mark.parametrize("card", [*CARDS, "help.screen"])
def test_a_card_is_short_and_begins_with_what_to_do(card: str) -> None:
    text = load().item(card).text
    assert len(text) < 900
    assert "call" in text.splitlines()[0].lower()


@pytest.mark.parametrize("card", [card for card in CARDS if card != "crisis.memory"])
def test_every_card_says_what_this_is_not(card: str) -> None:
    text = load().item(card).text
    assert "not an emergency service" in text
    assert "not watched live" in text


def test_the_card_for_an_unknown_country_needs_no_number() -> None:
    item = load().item("crisis.card_unknown_country")
    assert item.slots == frozenset()
    assert "findahelpline.com" in item.text


def test_the_card_from_memory_admits_that_nobody_may_know() -> None:
    text = load().item("crisis.memory").text
    assert "nobody was told" in text
    assert "Call now" in text


@pytest.mark.parametrize("page", PAGES)
def test_a_page_takes_no_name_and_no_words(page: str) -> None:
    assert load().item(page).slots == {"code", "level", "time", "ref"}


def test_what_a_contact_reads_names_no_program_and_no_reason() -> None:
    telling = (
        "program", "clinic", "treatment", "therap", "patient", "team", "staff", "crisis", "danger", "alert", "safety", "recover", "sober",
        "craving", "suicid", "hurt", "health", "between", "emergency", "help",
    )  # fmt: skip
    words = [*load().under("contact"), load().item("menu.contact_stop"), load().item("contacts.to_pass_on")]
    assert len(words) > 10
    for item in words:
        assert not [word for word in telling if word in item.text.lower()], item.id


def test_no_word_blames_or_promises() -> None:
    for area in ("crisis", "page", "help"):
        for item in load().under(area):
            lowered = item.text.lower()
            for word in (
                "addict",
                "abuser",
                "dirty",
                "delivered",
                "guarantee",
                "confidential",
                "we will save",
                "you should have",
                "commit suicide",
                "promise",
            ):
                assert word not in lowered, item.id
