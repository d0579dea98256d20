"""The small language model: how words are cut into pieces, that it reads any text at a bounded price, and that it tells danger."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import erf, sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import safety.encoder
import safety.weighing
from bench.screen import CORPUS
from bench.train_screen.messages import HELD_OUT
from content.library import ContentError
from safety.encoder import UNKNOWN, Encoder, Pieces, Scores, load_encoder
from safety.heard import Level
from safety.rules import load_rules
from safety.screen import LONGEST, WINDOW, screen
from safety.weighing import MOST_HEARD, MOST_READ

PIECES = ("\u2581un", "happy", "\u2581unhappy", "\u2581", "h", "a", "p", "y")


def encoder() -> Encoder:
    return load_rules().learned.encoder


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


@settings(max_examples=50)
@given(st.text(max_size=300))
def test_any_text_can_be_read_and_reads_the_same_again(text: str) -> None:
    first = encoder().read([text])
    assert np.isfinite(first).all()
    assert encoder().read([text]) == first


@settings(max_examples=25)
@given(st.lists(st.text(max_size=60), max_size=5))
def test_a_text_reads_the_same_alone_and_beside_others(texts: list[str]) -> None:
    beside, alone = encoder().read(texts), [encoder().read([text])[0] for text in texts]
    assert np.allclose(beside, alone, atol=1e-3)


def test_how_likely_a_number_lies_below_is_worked_out_to_seven_digits() -> None:
    x = np.linspace(-6, 6, 2_001, dtype=np.float32)
    exact = np.array([each * (1 + erf(each / sqrt(2))) / 2 for each in x.tolist()])
    assert abs(safety.encoder._gelu(x) - exact).max() < 2e-6


@pytest.mark.parametrize("pump", ["I feel so low today. ", "a", "k.i.l.l. ", "\u2603\u0301", "pills and vodka "], ids=repr)
def test_however_long_a_text_is_a_few_stretches_of_it_are_read_side_by_side(pump: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    passes: list[int] = []

    def counted(self: Encoder, texts: Sequence[str]) -> list[Scores]:
        read.extend(texts)
        passes.extend([len(texts)] if texts else [])
        return [Scores(-9.0, -9.0)] * len(texts)

    monkeypatch.setattr(Encoder, "read", counted)
    screen((pump * LONGEST)[:LONGEST])
    assert len(read) <= MOST_HEARD + MOST_READ
    assert len(passes) <= 1
    assert max(map(len, read), default=0) <= WINDOW


def test_what_rules_hear_is_believed_where_enough_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Encoder, "read", lambda self, texts: [Scores(-9.0, -9.0)] * len(texts))
    said = "On Friday I will shoot him with the rifle."
    assert screen(said).level < Level.HIGH
    monkeypatch.setattr(safety.weighing, "MOST_HEARD", 0)
    assert screen(said).level >= Level.HIGH


def test_of_few_words_it_may_only_say_that_they_are_harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Encoder, "read", lambda self, texts: [Scores(9.0, 9.0)] * len(texts))
    assert screen("lying awake again").level is Level.NONE
    assert screen("I am sitting here and cannot sleep").level is Level.HIGH


@pytest.mark.parametrize(
    "typed",
    ["pqx ukhkyldm añocñb rrpñr hkñlmnsds zluizycqg", "kbyefdfp urrcbtd zñmyr nih hhcgqyq", "/start JXpuUw5Pia6iylNPRtgXPg"],
)
def test_what_falls_into_scraps_is_no_danger_to_it(typed: str) -> None:
    assert max(encoder().read([typed])[0]) <= 0.0
    assert screen(typed).level is Level.NONE


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
    rows = [row for row in rows if row["by"] in HELD_OUT][::40]
    scores = np.array([encoder().read([row["text"]])[0] for row in rows])
    for column, levels in ((0, ("concern", "high", "imminent")), (1, ("high", "imminent"))):
        yes = np.array([row["level"] in levels for row in rows])
        above = (scores[yes, column][:, None] > scores[~yes, column][None, :]).mean()
        assert above >= 0.93
