"""Nobody answers: a visitor turns the clock and sees the page climb, on every phone, until someone takes it."""

from __future__ import annotations

import re

from playwright.async_api import Locator, expect

from tests.demo.browser import DESKTOP, HAND, PATIENCE, Visitor, whole
from tests.demo.conftest import Demo
from tests.demo.test_story import DANGER

PAGED = re.compile("imminent")


async def test_the_page_climbs_and_the_patient_is_told_the_truth_until_someone_answers(demo: Demo) -> None:
    visitor = await demo.visit(DESKTOP)
    patient, dana, imani, luis = visitor.patient, visitor.staff, visitor.backup, visitor.supervisor
    await write_in_danger(visitor)
    told = await visitor.asked(re.compile(r"I am paging the person on call .* at \d\d:\d\d\. Nobody has answered yet"))
    opened, said = await stamped(told), await patient.locator(".message").count()
    await visitor.asked(re.compile(r"0001: imminent, \d\d:\d\d\. Reference \w{5}\. Please tap"), dana)

    await nobody_answers(visitor)
    await paged(visitor, dana, "Second page. 0001: imminent", opened, 2)
    await expect(imani.locator(".log")).not_to_contain_text(PAGED)

    await next_step(visitor)
    await paged(visitor, imani, "You are backup. 0001: imminent", opened, 5)
    await expect(luis.locator(".log")).not_to_contain_text(PAGED)

    await nobody_answers(visitor)
    await paged(visitor, luis, "You are supervisor. 0001: imminent", opened, 10)
    await expect(patient.locator(".message")).to_have_count(said)

    await next_step(visitor)
    for phone in (dana, imani, luis):
        await paged(visitor, phone, "To everyone. 0001: imminent", opened, 15)
    await visitor.asked("Nobody has answered yet, after 15 minutes. Please call 911 now if you might act on it, or call or text 988")

    await nobody_answers(visitor)
    await visitor.asked("Nobody has answered yet, after 30 minutes")
    await expect(luis.locator(".message", has_text="To everyone")).to_have_count(2)
    for phone in (dana, imani, luis):
        await expect(phone.locator(".log")).not_to_contain_text(re.compile("Robin|kill|555 010"))

    await visitor.tap("I'll take it", "you have taken this", luis)
    await expect(visitor.newest(luis)).to_contain_text("0001, Robin")
    told = await visitor.asked(re.compile(r"Luis Ortega saw this at \d\d:\d\d\."))
    await expect(told).to_be_in_viewport(ratio=1)
    assert await stamped(told) - opened >= 30
    for phone in (dana, imani):
        await visitor.asked(re.compile(r"\w{5}: Luis Ortega took this at \d\d:\d\d\."), phone)
    await expect(visitor.page.locator(".card h3").first).to_have_text("Luis calls Robin")
    await visitor.card("They spoke")
    await visitor.asked("Luis Ortega has noted that you two were in touch")
    await expect(visitor.page.get_by_role("button", name="Next step")).to_be_hidden()


async def test_in_the_hand_the_backup_s_phone_calls_for_a_look(demo: Demo) -> None:
    visitor = await demo.visit(HAND)
    await write_in_danger(visitor)
    for expected in ("Second page. 0001", "You are backup. 0001"):
        await visitor.view("Try")
        await nobody_answers(visitor)
        await visitor.asked(expected, visitor.staff if "Second" in expected else visitor.backup)
        await whole(visitor.page)
    page = visitor.newest(visitor.backup)
    await expect(page.get_by_role("button", name="I'll take it")).to_be_in_viewport(ratio=1)
    await visitor.view("Patient")
    await next_step(visitor)
    badge = visitor.page.locator(".views").get_by_role("button", name="Backup").locator(".badge")
    await expect(badge).to_contain_text("1")
    await whole(visitor.page)
    await visitor.view("Backup")
    await visitor.asked("You are supervisor", visitor.supervisor)
    await visitor.tap("I'll take it", "you have taken this", visitor.backup)
    await whole(visitor.page)
    await visitor.view("Patient")
    told = await visitor.asked(re.compile(r"Imani Brooks saw this at \d\d:\d\d"))
    await expect(told).to_be_in_viewport(ratio=1)


async def write_in_danger(visitor: Visitor) -> None:
    """Arrive, and write words of danger: the card is the first thing that comes."""
    await visitor.patient.get_by_role("button", name="Open your invitation").click()
    await visitor.asked("I am not a person")
    await visitor.say(DANGER)
    card = visitor.patient.locator(".message.own", has_text=DANGER).locator("xpath=following-sibling::*[1]")
    await expect(card).to_contain_text(re.compile("call 911 now.*call or text 988", re.DOTALL), timeout=PATIENCE)
    await visitor.asked("I am paging the person on call")


async def nobody_answers(visitor: Visitor) -> None:
    """Turn the clock to the next step, by the card of things to try."""
    await expect(visitor.page.locator(".clock")).not_to_have_attribute("aria-busy", "true", timeout=PATIENCE)
    await visitor.card("Nobody answers")


async def next_step(visitor: Visitor) -> None:
    """Turn the clock to the next step, by its button, once it stands."""
    await expect(visitor.page.locator(".clock")).not_to_have_attribute("aria-busy", "true", timeout=PATIENCE)
    await visitor.page.get_by_role("button", name="Next step").click(timeout=PATIENCE)


async def paged(visitor: Visitor, phone: Locator, words: str, opened: int, minutes: int) -> None:
    """The newest message on a phone is this page, it came at its time, and it can be answered there."""
    page = await visitor.asked(words, phone)
    await expect(page.get_by_role("button", name="I'll take it")).to_be_in_viewport(ratio=1)
    assert await stamped(page) - opened - minutes in (0, 1)


async def stamped(message: Locator) -> int:
    """The time a message shows, in minutes since midnight."""
    hour, minute = re.findall(r"\d\d", await message.locator(".stamp").inner_text())
    return int(hour) * 60 + int(minute)
