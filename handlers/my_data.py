"""My data: what is kept, who looked at it, for how long; and erasing it, the journal alone or everything."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from bot.flow import Ask, Choice, Do, Flow, Me, Read, Say, Talking, YesNo, scoped
from bot.flow.commands import EraseJournal, ErasePlan, ForgetMe

ROUNDS = 12

Part = Generator[Any, Any, Any]


def my_data(me: Me) -> Talking:
    for n in range(1, ROUNDS):
        kept = yield Read("my_data.kept")
        what = yield Ask(f"what_{n}", Choice(of=WHAT), words="my_data.what", slots=kept)
        if what == "done":
            yield Say("my_data.closed")
            return
        gone = yield from scoped(f"round_{n}", _do(me, what))
        if gone:
            return


def _do(me: Me, what: str) -> Part:
    """Evaluates to True when nothing is left to look at."""
    if what == "looks":
        looks = yield Read("my_data.looks")
        yield Say("my_data.looks", {"list": looks}) if looks else Say("my_data.no_looks")
    elif what == "how_long":
        yield Say("my_data.how_long")
    elif what == "copy":
        yield Say("my_data.copy", (yield Read("my_data.clinic")))
    elif what == "journal":
        if (yield Ask("journal", YesNo(yes="my_data.erase_journal", no="my_data.keep", columns=1), words="my_data.journal_sure")):
            count = yield Do(EraseJournal())
            yield Say("my_data.journal_erased", {"count": count})
    elif what == "plan":
        if (yield Ask("plan", YesNo(yes="my_data.erase_plan", no="my_data.keep", columns=1), words="my_data.plan_sure")):
            count = yield Do(ErasePlan())
            yield Say("my_data.plan_erased", {"count": count})
    else:
        return (yield from _everything(me))
    return False


def _everything(me: Me) -> Part:
    if (yield Read("my_data.open")):
        yield Say("my_data.still_open")
        return False
    first = yield Ask("all_1", YesNo(yes="my_data.go_on", no="my_data.keep", columns=1), words="my_data.all_sure")
    if not first or not (yield Ask("all_2", YesNo(yes="my_data.erase_all", no="my_data.keep", columns=1), words="my_data.all_really")):
        yield Say("my_data.kept_all")
        return False
    gone = yield Do(ForgetMe())
    yield Say("my_data.forgotten" if gone else "my_data.still_open")
    return gone


WHAT = tuple((what, f"my_data.show_{what}") for what in ("looks", "how_long", "copy", "journal", "plan", "all", "done"))
FLOWS = (Flow("my_data", my_data, expires=60, later=False),)
