"""Personal contacts: naming somebody who may be asked to call, when that may be, the link for them, and taking them off.

They are an addition: never a replacement for the people on call, nor for the numbers.
"""

from __future__ import annotations

from typing import Any

from bot.flow import Ask, Choice, Do, Flow, Me, Read, Say, Talking, Text, scoped
from bot.flow.commands import AddContact, EndContact
from handlers.plan_steps import Part

ROUNDS, MOST = 12, 3
USES = ("both", "mine", "staff")


def contacts(me: Me) -> Talking:
    for n in range(1, ROUNDS):
        mine = yield Read("contacts.mine")
        for place, each in enumerate(mine, 1):
            yield Say(f"contacts.line.{each['state']}", {"n": place, "name": each["name"]})
        of = [("add", "contacts.button.add")] if len(mine) < MOST else []
        of.append(("close", "contacts.button.close"))
        chosen = yield Ask(f"what_{n}", Choice(numbered=len(mine), of=tuple(of)), words="contacts.what" if mine else "contacts.begin")
        if chosen == "close":
            yield Say("contacts.closed")
            return
        part = _add(me) if chosen == "add" else _one(mine[int(chosen) - 1])
        yield from scoped(f"round_{n}", part)


def _add(me: Me) -> Part:
    """Their name, when they may be asked, and a link to pass on. Nothing is sent to anybody who has not opened it and agreed."""
    name = yield Ask("name", Text(limit=40, fact=True, of=(("back", "button.back"),)), words="contacts.name")
    if isinstance(name, list):
        return
    use = yield Ask("use", Choice(of=tuple((each, f"contacts.use.{each}") for each in USES)), words="contacts.when", slots={"name": name})
    link = yield Do(AddContact(name, use))
    yield Say("contacts.link", {"name": name}, alone=True)
    yield Say("contacts.to_pass_on", {"me": me.name, "link": link}, alone=True)


def _one(each: dict[str, Any]) -> Part:
    ways = (("end", "contacts.button.end"), ("back", "button.back"))
    slots = {"name": each["name"], "use": each["use"]}
    if (yield Ask("one", Choice(of=ways), words="contacts.one", slots=slots)) == "end":
        yield Do(EndContact(each["id"]))
        yield Say("contacts.ended", {"name": each["name"]})


FLOWS = (Flow("contacts", contacts, expires=12 * 60, later=False),)
