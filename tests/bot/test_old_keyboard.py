"""A keyboard whose question has moved on but which is still on the phone: a tap on it brings the question that waits."""

from __future__ import annotations

from datetime import timedelta

from bot.phones import Phones
from tests.clinics import PATIENT


def moved_on(phones: Phones) -> tuple[int, str, str]:
    """A check-in at its second question; gives the message, and two buttons of the first: the one that was tapped and another."""
    phones.type(PATIENT, "/checkin")
    shown, other = phones.phone(PATIENT).find("6")
    tapped = phones.tap(PATIENT, "5")
    phones.phone(PATIENT).look()
    return shown.id, tapped, other


def test_a_tap_that_crossed_with_the_next_question_changes_nothing(phones: Phones) -> None:
    message, tapped, other = moved_on(phones)
    phones.wait(timedelta(seconds=4))
    for data in (tapped, other):
        phones.tap_data(PATIENT, message, data)
    assert phones.phone(PATIENT).look() == []


def test_a_tap_on_a_keyboard_that_should_be_gone_brings_the_question_that_waits(phones: Phones) -> None:
    """Nobody is left with buttons that do nothing, whichever they tap."""
    for which in (1, 2):
        asked = moved_on(phones)
        question = phones.phone(PATIENT).messages[-1].text
        phones.wait(timedelta(seconds=6))
        phones.tap_data(PATIENT, asked[0], asked[which])
        news = [(how, shown.text) for how, shown in phones.phone(PATIENT).look() if how in ("new", "edit")]
        assert news == [("new", question)], "and its keyboard works"
        phones.tap_data(PATIENT, asked[0], asked[which])
        phones.tap(PATIENT, "3")
        assert phones.phone(PATIENT).messages[-1].text != question
        phones.wait(timedelta(days=2))
