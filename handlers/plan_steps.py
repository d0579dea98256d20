"""What the conversations about the safety plan share: how a step is shown, and how items are added, changed and taken out.

The steps follow the Safety Planning Intervention of Stanley and Brown (2012); the wording is our own. An item is kept the moment
it is typed. Words that sound like danger become an item only among the warning signs, where they may be what was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Any

from bot.flow import Ask, Choice, Do, Read, Say, Text, scoped
from bot.flow.commands import ChangePlanItem, RemovePlanItem, SavePlanItem
from handlers.phone import is_phone

SIGNS, SURROUNDINGS, WORTH_LIVING = 1, 6, 7
ALWAYS = 5
"""The step that is never empty: the clinic's line and the place's own stand in it."""
STEPS = (1, 2, 3, 4, 5, 6, 7)
WITH_NUMBERS = (3, 4, 5)
"""Where an item can be somebody to call. In 3 and 4 it can be somebody to write to as well."""
WITH_NAMES = (3, 4)
LONGEST, MOST = 160, 6
"""Characters of an item, and items of a step: what can be read at a glance."""
CHANGES, TRIES = 30, 4
ENDS_IN_NUMBER = re.compile(r"(?P<words>.*?\w.*?)[\s,:;-]+(?P<number>\+?\(?\d[\d\s()./-]{4,}\d)", re.DOTALL)
ONE_MESSAGE = 3000
"""Characters of a whole plan that still go into one message."""

Part = Generator[Any, Any, Any]
Mine = dict[str, Any]
"""What `Read("plan.mine")` gives: items by step, and the numbers of this place."""


def of_step(mine: Mine, step: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = mine["steps"].get(str(step), [])
    return found


def listed(mine: Mine, step: int) -> str:
    return "\n".join(f"• {item['line']}" for item in of_step(mine, step))


def show(mine: Mine, step: int, *, alone: bool = False) -> Part:
    """One step in the patient's words; with the clinic's line and the place's own where these always stand, whatever they wrote."""
    if of_step(mine, step):
        yield Say(f"plan.step.{step}", {"items": listed(mine, step)}, alone=alone)
    if step == ALWAYS and mine["known"]:
        yield Say("plan.lines", mine["lines"], alone=alone)
    elif step == ALWAYS:
        yield Say("plan.lines_unknown_country", {name: mine["lines"][name] for name in ("clinic", "clinic_line")}, alone=alone)


def show_all(mine: Mine) -> Part:
    long = sum(len(listed(mine, step)) for step in STEPS) > ONE_MESSAGE
    for step in STEPS:
        yield from show(mine, step, alone=long)


def fill(step: int) -> Part:
    """Ask for items of one step until they say that is all. Words typed with a number at their end are split by themselves."""
    for n in range(1, MOST + 1):
        mine = yield Read("plan.mine")
        if len(of_step(mine, step)) >= MOST:
            yield Say("plan.full", {"most": MOST})
            return
        if of_step(mine, step):
            yield Say(f"plan.step.{step}", {"items": listed(mine, step)})
        words = f"plan.more.{step}" if step in (SIGNS, SURROUNDINGS) and n > 1 else "plan.more.any" if n > 1 else f"plan.ask.{step}"
        enough = "plan.button.enough" if n > 1 or of_step(mine, step) else "plan.button.skip"
        typed = yield Ask(f"item_{n}", Text(limit=LONGEST, fact=step != SIGNS, of=(("enough", enough),)), words=words)
        if isinstance(typed, list):
            return
        said, number = split(typed) if step in WITH_NUMBERS else (typed, "")
        item = yield Do(SavePlanItem(step, said, number))
        if step in WITH_NUMBERS and not number:
            yield from reach(step, f"reach_{n}", item, said)


def reach(step: int, key: str, item: int, words: str) -> Part:
    """How this one can be reached, if at all: a number, or Telegram."""
    of = [("telegram", "plan.button.telegram")] if step in WITH_NAMES else []
    of.append(("none", "plan.button.no_number"))
    for n in range(1, TRIES):
        asked = "plan.number" if n == 1 else "plan.number_again"
        slots = {"item": words} if n == 1 else {}
        typed = yield Ask(f"{key}_{n}", Text(limit=40, fact=True, of=tuple(of)), words=asked, slots=slots)
        if isinstance(typed, list):
            yield from _done(ChangePlanItem(item, reach="telegram" if typed[0] == "telegram" else "", number=""))
            return
        if is_phone(typed):
            yield from _done(ChangePlanItem(item, reach="phone", number=typed))
            return


def edit(step: int) -> Part:
    """One step: what is in it, numbered, each to be changed or taken out, and more to be added. Evaluates to whether it changed."""
    changed = False
    for n in range(1, CHANGES):
        mine = yield Read("plan.mine")
        items = of_step(mine, step)
        if not items and n > 1:
            yield Say("plan.step_empty")
        for place, item in enumerate(items, 1):
            yield Say("plan.numbered", {"n": place, "item": item["line"]})
        of = [("add", "plan.button.add")] if len(items) < MOST else []
        of.append(("done", "plan.button.done"))
        chosen = yield Ask(f"edit_{n}", Choice(numbered=len(items), of=tuple(of)), words=f"plan.edit.{step}")
        if chosen == "done":
            return changed
        if chosen == "add":
            yield from scoped(f"add_{n}", fill(step))
            changed = True
        elif (yield from scoped(f"item_{n}", _item(step, items[int(chosen) - 1]))):
            changed = True
    return changed


def _item(step: int, item: dict[str, Any]) -> Part:
    """What can be done with one item. Evaluates to whether it was."""
    ways = ["words", *(["number"] if step in WITH_NUMBERS else []), "remove", "back"]
    way = yield Ask("way", Choice(of=tuple((each, f"plan.way.{each}") for each in ways)), words="plan.item", slots={"item": item["line"]})
    if way == "words":
        typed = yield Ask("words", Text(limit=LONGEST, fact=step != SIGNS, of=(("back", "plan.button.as_it_was"),)), words="plan.reword")
        if isinstance(typed, list):
            return False
        yield from _done(ChangePlanItem(item["id"], words=typed))
    elif way == "number":
        yield from reach(step, "reach", item["id"], item["words"])
    elif way == "remove" and (yield from _done(RemovePlanItem(item["id"]))):
        yield Say("plan.removed")
    return way != "back"


def _done(change: ChangePlanItem | RemovePlanItem) -> Part:
    """Have an item changed. Evaluates to whether it was; where it has become another one meanwhile, in a second /plan, that is said."""
    done = yield Do(change)
    if not done:
        yield Say("plan.changed_meanwhile")
    return bool(done)


def split(typed: str) -> tuple[str, str]:
    """("Ana", "555-0199") of "Ana, 555-0199"; the whole text and nothing where it does not end in a number."""
    found = ENDS_IN_NUMBER.fullmatch(typed.strip())
    if found is None or not is_phone(found["number"]):
        return typed, ""
    return found["words"].rstrip(" ,:;-"), found["number"]
