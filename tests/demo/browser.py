"""A visitor in a real browser: looks at what is visible, taps, types, turns the clock. Waits for conditions, never for time."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, Locator, Page, async_playwright, expect

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
HAND: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
PATIENCE = 60_000
"""Milliseconds an answer may take on a machine that has other things to do."""


@asynccontextmanager
async def browsing(chromium_path: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        browser = await playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield browser
        await browser.close()


async def open_page(browser: Browser, size: dict[str, Any], url: str, faults: list[str]) -> Page:
    """The page, loaded; what the browser complains about is added to `faults`."""
    page = await browser.new_page(**size)
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.on("console", lambda line: faults.append(line.text) if line.type in ("error", "warning") else None)
    await page.goto(url)
    await page.wait_for_selector("body[data-ready]")
    return page


@dataclass
class Visitor:
    """Someone before the demo page who does as a person would: waits for the answer before the next tap."""

    page: Page
    faults: list[str] = field(default_factory=list)

    @property
    def patient(self) -> Locator:
        return self.page.locator("#patient")

    @property
    def staff(self) -> Locator:
        return self.page.locator("#staff")

    @property
    def backup(self) -> Locator:
        return self.page.locator("#backup")

    @property
    def supervisor(self) -> Locator:
        return self.page.locator("#supervisor")

    def newest(self, phone: Locator) -> Locator:
        """The bot's newest message on a phone."""
        return phone.locator(".message:not(.own)").last

    async def asked(self, words: str | re.Pattern[str], phone: Locator | None = None) -> Locator:
        """Wait until the newest message says this; returns it."""
        message = self.newest(phone or self.patient)
        await expect(message).to_contain_text(words, timeout=PATIENCE)
        return message

    async def tap(self, label: str, then: str | re.Pattern[str] = "", phone: Locator | None = None) -> Locator:
        """Tap a button of the newest message that has one of that name, and wait until the newest message says `then`."""
        on = phone or self.patient
        await on.get_by_role("button", name=label, exact=True).last.click(timeout=PATIENCE)
        return await self.asked(then, on)

    async def say(self, text: str, then: str | re.Pattern[str] = "", name: str = "Robin") -> None:
        box = self.page.get_by_label(f"Message as {name}")
        await box.fill(text)
        await box.press("Enter")
        await expect(self.patient.locator(".message.own").last).to_contain_text(text[:40], timeout=PATIENCE)
        if then:
            await self.asked(then)

    async def card(self, button: str) -> None:
        """Press the button of a thing to try."""
        await self.page.locator(".cards").get_by_role("button", name=button, exact=True).click(timeout=PATIENCE)

    async def view(self, name: str) -> None:
        """On a small screen: what to show."""
        await self.page.locator(".views").get_by_role("button", name=name).tap()


async def whole(page: Page) -> None:
    """Nothing to scroll but the chat itself, and no word or button cut off at the side."""
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight")
    wide = "nodes => nodes.filter(node => node.scrollWidth > node.clientWidth + 1).map(node => node.textContent)"
    assert await page.locator(".key:visible, .bubble:visible, .steps button:visible, .views button:visible").evaluate_all(wide) == []
