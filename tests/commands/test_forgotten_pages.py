"""`between forget-patient` and the weekly pages in folders that may not be there just then."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from bot import chores
from bot.chores import after_forgetting
from bot.clock import wall
from bot.commands.pages import weekly_chore
from clinic import export
from storage import due, erasing, notes, people
from tests.clinics import add_two_who_share
from tests.commands.between import Between


@pytest.fixture
def usb(between: Between) -> Path:
    """Two patients who share, and their pages in a folder that can be taken away."""
    with between.unit(wall() - timedelta(days=30)) as u:
        add_two_who_share(u)
    folder = between.folder / "usb"
    assert between("export", "--out", str(folder)).code == 0
    assert pages(folder, "0001")
    return folder


def pages(folder: Path, code: str) -> list[str]:
    return [path.name for path in folder.glob("*/*") if path.stem == code or code.encode() in path.read_bytes()]


def tried_again(between: Between) -> bool:
    with between.unit(wall() + timedelta(hours=1, minutes=1)) as u:
        assert [row.kind for row in due.ready(u, 10, chores=True, kinds=("forgotten",))]
        return after_forgetting(u)


@pytest.mark.parametrize("mount_point", ["none", "empty", "with_other_things"])
def test_pages_on_a_disk_that_is_not_there_are_missed_and_go_once_it_is(between: Between, usb: Path, mount_point: str) -> None:
    drawer = usb.rename(usb.with_name("drawer"))
    if mount_point != "none":
        usb.mkdir()
    if mount_point == "with_other_things":
        (usb / "lost+found").mkdir()
    ran = between("forget-patient", "0001", "--yes")
    assert ran.code == 1
    assert f"NOT DONE: The weekly pages in {usb} could not be reached." in ran.out
    assert "tried again every hour" in ran.out
    assert not tried_again(between)
    with between.unit() as u:
        assert [(row.kind, row.code) for row in notes.unseen(u)] == [("forgotten_outside", "1")], "staff are told once"
    assert pages(drawer, "0001")
    shutil.rmtree(usb, ignore_errors=True)
    drawer.rename(usb)
    assert tried_again(between)
    assert not pages(usb, "0001")
    assert pages(usb, "0002")


def test_a_folder_with_its_marker_and_without_pages_of_theirs_is_done(between: Between, usb: Path) -> None:
    for week in usb.glob("*-W*"):
        shutil.rmtree(week)
    assert between("forget-patient", "0001", "--yes").code == 0


def test_a_folder_of_before_the_markers_is_done_as_well(between: Between, usb: Path) -> None:
    (usb / ".between-pages").unlink()
    assert between("forget-patient", "0001", "--yes").code == 0
    assert not pages(usb, "0001")


def test_one_folder_out_of_reach_does_not_keep_another_back(between: Between, usb: Path) -> None:
    other = between.folder / "zip"
    assert between("export", "--out", str(other)).code == 0
    usb.rename(usb.with_name("drawer"))
    ran = between("forget-patient", "0001", "--yes")
    assert ran.code == 1 and str(usb) in ran.out and str(other) not in ran.out
    assert not pages(other, "0001")


def test_an_export_that_writes_nothing_leaves_no_folder_to_be_missed(between: Between, usb: Path) -> None:
    with between.unit() as u:
        sam = people.person_by_code(u, "0002")
        assert sam is not None
        people.revoke_consent(u, sam.id, "weekly")
    assert between("export", "--out", str(between.folder / "none"), "--patient", "0002").code == 0
    assert between("forget-patient", "0001", "--yes").code == 0


def test_a_folder_that_is_gone_for_good_is_settled_by_writing_into_it_again(between: Between, usb: Path) -> None:
    shutil.rmtree(usb)
    assert between("forget-patient", "0001", "--yes").code == 1
    assert between("export", "--out", str(usb)).code == 0
    assert tried_again(between)


def test_the_monday_pages_hide_no_disk_that_is_not_plugged_in(between: Between, usb: Path) -> None:
    drawer = usb.rename(usb.with_name("drawer"))
    usb.mkdir()
    with between.unit(wall() + timedelta(days=7)) as u, pytest.raises(export.CannotWrite):
        export.weekly(u, usb)
    assert list(usb.iterdir()) == []
    assert between("forget-patient", "0001", "--yes").code == 1
    assert pages(drawer, "0001")


def test_the_auditors_proof_waits_for_no_disk(between: Between, monkeypatch: pytest.MonkeyPatch) -> None:
    went: list[str] = []
    monkeypatch.setattr(chores, "after_forgetting", lambda _: went.append("disk"))
    with between.unit() as u:
        due.plan(u, erasing.CHORE, 0, "test:forgotten", u.now)
        due.plan(u, "audit", 0, "test:audit", u.now)
        assert chores.tick(u).more, "what is left is due at once"
    assert went == []
    with between.unit() as u:
        chores.tick(u)
    assert went == ["disk"]


def test_after_a_restore_the_monday_pages_are_begun_anew_and_other_folders_are_named(between: Between, usb: Path) -> None:
    weekly = weekly_chore(between.data / "weekly", between.data)
    for _ in range(2):
        with between.unit() as u:
            weekly(u)
    stick = between.folder / "stick"
    assert between("backup", "--out", str(stick)).code == 0
    shutil.copy(between.data / "master.key", between.folder)
    shutil.rmtree(between.data)
    between.data.mkdir(mode=0o700)
    shutil.copy(between.folder / "master.key", between.data)
    shutil.rmtree(usb)
    (made,) = stick.glob("*.backup")
    back = between("restore", str(made))
    assert (back.code, back.err) == (0, "")
    assert [line.split(",")[0] for line in back.lines if line.startswith("NOT THERE")] == [f"NOT THERE: {usb}"]
    assert f"WARNING weekly pages in {usb}: not there" in between("check").out
    with between.unit() as u:
        assert weekly(u)
    assert pages(between.data / "weekly", "0001")
    assert between("export", "--out", str(usb)).code == 0
    assert between("forget-patient", "0001", "--yes").code == 0
    shutil.rmtree(between.data / "weekly")
    with between.unit() as u:
        assert weekly(u), "also where it was taken away since"
