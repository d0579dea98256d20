"""Made-up patients' weeks for the tests and for looking at the page. Nobody here exists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from clinic.model import CheckIn, Line, Observation, RiskEvent, SafetyAnswer, Session, SkillUse, UseDetail, Week

NEW_YORK = ZoneInfo("America/New_York")
MONDAY = date(2026, 11, 9)
PREPARED = datetime(2026, 11, 16, 11, 0, tzinfo=UTC)
_: None = None


def at(day: date, hour: int, minute: int = 0, zone: ZoneInfo = NEW_YORK) -> datetime:
    return datetime.combine(day, time(hour, minute), zone).astimezone(UTC)


def rated(item: str, values: Sequence[int | None], last: date = MONDAY + timedelta(days=6), hour: int = 20) -> list[Observation]:
    """One rating a day, ending with `last`; None leaves the day out."""
    first = last - timedelta(days=len(values) - 1)
    days = [(first + timedelta(days=n), value) for n, value in enumerate(values)]
    return [Observation(item, value, None, at(day, hour), day, "complete") for day, value in days if value is not None]


def coded(item: str, codes: Sequence[str | None], last: date = MONDAY + timedelta(days=6), hour: int = 20) -> list[Observation]:
    first = last - timedelta(days=len(codes) - 1)
    days = [(first + timedelta(days=n), code) for n, code in enumerate(codes)]
    return [Observation(item, None, code, at(day, hour), day, "complete") for day, code in days if code is not None]


def check_ins(pattern: Sequence[str], last: date = MONDAY + timedelta(days=6)) -> list[CheckIn]:
    """Two planned check-ins a day: c complete, p partial, l late, m missed, - paused; as "cm" for a morning and an evening."""
    slots: tuple[Any, Any] = ("morning", "evening")
    kinds: dict[str, Any] = {"c": "complete", "p": "partial", "l": "late", "m": "missed", "-": "paused"}
    first = last - timedelta(days=len(pattern) - 1)
    return [
        CheckIn(first + timedelta(days=n), slot, kinds[letter])
        for n, day in enumerate(pattern)
        for slot, letter in zip(slots, day, strict=True)
    ]


def sessions(kind: Any, weekday: int, hour: int, minutes: int, statuses: Sequence[Any], title: str = "") -> list[Session]:
    """The same weekday in each week, the last status in the week itself."""
    first = MONDAY + timedelta(days=weekday - 7 * (len(statuses) - 1))
    return [
        Session(at(first + timedelta(weeks=n), hour), kind, minutes, status, title=title) for n, status in enumerate(statuses) if status
    ]


def skill(card: str, name: str, *pairs: tuple[int | None, int | None]) -> list[SkillUse]:
    days = [MONDAY + timedelta(days=6 - 3 * n) for n in range(len(pairs))]
    return [SkillUse(card, name, at(day, 21), day, *pair) for day, pair in zip(days, pairs, strict=True)]


def hard_week() -> Week:
    """An alert that was answered and one still open, use, a missed group, craving up; much shared."""
    mood = [3, 4, 3, 3, _, _, 5, 4, 5, 4, 5, _, _, _, 5, 5, 3, 3, 4, 5, 6, 5, 6, 2, _, 3, 5, 4]
    craving = [7, 8, 6, 6, _, _, 7, 6, 5, 5, 5, _, _, _, 5, 3, 5, 6, 4, 4, 4, 3, 4, 8, _, 9, 6, 6]
    day = [MONDAY + timedelta(days=n) for n in range(7)]
    group = [Session(s.starts_at, s.kind, s.minutes, s.status, s.barrier, s.title) for n in (0, 1, 2, 4) for s in _groups(n)]
    missed = [replace(s, status="missed", barrier="transport") if s.starts_at == at(day[3], 18) else s for s in _groups(3)]
    return Week(
        code="0417",
        name="R. M.",
        monday=MONDAY,
        zone=NEW_YORK,
        prepared_at=PREPARED,
        program_week=5,
        program_weeks=8,
        shares=("check-ins", "skills", "shared lines"),
        keeps=("journal",),
        kept_private=6,
        risk=(
            RiskEvent(
                at(day[2], 21, 40),
                "high",
                "text",
                asked="sometimes",
                paged_at=at(day[2], 21, 40),
                acknowledged_at=at(day[2], 21, 58),
                acknowledged_by="J. Ortiz",
                contacted_at=at(day[2], 22, 6),
                closed_at=at(day[2], 22, 31),
                outcome="Spoke by phone; safety plan opened together",
                words="some nights I think they would all be better off",
            ),
            RiskEvent(
                at(day[6], 23, 47),
                "imminent",
                "button",
                paged_at=at(day[6], 23, 47),
                exhausted_at=at(day[6] + timedelta(days=1), 0, 2),
                acknowledged_at=at(day[6] + timedelta(days=1), 0, 9),
                acknowledged_by="A. Lindqvist",
            ),
        ),
        safety_answers=(SafetyAnswer(at(day[2], 21, 42), "sometimes"), SafetyAnswer(at(day[4], 20), "no")),
        observations=(
            *rated("mood", mood),
            *rated("craving", craving),
            *rated("craving_worst", [5, 6, 9, _, 10, 7, 6]),
            *rated("stress", [5, 4, 6, 5, 6, _, _, 4, 5, 5, 6, _, _, _, 4, 5, 5, 5, 4, 4, 5, 5, 6, 8, _, 8, 7, 5]),
            *rated("confidence", [6, 6, 4, _, 3, 4, 5]),
            *coded("sleep_hours", ["6_to_8", "4_to_6", "4_to_6", _, "under_4", "under_4", "6_to_8"], hour=8),
            *rated("sleep_quality", [7, 5, 4, _, 2, 2, 6], hour=8),
            *coded("use", ["none", "none", "none", _, "yes", "private", "none"]),
            *coded("meds", ["all", "all", "all", _, "some", "all", "all"], hour=8),
            *coded("connection", ["yes", "no", "no", _, "no", "yes", "yes"]),
            *coded("trigger", ["argument", _, "argument", _, "argument", "payday", "argument"]),
            *coded("trigger", ["loneliness", _, "loneliness", _, "loneliness", "poor_sleep", _], hour=21),
            *coded("trigger", [_, _, "poor_sleep", _, "passing_the_old_bar", _, _], hour=22),
        ),
        check_ins=tuple(check_ins([*["cc"] * 4, *["mm"] * 2, *["cc"] * 3, "cm", "cc", *["mm"] * 3, *["cc"] * 10, "mm", "lc", "cp", "cc"])),
        last_check_in=at(day[6], 20, 4),
        sessions=(
            *group,
            *missed,
            *sessions("individual", 1, 14, 50, ["attended"] * 4),
            *sessions("family", 5, 11, 90, [_, "attended", _, "unknown"]),
        ),
        next_session=Session(at(MONDAY + timedelta(days=7), 9), "group", 180, "unknown", title="Skills group"),
        use_details=(UseDetail(day[4], "two beers alone after the argument"),),
        skills=(
            *skill("urge", "Urge surfing", (8, 4), (7, 5), (7, 4), (8, 5)),
            *skill("breath", "Paced breathing", (6, 5), (7, 5), (6, 5), (5, 4), (6, 6)),
            *skill("opposite", "Opposite action", (6, 5), (7, 5), (6, 5)),
            *skill("tip", "Cold water", (8, 4), (9, None)),
            *skill("ground", "5-4-3-2-1", (5, 6), (6, 6), (6, 6)),
        ),
        shared=(
            Line(at(day[2], 20, 10), "I walked past the old place and kept going. I’m proud but it scared me how much I wanted to."),
            Line(at(day[5], 21, 3), "Saturday was bad but I rang her before it got worse. Sunday dinners are the hardest part of my week."),
        ),
        wants_to_talk=(
            Line(at(day[1], 20), "How to tell my brother I’m not drinking at Thanksgiving"),
            Line(at(day[5], 20), "Whether the new sleep medicine is why mornings are foggy"),
        ),
        notes=(Line(at(day[3], 15, 20), "Can’t come to group: bus line not running. Asked for a ride next time."),),
    )


def _groups(weekday: int) -> list[Session]:
    return sessions("group", weekday, 18, 180, ["attended"] * 4, "Process group")


def quiet_week() -> Week:
    """Nothing to worry about; by code only; two things got better."""
    return Week(
        code="0418",
        monday=MONDAY,
        zone=NEW_YORK,
        prepared_at=PREPARED,
        program_week=7,
        program_weeks=10,
        shares=("check-ins",),
        observations=(
            *rated("mood", [5, 5, 4, 5, 5, 5, 4, 5, 6, 5, 5, 5, 6, 5, 5, 4, 5, 5, 5, 6, 5, 7, 7, 8, 7, 8, 7, 8]),
            *rated("craving", [4, 4, 3, 4, 4, 5, 4, 4, 3, 4, 4, 4, 3, 3, 4, 4, 3, 3, 4, 3, 3, 1, 1, 0, 1, 0, 0, 0]),
            *rated("stress", [3] * 28),
            *rated("confidence", [8, 8, 9, 8, 9, 9, 9]),
            *coded("sleep_hours", ["6_to_8"] * 7, hour=8),
            *coded("use", ["none"] * 28),
            *coded("connection", ["yes"] * 7),
        ),
        check_ins=tuple(check_ins(["cc"] * 28)),
        last_check_in=at(MONDAY + timedelta(days=6), 20, 31),
        sessions=(*_groups(0), *_groups(2), *_groups(4), *sessions("individual", 1, 14, 50, ["attended"] * 4)),
        next_session=Session(at(MONDAY + timedelta(days=7), 18), "group", 180, "unknown"),
        skills=tuple(skill("urge", "Urge surfing", (4, 2))),
    )


def empty_week() -> Week:
    """Known for weeks, silent in this one: every planned check-in missed, attendance not marked."""
    earlier = quiet_week()
    mood = [o for o in earlier.observations if o.local_date < MONDAY]
    return replace(
        earlier,
        code="0419",
        observations=tuple(mood),
        check_ins=tuple(check_ins(["cc"] * 21 + ["mm"] * 7)),
        last_check_in=at(MONDAY - timedelta(days=1), 20, 12),
        sessions=tuple(replace(s, status="unknown") if s.starts_at >= at(MONDAY, 0) else s for s in earlier.sessions),
        skills=(),
    )


def new_patient() -> Week:
    """Invited, never heard from."""
    return Week(code="0420", monday=MONDAY, zone=NEW_YORK, prepared_at=PREPARED)


LONG = "Donaudampfschifffahrtsgesellschaftskapitän" * 8
ARABIC = "كان يوم السبت صعباً لكنني اتصلت بها قبل أن يسوء الأمر 🙏🏽"
HEBREW = "קשה לי בערבים <b>אבל</b> אני מנסה"
ATTACK = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> {{ 7*7 }} </style></time>"


def odd_week() -> Week:
    """Very long words, right-to-left, emoji, markup and control characters wherever a person can write."""
    hard = hard_week()
    when = at(MONDAY + timedelta(days=1), 12)
    return replace(
        hard,
        code="0421",
        name="מ. לוי " + "ש" * 80,
        risk=(replace(hard.risk[0], outcome=ATTACK, acknowledged_by=LONG, words=ARABIC + " \u202e reversed"),),
        shared=(
            Line(when, LONG),
            Line(when, ARABIC),
            Line(when, HEBREW),
            Line(when, ATTACK),
            Line(when, "👨‍👩‍👧‍👦" * 90),
            Line(when, "a\x00b\ud83d\n\n\nc"),
        ),
        wants_to_talk=(Line(when, ARABIC), Line(when, "=HYPERLINK(1)")),
        notes=(Line(when, LONG),),
        use_details=(UseDetail(MONDAY + timedelta(days=4), ATTACK),),
        skills=(*skill("x", LONG, (3, 3), (0, 10), (10, 0)), *skill("y", ARABIC, (9, 1))),
        observations=(*hard.observations, *coded("trigger", ["very_long_trigger_" * 5] * 7, hour=23), *coded("trigger", [ATTACK], hour=12)),
        sessions=(*hard.sessions, Session(at(MONDAY, 9), "workshop", 60, "cancelled", title=HEBREW)),
    )


def paused_week() -> Week:
    quiet = empty_week()
    return replace(quiet, code="0422", check_ins=tuple(check_ins(["cc"] * 18 + ["--"] * 10)), sessions=())
