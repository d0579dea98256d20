from __future__ import annotations

import subprocess
import sys

import pytest

from clinic.tone import tone


def test_lines_without_known_words_are_left_out_not_neutral() -> None:
    heard = tone(["I feel great and happy", "شكراً", "the bus was at nine"])
    assert heard.polarity is not None
    assert heard.polarity > 0.3
    assert (heard.n, heard.of) == (1, 3)
    assert tone(["שלום"]).polarity is None
    assert tone([]).of == 0


def test_unpleasant_words_pull_the_tone_below_zero() -> None:
    heard = tone(["an awful, horrible, sad evening"])
    assert heard.polarity is not None
    assert heard.polarity < -0.3


@pytest.mark.parametrize("module", ["clinic.page", "clinic.caseload", "clinic.table"])
def test_the_word_list_is_loaded_only_when_a_line_is_scored(module: str) -> None:
    code = f"import sys, {module}; sys.exit('textblob' in sys.modules or 'nltk' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
