from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from clinic.caseload import render_caseload
from clinic.model import RiskEvent
from tests.clinic.made_up_weeks import ATTACK, MONDAY, PREPARED, at, empty_week, hard_week, new_patient, odd_week, paused_week, quiet_week
from tests.clinic.page_reading import Element, read


def rows(page: str) -> list[Element]:
    return read(page).one("tbody").every("tr")


def codes(page: str) -> list[str]:
    return [row.one("a").attributes["href"].removesuffix(".html") for row in rows(page)]


def test_the_most_pressing_stands_first_whatever_order_they_come_in() -> None:
    weeks = [hard_week(), quiet_week(), empty_week(), paused_week()]
    orders = {tuple(codes(render_caseload(order))) for order in permutations(weeks)}
    assert orders == {("0417", "0419", "0422", "0418")}


def test_an_open_event_comes_before_any_number_of_other_reasons() -> None:
    event = RiskEvent(at(MONDAY, 9), "high", "button", paged_at=at(MONDAY, 9))
    only_event = replace(quiet_week(), code="0001", risk=(event,))
    much_else = replace(hard_week(), risk=tuple(replace(e, closed_at=at(MONDAY, 10)) for e in hard_week().risk))
    assert codes(render_caseload([much_else, only_event])) == ["0001", "0417"]


def test_every_row_says_why_it_stands_there_with_its_numbers() -> None:
    hard, quiet = rows(render_caseload([hard_week(), quiet_week()]))
    reasons = [item.text for item in hard.one("td", cls="reasons").every("li")]
    assert reasons[:3] == ["1 safety event still open", "1 safety event, closed", "Use reported on 1 day (Fri); 6 days answered"]
    assert hard.every("li", cls="alarm")[0].text == "1 safety event still open"
    cells = {cell.attributes["data-name"]: cell.text for cell in hard.every("td") if "data-name" in cell.attributes}
    assert cells == {"Check-ins": "12 of 14", "Sessions": "5 of 6", "Mood": "4.5 (n 6)", "Craving": "6 (n 6)"}
    assert "(good news)" in quiet.text


def test_no_answer_is_a_dash_and_not_a_zero() -> None:
    (row,) = rows(render_caseload([new_patient()]))
    cells = [cell.text for cell in row.every("td") if "data-name" in cell.attributes]
    assert cells == ["–", "–", "–", "–"]
    assert "No check-in planned, and none given" in row.text


def test_the_head_says_the_week_the_count_and_how_it_is_sorted() -> None:
    page = read(render_caseload([hard_week(), quiet_week()], PREPARED))
    assert "Mon 9 Nov – Sun 15 Nov 2026 · 2026-W46 · 2 patients; 1 of 2 with a reason to look" in page.one("header").text
    assert "prepared Mon 16 Nov 06:00 EST" in page.one("header").text
    assert "There is no score." in page.text
    assert "42 CFR part 2 prohibits" in page.one("footer").text
    assert "Words pending clinical review" in page.one("footer").text


def test_a_clinic_without_patients_gets_a_page_that_says_so() -> None:
    page = read(render_caseload([]))
    assert "No patients in this week." in page.text
    assert not page.every("table")


def test_two_weeks_are_not_mixed() -> None:
    other = replace(quiet_week(), monday=MONDAY - timedelta(days=7))
    with pytest.raises(ValueError, match="one week"):
        render_caseload([hard_week(), other])


def test_names_stay_text_and_links_stay_in_the_folder() -> None:
    page = read(render_caseload([odd_week(), replace(hard_week(), name=ATTACK)]))
    assert not page.every("script")
    assert not page.every("img")
    assert {link.attributes["href"] for link in page.every("a")} == {"0421.html", "0417.html"}
    assert not [element for element in page.every() if "style" in element.attributes or "src" in element.attributes]
