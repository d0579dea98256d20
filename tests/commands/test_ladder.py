"""`between ladder`: the minutes of each level, and what a clinic may choose."""

from __future__ import annotations

import pytest

from safety import pager
from storage import people
from storage.store import Unit
from tests.clinics import add_patient
from tests.commands.between import Between

REVIEWED = "0/2/5/10/15 minutes: first, first again, backup, supervisor, everyone"


def minutes_of_next(u: Unit, level: str, address: int) -> list[int]:
    """The ladder of an alert that opens now."""
    who = people.person(u, add_patient(u, address, "Robin"))
    chat = people.chat_of(u, who.id)
    assert chat is not None
    return [minute for minute, _, _ in pager.raise_danger(u, who, chat, level, "suicide", "sos", None).row.ladder]


def test_both_levels_have_the_reviewed_minutes(between: Between) -> None:
    assert between("ladder").lines == [f"high     {REVIEWED}", f"imminent {REVIEWED}"]


def test_a_slower_ladder_for_high_is_for_what_opens_from_now_on(between: Between) -> None:
    with between.unit() as u:
        assert minutes_of_next(u, "high", 5001) == [0, 2, 5, 10, 15]
    ran = between("ladder", "--high", "0/5/10/20/30")
    assert ran.lines[0].startswith("high     0/5/10/20/30 minutes")
    assert "chosen by the clinic; reviewed is 0/2/5/10/15" in ran.lines[0]
    assert ran.lines[1] == f"imminent {REVIEWED}"
    with between.unit() as u:
        assert minutes_of_next(u, "high", 5002) == [0, 5, 10, 20, 30]
        assert minutes_of_next(u, "imminent", 5003) == [0, 2, 5, 10, 15]
    assert between("ladder", "--high", "reviewed").lines[0] == f"high     {REVIEWED}"


@pytest.mark.parametrize(
    ("minutes", "why"),
    [("0/5/10/20/40", "too slow: 0/5/10/20/30"), ("0/5", "Write 5 minutes"), ("soon", "'soon' is not a ladder")],
)
def test_what_cannot_be_chosen_is_refused(between: Between, minutes: str, why: str) -> None:
    between("ladder", "--high", minutes).refuses(why)
    assert between("ladder").lines[0] == f"high     {REVIEWED}"
