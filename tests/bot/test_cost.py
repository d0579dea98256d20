"""What things cost as rows are piling up: every query of the loops finds its rows by an index, a turn is a handful of
statements, and a round of the drain reads a bounded number of rows however many wait."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import event

from bot import chores, sending
from bot.dues import CHORES
from bot.pace import Pace
from bot.phones import Phones
from storage import due, outbox, outbox_rows, people
from storage.outbox import BULK, CRISIS, PROMPT
from storage.store import Store
from tests.bot.conftest import NOW
from tests.clinics import PATIENT, STAFF

GROWING = (
    "inbox", "outbox", "due", "talk", "prompt", "person", "chat", "data_key", "consent", "check_in", "observation", "entry",
    "escalation", "escalation_event", "audit", "attendance", "skill_use", "plan_item", "plan_review", "contact",
)  # fmt: skip
PARTIAL = ("inbox_ready", "inbox_waiting", "inbox_kept", "outbox_ready", "outbox_next", "outbox_leased", "due_ready", "escalation_open")
"""Indexes that hold only what still waits, or a week of it: to go through one of these is what a loop is for."""


@contextmanager
def overheard(store: Store) -> Iterator[list[tuple[str, Any]]]:
    """Every statement that runs meanwhile, with what it was given."""
    heard: list[tuple[str, Any]] = []

    def hear(_c: Any, _cursor: Any, statement: str, given: Any, _context: Any, _many: bool) -> None:
        heard.append((statement, given))

    event.listen(store.engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(store.engine, "before_cursor_execute", hear)


def scans(store: Store, heard: list[tuple[str, Any]]) -> dict[str, str]:
    """Statements that go through a whole table that grows: its plan line by its words."""
    found = {}
    with store.engine.connect() as connection:
        for statement, given in dict(heard).items():
            if not statement.startswith(("SELECT", "UPDATE", "DELETE", "INSERT")) or isinstance(given, list):
                continue
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given).all():
                scan = re.match(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", row[3])
                if scan and scan[1] in GROWING and scan[2] not in PARTIAL:
                    found[statement] = row[3]
    return found


def test_the_measure_sees_a_scan(store: Store, phones: Phones) -> None:
    with overheard(store) as heard, store.unit(NOW) as u:
        u.run(outbox_rows.OUTBOX.select().where(outbox_rows.OUTBOX.c.ref == "X"))
    assert list(scans(store, heard).values()) == ["SCAN outbox"]


def test_the_tick_finds_all_it_asks_for_by_an_index(store: Store, phones: Phones) -> None:
    with store.unit(NOW) as u:
        chores.plan(u)
    with overheard(store) as heard, store.unit(NOW + timedelta(days=8)) as u:
        sending.rescue_leases(u)
        assert {row.kind for row in due.ready(u, 10, chores=True, kinds=CHORES)} == {"audit", "retention", "weekly"}
        chores.tick(u, lambda _: 0)
        chores.tick(u, lambda _: 0)  # what goes to disks comes when nothing else is due
        outbox.waiting(u)
        outbox.next_at(u)
    assert len(heard) > 15
    everybody = {statement for statement in scans(store, heard) if "person.role = " in statement}
    assert len(everybody) == 1, "once a week every patient's page is due, and with it a look at every safety plan"
    assert scans(store, [each for each in heard if each[0] not in everybody]) == {}


def test_what_is_due_is_found_among_what_waits_and_not_among_all_there_ever_was_of_its_kind(store: Store, phones: Phones) -> None:
    """An audit a minute is half a million rows a year."""
    with overheard(store) as heard, store.unit(NOW) as u:
        for chores_alone in (True, False):
            due.ready(u, 10, chores=chores_alone, kinds=CHORES)
        due.next_at(u, but=CHORES)
    with store.engine.connect() as connection:
        asked = [(statement, given) for statement, given in heard if "FROM due" in statement]
        plans = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given).all()[0][3] for statement, given in asked]
    assert len(plans) == 3
    assert all("USING INDEX due_ready" in plan for plan in plans)


def test_no_turn_and_no_due_time_goes_through_a_whole_table(store: Store, phones: Phones) -> None:
    """A check-in, a journal line, danger with its ladder and its answer, and what falls due meanwhile."""
    with overheard(store) as heard:
        phones.type(PATIENT, "/checkin")
        for _ in range(3):
            phones.tap(PATIENT, "5")
        phones.wait(timedelta(hours=20))
        phones.type(PATIENT, "a long day")
        phones.type(PATIENT, "I want to kill myself tonight")
        phones.wait(timedelta(minutes=3))
        phones.tap(STAFF, "I'll take it")
        phones.wait(timedelta(minutes=40))
    assert len({statement for statement, _ in heard}) > 40
    assert scans(store, heard) == {}


def test_a_tap_in_a_check_in_is_a_handful_of_statements(store: Store, phones: Phones) -> None:
    phones.type(PATIENT, "/checkin")
    phones.tap(PATIENT, "5")
    with overheard(store) as heard:
        phones.tap(PATIENT, "6")
    ours = [statement for statement, _ in heard if "BEGIN" not in statement]
    assert len(ours) <= 40, "with intake, sending and one empty look of the worker and the drain"


def queue(store: Store, reminders: int) -> None:
    with store.unit(NOW) as u:
        for number in range(reminders):
            chat = people.chat_for(u, 100_000 + number)
            outbox.post(u, chat, PROMPT, "send", {"text": "soon"}, "bot.later@1")
        outbox.post(u, people.chat_for(u, PATIENT), CRISIS, "send", {"text": "card"}, "bot.later@1")


def test_a_round_of_the_drain_reads_no_more_rows_when_more_wait(store: Store, phones: Phones) -> None:
    queue(store, 900)
    with store.unit(NOW + timedelta(seconds=1)) as u:
        rows = outbox.waiting(u)
        chosen = Pace().choose(rows, u.now)
    assert len(rows) <= 300
    assert chosen[0].lane == CRISIS
    assert sum(row.lane == PROMPT for row in chosen) == 20, "as many as may go in a second"
    assert BULK not in {row.lane for row in chosen}
