"""A stranger who goes on asking gets the crisis card once a minute; danger in words, and a patient, get it each time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.phones import Phones
from tests.clinics import PATIENT, STRANGER


def cards(phones: Phones, address: int) -> int:
    return sum("988" in message.text for message in phones.phone(address).messages)


@pytest.mark.parametrize("word", ["/help", "/sos"])
def test_a_stranger_who_goes_on_gets_one_card_a_minute(phones: Phones, word: str) -> None:
    for _ in range(5):
        phones.type(STRANGER, word)
    assert cards(phones, STRANGER) == 1
    assert len(phones.phone(STRANGER).messages) == 2, "the card, and that nobody at a program is told"
    phones.wait(timedelta(minutes=1))
    phones.type(STRANGER, word)
    assert cards(phones, STRANGER) == 2


def test_a_strangers_words_of_danger_are_answered_each_time(phones: Phones) -> None:
    phones.type(STRANGER, "/help")
    for _ in range(2):
        phones.type(STRANGER, "I want to kill myself")
    assert cards(phones, STRANGER) == 3


def test_a_patient_gets_a_card_each_time(phones: Phones) -> None:
    for _ in range(3):
        phones.type(PATIENT, "/help")
    assert cards(phones, PATIENT) == 3
