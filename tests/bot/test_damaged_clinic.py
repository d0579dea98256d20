"""The clinic's own row is damaged: the ladder goes on all the same, and mails what it can."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.phones import Phones
from storage import clinic, escalations, letters, people
from storage.store import Store
from storage.tables import Clinic, DataKey
from tests.bot.conftest import NOW
from tests.clinics import PATIENT

BAD = b"\x01damaged, as it might be by a bad disk"


@pytest.mark.parametrize("lost", ["row", "key"])
def test_nobody_answers_is_told_and_mailed_as_far_as_it_opens(store: Store, phones: Phones, lost: str) -> None:
    with store.unit(NOW) as u:
        letters.set_ways(u, {letters.MAIL, letters.CLINIC, letters.WEBHOOK})
        dana = people.person_by_code(u, "S001")
        known = clinic.clinic(u)
        assert dana is not None
        assert known is not None
        people.save_profile(u, dana, {"email": "dana@clinic.example"})
        if lost == "row":
            u.set(Clinic, 1, line=BAD)
        else:
            u.set(DataKey, known.key, wrapped=BAD)
    store.keys.forget(known.key)
    phones.type(PATIENT, "I want to kill myself")
    phones.wait(timedelta(minutes=16))
    assert any("Nobody has answered yet" in shown.text for shown in phones.phone(PATIENT).messages)
    with store.unit(phones.now) as u:
        assert [row.state for row in escalations.all_open(u)] == ["EXHAUSTED"]
        claimed = [letters.claim(u, id, "courier", u.now) for id, _ in letters.waiting(u)]
        mails = [letter.payload["text"] for letter in claimed if letter is not None and letter.channel == letters.MAIL]
    assert len(mails) == (2 if lost == "row" else 0)
    assert all("A patient needs a person" in text and "the clinic's line" not in text for text in mails)
