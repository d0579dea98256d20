"""How well the screen hears, measured on our own made-up messages.

`tuned.jsonl` is what the rules were written against, `writers.jsonl` what 97 writers who saw none of it wrote for the second stage to learn
from. `aside.jsonl` (drawn by hash, blocks of the writers' messages among it), `blind.jsonl` and `plain.jsonl` (by five and six others;
nobody who writes rules reads them; the latter as patients naturally write) and `ordinary.jsonl` (what people without danger write in a
week) are never tuned on. All are made up, so none is proof for a clinic. Thresholds are a little under what was measured, which is short of
the bar in docs/screen.md; a change that loses ground fails here.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.screen import hear_all, heard
from safety.heard import Level
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


def level_of(text: str) -> Level:
    return heard(text).level


def score(corpus: list[dict[str, str]]) -> Score:
    hear_all(row["text"] for row in corpus)
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
        (
            "tuned",
            1,
            Score(flagged=0.955, flagged_life=0.965, imminent_flagged=0.985, imminent_high=0.965, false_flag=0.022, false_page=0.0055),
        ),
        (
            "writers",
            40,
            Score(flagged=0.875, flagged_life=0.86, imminent_flagged=0.93, imminent_high=0.85, false_flag=0.036, false_page=0.0095),
        ),
        (
            "aside",
            1,
            Score(flagged=0.825, flagged_life=0.822, imminent_flagged=0.865, imminent_high=0.79, false_flag=0.067, false_page=0.0225),
        ),
        (
            "blind",
            1,
            Score(flagged=0.935, flagged_life=0.943, imminent_flagged=0.968, imminent_high=0.922, false_flag=0.03, false_page=0.009),
        ),
        (
            "plain",
            1,
            Score(flagged=0.965, flagged_life=0.965, imminent_flagged=0.98, imminent_high=0.955, false_flag=0.037, false_page=0.01),
        ),
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
    assert [len(part) >= least for part, least in zip(parts, (6_000, 116_000, 11_500, 2_820, 3_540, 1_390), strict=True)] == [True] * 6


def test_every_level_and_both_languages_are_in_both_parts() -> None:
    for name in ("tuned", "aside"):
        seen = {(row["lang"], row["level"]) for row in rows(name)}
        assert seen == {(language, level.word) for language in ("en", "es") for level in Level}


@pytest.mark.parametrize(
    ("lead", "tail"),
    [
        ("this headache is killing me. ", ""),
        ("I laughed so hard I almost died. ", ""),
        ("I'm not suicidal today. But ", ""),
        ("in the film he dies. ", ""),
        ("", ". Anyway, group was fine and I had soup for lunch."),
    ],
)
def test_another_sentence_hides_hardly_any_page_of_a_rule_and_leaves_nearly_all_asked_about(lead: str, tail: str) -> None:
    paged = [row for row in rows("tuned", 6) if row["level"] in ("high", "imminent") and level_of(row["text"]) >= Level.HIGH]
    hear_all(lead + row["text"] + tail for row in paged)
    beside = [(by_rules(load_rules(), row["text"]).level >= Level.HIGH, level_of(lead + row["text"] + tail)) for row in paged]
    of_rules = [level for ruled, level in beside if ruled]
    assert sum(level < Level.HIGH for level in of_rules) <= 0.04 * len(of_rules)
    assert sum(level < Level.HIGH for _, level in beside) <= 0.14 * len(beside)
    assert sum(level is Level.NONE for _, level in beside) <= 0.03 * len(beside)


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


def test_in_an_ordinary_week_hardly_anybody_is_paged() -> None:
    hear_all(row["text"] for row in rows("ordinary"))
    levels = [level_of(row["text"]) for row in rows("ordinary")]
    assert sum(level >= Level.HIGH for level in levels) / len(levels) <= 0.003
    assert sum(level > Level.NONE for level in levels) / len(levels) <= 0.024
