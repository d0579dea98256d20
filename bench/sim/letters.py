"""What the oracle says of mail: who got what, once or marked as a repeat, and whether it came when nobody answered or nobody was there.

Deadlines are counted in seconds in which mail could be sent at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bench.sim import words
from bench.sim.case import Case
from bench.sim.guard import CLINIC
from bench.sim.oracle import Oracle
from bench.sim.post import Sent
from content.library import load

if TYPE_CHECKING:
    from bench.sim.beside import Beside

FALLBACK = 15 * 60 + 300.0
"""Seconds until the clinic is mailed that nobody answers. A letter lasts a quarter of an hour, then the next one is written."""
TOGETHER = timedelta(minutes=2)
"""A letter and what the patient is told of the same silence come in either order, at most so far apart."""
ALONE = 5 * 60 + 120.0
"""Seconds until the second process has mailed a page for what was open when the bot went away (five minutes, and some refusals)."""


@dataclass
class _Known:
    accepted: int = 0
    doubts: int = 0


class Letters:
    """Fed by the simulated mail server; finds the cases and puts down what is wrong with the oracle."""

    def __init__(self, oracle: Oracle, now: Callable[[], datetime]) -> None:
        self._oracle, self._now = oracle, now
        self._known: dict[str, _Known] = {}
        self._unanswered: dict[int, float] = {}
        """Since when (seconds mailed) a patient has been told that nobody answers, while the clinic has not been mailed."""
        self._told: dict[int, int] = {}
        self._clinic_mailed: dict[int, datetime] = {}
        self._alone: set[int] = set()
        """For whom the second process has mailed since the bot went away for long."""
        self._uneasy = True
        self.shows: Callable[[int], None] = lambda address: None
        self._repeat = load("en").text("mail.repeat")

    def watch(self, sent: Sent) -> None:
        known = self._known.setdefault(sent.id, _Known())
        marked = sent.text.startswith(self._repeat)
        if sent.taken:
            if known.accepted and not marked:
                self._wrong("mail_repeat_unmarked" if known.doubts else "mail_repeat_without_doubt", sent)
            if marked and not known.doubts:
                self._wrong("mail_marked_without_doubt", sent)
            self._oracle.seen["mail_repeats"] += known.accepted > 0
            known.accepted += 1
        known.doubts += sent.doubtful
        if sent.taken:
            self._arrived(sent)

    def died_sending(self, id: str) -> None:
        """Whoever was sending this letter has died."""
        self._known.setdefault(id, _Known()).doubts += 1

    def _arrived(self, sent: Sent) -> None:
        oracle, items = self._oracle, words.read(sent.text)
        oracle.seen["mails"] += 1
        address = oracle.mailboxes.get(sent.to)
        oracle.log[address or 0].append((self._now(), f"@ {sent.text[:90]}"))
        if sent.to != CLINIC and (address is None or address not in oracle.staff):
            self._wrong("mail_not_entitled", sent)
        if words.CANARY.search(sent.subject + sent.text):
            self._wrong("mail_canary", sent)
        if any(f"mail.watch.{what}" in items for what in ("dead", "unproved", "locked")):
            oracle.seen["watch_alarms"] += 1
            if not self._uneasy:
                self._wrong("false_alarm", sent)
        if "mail.page" not in items:
            return
        oracle.seen["pages_by_mail"] += 1
        about = oracle.codes[items["mail.page"]["code"]]
        if "mail.why.exhausted" in items and sent.to == CLINIC:
            self._unanswered.pop(about, None)
            self._clinic_mailed[about] = self._now()
        if "mail.why.alone" in items:
            oracle.seen["pages_by_watch"] += 1
            self._alone.add(about)
        if address is not None:
            self.shows(address)

    def look(self, beside: Beside) -> None:
        """Is anything late?"""
        self._uneasy = self._now() < beside.uneasy_until
        if beside.there > ALONE:
            self._alone.clear()
        for case in self._oracle.cases.values():
            self._look_at(case, beside)

    def _look_at(self, case: Case, beside: Beside) -> None:
        if case.state != "OPEN":
            self._unanswered.pop(case.address, None)
        elif case.unanswered > self._told.get(case.address, 0) and not self._just_mailed(case):
            self._unanswered.setdefault(case.address, beside.mailed)
        self._told[case.address] = case.unanswered
        since = self._unanswered.get(case.address)
        if since is not None and beside.mailed - since > FALLBACK:
            self._oracle.wrong("fallback_missing", case.address, f"{beside.mailed - since:.0f} s")
            self._unanswered.pop(case.address)
        if case.state == "OPEN" and case.rested and beside.alone > ALONE and case.address not in self._alone:
            self._oracle.wrong("watch_silent", case.address, f"{beside.alone:.0f} s")
            self._alone.add(case.address)

    def _just_mailed(self, case: Case) -> bool:
        mailed = self._clinic_mailed.get(case.address)
        return mailed is not None and self._now() - mailed < TOGETHER

    def _wrong(self, kind: str, sent: Sent) -> None:
        self._oracle.wrong(kind, self._oracle.mailboxes.get(sent.to, 0), f"to {sent.to}: {sent.subject}: {sent.text}")
