"""What a person in danger reads: short, what to do in the first line, no promise, and pages that disclose nothing."""

from __future__ import annotations

import re

import pytest

import bot.turn  # noqa: F401 - so that every command is known
from bot.cards import CARDS as BY_TRACK
from bot.cards import SPANISH_TRACKS, choose, poison_line, spanish_way
from bot.menu import menu
from content.library import load
from safety.heard import Track

CARDS = (
    "crisis.card",
    "crisis.card_unclear",
    "crisis.card_overdose",
    "crisis.card_medical",
    "crisis.card_withdrawal",
    "crisis.card_violence",
    "crisis.card_self_harm",
    "crisis.card_others",
    "crisis.card_poison",
    "crisis.card_unknown_country",
    "crisis.memory",
)
SPANISH = ("crisis.es.card", "crisis.es.card_unclear", *(f"crisis.es.card_{track}" for track in SPANISH_TRACKS))
PAGES = ("page.new", "page.repeat", "page.backup", "page.supervisor", "page.all", "page.come_on")


@pytest.mark.parametrize("card", [*CARDS, "help.screen"])
def test_a_card_is_short_and_begins_with_what_to_do(card: str) -> None:
    text = load().item(card).text
    assert len(text) < 900
    assert "call" in text.splitlines()[0].lower()


def test_a_patient_is_told_every_command_there_is() -> None:
    commands = {command for command, _ in menu("patient", load())} - {"help"}
    for told in ("help.commands", "home.around"):
        assert set(re.findall(r"/([a-z]+)", load().item(told).text)) - {"help"} == commands - ({"sos"} if told == "home.around" else set())


@pytest.mark.parametrize("card", SPANISH)
def test_a_spanish_card_is_short_says_what_to_do_and_what_this_is_not(card: str) -> None:
    text = load().item(card).text
    assert len(text) < 900
    assert "llama" in text.splitlines()[0].lower()
    assert "no un servicio de emergencia" in text or "no es un servicio de emergencia" in text
    assert "Nadie vigila este chat en vivo" in text


def test_the_card_follows_the_track_the_language_and_the_lines_of_the_country() -> None:
    assert {str(track) for track in BY_TRACK} <= set(Track)
    for track in Track:
        for country in ("US", "GB", "MX", "ZZ"):
            for rule in ("", "es.suicide.self", "overdose.wrong_dose", "learned.grave", "es.learned.grave"):
                items = choose(track, rule, country)
                assert all(load().has(item) for item in items)
                assert any("poison" in item for item in items) <= bool(poison_line(country)), "no poison line is invented"
    assert choose("overdose", "overdose.said", "GB") == ["crisis.card_overdose"]
    assert choose("suicide", "es.suicide.self", "US") == ["crisis.es.card"]
    assert choose("suicide", "es.suicide.self", "ZZ") == ["crisis.card_unknown_country"]
    assert choose("unknown", "learned.grave", "US") == ["crisis.card_unclear"]
    assert choose("unknown", "es.learned.grave", "US") == ["crisis.es.card_unclear"]
    assert choose("unknown", "learned.grave", "ZZ") == ["crisis.card_unknown_country"]


def test_the_spanish_way_is_the_registrys() -> None:
    assert spanish_way(load(), "US") == "llama al 988 y oprime 2, o envía AYUDA por mensaje de texto al 988"
    assert spanish_way(load(), "MX") == "llama al 800 911 2000"
    assert spanish_way(load(), "GB") == ""


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
