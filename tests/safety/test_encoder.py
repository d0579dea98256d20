"""The small language model: how words are cut into pieces, that it reads any text at a bounded price, and that it tells danger."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from math import erf, sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import safety.encoder
from bench.screen import CORPUS
from content.library import ContentError
from safety.encoder import MOST_PIECES, UNKNOWN, Encoder, Pieces, Scores, load_encoder
from safety.heard import Level
from safety.learned import Worth
from safety.rules import load_rules
from safety.screen import LONGEST, screen
from safety.surroundings import Surroundings
from safety.weighing import MOST_READ

HELD_OUT = frozenset({"w11", "w14", "w33", "w48", "w52", "w62", "w74", "w76", "w94", "w95", "w98"})  # as in bench/train_encoder/lesson.py
PIECES = ("\u2581un", "happy", "\u2581unhappy", "\u2581", "h", "a", "p", "y")


@cache
def encoder() -> Encoder:
    return load_encoder()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The screen as it is when the encoder is asked."""
    rules = load_rules()
    some = Worth(tables=0.5, encoder=0.6)
    learned = replace(rules.learned, encoder=encoder(), of_danger=some, of_gravity=some)
    monkeypatch.setattr("safety.screen.load_rules", lambda: replace(rules, learned=learned))


@pytest.mark.parametrize(
    ("likely", "expected"),
    [((-1.0, -2.0, -2.5), ["\u2581unhappy"]), ((-1.0, -2.0, -3.5), ["\u2581un", "happy"])],
    ids=["whole", "in two"],
)
def test_a_word_falls_into_its_likeliest_pieces(likely: tuple[float, ...], expected: list[str]) -> None:
    pieces = Pieces.of(PIECES, (*likely, -9.0, -9.0, -9.0, -9.0, -9.0))
    assert [PIECES[row - UNKNOWN - 1] for row in pieces.rows_of("unhappy")] == expected


def test_a_letter_that_no_piece_has_is_unknown_and_the_others_are_not() -> None:
    pieces = Pieces.of(PIECES, (-1.0,) * len(PIECES))
    rows = pieces.rows_of("happy\u2603")
    assert rows.count(UNKNOWN) == 1 and len(rows) > 1


@given(st.text(max_size=300))
def test_any_text_can_be_read_and_reads_the_same_again(text: str) -> None:
    first = encoder().read(text)
    assert all(map(np.isfinite, first))
    assert encoder().read(text) == first


def test_how_likely_a_number_lies_below_is_worked_out_to_seven_digits() -> None:
    x = np.linspace(-6, 6, 2_001, dtype=np.float32)
    exact = np.array([each * (1 + erf(each / sqrt(2))) / 2 for each in x.tolist()])
    assert abs(safety.encoder._gelu(x) - exact).max() < 2e-6


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("pump", ["Nobody would notice if I was gone. ", "a", "k.i.l.l. ", "\u2603\u0301", "pills and vodka "], ids=repr)
def test_however_long_a_text_is_a_few_passages_of_it_are_read(pump: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def counted(self: Encoder, text: str) -> Scores:
        read.append(text)
        assert len(self.pieces.rows_of(text)[:MOST_PIECES]) <= MOST_PIECES
        return Scores(0.0, 0.0)

    monkeypatch.setattr(Encoder, "read", counted)
    screen((pump * LONGEST)[:LONGEST])
    assert len(read) <= MOST_READ
    assert read or "Nobody" not in pump


@pytest.mark.usefixtures("asked")
def test_of_few_words_it_may_only_say_that_they_are_harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Encoder, "read", lambda self, text: Scores(9.0, 9.0))
    assert screen("cannot sleep").level is Level.NONE
    assert screen("I am sitting here and cannot sleep").level is Level.HIGH


def test_all_of_a_text_lies_in_one_passage_or_another() -> None:
    text = "I went to group and it was fine. " * 60
    starts = Surroundings([(0, load_rules().speller.read(text))]).passages
    assert starts[0] == 0 and len(starts) > 3
    assert all(text[start - 1 : start] == " " for start in starts[1:])


def test_a_file_that_is_not_the_one_that_was_reviewed_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "screen").mkdir()
    (tmp_path / "screen" / "encoder.toml").write_text('[file]\nsha256 = "0"\n')
    monkeypatch.setattr(safety.encoder, "ROOT", tmp_path)
    with pytest.raises(ContentError, match="cannot be read"):
        load_encoder()
    (tmp_path / "screen" / "encoder.npz").write_bytes(b"something else")
    with pytest.raises(ContentError, match="not the file"):
        load_encoder()


def test_it_tells_danger_from_what_is_none_with_writers_it_did_not_learn_from() -> None:
    rows = [json.loads(line) for line in (CORPUS / "writers.jsonl").read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["by"] in HELD_OUT][::20]
    scores = np.array([encoder().read(row["text"]) for row in rows])
    for column, levels in ((0, ("concern", "high", "imminent")), (1, ("high", "imminent"))):
        yes = np.array([row["level"] in levels for row in rows])
        above = (scores[yes, column][:, None] > scores[~yes, column][None, :]).mean()
        assert above >= 0.93
