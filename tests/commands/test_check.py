"""`between check`: what would fail later fails here, each line saying what to do about it."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.opening import only_instance
from content import hotlines, library
from storage import clinic, drills, escalations, invites, people
from storage.tables import Person
from tests.clinics import add_staff
from tests.commands.between import TOKEN, Between
from tests.mailbox import CLINIC_MAIL, PASSWORD, SECRET, SENDER, USER, Mailbox, mailbox, pager

FULL = {"BETWEEN_BOT_TOKEN": TOKEN}


def of(lines: list[str], state: str) -> list[str]:
    return [line.removeprefix(state).strip() for line in lines if line.startswith(state)]


def test_a_clinic_nobody_has_joined_yet(between: Between) -> None:
    ran = between.process("check")
    assert (ran.code, ran.err) == (1, "")
    missing, primary = of(ran.lines, "PROBLEM")
    assert missing == "bot token: set BETWEEN_BOT_TOKEN in .env"
    assert primary.startswith("on call: primary: nobody who can be reached; S001 has not opened the invitation yet")
    assert "`between invite staff --code S001`" in primary
    assert ran.lines[-1].startswith("2 problems, ")


@pytest.fixture
def joined(between: Between) -> Between:
    """Its administrator has opened the invitation and is on call; two others hold the positions behind her."""
    with between.unit() as u:
        (dana,) = people.people(u, "staff")
        invites.redeem(u, invites.add(u, dana), people.chat_for(u, 9001).id)
        people.give_consent(u, dana.id, "paged", 1)
        for position, name, address in (("backup", "Imani Brooks", 9002), ("supervisor", "Luis Ortega", 9003)):
            escalations.set_on_call(u, position, people.person(u, add_staff(u, address, name)))
    return between


def test_a_clinic_that_is_ready(joined: Between) -> None:
    ran = joined("check", env=FULL)
    assert (ran.code, of(ran.lines, "PROBLEM")) == (0, [])
    fine = {"bot token", "clinic in America/New_York", "on call: primary", "on call: backup", "on call: supervisor"}
    assert fine <= set(of(ran.lines, "OK"))
    assert TOKEN not in ran.out
    (lines,) = [line for line in of(ran.lines, "OK") if "crisis lines for US" in line]
    assert "6 more on file are not shown to patients" in lines
    assert "`between hotlines --country US` lists them; call one, then `between hotlines --confirm ID`" in lines
    (review,) = [line for line in of(ran.lines, "WARNING") if line.startswith("content review")]
    assert "await a licensed clinician's review" in review


def test_a_position_nobody_holds_any_more(joined: Between) -> None:
    with joined.unit() as u:
        escalations.release_all(u, people.people(u, "staff")[0])
    ran = joined("check", env=FULL)
    assert ran.code == 1
    assert of(ran.lines, "PROBLEM") == ["on call: primary: nobody who can be reached; staff set it with /oncall in the chat"]


def test_a_person_whose_row_is_damaged(joined: Between) -> None:
    with joined.unit() as u:
        u.set(Person, people.people(u, "staff")[0].id, name=b"damaged")
    ran = joined("check", env=FULL)
    assert ran.code == 1
    (told,) = of(ran.lines, "PROBLEM")
    assert told.startswith("what is stored of S001: their name, numbers or address do not open")


def test_no_administrator_who_could_be_paged_when_nobody_answers(joined: Between) -> None:
    with joined.unit() as u:
        for who in people.people(u, "staff"):
            u.set(Person, who.id, duty="clinician")
    warnings = of(joined("check", env=FULL).lines, "WARNING")
    assert "administrators: none can be paged when nobody on call answers" in warnings


def test_who_blocked_the_bot_cannot_be_reached(joined: Between) -> None:
    with joined.unit() as u:
        people.set_reachable(u, people.chat_for(u, 9001).id, False)
    assert joined("check", env=FULL).code == 1


def test_hours_without_cover_and_a_country_without_numbers(joined: Between) -> None:
    with joined.unit() as u:
        known = clinic.clinic(u)
        assert known is not None
        clinic.set_up(u, known.name, known.line, known.zone, "ZZ", {})
    ran = joined("check", env=FULL)
    assert ran.code == 1
    assert of(ran.lines, "PROBLEM") == ["hotlines for ZZ: no emergency number on file for the clinic's country"]
    assert any(line.startswith("cover hours: nobody is on call right now") for line in of(ran.lines, "WARNING"))


def test_a_port_something_else_listens_on(joined: Between) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        wanted = FULL | {"BETWEEN_WATCH_PORT": str(port)}
        ran = joined("check", env=wanted)
        assert ran.code == 1
        (taken,) = of(ran.lines, "PROBLEM")
        assert taken.startswith(f"watch port: Port {port} is in use by another program.")
        with only_instance(joined.data):  # then it is most likely ourselves
            assert "watch port: in use, and Between is running" in of(joined("check", env=wanted).lines, "OK")
    assert "watch port" in of(joined("check", env=wanted).lines, "OK")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("BETWEEN_WEBHOOK_URL", "ftp://bot.clinic.example/hook", "BETWEEN_WEBHOOK_URL is not a web address"),
        ("BETWEEN_WEBHOOK_URL", "https://bot.clinic.example/hook", "BETWEEN_WEBHOOK_SECRET is missing"),
        ("BETWEEN_WEBHOOK_SECRET", "a secret", "BETWEEN_WEBHOOK_SECRET must be 1 to 256 of the letters"),
        ("BETWEEN_WATCH_HOST", "0.0.0.0", "BETWEEN_WATCH_TOKEN is missing"),
    ],
)
def test_settings_that_would_fail_later(joined: Between, name: str, value: str, says: str) -> None:
    joined("check", env=FULL | {"BETWEEN_WATCH_PORT": "9464", name: value}).refuses(says)


def test_content_alone_needs_no_clinic(empty: Between) -> None:
    ran = empty("check", "--content")
    assert (ran.code, ran.err, ran.lines[-1]) == (0, "", "0 problems, 1 warning.")
    assert not empty.data.exists()


def test_a_line_nobody_has_checked_for_long_until_the_clinic_confirms_it(joined: Between, monkeypatch: pytest.MonkeyPatch) -> None:
    old = dataclasses.replace(hotlines.lines("US")[0], checked_on=date(2020, 1, 1))
    monkeypatch.setattr(hotlines, "of_country", lambda country: (old,))
    ran = joined("check", env=FULL)
    assert ran.code == 1
    assert of(ran.lines, "PROBLEM") == ["hotline us-988: not checked for 180 days; call it, then `between hotlines --confirm us-988`"]
    assert joined("hotlines", "--confirm", "us-988").code == 0
    ran = joined("check", env=FULL)
    assert (ran.code, of(ran.lines, "PROBLEM")) == (0, [])


def test_a_country_where_no_line_is_sure_fails_until_one_is_confirmed(joined: Between) -> None:
    with joined.unit() as u:
        known = clinic.clinic(u)
        assert known is not None
        always = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), ("00:00", "24:00"))
        clinic.set_up(u, known.name, known.line, known.zone, "JP", always)
    ran = joined("check", env=FULL)
    assert any("hotlines for JP: every line on file is of low confidence" in line for line in of(ran.lines, "PROBLEM"))
    listed = joined("hotlines")
    assert "Not shown to patients until confirmed." in listed.out
    assert joined("hotlines", "--confirm", "jp-yorisoi").code == 0
    assert of(joined("check", env=FULL).lines, "PROBLEM") == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--confirm", "us-nothing"), "There is no line us-nothing."),
        (("--country", "XX"), "No lines are on file for XX"),
        (("--country", "USA"), "'USA' is not a country's two letters. Did you mean US?"),
        (("--country", "Spain"), "Write two letters, such as US."),
    ],
)
def test_a_line_or_country_that_is_not_on_file(joined: Between, arguments: tuple[str, str], says: str) -> None:
    ran = joined("hotlines", *arguments)
    assert ran.code == 2
    assert says in ran.err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[meta\n", "broken.toml cannot be read"),
        ('[meta]\nsource = "Own."\nreview = "pending"\n[a]\ntext = "Hi {na"\n', "'a' has a broken slot"),
        ('[a]\ntext = "Hi"\n', "'a' needs a source, and a review of pending or approved"),
    ],
)
def test_content_that_cannot_be_used_is_a_problem_that_names_the_file(
    empty: Between, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, says: str
) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "broken.toml").write_text(text)
    monkeypatch.setattr(library, "ROOT", tmp_path)
    library.load.cache_clear()
    try:
        ran = empty("check", "--content")
    finally:
        library.load.cache_clear()
    (problem,) = of(ran.lines, "PROBLEM")
    assert (ran.code, ran.err, ran.lines[-1]) == (1, "", "1 problem, 0 warnings.")
    assert problem.startswith("content: broken.toml")
    assert says in problem


def test_without_a_clinic_it_says_to_set_it_up(empty: Between) -> None:
    empty("check").refuses("Run `between setup` first.")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("BETWEEN_BOT_TOKEN", "not-a-token", "copy the whole token @BotFather gave"),
        ("BETWEEN_BOT_API_URL", "http://example.org", "must start with https://"),
        ("BETWEEN_TOKEN", TOKEN, "BETWEEN_TOKEN is not a setting."),
    ],
)
def test_a_setting_that_cannot_be_used(between: Between, name: str, value: str, says: str) -> None:
    ran = between("check", env={name: value})
    ran.refuses(name, says)
    assert value not in ran.err


# ---- other ways than Telegram ---------------------------------------------------------------------------------------------------------


def mailing(box: Mailbox, **more: str) -> dict[str, str]:
    return FULL | {
        "BETWEEN_SMTP_HOST": "127.0.0.1", "BETWEEN_SMTP_PORT": str(box.port), "BETWEEN_SMTP_SECURITY": "none", "BETWEEN_SMTP_FROM": SENDER,
        "BETWEEN_SMTP_USER": USER, "BETWEEN_SMTP_PASSWORD": PASSWORD, "BETWEEN_PAGE_MAIL": CLINIC_MAIL, **more,
    }  # fmt: skip


async def test_a_clinic_without_another_way_is_told_so(joined: Between) -> None:
    (told,) = [line for line in of(joined("check", env=FULL).lines, "WARNING") if line.startswith("another way than Telegram")]
    assert "only Telegram is tried again" in told


async def test_the_mail_server_is_knocked_at_and_nothing_is_sent(joined: Between) -> None:
    async with mailbox() as box:
        ran = await asyncio.to_thread(joined.process, "check", env=mailing(box))
        assert (ran.code, "mail server" in of(ran.lines, "OK")) == (0, True)
        assert "mail addresses: 3 on call without one; they set it with /email in the chat" in of(ran.lines, "WARNING")
        wrong = await asyncio.to_thread(joined.process, "check", env=mailing(box, BETWEEN_SMTP_PASSWORD="canary-wrong"))
        assert wrong.code == 1
        assert of(wrong.lines, "PROBLEM")[0].startswith("mail server: the server answered 535; check BETWEEN_SMTP_HOST")
        assert "canary-wrong" not in wrong.out + wrong.err
        assert (box.tries, box.letters) == (0, [])
        offline = await asyncio.to_thread(joined.process, "check", "--no-network", env=mailing(box, BETWEEN_SMTP_PASSWORD="canary-wrong"))
        assert "mail server: not looked at (--no-network)" in of(offline.lines, "OK")


async def test_a_page_webhook_that_is_there_and_one_that_is_not(joined: Between) -> None:
    async with pager() as there:
        hook = FULL | {"BETWEEN_PAGE_WEBHOOK_URL": there.url, "BETWEEN_PAGE_WEBHOOK_SECRET": SECRET}
        ran = await asyncio.to_thread(joined.process, "check", env=hook)
        assert (ran.code, "page webhook" in of(ran.lines, "OK"), there.posts) == (0, True, [])
    ran = await asyncio.to_thread(joined.process, "check", env=hook)
    assert of(ran.lines, "PROBLEM")[0].startswith("page webhook: cannot be reached (")


def test_mail_that_could_reach_nobody(joined: Between) -> None:
    ran = joined("check", "--no-network", env=FULL | {"BETWEEN_PAGE_MAIL": CLINIC_MAIL})
    assert of(ran.lines, "PROBLEM") == ["mail addresses: BETWEEN_PAGE_MAIL is set, and BETWEEN_SMTP_HOST is not: nothing can be mailed"]
    server = {"BETWEEN_SMTP_HOST": "mail.clinic.example", "BETWEEN_SMTP_FROM": SENDER}
    ran = joined("check", "--no-network", env=FULL | server)
    assert of(ran.lines, "PROBLEM")[0].startswith("mail addresses: nobody on call has one and BETWEEN_PAGE_MAIL is empty")


def test_the_last_exercise_and_who_answered_it(joined: Between) -> None:
    assert any(line.startswith("weekly exercise: none yet") for line in of(joined("check", env=FULL).lines, "OK"))
    with joined.unit() as u:
        (dana,) = [who for who in people.people(u, "staff") if who.code == "S001"]
        drill = drills.begin(u, dana.id, u.now + timedelta(minutes=15))
        drills.answer(u, drill, dana)
    assert any("S001 answered after 0 seconds" in line for line in of(joined("check", env=FULL).lines, "OK"))
    with joined.unit() as u:
        drills.fail(u, drills.begin(u, dana.id, u.now))
    (failed,) = [line for line in of(joined("check", env=FULL).lines, "WARNING") if line.startswith("weekly exercise of")]
    assert "not answered (S001 was on call); patients are told not to count on an answer until one is" in failed
