"""`between screen [--jsonl]`: one line out for each line in, at once and in order, with spans of the original text."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import pytest

from tests.commands.between import SCRIPT, WITHIN, Between

DANGER = "I want to kill myself"


@contextmanager
def screening(between: Between, *args: str) -> Iterator[tuple[IO[str], queue.Queue[str]]]:
    """Its input, held open, and the lines it writes as they come."""
    environment = {name: value for name, value in between.environment.items() if name != "PYTHONUNBUFFERED"}
    with subprocess.Popen(
        [SCRIPT, "screen", *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", env=environment
    ) as process:
        assert process.stdin is not None
        lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=lambda out: [lines.put(line) for line in out], args=(process.stdout,), daemon=True).start()
        try:
            yield process.stdin, lines
        finally:
            process.stdin.close()
            assert process.wait(WITHIN) == 0


@pytest.mark.parametrize("args", [("--jsonl",), ()])
def test_each_line_is_answered_before_the_next_is_written(between: Between, args: tuple[str, ...]) -> None:
    with screening(between, *args) as (stdin, lines):
        for number, text in enumerate((DANGER, "I had a good day", "no"), start=1):
            stdin.write((json.dumps({"id": number, "text": text}) if args else text) + "\n")
            stdin.flush()
            answer = json.loads(lines.get(timeout=WITHIN))
            assert answer["id"] == number
            assert lines.empty()


def answers(between: Between, *lines: str, code: int = 0) -> list[dict[str, Any]]:
    ran = between("screen", "--jsonl", stdin="".join(f"{line}\n" for line in lines))
    assert (ran.code, ran.err) == (code, "")
    return [json.loads(line) for line in ran.lines]


def test_one_answer_for_each_line_in_the_same_order(between: Between) -> None:
    texts = [DANGER if number % 3 == 0 else "I had a good day" for number in range(60)]
    found = answers(between, *(json.dumps({"id": f"m{number}", "text": text}) for number, text in enumerate(texts)))
    assert [one["id"] for one in found] == [f"m{number}" for number in range(60)]
    assert all(one.keys() == {"id", "level", "findings"} for one in found)
    assert {one["level"] for one in found} <= {"none", "concern", "high", "imminent"}
    assert [one["level"] in ("high", "imminent") for one in found] == [text == DANGER for text in texts]


@pytest.mark.parametrize("before", ["", "😀 ", "é\u0301\u200b ", "\U0001f469\u200d\U0001f469\u200d\U0001f467 ﬁne: "])
def test_spans_count_characters_of_the_text_as_it_was_given(between: Between, before: str) -> None:
    text = f"{before}{DANGER} 😀"
    (found,) = answers(between, json.dumps({"id": "1", "text": text}))
    spans = [one["span"] for one in found["findings"]]
    assert all(0 <= begin < end <= len(text) for begin, end in spans)
    assert any("kill myself" in text[begin:end] for begin, end in spans)
    assert all("😀" not in text[begin:end] for begin, end in spans)
    assert all(one.keys() == {"rule", "span", "why"} and one["rule"] and one["why"] for one in found["findings"])


@pytest.mark.parametrize(
    "bad", ["{", "", "[1]", "null", '{"id": "1"}', '{"id": [], "text": "x"}', '{"text": 5}', '{"text": "x", "recent": "y"}', "[" * 5000]
)
def test_a_line_that_is_no_message_costs_only_itself(between: Between, bad: str) -> None:
    good = json.dumps({"id": "a", "text": DANGER})
    first, second, third = answers(between, good, bad, good, code=1)
    assert first == third
    assert first["level"] in ("high", "imminent")
    assert second.get("id", "1") == "1"
    assert second["error"].startswith("Line 2: ")


@pytest.mark.parametrize("id", ["m7", 7])
def test_an_error_keeps_the_id_of_its_line(between: Between, id: str | int) -> None:
    found = answers(between, json.dumps({"id": id}), json.dumps({"id": id, "text": "x", "recent": "y"}), code=1)
    assert [(list(one), one["id"]) for one in found] == [(["id", "error"], id)] * 2


def test_the_error_says_what_to_write_and_repeats_nothing(between: Between) -> None:
    (found,) = answers(between, '{"text": ["my sister Maria"]}', code=1)
    assert '"text" is missing or not a string' in found["error"]
    assert "Maria" not in found["error"]


def test_bytes_that_are_no_text_and_line_ends_of_all_kinds(between: Between) -> None:
    ran = between("screen", stdin=f"good\r\n{DANGER}\rand more\nlast")
    found = [json.loads(line) for line in ran.lines]
    assert [one["id"] for one in found] == [1, 2, 3]
    assert found[1]["level"] in ("high", "imminent")


def test_plain_lines_are_numbered_and_need_no_clinic(empty: Between) -> None:
    ran = empty.process("screen", stdin=f"good evening\n\n{DANGER}\n")
    found = [json.loads(line) for line in ran.lines]
    assert (ran.code, [one["id"] for one in found]) == (0, [1, 2, 3])
    assert [one["level"] for one in found][:2] == ["none", "none"]
    assert not empty.data.exists()
