"""`between screen`: one line out per line in, in order, and plain words for what cannot be used."""

from __future__ import annotations

import json
from typing import Any

import pytest

from safety.lines import screen_lines


def outs(lines: list[str], jsonl: bool) -> list[dict[str, Any]]:
    return [json.loads(line.out) for line in screen_lines(lines, jsonl)]


def test_plain_lines_are_numbered_and_keep_their_order() -> None:
    rows = outs(["nice day\n", "I want to kill myself\n", "\n"], jsonl=False)
    assert [(row["id"], row["level"]) for row in rows] == [(1, "none"), (2, "high"), (3, "none")]


def test_a_finding_says_which_rule_where_and_why() -> None:
    text = "ok. I want to kill myself"
    (row,) = outs([json.dumps({"id": "m1", "text": text})], jsonl=True)
    assert row["id"] == "m1"
    finding = row["findings"][0]
    assert sorted(finding) == ["rule", "span", "why"]
    assert "kill myself" in text[finding["span"][0] : finding["span"][1]]


def test_recent_messages_are_read_with_the_text() -> None:
    (row,) = outs([json.dumps({"id": 4, "text": "end it", "recent": ["I'm going to"]})], jsonl=True)
    assert row["level"] == "imminent"


def test_a_line_without_id_gets_its_number() -> None:
    assert outs(['{"text": "a"}', '{"text": "b"}'], jsonl=True)[1]["id"] == 2


@pytest.mark.parametrize(
    "bad",
    [
        "oops secretword",
        "",
        "[1]",
        '{"id": 1}',
        '{"id": 1, "text": 5}',
        '{"id": 1, "text": "secretword", "recent": "no"}',
        '{"id": [], "text": "secretword"}',
        "[" * 100_000,
    ],
)
def test_a_bad_line_gets_an_error_that_repeats_nothing_and_the_rest_go_on(bad: str) -> None:
    lines = list(screen_lines([bad, '{"id": "next", "text": "I want to die"}'], jsonl=True))
    assert [line.ok for line in lines] == [False, True]
    error = json.loads(lines[0].out)
    assert [error.get("id"), *error] == ([1, "id", "error"] if bad.startswith('{"id": 1') else [None, "error"])
    assert "Line 1" in error["error"]
    assert "secretword" not in error["error"]
    assert json.loads(lines[1].out)["level"] == "high"


def test_lines_come_out_as_they_come_in() -> None:
    def endless() -> Any:
        yield "first"
        raise AssertionError("read ahead")

    assert json.loads(next(screen_lines(endless(), jsonl=False)).out)["id"] == 1
