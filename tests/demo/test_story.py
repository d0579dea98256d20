"""The whole story in a real browser against the real bot: `between demo` as a visitor sees it, at a desk and in the hand."""

from __future__ import annotations

import re

from playwright.async_api import expect

from content.library import load
from tests.demo.browser import DESKTOP, HAND, PATIENCE, Visitor, whole
from tests.demo.conftest import Demo

WORDS = load("en").text
DANGER = WORDS("demo.danger.value")
LINE = "The evening is long when the house is quiet."


async def test_from_the_invitation_to_the_weekly_page(demo: Demo) -> None:
    visitor = await demo.visit(DESKTOP)
    await arrive(visitor)
    await check_in(visitor)
    await ride_the_urge(visitor)
    await be_in_danger(visitor)
    await answer_the_page(visitor)
    await read_the_week(visitor)


async def arrive(visitor: Visitor) -> None:
    """The welcome by taps and typing, the honest part first."""
    await visitor.card("Open the invitation")
    await visitor.asked(re.compile(r"I am not a person.*not an emergency service.*call 911.*988", re.DOTALL))
    await visitor.tap("Next", "Who reads what")
    await visitor.tap("Next", "What can go wrong")
    await visitor.tap("Next", "To start, I need your OK")
    await visitor.tap("Yes, I agree", "one page a week")
    await visitor.tap("Yes", "May they read the message")
    await visitor.tap("Yes", "silent for a few days")
    await visitor.tap("Yes", "What should I call you")
    await visitor.say("Robin", "What number")
    await visitor.say("555 010 0142", "Which country")
    await visitor.tap("United States", "Which state")
    await visitor.say("NY", "Eastern (New York) time: it is 18:5")
    await visitor.tap("Yes", "how you slept")
    await visitor.tap("08:30", "in the evening")
    await visitor.tap("20:00", "I am quiet from")
    await visitor.tap("That's fine", "Someone may see your phone")
    await visitor.tap("No, show it", "All set, Robin")


async def check_in(visitor: Visitor) -> None:
    """An evening check-in with craving 8, in one message that changes in place, and a skill offered at its end."""
    await visitor.tap("Check in now", "1/7 · How is your mood")
    shown = await visitor.patient.locator(".message").count()
    await visitor.tap("4", "2/7 · How strong is your craving")
    await visitor.tap("8", "What set it off")
    await visitor.tap("Being lonely")
    await expect(visitor.newest(visitor.patient).get_by_role("button", name="✓ Being lonely")).to_be_visible()
    await visitor.tap("Boredom")
    await expect(visitor.newest(visitor.patient).get_by_role("button", name="✓ Boredom")).to_be_visible()
    await visitor.tap("Done", "3/7 · How stressed")
    await visitor.tap("6", "4/7 · Since your last check-in")
    await visitor.tap("No", "5/7 · Did you talk")
    await visitor.tap("Yes", "6/7 · How sure are you")
    await visitor.tap("6", "7/7 · Is there one thing")
    assert await visitor.patient.locator(".message").count() == shown
    await visitor.say(LINE, "Who may read that line")
    await visitor.tap("Share with my team", re.compile("Saved.*Would one of these help with the craving", re.DOTALL))


async def ride_the_urge(visitor: Visitor) -> None:
    """Steps, a live timer that goes on while something is typed, its end by the page's clock, and the same 0 to 10 again."""
    await visitor.tap("Ride the urge", "Is it within your reach right now")
    await visitor.tap("No, not near me", "Where is it strongest")
    await visitor.tap("Chest", "How long?")
    timer = await visitor.tap("3 minutes", re.compile(r"○{10}\s*3:00 left"))
    riding = visitor.patient.locator(f"[data-id='{await timer.get_attribute('data-id')}']")
    await expect(riding).to_contain_text("2:45 left", timeout=PATIENCE)
    await visitor.card("Let time pass")
    await visitor.asked("And now: how strong is the craving")
    await expect(riding).to_contain_text(re.compile(r"●{10}\s*Time is up"))
    await expect(riding.get_by_role("button")).to_have_count(0)
    await visitor.tap("4", re.compile(r"It was 8 before and is 4 now.*What would you like now", re.DOTALL))
    await visitor.tap("That's enough", "/skills")


async def be_in_danger(visitor: Visitor) -> None:
    """The card is the first thing on the patient's phone; the page on the other says a code, a level and a time."""
    await visitor.card("Write them")
    await visitor.page.get_by_label("Message as Robin").press("Enter")
    own = visitor.patient.locator(".message.own", has_text=DANGER)
    card = own.locator("xpath=following-sibling::*[1]")
    await expect(card).to_contain_text(re.compile("call 911 now.*call or text 988", re.DOTALL), timeout=PATIENCE)
    await visitor.asked(re.compile(r"I am paging the person on call .* at \d\d:\d\d\. Nobody has answered yet"))
    await expect(card.get_by_text("If you might act on it")).to_be_in_viewport()
    page = await visitor.asked(re.compile(r"0001: imminent, \d\d:\d\d\. Reference \w{5}\."), visitor.staff)
    await expect(page.get_by_role("button", name="I'll take it")).to_be_in_viewport(ratio=1)
    await expect(visitor.staff.locator(".log")).not_to_contain_text(re.compile("Robin|kill|this any more|555 010"))


async def answer_the_page(visitor: Visitor) -> None:
    """Taken, told, reached, closed with an outcome; each step shows on the other phone."""
    details = await visitor.tap("I'll take it", "you have taken this", visitor.staff)
    for known in ("0001, Robin", "Call back: 555 010 0142", DANGER):
        await expect(details).to_contain_text(known)
    told = await visitor.asked(re.compile(r"^\s*(Bot: )?Dana Reyes saw this at \d\d:\d\d\."))
    await expect(told.get_by_text("Dana Reyes saw this")).to_be_in_viewport(ratio=1)
    await visitor.tap("I reached them", "how did it end", visitor.staff)
    await visitor.asked("Dana Reyes has noted that you two were in touch")
    await visitor.tap("Spoke with them, safe for now", "closed. Thank you.", visitor.staff)
    await visitor.asked("A person on your team has closed this")


async def read_the_week(visitor: Visitor) -> None:
    """The caseload has the patient near its top; their page has all of this evening."""
    async with visitor.page.context.expect_page() as directly:
        await visitor.card("See the page")
    await expect((await directly.value).get_by_role("heading", name="Robin weekly summary")).to_be_visible(timeout=PATIENCE)
    async with visitor.page.context.expect_page() as opened:
        await visitor.page.get_by_role("link", name="This week’s page").locator("visible=true").click()
    week = await opened.value
    await expect(week.get_by_role("row").filter(has_text="Robin")).to_contain_text("1 safety event, closed", timeout=PATIENCE)
    await week.get_by_role("link", name="Robin").click()
    await expect(week.get_by_role("heading", name="Safety: 1 event this week, closed")).to_be_visible(timeout=PATIENCE)
    shown = week.locator("body")
    event = re.compile(r"Fri 20 Nov.*Imminent, from their own words.*Dana Reyes.*Spoke with them, safe for now", re.DOTALL)
    for fact in (event, re.compile(r"Check-ins\s*1 of 1"), re.compile(r"Craving\s*8"), "Being lonely", "Boredom", LINE):
        await expect(shown).to_contain_text(fact)
    await expect(week.get_by_text("Ride the urge")).to_be_visible()
    await expect(week.get_by_text("−4.0")).to_be_visible()


async def test_in_the_hand_from_the_invitation_to_who_saw_it(demo: Demo) -> None:
    visitor = await demo.visit(HAND)
    await visitor.view("Try")
    await visitor.card("Open the invitation")
    await expect(visitor.patient).to_be_visible()
    await visitor.tap("Next", "Who reads what")
    await visitor.say(DANGER)
    await visitor.asked("I am paging the person on call")
    card = visitor.patient.locator(".message.own", has_text=DANGER).locator("xpath=following-sibling::*[1]")
    await expect(card.get_by_text("If you might act on it: call 911 now")).to_be_in_viewport()
    await whole(visitor.page)
    badge = visitor.page.locator(".views").get_by_role("button", name="On call").locator(".badge")
    await expect(badge).to_be_visible()
    await visitor.view("On call")
    page = await visitor.asked(re.compile(r"0001: imminent, \d\d:\d\d"), visitor.staff)
    await expect(page.get_by_role("button", name="I'll take it")).to_be_in_viewport(ratio=1)
    await whole(visitor.page)
    await visitor.tap("I'll take it", "you have taken this", visitor.staff)
    await visitor.view("Patient")
    told = await visitor.asked(re.compile(r"Dana Reyes saw this at \d\d:\d\d"))
    await expect(told).to_be_in_viewport(ratio=1)


async def test_a_visitor_who_is_not_gentle(demo: Demo) -> None:
    visitor = await demo.visit(DESKTOP)
    patient, page = visitor.patient, visitor.page
    await page.locator(".cards button").first.dblclick()
    await visitor.asked("I am not a person")
    await patient.get_by_role("button", name="Next").dblclick()
    await visitor.asked("Who reads what")
    await page.get_by_role("button", name="Answer for Robin").dblclick()
    await visitor.asked("All set, Robin")
    await expect(patient.locator(".message", has_text="All set, Robin")).to_have_count(1)

    await page.get_by_label("Message as Robin").fill("hello 🌊")
    await patient.get_by_role("button", name="Send", exact=True).dblclick()
    await visitor.asked("Shall I keep it in your journal")
    await visitor.say("אני מנסה להישאר עם זה", "Shall I keep it in your journal")
    await expect(patient.locator(".message.own", has_text="hello 🌊")).to_have_count(1)

    await visitor.say("/checkin", "1/7")
    await patient.get_by_role("button", name="8", exact=True).last.dblclick()
    await visitor.asked("2/7 · How strong is your craving")
    await visitor.tap("8", "What set it off")
    for chip in ("An argument", "Stress", "Pain"):
        await patient.get_by_role("button", name=re.compile(chip)).last.click()
    for chip in ("An argument", "Stress", "Pain"):
        await expect(patient.get_by_role("button", name=f"✓ {chip}")).to_be_visible(timeout=PATIENCE)

    question = await visitor.asked("What set it off")
    await page.get_by_role("button", name="Monday", exact=True).click()
    await expect(page.locator(".moment")).to_have_text("09:00 Mon, Nov 23", timeout=PATIENCE)
    await visitor.asked(re.compile("morning check-in|check in today"))
    await expect(patient.locator(".message", has_text="What set it off").get_by_role("button")).to_have_count(0)
    assert await question.count() == 1
    await visitor.say("x" * 4500)
    await visitor.asked("Shall I keep it in your journal")
    await visitor.say("/help", "In danger now: call 911")
