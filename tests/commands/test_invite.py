"""`between invite patient|staff`: a link on a line of its own that lets in whom it is for, once; and everything it refuses."""

from __future__ import annotations

import sys

import pytest

from storage import audit, invites, meta, people
from tests.commands.between import Between, Ran

BOT = "harbor_between_bot"


def link(ran: Ran) -> str:
    """The code in the one line that is a link, or the command to send."""
    assert (ran.code, ran.err) == (0, "")
    (line,) = [line for line in ran.lines if line.startswith(("/start ", "https://t.me/"))]
    return line.removeprefix(f"https://t.me/{BOT}?start=").removeprefix("/start ")


def test_a_patient_before_the_bots_name_is_known(between: Between) -> None:
    ran = between.process("invite", "patient", "--name", "Robin", "--weeks", "8")
    assert ran.lines[0] == "Code 0001. Valid 72 hours, once."
    assert "first `between run`" in ran.lines[1]
    between.open_invitation(link(ran), 5001)
    with between.unit() as u:
        (robin,) = people.people(u, "patient")
        assert (robin.name, robin.code, robin.status, robin.program_weeks) == ("Robin", "0001", "active", 8)
        assert robin.program_start is not None


def test_once_the_name_is_known_it_is_a_link(between: Between) -> None:
    with between.unit() as u:
        meta.put(u, "bot_username", BOT)
    ran = between("invite", "patient", "--name", "Robin", "--code", "H-17")
    assert ran.lines == [ran.lines[0], f"https://t.me/{BOT}?start={link(ran)}"]
    between.open_invitation(link(ran), 5001)


def test_at_a_terminal_there_is_a_code_to_scan(between: Between, monkeypatch: pytest.MonkeyPatch) -> None:
    with between.unit() as u:
        meta.put(u, "bot_username", BOT)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    ran = between("invite", "patient", "--name", "Robin")
    assert ran.lines[1].startswith(f"https://t.me/{BOT}?start=")
    assert sum("█" in line for line in ran.lines[2:]) > 10


def test_a_new_link_takes_the_place_of_the_old_one(between: Between) -> None:
    first = link(between("invite", "patient", "--name", "Robin"))
    again = between("invite", "patient", "--code", "0001")
    assert again.lines[0] == "Code 0001. Valid 72 hours, once. Earlier links of this code no longer work."
    second = link(again)
    with between.unit() as u:
        assert invites.lets_in(u, first) is None
        who = invites.lets_in(u, second)
        assert who is not None
        assert people.person(u, who).name == "Robin"
        assert [(row.actor, row.action) for row in audit.history(u, who)] == [("between", "invite.issued")] * 2


def test_staff_are_let_in_for_ten_minutes(between: Between) -> None:
    ran = between("invite", "staff", "--name", "Imani Brooks")
    assert ran.lines[0].startswith("Code S002. Valid 10 minutes, once.")
    assert link(between("invite", "staff", "--name", "Luis Ortega", "--duty", "admin"))
    assert link(between("invite", "staff", "--code", "S001")) != link(ran)
    with between.unit() as u:
        assert {who.name: who.duty for who in people.people(u, "staff")} == {
            "Dana Reyes": "admin", "Imani Brooks": "clinician", "Luis Ortega": "admin",
        }  # fmt: skip


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ("patient", "Name is missing, and there is no terminal to ask at. Give it with --name."),
        ("staff", "Give it with --name."),
        ("patient --name=", "cannot be left empty"),
        ("patient --code 0099", "Nobody has the code '0099'. Check it; to invite somebody new under it, add --name."),
        ("staff --code S099", "Nobody has the code 'S099'."),
        ("patient --code a/b --name Sam", "'a/b' cannot be a code. Write 1 to 12 letters, digits or dashes"),
        ("patient --code= --name Sam", "'' cannot be a code."),
        ("patient --code ../../etc --name Sam", "cannot be a code"),
        ("patient --code 1234567890123 --name Sam", "cannot be a code"),
        ("patient --code Caseload --name Sam", "cannot be a code"),
        ("patient --code 2026-W46 --name Sam", "cannot be a code"),
        ("patient --code S001", "'S001' is the code of a staff member."),
        ("staff --code 0001", "'0001' is the code of a patient."),
        ("patient --code 0001 --name Somebody", "'0001' is in use. Leave out --name to give that person a new link"),
        ("patient --code 0001 --weeks 9", "Leave out --weeks"),
        ("staff --code S001 --duty clinician", "Leave out --duty"),
        ("staff --name Kim --duty boss", "'boss' is not a duty. Write admin or clinician."),
        ("patient --code 0002", "'0002' has left the program. Invite them under a new code."),
        ("staff --code S002", "'S002' has left the program."),
    ],
)
def test_whom_it_does_not_invite(between: Between, args: str, says: str) -> None:
    with between.unit() as u:
        for role, status in (("patient", "invited"), ("patient", "discharged"), ("staff", "revoked")):
            people.set_status(u, people.add_person(u, role, "Robin", "America/New_York"), status)
    before = everybody(between)
    between("invite", *args.split()).refuses(says)
    assert everybody(between) == before


def everybody(between: Between) -> list[str]:
    with between.unit() as u:
        return [who.code for role in ("patient", "staff") for who in people.people(u, role)]


def test_a_length_no_program_has(between: Between) -> None:
    ran = between("invite", "patient", "--name", "Sam", "--weeks", "90")
    assert (ran.code, ran.out) == (2, "")
    assert "--weeks" in ran.err


@pytest.mark.parametrize("who", ["patient", "staff"])
def test_without_a_clinic_it_says_to_set_it_up(empty: Between, who: str) -> None:
    empty("invite", who, "--name", "Robin").refuses("Run `between setup` first.")
    assert not empty.data.exists()
