"""The lower parts of the page as words and pictures ready to be laid out: chart, attendance, day table, triggers, skills, their words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from clinic import charts, summary
from clinic.model import Line, Session, Week
from clinic.phrases import Phrases, clean, cut, hours, number, signed, within
from clinic.summary import Day

SHOWN = 5
"""Rows at most of triggers, skills and lines; what is left out is counted on the page and whole in the table."""

LONGEST = 260
"""Characters of a shared line that are shown."""

KINDS = ("group", "individual", "family", "workshop")


@dataclass(frozen=True, slots=True)
class Cell:
    """`gap` is a cell without an answer."""

    text: str
    gap: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    picture: Markup
    words: str


@dataclass(frozen=True, slots=True)
class Attended:
    """`grid`: per kind of session, seven cells of marks, Monday first. `lines`: what the grid alone does not tell, and the sums."""

    grid: tuple[tuple[str, tuple[tuple[Mark, ...], ...]], ...]
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    name: str
    picture: Markup
    n: int


@dataclass(frozen=True, slots=True)
class Skill:
    name: str
    picture: Markup | None
    spoken: str
    delta: str
    n: str
    pale: bool


@dataclass(frozen=True, slots=True)
class Quote:
    day: str
    text: str
    cut: bool


def chart(week: Week, history: tuple[Day, ...], say: Phrases) -> Markup:
    """Mood and craving over the 28 days, with a spoken summary for who cannot see it."""

    def told(item: str) -> list[tuple[Day, int]]:
        return [(day, value) for day in history if (value := getattr(day, item)) is not None]

    def spoken(item: str) -> str:
        points = told(item)
        if not points:
            return say.say("chart.series_none")
        values = [value for _, value in points]
        when = say.day(points[-1][0].date)
        return say.say("chart.series", n=len(points), low=min(values), high=max(values), latest=values[-1], when=when)

    def latest(item: str) -> str:
        points = told(item)
        return say.say("chart.latest", value=points[-1][1], when=say.short(points[-1][0].date)) if points else say.say("chart.none")

    missed = sum(day.missed for day in history)
    text = say.say("chart.summary", mood=spoken("mood"), craving=spoken("craving"), missed=missed, days=len(history))
    ticks = [(index, say.short(history[index].date)) for index in (*range(0, len(history) - 1, 7), len(history) - 1)]
    return charts.ratings(
        history,
        charts.RatingWords(
            title=say.say("chart.title"),
            summary=text,
            mood=say.say("chart.mood"),
            craving=say.say("chart.craving"),
            mood_latest=latest("mood"),
            craving_latest=latest("craving"),
            this_week=say.say("chart.this_week"),
            dates=ticks,
        ),
    )


def attended(week: Week, say: Phrases) -> Attended:
    """The week's sessions as a grid of signs, each exception in words, and the sums over four weeks."""
    mine = summary.sessions_of(week)
    grid = []
    for kind in KINDS:
        of_kind = [session for session in mine if session.kind == kind]
        if of_kind:
            cells = tuple(tuple(_mark(s, week, say) for s in of_kind if _weekday(s, week) == n) for n in range(7))
            grid.append((say.say(f"attendance.{kind}"), cells))
    notable = [s for s in mine if s.barrier or s.status not in ("attended", "unknown")]
    lines = [_line(session, say) for session in notable[:SHOWN]]
    if not mine:
        lines.append(say.say("attendance.none"))
    four = summary.attendance(s for s in week.sessions if s.starts_at.astimezone(week.zone).date() <= week.sunday)
    if four.marked:
        slots = {"n": four.attended, "of": four.marked, "percent": round(100 * four.attended / four.marked)}
        lines.append(say.say("attendance.four_weeks", **slots, hours=hours(four.minutes_attended), hours_of=hours(four.minutes_marked)))
    else:
        lines.append(say.say("attendance.four_weeks_none"))
    if week.next_session:
        kind = _title(week.next_session, say)
        lines.append(say.say("attendance.next", when=say.local(week.next_session.starts_at), kind=kind))
    else:
        lines.append(say.say("attendance.next_none"))
    return Attended(tuple(grid), tuple(lines))


def _weekday(session: Session, week: Week) -> int:
    return session.starts_at.astimezone(week.zone).weekday()


def _title(session: Session, say: Phrases) -> str:
    return within(session.title, 48) or say.say(f"attendance.{session.kind}").lower()


def _mark(session: Session, week: Week, say: Phrases) -> Mark:
    return Mark(charts.mark(session.status), f"{say.local(session.starts_at)}: {say.say(f'attendance.status.{session.status}')}")


def _line(session: Session, say: Phrases) -> str:
    slots = {
        "when": say.local(session.starts_at),
        "kind": _title(session, say),
        "status": say.say(f"attendance.status.{session.status}"),
    }
    if not session.barrier:
        return say.say("attendance.line", **slots)
    return say.say("attendance.line_because", **slots, barrier=say.label("attendance.barrier", session.barrier))


def day_table(mine: Sequence[Day], say: Phrases) -> tuple[tuple[str, tuple[Cell, ...]], ...]:
    """Every answer of the week by day. A row nobody was ever asked for is left out, except those asked every day."""
    gap = Cell(say.say("nothing"), gap=True)

    def rated(item: str) -> tuple[Cell, ...]:
        return tuple(gap if getattr(day, item) is None else Cell(str(getattr(day, item))) for day in mine)

    def coded(item: str) -> tuple[Cell, ...]:
        return tuple(gap if getattr(day, item) is None else Cell(say.label(f"answer.{item}", getattr(day, item))) for day in mine)

    rows = [
        ("check_ins", tuple(_check_ins(day, say, gap) for day in mine)),
        ("mood", rated("mood")),
        ("craving", tuple(_craving(day, say, gap) for day in mine)),
        ("stress", rated("stress")),
        ("confidence", rated("confidence")),
        ("sleep", tuple(_sleep(day, say, gap) for day in mine)),
        ("use", coded("use")),
        ("connection", coded("connection")),
    ]
    meds = coded("meds")
    if any(day.meds not in (None, "no_meds") for day in mine):
        rows.append(("meds", meds))
    return tuple((say.say(f"table.{name}"), cells) for name, cells in rows)


def _check_ins(day: Day, say: Phrases, gap: Cell) -> Cell:
    if day.paused:
        return Cell(say.say("table.paused"))
    if not day.expected:
        return gap
    return Cell(say.say("table.late" if day.late else "table.of", n=day.answered, of=day.expected))


def _craving(day: Day, say: Phrases, gap: Cell) -> Cell:
    if day.craving is None or day.craving_worst is None or day.craving == day.craving_worst:
        value = day.craving_worst if day.craving is None else day.craving
        return gap if value is None else Cell(str(value))
    return Cell(say.say("table.craving_worst", craving=day.craving, worst=day.craving_worst))


def _sleep(day: Day, say: Phrases, gap: Cell) -> Cell:
    hours_told = say.label("answer.sleep_hours", day.sleep_hours) if day.sleep_hours else say.say("nothing")
    if day.sleep_quality is not None:
        return Cell(say.say("table.sleep_rated", hours=hours_told, rated=day.sleep_quality))
    return Cell(hours_told) if day.sleep_hours else gap


def triggers(week: Week, say: Phrases) -> tuple[tuple[Bar, ...], int, int]:
    """Bars, most named first; how many kinds are left out; and how many craving answers of the week they come from."""
    counts = summary.code_counts(week.observations, "trigger", week.monday, week.sunday)
    highest = max(counts.values(), default=0)
    bars = tuple(Bar(within(say.label("trigger", code), 40), charts.bar(n, highest), n) for code, n in list(counts.items())[:SHOWN])
    return bars, max(len(counts) - SHOWN, 0), len(summary.within(week.observations, "craving", week.monday, week.sunday))


def skills(week: Week, say: Phrases) -> tuple[tuple[Skill, ...], int]:
    """Dumbbells, most used first, drawn pale below three rated uses; and how many cards are left out."""
    changes = summary.skill_changes(week.skills)
    return tuple(_skill(change, say) for change in changes[:SHOWN]), max(len(changes) - SHOWN, 0)


def _skill(change: summary.SkillChange, say: Phrases) -> Skill:
    name = within(change.name, 40)
    if change.before is None or change.after is None or change.delta is None:
        return Skill(name, None, "", say.say("nothing"), say.say("skills.unrated", n=change.uses), True)
    pale = change.n < summary.FEW
    spoken = say.say("skills.row", before=number(change.before), after=number(change.after))
    n = say.say("skills.n", n=change.n)
    if change.uses > change.n:
        n += f", {say.say('skills.unrated', n=change.uses - change.n)}"
    return Skill(name, charts.dumbbell(change.before, change.after, pale), spoken, signed(change.delta), n, pale)


def quotes(lines: Sequence[Line], say: Phrases, longest: int = LONGEST) -> tuple[tuple[Quote, ...], int]:
    """The newest lines, oldest first, each cut to `longest`; and how many are left out."""
    told = sorted((line for line in lines if clean(line.text)), key=lambda line: line.at)
    shown = []
    for line in told[-SHOWN:]:
        text, shortened = cut(clean(line.text), longest)
        shown.append(Quote(say.weekday(line.at.astimezone(say.zone).date()), text, shortened))
    return tuple(shown), max(len(told) - SHOWN, 0)
