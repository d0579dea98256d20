"""The clinic's schedule from the command line: `between session add|list|cancel`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from bot.clock import wall
from bot.commands import shared
from bot.commands.shared import count, out
from bot.errors import UsageError
from storage import clinic, sessions
from storage.session_input import AlreadyThere, SessionError
from storage.store import Unit
from storage.wall import local


def add(
    kind: Annotated[str, typer.Argument(help="group, individual, family or workshop.")],
    title: Annotated[str, typer.Argument(help="Such as 'Evening group'.")],
    date: Annotated[str, typer.Argument(help="The first date, such as 2026-11-23.")],
    time: Annotated[str, typer.Argument(help="Clinic time, such as 18:00.")],
    minutes: Annotated[int, typer.Option(help="How long it lasts.")] = 90,
    weeks: Annotated[int | None, typer.Option(help="Weekly for so many weeks. Default: once.")] = None,
    until: Annotated[str | None, typer.Option(help="Or weekly until this date, included.")] = None,
    patient: Annotated[list[str] | None, typer.Option(help="A patient's code; may be given again. Default: everybody.")] = None,
) -> None:
    """Add a session, or one that repeats weekly. Patients get their reminders by themselves."""
    try:
        with shared.unit() as u:
            row = sessions.add_series(u, kind, title, date, time, minutes, weeks=weeks, last_date=until, attendees=patient)
            if (there := sessions.twin(u, row)) is not None:
                raise AlreadyThere(code=there.code)
    except AlreadyThere as fault:
        out(str(fault))
        return
    except SessionError as fault:
        raise UsageError(why=str(fault)) from None
    span = f"on {row.first_date}" if row.first_date == row.last_date else f"weekly from {row.first_date} to {row.last_date}"
    out(f"{row.code}: {row.kind}, {span} at {row.starts} ({row.zone}), {row.minutes} minutes.")


def show(days: Annotated[int, typer.Option(help="How many days ahead.", min=1, max=366)] = 14) -> None:
    """The sessions of the next days."""
    with shared.unit() as u:
        known = clinic.clinic(u)
        assert known is not None
        found = sessions.schedule(u, wall(), wall() + timedelta(days=days))
    for each in found:
        at = local(each.begins, known.zone)
        mark = "  CANCELLED" if each.cancelled else ""
        out(f"{each.series.code:6} {at:%a %Y-%m-%d %H:%M}  {each.series.kind:10} {each.series.title}{mark}")
    further = "" if found else " `--days 90` looks further ahead; `between session add` adds one."
    out(f"{count(len(found), 'session')} in the next {count(days, 'day')}, times in {known.zone}.{further}")


def cancel(
    code: Annotated[str, typer.Argument(help="Such as G12, as `between session list` shows it.")],
    date: Annotated[str | None, typer.Option(help="Only the session of this date. Default: the whole series.")] = None,
) -> None:
    """Cancel a series, or one session of it. Patients are told, and their reminders are dropped."""
    try:
        with shared.unit() as u:
            told = _cancel(u, code, date)
    except SessionError as fault:
        raise UsageError(why=str(fault)) from None
    out(told)


def _cancel(u: Unit, code: str, date: str | None) -> str:
    known = sessions.find(u, code, cancelled=True)
    if known.cancelled_at is not None:
        return f"{known.code} was cancelled before, with all its sessions."
    if date is None:
        return f"{sessions.cancel_series(u, code).code}: all sessions still to come are cancelled."
    each = sessions.cancel_occurrence(u, code, date)
    return f"{each.series.code}: the session of {each.day} is cancelled."
