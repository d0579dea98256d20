"""How well the screen hears, measured on our own made-up messages.

`tuned.jsonl` is what the rules were written against, `writers.jsonl` what 65 writers who saw none of it wrote for the second stage to learn
from. `aside.jsonl` (drawn by hash, blocks of the writers' messages among it), `blind.jsonl` and `plain.jsonl` (by two and three others;
nobody who writes rules reads them; the latter as patients naturally write) and `ordinary.jsonl` (what people without danger write in a
week) are never tuned on. All are made up, so none is proof for a clinic. Thresholds are a little under what was measured, which is short of
the bar in docs/screen.md; a change that loses ground fails here.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cache
from math import sqrt
from pathlib import Path

import pytest

from safety.heard import Level
from safety.learned import features
from safety.rules import load_rules
from safety.screen import by_rules, screen

CORPUS = Path(__file__).parent / "corpus"
LIFE = {"ideation", "passive", "method", "plan", "means", "prep", "goodbye", "burden", "selfharm", "attempt"}


@dataclass(frozen=True)
class Score:
    """Counts over one corpus: dangerous messages by kind, and those that only look dangerous."""

    flagged: float
    flagged_life: float
    imminent_flagged: float
    imminent_high: float
    false_flag: float
    false_page: float


def rows(name: str, every: int = 1) -> list[dict[str, str]]:
    return [json.loads(line) for line in (CORPUS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()[::every]]


@cache
def level_of(text: str) -> Level:
    return screen(text).level


def score(corpus: list[dict[str, str]]) -> Score:
    count: Counter[str] = Counter()
    for row in corpus:
        wanted, level = Level[row["level"].upper()], level_of(row["text"])
        kind = "danger" if wanted > Level.NONE else "calm"
        count[kind] += 1
        count[f"{kind} flagged"] += level > Level.NONE
        count[f"{kind} paged"] += level >= Level.HIGH
        if kind == "danger" and row["category"] in LIFE:
            count["life"] += 1
            count["life flagged"] += level > Level.NONE
        if wanted is Level.IMMINENT:
            count["imminent"] += 1
            count["imminent flagged"] += level > Level.NONE
            count["imminent high"] += level >= Level.HIGH
    return Score(
        count["danger flagged"] / count["danger"],
        count["life flagged"] / count["life"],
        count["imminent flagged"] / count["imminent"],
        count["imminent high"] / count["imminent"],
        count["calm flagged"] / count["calm"],
        count["calm paged"] / count["calm"],
    )


@pytest.mark.parametrize(
    ("name", "every", "least"),
    [
        ("tuned", 1, Score(flagged=0.98, flagged_life=0.98, imminent_flagged=0.99, imminent_high=0.82, false_flag=0.025, false_page=0.019)),
        ("writers", 10, Score(flagged=0.95, flagged_life=0.94, imminent_flagged=0.95, imminent_high=0.3, false_flag=0.06, false_page=0.05)),
        ("aside", 1, Score(flagged=0.82, flagged_life=0.80, imminent_flagged=0.83, imminent_high=0.43, false_flag=0.125, false_page=0.027)),
        ("blind", 1, Score(flagged=0.90, flagged_life=0.91, imminent_flagged=0.96, imminent_high=0.61, false_flag=0.03, false_page=0.006)),
        ("plain", 1, Score(flagged=0.97, flagged_life=0.965, imminent_flagged=0.98, imminent_high=0.88, false_flag=0.08, false_page=0.023)),
    ],
)
def test_the_screen_hears_as_well_as_measured(name: str, every: int, least: Score) -> None:
    got = score(rows(name, every))
    assert got.flagged >= least.flagged
    assert got.flagged_life >= least.flagged_life
    assert got.imminent_flagged >= least.imminent_flagged
    assert got.imminent_high >= least.imminent_high
    assert got.false_flag <= least.false_flag
    assert got.false_page <= least.false_page


def test_spanish_is_heard_nearly_as_well_as_english() -> None:
    everything = rows("tuned") + rows("aside")
    english, spanish = (score([row for row in everything if row["lang"] == language]) for language in ("en", "es"))
    assert spanish.flagged >= english.flagged - 0.05


def test_the_parts_share_no_message() -> None:
    parts = [{row["text"].casefold() for row in rows(name)} for name in ("tuned", "writers", "aside", "blind", "plain", "ordinary")]
    assert len(set().union(*parts)) == sum(map(len, parts))
    assert [len(part) >= least for part, least in zip(parts, (6_000, 87_000, 9_900, 900, 1_600, 1_390), strict=True)] == [True] * 6


def test_every_level_and_both_languages_are_in_both_parts() -> None:
    for name in ("tuned", "aside"):
        seen = {(row["lang"], row["level"]) for row in rows(name)}
        assert seen == {(language, level.word) for language in ("en", "es") for level in Level}


@pytest.mark.parametrize(
    "lead", ["this headache is killing me. ", "I laughed so hard I almost died. ", "I'm not suicidal today. But ", "in the film he dies. "]
)
def test_an_idiom_or_a_denial_hides_no_other_sentence(lead: str) -> None:
    missed = [row["id"] for row in heard_high() if screen(lead + row["text"]).level < Level.HIGH]
    assert len(missed) <= 4, missed


def test_a_second_reading_of_the_same_words_in_a_longer_message_still_hears() -> None:
    tail = ". Anyway, group was fine and I had soup for lunch."
    missed = [row["id"] for row in heard_high() if screen(row["text"] + tail).level < Level.HIGH]
    assert len(missed) <= 5, missed


def heard_high() -> list[dict[str, str]]:
    """The training messages that page when they stand alone."""
    return [row for row in rows("tuned") if row["level"] in ("high", "imminent") and level_of(row["text"]) >= Level.HIGH]


def test_a_harmless_twin_is_told_from_its_dangerous_one() -> None:
    twins = [
        ("I'm holding all my meds in my hand trying to decide if I die today", "picked up my meds and put them in the weekly box"),
        ("I wrote letters to each of the kids for when I'm gone", "wrote letters to my kids for their birthdays"),
        ("he's kicking the bedroom door, I locked myself in", "my kid is tapping on the bathroom door, no privacy"),
        ("48 hours since my last drink and there are ants on the walls that aren't there", "48 hours since my last coffee, headache"),
        ("I'm going to walk into the lake tonight and never come back", "I'm going for a walk around the lake tonight"),
        ("me quiero morir", "me muero de ganas de verte"),
    ]
    for dangerous, harmless in twins:
        assert screen(dangerous).level >= Level.HIGH, dangerous
        assert screen(harmless).level is Level.NONE, harmless


@pytest.mark.parametrize(
    "text",
    [
        "I relapsed",
        "I'm about to drink",
        "recaí anoche",
        "I'm afraid of my husband",
        "I wish I was dead",
        "soy una carga para todos",
        "I hear voices",
    ],
)
def test_what_is_said_plainly_is_asked_about_however_short_it_is(text: str) -> None:
    assert screen(text).level is Level.CONCERN


def test_neither_a_long_harmless_message_before_it_nor_a_second_message_hides_what_is_said_plainly() -> None:
    long = "the kids had pancakes and we walked the dog by the lake and then my sister came over with soup and stayed for the evening "
    assert screen(f"{long * 2}. I relapsed").level is Level.CONCERN
    assert screen("go home to him", ["I'm afraid to"]).level is Level.CONCERN


def test_a_doubted_rule_is_left_out_where_the_second_stage_finds_the_message_plainly_harmless() -> None:
    rules = load_rules()
    harmless = [row["text"] for row in rows("writers", every=5) if row["level"] == "none"]
    both = [text for text in harmless if by_rules(rules, text).level is Level.CONCERN]
    left_out = [text for text in both if screen(text).level is Level.NONE]
    assert len(left_out) >= len(both) // 8
    firm = [finding.rule for text in left_out for finding in by_rules(rules, text).findings if finding.rule not in rules.learned.doubted]
    assert firm == []


def test_in_an_ordinary_week_hardly_anybody_is_paged() -> None:
    levels = [level_of(row["text"]) for row in rows("ordinary")]
    assert sum(level >= Level.HIGH for level in levels) / len(levels) <= 0.003
    assert sum(level > Level.NONE for level in levels) / len(levels) <= 0.042


def test_a_page_becomes_a_question_where_the_words_around_it_read_calm_and_never_less() -> None:
    outright = load_rules().learned.outright
    harmless = [row["text"] for row in rows("writers", every=5) if row["level"] == "none"]
    paged = {text: by_rules(load_rules(), text).findings for text in harmless if by_rules(load_rules(), text).level >= Level.HIGH}
    asked = [text for text in paged if level_of(text) is Level.CONCERN]
    assert len(asked) >= len(paged) // 2
    assert [text for text in paged if level_of(text) is Level.NONE] == []
    assert outright.isdisjoint(one.rule for text in asked for one in paged[text] if one.level >= Level.HIGH)
    assert all("asked about" in " ".join(one.why for one in screen(text).findings) for text in asked)


@pytest.mark.parametrize("said", ["I'm going to kill myself tonight", "I have the gun in my hand", "esta noche me voy a matar"])
def test_a_long_ordinary_day_around_it_makes_no_page_a_question(said: str) -> None:
    day = "the kids had pancakes and we walked the dog by the lake. My sister came over with soup and stayed for the evening. "
    assert screen(f"{day * 3}{said}. {day * 3}").level >= Level.HIGH


def test_what_a_word_weighs_is_kept_without_changing_what_a_message_weighs() -> None:
    learned = load_rules().learned
    words = ["i", "am", "so", "tired", "of", "qwzxv"]
    places = features(words, learned.classes)
    weighed = sum(learned.weights[place] for place in places) * learned.scale / sqrt(len(places)) + learned.bias
    assert [learned.score(words) == pytest.approx(weighed) for _ in range(2)] == [True, True]


def test_the_second_stage_asks_and_never_pages() -> None:
    seen = [screen(row["text"]) for row in rows("aside", every=5)]
    asked = [heard for heard in seen if any(finding.rule == "learned.similar" for finding in heard.findings)]
    assert asked
    assert all(heard.level is Level.CONCERN and len(heard.findings) == 1 for heard in asked)
