"""The names of the commands are fixed: other things are built on them. Those still to come say so."""

from __future__ import annotations

import re

import pytest

from tests.commands.between import Between

FIXED = (
    "demo", "setup", "run", "talk", "check", "screen", "export", "sync", "invite", "session", "watch",
    "migrate", "backup", "restore", "rotate-keys", "forget-patient", "audit",
)  # fmt: skip
LATER = {
    ("sync",): "`between export --out FOLDER`",
}


def test_help_names_every_command(empty: Between) -> None:
    ran = empty("--help")
    assert (ran.code, ran.err) == (0, "")
    assert set(FIXED) <= set(re.findall(r"^│ ([a-z-]+) ", ran.out, re.MULTILINE))


@pytest.mark.parametrize("command", FIXED)
def test_each_command_explains_itself(empty: Between, command: str) -> None:
    ran = empty(command, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert f"between {command}" in ran.out


@pytest.mark.parametrize("args", LATER)
def test_what_is_still_to_come_says_what_to_do_until_then(between: Between, args: tuple[str, ...]) -> None:
    before = between.left()
    between(*args).refuses(f"`between {args[0]}` is not part of this version.", LATER[args])
    assert between.left() == before


def test_a_command_there_is_not(empty: Between) -> None:
    ran = empty("nonsense")
    assert (ran.code, ran.out) == (2, "")
    assert "No such command 'nonsense'" in ran.err


def test_migrate_on_a_database_that_is_up_to_date(between: Between) -> None:
    ran = between("migrate")
    assert (ran.code, ran.lines) == (0, ["The database is at this version already."])


def test_migrate_where_there_is_none(empty: Between) -> None:
    empty("migrate").refuses("Run `between setup` first.")
    assert not empty.data.exists()
