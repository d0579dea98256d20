"""What the rules hear and how the words around it read, weighed together: what becomes a question, is dropped, pages by itself."""

from __future__ import annotations

import json
from functools import cache
from math import sqrt

import pytest

import bench.screen
from bench.screen import CORPUS
from bot import cards
from safety.heard import Heard, Level, Track
from safety.learned import Table, features
from safety.rules import load_rules
from safety.screen import Reading, by_rules, screen

ALONE = ("learned.grave", "es.learned.grave")
ONLY_ASKS = ("learned.similar", "es.learned.similar")


def rows(name: str, every: int) -> list[dict[str, str]]:
    return [json.loads(line) for line in (CORPUS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()[::every]]


@cache
def heard(name: str, every: int) -> list[tuple[dict[str, str], Reading, Heard]]:
    bench.screen.hear_all(row["text"] for row in rows(name, every))
    return [(row, by_rules(load_rules(), row["text"]), bench.screen.heard(row["text"])) for row in rows(name, every)]


def test_a_page_of_a_rule_becomes_a_question_or_nothing_where_the_words_around_it_read_so() -> None:
    outright = load_rules().learned.trust.outright
    paged = [(ours, got) for row, ours, got in heard("writers", 40) if row["level"] == "none" and ours.level >= Level.HIGH]
    less = [(ours, got) for ours, got in paged if got.level < Level.HIGH]
    assert len(less) >= len(paged) * 3 // 4
    assert outright.isdisjoint(one.rule for ours, _ in less for one in ours.findings if one.level >= Level.HIGH)
    left = [(one, {each.rule for each in ours.findings if each.level is Level.CONCERN}) for ours, got in less for one in got.findings]
    assert all("asked about" in one.why for one, asks in left if one.rule not in asks and one.rule not in ONLY_ASKS)


def test_a_page_of_a_rule_is_hardly_ever_nothing_where_there_is_danger() -> None:
    paged = [got.level for row, ours, got in heard("aside", 1) if row["level"] != "none" and ours.level >= Level.HIGH]
    assert sum(level is Level.NONE for level in paged) / len(paged) <= 0.03
    assert sum(level >= Level.HIGH for level in paged) / len(paged) >= 0.85


def test_a_question_of_a_rule_is_dropped_where_the_words_around_it_read_harmless_and_hardly_where_there_is_danger() -> None:
    asking = [(row, got) for row, ours, got in heard("aside", 1) if ours.level is Level.CONCERN]
    harmless = [got.level is Level.NONE for row, got in asking if row["level"] == "none"]
    danger = [got.level is Level.NONE for row, got in asking if row["level"] != "none"]
    assert sum(harmless) / len(harmless) >= 0.4
    assert sum(danger) / len(danger) <= 0.1


def test_even_a_page_of_a_rule_that_is_nearly_always_right_is_asked_about_where_all_around_it_reads_calm() -> None:
    firm = load_rules().learned.trust.firm
    by_firm = [(row, ours, got) for row, ours, got in heard("writers", 40) if ours.findings]
    paging = [(row, got) for row, ours, got in by_firm if firm.issuperset(each.rule for each in ours.findings)]
    harmless = [got.level < Level.HIGH for row, got in paging if row["level"] == "none"]
    danger = [got.level < Level.HIGH for row, got in paging if row["level"] in ("high", "imminent")]
    assert sum(harmless) / len(harmless) >= 0.3
    assert sum(danger) / len(danger) <= 0.03


def test_what_no_rule_knows_pages_where_it_reads_grave_and_is_danger() -> None:
    """On writers it did not learn from, who were asked for harmless messages as near to danger as they could write."""
    alone = [row for row, _, got in heard("aside", 1) if got.level >= Level.HIGH and got.findings[0].rule in ALONE]
    assert len(alone) >= 400
    assert sum(row["level"] != "none" for row in alone) / len(alone) >= 0.9


def test_what_a_rule_would_ask_about_pages_where_it_reads_grave_and_keeps_its_track() -> None:
    raised = [(ours, got) for _, ours, got in heard("aside", 1) if ours.level is Level.CONCERN and got.level is Level.HIGH]
    kept = [got for ours, got in raised if got.findings[0].rule == ours.findings[0].rule]
    assert len(kept) >= len(raised) * 0.8 > 0
    assert all("reads grave" in got.findings[0].why or "read grave" in got.findings[0].why for got in kept)
    assert any(got.track is not Track.UNKNOWN for got in kept)


def test_what_no_rule_knows_is_answered_in_the_language_it_was_written_in() -> None:
    alone = [(row["lang"], got.findings[0].rule) for row, ours, got in heard("aside", 1) if not ours.findings and got.findings]
    right = [cards.in_spanish(rule) == (language == "es") for language, rule in alone]
    assert len(right) >= 1_000
    assert sum(right) / len(right) >= 0.97


@pytest.mark.parametrize("said", ["I'm going to kill myself tonight", "I have the gun in my hand", "esta noche me voy a matar"])
def test_a_long_ordinary_day_around_it_makes_no_page_a_question(said: str) -> None:
    day = "the kids had pancakes and we walked the dog by the lake. My sister came over with soup and stayed for the evening. "
    assert screen(f"{day * 3}{said}. {day * 3}").level >= Level.HIGH


@pytest.mark.parametrize(
    "said",
    [
        "It was a hard day and I wish I was dead",
        "Long day at work and I relapsed",
        "We had dinner at my mom's and I hear voices again",
        "I lost my sobriety on Saturday",
        "perdí mi sobriedad el sábado",
        "I missed group because I was hungover",
        "oigo voces",
        "escucho voces otra vez",
        "my daughter says her uncle touches her",
        "I drove home drunk last night with my daughter in the back",
        "hoy voy a caer",
    ],
)
def test_a_calm_clause_beside_it_hides_no_plain_words(said: str) -> None:
    assert screen(said).level is Level.CONCERN


@pytest.mark.parametrize(
    "said",
    [
        "took my methadone this morning like always",
        "ya no quiero morirme, me siento mucho mejor",
        "I never had seizures when I detoxed, it went ok",
        "I quit smoking three weeks ago",
    ],
)
def test_a_medicine_taken_as_agreed_and_what_is_over_are_not_asked_about(said: str) -> None:
    assert screen(said).level is Level.NONE


def test_how_an_earlier_message_read_makes_no_page_of_a_question() -> None:
    assert screen("I relapsed", ["I have the gun in my hand and I said goodbye to everyone"]).level is Level.CONCERN


def test_what_is_weighed_once_is_what_each_run_weighs_by_itself() -> None:
    learned = load_rules().learned
    words = ["i", "am", "so", "tired", "of", "qwzxv", "and", "want", "to", "die"]

    def by_itself(table: Table, run: list[str]) -> float:
        places = features(run, learned.classes)
        return sum(table.weights[place] for place in places) * table.scale / sqrt(len(places)) + table.bias

    for weighed in (learned.weigh(words), learned.weigh(words)):  # the second time each word is known
        for first, last in ((0, 3), (0, 10), (2, 6), (7, 10), (5, 9)):
            assert weighed.danger(first, last) == pytest.approx(by_itself(learned.asking, words[first:last]))
            assert weighed.gravity(first, last) == pytest.approx(by_itself(learned.paging, words[first:last]))
