"""The caseload page: everyone in one table, sorted by the reasons it shows. Made only from the same `Week` values as the pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from clinic import charts, page, summary, weeks
from clinic import reasons as why
from clinic.model import Week
from clinic.phrases import Phrases, clean, number, within
from content import library

REASONS = 5
"""Reasons shown for one patient; the page of the patient has them all."""


@dataclass(frozen=True, slots=True)
class Reason:
    text: str
    safety: bool
    good: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One patient's row. `link` is the name of the page's file in the same folder."""

    code: str
    name: str
    link: str
    program: str
    reasons: tuple[Reason, ...]
    check_ins: str
    sessions: str
    mood: str
    craving: str
    trend: Markup


def order(weeks: Sequence[Week]) -> list[tuple[Week, tuple[why.Reason, ...]]]:
    """Each week with its reasons, the most pressing first; equal ones by code."""
    explained = [(week, why.reasons(week)) for week in weeks]
    return sorted(explained, key=lambda pair: (why.urgency(pair[1]), pair[0].code))


def render_caseload(weeks_of_all: Sequence[Week], prepared_at: datetime | None = None, language: str = "en") -> str:
    """The caseload of one week as one HTML document; `prepared_at` (aware) is said when given. All weeks must be of one Monday and zone.

    Raises ValueError when they are not: a table that mixes weeks would be misread.
    """
    if len({(week.monday, week.zone) for week in weeks_of_all}) > 1:
        raise ValueError("A caseload page shows one week in one zone. Render each week by itself.")
    words = library.load(language)
    first = weeks_of_all[0] if weeks_of_all else None
    say = Phrases(words, first.zone) if first else None
    entries = [_entry(week, found, say) for week, found in order(weeks_of_all)] if say else []
    return page.template("caseload.html.j2").render(
        language=language,
        say=lambda id, **slots: words.text(f"weekly.{id}", **slots),
        policy=page.policy(),
        style=page.style(),
        week_name=weeks.name_of(first.monday) if first else "",
        dates=page.date_range(first, say) if first and say else "",
        prepared=say.when(prepared_at) if prepared_at and say else "",
        entries=entries,
        count=say.count("caseload.count", len(entries)) if say else "",
        with_reason=sum(not all(reason.good for reason in entry.reasons) for entry in entries),
        pending=page.pending(say) if say else "",
    )


def _entry(week: Week, found: tuple[why.Reason, ...], say: Phrases) -> Entry:
    told = summary.answered(week.check_ins, week.monday, week.sunday)
    sessions = summary.attendance(summary.sessions_of(week))
    history = summary.days(week.observations, week.check_ins, week.sunday)
    nothing = say.say("nothing")
    return Entry(
        code=clean(week.code),
        name=within(week.name or "", 40),
        link=f"{week.code}.html",
        program=page.program(week, say),
        reasons=tuple(Reason(page.reason_text(r, say), r.code in why.ABOUT_SAFETY, r.code in why.GOOD) for r in found[:REASONS]),
        check_ins=say.say("caseload.marked", n=told.answered, of=told.expected) if told.expected else nothing,
        sessions=say.say("caseload.marked", n=sessions.attended, of=sessions.marked) if sessions.marked else nothing,
        mood=_median(week, "mood", say),
        craving=_median(week, "craving", say),
        trend=charts.spark(history, say.say("caseload.trend_label")),
    )


def _median(week: Week, item: str, say: Phrases) -> str:
    now = summary.measure(week.observations, item, week.monday, week.sunday)
    return say.say("caseload.median", median=number(now.median), n=now.n) if now else say.say("nothing")
