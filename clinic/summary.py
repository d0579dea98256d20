"""Counts, medians and day values of a week: plain computations on plain values, each with its n.

A thing nobody answered has no number: functions give None, or a count whose denominator says so, never a zero in its place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import mean, median
from typing import Literal

from clinic.model import HISTORY_DAYS, CheckIn, Observation, Session, SkillUse, Week

_LATEST = ("mood", "craving", "stress", "sleep_quality", "sleep_hours", "meds", "connection", "confidence")
_USE_ORDER = ("none", "private", "yes")

FEW = 3
"""Rated uses of a skill below which its change says little."""


@dataclass(frozen=True, slots=True)
class Day:
    """What one local date holds. Ratings 0-10 are the day's latest answer; `craving_worst` is the strongest told for it.

    `use` is the most telling answer: "yes" before "private" before "none". `expected` and `answered` count planned check-ins only.
    """

    date: date
    mood: int | None = None
    craving: int | None = None
    craving_worst: int | None = None
    stress: int | None = None
    sleep_quality: int | None = None
    sleep_hours: str | None = None
    use: str | None = None
    meds: str | None = None
    connection: str | None = None
    confidence: int | None = None
    expected: int = 0
    answered: int = 0
    late: int = 0
    paused: bool = False
    heard: bool = False

    @property
    def missed(self) -> bool:
        """Something was expected and nothing at all came."""
        return self.expected > 0 and not self.heard


@dataclass(frozen=True, slots=True)
class Measure:
    """The median of n days, each with its latest answer, on the item's own scale: a day with many answers weighs no more than another."""

    median: float
    n: int


@dataclass(frozen=True, slots=True)
class Shift:
    """The same measure in this week and the week before; None where nobody answered."""

    now: Measure | None
    before: Measure | None

    @property
    def delta(self) -> float | None:
        return self.now.median - self.before.median if self.now and self.before else None


@dataclass(frozen=True, slots=True)
class Answered:
    """Planned check-ins: `answered` (complete, partial and late together) of `expected`; pauses are not expected."""

    answered: int
    expected: int
    partial: int
    late: int
    straight_lined: int
    extra: int
    days: int


@dataclass(frozen=True, slots=True)
class Attendance:
    """Sessions by what staff recorded. `unmarked` took place or will, and nobody has recorded it; minutes are planned lengths."""

    attended: int
    missed: int
    cancelled: int
    unmarked: int
    minutes_attended: int
    minutes_marked: int

    @property
    def marked(self) -> int:
        return self.attended + self.missed


@dataclass(frozen=True, slots=True)
class SkillChange:
    """One card over the 28 days: mean rating before and after over `n` rated uses; None when none was rated at both ends."""

    name: str
    uses: int
    n: int
    before: float | None
    after: float | None

    @property
    def delta(self) -> float | None:
        return self.after - self.before if self.before is not None and self.after is not None else None


def within(observations: Iterable[Observation], item: str, first: date, last: date) -> list[Observation]:
    """The answers to one item on the days `first` to `last`, both included, oldest first; declined ones are left out."""
    found = [o for o in observations if o.item == item and first <= o.local_date <= last and (o.value is not None or o.code is not None)]
    return sorted(found, key=lambda o: o.at)


def days(observations: Sequence[Observation], check_ins: Iterable[CheckIn], last: date, count: int = HISTORY_DAYS) -> tuple[Day, ...]:
    """The `count` days that end with `last`, oldest first, one `Day` each, answered or not."""
    answers: dict[date, dict[str, Observation]] = {}
    worst: dict[date, int] = {}
    use: dict[date, str] = {}
    for o in sorted(observations, key=lambda o: o.at):
        if o.value is None and o.code is None:
            continue
        answers.setdefault(o.local_date, {})[o.item] = o
        if o.item in ("craving", "craving_worst") and o.value is not None:
            worst[o.local_date] = max(o.value, worst.get(o.local_date, 0))
        if o.item == "use" and o.code in _USE_ORDER:
            use[o.local_date] = max(o.code, use.get(o.local_date, "none"), key=_USE_ORDER.index)
    slots: dict[date, list[CheckIn]] = {}
    for check_in in check_ins:
        slots.setdefault(check_in.local_date, []).append(check_in)
    result = []
    for back in range(count - 1, -1, -1):
        day = last - timedelta(days=back)
        items, of_day = answers.get(day, {}), slots.get(day, [])
        planned = [c for c in of_day if c.slot != "extra" and c.status != "paused"]
        told = [c for c in planned if c.status != "missed"]
        result.append(
            Day(
                day,
                **{item: _answer(items[item]) for item in _LATEST if item in items},  # type: ignore[arg-type]
                craving_worst=worst.get(day),
                use=use.get(day),
                expected=len(planned),
                answered=len(told),
                late=sum(c.status == "late" for c in told),
                paused=any(c.status == "paused" for c in of_day) and not planned,
                heard=bool(items) or any(c.status not in ("missed", "paused") for c in of_day),
            )
        )
    return tuple(result)


def _answer(observation: Observation) -> int | str | None:
    return observation.code if observation.value is None else observation.value


def measure(observations: Iterable[Observation], item: str, first: date, last: date) -> Measure | None:
    """The median over the latest answers of the days, or None when there is none."""
    latest = {o.local_date: o.value for o in within(observations, item, first, last) if o.value is not None}
    return Measure(float(median(latest.values())), len(latest)) if latest else None


def shift(week: Week, item: str) -> Shift:
    """An item's median in the week, and in the seven days before it."""
    before = week.monday - timedelta(days=7)
    return Shift(
        measure(week.observations, item, week.monday, week.sunday),
        measure(week.observations, item, before, week.monday - timedelta(days=1)),
    )


def answered(check_ins: Iterable[CheckIn], first: date, last: date) -> Answered:
    """How many planned check-ins of the days were answered, and how well."""
    all_of_them = [c for c in check_ins if first <= c.local_date <= last and c.status != "paused"]
    planned = [c for c in all_of_them if c.slot != "extra"]
    told = [c for c in planned if c.status != "missed"]
    return Answered(
        answered=len(told),
        expected=len(planned),
        partial=sum(c.status == "partial" for c in told),
        late=sum(c.status == "late" for c in told),
        straight_lined=sum(c.straight_lined for c in all_of_them),
        extra=len(all_of_them) - len(planned),
        days=len({c.local_date for c in all_of_them if c.status != "missed"}),
    )


def attendance(sessions: Iterable[Session]) -> Attendance:
    """The sessions counted by status; a cancelled one is planned for nobody."""
    sessions = list(sessions)
    by: Counter[str] = Counter(s.status for s in sessions)
    attended = sum(s.minutes for s in sessions if s.status == "attended")
    missed = sum(s.minutes for s in sessions if s.status == "missed")
    unmarked = by["coming"] + by["cant"] + by["unknown"]
    return Attendance(by["attended"], by["missed"], by["cancelled"], unmarked, attended, attended + missed)


def sessions_of(week: Week) -> tuple[Session, ...]:
    """The week's own sessions by the clinic's calendar, in time order; `week.sessions` reaches back over the 28 days."""
    mine = (s for s in week.sessions if week.monday <= s.starts_at.astimezone(week.zone).date() <= week.sunday)
    return tuple(sorted(mine, key=lambda s: s.starts_at))


def code_counts(observations: Iterable[Observation], item: str, first: date, last: date) -> dict[str, int]:
    """How often each code of an item was given on the days, most frequent first; ties keep the order of the alphabet."""
    counts = Counter(o.code for o in within(observations, item, first, last) if o.code is not None)
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def skill_changes(uses: Iterable[SkillUse]) -> tuple[SkillChange, ...]:
    """Each card that was done, the most used first."""
    by_card: dict[str, list[SkillUse]] = {}
    for use in uses:
        by_card.setdefault(use.card, []).append(use)
    changes = []
    for of_card in by_card.values():
        pairs = [(u.before, u.after) for u in of_card if u.before is not None and u.after is not None]
        before, after = (mean(b for b, _ in pairs), mean(a for _, a in pairs)) if pairs else (None, None)
        changes.append(SkillChange(of_card[-1].name, len(of_card), len(pairs), before, after))
    return tuple(sorted(changes, key=lambda c: (-c.uses, c.name)))


def told_otherwise(week: Week) -> bool:
    """Whether something came from the patient in the week besides answers to check-ins: words, also private ones, a skill, "not today",
    an answer to the question of the day after."""
    declined = any(c.declined and week.monday <= c.local_date <= week.sunday for c in week.check_ins)
    answered = any(answer.code != "skipped" for answer in week.safety_answers)
    used = any(week.monday <= use.local_date <= week.sunday for use in week.skills)
    return bool(week.shared or week.kept_private or week.wants_to_talk or week.notes) or used or declined or answered


Safety = Literal["open", "events", "skipped", "silent", "quiet"]


def safety_state(week: Week) -> Safety:
    """What the banner has to say, the gravest that holds: an open event, events all closed, a safety question left without
    an answer, a week in which no check-in was answered, or none of these."""
    if week.risk:
        return "open" if any(event.open for event in week.risk) else "events"
    if any(answer.code == "skipped" for answer in week.safety_answers):
        return "skipped"
    heard = any(day.heard for day in days(week.observations, week.check_ins, week.sunday, 7))
    return "quiet" if heard else "silent"
