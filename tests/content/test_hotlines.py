"""A wrong number is worse than none: every row is checked, dated and typed, and what is unknown leads to the directory."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

import content.hotlines
from content.hotlines import default_lines, emergency_number, lines, load_registry, short, stale
from content.library import ContentError

CHECKED = date(2026, 11, 21)


def test_the_us_lines_are_there_best_first() -> None:
    assert lines("US")[0].number == "988"
    assert short("US") == "call or text 988"
    ways = {line.id: line.way for purpose in ("suicide", "violence", "poison", "substance") for line in lines("us", purpose)}
    assert "1-800-222-1222" in ways["us-poison"]
    assert "1-800-799-7233" in ways["us-dv"]
    assert ways["us-crisis-text"] == "text HOME to 741741"
    assert ways["us-veterans"] == "call 988 and press 1, or text 838255"


def test_lines_that_ended_or_moved_are_gone() -> None:
    numbers = {row.number.replace(" ", "") for row in load_registry().hotlines}
    assert not any(row.press == "3" for row in load_registry().hotlines)
    assert not numbers & {"199284284", "1800-221-4444", "18002214444", "1393", "1-800-273-8255"}


@pytest.mark.parametrize("country", ["", "XX", "Atlantis", "ZZ"])
def test_an_unknown_country_gets_the_directory_and_no_emergency_number(country: str) -> None:
    assert lines(country) == default_lines()
    assert default_lines()[0].chat == "findahelpline.com"
    assert emergency_number(country) is None


def test_a_line_nobody_could_confirm_is_not_shown() -> None:
    assert all(line.confidence != "low" for line in lines("US", "substance"))
    assert "us-never-use-alone" in [line.id for line in lines("US", "substance", confirmed=["us-never-use-alone"])]
    assert lines("JP") == default_lines()


def test_a_purpose_without_a_line_of_its_own_falls_back_to_the_countrys_line() -> None:
    assert "988" in short("CA", "violence")


def test_every_country_with_a_line_has_an_emergency_number() -> None:
    registry = load_registry()
    assert {row.country for row in registry.hotlines} - {"ZZ"} == set(registry.emergency)


def test_numbers_are_numbers_and_rows_are_complete() -> None:
    for row in load_registry().hotlines:
        assert re.fullmatch(r"[0-9*][0-9 \-]*|", row.number), row.id
        assert row.source
        assert row.review == "pending"
        assert row.way


def test_rows_go_stale_after_180_days() -> None:
    assert stale(CHECKED + timedelta(days=179)) == []
    assert len(stale(CHECKED + timedelta(days=180))) == len(load_registry().hotlines)


def test_what_the_clinic_checked_itself_is_fresh_again() -> None:
    later = CHECKED + timedelta(days=200)
    (line,) = stale(later, lines("CL"))
    assert stale(later, [line], {line.id: later - timedelta(days=179)}) == []
    assert stale(later, [line], {line.id: later - timedelta(days=180)}) == [line]


META = '[meta]\nsource = "s"\nreview = "pending"\nchecked_on = 2026-11-21\nexpires_after_days = 180\n'
ROW = {
    "id": "a",
    "country": "ZZ",
    "name": "A",
    "language": "en",
    "hours": "24/7",
    "purpose": "suicide",
    "confidence": "high",
    "number": "1",
    "source": "s",
}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"purpose": "magic"}, "purpose"),
        ({"source": ""}, "source"),
        ({"number": ""}, "number, text or chat"),
        ({"country": "us"}, "country"),
        ({"country": "US"}, "ZZ"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(change: dict[str, str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "hotlines.toml"
    file.write_text(META + "[[line]]\n" + "".join(f'{key} = "{value}"\n' for key, value in {**ROW, **change}.items()), encoding="utf-8")
    monkeypatch.setattr(content.hotlines, "FILE", file)
    with pytest.raises(ContentError, match=says):
        load_registry.__wrapped__()
