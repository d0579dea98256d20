"""`between watch` beside the real `between run`: killed, frozen, or its database locked. The watcher's clock is turned, nobody waits."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot import settings
from bot.clock import wall
from bot.commands.watch import FILE, keep_looking, made
from bot.lookout import Lookout
from demo.local import LocalTelegram
from demo.phone import Phone
from demo.server import running
from storage import clinic as clinics
from storage import escalations, heartbeat, meta, people
from storage.store import Unit
from storage.tables import Clinic, DataKey, Person
from tests.bot.test_shell import DANGER
from tests.clinics import PATIENT, STAFF, add_patient, add_staff
from tests.commands.between import SCRIPT, TOKEN, WITHIN, Between
from tests.conftest import Lines
from tests.mailbox import CLINIC_MAIL, PASSWORD, SECRET, SENDER, STAFF_MAIL, USER, Mailbox, Pager, mailbox, pager, words_of

EVERY = timedelta(seconds=30)
FIVE = timedelta(minutes=5)


@dataclass
class Watched:
    """A clinic with a patient and somebody on call, its mail and its pager, and the process that serves it once it is started."""

    between: Between
    here: LocalTelegram
    url: str
    mail: Mailbox
    pager: Pager
    patient: Phone
    staff: Phone
    env: dict[str, str]
    process: asyncio.subprocess.Process | None = None

    async def run(self) -> None:
        pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.DEVNULL}
        self.process = await asyncio.create_subprocess_exec(
            SCRIPT, "run", cwd=self.between.folder, env=self.between.environment | self.env, **pipes
        )
        assert self.process.stdout is not None
        told = await asyncio.wait_for(self.process.stdout.readline(), WITHIN)
        assert b"Between is running" in told

    async def in_danger(self) -> str:
        """A patient is in danger, the page has gone out, and the auditor has just proved so; returns the reference."""
        self.patient.send_text(DANGER)
        await self.here.until(lambda: self.staff.texts, WITHIN)
        self.proved(wall())
        with self.between.unit() as u:
            (row,) = escalations.all_open(u)
            return row.ref

    def proved(self, at: datetime, state: heartbeat.State = "proved") -> None:
        def beat(u: Unit) -> None:
            heartbeat.beat(u, state)
            meta.put(u, meta.CLOCK, at.isoformat())

        with self.between.unit(at) as u:
            beat(u)

    def end(self, sign: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(sign)

    def read(self) -> settings.Settings:
        with pytest.MonkeyPatch.context() as inside:
            for name, value in (self.env | {"BETWEEN_DATA_DIR": str(self.between.data)}).items():
                inside.setenv(name, value)
            inside.chdir(self.between.folder)
            return settings.load()

    async def watch(self, start: datetime, end: datetime, every: timedelta = EVERY) -> None:
        """Look again and again during this time, each time as a watcher that was just begun."""
        at = start
        while at <= end:
            await made(self.read()).look(at)
            at += every


@pytest.fixture
async def watched(between: Between) -> AsyncIterator[Watched]:
    async with clinic(between) as made_up:
        yield made_up


@asynccontextmanager
async def clinic(between: Between) -> AsyncIterator[Watched]:
    with between.unit() as u:
        add_patient(u, PATIENT, "Robin", code="0001")
        dana = add_staff(u, STAFF, "Dana Reyes")
        people.save_profile(u, people.person(u, dana), {"email": STAFF_MAIL})
        escalations.set_on_call(u, "primary", people.person(u, dana))
    here = LocalTelegram(token=TOKEN)
    phones = [here.phone(address, name) for address, name in ((PATIENT, "Robin"), (STAFF, "Dana"))]
    for phone in phones:
        phone.person.started = True
        here.private_chat(phone.person)
    async with AsyncExitStack() as open_:
        box, beeper = await open_.enter_async_context(mailbox()), await open_.enter_async_context(pager())
        url = await open_.enter_async_context(running(here))
        env = {
            "BETWEEN_BOT_TOKEN": TOKEN, "BETWEEN_BOT_API_URL": url, "BETWEEN_SMTP_HOST": "127.0.0.1", "BETWEEN_SMTP_PORT": str(box.port),
            "BETWEEN_SMTP_SECURITY": "none", "BETWEEN_SMTP_FROM": SENDER, "BETWEEN_SMTP_USER": USER, "BETWEEN_SMTP_PASSWORD": PASSWORD,
            "BETWEEN_PAGE_MAIL": CLINIC_MAIL, "BETWEEN_PAGE_WEBHOOK_URL": beeper.url, "BETWEEN_PAGE_WEBHOOK_SECRET": SECRET,
        }  # fmt: skip
        made_up = Watched(between, here, url, box, beeper, phones[0], phones[1], env)
        try:
            yield made_up
        finally:
            if made_up.process is not None and made_up.process.returncode is None:
                made_up.process.kill()
                await made_up.process.wait()


HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in sys.argv[2:]:
    connection.execute(statement)
print("held", flush=True)
sys.stdin.read()
"""


@asynccontextmanager
async def holding(watched: Watched, *statements: str) -> AsyncIterator[None]:
    """Another process holds the database meanwhile: SQLite's locks are a process's, so it takes one of its own."""
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-c", HOLDER, str(watched.between.data / "between.db"), *statements)
    holder = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    try:
        assert holder.stdout is not None
        assert await asyncio.wait_for(holder.stdout.readline(), WITHIN) == b"held\n"
        yield
    finally:
        await asyncio.wait_for(holder.communicate(b""), WITHIN)


def subjects(letters: list) -> list[str]:  # type: ignore[type-arg]
    return [str(letter["Subject"]) for letter in letters]


async def test_killed_with_an_alert_open(watched: Watched) -> None:
    await watched.run()
    ref = await watched.in_danger()
    watched.end(signal.SIGKILL)
    dead = wall()
    await watched.watch(dead, dead + timedelta(minutes=2, seconds=30))
    assert (watched.mail.letters, watched.pager.posts) == ([], [])
    await watched.watch(dead + timedelta(minutes=3), dead + timedelta(minutes=4))
    assert subjects(watched.mail.to(CLINIC_MAIL))[0] == "Between: the bot has stopped or hangs"
    assert ref in words_of(watched.mail.to(CLINIC_MAIL)[0])
    (page,) = watched.mail.to(STAFF_MAIL)
    assert re.search(r"0001: (high|imminent), \d\d:\d\d\. Reference " + ref, words_of(page))
    assert not re.search("robin|kill", "".join(words_of(each) + each["Subject"] for each in watched.mail.letters), re.IGNORECASE)
    before = len(watched.mail.letters)
    await watched.watch(dead + timedelta(minutes=4), dead + timedelta(minutes=4))
    assert len(watched.mail.letters) == before, "a watcher begun anew says nothing twice"
    await watched.watch(dead + FIVE, dead + FIVE)
    assert len(watched.mail.to(STAFF_MAIL)) == 2, "nobody stands behind her, so the ladder has come to everybody"
    before = len(watched.mail.letters)
    watched.proved(dead + timedelta(minutes=6))
    await watched.watch(dead + timedelta(minutes=6), dead + timedelta(minutes=8))
    assert subjects(watched.mail.letters[before:]) == ["Between: it runs again"]
    assert [body["event"] for body in watched.pager.bodies if body["event"] != "page"] == ["between_dead", "between_back"]


async def test_frozen_and_then_back(watched: Watched) -> None:
    await watched.run()
    ref = await watched.in_danger()
    watched.end(signal.SIGSTOP)
    frozen = wall()
    await watched.watch(frozen, frozen + FIVE)
    assert ref in subjects(watched.mail.to(STAFF_MAIL))[0]
    assert "Between: the bot has stopped or hangs" in subjects(watched.mail.to(CLINIC_MAIL))
    watched.end(signal.SIGCONT)
    watched.proved(frozen + FIVE)
    await watched.watch(frozen + FIVE, frozen + FIVE)
    assert subjects(watched.mail.to(CLINIC_MAIL))[-1] == "Between: it runs again"


async def test_it_runs_and_somebody_holds_the_database(watched: Watched) -> None:
    await watched.run()
    ref = await watched.in_danger()
    async with holding(watched, "BEGIN IMMEDIATE"):
        held = wall()
        await watched.watch(held, held + FIVE)
    assert subjects(watched.mail.to(CLINIC_MAIL))[0].startswith("Between: the ")
    assert ref in subjects(watched.mail.to(STAFF_MAIL))[0]


async def test_the_database_cannot_even_be_read(watched: Watched) -> None:
    await watched.watch(wall(), wall())  # it was there before
    # as where SQLite is too old for its write-ahead log: then nobody can read meanwhile
    async with holding(watched, "PRAGMA journal_mode=DELETE", "BEGIN EXCLUSIVE"):
        held = wall()
        await watched.watch(held, held + FIVE, timedelta(minutes=1))
    (letter,) = watched.mail.letters
    assert (letter["To"], letter["Subject"]) == (CLINIC_MAIL, "Between: the database cannot be read")
    await watched.watch(held + FIVE, held + FIVE)
    assert subjects(watched.mail.letters)[-1] == "Between: it runs again"


@pytest.mark.parametrize("whose", ["0001", "S003"], ids=["a patient", "an administrator"])
@pytest.mark.parametrize("lost", ["row", "key"])
async def test_a_damaged_row_hides_no_alert_and_no_address(watched: Watched, whose: str, lost: str) -> None:
    with watched.between.unit() as u:
        add_patient(u, PATIENT + 1, "Sam", code="0002")
        people.save_profile(u, people.person(u, add_staff(u, STAFF + 1, "Ana Ruiz")), {"email": "ana@clinic.example"})
        for code in ("0001", "0002"):
            who = people.person_by_code(u, code)
            assert who is not None
            escalations.add(u, who.id, people.chats_of(u, who.id)[0].id, "high", "suicide", ((0, "primary", "page.first"),))
        damaged = people.person_by_code(u, whose)
        assert damaged is not None
        if lost == "row":
            u.set(Person, damaged.id, profile=b"damaged")
        else:
            u.set(DataKey, damaged.key, wrapped=b"damaged, as it might be by a bad disk")
    seen = Lookout(watched.read()).look(wall())
    assert seen is not None
    assert len(seen.seen.alerts) == 2
    assert sorted(page["code"] for page in seen.pages.values()) == ["0001", "0002"]
    assert STAFF_MAIL in seen.addresses.values()


@pytest.mark.parametrize("lost", ["row", "key"])
async def test_a_damaged_clinic_hides_neither_a_dead_bot_nor_its_alerts(watched: Watched, lost: str) -> None:
    dead = wall()
    with watched.between.unit() as u:
        who, known = people.person_by_code(u, "0001"), clinics.clinic(u)
        assert who is not None
        assert known is not None
        escalations.add(u, who.id, people.chats_of(u, who.id)[0].id, "high", "suicide", ((0, "primary", "page.first"),))
        if lost == "row":
            u.set(Clinic, 1, line=b"damaged")
        else:
            u.set(DataKey, known.key, wrapped=b"damaged, as it might be by a bad disk")
    watched.proved(dead - FIVE)
    await watched.watch(dead, dead + timedelta(minutes=1))
    assert subjects(watched.mail.to(CLINIC_MAIL))[0] == "Between: the bot has stopped or hangs"
    (page,) = watched.mail.to(STAFF_MAIL)
    assert "0001: high" in words_of(page)
    assert "the clinic's line" not in words_of(page)


async def test_what_no_row_should_hold_is_told_as_a_database_that_cannot_be_read(watched: Watched) -> None:
    with watched.between.unit() as u:
        u.set(Clinic, 1, cover="{")
    start = wall()
    await watched.watch(start, start + timedelta(minutes=4), timedelta(minutes=1))
    assert subjects(watched.mail.to(CLINIC_MAIL)) == ["Between: the database cannot be read"]


async def test_the_mail_server_refuses_so_the_webhook_takes_the_page_and_mail_follows(watched: Watched) -> None:
    await watched.run()
    ref = await watched.in_danger()
    watched.end(signal.SIGKILL)
    dead = wall()
    watched.mail.rcpt = "451 try again later"
    await watched.watch(dead, dead + FIVE)
    assert watched.mail.tries > 2
    assert ref in {body.get("reference") for body in watched.pager.bodies}
    watched.mail.rcpt = ""
    await watched.watch(dead + FIVE, dead + FIVE)
    assert ref in subjects(watched.mail.to(STAFF_MAIL))[0]
    assert "may be a repeat" not in words_of(watched.mail.to(STAFF_MAIL)[0])


async def test_without_a_webhook_a_page_the_mail_server_does_not_take_goes_to_the_clinic(watched: Watched) -> None:
    await watched.run()
    ref = await watched.in_danger()
    watched.end(signal.SIGKILL)
    dead = wall()
    for name in ("BETWEEN_PAGE_WEBHOOK_URL", "BETWEEN_PAGE_WEBHOOK_SECRET"):
        del watched.env[name]
    watched.mail.unknown = STAFF_MAIL
    await watched.watch(dead, dead + FIVE - EVERY)
    assert watched.mail.to(STAFF_MAIL) == []
    assert ref in " ".join(subjects(watched.mail.to(CLINIC_MAIL)))


async def test_pages_that_wait_for_the_mail_server_come_once(watched: Watched) -> None:
    """It took nothing for an hour while everybody was paged each quarter: then one page for each alert, not five."""
    await watched.run()
    ref = await watched.in_danger()
    watched.end(signal.SIGKILL)
    dead, hour = wall(), timedelta(hours=1)
    watched.mail.rcpt = "451 try again later"
    await watched.watch(dead, dead + hour, timedelta(minutes=1))
    watched.mail.rcpt = ""
    await watched.watch(dead + hour, dead + hour)
    assert [ref in subject for subject in subjects(watched.mail.to(STAFF_MAIL))] == [True]


async def test_what_could_not_be_mailed_is_not_told_once_it_is_no_longer_so(watched: Watched) -> None:
    dead = wall()
    watched.proved(dead - FIVE)
    watched.mail.rcpt = "451 try again later"
    await watched.watch(dead, dead + FIVE)
    watched.proved(dead + FIVE)
    await watched.watch(dead + FIVE, dead + FIVE)
    watched.mail.rcpt = ""
    await watched.watch(dead + FIVE, dead + FIVE)
    assert subjects(watched.mail.letters) == ["Between: it runs again"]
    await watched.watch(dead + 2 * FIVE, dead + 2 * FIVE)
    assert subjects(watched.mail.letters)[1:] == []


async def test_that_it_runs_again_is_not_told_when_it_has_stopped_since(watched: Watched) -> None:
    dead = wall()
    watched.proved(dead - FIVE)
    await watched.watch(dead, dead + EVERY)
    watched.mail.rcpt = "451 try again later"
    watched.proved(dead + FIVE)
    await watched.watch(dead + FIVE, dead + FIVE)
    await watched.watch(dead + 2 * FIVE, dead + 2 * FIVE + EVERY)
    watched.mail.rcpt = ""
    await watched.watch(dead + 2 * FIVE + 2 * EVERY, dead + 2 * FIVE + 2 * EVERY)
    assert subjects(watched.mail.letters) == ["Between: the bot has stopped or hangs"] * 2


async def test_somebody_acts_and_a_stop_that_was_asked_for_is_no_alarm(watched: Watched) -> None:
    await watched.run()
    await watched.in_danger()
    watched.end(signal.SIGTERM)
    assert watched.process is not None
    await asyncio.wait_for(watched.process.wait(), WITHIN)
    stopped = wall()
    await watched.watch(stopped, stopped + timedelta(minutes=9, seconds=30))
    assert (watched.mail.letters, watched.pager.posts) == ([], [])
    await watched.watch(stopped + timedelta(minutes=10), stopped + timedelta(minutes=12))
    assert "Between: the bot has stopped or hangs" in subjects(watched.mail.to(CLINIC_MAIL))


async def test_the_real_process_looks_mails_and_stops(watched: Watched) -> None:
    watched.proved(wall() - timedelta(minutes=4))
    env = watched.between.environment | watched.env
    command = (SCRIPT, "watch", "--every", "1")
    process = await asyncio.create_subprocess_exec(
        *command, cwd=watched.between.folder, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        await watched.here.until(lambda: watched.mail.to(CLINIC_MAIL), WITHIN)
        second = await asyncio.to_thread(watched.between.process, "watch", "--once", env=watched.env)
        second.refuses("Another `between watch` watches")
    finally:
        process.send_signal(signal.SIGTERM)
        out, err = await asyncio.wait_for(process.communicate(), WITHIN)
    assert (process.returncode, out.decode()) == (0, "Between is watched. Stop with Ctrl-C.\n")
    assert not re.search(rf"Traceback|{PASSWORD}|{STAFF_MAIL}|{CLINIC_MAIL}", err.decode())
    kept = (watched.between.data / FILE).read_bytes()
    assert b"dead" not in kept
    assert (watched.between.data / FILE).stat().st_mode & 0o077 == 0


def on_a_full_disk(watched: Watched) -> Path:
    """From here on the watcher's file cannot be written: no space left. Unlink what is returned, and it can."""
    watched.between.data.mkdir(exist_ok=True)
    part = watched.between.data / f".{FILE}.part"
    part.symlink_to("/dev/full")
    return part


async def test_on_a_full_disk_it_mails_all_the_same_and_once(watched: Watched, logs: Lines) -> None:
    await watched.run()
    ref = await watched.in_danger()
    watched.end(signal.SIGKILL)
    full, watching, at = on_a_full_disk(watched), made(watched.read()), wall()
    for look in range(11):
        await watching.look(at + look * EVERY)
    assert subjects(watched.mail.to(CLINIC_MAIL)).count("Between: the bot has stopped or hangs") == 1
    assert [ref in subject for subject in subjects(watched.mail.to(STAFF_MAIL))] == [True, True], "to her, and then to everybody"
    assert len(logs.named("watch.unwritten")) == 1
    assert not (watched.between.data / FILE).exists()
    full.unlink()
    await watching.look(at + FIVE + EVERY)
    before = len(watched.mail.letters)
    await watched.watch(at + FIVE + EVERY, at + FIVE + EVERY)
    assert len(watched.mail.letters) == before, "the disk takes it again, so a watcher begun anew says nothing twice"


async def test_the_real_process_goes_on_where_it_can_write_nothing(watched: Watched) -> None:
    watched.proved(wall() - timedelta(minutes=4))
    on_a_full_disk(watched)
    (watched.between.data / "watch.lock").mkdir()
    pipes = {"stdout": asyncio.subprocess.DEVNULL, "stderr": asyncio.subprocess.PIPE}
    process = await asyncio.create_subprocess_exec(
        SCRIPT, "watch", "--every", "1", cwd=watched.between.folder, env=watched.between.environment | watched.env, **pipes
    )
    try:
        await watched.here.until(lambda: watched.mail.to(CLINIC_MAIL), WITHIN)
        watched.proved(wall())
        await watched.here.until(lambda: len(watched.mail.to(CLINIC_MAIL)) == 2, WITHIN)
    finally:
        process.send_signal(signal.SIGTERM)
        _, err = await asyncio.wait_for(process.communicate(), WITHIN)
    assert process.returncode == 0
    assert subjects(watched.mail.to(CLINIC_MAIL)) == ["Between: the bot has stopped or hangs", "Between: it runs again"]
    assert err.decode().count("watch.unlocked") == 1


async def test_one_look_that_cannot_be_written_down_says_so(watched: Watched) -> None:
    watched.proved(wall() - timedelta(minutes=4))
    on_a_full_disk(watched)
    looked = await asyncio.to_thread(watched.between.process, "watch", "--once", env=watched.env)
    assert looked.code == 1
    assert "may alarm nobody" in looked.err


async def test_a_look_that_fails_is_not_the_last(watched: Watched, monkeypatch: pytest.MonkeyPatch, logs: Lines) -> None:
    watched.proved(wall() - timedelta(minutes=4))
    sees, looks = Lookout.look, iter((True, False, True, False, False))

    def fails_now_and_then(lookout: Lookout, now: datetime) -> object:
        if next(looks, False):
            raise RuntimeError
        return sees(lookout, now)

    monkeypatch.setattr(Lookout, "look", fails_now_and_then)
    stopped = asyncio.Event()
    looking = asyncio.create_task(keep_looking(made(watched.read()), stopped, 0.05))
    await watched.here.until(lambda: watched.mail.to(CLINIC_MAIL), WITHIN)
    stopped.set()
    await looking
    assert subjects(watched.mail.to(CLINIC_MAIL)) == ["Between: the bot has stopped or hangs"]
    assert len(logs.named("watch.failed")) == 2


def test_without_a_way_to_alarm_it_says_so(between: Between) -> None:
    between("watch", "--once").refuses("There is no way to alarm anybody.", "BETWEEN_SMTP_HOST")


def test_it_loads_no_telegram_and_no_scheduler() -> None:
    code = "import bot.commands.watch, sys; print([n for n in ('telegram', 'apscheduler', 'uvicorn', 'demo') if n in sys.modules])"
    where = Path(__file__).parents[2]
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=WITHIN, cwd=where)
    assert ran.stdout == "[]\n"
