"""The row of figures under the banner. A figure nobody gave is said in words; it never becomes a zero."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from clinic import summary
from clinic.model import Week
from clinic.phrases import Phrases, clean, hours, number
from clinic.summary import Day


@dataclass(frozen=True, slots=True)
class Tile:
    """A heading, its figure, a comparison that follows the figure, and what it rests on."""

    name: str
    figure: str
    was: str
    notes: str


def tiles(week: Week, history: tuple[Day, ...], say: Phrases) -> tuple[Tile, ...]:
    """Attendance, check-ins, use, mood, craving and medicines, then any questionnaire of the week. `history`: the days up to Sunday."""
    return (
        _attendance(week, say),
        _check_ins(week, say),
        _use(week, history, say),
        _median("craving", week, say),
        _median("mood", week, say),
        _medicines(week, history[-7:], say),
        *_instruments(week, say),
    )


def _attendance(week: Week, say: Phrases) -> Tile:
    sessions = summary.sessions_of(week)
    count = summary.attendance(sessions)
    notes = []
    if count.marked:
        figure = say.say("tile.attended", n=count.attended, of=count.marked)
        missed = (s.starts_at.astimezone(week.zone).date() for s in sessions if s.status == "missed")
        notes.append(say.say("tile.missed", n=count.missed, days=say.weekdays(missed)) if count.missed else say.say("tile.all_attended"))
    else:
        figure = say.say("tile.not_marked" if count.unmarked else "tile.no_sessions")
    if count.unmarked:
        notes.append(say.say("tile.unmarked", n=count.unmarked))
    if count.cancelled:
        notes.append(say.say("tile.cancelled", n=count.cancelled))
    if count.marked:
        notes.append(say.say("tile.hours", hours=hours(count.minutes_attended), of=hours(count.minutes_marked)))
    return Tile(say.say("tile.attendance"), figure, "", "; ".join(notes))


def _check_ins(week: Week, say: Phrases) -> Tile:
    told = summary.answered(week.check_ins, week.monday, week.sunday)
    name = say.say("tile.check_ins")
    if not told.expected:
        return Tile(name, say.say("tile.not_expected"), "", say.say("tile.extra", n=told.extra) if told.extra else "")
    notes = [say.say("tile.heard_days", days=told.days)]
    notes += [say.say(f"tile.{what}", n=n) for what, n in (("partial", told.partial), ("late", told.late), ("extra", told.extra)) if n]
    return Tile(name, say.say("tile.answered", n=told.answered, of=told.expected), "", "; ".join(notes))


def _use(week: Week, history: tuple[Day, ...], say: Phrases) -> Tile:
    told = [day for day in history[-7:] if day.use]
    days = [day.date for day in told if day.use == "yes"]
    private = sum(day.use == "private" for day in told)
    earlier = [day.date for day in history[:-7] if day.use == "yes"]
    notes = [say.weekdays(days)] if days else []
    notes.append(say.say("tile.use_n", n=len(told)))
    if private:
        notes.append(say.say("tile.use_private", n=private))
    if earlier and not days:
        notes.append(say.say("tile.use_last", when=say.short(earlier[-1])))
    figure = say.count("tile.use_days", len(days)) if len(told) > private else say.say("tile.no_answers")
    return Tile(say.say("tile.use"), figure, "", "; ".join(notes))


def _median(item: str, week: Week, say: Phrases) -> Tile:
    both = summary.shift(week, item)
    name = say.say(f"tile.{item}")
    if not both.now:
        before = say.say("tile.before_only", median=number(both.before.median), n=both.before.n) if both.before else ""
        return Tile(name, say.say("tile.no_answers"), "", before)
    was = say.say("tile.was", median=number(both.before.median)) if both.before else ""
    notes = say.say("tile.median", n=both.now.n)
    notes += say.say("tile.was_n", n=both.before.n) if both.before else say.say("tile.no_before")
    return Tile(name, number(both.now.median), was, notes)


def _medicines(week: Week, mine: tuple[Day, ...], say: Phrases) -> Tile:
    told = [day.meds for day in mine if day.meds]
    planned = [code for code in told if code != "no_meds"]
    name = say.say("tile.meds")
    if not planned:
        return Tile(name, say.say("tile.meds_not_planned" if told or not week.takes_medicines else "tile.no_answers"), "", "")
    figure = say.say("tile.meds_days", n=planned.count("all"), of=len(planned))
    return Tile(name, figure, "", say.say("tile.meds_all"))


def _instruments(week: Week, say: Phrases) -> Iterator[Tile]:
    for scored in week.instruments:
        asked = say.say("tile.score_when", when=say.day(scored.at.astimezone(week.zone).date()))
        yield Tile(clean(scored.name), say.say("tile.score", score=scored.score, highest=scored.highest), "", asked)
