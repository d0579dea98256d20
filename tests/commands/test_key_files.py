"""The key files of backups over `between rotate-keys`: none is left behind under a key that is being put away."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.clock import wall
from bot.commands import keys
from storage import keyfile, people, rotation
from storage.seal import MasterKey, read_or_make_key
from tests.commands.between import Between


@pytest.fixture
def stick(between: Between) -> Path:
    """One patient, and a backup with its key file in a folder that can be taken away."""
    with between.unit() as u:
        people.set_status(u, people.add_person(u, "patient", "Robin", "America/New_York", code="0001"), "active")
    folder = between.folder / "stick"
    assert between("backup", "--out", str(folder)).code == 0
    return folder


def key_of(between: Between, name: str = "master.key") -> MasterKey:
    return read_or_make_key(between.data / name, make=False)


def retired(between: Between, key: MasterKey) -> Path:
    return between.data / f"master.key.retired-{key.id}"


def pulled_out(stick: Path) -> Path:
    return stick.rename(stick.with_name("drawer"))


def lost(folder: Path) -> None:
    """The key file and the backups too: there can be only one backup of a second."""
    for each in folder.iterdir():
        each.unlink()


def forget(between: Between) -> int:
    """Robin is forgotten; returns the id of the data key."""
    with between.unit() as u:
        robin = people.person_by_code(u, "0001")
        assert robin is not None
    between("forget-patient", "0001", "--yes")
    return robin.key


@pytest.mark.parametrize("where", ["before_renewal", "after_renewal", "before_place"])
def test_killed_around_its_end_a_rotation_leaves_no_key_file_behind(
    between: Between, stick: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    module, name = {
        "before_renewal": (keyfile, "renew_all"), "after_renewal": (rotation, "finish"), "before_place": (keys, "_place"),
    }[where]  # fmt: skip
    with monkeypatch.context() as broken:
        broken.setattr(module, name, stop)
        assert between("rotate-keys").code == 130
    assert between("audit", "0001").code == 0, "meanwhile Between runs with both keys"
    again = between("rotate-keys")
    assert (again.code, again.err) == (0, "")
    assert "NOT RENEWED" not in again.out
    assert keyfile.read(stick / keyfile.NAME, [key_of(between)]).living, "the new key opens it"
    key = forget(between)
    assert key in keyfile.read(stick / keyfile.NAME, [key_of(between)]).destroyed


def test_a_key_file_out_of_reach_is_named_and_caught_up_with_the_key_beside(between: Between, stick: Path) -> None:
    old = key_of(between)
    drawer = pulled_out(stick)
    ran = between("rotate-keys")
    assert (ran.code, ran.err) == (1, "")
    assert f"NOT RENEWED: the key file in {stick} still needs the old key" in ran.out
    assert str(retired(between, old)) in ran.out and f"between backup --keys {stick}" in ran.out
    assert "Nothing needs it" not in ran.out
    drawer.rename(stick)
    assert between("backup", "--keys", str(stick)).code == 0
    assert keyfile.read(stick / keyfile.NAME, [key_of(between)]).living


def test_who_is_forgotten_after_two_rotations_goes_from_a_key_file_of_before(between: Between, stick: Path) -> None:
    drawer = pulled_out(stick)
    assert between("rotate-keys").code == between("rotate-keys").code == 1
    drawer.rename(stick)
    key = forget(between)
    held = keyfile.read(stick / keyfile.NAME, [key_of(between)])
    assert key in held.destroyed and key not in held.living


def test_without_the_old_key_at_hand_it_is_said_what_to_do(between: Between, stick: Path) -> None:
    old = key_of(between)
    drawer = pulled_out(stick)
    between("rotate-keys")
    drawer.rename(stick)
    away = retired(between, old).rename(between.folder / "old.key")
    refused = between("backup", "--keys", str(stick))
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.count("\n") == 1
    assert str(stick / "between.keys") in refused.err and old.id in refused.err and "--old-key" in refused.err
    ran = between("forget-patient", "0001", "--yes")
    assert ran.code == 1
    assert f"between backup --keys {stick} --old-key FILE" in ran.out and old.id in ran.out
    assert between("backup", "--keys", str(stick), "--old-key", str(away)).code == 0
    held = keyfile.read(stick / keyfile.NAME, [key_of(between)])
    with between.unit(wall()) as u:
        robin = people.person_by_code(u, "0001")
        assert robin is not None
        assert robin.status == "forgotten" and robin.key in held.destroyed


def test_a_retired_key_that_others_can_read_keeps_nobody_from_starting(between: Between, stick: Path) -> None:
    old = key_of(between)
    assert between("rotate-keys").code == 0
    retired(between, old).chmod(0o644)
    assert between("audit", "0001").code == 0


def test_a_key_in_the_environment_says_that_the_old_one_has_to_be_named(between: Between, stick: Path) -> None:
    old = between.data / "master.key"
    text = old.read_text().strip()
    away = old.rename(between.folder / "old.key")
    drawer = pulled_out(stick)
    ran = between("rotate-keys", env={"BETWEEN_MASTER_KEY": text})
    assert ran.code == 1
    assert f"between backup --keys {stick} --old-key FILE" in ran.out
    drawer.rename(stick)
    path = between.data / "master.key.new"
    new = {"BETWEEN_MASTER_KEY": path.read_text().strip()}
    path.unlink()
    assert between("backup", "--keys", str(stick), "--old-key", str(away), env=new).code == 0


def test_a_place_whose_disk_is_away_gets_no_new_key_file(between: Between, stick: Path) -> None:
    drawer = pulled_out(stick)
    stick.mkdir()
    refused = between("backup", "--keys", str(stick))
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.count("\n") == 1 and str(stick / "between.keys") in refused.err and "--anew" in refused.err
    assert list(stick.iterdir()) == list((between.data / "backups").glob("*.backup")) == []
    stick.rmdir()
    drawer.rename(stick)
    assert between("backup", "--keys", str(stick)).code == 0


def test_a_key_file_that_is_lost_is_begun_anew_when_asked(between: Between, stick: Path) -> None:
    lost(stick)
    assert between("backup", "--out", str(stick)).code == 1
    assert between("backup", "--out", str(stick), "--anew").code == 0
    assert keyfile.read(stick / keyfile.NAME, [key_of(between)]).living


def test_in_the_data_folder_backups_go_on_without_the_old_key_file(between: Between) -> None:
    assert between("backup").code == 0
    lost(between.data / "backups")
    assert between("backup").code == 0
