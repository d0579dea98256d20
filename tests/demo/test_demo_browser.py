"""The page in a real browser: typing, tapping, edits in place, the turned clock, two sizes of screen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from demo.local import LocalTelegram
from demo.server import running
from demo.web import page_routes
from tests.demo.browser import DESKTOP, HAND, browsing, open_page
from tests.demo.stage import BACKUP, PATIENT, STAFF, EchoBot, FakeControl, echoing


@dataclass
class Stage:
    """A running demo with the echo bot, and a browser to look at it."""

    here: LocalTelegram
    control: FakeControl
    bot: EchoBot
    url: str
    browser: Browser
    faults: list[str]

    async def open(self, size: dict[str, Any], path: str = "/") -> Page:
        """The page, loaded; what the browser complains about is kept in `faults`."""
        return await open_page(self.browser, size, self.url + path, self.faults)


@pytest.fixture
async def stage(chromium_path: str) -> AsyncIterator[Stage]:
    control = FakeControl()
    here = LocalTelegram(limits=None, clock=control.now)
    async with (
        running(here, extra=page_routes(here, control)) as url,
        echoing(here, url) as bot,
        browsing(chromium_path) as browser,
    ):
        stage = Stage(here, control, bot, url, browser, [])
        yield stage
    assert stage.faults == []


async def say(page: Page, text: str, who: str = "Sam") -> None:
    box = page.get_by_label(f"Message as {who}")
    await box.fill(text)
    await box.press("Enter")


async def test_from_the_invitation_to_a_page_that_is_acknowledged(stage: Stage) -> None:
    page = await stage.open(DESKTOP)
    patient, staff = page.locator("#patient"), page.locator("#staff")
    await patient.get_by_role("button", name="Open your invitation").click()
    await expect(patient.get_by_text("Welcome, Sam. I am glad you are here.")).to_be_visible()
    await staff.get_by_role("button", name="Start").click()

    await patient.get_by_role("button", name="/checkin").click()
    question = patient.locator(".message").filter(has_text="How strong is craving")
    await expect(question.locator(".key-row").first.locator(".key")).to_have_text(list("012345"))
    stage.bot.awake.clear()
    await question.get_by_role("button", name="8", exact=True).click()
    await expect(patient.locator(".key[aria-busy=true]")).to_have_text("8")
    stage.bot.awake.set()
    await expect(patient.get_by_text("Craving: 8. Saved.")).to_be_visible()
    await expect(patient.locator(".message").filter(has_text="Craving: 8.").locator(".stamp")).to_contain_text("edited")
    await expect(patient.get_by_role("status").filter(has_text="Saved.")).to_be_visible()

    await say(page, "I want to die")
    await expect(patient.get_by_text("I am reaching a person on your team now.")).to_be_visible()
    await staff.get_by_role("button", name="I have this").click()
    await expect(staff.get_by_text("You have this. Sam was told.")).to_be_visible()
    await expect(staff.get_by_role("button", name="I have this")).to_have_count(0)
    await expect(patient.get_by_text("Dana saw this at 21:33.")).to_be_visible()


async def test_frames_of_a_timer_move_nothing_but_their_own_words(stage: Stage) -> None:
    page = await stage.open(DESKTOP)
    for n in range(12):
        stage.here.phone(PATIENT).send_text(f"line {n} " * 12)
    keys = {"inline_keyboard": [[{"text": "Stop", "callback_data": "stop"}]]}
    frame = {"chat_id": PATIENT, "reply_markup": keys}
    await stage.here.call("sendMessage", {**frame, "text": "Breathe in"})
    timer = stage.here.phone(PATIENT).last.id
    log = page.locator("#patient .log")
    stop = log.get_by_role("button", name="Stop")
    await stop.focus()
    await log.evaluate("node => { node.scrollTop = 40; }")
    for n in range(5):
        text = f"Breathe out … {n}" + "\nand rest" * n
        await stage.here.call("editMessageText", {**frame, "message_id": timer, "text": text})
        await expect(log.locator(f"[data-id='{timer}'] .words")).to_have_text(text)
        assert await log.evaluate("node => node.scrollTop") == 40
        await expect(stop).to_be_focused()
    await stage.here.call("sendMessage", {"chat_id": PATIENT, "text": "The end is a new message."})
    await page.locator("#patient .newer").click()
    await expect(log.get_by_text("The end is a new message.")).to_be_in_viewport()
    await stage.here.call("editMessageText", {"chat_id": PATIENT, "message_id": timer, "text": "Longer\n" * 20})
    await expect(log.get_by_text("Longer")).to_be_attached()
    await expect(log.get_by_text("The end is a new message.")).to_be_in_viewport(ratio=1)


async def test_the_keyboard_alone_is_enough(stage: Stage) -> None:
    page = await stage.open(DESKTOP)
    stage.here.phone(PATIENT).send_text("/start abc123")
    await say(page, "/checkin")
    await page.locator("#patient").get_by_role("button", name="8", exact=True).focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Yes", exact=True)).to_be_focused()
    await page.get_by_label("Message as Sam").fill("/sk")
    await expect(page.locator("#patient .commands button")).to_have_text(["/skillsSomething to do right now"])
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await expect(page.locator("#patient").get_by_text("You said: /skills")).to_be_visible()
    await page.locator("#patient .more").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Escape")
    await expect(page.locator("#patient .more")).to_be_focused()


async def test_own_words_can_be_edited_and_the_bot_blocked(stage: Stage) -> None:
    page = await stage.open(DESKTOP)
    patient = page.locator("#patient")
    stage.here.phone(PATIENT).send_text("helo")
    own = patient.locator(".message.own")
    await own.hover()
    await own.get_by_role("button", name="Edit").click()
    await say(page, "hello")
    await expect(own.locator(".words")).to_have_text("hello")
    await expect(own.locator(".stamp")).to_contain_text("edited")
    await patient.get_by_role("button", name="More to do on this phone").click()
    await patient.get_by_role("button", name="Block the bot").click()
    await patient.get_by_role("button", name="Unblock the bot").click()
    await expect(page.get_by_label("Message as Sam")).to_be_visible()
    await patient.get_by_role("button", name="More to do on this phone").click()
    await patient.get_by_role("button", name="Send a voice message").click()
    await expect(patient.get_by_text("I cannot read this.")).to_be_visible()


async def test_the_clock_the_cards_and_the_weekly_page(stage: Stage) -> None:
    page = await stage.open(DESKTOP)
    await expect(page.locator(".moment")).to_have_text("16:32 Thu, Nov 19")
    await page.get_by_role("button", name="Tonight", exact=True).click()
    await expect(page.locator(".moment")).to_have_text("19:32 Thu, Nov 19")
    await expect(page.locator("#said")).to_have_text("It is now Thursday, November 19, 19:32.")
    await page.get_by_role("button", name="Tomorrow morning").click()
    await expect(page.locator(".moment")).to_have_text("09:32 Fri, Nov 20")
    await page.get_by_role("button", name="Open the invitation").click()
    await expect(page.locator("#patient").get_by_text("Welcome, Sam.")).to_be_visible()
    await page.get_by_role("button", name="Put the words in the box").click()
    await expect(page.get_by_label("Message as Sam")).to_have_value("I want to die")
    await expect(page.get_by_label("Message as Sam")).to_be_focused()
    async with page.context.expect_page() as opened:
        await page.get_by_role("link", name="This week’s page").locator("visible=true").click()
    await expect((await opened.value).get_by_role("heading")).to_have_text("The week of everyone")


async def test_the_next_step_is_offered_while_one_waits_and_goes_as_far_as_that(stage: Stage) -> None:
    page = await stage.open(DESKTOP)
    step = page.get_by_role("button", name="Next step")
    await expect(step).to_be_hidden()
    stage.control.waits = stage.control.moment + timedelta(minutes=2)
    stage.here.phone(PATIENT).send_text("/start abc123")
    await expect(step).to_have_text("Next step 16:34")
    await step.click()
    await expect(page.locator(".moment")).to_have_text("16:34 Thu, Nov 19")
    stage.control.waits = None
    stage.here.phone(PATIENT).send_text("hello")
    await expect(step).to_be_hidden()


async def test_a_small_phone_rings_and_is_answered_on_its_own(stage: Stage) -> None:
    page = await stage.open(DESKTOP)
    backup = page.locator("#backup")
    stage.here.phone(PATIENT).send_text("/start abc123")
    stage.here.phone(BACKUP).send_text("/start")
    keys = {"inline_keyboard": [[{"text": "I have this", "callback_data": "ack"}]]}
    await stage.here.call("sendMessage", {"chat_id": BACKUP, "text": "The first person has not answered.", "reply_markup": keys})
    await expect(backup.locator(".phone.ring")).to_be_visible()
    await backup.get_by_role("button", name="I have this").click()
    await expect(backup.get_by_text("You have this. Sam was told.")).to_be_visible()
    await expect(page.locator("#patient").get_by_text("Dana saw this at 21:33.")).to_be_visible()


async def test_the_calls_can_be_read_beside_the_phones(stage: Stage) -> None:
    page = await stage.open(DESKTOP)
    await page.get_by_role("button", name="Open your invitation").click()
    await expect(page.locator(".calls-list")).to_be_hidden()
    await page.get_by_role("button", name="Telegram calls").click()
    call = page.locator(".call").filter(has_text="sendMessage")
    await expect(call.locator("summary")).to_contain_text("→ Sam")
    await call.locator("summary").click()
    await expect(call.locator("dl")).to_contain_text("I am glad you are here.")
    assert stage.here.token not in await page.locator("body").inner_text()
    await page.get_by_role("button", name="Telegram calls").click()
    await expect(page.locator(".calls-list")).to_be_hidden()


async def test_words_never_become_markup(stage: Stage) -> None:
    page = await stage.open(DESKTOP)
    await say_to_start(stage, page, "<img src=x onerror=alert(1)> <b>no</b>")
    await expect(page.locator("#patient .message.own .words")).to_have_text("<img src=x onerror=alert(1)> <b>no</b>")
    entities = [{"type": "text_link", "offset": 0, "length": 5, "url": "javascript:alert(1)"}]
    await stage.here.call("sendMessage", {"chat_id": PATIENT, "text": "press 😀 bold", "entities": entities})
    await expect(page.locator("#patient").get_by_text("press 😀 bold")).to_be_visible()
    assert await page.locator("#patient a[href^=javascript]").count() == 0


async def say_to_start(stage: Stage, page: Page, text: str) -> None:
    stage.here.phone(PATIENT).send_text(text)
    await expect(page.locator("#patient .message.own")).to_have_count(1)


async def test_in_the_hand_one_phone_at_a_time_and_nothing_sideways(stage: Stage) -> None:
    page = await stage.open(HAND)
    stage.here.phone(STAFF).send_text("/start")
    await page.get_by_role("button", name="Open your invitation").tap()
    await say(page, "/checkin")
    await expect(page.get_by_role("button", name="10", exact=True)).to_be_in_viewport(ratio=1)
    await say(page, "I want to die " + "x" * 300)
    tab = page.get_by_role("button", name="On call")
    await expect(tab.locator(".badge")).to_contain_text("2")
    await expect(page.locator("#staff")).to_be_hidden()
    await tab.tap()
    await expect(page.get_by_role("button", name="I have this")).to_be_in_viewport(ratio=1)
    await expect(tab.locator(".badge")).to_be_hidden()
    for view in ("Patient", "On call", "Backup", "Try", "Calls"):
        await page.locator(".views").get_by_role("button", name=view).tap()
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert await page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    await page.locator(".views").get_by_role("button", name="Try").tap()
    await page.get_by_role("button", name="Put the words in the box").tap()
    await expect(page.get_by_label("Message as Sam")).to_be_in_viewport(ratio=1)


async def test_no_width_scrolls_sideways(stage: Stage) -> None:
    stage.here.phone(PATIENT).send_text("/start abc123")
    stage.here.phone(PATIENT).send_text("w" * 400)
    stage.control.waits = stage.control.moment  # one button more
    page = await stage.open(DESKTOP)
    for width in (320, 360, 600, 760, 900, 1024, 1180, 1280, 1366, 1920):
        await page.set_viewport_size({"width": width, "height": 760})
        await expect(page.locator("#patient").get_by_text("wwww").first).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        assert await page.locator("#patient .log").evaluate("node => node.scrollWidth <= node.clientWidth"), width


async def test_another_person_by_address(stage: Stage) -> None:
    stage.here.phone(40, "Robin").send_text("hello from Robin")
    page = await stage.open(DESKTOP, "/?patient=40")
    await expect(page.locator("#patient").get_by_text("hello from Robin", exact=True)).to_be_visible()
