"""Alerts on the page as the ladder leaves them: each danger in its own week, with its own level, page and answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from clinic.page import render_week
from clinic.table import rows, write_csv
from safety import pager
from storage import escalations, people
from storage.store import Store
from tests.clinic.page_reading import read, section
from tests.clinic.rows import MONDAY, at, open_store, patient, send_page, week_of
from tests.clinics import add_staff

SUNDAY_BEFORE, TUESDAY, WEDNESDAY, THURSDAY = (MONDAY + timedelta(days=n) for n in (-1, 1, 2, 3))
MINUTE = timedelta(minutes=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def danger(store: Store, when: datetime, level: str = "high", paged: datetime | None = None) -> int:
    """Danger of Robin's, and the page about it to S001 if Telegram took one."""
    with patient(store, when) as (u, who):
        chat, staff = people.chat_of(u, who.id), people.person_by_code(u, "S001")
        assert chat is not None
        assert staff is not None
        row = pager.raise_danger(u, who, chat, level, "suicide", "suicide.passive", "words").row
        if paged:
            send_page(u, row, staff, paged)
        return row.id


def answer(store: Store, when: datetime, alert: int, option: str, code: str = "S001") -> None:
    with patient(store, when, code) as (u, staff):
        assert pager.answer(u, alert, staff, option) is not None


def banner(store: Store) -> str:
    return section(read(render_week(week_of(store))), "safety").text


def test_danger_that_joined_an_open_alert_is_told_in_its_own_week(store: Store) -> None:
    alert = danger(store, at(SUNDAY_BEFORE, "22:00"))
    answer(store, at(SUNDAY_BEFORE, "22:03"), alert, "ack")
    answer(store, at(SUNDAY_BEFORE, "22:10"), alert, "contacted")
    assert danger(store, at(TUESDAY, "23:00"), "imminent") == alert
    answer(store, at(TUESDAY, "23:04"), alert, "ack")
    answer(store, at(WEDNESDAY, "00:10"), alert, "contacted")
    answer(store, at(WEDNESDAY, "09:00"), alert, "close:emergency")
    (joined,) = week_of(store).risk
    assert (joined.at, joined.level) == (at(TUESDAY, "23:00"), "imminent")
    assert (joined.acknowledged_at, joined.contacted_at) == (at(TUESDAY, "23:04"), at(WEDNESDAY, "00:10"))
    assert "1 event this week, closed" in banner(store)
    (opened,) = week_of(store, MONDAY - timedelta(days=7)).risk
    assert (opened.at, opened.level) == (at(SUNDAY_BEFORE, "22:00"), "high")
    assert (opened.acknowledged_at, opened.contacted_at) == (at(SUNDAY_BEFORE, "22:03"), at(SUNDAY_BEFORE, "22:10"))


def test_danger_below_the_level_of_the_alert_keeps_its_own(store: Store) -> None:
    danger(store, at(TUESDAY, "22:00"), "imminent")
    danger(store, at(TUESDAY, "22:30"), "high")
    assert [(event.level, event.open) for event in week_of(store).risk] == [("imminent", True), ("high", True)]


def test_a_second_danger_has_its_own_page_and_answer(store: Store) -> None:
    for first in (at(TUESDAY, "22:00"), at(WEDNESDAY, "23:00")):
        alert = danger(store, first, paged=first + MINUTE)
        answer(store, first + 4 * MINUTE, alert, "ack")
        answer(store, first + 9 * MINUTE, alert, "contacted")
    events = week_of(store).risk
    assert [event.paged_at for event in events] == [event.at + MINUTE for event in events]
    assert [event.acknowledged_at for event in events] == [event.at + 4 * MINUTE for event in events]
    assert banner(store).count("3 min") == 2


def test_danger_nobody_was_reached_about_is_not_told_as_reached(store: Store) -> None:
    alert = danger(store, at(TUESDAY, "22:00"))
    answer(store, at(TUESDAY, "22:02"), alert, "ack")
    answer(store, at(TUESDAY, "22:05"), alert, "contacted")
    danger(store, at(THURSDAY, "23:00"), "imminent")
    answer(store, at(THURSDAY, "23:01"), alert, "ack")
    answer(store, at(THURSDAY, "23:59"), alert, "close:safe")
    assert [event.contacted_at for event in week_of(store).risk] == [at(TUESDAY, "22:05"), None]


def test_danger_while_it_is_paged_is_answered_by_the_same_hand(store: Store) -> None:
    alert = danger(store, at(TUESDAY, "22:00"), paged=at(TUESDAY, "22:00"))
    danger(store, at(TUESDAY, "22:01"))
    answer(store, at(TUESDAY, "22:03"), alert, "ack")
    told = [(event.paged_at, event.acknowledged_at) for event in week_of(store).risk]
    assert told == [(at(TUESDAY, "22:00"), at(TUESDAY, "22:03"))] * 2


def test_after_a_hand_over_the_first_answer_counts(store: Store) -> None:
    began = at(TUESDAY, "22:00")
    with store.unit(began) as u:
        colleague = add_staff(u, 9002, "Bo Lind")
        people.give_consent(u, colleague, "paged", 1)
        code = people.person(u, colleague).code
    alert = danger(store, began, paged=began)
    answer(store, began + 2 * MINUTE, alert, "ack")
    answer(store, began + 5 * MINUTE, alert, f"hand:{colleague}")
    answer(store, began + 90 * MINUTE, alert, "ack", code)
    (event,) = week_of(store).risk
    assert (event.acknowledged_at, event.acknowledged_by) == (began + 2 * MINUTE, "Dana Reyes")
    assert "2 min" in banner(store)


def test_nobody_answering_is_told_of_the_danger_nobody_answered(store: Store) -> None:
    alert = danger(store, at(TUESDAY, "22:00"))
    answer(store, at(TUESDAY, "22:02"), alert, "ack")
    answer(store, at(TUESDAY, "22:05"), alert, "contacted")
    danger(store, at(THURSDAY, "23:00"))
    with store.unit(at(THURSDAY, "23:30")) as u:
        pager.step(u, alert)
        assert escalations.state(u, alert) == "EXHAUSTED"
    first, second = week_of(store).risk
    assert (first.exhausted_at, second.exhausted_at) == (None, at(THURSDAY, "23:30"))


def test_who_gave_it_back_is_not_told_as_having_it(store: Store) -> None:
    began = at(TUESDAY, "22:00")
    alert = danger(store, began, paged=began)
    answer(store, began + 2 * MINUTE, alert, "ack")
    answer(store, began + 4 * MINUTE, alert, "cant")
    assert "22:02, Dana Reyes · 2 min · open again 22:04" in banner(store)
    due = section(read(render_week(week_of(store))), "safety").every("b", cls="due")
    assert next(bold.text for bold in due).startswith("22:02, Dana Reyes")
    with store.unit(began + 30 * MINUTE) as u:
        pager.step(u, alert)
    assert "open again 22:04 · then nobody answered (22:04)" in banner(store), "there was nobody else to page"
    answer(store, began + 40 * MINUTE, alert, "contacted")
    answer(store, began + 50 * MINUTE, alert, "close:safe")
    assert "open again 22:04" in banner(store)
    assert not section(read(render_week(week_of(store))), "safety").every("b", cls="due")


def test_what_lapsed_unreached_is_open_again_and_newer_danger_is_not_what_lapsed(store: Store) -> None:
    alert = danger(store, at(TUESDAY, "22:00"))
    answer(store, at(TUESDAY, "22:02"), alert, "ack")
    with store.unit(at(TUESDAY, "22:32")) as u:
        pager.step(u, alert)
    answer(store, at(TUESDAY, "22:33"), alert, "ack")
    answer(store, at(TUESDAY, "22:35"), alert, "contacted")
    danger(store, at(THURSDAY, "23:00"), "imminent")
    answer(store, at(THURSDAY, "23:01"), alert, "ack")
    answer(store, at(THURSDAY, "23:09"), alert, "close:safe")
    assert [event.reopened_at for event in week_of(store).risk] == [at(TUESDAY, "22:32"), None]
    assert "Imminent, from their own words not paged 23:01, Dana Reyes not noted" in banner(store)


@pytest.mark.parametrize("asked", ["hand", "close:false_alarm"])
def test_who_is_asked_about_what_somebody_has_is_not_paged_for_the_danger(store: Store, asked: str) -> None:
    """It was taken from /inbox while nobody was on duty."""
    began = at(TUESDAY, "22:00")
    with store.unit(began) as u:
        colleague = add_staff(u, 9002, "Bo Lind")
        people.give_consent(u, colleague, "paged", 1)
    alert = danger(store, began, "imminent")
    answer(store, began + 10 * MINUTE, alert, "ack")
    answer(store, began + 12 * MINUTE, alert, f"hand:{colleague}" if asked == "hand" else asked)
    receipt(store, began + 12 * MINUTE, alert, colleague)
    assert [event.paged_at for event in week_of(store).risk] == [None]
    with store.unit(began + 41 * MINUTE) as u:
        pager.step(u, alert)
    receipt(store, began + 41 * MINUTE, alert, colleague)
    assert [event.paged_at for event in week_of(store).risk] == [began + 41 * MINUTE], "it was open again"


def receipt(store: Store, when: datetime, alert: int, to: int) -> None:
    with store.unit(when) as u:
        escalations.receipt(u, alert, to, "telegram")


def test_how_an_alert_of_the_week_before_ended_is_told_in_the_week_it_did(store: Store) -> None:
    alert = danger(store, at(SUNDAY_BEFORE, "22:00"))
    answer(store, at(SUNDAY_BEFORE, "22:03"), alert, "ack")
    answer(store, at(SUNDAY_BEFORE, "22:10"), alert, "contacted")
    before = week_of(store, MONDAY - timedelta(days=7), at(MONDAY, "06:00"))
    assert "STILL OPEN" in render_week(before)
    answer(store, at(MONDAY, "10:00"), alert, "close:emergency")
    week = week_of(store)
    assert week.risk == ()
    told = "Of an earlier week, closed in this one: High, Sun 8 Nov 22:00 EST: Emergency services or hospital (closed Mon 10:00)."
    assert told in banner(store)
    assert "safety_closed,Emergency services or hospital,staff,of_an_earlier_week" in write_csv(rows(week)).decode()
    assert week_of(store, MONDAY + timedelta(days=7)).settled == ()
    assert week_of(store, MONDAY - timedelta(days=7)).settled == ()
