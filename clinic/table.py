"""The week as a long table, one fact a row, for a spreadsheet or a record system: CSV by RFC 4180, UTF-8, no formula ever live.

Columns: `patient_code`; `ts`, ISO 8601 with offset in the clinic's zone (the date alone for a thing without a time of its own,
such as a missed check-in; the Monday for a count of the week); `tz`, the clinic's IANA zone; `item`; `value`, a whole number, a
code or text, empty when there is none; `source`, who told it; `status`, how it came or stands.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, fields
from datetime import date, datetime
from typing import Literal

from clinic import summary
from clinic.model import RiskEvent, Week


@dataclass(frozen=True, slots=True)
class Row:
    """One fact. Numbers stay numbers (int or float); everything else is text."""

    patient_code: str
    ts: str
    tz: str
    item: str
    value: int | float | str | None
    source: Literal["patient", "staff", "bot"]
    status: str


BY_ITSELF = ("safety_paged", "safety_nobody_answered", "safety_open_again")
"""What the bot does about a danger, and not staff."""
HEADER = tuple(field.name for field in fields(Row))


def rows(week: Week) -> Iterator[Row]:
    """The week's rows: safety events first, then answers, check-ins, sessions, skills and shared words, each group by time."""

    def row(
        at: datetime | date, item: str, value: int | float | str | None, source: Literal["patient", "staff", "bot"], status: str
    ) -> Row:
        ts = at.astimezone(week.zone).isoformat(timespec="seconds") if isinstance(at, datetime) else at.isoformat()
        return Row(week.code, ts, str(week.zone), item, value, source, status)

    for event in sorted(week.risk, key=lambda e: e.at):
        state = "open" if event.open else "closed"
        yield row(event.at, "safety_event", event.level, "patient", state)
        yield row(event.at, "safety_event_source", event.source, "bot", state)
        if event.asked:
            yield row(event.at, "safety_answer", event.asked, "patient", state)
        if event.words is not None:
            yield row(event.at, "safety_words", event.words, "patient", "shared")
        for at, step, value in _steps(event):
            yield row(at, step, value, "bot" if step in BY_ITSELF else "staff", state)
    for event in week.settled:
        yield row(event.closed_at or event.at, "safety_closed", event.outcome, "staff", "of_an_earlier_week")
    for answer in week.safety_answers:
        yield row(answer.at, "safety_question", answer.code, "patient", "skipped" if answer.code == "skipped" else "complete")
    if week.plan is not None:
        state = "_".join(("missing", *map(str, week.plan.missing))) if week.plan.missing else "complete"
        yield row(week.monday, "safety_plan", "yes" if week.plan.exists else "no", "patient", state)
        if week.plan.reviewed_at:
            yield row(week.plan.reviewed_at, "safety_plan_reviewed", None, "patient", "complete")
    for o in sorted(week.observations, key=lambda o: (o.at, o.item)):
        if week.monday <= o.local_date <= week.sunday:
            yield row(o.at, o.item, o.code if o.value is None else o.value, "patient", o.status)
    for check_in in sorted(week.check_ins, key=lambda c: (c.local_date, c.slot)):
        if week.monday <= check_in.local_date <= week.sunday:
            yield row(check_in.local_date, f"check_in_{check_in.slot}", None, "bot", check_in.status)
    for session in summary.sessions_of(week):
        yield row(session.starts_at, f"session_{session.kind}", session.minutes, "staff", session.status)
        if session.barrier:
            yield row(session.starts_at, "session_barrier", session.barrier, "patient", session.status)
    for use in sorted(week.skills, key=lambda u: u.at):
        if week.monday <= use.local_date <= week.sunday:
            yield row(use.at, f"skill_{use.card}_before", use.before, "patient", "unrated" if use.before is None else "complete")
            yield row(use.at, f"skill_{use.card}_after", use.after, "patient", "unrated" if use.after is None else "complete")
    for detail in week.use_details:
        if detail.words is not None and week.monday <= detail.local_date <= week.sunday:
            yield row(detail.local_date, "use_detail", detail.words, "patient", "shared")
    for item, lines in (("shared_words", week.shared), ("wants_to_talk_about", week.wants_to_talk), ("note_for_staff", week.notes)):
        for line in lines:
            yield row(line.at, item, line.text, "bot" if item == "note_for_staff" else "patient", "shared")
    yield row(week.monday, "kept_private", week.kept_private, "bot", "count_only")
    for scored in week.instruments:
        yield row(scored.at, scored.name, scored.score, "patient", "complete")


def _steps(event: RiskEvent) -> Iterator[tuple[datetime, str, str | None]]:
    if event.paged_at:
        yield event.paged_at, "safety_paged", None
    if event.exhausted_at:
        yield event.exhausted_at, "safety_nobody_answered", None
    if event.acknowledged_at:
        yield event.acknowledged_at, "safety_acknowledged", event.acknowledged_by
    if event.reopened_at:
        yield event.reopened_at, "safety_open_again", None
    if event.contacted_at:
        yield event.contacted_at, "safety_reached", None
    if event.closed_at:
        yield event.closed_at, "safety_closed", event.outcome


def write_csv(rows: Iterable[Row]) -> bytes:
    """The table as a file's bytes: header line, CRLF line ends, UTF-8 without a mark. Every text cell is guarded."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for row in rows:
        writer.writerow([guard(cell) if isinstance(cell, str) else cell for cell in astuple(row)])
    return out.getvalue().encode("utf-8", "replace")


def guard(text: str) -> str:
    """A text cell no spreadsheet runs: one that begins like a formula gets a quote before it.

    It begins like one with = + - @, a tab, a carriage return or a NUL, also after spaces or invisible characters and in
    full-width or small forms (CWE-1236; OWASP "CSV Injection"). NUL itself is shown as U+FFFD, which every reader can take.
    """
    shown = text.replace("\0", "\ufffd")
    return "'" + shown if _runs(text) else shown


def _runs(text: str) -> bool:
    for character in text:
        if character in "\t\r\0":
            return True
        if unicodedata.normalize("NFKC", character)[:1] in ("=", "+", "-", "@", "\u2212"):
            return True
        if not (character.isspace() or unicodedata.category(character) in ("Cf", "Cc")):
            return False
    return False
