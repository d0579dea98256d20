"""The schedule in the staff's chat: add a session, see what is coming up, cancel, record who came. Times are the clinic's."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from bot.flow import Ask, Choice, Do, Flow, Me, Number, Read, Say, Talking, Text, TimeOfDay, YesNo
from bot.flow.commands import AddSession, CancelSession, RecordAttended

WHAT = tuple((code, f"session_staff.what_{code}") for code in ("add", "list", "came", "cancel"))
KINDS = tuple((kind, f"session.kind.{kind}") for kind in ("group", "individual", "family", "workshop"))
REPEATS = (("once", "session_staff.repeats_once"), ("weekly", "session_staff.repeats_weekly"))
WHO = (("all", "session_staff.who_all"), ("some", "session_staff.who_some"))
HOW = (("one", "session_staff.cancel_one"), ("all", "session_staff.cancel_all"))
CAME = (("all", "session_staff.came_all"), ("nobody", "session_staff.came_nobody"))
FOR_ALL = ("group", "workshop")
TRIES = 5
Row = dict[str, Any]


def session_staff(me: Me) -> Talking:
    what = yield Ask("what", Choice(of=WHAT))
    yield from {"add": add, "list": show, "came": came, "cancel": cancel}[what](me)


def add(me: Me) -> Talking:
    """One question after the other; nothing is kept before the last yes."""
    kind = yield Ask("kind", Choice(of=KINDS, columns=2))
    title = yield from _typed("title", "bad_title", "schedule.title")
    if title is None:
        return
    found = yield from _start(kind)
    if found is None:
        return
    codes = yield from _who(kind)
    if codes == []:
        return
    yield from _confirm(kind, title["text"], found, codes)


def _start(kind: str) -> Generator[Any, Any, Row | None]:
    """When it is first, how long it lasts, and how often."""
    day = yield from _typed("date", "bad_date", "schedule.date")
    if day is None:
        return None
    starts = yield Ask("time", TimeOfDay(offer=("09:00", "13:00", "18:00")))
    minutes = yield Ask("minutes", Number(low=10, high=600, offer=(50, 60, 90, 180)))
    repeats = yield Ask("repeats", Choice(of=REPEATS))
    weeks = (yield Ask("weeks", Number(low=2, high=52, offer=(4, 8, 10, 12)))) if repeats == "weekly" else 1
    return {"day": day["day"], "starts": starts, "minutes": minutes, "weeks": weeks}


def _who(kind: str) -> Generator[Any, Any, list[str] | None]:
    """The codes of who comes, None for everyone, an empty list when that could not be found out."""
    if kind in FOR_ALL and (yield Ask("who", Choice(of=WHO))) == "all":
        return None
    found = yield from _typed("codes", "bad_codes", "schedule.codes")
    return found["codes"] if found else []


def _confirm(kind: str, title: str, at: Row, codes: list[str] | None) -> Talking:
    seen = yield Read("schedule.preview", {"kind": kind, "codes": codes, **at})
    if seen["over"]:
        yield Say("session_staff.bad_date")
        yield Say("session_staff.gave_up")
        return
    slots = {"kind": seen["kind"], "title": title, "when": seen["when"], "minutes": at["minutes"], "who": seen["who"]}
    weekly = at["weeks"] > 1
    words = f"session_staff.confirm_{'weekly' if weekly else 'once'}"
    slots |= {"last": seen["last"]} if weekly else {}
    if (yield Ask("confirm", YesNo(yes="session_staff.add_it", no="button.not_now"), words, slots)) is False:
        yield Say("session_staff.gave_up")
        return
    patients = tuple(codes) if codes is not None else None
    code = yield Do(AddSession(kind, title, at["day"], at["starts"], at["minutes"], at["weeks"], patients))
    if code:
        yield Say("session_staff.added", {"code": code})
    else:
        yield Say("session_staff.failed")


def show(me: Me) -> Talking:
    rows = yield Read("schedule.coming")
    for n, row in enumerate(rows, 1):
        words = "session_staff.line_off" if row["off"] else "session_staff.line"
        yield Say(words, {"n": n, "code": row["code"], "title": row["title"], "when": row["when"]})
    if not rows:
        yield Say("session_staff.nothing")


def cancel(me: Me) -> Talking:
    """One date, or all that is still to come; asked once more before anybody is told."""
    row = yield from _pick("cancel_which", "schedule.series")
    if row is None:
        return
    about, day = {"title": row["title"]}, None
    words, slots = "session_staff.cancel_confirm_all", about
    how = {"code": row["code"], "title": row["title"]}
    if not row["weekly"]:
        day, words, slots = row["day"], "session_staff.cancel_confirm", {**about, "when": row["when"]}
    elif (yield Ask("cancel_how", Choice(of=HOW), slots=how)) == "one":
        found = yield from _pick("cancel_day", "schedule.days", code=row["code"])
        if found is None:
            return
        day, words, slots = found["day"], "session_staff.cancel_confirm", {**about, "when": found["when"]}
    if (yield Ask("confirm", YesNo(yes="session_staff.cancel_it", no="button.not_now"), words, slots)) is False:
        yield Say("session_staff.gave_up")
        return
    done = yield Do(CancelSession(row["code"], day))
    yield Say("session_staff.cancelled" if done else "session_staff.failed")


def came(me: Me) -> Talking:
    """Who came to a session of the last seven days: typed codes, everyone or nobody."""
    row = yield from _pick("came_which", "schedule.past", nothing="came_nothing")
    if row is None:
        return
    expected = list(row["expected"])
    listed = " ".join(expected)
    for n in range(TRIES):
        said = yield Ask(f"came_{n}", Text(limit=400, of=CAME), "session_staff.came_who", {"codes": listed})
        there = expected if said == ["all"] else [] if said == ["nobody"] else said.replace(",", " ").split()
        odd = [code for code in there if code not in expected]
        if not odd:
            counts = yield Do(RecordAttended(row["series"], row["day"], tuple(there)))
            yield Say("session_staff.came_done", {"came": counts[0], "expected": counts[1]})
            return
        yield Say("session_staff.bad_came", {"code": odd[0], "codes": listed})
    yield Say("session_staff.gave_up")


def _typed(key: str, bad: str, query: str) -> Generator[Any, Any, Row | None]:
    """What a typed answer stands for, asked again while it can't be read; None after five tries."""
    for n in range(TRIES):
        text = yield Ask(f"{key}_{n}", Text(limit=400), f"session_staff.{key}")
        found: Row = yield Read(query, {"text": text})
        if found["ok"]:
            return found
        yield Say(f"session_staff.{bad}", found["slots"])
    yield Say("session_staff.gave_up")
    return None


def _pick(key: str, query: str, nothing: str = "nothing", **args: Any) -> Generator[Any, Any, Row | None]:
    """One of a numbered list, by its number; None when the list is empty."""
    rows: list[Row] = yield Read(query, args)
    if not rows:
        yield Say(f"session_staff.{nothing}")
        return None
    for n, row in enumerate(rows, 1):
        yield Say(row["words"], {"n": n, **row["slots"]})
    number = yield Ask(key, Choice(numbered=len(rows), columns=5))
    return rows[int(number) - 1]


FLOWS = (Flow("session_staff", session_staff, expires=60, later=False),)
