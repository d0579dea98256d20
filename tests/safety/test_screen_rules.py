"""The rules are reviewed data: every frame can be found, explained and traced, and a fault in the data says where it is."""

from __future__ import annotations

from pathlib import Path

import pytest

import safety.rules
from content.library import ContentError
from safety.heard import Level
from safety.pattern import Grammar, PatternError, Vocabulary
from safety.rules import load_rules
from safety.screen import screen


def grammar(**groups: str) -> Grammar:
    return Grammar(Vocabulary(frozenset({"not"})), groups, {}, {})


def test_every_frame_has_its_own_id_and_a_reason() -> None:
    frames = load_rules().frames
    assert len({frame.id for frame in frames}) == len(frames)
    assert all(frame.why for frame in frames)


def test_every_sign_a_rise_asks_for_is_given_by_a_frame() -> None:
    rules = load_rules()
    tags = {tag for frame in rules.frames for tag in frame.tags}
    for rise in rules.rises:
        assert all(slot <= tags for slot in rise.signs), rise.id
        assert not rise.unless or rise.unless in tags


def test_what_takes_a_rise_back_is_heard() -> None:
    assert screen("this is the last time, thank you for everything").level >= Level.HIGH
    assert screen("this is my last session, thank you for everything").level < Level.HIGH


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("(a b", "not closed"),
        ("a)", "Unexpected"),
        ("@nobody", "nobody"),
        ("don-t", "plain lowercase"),
        ("A", "plain lowercase"),
        ("@loop", "itself"),
    ],
)
def test_a_broken_pattern_is_named(pattern: str, says: str) -> None:
    with pytest.raises(PatternError, match=says):
        grammar(loop="@loop").piece(pattern)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ('[meta]\nreview = "pending"\n', "source"),
        ('[meta]\nsource = "x"\nreview = "perhaps"\n', "review"),
        ('[meta]\nsource = "x"\nreview = "pending"\n[[frame]]\nid = "a"\nlevel = "awful"\nwhy = "w"\nmatch = ["b"]\n', "AWFUL"),
        ('[meta]\nsource = "x"\nreview = "pending"\n[[frame]]\nid = "a"\nlevel = "high"\nwhy = "w"\nmatch = ["(b"]\n', "bracket"),
        ('[meta]\nsource = "x"\nreview = "pending"\n[[frame]]\nid = "a"\nlevel = "high"\nwhy = "w"\nmatch = ["b?"]\n', "must be there"),
        (
            '[meta]\nsource = "x"\nreview = "pending"\n[[frame]]\nid = "a"\nlevel = "high"\nwhy = "w"\nmatch = ["b"]\nidiom = "kepe"\n',
            "kepe",
        ),
        ('[meta]\nsource = "x"\nreview = "pending"\n[words]\nwant = "want"\n', "twice"),
    ],
)
def test_a_fault_in_the_data_says_what_it_is(row: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in safety.rules.FOLDER.glob("*.toml"):
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "zz.toml").write_text(row, encoding="utf-8")
    monkeypatch.setattr(safety.rules, "FOLDER", tmp_path)
    with pytest.raises(ContentError, match=says):
        load_rules.__wrapped__()
