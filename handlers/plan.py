"""The safety plan when it is calm: writing it step by step, changing any item, letting the team read it or not, what it said before.

It can be written alone here, or on the patient's phone together with the clinician; the team sees only which steps are empty,
unless the patient lets them read it.
"""

from __future__ import annotations

from bot.flow import Ask, Choice, Do, Flow, Me, Read, Say, Talking, YesNo, scoped
from bot.flow.commands import GiveConsent, NoteStaff, RevokeConsent, StartFlow
from handlers.plan_steps import STEPS, Mine, Part, edit, fill, show_all

ROUNDS = 20
BEGIN = tuple((each, f"plan.begin.{each}") for each in ("start", "together", "not_now"))


def plan(me: Me) -> Talking:
    """`me.start`: {"open": "write"} goes straight to the first empty step, where a prompt has asked already."""
    mine = yield Read("plan.mine")
    if not mine["steps"]:
        begin = "start" if me.start.get("open") == "write" else (yield Ask("begin", Choice(of=BEGIN), words="plan.begin"))
        if begin == "start":
            yield from _write()
        elif begin == "together":
            yield Do(NoteStaff("plan", "together"))
            yield Say("plan.together")
        else:
            yield Say("plan.not_now")
        return
    for n in range(1, ROUNDS):
        mine = yield Read("plan.mine")
        what = yield Ask(f"what_{n}", Choice(of=_ways(mine), columns=2), words="plan.what", slots={"overview": mine["overview"]})
        if what == "use":
            yield Do(StartFlow("plan_use"))
            return
        if what == "close":
            yield Say("plan.closed")
            return
        yield from scoped(f"round_{n}", _do(what, mine))


def _ways(mine: Mine) -> tuple[tuple[str, str], ...]:
    ways = ("use", "all", "change", "unshare" if mine["shared"] else "share", *(["before"] if mine["before"] else []), "close")
    return tuple((way, f"plan.button.{way}") for way in ways)


def _write() -> Part:
    """All steps, one after the other; each can be skipped. Then, once, whether the team may read it."""
    yield Say("plan.how")
    for step in STEPS:
        yield from scoped(f"step_{step}", fill(step))
    mine = yield Read("plan.mine")
    if not mine["steps"]:
        yield Say("plan.nothing")
        return
    if not mine["shared"]:
        yield from _share(mine)
    yield Say("plan.written")


def _do(what: str, mine: Mine) -> Part:
    if what == "all":
        yield from show_all(mine)
    elif what == "before":
        yield Say("plan.before", {"list": mine["before"]})
    elif what == "share":
        yield from _share(mine)
    elif what == "unshare":
        yield Do(RevokeConsent("plan"))
        yield Say("plan.unshared")
    else:
        of = tuple((str(step), f"plan.name.{step}") for step in STEPS)
        step = yield Ask("which", Choice(of=(*of, ("back", "button.back"))), words="plan.which")
        if step != "back":
            yield from edit(int(step))


def _share(mine: Mine) -> Part:
    version = yield Read("consent.version", {"words": "plan.share"})
    sure = YesNo("plan.button.share_yes", "plan.button.share_no", columns=1)
    if (yield Ask("share", sure, words="plan.share", slots={"clinic": mine["lines"]["clinic"]})):
        yield Do(GiveConsent("plan", version))
        yield Say("plan.shared")
    else:
        yield Say("plan.stays_yours")


FLOWS = (Flow("plan", plan, expires=24 * 60),)
