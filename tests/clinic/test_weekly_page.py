from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from clinic.model import CODED, HISTORY_DAYS, Instrument, Line, RiskEvent, SafetyAnswer, Week
from clinic.page import policy, reason_text, render_week
from clinic.phrases import Phrases
from clinic.reasons import ORDER, Reason
from content import library
from tests.clinic.made_up_weeks import (
    ARABIC,
    ATTACK,
    HEBREW,
    LONG,
    MONDAY,
    NEW_YORK,
    _,
    at,
    check_ins,
    coded,
    empty_week,
    hard_week,
    new_patient,
    odd_week,
    paused_week,
    quiet_week,
    rated,
    sessions,
)
from tests.clinic.page_reading import Element, read, section

WEEKS = [hard_week, quiet_week, empty_week, new_patient, odd_week, paused_week]
SUNDAY = MONDAY + timedelta(days=6)


def page(week: Week) -> Element:
    return read(render_week(week))


def tile(tree: Element, name: str) -> str:
    (found,) = (div.text for div in tree.one("dl", cls="tiles").every("div") if div.one("dt").text == name)
    return found.removeprefix(name).strip()


@pytest.mark.parametrize("week", WEEKS)
def test_the_order_is_who_then_safety_then_what_changed(week: Callable[[], Week]) -> None:
    tree = page(week())
    main = tree.one("main")
    parts = [child for child in main.children if isinstance(child, Element)]
    assert [part.tag for part in parts[:4]] == ["header", "section", "section", "dl"]
    assert [heading.attributes["id"] for heading in tree.every("h2")][:4] == ["safety", "changed", "trend", "attendance"]
    assert parts[-1].tag == "footer"
    assert parts[1].one("h2").text


@pytest.mark.parametrize("week", WEEKS)
def test_the_page_needs_nothing_from_outside_and_can_run_nothing(week: Callable[[], Week]) -> None:
    text = render_week(week())
    tree = read(text)
    assert not tree.every("script")
    assert not tree.every("link")
    assert not tree.every("img")
    for element in tree.every():
        assert not {name for name in element.attributes if name.startswith("on") or name in ("src", "href", "style")}
    style = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert len(style) == 1
    assert "url(" not in style[0]
    assert "@import" not in style[0]
    digest = base64.b64encode(sha256(style[0].encode()).digest()).decode()
    (header,) = (meta for meta in tree.every("meta") if meta.attributes.get("http-equiv") == "Content-Security-Policy")
    assert (
        header.attributes["content"] == policy() == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def test_a_hard_week_says_what_happened_when_and_who_answered() -> None:
    safety = section(page(hard_week()), "safety")
    assert safety.one("h2").text == "Safety: 2 events, 1 still open. Review today."
    first, second = (row.text for row in safety.one("tbody").every("tr"))
    assert first.startswith("Sun 15 Nov 23:47 EST Imminent, by the help button 23:47 Mon 00:09, A. Lindqvist · 22 min")
    assert "nobody answered the first round (Mon 00:02)" in first
    assert first.endswith("not yet STILL OPEN")
    assert second.startswith("Wed 11 Nov 21:40 EST High, from their own words; when asked: sometimes, no plan")
    assert "some nights I think they would all be better off" in second
    assert "21:40 21:58, J. Ortiz · 18 min 22:06 Spoke by phone; safety plan opened together · closed 22:31" in second
    assert "Last check-in Sun 15 Nov 20:04 EST" in safety.text
    assert "asked 2×: 1 no, 1 sometimes, no plan" in safety.text


def test_a_sentence_without_consent_is_not_on_the_page() -> None:
    week = hard_week()
    text = render_week(replace(week, risk=tuple(replace(event, words=None) for event in week.risk)))
    assert "better off" not in text


def test_an_event_that_reached_nobody_says_so() -> None:
    week = replace(quiet_week(), risk=(RiskEvent(at(SUNDAY, 21), "high", "text"),))
    due = section(page(week), "safety").one("tbody").every("b", cls="due")
    assert [bold.text for bold in due] == ["not paged", "not yet", "not yet", "STILL OPEN"]


def test_a_concern_waits_for_the_working_day_and_that_is_said() -> None:
    concern = RiskEvent(at(SUNDAY, 9), "concern", "text", asked="no", closed_at=at(SUNDAY, 9, 5))
    safety = section(page(replace(quiet_week(), risk=(concern,))), "safety")
    assert "1 event this week, closed" in safety.one("h2").text
    assert "not paged; in the staff inbox" in safety.text
    assert "no outcome noted · closed 09:05" in safety.text


def test_many_events_are_all_there() -> None:
    events = tuple(replace(hard_week().risk[0], at=at(MONDAY, hour), words=f"sentence {hour}") for hour in range(1, 13))
    safety = section(page(replace(hard_week(), risk=events)), "safety")
    assert [row.one("th").text for row in safety.one("tbody").every("tr")] == [f"Mon 9 Nov {hour:02}:00 EST" for hour in range(1, 13)]
    assert "12 events this week, all closed" in safety.text


@pytest.mark.parametrize(
    ("week", "headline", "told"),
    [
        (quiet_week, "No safety events this week; last check-in Sun 15 Nov 20:31 EST", "of the check-in not asked this week"),
        (empty_week, "No safety events recorded, and nothing heard this week", "Silence does not mean safe"),
        (new_patient, "No safety events recorded, and nothing heard this week", "No check-in so far"),
        (paused_week, "No safety events recorded, and nothing heard this week", "paused all week at the patient’s wish"),
    ],
)
def test_the_banner_is_never_blank_and_never_says_more_than_is_known(week: Callable[[], Week], headline: str, told: str) -> None:
    safety = section(page(week()), "safety")
    assert safety.one("h2").text == headline
    assert told in safety.text


def test_a_safety_question_left_open_is_no_quiet_week() -> None:
    week = replace(quiet_week(), safety_answers=(SafetyAnswer(at(SUNDAY, 20), "skipped"),))
    safety = section(page(week), "safety")
    assert "left without an answer once" in safety.one("h2").text
    assert safety.has("cls", "skipped")
    assert "asked 1×: 1 left without an answer" in safety.text


def test_the_figures_of_a_hard_week() -> None:
    tree = page(hard_week())
    assert tile(tree, "Attendance") == "5 of 6 sessions 1 missed (Thu); 1 not marked yet; 12.8 of 15.8 h"
    assert tile(tree, "Check-ins") == "12 of 14 on 6 of 7 days; 1 partial; 1 late"
    assert tile(tree, "Use reported") == "1 day Fri; 6 of 7 days answered; rather not say: 1"
    assert tile(tree, "Craving") == "6 (was 4) median of days, n = 6; before n = 7"
    assert tile(tree, "Mood") == "4.5 (was 5) median of days, n = 6; before n = 7"
    assert tile(tree, "Medicines") == "5 of 6 days all taken; self-report"
    changed = [item.text for item in section(tree, "changed").every("li")]
    assert changed[:3] == [
        "Use reported on 1 day (Fri); 6 days answered",
        "Craving up 2: median 4 → 6 (n = 7 → 6)",
        "1 of 6 sessions missed (Thu)",
    ]


def test_every_answer_of_the_week_stands_in_the_day_table_and_gaps_stay_gaps() -> None:
    table = page(hard_week()).one("table", cls="days")
    rows = {row.one("th").text: [cell.text for cell in row.every("td")] for row in table.one("tbody").every("tr")}
    assert rows == {
        "Check-ins": ["2/2", "2/2", "2/2", "0/2", "2/2 late", "2/2", "2/2"],
        "Mood": ["5", "6", "2", "–", "3", "5", "4"],
        "Craving (worst)": ["3 (5)", "4 (6)", "8 (9)", "–", "9 (10)", "6 (7)", "6"],
        "Stress": ["5", "6", "8", "–", "8", "7", "5"],
        "Confidence": ["6", "6", "4", "–", "3", "4", "5"],
        "Sleep (rated)": ["6–8 h (7)", "4–6 h (5)", "4–6 h (4)", "–", "< 4 h (2)", "< 4 h (2)", "6–8 h (6)"],
        "Use": ["none", "none", "none", "–", "yes", "not said", "none"],
        "Support talk": ["yes", "no", "no", "–", "no", "yes", "yes"],
        "Medicines": ["all", "all", "all", "–", "some", "all", "all"],
    }


@pytest.mark.parametrize("week", [empty_week, new_patient, paused_week])
def test_a_week_without_answers_has_no_zero_in_place_of_one(week: Callable[[], Week]) -> None:
    tree = page(week())
    for name in ("Use reported", "Craving", "Mood", "Medicines"):
        assert tile(tree, name).startswith("no answers")
    table = tree.one("table", cls="days").one("tbody")
    for row in table.every("tr")[1:]:
        assert {cell.text for cell in row.every("td")} == {"–"}
    assert "0 days" not in tree.one("dl").text


def test_nothing_marked_is_not_nothing_attended() -> None:
    tree = page(empty_week())
    assert tile(tree, "Attendance") == "not marked yet 4 not marked yet"
    assert tile(page(new_patient()), "Attendance") == "none planned"


def test_no_use_is_a_zero_only_with_answers_behind_it() -> None:
    assert tile(page(quiet_week()), "Use reported") == "0 days 7 of 7 days answered"
    only_private = replace(new_patient(), observations=tuple(coded("use", ["private", "private"])))
    assert tile(page(only_private), "Use reported").startswith("no answers")
    earlier = replace(new_patient(), observations=tuple(coded("use", ["yes", *[_] * 9, "none"])))
    assert tile(page(earlier), "Use reported") == "0 days 1 of 7 days answered; last told 5 Nov"


def test_the_chart_draws_each_answer_once_and_bridges_gaps_with_dots() -> None:
    week = replace(
        new_patient(), observations=tuple(rated("mood", [0, _, _, 10, 5])), check_ins=tuple(check_ins(["cc", "mm", "mm", "cc", "cc"]))
    )
    chart = page(week).one("svg", cls="ratings")
    points = [circle for circle in chart.every("circle") if circle.attributes["r"] == "3.4"]
    label = 1
    assert len(points) == 3 + label
    dotted = chart.one("path", cls="gap")
    assert dotted.attributes["d"].count("M") == 1
    assert "stroke-dasharray" in dotted.attributes
    described = chart.one("desc").text
    assert "Mood: 3 days answered, from 0 to 10, latest 5 on Sun 15 Nov." in described
    assert "Craving: no answers in these days." in described
    assert f"2 of {HISTORY_DAYS} days without a check-in that was planned." in described


def test_a_zero_and_a_missed_day_are_drawn_differently() -> None:
    zero = replace(new_patient(), observations=tuple(rated("mood", [0])), check_ins=tuple(check_ins(["cc"])))
    missed = replace(new_patient(), check_ins=tuple(check_ins(["mm"])))

    def drawn(week: Week) -> tuple[int, int]:
        chart = page(week).one("svg", cls="ratings")
        crosses = [line for line in chart.every("line") if line.attributes.get("stroke-width") == "1.8"]
        return len(chart.every("circle")), len(crosses)

    assert drawn(zero) == (2, 0)
    assert drawn(missed) == (1, 2)


def test_the_attendance_grid_is_read_out_too() -> None:
    tree = section(page(hard_week()), "attendance")
    spoken = [mark.text for mark in tree.every("span", cls="spoken")]
    assert "Thu 12 Nov 18:00: missed" in spoken
    assert spoken.count("Sat 14 Nov 11:00: not marked") == 1
    assert "Thu 12 Nov 18:00 Process group: missed (transport)" in tree.text
    assert "4 weeks: 24 of 25 (96%), 61.8 of 64.8 h" in tree.text
    assert "Next: Mon 16 Nov 09:00, Skills group" in tree.text


def test_sessions_stand_on_the_clinics_day_when_they_end_after_midnight_utc() -> None:
    late = sessions("group", 6, 22, 60, ["attended"])
    tree = section(page(replace(new_patient(), sessions=tuple(late))), "attendance")
    cells = tree.one("tbody").every("td")
    assert [bool(cell.text) for cell in cells] == [False] * 6 + [True]


def test_skills_say_their_n_and_are_pale_below_three() -> None:
    rows = {row.one("span", cls="name").text: row for row in section(page(hard_week()), "skills").one("ul").every("li")[:-1]}
    assert rows["Urge surfing"].text == "Urge surfing 7.5 before, 4.5 after −3.0 n = 4"
    assert rows["5-4-3-2-1"].text.endswith("+0.3 n = 3")
    assert [name for name, row in rows.items() if row.has("cls", "pale")] == ["Cold water"]
    assert "n = 1, 1 unrated" in rows["Cold water"].text


def test_triggers_are_counted_with_what_they_rest_on() -> None:
    tree = section(page(hard_week()), "triggers")
    assert [(row.one("span", cls="name").text, row.one("b").text) for row in tree.every("li")] == [
        ("An argument", "4"),
        ("Being lonely", "3"),
        ("Poor sleep", "2"),
        ("Passing the old bar", "1"),
        ("Payday", "1"),
    ]
    assert "6 craving answers" in tree.text


@pytest.mark.parametrize("hostile", [ATTACK, "{{ 7*7 }}{% raw %}", "</section></main>", "<!--", "&lt;b&gt;", "\x00\x1b[31m", "\ud83d"])
def test_what_people_write_stays_text(hostile: str) -> None:
    line = (Line(at(MONDAY, 12), hostile),)
    hard = hard_week()
    event = replace(hard.risk[0], words=hostile, outcome=hostile, acknowledged_by=hostile)
    week = replace(
        hard,
        name=hostile,
        risk=(event,),
        shared=line,
        wants_to_talk=line,
        notes=line,
        shares=(hostile,),
        keeps=(hostile,),
        observations=(*hard.observations, *coded("trigger", [hostile])),
        skills=tuple(replace(use, name=hostile) for use in hard.skills),
        use_details=tuple(replace(detail, words=hostile) for detail in hard.use_details),
        sessions=tuple(replace(session, title=hostile) for session in hard.sessions),
    )
    plain, written = page(hard), page(week)
    tags = [
        element.tag
        for element in written.every()
        if element.tag not in ("li", "q", "circle", "rect", "line", "path", "text", "span", "b", "p")
    ]
    known = {element.tag for element in plain.every()}
    assert set(tags) <= known
    assert not written.every("script")
    assert not written.every("img")
    shown = " ".join("".join(c if c.isprintable() or c.isspace() else "\ufffd" for c in hostile).split())
    assert section(written, "words").one("q").text == shown
    assert "49" not in section(written, "words").text
    render_week(week).encode("utf-8")


def test_words_run_in_their_own_direction_and_cannot_turn_the_page_around() -> None:
    tree = page(odd_week())
    quotes = [quote.one("bdi") for quote in section(tree, "words").every("q")]
    assert all(bdi.attributes["dir"] == "auto" for bdi in quotes)
    assert {ARABIC, HEBREW} <= {bdi.text for bdi in quotes}
    session = next(line.text for line in section(tree, "attendance").every("li") if "called off" in line.text)
    assert f"\u2068{HEBREW}\u2069: called off" in session


def test_very_long_words_are_cut_and_that_is_said() -> None:
    tree = page(replace(hard_week(), shared=(Line(at(MONDAY, 12), LONG),)))
    words = section(tree, "words")
    assert len(words.one("q").text) < 300
    assert "cut; whole text in the table" in words.text


def test_lines_left_out_are_counted() -> None:
    lines = tuple(Line(at(MONDAY, hour), f"line {hour}") for hour in range(8))
    words = section(page(replace(hard_week(), shared=lines, wants_to_talk=lines, notes=lines)), "words")
    assert [quote.text for quote in words.every("q")] == [f"line {hour}" for hour in range(3, 8)]
    assert "3 more in the table." in words.text


def test_private_entries_are_counted_and_only_counted() -> None:
    assert "6 entries kept private: counted, not shown." in page(hard_week()).text
    assert "1 entry kept private" in page(replace(hard_week(), kept_private=1)).text
    private = replace(hard_week(), use_details=tuple(replace(detail, words=None) for detail in hard_week().use_details))
    assert "Fri: detail kept private" in page(private).text


def test_the_tone_is_marked_as_nothing_but_a_tone_and_only_for_shared_words() -> None:
    tree = page(hard_week())
    tone = tree.one("p", cls="tone").text
    assert "n = 2 of 2 lines" in tone
    assert "nothing but a tone: no sign of risk or safety" in tone
    assert "−1 to +1" in tone
    assert not page(quiet_week()).every("p", cls="tone")


@pytest.mark.parametrize("words", ["I feel awful, horrible, terrible and miserable", "I feel great, wonderful and happy"])
def test_no_tone_changes_what_is_said_about_safety(words: str) -> None:
    quiet = quiet_week()
    toned = replace(quiet, shared=(Line(at(MONDAY, 12), words),))
    before, after = page(quiet), page(toned)
    for part in ("safety", "changed"):
        assert section(before, part).text == section(after, part).text
        assert "tone" not in section(after, part).text.lower()
    assert before.one("dl").text == after.one("dl").text


def test_times_are_the_clinics_with_their_zone_also_over_a_clock_change() -> None:
    monday = date(2026, 10, 26)
    event = RiskEvent(
        at(date(2026, 11, 1), 1, 30), "high", "text", paged_at=at(date(2026, 11, 1), 1, 31), acknowledged_at=at(date(2026, 11, 1), 2, 10)
    )
    week = replace(new_patient(), monday=monday, risk=(event,))
    tree = page(week)
    assert "times in EDT/EST" in tree.one("header").text
    row = section(tree, "safety").one("tbody").text
    assert row.startswith("Sun 1 Nov 01:30 EDT")
    assert "01:31 02:10 EST · 99 min" in row
    nameless = replace(week, zone=ZoneInfo("America/Sao_Paulo"))
    assert "UTC−03" in page(nameless).one("header").text


def test_the_foot_says_where_the_numbers_come_from_and_what_law_protects_them() -> None:
    foot = page(hard_week()).one("footer").text
    assert "Planned check-ins answered 12 of 14 (86%): 1 late, 1 partial." in foot
    assert "PHQ-9 and GAD-7 not asked this week." in foot
    assert "42 CFR part 2 prohibits unauthorized use or disclosure of these records." in foot
    assert "Words pending clinical review" in foot
    assert "Seen by" in foot
    source = library.load("en").item("weekly.part2").source
    assert "42 CFR 2.32(a)(2)" in source


def test_an_instrument_has_its_place() -> None:
    tree = page(replace(hard_week(), instruments=(Instrument("PHQ-9", at(MONDAY, 9), 12, 27),)))
    assert tile(tree, "PHQ-9") == "12 of 27 asked Mon 9 Nov"
    assert "not asked" not in tree.one("footer").text


def test_a_page_by_code_names_nobody() -> None:
    tree = page(replace(hard_week(), name=None))
    assert tree.one("h1").text == "Patient 0417 weekly summary"
    assert "R. M." not in tree.text


@pytest.mark.parametrize("code", ORDER)
@pytest.mark.parametrize("n", [1, 3])
def test_every_reason_has_words_for_its_numbers(code: str, n: int) -> None:
    say = Phrases(library.load("en"), NEW_YORK)
    slots = dict.fromkeys(("n", "of", "value", "now", "before", "by", "n_before", "of_before"), float(n))
    told = reason_text(Reason(code, slots, (MONDAY,)), say)
    assert told
    assert "{" not in told


@pytest.mark.parametrize("status", ["attended", "missed", "cancelled", "coming", "cant", "unknown"])
@pytest.mark.parametrize("kind", ["group", "individual", "family", "workshop"])
@pytest.mark.parametrize("barrier", [None, "transport", "work", "childcare", "feeling_bad", "used", "other", "a_new_one"])
def test_every_session_can_be_told(kind: Any, status: Any, barrier: str | None) -> None:
    held = replace(sessions(kind, 2, 9, 60, [status])[0], barrier=barrier)
    tree = section(page(replace(new_patient(), sessions=(held,))), "attendance")
    assert tree.one("tbody").one("th").text.lower() == kind
    assert len(tree.one("tbody").every("svg")) == 1
    assert ("a new one" in tree.text.lower()) == (barrier == "a_new_one")


@pytest.mark.parametrize("level", ["concern", "high", "imminent"])
@pytest.mark.parametrize("source", ["text", "button", "item"])
@pytest.mark.parametrize("asked", [None, "no", "sometimes", "yes", "skipped"])
def test_every_event_can_be_told(level: Any, source: Any, asked: Any) -> None:
    event = RiskEvent(at(SUNDAY, 21), level, source, asked=asked)
    row = section(page(replace(new_patient(), risk=(event,))), "safety").one("tbody").text
    assert level.capitalize() in row
    assert "STILL OPEN" in row


@pytest.mark.parametrize(("item", "code"), [(item, code) for item, codes in CODED.items() for code in codes])
def test_every_coded_answer_has_words(item: str, code: str) -> None:
    assert library.load("en").has(f"weekly.answer.{item}.{code}")


def test_the_same_week_gives_the_same_page() -> None:
    assert render_week(odd_week()) == render_week(odd_week())


def test_what_is_told_of_alerts_beyond_their_rows_makes_room_for_itself_on_the_sheet() -> None:
    hard = hard_week()
    again = tuple(replace(event, reopened_at=event.at) for event in hard.risk)
    told = [hard, replace(hard, settled=hard.risk), replace(hard, risk=again)]
    assert [page(week).one("html").attributes["class"] for week in told] == ["dense", "dense denser", "dense denser"]
