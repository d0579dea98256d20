"""`between setup`: by options, at a terminal, again; what cannot be used is asked anew or refused, and then nothing is made."""

from __future__ import annotations

import base64
import os
import pty
import subprocess
from pathlib import Path

import pytest

from bot.opening import only_instance
from storage import clinic, escalations, people
from storage.clinic import ClinicCard
from storage.engine import open_engine
from storage.seal import read_or_make_key
from tests.commands.between import SCRIPT, WITHIN, Between
from tests.leaks import found

OPTIONS = {"--name": "Harbor Program", "--zone": "America/New_York", "--line": "555-0100", "--admin": "Dana Reyes"}


def given(**changed: str) -> list[str]:
    options = OPTIONS | {f"--{name}": value for name, value in changed.items()}
    return [part for pair in options.items() for part in pair]


def stands(between: Between) -> ClinicCard:
    with between.unit() as u:
        found = clinic.clinic(u)
    assert found is not None
    return found


def test_by_options_the_clinic_and_its_first_administrator_are_there(empty: Between) -> None:
    ran = empty.process("setup", *given())
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines[0] == "Harbor Program is set up. Times are in America/New_York; country US; on call: always."
    (line,) = [line for line in ran.lines if line.startswith("/start ")]
    assert "BETWEEN_BOT_TOKEN" in ran.lines[-1]
    empty.open_invitation(line.removeprefix("/start "), 9001)
    with empty.unit() as u:
        (dana,) = people.people(u, "staff")
        assert (dana.name, dana.duty, dana.code) == ("Dana Reyes", "admin", "S001")
        assert escalations.on_call(u)["primary"] == [dana.id]


@pytest.mark.parametrize("missing", ["--name", "--zone", "--line", "--admin"])
def test_where_nobody_can_be_asked_the_missing_option_is_named(empty: Between, missing: str) -> None:
    options = given()
    at = options.index(missing)
    empty("setup", *options[:at], *options[at + 2 :]).refuses("is missing", f"Give it with {missing}.")
    assert not empty.data.exists()


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("zone", "New York", "'New York' is not a time zone. Write one such as America/New_York"),
        ("zone", "", "is not a time zone"),
        ("country", "USA", "'USA' is not a country's two letters. Did you mean US?"),
        ("country", "Uk", "Did you mean GB?"),
        ("country", "ÜÖ", "Write two letters"),
        ("name", " ", "cannot be left empty"),
        ("line", "", "is not a telephone line"),
        ("line", "the desk", "'the desk' is not a telephone line. Write the number that patients call, of at least three digits."),
        ("line", "ext. 12", "is not a telephone line"),
        ("line", "note ¹²³", "is not a telephone line"),
        ("admin", "", "cannot be left empty"),
        ("cover", "", "is not a cover time"),
        ("cover", "weekdays", "Write 'always', or like 'mon-fri 08:00-20:00"),
        ("cover", "mon-fri 8-20", "is not a cover time"),
        ("cover", "mon-fri 08:00-²0:00", "is not a cover time"),
        ("cover", "mon-fry 08:00-20:00", "is not a cover time"),
        ("cover", "mon-fri 20:00-08:00", "a span ends by 24:00"),
        ("cover", "mon-fri 08:00-12:00, tue 13:00-17:00", "names tue twice"),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_is_made(empty: Between, option: str, value: str, says: str) -> None:
    empty("setup", *given(**{option: value})).refuses(says)
    assert not empty.data.exists()


@pytest.mark.parametrize(
    ("written", "days", "read_back"),
    [
        ("always", "mon tue wed thu fri sat sun", "always"),
        ("mon-fri 08:00-20:00", "mon tue wed thu fri", "mon-fri 08:00-20:00"),
        ("Sat 10:00-24:00,sun 10:00-14:00", "sat sun", "sat 10:00-24:00, sun 10:00-14:00"),
        ("fri-mon 08:00-20:00", "mon fri sat sun", "mon 08:00-20:00, fri-sun 08:00-20:00"),
    ],
)
def test_cover_hours_are_read_as_meant_and_read_back(between: Between, written: str, days: str, read_back: str) -> None:
    ran = between("setup", "--cover", written)
    assert ran.lines[0].endswith(f"on call: {read_back}.")
    assert sorted(stands(between).cover) == sorted(days.split())
    assert between("setup", "--cover", read_back).lines[0] == ran.lines[0]


def test_again_without_options_it_says_how_to_change(between: Between) -> None:
    between("setup").refuses("has its clinic already", "--line")


def test_again_with_an_option_only_that_is_changed(between: Between) -> None:
    before = stands(between)
    ran = between("setup", "--line", "555-0199")
    assert (ran.code, len(ran.lines)) == (0, 1)
    between("setup", "--line", "unknown").refuses("'unknown' is not a telephone line.")
    after = stands(between)
    assert after.line == "555-0199"
    assert (after.name, after.zone, after.country, after.cover) == (before.name, before.zone, before.country, before.cover)
    with between.unit() as u:
        assert len(people.people(u, "staff")) == 1


def test_a_second_administrator_gets_a_link_and_is_not_put_on_call(between: Between) -> None:
    ran = between("setup", "--admin", "Imani Brooks")
    assert "--code S002" in ran.out
    (line,) = [line for line in ran.lines if line.startswith("/start ")]
    between.open_invitation(line.removeprefix("/start "), 9002)
    with between.unit() as u:
        assert escalations.on_call(u)["primary"] == []


def test_an_administrator_who_is_there_is_not_made_twice(between: Between) -> None:
    """As after a run that was cut off before it showed the link."""
    ran = between("setup", "--admin", "dana reyes", "--line", "555-0199")
    assert (ran.code, stands(between).line) == (0, "555-0199")
    assert "Dana Reyes is an administrator already, as S001. A new link: `between invite staff --code S001`." in ran.out
    assert "/start " not in ran.out
    with between.unit() as u:
        assert [who.code for who in people.people(u, "staff")] == ["S001"]


def test_a_country_without_a_line_on_file_is_said(between: Between) -> None:
    ran = between("setup", "--country", "zz")
    assert (ran.code, "no crisis line is on file for ZZ" in ran.lines[0], stands(between).country) == (0, True, "ZZ")


def test_at_a_terminal_it_asks_and_asks_again(empty: Between) -> None:
    shown = at_a_terminal(empty, "setup", "Harbor Program", "New York", "America/New_York", "555-0100", "", "weekdays", "", "Dana Reyes")
    assert "Clinic name" in shown
    assert "'New York' is not a time zone." in shown
    assert "Country (two letters) [US]" in shown
    assert "'weekdays' is not a cover time." in shown
    assert "Harbor Program is set up." in shown
    assert stands(empty).zone == "America/New_York"


def at_a_terminal(between: Between, command: str, *typed: str) -> str:
    """What a person at a terminal sees, who types these lines."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [SCRIPT, command], stdin=theirs, stdout=theirs, stderr=theirs, cwd=between.folder, env=between.environment, start_new_session=True
    ) as process:
        os.close(theirs)
        os.write(ours, "".join(f"{line}\n" for line in typed).encode())
        shown = b""
        while chunk := _read(ours):
            shown += chunk
        assert process.wait(WITHIN) == 0, shown
    os.close(ours)
    return shown.decode()


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 4096)
    except OSError:  # how Linux says that the other end of a terminal was closed
        return b""


def test_the_key_is_not_in_what_it_seals(prepared: Path) -> None:
    key = (prepared / "master.key").read_bytes().strip()
    words = (key.decode(), base64.b64decode(key), "Harbor Program", "Dana Reyes", "555-0100")
    assert found((prepared / "between.db").read_bytes(), words) == []


def test_the_database_and_its_key_are_their_owners_alone(prepared: Path) -> None:
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in prepared.iterdir()} == {"between.db": "0o600", "master.key": "0o600"}


def test_folders_made_for_data_are_their_owners_alone(tmp_path: Path) -> None:
    open_engine(f"sqlite:///{tmp_path / 'database' / 'between.db'}").dispose()
    read_or_make_key(tmp_path / "key" / "master.key", make=True)
    with only_instance(tmp_path / "lock"):
        modes = {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()}
    assert modes == {"database": "0o700", "key": "0o700", "lock": "0o700"}
