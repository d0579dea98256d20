"""The made-up clinic of the demo: twelve different stories, honest in every table, and nothing of them in the future."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from clinic import export, reasons, summary
from clinic.gather import gather
from clinic.model import Week
from clinic.weeks import last_complete_week, name_of
from content import library
from demo import cohort
from storage import audit, check_ins, clinic, escalations, notes, outbox, people
from storage.engine import open_engine
from storage.migrate import migrate
from storage.seal import Keyring, MasterKey
from storage.store import Store, table
from storage.tables import Attendance, CheckIn, Due, Entry, Observation, SkillUse
from storage.wall import instant

ZONE = "America/New_York"
FRIDAY = instant(date(2026, 11, 20), "18:50", ZONE)
CODES = [f"01{n:02d}" for n in range(1, 13)]
THIS_WEEK, LAST_WEEK = date(2026, 11, 16), date(2026, 11, 9)


@dataclass(frozen=True)
class Built:
    store: Store
    now: datetime

    def week(self, code: str, monday: date) -> Week:
        with self.store.unit(self.now) as u:
            who = people.person_by_code(u, code)
            assert who is not None
            found = gather(u, who, monday, self.now)
        assert isinstance(found, Week)
        return found

    def codes(self, code: str, monday: date) -> set[str]:
        """Of the reasons to look."""
        return {reason.code for reason in reasons.reasons(self.week(code, monday))}


def build(folder: Path, now: datetime, seed: int) -> Built:
    store = Store(open_engine(f"sqlite:///{folder / 'cohort.db'}"), Keyring(MasterKey(b"a-key-for-tests-with-32-bytes-ok")))
    migrate(store.engine)
    with store.unit(now) as u:
        clinic.set_up(u, "Harbor Program", "555-0100", ZONE, "US", clinic.ALWAYS)
    cohort.build(store, now, seed)
    return Built(store, now)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    made = build(tmp_path_factory.mktemp("cohort"), FRIDAY, 7)
    yield made
    made.store.close()


def test_there_are_twelve_and_the_first_code_is_left_free(built: Built) -> None:
    with built.store.unit(FRIDAY) as u:
        found = people.people(u, "patient", "active")
        assert [who.code for who in found] == CODES
        assert len({who.name for who in found}) == 12
        assert people.person_by_code(u, "0001") is None
        assert [who.duty for who in people.people(u, "staff", "active")] == ["admin", "clinician"]
        holders = escalations.on_call(u)
    assert len(holders["primary"]) == len(holders["backup"]) == 1
    assert holders["primary"] != holders["backup"]


def test_six_weeks_of_pages_can_be_written(built: Built, tmp_path: Path) -> None:
    for back in range(6):
        week = name_of(last_complete_week(FRIDAY, ZoneInfo(ZONE)) - timedelta(days=7 * back))
        with built.store.unit(FRIDAY) as u:
            written = export.export(u, tmp_path, week, None, ("html", "csv"), FRIDAY)
        assert (written.not_shared, written.unreadable) == ((), ())
        assert written.patients >= (12 if back == 0 else 1)


def test_every_story_is_another(built: Built) -> None:
    better = summary.shift(built.week("0101", LAST_WEEK), "craving").now
    early = summary.measure(built.week("0101", date(2026, 10, 12)).observations, "craving", date(2026, 10, 12), date(2026, 10, 18))
    assert better and early and early.median - better.median >= 2
    assert {"craving_up", "mood_down"} <= built.codes("0102", THIS_WEEK)
    assert any(line.text for line in built.week("0102", LAST_WEEK).notes)
    assert {session.barrier for session in summary.sessions_of(built.week("0102", LAST_WEEK))} >= {"transport"}
    assert "straight_lined" in built.codes("0103", LAST_WEEK)
    silent = built.week("0104", LAST_WEEK)
    assert (silent.last_check_in, silent.observations) == (None, ())
    assert summary.attendance(summary.sessions_of(silent)).attended >= 3
    assert "use" in built.codes("0105", THIS_WEEK)
    assert built.week("0105", THIS_WEEK).use_details[0].words == "Alcohol (that day)"
    assert {"silent_week", "missed"} <= built.codes("0107", LAST_WEEK)
    assert built.week("0107", LAST_WEEK).last_check_in is not None
    assert any(check_in.status == "paused" for check_in in built.week("0108", LAST_WEEK).check_ins)
    assert not any(o.local_date.weekday() > 4 for o in built.week("0109", LAST_WEEK).observations if o.local_date >= date(2026, 11, 14))
    assert built.week("0110", LAST_WEEK).program_week == 1
    assert built.codes("0112", LAST_WEEK) <= {"use_private", "mood_up", "craving_down", "stress_down", "unmarked"}


def test_the_alert_of_two_weeks_ago_was_answered_and_closed(built: Built) -> None:
    (event,) = built.week("0106", date(2026, 11, 2)).risk
    steps = [event.at, event.paged_at, event.acknowledged_at, event.contacted_at, event.closed_at]
    assert steps == sorted(at for at in steps if at)
    assert event.acknowledged_by == cohort.STAFF[0][0]
    assert event.outcome and not event.open
    assert built.week("0106", LAST_WEEK).risk == ()
    with built.store.unit(FRIDAY) as u:
        assert escalations.all_open(u) == []


def test_a_worry_of_this_week_was_seen_by_a_named_person(built: Built) -> None:
    (event,) = built.week("0111", THIS_WEEK).risk
    assert (event.level, event.asked, event.acknowledged_by, event.open) == ("concern", "sometimes", cohort.STAFF[1][0], False)


def test_pages_hold_shared_lines_and_no_private_one(built: Built) -> None:
    shown = ""
    for code in CODES:
        with built.store.unit(FRIDAY) as u:
            shown += export.preview(u, code)
    told = [line for story in cohort.stories() for line in story["lines"]]
    assert len([line for line in told if line["shared"]]) >= 8
    assert not any(line["words"] in shown for line in told if not line["shared"])
    with built.store.unit(FRIDAY) as u:
        kept = u.run(select(func.count()).select_from(table(Entry)).where(table(Entry).c.shared_at.is_(None))).scalar_one()
    assert kept == len([line for line in told if not line["shared"]]) > 0


def test_what_is_told_does_not_contradict_itself(built: Built) -> None:
    """A shared line ends a whole check-in, and nobody uses skills in weeks in which nothing was heard of them."""
    with built.store.unit(FRIDAY) as u:
        for story in cohort.stories():
            who = people.person_by_code(u, story["code"])
            assert who is not None
            for ago in (line["ago"] for line in story["lines"] if line["shared"]):
                found = check_ins.on(u, who.id, FRIDAY.date() - timedelta(days=ago))
                assert [each.status for each in found if each.slot == "evening"] == ["complete"], (who.code, ago)
        aaliyah = people.person_by_code(u, "0107")
        assert aaliyah is not None
        used = u.run(select(func.max(table(SkillUse).c.at)).where(table(SkillUse).c.person_id == aaliyah.id)).scalar_one()
    assert FRIDAY - timedelta(days=27) < used < FRIDAY - timedelta(days=18)


def test_nothing_is_in_the_future_and_nothing_will_be_sent(built: Built) -> None:
    with built.store.unit(FRIDAY) as u:
        for column in (table(CheckIn).c.saved_at, table(Observation).c.at, table(SkillUse).c.at, table(Entry).c.written_at):
            assert u.run(select(func.max(column))).scalar_one() <= FRIDAY
        assert u.run(select(func.max(table(Attendance).c.answered_at))).scalar_one() <= FRIDAY
        assert u.run(select(func.count()).select_from(table(Due))).scalar_one() == 0
        assert outbox.waiting(u) == []
        assert notes.unseen(u) == []
        assert all(people.chat_of(u, who.id) is None for who in people.people(u, "patient"))
        assert all(audit.first_break(u, who.id) is None for who in people.people(u, "patient"))


def test_it_speaks_the_codes_of_the_real_check_in_and_cards() -> None:
    words = library.load("en")
    for story in cohort.stories():
        assert all(words.has(f"checkin.trigger.{each}") for each in story["triggers"])
        assert all(words.has(f"skills.{each[0]}.name") for each in story["skills"])
        assert all(words.has(f"checkin.use_what.{each}") for each in story.get("use", {}).get("what", []))


def test_the_same_seed_tells_the_same_and_another_seed_another(built: Built, tmp_path: Path) -> None:
    def weeks(made: Built) -> list[Week]:
        return [made.week(code, LAST_WEEK) for code in CODES]

    for seed, same in ((7, True), (8, False)):
        folder = tmp_path / str(seed)
        folder.mkdir()
        other = build(folder, FRIDAY, seed)
        assert (weeks(other) == weeks(built)) is same
        other.store.close()


@pytest.mark.parametrize("day", [date(2026, 11, 2), date(2027, 3, 14)])
def test_it_can_be_made_on_any_day(tmp_path: Path, day: date) -> None:
    """A Monday after the clocks went back, and the Sunday on which they go forward."""
    made = build(tmp_path, instant(day, "18:50", ZONE), 3)
    monday = day - timedelta(days=day.weekday() + 7)
    heard = [code for code in CODES if made.week(code, monday).observations]
    assert len(heard) >= 9
    assert "0104" not in heard
    made.store.close()


def test_a_database_without_a_clinic_is_refused(tmp_path: Path) -> None:
    store = Store(open_engine(f"sqlite:///{tmp_path / 'empty.db'}"), Keyring(MasterKey(b"x" * 32)))
    migrate(store.engine)
    with pytest.raises(LookupError, match="set up"):
        cohort.build(store, FRIDAY)
    store.close()


def test_the_evening_groups_go_on(built: Built) -> None:
    following = built.week("0101", THIS_WEEK).next_session
    assert following is not None
    assert (following.kind, following.starts_at) == ("group", instant(date(2026, 11, 23), "18:00", ZONE))
