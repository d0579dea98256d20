from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.model import Line
from clinic.table import HEADER, Row, rows, write_csv
from tests.clinic.made_up_weeks import ARABIC, LONG, MONDAY, at, empty_week, hard_week, new_patient, odd_week, paused_week

ROW = Row("0417", "2026-11-09T12:00:00-05:00", "America/New_York", "shared_words", None, "patient", "shared")
HOSTILE = [
    "=1+1",
    '=HYPERLINK("http://example.invalid","x")',
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\x00=1+1",
    "\n=1+1",
    "   =1+1",
    "\u00a0=1+1",
    "\u200b=1+1",
    "\ufeff=1+1",
    "\u202e=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(A1)",
    "﹢1",
    "−1",
    "\tword",
    "=cmd|' /C calc'!A0",
]


def read_back(data: bytes) -> list[dict[str, str]]:
    text = data.decode("utf-8")
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    assert reader.fieldnames == list(HEADER)
    return list(reader)


def value(cell: int | float | str | None) -> str:
    (row,) = read_back(write_csv([replace(ROW, value=cell)]))
    return row["value"]


def test_the_columns_are_fixed() -> None:
    assert write_csv([]) == b"patient_code,ts,tz,item,value,source,status\r\n"


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_begins_like_a_formula(text: str) -> None:
    told = value(text)
    assert told.startswith("'")
    assert told[1:] == text.replace("\0", "\ufffd")


@pytest.mark.parametrize("text", ["fine", "1-2", "a=b", "'quoted", "", " spaced", "ok @ home", ARABIC, "💛", 'say "no", twice\r\nnext'])
def test_plain_words_stay_as_they_are(text: str) -> None:
    assert value(text) == text


def test_every_column_is_guarded_and_numbers_stay_numbers() -> None:
    evil = Row("=1", "+2", "-3", "@4", "=5", "patient", "\t6")
    (row,) = read_back(write_csv([evil]))
    assert [row[name] for name in HEADER] == ["'=1", "'+2", "'-3", "'@4", "'=5", "patient", "'\t6"]
    assert value(-3) == "-3"
    assert value(-0.5) == "-0.5"
    assert value(0) == "0"
    assert value(None) == ""


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_text_reads_back_and_is_never_live(text: str) -> None:
    told = value(text)
    assert told.removeprefix("'") == text.removeprefix("'").replace("\0", "\ufffd") or told[1:] == text.replace("\0", "\ufffd")
    assert not told.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))


def test_half_a_character_does_not_stop_the_table() -> None:
    assert value("a\ud83d") == "a?"


def test_a_hard_week_has_all_its_facts_safety_first() -> None:
    told = read_back(write_csv(rows(hard_week())))
    assert told[0]["item"] == "safety_event"
    assert (told[0]["value"], told[0]["status"], told[0]["ts"]) == ("high", "closed", "2026-11-11T21:40:00-05:00")
    assert {row["tz"] for row in told} == {"America/New_York"}
    assert {row["patient_code"] for row in told} == {"0417"}
    by = {(row["item"], row["ts"][:10]): row for row in told}
    assert by["mood", "2026-11-11"]["value"] == "2"
    assert by["use", "2026-11-13"]["value"] == "yes"
    assert by["safety_acknowledged", "2026-11-16"]["value"] == "A. Lindqvist"
    assert by["session_group", "2026-11-12"]["status"] == "missed"
    assert by["session_barrier", "2026-11-12"]["value"] == "transport"
    assert by["shared_words", "2026-11-11"]["source"] == "patient"
    assert by["skill_tip_after", "2026-11-12"] == {**by["skill_tip_after", "2026-11-12"], "value": "", "status": "unrated"}
    assert by["kept_private", "2026-11-09"]["value"] == "6"


def test_only_the_week_itself_is_in_the_table() -> None:
    for row in read_back(write_csv(rows(hard_week()))):
        day = datetime.fromisoformat(row["ts"]).date()
        assert MONDAY <= day <= MONDAY + timedelta(days=7)
        assert day <= MONDAY + timedelta(days=6) or row["item"].startswith("safety_")


def test_a_missed_check_in_is_a_row_without_a_value_never_a_zero() -> None:
    told = read_back(write_csv(rows(empty_week())))
    missed = [row for row in told if row["item"].startswith("check_in_")]
    assert len(missed) == 14
    assert {(row["value"], row["status"]) for row in missed} == {("", "missed")}
    assert not [row for row in told if row["item"] in ("mood", "craving", "use")]
    assert {row["status"] for row in read_back(write_csv(rows(paused_week()))) if row["item"].startswith("check_in_")} == {"paused"}


def test_a_patient_never_heard_from_has_only_the_private_count() -> None:
    assert [row["item"] for row in read_back(write_csv(rows(new_patient())))] == ["kept_private"]


def test_the_table_holds_the_words_the_page_cuts() -> None:
    week = replace(new_patient(), shared=(Line(at(MONDAY, 12), LONG),))
    assert [row["value"] for row in read_back(write_csv(rows(week))) if row["item"] == "shared_words"] == [LONG]


def test_private_details_are_not_in_the_table() -> None:
    week = hard_week()
    private = replace(
        week,
        use_details=tuple(replace(detail, words=None) for detail in week.use_details),
        risk=tuple(replace(event, words=None) for event in week.risk),
    )
    items = {row["item"] for row in read_back(write_csv(rows(private)))}
    assert "use_detail" not in items
    assert "safety_words" not in items


def test_a_week_of_odd_text_reads_back() -> None:
    told = read_back(write_csv(rows(odd_week())))
    assert "'=HYPERLINK(1)" in {row["value"] for row in told}
    assert ARABIC in {row["value"] for row in told}
