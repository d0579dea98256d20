"""Telegram does not answer: the clinic is told once, later once more and louder, and a restart neither forgets nor repeats it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot import deafness
from bot.vitals import Vitals
from storage import letters
from storage.letters import CLINIC, MAIL, WEBHOOK
from storage.outbox_rows import OUTBOX
from storage.store import Store
from tests.bot.conftest import NOW
from tests.clinics import open_clinic


class Silence:
    """A process whose minutes go by; `polling` says whether Telegram answers it."""

    def __init__(self, store: Store) -> None:
        self.store, self.minutes = store, 0
        self.begin_again()

    def begin_again(self) -> None:
        self.vitals = Vitals(lambda: self.minutes * 60.0)

    def last(self, minutes: int, *, polling: bool) -> list[str]:
        """What the clinic was told meanwhile, by subject or event."""
        for _ in range(minutes):
            self.minutes += 1
            self.vitals.receives("polling" if polling else "unreachable")
            with self.store.unit(NOW + timedelta(minutes=self.minutes)) as u:
                deafness.look(u, self.vitals)
        with self.store.unit(NOW + timedelta(minutes=self.minutes)) as u:
            taken = [letters.claim(u, row, "test", u.now) for row, _ in letters.waiting(u)]
            return [letter.payload["subject"] if letter.channel == MAIL else letter.payload["body"]["event"] for letter in taken if letter]


@pytest.fixture
def silence(store: Store) -> Silence:
    open_clinic(store, NOW)
    with store.unit(NOW) as u:
        letters.set_ways(u, {MAIL, CLINIC, WEBHOOK})
    return Silence(store)


def test_a_quarter_of_an_hour_is_told_once_and_half_a_day_once_more(silence: Silence) -> None:
    assert silence.last(60, polling=True) == []
    assert silence.last(15, polling=False) == []
    assert silence.last(5, polling=False) == ["Between: patients cannot reach the bot", "not_receiving"]
    silence.begin_again()
    assert silence.last(11 * 60, polling=False) == [], "a restart does not repeat it"
    assert silence.last(60, polling=False) == ["Between: URGENT, patients have not reached the bot for 12 hours", "not_receiving_12_hours"]
    assert silence.last(30, polling=True) == []
    assert len(silence.last(20, polling=False)) == 2, "another silence is told again"


def test_no_alarm_for_a_week_in_which_telegram_answers_now_and_then(silence: Silence) -> None:
    for _ in range(7 * 24 * 4):
        assert silence.last(1, polling=True) == []
        assert silence.last(14, polling=False) == []


def test_nothing_is_said_where_there_is_nobody_to_tell(silence: Silence) -> None:
    with silence.store.unit(NOW) as u:
        letters.set_ways(u, set())
    silence.last(1, polling=True)
    silence.last(30, polling=False)
    with silence.store.unit(NOW) as u:
        assert u.all(select(OUTBOX.c.id)) == []
