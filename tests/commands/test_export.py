"""`between export` and `between sync`: the week into a folder, again only if changed; and what cannot be exported."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.clock import wall
from storage import people
from storage.wall import local
from tests.commands.between import Between

ZONE = "America/New_York"


def week_of(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


TODAY = local(wall(), ZONE).date()
LAST = week_of(TODAY - timedelta(days=7))


@pytest.fixture
def clinic(between: Between) -> Between:
    """Two patients; only the first shares a weekly page, since a month."""
    with between.unit(wall() - timedelta(days=30)) as u:
        for name, scopes in (("Robin", ("program", "weekly")), ("Sam", ("program",))):
            id = people.add_person(u, "patient", name, ZONE)
            people.set_status(u, id, "active")
            for scope in scopes:
                people.give_consent(u, id, scope, 1)
    return between


def files(folder: Path) -> dict[str, bytes]:
    """Pages and tables, without the marker of the folder."""
    pages = (path for path in sorted(folder.glob("*/*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in pages}


def test_by_default_the_last_complete_week_of_everybody_and_then_nothing_new(clinic: Between) -> None:
    pages = clinic.folder / "pages"
    ran = clinic.process("export", "--out", "pages")
    assert (ran.code, ran.err) == (0, "")
    assert sorted(files(pages)) == [f"{LAST}/{name}" for name in ("0001.html", f"{LAST}.csv", "caseload.html")]
    assert sorted(ran.lines[:3]) == sorted(str(Path("pages") / name) for name in files(pages))
    assert ran.lines[3:] == [f"{LAST}: 1 patient, 3 files written, 0 unchanged.", "Without consent to a weekly page: 0002."]
    before = {path: path.stat().st_mtime_ns for path in pages.rglob("*.*")}
    again = clinic("export", "--out", "pages")
    assert again.lines[0] == f"{LAST}: 1 patient, 0 files written, 3 unchanged."
    assert {path: path.stat().st_mtime_ns for path in pages.rglob("*.*")} == before


def test_one_patient_one_week_one_format(clinic: Between) -> None:
    week = week_of(TODAY - timedelta(days=14))
    assert clinic("export", "--out", "pages", "--week", week, "--patient", "0001", "--format", "csv").code == 0
    assert sorted(files(clinic.folder / "pages")) == [f"{week}/0001.csv"]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--week", "yesterday"), "'yesterday' is not a week. Write the year, a dash, W and the two-digit week"),
        (("--week", "2025-W53"), "2025 has weeks 01 to 52"),
        (("--week", ""), "is not a week"),
        (("--week", week_of(TODAY + timedelta(days=7))), f"has not begun yet. The last complete week is {LAST}."),
        (("--patient", "0042"), "No patient has this code. Check it, or leave --patient out"),
        (("--patient", "S001"), "No patient has this code."),
        (("--patient", ""), "No patient has this code."),
        (("--format", "docx"), "'docx' is not a format. Use html and csv"),
        (("--format", ""), "No format was named."),
        (("--format", "pdf"), "pdf is not part of this version yet. Use html and csv."),
        (("--format", "fhir"), "fhir is not part of this version yet."),
        (("--format", "html,csv,pdf,fhir"), "pdf and fhir are not part of this version yet."),
    ],
)
def test_what_cannot_be_exported_and_then_nothing_is_written(clinic: Between, args: tuple[str, ...], says: str) -> None:
    clinic("export", "--out", "pages", *args).refuses(says)
    assert not (clinic.folder / "pages").exists()


def test_a_folder_that_takes_nothing(clinic: Between) -> None:
    (clinic.folder / "pages").write_text("a file, no folder")
    clinic("export", "--out", "pages").refuses("pages does not take the files", "Name a folder you may write to with --out.")


def test_without_a_folder_it_names_the_option(clinic: Between) -> None:
    ran = clinic("export")
    assert (ran.code, ran.out) == (2, "")
    assert "--out" in ran.err


def test_without_a_clinic_it_says_to_set_it_up(empty: Between) -> None:
    empty("export", "--out", "pages").refuses("Run `between setup` first.")


def test_sync_is_still_to_come_and_says_what_to_do_until_then(clinic: Between) -> None:
    clinic("sync").refuses("`between sync` is not part of this version.", "`between export --out FOLDER`")
