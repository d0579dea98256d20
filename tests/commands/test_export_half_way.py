"""An export that stops half-way: whose page is there was put down, and whoever is forgotten is looked for in that folder."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from bot import chores
from bot.clock import wall
from bot.commands.pages import weekly_chore
from storage import audit, due, notes, people, points
from tests.clinics import add_two_who_share
from tests.commands.between import Between


class Cut(BaseException):
    """The machine goes off here."""


@pytest.fixture
def clinic(between: Between) -> Between:
    """Two patients who share a weekly page, since a month."""
    with between.unit(wall() - timedelta(days=30)) as u:
        add_two_who_share(u)
    return between


@pytest.fixture
def pages(clinic: Between, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A disk that is full after the first page."""
    folder, real = clinic.folder / "pages", os.replace

    def full(source: str, target: Path) -> None:
        if Path(target).name == "0002.html":
            raise OSError(28, "No space left on device")
        real(source, target)

    monkeypatch.setattr("clinic.folder.os.replace", full)
    return folder


def read(between: Between, code: str) -> int:
    with between.unit() as u:
        who = people.person_by_code(u, code)
        assert who is not None
        return sum(row.action == "weekly.read" for row in audit.history(u, who.id))


def there(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*/*"))


def test_on_a_full_disk_the_pages_before_are_put_down_and_go_with_their_patient(clinic: Between, pages: Path) -> None:
    clinic("export", "--out", str(pages)).refuses("does not take the files", "1 of 4 files were written", "--out")
    assert there(pages) == ["0001.html"]
    assert (read(clinic, "0001"), read(clinic, "0002")) == (1, 0)
    assert clinic("forget-patient", "0001", "--yes").code == 0
    assert there(pages) == []


def test_the_monday_chore_on_a_full_disk_puts_down_the_same(clinic: Between, pages: Path) -> None:
    with clinic.unit() as u:
        due.plan(u, "weekly", 0, "weekly:made up", u.now)
    for _ in range(2):
        with clinic.unit() as u:
            chores.tick(u, weekly_chore(pages, clinic.data))
    with clinic.unit() as u:
        assert "weekly" in [row.kind for row in notes.unseen(u)], "staff are told"
    assert there(pages) == ["0001.html"]
    assert (read(clinic, "0001"), read(clinic, "0002")) == (1, 0)
    assert clinic("forget-patient", "0001", "--yes").code == 0
    assert there(pages) == []


@pytest.mark.parametrize("chore", [False, True])
def test_killed_after_the_first_page_its_folder_is_known(clinic: Between, monkeypatch: pytest.MonkeyPatch, chore: bool) -> None:
    pages = clinic.folder / "pages"

    def cut(name: str) -> None:
        if name == "page.after" and there(pages):
            raise Cut

    def write() -> None:
        for _ in range(2 if chore else 0):
            with clinic.unit() as u:
                chores.tick(u, weekly_chore(pages, clinic.data))
        clinic("export", "--out", str(pages))

    with clinic.unit() as u:
        due.plan(u, "weekly", 0, "weekly:made up", u.now)
    with monkeypatch.context() as broken:
        broken.setattr(points, "hook", cut)
        with pytest.raises(Cut):
            write()
    assert there(pages) == ["0001.html"]
    assert clinic("forget-patient", "0001", "--yes").code == 0
    assert there(pages) == []


def test_a_folder_that_takes_nothing_is_not_remembered(clinic: Between) -> None:
    (clinic.folder / "pages").write_text("a file, no folder")
    clinic("export", "--out", str(clinic.folder / "pages")).refuses("does not take the files", "--out")
    assert clinic("forget-patient", "0001", "--yes").code == 0


def test_the_monday_chore_goes_on_at_once_in_a_folder_it_has_never_written_to(clinic: Between) -> None:
    with clinic.unit() as u:
        due.plan(u, "weekly", 0, "weekly:made up", u.now)
    with clinic.unit() as u:
        assert chores.tick(u, weekly_chore(clinic.folder / "pages", clinic.data)).more
    with clinic.unit() as u:
        chores.tick(u, weekly_chore(clinic.folder / "pages", clinic.data))
        assert [row.kind for row in due.ready(u, 10, chores=True, kinds=("weekly",))] == []
    assert len(there(clinic.folder / "pages")) == 4
