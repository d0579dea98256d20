"""The export folder: what is in it, that it is written again only if changed, and what a wrong week, code or format answers."""

from __future__ import annotations

import csv
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clinic import export, table
from clinic.export import CannotWrite, ExportError, NotYet, UnknownFormat, UnknownPatient, UnknownWeek, Written
from clinic.gather import NoClinic
from storage import audit, check_ins, escalations, journal, notes, people, skills
from storage.engine import open_engine
from storage.migrate import migrate
from storage.seal import Keyring, MasterKey
from storage.store import Store
from storage.tables import Person
from tests.clinic.page_reading import read, section
from tests.clinic.rows import MONDAY, NOW, SUNDAY, at, open_store, patient, tell, week_of

WEEK = "2026-W46"
BOTH = ("html", "csv")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    tell(opened, MONDAY, {"mood": 4, "craving": 6, "connection": "yes"})
    tell(opened, MONDAY, {"mood": 7, "connection": "no"}, code="0002")
    yield opened
    opened.close()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def run(
    store: Store, out: Path, week: str | None = None, code: str | None = None, formats: tuple[str, ...] = BOTH, now: datetime = NOW
) -> Written:
    with store.unit(now) as u:
        return export.export(u, out, week, code, formats, now)


def names(written: Written) -> list[str]:
    return sorted(path.name for path in written.paths)


def reads(store: Store, code: str = "0001") -> int:
    """How often the audit says this patient was read for a page; the chain must hold."""
    with patient(store, NOW, code) as (u, who):
        assert audit.first_break(u, who.id) is None
        return sum(row.action == "weekly.read" and row.actor == "between" for row in audit.history(u, who.id))


def test_the_last_complete_week_of_everyone_is_written_for_its_owner_only(store: Store, out: Path) -> None:
    written = run(store, out)
    assert (written.week, written.patients, written.unchanged) == (WEEK, 2, 0)
    assert names(written) == ["0001.html", "0002.html", f"{WEEK}.csv", "caseload.html"]
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*")) == [
        ".between-pages", WEEK, f"{WEEK}/0001.html", f"{WEEK}/0002.html", f"{WEEK}/{WEEK}.csv", f"{WEEK}/caseload.html",
    ]  # fmt: skip
    assert {stat.S_IMODE(path.stat().st_mode) for path in written.paths} == {0o600}
    page = read((out / WEEK / "0001.html").read_text())
    assert "Robin" in page.one("h1").text
    assert "Check-ins" in page.text
    links = [a.attributes["href"] for a in read((out / WEEK / "caseload.html").read_text()).every("a")]
    assert sorted(links) == ["0001.html", "0002.html"]


def test_the_table_read_by_a_spreadsheet_holds_what_was_put_in(store: Store, out: Path) -> None:
    with patient(store, at(MONDAY, "21:00")) as (u, who):
        journal.write(u, who, '=cmd|"/c calc"!A1\r\nand "more", even', shared=True)
    run(store, out)
    with (out / WEEK / f"{WEEK}.csv").open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    assert tuple(found[0]) == table.HEADER
    moods = {row["patient_code"]: row["value"] for row in found if row["item"] == "mood"}
    assert moods == {"0001": "4", "0002": "7"}
    (words,) = (row for row in found if row["item"] == "shared_words")
    assert words["value"] == '\'=cmd|"/c calc"!A1\r\nand "more", even'
    expected = [row for code in ("0001", "0002") for row in table.rows(week_of(store, code=code))]
    assert [(row["patient_code"], row["item"]) for row in found] == [(row.patient_code, row.item) for row in expected]


def test_a_run_that_finds_nothing_new_writes_and_records_nothing(store: Store, out: Path) -> None:
    first = run(store, out)
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in first.paths}
    assert (reads(store), reads(store, "0002")) == (1, 1)
    again = run(store, out, now=NOW + timedelta(hours=5))
    assert (again.paths, again.unchanged) == ((), 4)
    assert {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in first.paths} == before
    assert (reads(store), reads(store, "0002")) == (1, 1)


def test_a_changed_answer_rewrites_that_page_and_the_table_only(store: Store, out: Path) -> None:
    run(store, out)
    tell(store, MONDAY, {"connection": "no"})
    assert names(run(store, out)) == ["0001.html", f"{WEEK}.csv"]
    assert (reads(store), reads(store, "0002")) == (2, 1)
    assert "no" in section(read((out / WEEK / "0001.html").read_text()), "days").text
    tell(store, MONDAY, {"mood": 0})
    assert names(run(store, out)) == ["0001.html", f"{WEEK}.csv", "caseload.html"]
    assert (reads(store), reads(store, "0002")) == (3, 1)


def test_a_page_that_was_lost_is_written_and_recorded_again(store: Store, out: Path) -> None:
    run(store, out)
    (out / WEEK / "0002.html").unlink()
    assert names(run(store, out)) == ["0002.html"]
    assert (reads(store), reads(store, "0002")) == (1, 2)


def test_a_second_folder_is_a_second_reading(store: Store, out: Path) -> None:
    run(store, out, formats=("csv",))
    run(store, out.with_name("other"), formats=("csv",))
    assert (reads(store), reads(store, "0002")) == (2, 2)


def test_what_was_written_before_a_crash_is_recorded_at_the_next_run(store: Store, out: Path) -> None:
    with store.unit(NOW) as u:
        export.export(u, out, None, None, BOTH, NOW)
        u.connection.rollback()
    assert (out / WEEK / "0001.html").exists()
    assert reads(store) == 0
    assert run(store, out).paths == ()
    assert reads(store) == 1


def test_one_patient_alone_leaves_the_files_about_all_as_they_are(store: Store, out: Path) -> None:
    assert names(run(store, out, code=" 0002 ")) == ["0002.csv", "0002.html"]
    assert (reads(store), reads(store, "0002")) == (0, 1)
    run(store, out)
    everyone = (out / WEEK / f"{WEEK}.csv").read_bytes()
    tell(store, MONDAY, {"mood": 1}, code="0002")
    assert names(run(store, out, code="0002")) == ["0002.csv", "0002.html"]
    assert (out / WEEK / f"{WEEK}.csv").read_bytes() == everyone
    assert b"0001" not in (out / WEEK / "0002.csv").read_bytes()


def test_who_does_not_share_is_counted_and_in_no_file(store: Store, out: Path) -> None:
    run(store, out)
    kept = (out / WEEK / "0001.html").read_bytes()
    with patient(store, NOW) as (u, who):
        people.revoke_consent(u, who.id, "weekly")
    written = run(store, out)
    assert (written.not_shared, written.patients) == (("0001",), 1)
    assert b"0001" not in (out / WEEK / f"{WEEK}.csv").read_bytes()
    assert "Robin" not in (out / WEEK / "caseload.html").read_text()
    assert (out / WEEK / "0001.html").read_bytes() == kept
    assert run(store, out.with_name("new"), code="0001") == Written(WEEK, not_shared=("0001",))
    assert not out.with_name("new").exists()
    assert reads(store) == 1


def test_one_unreadable_patient_does_not_keep_the_others_back(store: Store, out: Path) -> None:
    with patient(store, NOW) as (u, who):
        u.set(Person, who.id, name=b"\x01" + bytes(40))
    written = run(store, out)
    assert (written.unreadable, written.patients) == (("0001",), 1)
    assert (out / WEEK / "0002.html").exists()


def test_a_discharged_patient_has_a_page_for_the_week_they_were_there(store: Store, out: Path) -> None:
    with patient(store, at(SUNDAY, "10:00")) as (u, who):
        people.set_status(u, who.id, "discharged")
    assert "0001.html" in names(run(store, out))
    later = run(store, out, now=NOW + timedelta(days=7))
    assert (later.week, names(later)) == ("2026-W47", ["0002.html", "2026-W47.csv", "caseload.html"])


def test_the_running_week_can_be_asked_for_by_name(store: Store, out: Path) -> None:
    tell(store, MONDAY + timedelta(days=7), {"mood": 9})
    now = at(MONDAY + timedelta(days=8), "12:00")
    assert names(run(store, out, " 2026-w47 ", now=now)) == ["0001.html", "0002.html", "2026-W47.csv", "caseload.html"]
    assert run(store, out, now=now).week == WEEK


@pytest.mark.parametrize(
    ("week", "answer"),
    [
        ("last week", "2026-W46"),
        ("2025-W53", "2025 has weeks 01 to 52"),
        ("2026-W48", "has not begun yet. The last complete week is 2026-W46"),
    ],
)
def test_a_week_that_cannot_be_meant_is_answered_with_what_to_write(store: Store, out: Path, week: str, answer: str) -> None:
    with pytest.raises(UnknownWeek, match=answer):
        run(store, out, week)
    assert not out.exists()


@pytest.mark.parametrize("code", ["0417", "", "../0001", "S001", "0001.html", "%"])
def test_an_unknown_code_is_answered_with_what_to_do(store: Store, out: Path, code: str) -> None:
    with pytest.raises(UnknownPatient, match="--patient"):
        run(store, out, code=code)
    assert not out.exists()


@pytest.mark.parametrize(
    ("formats", "fault", "answer"),
    [
        (("html", "docx"), UnknownFormat, "'docx' is not a format. Use html and csv"),
        ((), UnknownFormat, "Use html, csv"),
        (("pdf",), NotYet, "pdf is not part of this version yet"),
        (("html", "PDF", "fhir"), NotYet, "pdf and fhir are not part of this version yet"),
    ],
)
def test_formats_of_another_version_or_none_are_refused(
    store: Store, out: Path, formats: tuple[str, ...], fault: type[ExportError], answer: str
) -> None:
    with pytest.raises(fault, match=answer):
        run(store, out, formats=formats)
    assert not out.exists()


def test_a_format_may_be_named_twice_and_in_capitals(store: Store, out: Path) -> None:
    assert names(run(store, out, formats=("CSV", " csv"))) == [f"{WEEK}.csv"]


def test_a_folder_that_does_not_take_files_is_named(store: Store, out: Path, tmp_path: Path) -> None:
    out.write_text("a file")
    with pytest.raises(CannotWrite, match="--out"):
        run(store, out)
    trap, elsewhere = tmp_path / "trap", tmp_path / "elsewhere"
    trap.mkdir()
    elsewhere.mkdir()
    (trap / WEEK).symlink_to(elsewhere)
    with pytest.raises(CannotWrite, match="leads out of the export folder"):
        run(store, trap)
    assert list(elsewhere.iterdir()) == []
    assert reads(store) == 0



@pytest.mark.parametrize("sign", ["skill", "private", "unanswered"])
def test_so_has_one_who_left_no_other_sign_in_it(store: Store, out: Path, sign: str) -> None:
    """A safety question that was left without an answer is the one thing a clinician must not miss."""
    with patient(store, at(SUNDAY + timedelta(days=1), "10:00")) as (u, who):
        if sign == "skill":
            skills.save_use(u, who, "urge_surfing", "craving", 7, 3, "done", u.now)
        elif sign == "private":
            journal.write(u, who, "for myself")
        else:
            notes.add(u, who.id, "concern", "skipped")
        people.set_status(u, who.id, "discharged")
    written = run(store, out, now=NOW + timedelta(days=7))
    assert (written.week, "0001.html" in names(written)) == ("2026-W47", True)


def test_a_database_without_a_clinic_says_what_to_do(tmp_path: Path, out: Path) -> None:
    empty = Store(open_engine(f"sqlite:///{tmp_path / 'empty.db'}"), Keyring(MasterKey(b"x" * 32)))
    migrate(empty.engine)
    for act in (lambda u: export.export(u, out, None, None, BOTH, NOW), lambda u: export.preview(u, None)):
        with empty.unit(NOW) as u, pytest.raises(NoClinic, match="between setup"):
            act(u)
    empty.close()


def test_the_monday_chore_writes_the_week_that_has_just_ended(store: Store, out: Path) -> None:
    with store.unit(NOW) as u:
        assert export.weekly(u, out) is None, "the folder's name is put down before the first file"
    assert [path.name for path in out.rglob("*") if path.is_file()] == [".between-pages"]
    with store.unit(NOW) as u:
        assert export.weekly(u, out) == 4
    with store.unit(NOW + timedelta(minutes=1)) as u:
        assert export.weekly(u, out) == 0
    assert sorted(path.name for path in out.iterdir()) == [".between-pages", WEEK]


@pytest.mark.parametrize(
    ("now", "week"),
    [
        (datetime(2026, 11, 2, 4, 59, tzinfo=UTC), "2026-W43"),
        (datetime(2026, 11, 2, 5, 0, tzinfo=UTC), "2026-W44"),
        (datetime(2027, 3, 15, 3, 59, tzinfo=UTC), "2027-W09"),
        (datetime(2027, 3, 15, 4, 0, tzinfo=UTC), "2027-W10"),
        (datetime(2027, 1, 4, 12, 0, tzinfo=UTC), "2026-W53"),
    ],
)
def test_a_week_is_over_when_its_sunday_is_over_in_the_clinic(store: Store, out: Path, now: datetime, week: str) -> None:
    assert run(store, out, now=now).week == week


def test_rows_deleted_behind_the_page_are_gaps_again(store: Store, out: Path) -> None:
    run(store, out)
    with patient(store, NOW) as (u, who):
        u.run(check_ins.OBSERVATIONS.delete().where(check_ins.OBSERVATIONS.c.person_id == who.id))
    run(store, out)
    cells = section(read((out / WEEK / "0001.html").read_text()), "days").one("tbody").every("tr")[1].every("td")
    assert [cell.text for cell in cells] == ["–"] * 7


def test_an_event_nobody_closed_brings_a_patient_to_the_top(store: Store, out: Path) -> None:
    with patient(store, at(SUNDAY, "23:50"), "0002") as (u, who):
        chat = people.chat_of(u, who.id)
        assert chat is not None
        row = escalations.add(u, who.id, chat.id, "imminent", "suicide", ((0, "primary", "page.new"),))
        escalations.note(u, row.id, "opened", code="sos")
    run(store, out)
    links = [a.attributes["href"] for a in read((out / WEEK / "caseload.html").read_text()).every("a")]
    assert links == ["0002.html", "0001.html"]
    assert "Safety: 1 event still open" in (out / WEEK / "0002.html").read_text()


def test_who_was_not_there_yet_is_in_no_early_week(store: Store, out: Path) -> None:
    with store.unit(NOW) as u:
        new = people.add_person(u, "patient", "Kim", "America/New_York", code="0003", program_start=MONDAY + timedelta(days=7))
        people.set_status(u, new, "active")
        people.give_consent(u, new, "weekly", 1)
    assert "0003.html" not in names(run(store, out))
    assert run(store, out, "2026-W30").patients == 0
    assert "No patients in this week" in (out / "2026-W30" / "caseload.html").read_text()
    assert "0003.html" in names(run(store, out, "2026-W47"))
