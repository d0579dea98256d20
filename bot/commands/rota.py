"""The rota from the command line: `between rota show|set|override|leave`. Staff are named by code; times are the clinic's."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated

import typer

from bot.commands import shared
from bot.commands.cover import is_wall
from bot.commands.shared import count, out
from bot.errors import UsageError
from safety import duty
from safety.rota import ANYONE, POSITIONS, WEEK, Gap, leave_in
from storage import audit, people
from storage import rota as rows
from storage.people import PersonCard
from storage.store import Unit
from storage.wall import DAYS, YEARS, instant, local

Position = Annotated[str, typer.Argument(help="primary, backup or supervisor.")]
WHEN = "%a %Y-%m-%d %H:%M"
CHANGES = 6


def show() -> None:
    """Who is on call now and next, who takes what, leaves, and what of the next two weeks is not covered."""
    with shared.unit() as u:
        lines = shown(u)
    for line in lines:
        out(line)


def turns(
    position: Position,
    codes: Annotated[list[str] | None, typer.Argument(help="Staff codes in the order of their turns, such as S001 S002.")] = None,
    at: Annotated[str, typer.Option(help="When turns hand over every week, such as 'fri 17:00'.")] = "mon 09:00",
    first: Annotated[str | None, typer.Option("--from", help="Date of the first turn. Default: the turn that runs now.")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="No turns any more: /oncall in the chat decides.")] = False,
) -> None:
    """Weekly turns for one position, one person a week and round again."""
    with shared.unit() as u:
        line = clear_turns(u, position) if clear else set_turns(u, position, codes or [], at, first)
    out(line)


def override(
    position: Position,
    code: Annotated[str, typer.Argument(help="Who takes it, such as S002.")],
    begins: Annotated[str, typer.Argument(help="From when, such as 2026-11-20T18:00.")],
    ends: Annotated[str, typer.Argument(help="Until when, such as 2026-11-21T08:00.")],
    cancel: Annotated[bool, typer.Option("--cancel", help="Take back what was set with the same words.")] = False,
) -> None:
    """Somebody takes a stretch of somebody else's turn."""
    with shared.unit() as u:
        line = cancel_stretch(u, position, code, begins, ends) if cancel else add_stretch(u, position, code, begins, ends)
    out(line)


def leave(
    code: Annotated[str, typer.Argument(help="Whose leave, such as S002.")],
    first: Annotated[str, typer.Argument(help="The first day, such as 2026-12-21.")],
    last: Annotated[str, typer.Argument(help="The last day, included.")],
    cancel: Annotated[bool, typer.Option("--cancel", help="Take back what was set with the same words.")] = False,
) -> None:
    """Days on which somebody is never paged. Turns of theirs are then gaps until somebody else takes them."""
    with shared.unit() as u:
        line = cancel_leave(u, code, first, last) if cancel else add_leave(u, code, first, last)
        lines = [line, *gap_lines(u)]
    for each in lines:
        out(each)


def shown(u: Unit) -> list[str]:
    """The rota in lines."""
    _, zone = duty.hours_of(u)
    now, can = duty.holders(u), duty.fit(u)
    lines = [f"On call now, times in {zone}:"]
    for position in POSITIONS:
        who = ", ".join(people.person(u, id).code + ("" if can(id) else " (cannot be reached)") for id in now[position])
        lines.append(f"  {position:11}{who or 'nobody'}")
    before = now
    for at, after in duty.changes(u, CHANGES):
        for position in (each for each in POSITIONS if after[each] != before[each]):
            who = ", ".join(people.person(u, id).code for id in after[position])
            lines.append(f"  from {local(at, zone):{WHEN}}  {position:11}{who or 'nobody'}")
        before = after
    for row in rows.rotations(u):
        who = " ".join(people.person(u, id).code for id in row.people)
        lines.append(f"Turns: {row.position}, every {DAYS[row.first.weekday()]} {row.at} since {row.first}: {who}")
    for taken in rows.overrides(u):
        span = f"{local(taken.begins, zone):%Y-%m-%dT%H:%M} {local(taken.ends, zone):%Y-%m-%dT%H:%M}"
        lines.append(f"Takes over: {taken.position} {people.person(u, taken.person).code} {span}")
    lines += [f"Leave: {people.person(u, row.person).code} {row.first} {row.last}" for row in rows.leaves(u)]
    return lines + gap_lines(u)


def gap_lines(u: Unit) -> list[str]:
    """What of the next two weeks nobody covers, a line each."""
    _, zone = duty.hours_of(u)
    found = duty.gaps(u)
    return [f"Not covered: {gap_words(gap, zone)}" for gap in found] or ["The cover hours of the next 14 days are covered."]


def gap_words(gap: Gap, zone: str) -> str:
    what = "nobody at all" if gap.position == ANYONE else f"no {gap.position}"
    return f"{what} from {local(gap.begins, zone):{WHEN}} to {local(gap.ends, zone):{WHEN}}"


def set_turns(u: Unit, position: str, codes: list[str], at: str, first: str | None) -> str:
    _check_position(position)
    if not codes:
        raise UsageError(why="Name at least one staff code, such as S001, or write --clear.")
    staff = [_staff(u, code) for code in codes]
    day, wall, zone = *_weekly(at), duty.hours_of(u)[1]
    begins = _running(u, day, wall, zone) if first is None else _date(first)
    if begins.weekday() != DAYS.index(day):
        raise UsageError(why=f"{begins} is a {DAYS[begins.weekday()]}, and turns hand over on {day}. Give the date of a {day} with --from.")
    with duty.editing(u):
        rows.set_rotation(u, position, begins, wall, [who.id for who in staff])
    audit.record(u, staff[0].id, "between", "rota.turns", position, f"{begins} {wall} {' '.join(codes)}")
    may = duty.agreed(u)
    waiting = [who.code for who in staff if not may(who.id)]
    note = f" {', '.join(waiting)} cannot be paged until they have said yes to it in the chat." if waiting else ""
    turn = f"one week each, from {begins} on, handing over {day} {wall}"
    return f"{position}: {count(len(staff), 'turn')}, {turn} ({zone}).{note}"


def clear_turns(u: Unit, position: str) -> str:
    _check_position(position)
    with duty.editing(u):
        had = rows.clear_rotation(u, position)
    if not had:
        return f"{position} has no turns."
    return f"{position} has no turns any more; whoever takes it with /oncall in the chat holds it."


def add_stretch(u: Unit, position: str, code: str, begins: str, ends: str) -> str:
    _check_position(position)
    who, (opens, closes) = _staff(u, code), _stretch(u, begins, ends)
    if closes <= u.now:
        raise UsageError(why=f"{ends} is over already. Look at the date and write a time that is still to come.")
    away = leave_in(duty.rota_of(u), who.id, opens, closes)
    if away is not None:
        raise UsageError(why=f"{code} is on leave from {away.first} to {away.last}. Name somebody else, or take the leave back.")
    with duty.editing(u):
        rows.add_override(u, position, who.id, opens, closes)
    audit.record(u, who.id, "between", "rota.override", position, f"{begins} {ends}")
    note = "" if duty.agreed(u)(who.id) else f" {code} cannot be paged until they have said yes to it in the chat."
    return f"{code} is {position} from {begins} until {ends}.{note}"


def cancel_stretch(u: Unit, position: str, code: str, begins: str, ends: str) -> str:
    who, span = _staff(u, code), _stretch(u, begins, ends)
    found = [row for row in rows.overrides(u) if (row.position, row.person, row.begins, row.ends) == (position, who.id, *span)]
    if not found:
        raise UsageError(why="There is no such stretch. `between rota show` lists them.")
    with duty.editing(u):
        for row in found:
            rows.cancel_override(u, row.id)
    audit.record(u, who.id, "between", "rota.override_cancelled", position, f"{begins} {ends}")
    return f"{code} does not take {position} then."


def add_leave(u: Unit, code: str, first: str, last: str) -> str:
    who, begins, ends = _staff(u, code), _date(first), _date(last)
    if ends < begins:
        raise UsageError(why=f"The last day, {last}, is before the first, {first}.")
    with duty.editing(u):
        rows.add_leave(u, who.id, begins, ends)
    audit.record(u, who.id, "between", "rota.leave", "", f"{first} {last}")
    return f"{code} is on leave from {first} to {last}, and is not paged then."


def cancel_leave(u: Unit, code: str, first: str, last: str) -> str:
    who, span = _staff(u, code), (_date(first), _date(last))
    found = [row for row in rows.leaves(u) if (row.person, row.first, row.last) == (who.id, *span)]
    if not found:
        raise UsageError(why="There is no such leave. `between rota show` lists them.")
    with duty.editing(u):
        for row in found:
            rows.cancel_leave(u, row.id)
    audit.record(u, who.id, "between", "rota.leave_cancelled", "", f"{first} {last}")
    return f"{code} is not on leave then."


def _staff(u: Unit, code: str) -> PersonCard:
    who = people.person_by_code(u, code)
    if who is None or who.role != "staff" or who.outside:
        known = ", ".join(each.code for each in people.people(u, "staff") if not each.outside)
        raise UsageError(why=f"'{code}' is nobody of your staff. The codes are {known}.")
    return who


def _check_position(position: str) -> None:
    if position not in POSITIONS:
        raise UsageError(why=f"'{position}' is not a position. Write {', '.join(POSITIONS[:-1])} or {POSITIONS[-1]}.")


def _weekly(text: str) -> tuple[str, str]:
    day, _, wall = text.strip().lower().partition(" ")
    if day not in DAYS or not is_wall(wall):
        raise UsageError(why=f"'{text}' is not a weekly time. Write a day and a time, such as 'fri 17:00'.")
    return day, wall


def _running(u: Unit, day: str, wall: str, zone: str) -> date:
    """The date of the hand-over whose turn runs now."""
    today = local(u.now, zone).date()
    last = today - timedelta(days=(today.weekday() - DAYS.index(day)) % 7)
    return last if instant(last, wall, zone) <= u.now else last - WEEK


def _stretch(u: Unit, begins: str, ends: str) -> tuple[datetime, datetime]:
    zone = duty.hours_of(u)[1]
    opens, closes = (_moment(text, zone) for text in (begins, ends))
    if closes <= opens:
        raise UsageError(why=f"{ends} is not after {begins}.")
    return opens, closes


def _moment(text: str, zone: str) -> datetime:
    day, _, wall = text.partition("T")
    if not is_wall(wall):
        raise UsageError(why=f"'{text}' is not a time. Write date, T and time, such as 2026-11-20T18:00.")
    return instant(_date(day), wall, zone)


def _date(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise UsageError(why=f"'{text}' is not a date. Write year, month and day, such as 2026-11-20.") from None
    if found.year not in YEARS:
        raise UsageError(why=f"{text} is not in the years {YEARS[0]} to {YEARS[-1]}. Look at the year and write a date such as 2026-11-20.")
    return found

