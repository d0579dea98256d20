"""The question of the day after, held up by an outage: it has its own day to be answered."""

from __future__ import annotations

from datetime import timedelta

from bot.phones import Phones
from storage import notes
from tests.clinics import PATIENT, STAFF

DANGER = "I am going to kill myself tonight"


def test_a_question_that_was_held_up_for_a_day_has_a_day_to_be_answered(phones: Phones) -> None:
    phones.type(PATIENT, DANGER)
    for button in ("I'll take it", "I reached them", "Spoke with them, safe for now"):
        phones.tap(STAFF, button)
    phones.wait(timedelta(hours=23))
    phones.away = True
    phones.wait(timedelta(hours=12))
    phones.away = False
    phones.wait(timedelta(minutes=5))
    phones.wait(timedelta(hours=20))
    assert any("checking in after yesterday" in text for text in [shown.text for shown in phones.phone(PATIENT).messages])
    assert ("follow_up", "unanswered") not in _unseen(phones), "it has been there for less than a day"
    phones.wait(timedelta(hours=12))
    assert _unseen(phones).count(("follow_up", "unanswered")) == 1

def _unseen(phones: Phones) -> list[tuple[str, str]]:
    with phones._store().unit(phones.now) as u:
        return [(note.kind, note.code) for note in notes.unseen(u)]
