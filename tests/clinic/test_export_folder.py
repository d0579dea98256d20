from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from clinic.folder import FolderError, place, write_if_changed
from clinic.page import render_week
from tests.clinic.made_up_weeks import MONDAY, PREPARED, hard_week


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_lies_under_its_week_for_its_owner_only(tmp_path: Path) -> None:
    root = tmp_path / "out"
    path = place(root, MONDAY, "0417", ".html")
    assert path == root / "2026-W46" / "0417.html"
    assert write_if_changed(path, b"page")
    assert path.read_bytes() == b"page"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert root.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("code", ["", "..", "../0417", "a/b", "a\\b", ".hidden", "0417\n", "é", "a" * 41, "-0417", "a b", "\x00"])
def test_a_code_that_is_no_plain_name_is_refused(tmp_path: Path, code: str) -> None:
    with pytest.raises(FolderError, match="letters, digits"):
        place(tmp_path, MONDAY, code, ".html")
    assert names(tmp_path) == []


@pytest.mark.parametrize("suffix", ["", "html", "./../x", ".HTML", ".html/"])
def test_an_odd_ending_is_refused(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(FolderError, match="not a file ending"):
        place(tmp_path, MONDAY, "0417", suffix)


def test_a_week_folder_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    root = tmp_path / "out"
    root.mkdir()
    (root / "2026-W46").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FolderError, match="leads out"):
        place(root, MONDAY, "0417", ".html")


def test_what_has_not_changed_is_not_written_again(tmp_path: Path) -> None:
    path = place(tmp_path, MONDAY, "0417", ".html")
    page = render_week(hard_week()).encode()
    assert write_if_changed(path, page)
    before = path.stat()
    assert not write_if_changed(path, page)
    later = replace(hard_week(), prepared_at=PREPARED + timedelta(days=1))
    assert render_week(later) != render_week(hard_week())
    assert not write_if_changed(path, render_week(later).encode())
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_any_other_change_is_written(tmp_path: Path) -> None:
    path = place(tmp_path, MONDAY, "0417", ".html")
    write_if_changed(path, render_week(hard_week()).encode())
    changed = replace(hard_week(), kept_private=7, prepared_at=PREPARED + timedelta(days=1))
    assert write_if_changed(path, render_week(changed).encode())
    assert "7 entries kept private" in path.read_text(encoding="utf-8")
    assert "prepared Tue 17 Nov" in path.read_text(encoding="utf-8")


def test_words_of_a_patient_cannot_hide_a_change(tmp_path: Path) -> None:
    """Text that looks like the prepared time is escaped, so it counts like any other."""
    path = place(tmp_path, MONDAY, "0417", ".html")
    for name in ('<time class="prepared">a</time>', '<time class="prepared">b</time>'):
        assert write_if_changed(path, render_week(replace(hard_week(), name=name)).encode())


def test_a_file_others_could_read_is_written_anew(tmp_path: Path) -> None:
    path = place(tmp_path, MONDAY, "0417", ".csv")
    write_if_changed(path, b"rows")
    path.chmod(0o644)
    assert write_if_changed(path, b"rows")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_link_in_the_place_of_the_file_is_replaced_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_bytes(b"keep")
    path = place(tmp_path / "out", MONDAY, "0417", ".html")
    path.symlink_to(target)
    assert write_if_changed(path, b"page")
    assert target.read_bytes() == b"keep"
    assert not path.is_symlink()


@pytest.mark.parametrize("fails", ["os.fsync", "os.replace"])
def test_a_write_that_fails_leaves_the_old_file_and_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    path = place(tmp_path, MONDAY, "0417", ".html")
    write_if_changed(path, b"old")

    def refuse(*_args: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(fails, refuse)
    with pytest.raises(OSError, match="disk full"):
        write_if_changed(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(path.parent) == ["0417.html"]


def test_parts_of_a_killed_process_are_removed_and_a_running_ones_kept(tmp_path: Path) -> None:
    path = place(tmp_path, MONDAY, "0417", ".html")
    old, new, other = (path.parent / name for name in (".0417.html.dead.part", ".0417.html.live.part", ".0418.html.dead.part"))
    for part in (old, new, other):
        part.write_bytes(b"half")
    past = time.time() - 2 * 3600
    os.utime(old, (past, past))
    os.utime(other, (past, past))
    write_if_changed(path, b"page")
    assert names(path.parent) == [".0417.html.live.part", ".0418.html.dead.part", "0417.html"]
