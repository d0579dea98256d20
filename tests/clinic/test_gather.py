"""What is put into the database comes out on the page, and nothing else does."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from clinic import summary, table
from clinic.gather import NoClinic, NotShared, gather, program_week
from clinic.model import CheckIn, Line, UseDetail, Week
from clinic.page import render_week
from storage import audit, check_ins, journal, notes, people, skills
from storage.engine import open_engine
from storage.migrate import migrate
from storage.seal import Keyring, MasterKey
from storage.store import Store, Unit
from tests.clinic.made_up_weeks import ARABIC, ATTACK
from tests.clinic.page_reading import read, section
from tests.clinic.rows import BEGAN, MONDAY, NOW, SUNDAY, asked, at, open_store, patient, tell, week_of

DAY = [MONDAY + timedelta(days=n) for n in range(7)]
CANARY = "heron under the bridge"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def all_files(week: Week) -> str:
    """Everything that leaves the house about a week."""
    return render_week(week) + table.write_csv(table.rows(week)).decode()


def test_answers_come_out_as_they_were_given(store: Store) -> None:
    tell(store, DAY[0], {"mood": 3, "sleep_hours": "under_4", "sleep_quality": 2, "meds": "all"}, "morning", seconds=14)
    tell(store, DAY[0], {"mood": 5, "craving": 6, "craving_worst": 8, "trigger": ["argument", "money"], "stress": None, "use": "none"})
    tell(store, DAY[2], {"mood": 0, "craving": 2, "confidence": 9, "connection": "no"}, status="late")
    tell(store, DAY[2] - timedelta(days=7), {"mood": 9})
    tell(store, SUNDAY - timedelta(days=28), {"mood": 1})
    week = week_of(store)
    told = {(o.item, o.value, o.code, o.status) for o in week.observations if o.local_date == DAY[0]}
    assert ("craving_worst", 8, None, "complete") in told
    assert {("trigger", None, "argument", "complete"), ("trigger", None, "money", "complete"), ("stress", None, None, "complete")} <= told
    assert summary.shift(week, "mood").now == summary.Measure(2.5, 2), "of the latest of each day"
    assert summary.shift(week, "mood").before == summary.Measure(9.0, 1)
    assert min(o.local_date for o in week.observations) == DAY[2] - timedelta(days=7)
    assert week.last_check_in == at(DAY[2], "20:35")
    tree = read(render_week(week))
    rows = {row.one("th").text: [cell.text for cell in row.every("td")] for row in section(tree, "days").one("tbody").every("tr")}
    assert rows["Mood"] == ["5", "–", "0", "–", "–", "–", "–"]
    assert rows["Craving (worst)"][0] == "6 (8)"
    assert rows["Stress"] == ["–"] * 7
    tiles = {tile.one("dt").text: tile.text for tile in tree.one("dl").every("div")}
    assert "2.5 (was 9)" in tiles["Mood"]


def test_a_check_in_nobody_answered_is_a_gap_and_one_still_open_is_nothing(store: Store) -> None:
    for day in (SUNDAY, SUNDAY + timedelta(days=1)):
        with patient(store, at(day, "08:00")) as (u, who):
            check_ins.asked(u, who.id, "morning", day)
    with patient(store, at(DAY[1], "08:00")) as (u, who):
        check_ins.asked(u, who.id, "morning", DAY[1])
        check_ins.closed(u, who.id, "morning", DAY[1])
        check_ins.paused(u, who.id, "evening", DAY[1])
    missed, paused = CheckIn(DAY[1], "morning", "missed"), CheckIn(DAY[1], "evening", "paused")
    assert week_of(store, now=at(SUNDAY, "09:00")).check_ins == (missed, paused)
    week = week_of(store)
    assert week.check_ins == (missed, paused, CheckIn(SUNDAY, "morning", "missed"))
    assert week.observations == ()
    assert week.last_check_in is None
    assert summary.safety_state(week) == "silent"


def test_the_same_rating_throughout_and_too_fast_is_told_as_hurried(store: Store) -> None:
    same = {"mood": 5, "craving": 5, "stress": 5}
    for day, values, seconds in ((DAY[0], same, 4), (DAY[1], same, 40), (DAY[2], same | {"stress": 6}, 4)):
        tell(store, day, values, seconds=seconds)
    assert [each.straight_lined for each in week_of(store).check_ins] == [True, False, False]


def test_without_consent_nothing_is_made_and_nothing_is_opened(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with patient(store, NOW) as (u, who):
        people.revoke_consent(u, who.id, "weekly")
        journal.write(u, who, CANARY, shared=True)
    opened: list[int] = []
    real = Unit.open
    with patient(store, NOW) as (u, who):
        monkeypatch.setattr(Unit, "open", lambda self, key, *rest: opened.append(key) or real(self, key, *rest))
        assert gather(u, who, MONDAY, NOW) == NotShared("0001")
    assert who.key not in opened


def test_consent_counts_as_it_stands_now(store: Store) -> None:
    tell(store, DAY[0], {"mood": 4})
    with patient(store, at(DAY[3], "12:00")) as (u, who):
        people.revoke_consent(u, who.id, "weekly")
    assert asked(store) == NotShared("0001")
    with patient(store, at(SUNDAY, "12:00")) as (u, who):
        people.give_consent(u, who.id, "weekly", 1)
    assert summary.measure(week_of(store).observations, "mood", MONDAY, SUNDAY) == summary.Measure(4.0, 1)


def test_private_words_are_counted_and_appear_nowhere(store: Store) -> None:
    with patient(store, at(DAY[1], "21:00")) as (u, who):
        people.give_consent(u, who.id, "crisis_words", 1)
        journal.write(u, who, f"{CANARY} one")
        journal.write(u, who, f"{CANARY} two", source="check_in")
        journal.share(u, who, journal.write(u, who, f"{CANARY} three", shared=True), False)
        journal.replace(u, who, journal.write(u, who, f"{CANARY} four", shared=True), f"{CANARY} five")
        chat = people.chat_of(u, who.id)
        assert chat is not None
        journal.delete(u, who, chat, journal.write(u, who, f"{CANARY} six", shared=True))
        journal.write(u, who, "this one is for the team", shared=True)
    with patient(store, at(DAY[1], "21:00"), "0002") as (u, other):
        journal.write(u, other, f"{CANARY} seven", shared=True)
    week = week_of(store)
    assert week.shared == (Line(at(DAY[1], "21:00"), "this one is for the team"),)
    assert week.kept_private == 4
    assert CANARY not in all_files(week)
    assert "4 entries kept private" in read(render_week(week)).text


def test_an_entry_shared_after_its_week_is_told_when_it_was_shared(store: Store) -> None:
    with patient(store, at(DAY[6] - timedelta(days=7), "22:00")) as (u, who):
        same_week = journal.write(u, who, "shared on the same Sunday")
        later = journal.write(u, who, "shared days later")
    with patient(store, at(DAY[6] - timedelta(days=7), "23:59")) as (u, who):
        journal.share(u, who, same_week, True)
    with patient(store, at(DAY[4], "10:00")) as (u, who):
        journal.share(u, who, later, True)
    assert [line.text for line in week_of(store, MONDAY - timedelta(days=7)).shared] == ["shared on the same Sunday"]
    assert week_of(store).shared == (Line(at(DAY[4], "10:00"), "shared days later"),)


HOSTILE = [ATTACK, ARABIC, '=HYPERLINK("http://x")', "+1\r\n-2", "\t@SUM(A1)", 'a,b;"c"\nd', "{{ 7*7 }}{% raw %}", "</q></bdi>"]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_words_stay_words(store: Store, hostile: str) -> None:
    with patient(store, at(DAY[1], "21:00")) as (u, who):
        journal.write(u, who, hostile, shared=True)
        notes.add(u, who.id, "session", "other", hostile)
    week = week_of(store)
    tree = read(render_week(week))
    assert not tree.every("script")
    assert not tree.every("img")
    (quote,) = section(tree, "words").every("q")
    assert quote.text == " ".join(hostile.split())
    rows = list(csv.DictReader(io.StringIO(table.write_csv(table.rows(week)).decode(), newline="")))
    cells = [row["value"] for row in rows if row["item"] in ("shared_words", "note_for_staff")]
    assert cells == [table.guard(hostile)] * 2
    assert not any(cell.lstrip()[:1] in "=+-@" for row in rows for cell in row.values() if cell)


def test_skills_done_to_the_end_are_told_with_both_ratings(store: Store) -> None:
    when = at(DAY[2], "21:00")
    with patient(store, when) as (u, who):
        skills.save_use(u, who, "urge_surfing", "craving", 8, 5, "done", when)
        skills.save_use(u, who, "urge_surfing", "craving", 7, None, "stopped", when)
        skills.save_use(u, who, "a_card_of_old", "distress", 6, None, "done", when - timedelta(days=20))
        skills.save_use(u, who, "stop", "distress", 6, 1, "done", when - timedelta(days=35))
    found = week_of(store).skills
    assert [(use.card, use.before, use.after) for use in found] == [("a_card_of_old", 6, None), ("urge_surfing", 8, 5)]
    assert found[0].name == "A card of old"


def test_a_day_of_use_is_told_with_what_was_told_about_it(store: Store) -> None:
    tell(store, DAY[1], {"use": "yes", "use_safe": "safe", "use_what": ["alcohol", "cannabis"], "use_when": "yesterday"})
    tell(store, DAY[3], {"use": "yes", "use_safe": "safe", "use_what": None})
    tell(store, DAY[5], {"use": "yes"})
    assert week_of(store).use_details == (UseDetail(DAY[1], "Alcohol, Cannabis (the day before)"), UseDetail(DAY[3], None))


def test_a_patient_elsewhere_has_days_of_their_own(store: Store) -> None:
    """Sunday 23:00 in Honolulu is Monday in New York; it is still the patient's Sunday."""
    with patient(store, BEGAN) as (u, who):
        people.save_profile(u, who, {"zone": "Pacific/Honolulu"})
    late = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
    with patient(store, late) as (u, who):
        check_ins.save(u, who.id, "evening", SUNDAY, {"mood": 6}, "complete", late)
        journal.write(u, who, "from the other side", shared=True)
    week = week_of(store)
    assert summary.days(week.observations, week.check_ins, SUNDAY, 1)[0].mood == 6
    assert [line.text for line in week.shared] == ["from the other side"]


@pytest.mark.parametrize(
    ("start", "weeks", "monday", "expected"),
    [
        (date(2026, 11, 11), 8, MONDAY, (1, 8)),
        (date(2026, 9, 14), 8, MONDAY, (None, None)),
        (date(2026, 9, 21), 8, MONDAY, (8, 8)),
        (date(2026, 11, 16), 8, MONDAY, (None, None)),
        (None, 8, MONDAY, (None, None)),
        (date(2026, 11, 11), None, MONDAY, (None, None)),
    ],
)
def test_the_week_of_the_program_is_counted_from_one(
    start: date | None, weeks: int | None, monday: date, expected: tuple[int | None, int | None]
) -> None:
    assert program_week(start, weeks, monday) == expected


def test_gathering_alone_records_and_changes_nothing(store: Store) -> None:
    tell(store, DAY[0], {"mood": 4})
    with patient(store, NOW) as (u, who):
        before = audit.history(u, who.id)
    assert week_of(store) == week_of(store)
    with patient(store, NOW) as (u, who):
        assert audit.history(u, who.id) == before


def test_a_database_without_a_clinic_says_what_to_do(tmp_path: Path, store: Store) -> None:
    empty = Store(open_engine(f"sqlite:///{tmp_path / 'empty.db'}"), Keyring(MasterKey(b"x" * 32)))
    migrate(empty.engine)
    with patient(store, NOW) as (_, who):
        pass
    with empty.unit(NOW) as u, pytest.raises(NoClinic, match="between setup"):
        gather(u, who, MONDAY, NOW)
    empty.close()


@pytest.mark.parametrize(("zone", "day", "wall"), [("Europe/London", SUNDAY, "19:30"), ("America/Los_Angeles", MONDAY, "01:30")])
def test_a_skill_is_in_the_table_of_one_week_also_where_the_patients_day_is_another(store: Store, zone: str, day: date, wall: str) -> None:
    with patient(store, BEGAN) as (u, who):
        people.save_profile(u, who, {"zone": zone})
    with patient(store, at(day, wall)) as (u, who):
        skills.save_use(u, who, "urge_surfing", "craving", 8, 3, "done", u.now)
    weeks = [week_of(store, MONDAY + timedelta(days=n), NOW + timedelta(days=14)) for n in (-7, 0, 7)]
    told = [row for week in weeks for row in table.rows(week) if row.item == "skill_urge_surfing_before"]
    assert [row.value for row in told] == [8]


def test_many_check_ins_of_ones_own_are_counted_and_weigh_as_one_day(store: Store) -> None:
    for n in range(40):
        with patient(store, at(DAY[1], f"{6 + n // 4:02}:{n % 4 * 15:02}")) as (u, who):
            check_ins.save(u, who.id, "extra", DAY[1], {"craving": 9, "mood": 9, "stress": 9}, "complete", u.now, seconds=40)
    for n in (0, 2, 3):
        tell(store, DAY[n], {"craving": 1})
    week = week_of(store)
    count = summary.answered(week.check_ins, MONDAY, SUNDAY)
    assert (count.answered, count.extra, count.straight_lined) == (3, 40, 0)
    assert summary.shift(week, "craving").now == summary.Measure(1.0, 4)
    page = read(render_week(week)).text
    assert "40 more on their own" in page
    assert "43 craving answers" in page
    assert "Medians are of the latest answer of each day" in page


@pytest.mark.parametrize("told", ["journal", "private", "skill", "declined"])
def test_a_week_with_words_of_theirs_is_not_told_as_one_without_a_sign(store: Store, told: str) -> None:
    with patient(store, at(DAY[5], "20:00")) as (u, who):
        check_ins.asked(u, who.id, "evening", DAY[5])
        if told in ("journal", "private"):
            journal.write(u, who, "a good day with my sister", shared=told == "journal")
        elif told == "skill":
            skills.save_use(u, who, "urge_surfing", "craving", 7, 3, "done", u.now)
        else:
            check_ins.declined(u, who.id, "evening", DAY[5])
    safety = section(read(render_week(week_of(store))), "safety").text
    assert "No safety events recorded, and no check-in answered this week" in safety
    assert "Silence does not mean safe" in safety
