"""The end of a history: every reminder accounted for, every tick still true, nothing set aside for a fault of ours.

This is the one place that looks into the bot's records: only to find the recorded reason of what did not reach a phone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from bench.sim import words
from storage import people, reminders
from storage.people import PersonCard
from storage.store import Unit, table
from storage.tables import Due, Inbox, Note, Outbox
from storage.wall import instant, local

if TYPE_CHECKING:
    from bench.sim.clinic import Series
    from bench.sim.history import History

DUE, OUTBOX = table(Due), table(Outbox)
KINDS = {reminders.EVE: "session.eve", reminders.SOON: "session.soon"}


@dataclass
class Reckoned:
    """What is accounted for so far: which reminders (see `_session`), and how many of each outcome."""

    done: set[tuple[object, ...]] = field(default_factory=set)
    counted: Counter[str] = field(default_factory=Counter)


def reckon(history: History) -> None:
    """Count how many reminders were delivered and how many dropped, by reason; what is wrong goes to the oracle."""
    _ticks(history)
    with history.aside() as u:
        found = _sessions(history, u, to_the_end=True)
        for address, who in found.items():
            _check_ins(history, u, address, who, history.reckoned.counted)
        _set_aside(history, u)


def before_all_is_old(history: History) -> None:
    """The machine's clock is about to be set so far ahead that the bot rightly erases its records: look while they are there."""
    with history.aside() as u:
        _sessions(history, u, to_the_end=False)


def _sessions(history: History, u: Unit, *, to_the_end: bool) -> dict[int, PersonCard | None]:
    found = {address: _person(u, address) for address in history.patients}
    for series in history.series:
        for address in series.patients:
            for number in range(series.weeks):
                _session(history, u, series, address, found[address], series.first + timedelta(days=7 * number), to_the_end=to_the_end)
    return found


def _person(u: Unit, address: int) -> PersonCard | None:
    chat = people.chat_for(u, address)
    return people.person(u, chat.person) if chat.person is not None else None


def _session(
    history: History, u: Unit, series: Series, address: int, who: PersonCard | None, day: date, *, to_the_end: bool
) -> None:
    """The reminders of one session for one patient. What is still open is only wrong when the end has come."""
    since, begins = week_before(day, series.starts, series.zone)
    if begins <= history.start or (to_the_end and begins > history.clock.now()):
        return
    reckoned = history.reckoned
    for kind, item in KINDS.items():
        reminder = (address, series.row, day, kind)
        if reminder in reckoned.done:
            continue
        seen = [at for at, title in history.oracle.prompts[(address, item)] if title == series.title and since < at <= begins]
        if len(seen) > 1:
            history.oracle.wrong("reminder_twice", address, f"{series.title} {day} {kind}")
        what_came = "delivered" if seen else _why(u, kind, who, f":{series.row}:{day}")
        if what_came is None and to_the_end:
            what_came = _why_never_planned(history, u, series, who, day)
        if what_came is not None:
            reckoned.counted[f"session {what_came}"] += 1
            reckoned.done.add(reminder)
        elif to_the_end:
            history.oracle.wrong("reminder_lost", address, f"{series.title} {day} {kind}")


def week_before(day: date, starts: str, zone: str) -> tuple[datetime, datetime]:
    """When the session of the week before began, and this one: by the wall, as a week with a clock change is not 168 hours long."""
    return instant(day - timedelta(days=7), starts, zone), instant(day, starts, zone)


def _why_never_planned(history: History, u: Unit, series: Series, who: PersonCard | None, day: date) -> str | None:
    if not _in_program(u, who, instant(day, series.starts, series.zone)):
        return "left"
    return "cancelled" if (series.code, day) in history.called_off else None


def _in_program(u: Unit, who: PersonCard | None, at: datetime) -> bool:
    """Someone who left and came back to the door is active, and is reminded of nothing until they agree again."""
    return who is not None and who.active and "program" in people.consents(u, who.id, at)


def _why(u: Unit, kind: str, who: PersonCard | None, about: str) -> str | None:
    """The recorded reason why a reminder did not arrive, or None."""
    if who is None:
        return None
    slot = f"{kind}:{who.id}{about}"
    row = u.one(select(DUE.c.state, DUE.c.reason).where(DUE.c.slot == slot))
    if row is None:
        return None
    if row.state == "dropped":
        return f"dropped: {row.reason}"
    sent = u.one(select(OUTBOX.c.state, OUTBOX.c.reason).where(OUTBOX.c.dedupe_key == slot))
    if sent is None:
        return "veiled" if row.state == "done" else None
    return f"not sent: {sent.state} {sent.reason or ''}".strip() if sent.state in ("dropped", "unknown", "dead") else None


def _check_ins(history: History, u: Unit, address: int, who: PersonCard | None, counted: Counter[str]) -> None:
    """Each prompt at most once a local day; and for those who kept their times, no day without its firing or its reason."""
    zone = who.zone if who is not None else "UTC"
    moved = history.patients[address].moved
    for item in words.ASKS:
        seen = Counter(local(at, zone).date() for at, _ in history.oracle.prompts[(address, item)])
        counted["check-in delivered"] += sum(seen.values())
        for day, count in seen.items():
            if count > 1 and not moved:
                history.oracle.wrong("check_in_twice", address, f"{item} {day}")
    if who is None or not who.active:
        return
    rows = u.all(select(DUE).where(DUE.c.kind == "check_in", DUE.c.subject == who.id).order_by(DUE.c.due_at))
    days: dict[str, list[date]] = {}
    for row in rows:
        part, day = row.slot.split(":")[2], date.fromisoformat(row.slot.split(":")[3])
        days.setdefault(part, []).append(day)
        if row.state == "dropped":
            counted[f"check-in dropped: {row.reason}"] += 1
        elif row.state == "ready" and row.due_at < u.now - timedelta(minutes=20):
            history.oracle.wrong("check_in_stuck", address, f"{row.slot.split(':', 2)[2]}")
    for part, there in days.items():
        gaps = (there[-1] - there[0]).days + 1 - len(there)
        short = there[-1] < local(u.now, zone).date()
        if not moved and (gaps or short):
            history.oracle.wrong("check_in_lost", address, f"{part} gaps {gaps} until {there[-1]}")


def _ticks(history: History) -> None:
    """Ask the bot, as the patient would, how many entries are kept: at least as many as it said it kept."""
    for address in history.patients:
        if not history.oracle.cases[address].outside:
            history.telegram.say(address, "/mydata")
    history.run(history.now + timedelta(minutes=3))
    for address, case in history.oracle.cases.items():
        shown = next((words.read(each.text) for each in reversed(history.telegram.phone(address).stock)), {})
        if case.outside or "my_data.what" not in shown:
            continue
        history.oracle.seen["asked what is kept"] += 1
        kept = int(shown["my_data.what"]["entries"])
        if kept < case.kept:
            history.oracle.wrong("tick_untrue", address, f"{case.kept} kept were shown, there are {kept}")


def _set_aside(history: History, u: Unit) -> None:
    """Rows the bot could not handle, other than those that came broken."""
    inbox, notes = table(Inbox), table(Note)
    for row in u.all(select(inbox.c.reason, inbox.c.chat_id).where(inbox.c.state == "quarantined", inbox.c.reason != "unreadable")):
        history.oracle.wrong("turn_failed", people.address(u, row.chat_id), str(row.reason))
    for row in u.all(select(notes.c.code).where(notes.c.kind == "quarantine")):
        if row.code != "unreadable":
            history.oracle.wrong("turn_failed", 0, str(row.code))
    left = u.all(select(inbox.c.id).where(inbox.c.state == "ready"))
    if left:
        history.oracle.wrong("not_taken", 0, f"{len(left)} updates")
