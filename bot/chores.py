"""The tick and the chores: what falls due outside a conversation. Cost follows what is due, not how many patients there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from bot import sending
from bot.acts.drill import plan_drill
from bot.acts.plan_staff import remind
from bot.acts.rota import plan_coverage
from bot.apart import attempt
from bot.dues import CHORES
from bot.log import get
from clinic import export, page_folders
from safety import auditor
from storage import audit, clinic, due, erasing, heartbeat, keyfile, meta, notes, people, retention
from storage.due import DueRow
from storage.keyfile import Missed
from storage.store import Unit
from storage.wall import instant, local

log = get("bot.chores")
WEEKLY_AT = "06:00"
AUDIT_EVERY = timedelta(minutes=1)
AGAIN = timedelta(minutes=1)
"""How long after it failed a chore is tried again."""
AT_DISKS = ("weekly", erasing.CHORE)
"""Chores that go to folders that may be slow or away: in a transaction of their own, when nothing else is due."""
Weekly = Callable[[Unit], int | None]
"""Writes the weekly pages; None when it has to be called again in the next transaction (`export.weekly`)."""


@dataclass(frozen=True)
class Ticked:
    """more: anything else (a turn, a send) may be due. proved: the auditor found all escalations on time, and a heartbeat was written."""

    more: bool
    proved: bool = False


def plan(u: Unit) -> None:
    """Make sure each chore has its next time."""
    _plan_audit(u)
    _plan_retention(u)
    _plan_weekly(u)
    plan_coverage(u)
    plan_drill(u)


def tick(u: Unit, weekly: Weekly | None = None, each_minute: Callable[[Unit], None] = lambda _: None) -> Ticked:
    """Do the chores that are due, each apart from the others; `each_minute` with the auditor's."""
    rescued = _apart(u, "leases", lambda: sending.rescue_leases(u))
    ready = due.ready(u, 10, chores=True, kinds=CHORES)
    rows = [row for row in ready if row.kind not in AT_DISKS] or ready  # a disk that hangs holds up no proof that was due before it
    proofs: list[bool] = []
    for row in rows:
        u.where = row.kind
        if not _apart(u, row.kind, partial(_do, u, row, weekly, each_minute, proofs, rescued)):
            due.move(u, row.id, u.now + AGAIN)
    upcoming = due.next_at(u)
    return Ticked(upcoming is not None and upcoming <= u.now, any(proofs))


def _do(u: Unit, row: DueRow, weekly: Weekly | None, each_minute: Callable[[Unit], None], proofs: list[bool], rescued: bool) -> None:
    due.done(u, row.id)
    if row.kind == "audit":
        proved = _audit(u, rescued)
        each_minute(u)
        meta.put(u, meta.CLOCK, u.now.isoformat())
        _plan_audit(u)
        proofs.append(proved)
    elif row.kind == "retention":
        log.info("retention.done", **retention.apply(u))
        anchored = audit.anchor(u)
        log.info("audit.anchored", digest=anchored)
        _plan_retention(u)
    elif row.kind == erasing.CHORE:
        u.may_think()
        after_forgetting(u)
    elif row.kind == "weekly" and _write_week(u, weekly):
        log.info("plans.reminded", patients=remind(u))
        _plan_weekly(u)


def _apart(u: Unit, what: str, run: Callable[[], object]) -> bool:
    """One chore that fails holds up no other: staff hear of it once, and it is tried again. Whether it went well."""
    fault = attempt(u, run)
    if fault is None:
        return True
    log.critical("chore.failed", chore=what, fault=type(fault).__name__, exc_info=fault)
    if not notes.waits(u, None, "chore", what):
        notes.add(u, None, "chore", what)
    return False


def _audit(u: Unit, rescued: bool) -> bool:
    """The heartbeat is written only when all is proved: its silence is the alarm. rescued: nothing lies with a sender that died."""
    found = auditor.audit(u)
    log.info("audit.done", open=found.open, repaired=found.repaired)
    if found.proved and rescued:
        heartbeat.beat(u, "proved")
        return True
    fault = found.faults[0] if found.faults else None
    log.critical("audit.not_proved", late=found.late, unsent=found.unsent, unseen=len(found.faults), fault=fault, rescued=rescued)
    return False


def after_forgetting(u: Unit) -> bool:
    """Remove what lies outside the database of people who were forgotten: data keys in key files, weekly pages.

    False, with a note for staff and another try in an hour, when a folder could not be reached.
    """
    return not clear_outside(u)


def clear_outside(u: Unit) -> list[str]:
    """The same for whoever waits for it: what was missed, each as a sentence."""
    u.leave_no_log = True
    missed = [_missed(each) for each in keyfile.renew_all(u)]
    missed += [f"The weekly pages in {folder} could not be reached." for folder in page_folders.erase(u, people.forgotten_codes(u))]
    if missed:
        log.error("forgotten.missed", folders=len(missed))
        again = u.now + timedelta(hours=1)
        due.plan(u, erasing.CHORE, 0, f"{erasing.CHORE}:again:{again:%Y%m%d%H}", again)
        if not any(each.kind == "forgotten_outside" for each in notes.unseen(u, 1000)):
            notes.add(u, None, "forgotten_outside", str(len(missed)))
    return missed


def _missed(key_file: Missed) -> str:
    if key_file.master is None:
        return f"The key file in {key_file.folder} could not be reached."
    return (
        f"The key file in {key_file.folder} needs a master key of before a rotation ({key_file.master}). "
        f"Name that key's file: `between backup --keys {key_file.folder} --old-key FILE`."
    )


def _write_week(u: Unit, weekly: Weekly | None) -> bool:
    """The weekly pages. If they can't be written staff are told, and it is tried again in an hour.

    False when they are only begun and go on in the next tick, which is due at once.
    """
    u.may_think()
    fault: Exception | None = None
    written: int | None = 0
    try:
        with u.savepoint():
            try:
                written = weekly(u) if weekly else 0
            except export.CannotWrite as refused:  # what was recorded of the pages before that stays
                fault = refused
    except SQLAlchemyError:
        raise
    except Exception as other:
        fault = other
    if fault is not None:
        log.error("weekly.failed", fault=type(fault).__name__)
        notes.add(u, None, "weekly", type(fault).__name__)
        again = u.now + timedelta(hours=1)
        due.plan(u, "weekly", 0, f"weekly:again:{again:%Y%m%d%H}", again)
    elif written is None:
        return not due.plan(u, "weekly", 0, f"weekly:begun:{u.now:%Y%m%d%H%M%S}", u.now)
    else:
        log.info("weekly.done", written=written)
    return True


def _plan_audit(u: Unit) -> None:
    at = u.now + AUDIT_EVERY
    due.plan(u, "audit", 0, f"audit:{at:%Y%m%d%H%M}", at.replace(second=0, microsecond=0))


def _plan_retention(u: Unit) -> None:
    at = u.now + timedelta(days=1)
    due.plan(u, "retention", 0, f"retention:{at:%Y%m%d}", at.replace(hour=3, minute=30, second=0, microsecond=0))


def _plan_weekly(u: Unit) -> None:
    """Monday at 06:00 in the clinic's zone."""
    known = clinic.as_it_opens(u)
    if known is None:
        return
    today = local(u.now, known.zone).date()
    monday = today + timedelta(days=-today.weekday())
    at = instant(monday, WEEKLY_AT, known.zone)
    if at <= u.now:
        monday += timedelta(days=7)
        at = instant(monday, WEEKLY_AT, known.zone)
    due.plan(u, "weekly", 0, f"weekly:{monday}", at)
