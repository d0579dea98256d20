"""Cover hours as a person types and reads them: "always", or "mon-fri 08:00-20:00, sat 10:00-14:00"."""

from __future__ import annotations

from bot.errors import UsageError
from storage.clinic import ALWAYS
from storage.wall import DAYS

Hours = dict[str, tuple[str, str]]


def read_cover(text: str) -> Hours:
    """Day -> (from, to) wall times. A range of days may run over the weekend; each day has one span.

    Raises `UsageError` that says how it is written.
    """
    if text.strip().lower() == "always":
        return dict(ALWAYS)
    hours: Hours = {}
    try:
        for part in text.lower().split(","):
            days, span = part.split()
            begins, ends = span.split("-")
            if not (is_wall(begins) and (is_wall(ends) or ends == "24:00") and begins < ends):
                raise ValueError
            for day in _days(days):
                if day in hours:
                    raise UsageError(why=f"'{text}' names {day} twice. Each day has one span, such as 08:00-20:00.")
                hours[day] = (begins, ends)
    except ValueError:
        raise UsageError(
            why=f"'{text}' is not a cover time. Write 'always', or like 'mon-fri 08:00-20:00, sat 10:00-14:00'; a span ends by 24:00."
        ) from None
    return hours


def write_cover(hours: Hours) -> str:
    """As `read_cover` takes it, days with the same span in a row put together."""
    if hours == ALWAYS:
        return "always"
    runs: list[list[str]] = []
    for day in DAYS:
        if day not in hours:
            continue
        follows = runs and DAYS.index(runs[-1][-1]) == DAYS.index(day) - 1 and hours[runs[-1][-1]] == hours[day]
        if follows:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(f"{run[0] if len(run) == 1 else f'{run[0]}-{run[-1]}'} {hours[run[0]][0]}-{hours[run[0]][1]}" for run in runs)


def _days(text: str) -> list[str]:
    """ "fri-mon" is Friday to Monday."""
    first, _, last = text.partition("-")
    begin, end = DAYS.index(first), DAYS.index(last or first)
    return [DAYS[day % 7] for day in range(begin, end + 1 if end >= begin else end + 8)]


def is_wall(text: str) -> bool:
    """Whether this is a time of day as "HH:MM"."""
    hour, _, minute = text.partition(":")
    return len(text) == 5 and text.isascii() and hour.isdigit() and minute.isdigit() and int(hour) < 24 and int(minute) < 60
