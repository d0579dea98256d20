"""The safety plan where a transcript can't look: what staff are reminded of, what prompts never do twice, and what is in which version."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot import chores
from bot.acts.plan_prompts import QUARTER, REHEARSAL, after_change
from bot.phones import Phones
from handlers.plan_steps import split
from storage import due, notes, people, plans
from storage.store import Store
from tests.bot.conftest import NOW, robin
from tests.clinics import PATIENT

DAY = timedelta(days=1)


def write(store: Store, step: int, words: str, number: str = "", *, when: timedelta = timedelta()) -> int:
    with store.unit(NOW + when) as u:
        chat = people.chat_of(u, robin(u).id)
        assert chat is not None
        id = plans.add(u, robin(u), step, words, number)
        after_change(u, robin(u), chat)
        return id


def weeks_notes(store: Store, when: timedelta) -> list[str]:
    """What the inbox says of Robin's plan after the chores of that moment."""
    with store.unit(NOW + when) as u:
        chores.plan(u)
    with store.unit(NOW + when + 7 * DAY) as u:
        chores.tick(u)
        chores.tick(u)  # what goes to disks comes when nothing else is due
        return [row.code for row in notes.unseen(u) if row.kind == "plan" and row.person == robin(u).id]


def tick_off(store: Store, when: timedelta) -> None:
    with store.unit(NOW + when) as u:
        for row in notes.unseen(u):
            notes.seen(u, row.id, robin(u))


def test_staff_are_reminded_weekly_until_somebody_can_be_reached(store: Store, phones: Phones) -> None:
    assert weeks_notes(store, 0 * DAY) == ["plan_none"]
    assert weeks_notes(store, 7 * DAY) == ["plan_none"], "one that waits to be seen is not doubled"
    tick_off(store, 14 * DAY)
    write(store, 3, "the library")
    write(store, 4, "Ana", "555-0142")
    assert weeks_notes(store, 14 * DAY) == ["plan_3"], "a place is nobody who can be reached"
    tick_off(store, 21 * DAY)
    write(store, 3, "Joe", "555-0143")
    assert weeks_notes(store, 21 * DAY) == []


def test_regular_prompts_neither_pile_up_nor_end(store: Store, phones: Phones) -> None:
    """Nobody answers for a quarter of a year, with a pause and an alert in it: one prompt at a time, and one row of each kind waits."""
    write(store, 2, "walk the dog")
    seen = []
    for day in range(98):
        if day == 28:
            with store.unit(phones.now) as u:
                people.save_profile(u, robin(u), {"paused_until": (phones.now + 10 * DAY).date()})
        if day == 95:
            phones.type(PATIENT, "I want to kill myself")
        phones.wait(DAY)
        new = [shown.text for how, shown in phones.phone(PATIENT).look() if how == "new"]
        asked = [text for text in new if "a calm day" in text or "three months" in text]
        assert len(asked) <= 1, day
        seen += [(day, text.startswith("Today")) for text in asked]
        with store.unit(phones.now) as u:
            for kind in (QUARTER, REHEARSAL):
                assert len(due.planned(u, kind, robin(u).id)) == 1, (kind, day)
    assert seen[0] == (39, True), "the day after the pause"
    assert (90, False) in seen
    assert max(day for day, _ in seen) < 95, "while an alert is open nothing is asked"


def test_every_version_is_kept_until_it_is_erased(store: Store, phones: Phones) -> None:
    id = write(store, 2, "walk the dog")
    with store.unit(NOW + DAY) as u:
        assert plans.change(u, robin(u), id, words="walk by the river") is not None
        assert plans.change(u, robin(u), id, words="twice") is None, "an old version is not changed any more"
        assert [item.words for item in plans.items(u, robin(u))] == ["walk by the river"]
        assert [item.words for _, item in plans.history(u, robin(u), 10)] == ["walk the dog"]
        assert plans.counts(u, robin(u).id) == (1, 1)
        (item,) = plans.items(u, robin(u))
        assert plans.change(u, robin(u), item.id, words="walk by the river", number="", reach="") == item.id
        assert plans.counts(u, robin(u).id) == (1, 1), "what says the same is no new version"
        assert plans.erase(u, robin(u).id) == 1
        assert plans.counts(u, robin(u).id) == (0, 0)
        assert not plans.exists(u, robin(u).id)


@pytest.mark.parametrize(
    ("typed", "read"),
    [("Ana, 555-0142", ("Ana", "555-0142")), ("Ana Ruiz: +1 (555) 014-2233", ("Ana Ruiz", "+1 (555) 014-2233")),
     ("the 7 train", ("the 7 train", "")), ("Joe", ("Joe", "")), ("555-0142", ("555-0142", "")),
     ("Cafe 1234 Main Street", ("Cafe 1234 Main Street", ""))],
)  # fmt: skip
def test_a_number_behind_a_name_is_taken_for_one(typed: str, read: tuple[str, str]) -> None:
    assert split(typed) == read
