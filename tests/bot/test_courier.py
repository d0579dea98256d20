"""The other ways to a human, over the wire: a page that Telegram does not take, or nobody answers, goes by mail and webhook."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot import mail, sending
from bot.clock import wall
from bot.mail import Mail
from bot.sending import Accepted, Doubt, Refused
from demo.limits import Flood
from storage import escalations, letters, notes, people
from storage.letters import WEBHOOK
from storage.outbox_rows import OUTBOX
from storage.store import Unit
from tests.bot.test_shell import DANGER
from tests.bots import Bot, running_bot
from tests.clinics import STAFF, add_staff
from tests.conftest import Lines
from tests.mailbox import CLINIC_MAIL, SECRET, STAFF_MAIL, Mailbox, Pager, mailbox, pager, words_of

QUARTER = timedelta(minutes=15)
WITHIN = 30.0


@dataclass
class Clinic:
    bot: Bot
    mail: Mailbox
    pager: Pager

    async def until_danger(self) -> str:
        """A patient is in danger; returns the reference of what was opened for it."""
        self.bot.patient.send_text(DANGER)
        await self.bot.here.until(lambda: [one for one in self.bot.here.calls if one.method == "sendMessage"], WITHIN)
        await self.bot.app.rested()
        return await self.bot.app.writer.run(lambda u: escalations.all_open(u)[0].ref)

    async def until_paged(self) -> str:
        """The same, and Telegram has taken the page."""
        ref = await self.until_danger()
        await self.bot.here.until(lambda: self.bot.staff.texts, WITHIN)
        await self.bot.app.drained()
        return ref


def with_mail(u: Unit) -> None:
    """Dana has an address, and Imani behind her has none."""
    people.save_profile(u, people.people(u, "staff")[0], {"email": STAFF_MAIL})
    escalations.set_on_call(u, "backup", people.person(u, add_staff(u, STAFF + 1, "Imani Brooks", duty="clinician")))


@asynccontextmanager
async def clinic(folder: Path, *, webhook: bool = True, fallback: str | None = CLINIC_MAIL) -> AsyncIterator[Clinic]:
    async with AsyncExitStack() as open_:
        box = await open_.enter_async_context(mailbox())
        phone = await open_.enter_async_context(pager())
        bot = await open_.enter_async_context(
            running_bot(folder, server=box.server, page_hook=phone.hook if webhook else None, clinic_mail=fallback)
        )
        bot.here.flood = Flood(None)
        imani = bot.here.phone(STAFF + 1, "Imani")
        imani.person.started = True
        bot.here.private_chat(imani.person)
        await bot.app.writer.run(with_mail)
        yield Clinic(bot, box, phone)


async def test_nobody_answers_so_mail_and_webhook_go_at_once_and_again(tmp_path: Path) -> None:
    async with clinic(tmp_path) as here:
        ref = await here.until_paged()
        assert (here.mail.letters, here.pager.posts) == ([], []), "Telegram took the page, so nothing goes another way"
        for times in (1, 2):
            await here.bot.turn(QUARTER)
            await here.bot.here.until(lambda wanted=times: len(here.pager.posts) == wanted and len(here.mail.letters) == 2 * wanted, WITHIN)
        assert [len(here.mail.to(address)) for address in (STAFF_MAIL, CLINIC_MAIL)] == [2, 2]
        for letter in here.mail.letters:
            said = words_of(letter)
            assert ref in letter["Subject"]
            assert ref in said
            assert re.search(r"0001: (high|imminent), (\w+ \d+ \w+, )?\d\d:\d\d", said), "with the day once midnight has passed"
            assert not re.search(r"robin|kill|https?://", said + letter["Subject"], re.IGNORECASE)
            assert "Nothing in this mail can be tapped" in said
        assert {body["reference"] for body in here.pager.bodies} == {ref}
        assert len({body["id"] for body in here.pager.bodies}) == 2, "each quarter of an hour is a page of its own"
        here.bot.staff.press("I'll take it")
        await here.bot.here.until(lambda: any("Pages accepted so far" in text for text in here.bot.staff.texts), WITHIN)
        (details,) = [text for text in here.bot.staff.texts if "Pages accepted so far" in text]
        assert re.search(r"\d\d:\d\d, Telegram: S001", details)
        assert re.search(r"\d\d:\d\d, mail: S001\n.*\d\d:\d\d, mail: the clinic", details)
        assert "the clinic's alarm service: the clinic" in details
        await here.bot.turn(QUARTER)
        await here.bot.app.drained()
        assert len(here.pager.posts) == 2, "somebody has it"


async def test_a_signature_proves_where_a_page_comes_from(tmp_path: Path) -> None:
    async with clinic(tmp_path) as here:
        await here.until_paged()
        await here.bot.turn(QUARTER)
        await here.bot.here.until(lambda: here.pager.posts, WITHIN)
        signed, body = here.pager.posts[0]
        found = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", signed)
        assert found is not None
        assert hmac.digest(SECRET.encode(), f"{found[1]}.".encode() + body, hashlib.sha256).hex() == found[2]
        assert set(here.pager.bodies[0]) == {"id", "repeat", "event", "why", "code", "level", "opened", "reference"}


async def test_who_blocked_the_bot_is_mailed_at_once_and_only_once(tmp_path: Path) -> None:
    async with clinic(tmp_path) as here:
        here.bot.here.faults.add("error", "sendMessage", chat_id=STAFF, times=1000, code=403)
        ref = await here.until_danger()
        await here.bot.here.until(lambda: here.mail.to(STAFF_MAIL), WITHIN)
        (letter,) = here.mail.to(STAFF_MAIL)
        assert ref in words_of(letter)
        assert "Telegram does not take messages for this member of staff" in words_of(letter)
        imani = here.bot.here.phone(STAFF + 1, "Imani")
        await here.bot.here.until(lambda: any("You are backup" in text for text in imani.texts), WITHIN)
        await here.bot.app.drained()
        await here.bot.here.until(lambda: here.bot.app.courier.idle, WITHIN)
        assert len(here.mail.to(STAFF_MAIL)) == 1


async def test_telegram_is_down_so_the_page_goes_by_mail_after_a_minute(tmp_path: Path) -> None:
    async with clinic(tmp_path) as here:
        here.bot.here.faults.add("error", "sendMessage", times=10_000, code=502)
        await here.until_danger()
        assert not here.mail.letters
        await here.bot.turn(timedelta(seconds=61))
        await here.bot.here.until(lambda: here.mail.letters, WITHIN)
        (letter,) = here.mail.letters
        assert letter["To"] == STAFF_MAIL
        assert "Telegram has not confirmed the page" in words_of(letter)
        assert not here.pager.posts, "the mail server took it"


async def test_the_mail_server_refuses_so_it_is_tried_again_and_then_the_webhook_takes_it(tmp_path: Path) -> None:
    async with clinic(tmp_path) as here:
        here.bot.here.faults.add("error", "sendMessage", times=10_000, code=502)
        here.mail.rcpt = "451 try again later"
        ref = await here.until_danger()
        await here.bot.turn(timedelta(seconds=61))
        await here.bot.here.until(lambda: here.mail.tries == 1, WITHIN)
        await here.bot.turn(timedelta(seconds=30))
        await here.bot.here.until(lambda: here.mail.tries == 2, WITHIN)
        await here.bot.turn(timedelta(seconds=31))
        await here.bot.here.until(lambda: here.pager.posts, WITHIN)
        assert here.pager.bodies[0]["reference"] == ref
        here.mail.rcpt = ""
        await here.bot.turn(timedelta(minutes=2))
        await here.bot.here.until(lambda: here.mail.letters, WITHIN)
        assert not any("may be a repeat" in words_of(letter) for letter in here.mail.letters), "a refusal is no doubt"


async def test_an_address_that_is_refused_for_good_is_a_line_for_staff(tmp_path: Path) -> None:
    async with clinic(tmp_path, webhook=False) as here:
        here.bot.here.faults.add("error", "sendMessage", chat_id=STAFF, times=1000, code=403)
        here.mail.rcpt = "550 no such mailbox"
        await here.until_danger()
        await here.bot.here.until(lambda: here.mail.tries >= 2, WITHIN)  # hers, and then the clinic's own
        await here.bot.here.until(lambda: here.bot.app.courier.idle, WITHIN)
        codes = await here.bot.app.writer.run(lambda u: [note.code for note in notes.unseen(u) if note.kind == "undelivered"])
        assert codes.count("mail_refused") == 2


async def test_a_letter_in_doubt_goes_again_marked_as_a_repeat(tmp_path: Path) -> None:
    async with clinic(tmp_path, webhook=False) as here:
        here.bot.here.faults.add("error", "sendMessage", chat_id=STAFF, times=1000, code=403)
        here.mail.silent = True
        await here.until_danger()
        await here.bot.here.until(lambda: here.mail.letters and here.bot.app.courier.idle, WITHIN)
        here.mail.silent = False
        await here.bot.turn(timedelta(seconds=15))
        await here.bot.here.until(lambda: len(here.mail.letters) == 2, WITHIN)
        first, second = here.mail.letters
        assert first["Message-ID"] == second["Message-ID"]
        assert ("may be a repeat" in words_of(first), "may be a repeat" in words_of(second)) == (False, True)


@pytest.mark.parametrize("status", [307, 404])
async def test_a_redirect_is_not_followed_and_a_refusal_goes_to_the_clinic(tmp_path: Path, status: int) -> None:
    async with clinic(tmp_path) as here:
        here.pager.status = status
        here.bot.here.faults.add("error", "sendMessage", times=10_000, code=502)
        here.mail.rcpt = "451 not now"
        await here.until_danger()
        await here.bot.turn(timedelta(seconds=61))
        await here.bot.here.until(lambda: here.mail.tries, WITHIN)
        await here.bot.turn(timedelta(seconds=61))
        await here.bot.here.until(lambda: here.pager.posts, WITHIN)
        here.mail.rcpt = ""
        await here.bot.turn(timedelta(minutes=2))
        await here.bot.here.until(lambda: here.mail.to(CLINIC_MAIL), WITHIN)
        assert len(here.pager.posts) == 1


async def test_after_a_crash_a_letter_under_lease_goes_again_as_a_repeat(tmp_path: Path) -> None:
    async with clinic(tmp_path, webhook=False) as here:
        here.mail.rcpt = "451 not now"
        here.bot.here.faults.add("error", "sendMessage", chat_id=STAFF, times=1000, code=403)
        await here.until_danger()
        await here.bot.here.until(lambda: here.mail.tries and here.bot.app.courier.idle, WITHIN)

        def die_with_it(u: Unit) -> None:
            (row,) = u.all(select(OUTBOX.c.id).where(OUTBOX.c.channel == "mail"))
            assert letters.claim(u, row.id, "somebody who died", u.now) is not None
            sending.rescue_leases(u, alone=True)

        await here.bot.app.writer.run(die_with_it)
        here.mail.rcpt = ""
        here.bot.app.wake()
        await here.bot.here.until(lambda: here.mail.letters, WITHIN)
        assert "may be a repeat" in words_of(here.mail.letters[0])


async def test_a_letter_nobody_can_open_holds_up_no_other(tmp_path: Path) -> None:
    def damaged(u: Unit) -> None:
        letters.post(u, WEBHOOK, {"text": "Something"}, "mail.repeat@1", "damaged")
        u.run(update(OUTBOX).where(OUTBOX.c.dedupe_key == "damaged").values(payload=b"damaged"))

    async with clinic(tmp_path) as here:
        await here.bot.app.writer.run(damaged)
        await here.until_paged()
        await here.bot.turn(QUARTER)
        await here.bot.here.until(lambda: len(here.pager.posts) == 1 and len(here.mail.letters) == 2, WITHIN)


async def test_without_another_way_nothing_is_put_on_one(tmp_path: Path) -> None:
    async with running_bot(tmp_path) as bot:
        bot.here.flood = Flood(None)
        await bot.app.writer.run(with_mail)
        bot.patient.send_text(DANGER)
        await bot.here.until(lambda: bot.staff.texts, WITHIN)
        await bot.turn(QUARTER)
        await bot.here.until(lambda: any("Nobody has answered yet" in text for text in bot.patient.texts), WITHIN)
        other = await bot.app.writer.run(lambda u: u.all(select(OUTBOX.c.id).where(OUTBOX.c.channel != "telegram")))
        assert other == []


@pytest.mark.parametrize(
    ("changes", "ends"),
    [
        ({}, Accepted()),
        ({"rcpt": "450 later"}, Doubt(safe=True)),
        ({"rcpt": "550 nobody here"}, Refused("smtp 550")),
        ({"data": "554 not this"}, Refused("smtp 554")),
        ({"data": "451 later"}, Doubt(safe=True)),
        ({"silent": True}, Doubt(safe=False)),
    ],
)
async def test_how_a_mail_servers_answer_is_read(changes: dict[str, object], ends: object, logs: Lines) -> None:
    async with mailbox() as box:
        for name, value in changes.items():
            setattr(box, name, value)
        assert await mail.send(box.server, letter()) == ends
    assert STAFF_MAIL not in logs.text


async def test_a_password_that_is_refused_and_a_server_that_is_not_there_are_tried_again() -> None:
    async with mailbox() as box:
        wrong = replace(box.server, password="another")
        assert await mail.send(wrong, letter()) == Doubt(safe=True)
        assert await mail.knock(wrong) == "the server answered 535"
        assert await mail.knock(box.server) is None
        gone = box.server
    assert await mail.send(gone, letter()) == Doubt(safe=True)
    assert await mail.knock(gone) == "SMTPConnectError"


async def test_without_tls_where_it_is_asked_for_nothing_is_sent() -> None:
    async with mailbox() as box:
        assert await mail.send(replace(box.server, security="starttls"), letter()) == Doubt(safe=True)
        assert (box.tries, box.letters) == (0, [])


def letter() -> Mail:
    return Mail(STAFF_MAIL, "Between: high", "A patient needs a person.", "between-1", wall())
