"""The rules are reviewed data: every frame can be found, explained and traced, and a fault in the data says where it is."""

from __future__ import annotations

from pathlib import Path

import pytest

import safety.rules
from content.library import ContentError
from safety.heard import Level
from safety.pattern import Grammar, PatternError, Vocabulary, compiled
from safety.rules import load_rules
from safety.screen import screen


def grammar(**groups: str) -> Grammar:
    return Grammar(Vocabulary(frozenset({"not"})), groups, {}, {})


def test_every_frame_and_rise_has_its_own_id_and_a_reason() -> None:
    rules = load_rules()
    both = [*rules.frames, *rules.rises]
    assert len({each.id for each in both}) == len(both)
    assert all(each.why for each in both)


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
    ("pattern", "words", "matches"),
    [
        ("jump(ed|ing)? off", ("jump", "off"), True),
        ("jump(ed|ing)? off", ("jumping", "off"), True),
        ("jump(ed|ing) off", ("jump", "off"), False),
        ("jump (ed|ing)? off", ("jumped", "off"), False),
    ],
)
def test_a_bracket_right_behind_a_word_holds_its_endings(pattern: str, words: tuple[str, ...], matches: bool) -> None:
    language = grammar()
    matcher = compiled([language.piece(pattern)])
    assert bool(matcher.search(language.vocabulary.encode(words))) is matches


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
        (
            '[meta]\nsource = "x"\nreview = "pending"\n[[rise]]\nid = "rise.done_and_under"\nlevel = "high"\n',
            "rise.done_and_under' is given twice",
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
