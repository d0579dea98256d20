from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from clinic import summary
from clinic.model import CheckIn, Observation, RiskEvent, SafetyAnswer, Week
from clinic.reasons import reasons, urgency
from tests.clinic.made_up_weeks import (
    MONDAY,
    _,
    at,
    check_ins,
    coded,
    empty_week,
    hard_week,
    new_patient,
    paused_week,
    quiet_week,
    rated,
    sessions,
    skill,
)

SUNDAY = MONDAY + timedelta(days=6)


def codes(week: Week) -> list[str]:
    return [reason.code for reason in reasons(week)]


def test_a_day_nobody_answered_has_no_number() -> None:
    days = summary.days(rated("mood", [0, _, 4]), check_ins(["cc", "mm", "cc"]), SUNDAY, 4)
    assert [day.mood for day in days] == [None, 0, None, 4]
    assert [day.missed for day in days] == [False, False, True, False]
    assert [(day.answered, day.expected) for day in days] == [(0, 0), (2, 2), (0, 2), (2, 2)]


def test_the_latest_answer_of_a_day_counts_and_the_strongest_craving() -> None:
    told = [
        *rated("mood", [8], hour=20),
        *rated("mood", [3], hour=8),
        *rated("craving", [9], hour=8),
        *rated("craving", [2], hour=20),
        *rated("craving_worst", [5], hour=20),
    ]
    (day,) = summary.days(told, (), SUNDAY, 1)
    assert (day.mood, day.craving, day.craving_worst) == (8, 2, 9)


def test_use_told_once_is_not_undone_by_a_later_none() -> None:
    (day,) = summary.days([*coded("use", ["yes"], hour=8), *coded("use", ["none"], hour=20)], (), SUNDAY, 1)
    assert day.use == "yes"


def test_a_declined_question_is_no_answer() -> None:
    declined = Observation("mood", None, None, at(SUNDAY, 20), SUNDAY, "complete")
    assert summary.measure([declined], "mood", MONDAY, SUNDAY) is None
    (day,) = summary.days([declined], (), SUNDAY, 1)
    assert day.mood is None
    assert summary.measure([declined, *rated("mood", [0])], "mood", MONDAY, SUNDAY) == summary.Measure(0.0, 1)


def test_a_pause_is_neither_expected_nor_missed() -> None:
    told = summary.answered(check_ins(["cc", "--", "cm", "lp"]), MONDAY, SUNDAY)
    assert (told.answered, told.expected, told.late, told.partial) == (5, 6, 1, 1)
    days = summary.days((), check_ins(["--"]), SUNDAY, 1)
    assert days[0].paused
    assert not days[0].missed


def test_a_check_in_of_ones_own_is_heard_but_not_counted_as_planned() -> None:
    told = [*check_ins(["mm"]), CheckIn(SUNDAY, "extra", "complete")]
    count = summary.answered(told, MONDAY, SUNDAY)
    assert (count.answered, count.expected, count.extra) == (0, 2, 1)
    assert not summary.days((), told, SUNDAY, 1)[0].missed


def test_a_shift_needs_answers_in_both_weeks() -> None:
    week = replace(new_patient(), observations=tuple(rated("craving", [5, 6, 7])))
    shift = summary.shift(week, "craving")
    assert (shift.now, shift.before, shift.delta) == (summary.Measure(6.0, 3), None, None)
    assert "craving_up" not in codes(week)


def test_attendance_counts_only_what_staff_recorded() -> None:
    statuses = ["attended", "missed", "cancelled", "coming", "unknown", "cant"]
    count = summary.attendance(s for status in statuses for s in sessions("group", 0, 18, 90, [status]))
    assert (count.attended, count.marked, count.unmarked, count.cancelled) == (1, 2, 3, 1)
    assert (count.minutes_attended, count.minutes_marked) == (90, 180)


def test_a_skill_is_compared_only_over_uses_rated_at_both_ends() -> None:
    (change,) = summary.skill_changes(skill("urge", "Urge surfing", (8, 4), (7, 5), (9, _)))
    assert (change.uses, change.n, change.before, change.after, change.delta) == (3, 2, 7.5, 4.5, -3.0)
    (unrated,) = summary.skill_changes(skill("urge", "Urge surfing", (8, _)))
    assert (unrated.n, unrated.delta) == (0, None)


def test_the_safety_state_is_the_gravest_that_holds() -> None:
    quiet, event = quiet_week(), RiskEvent(at(SUNDAY, 21), "high", "text")
    skipped = (SafetyAnswer(at(SUNDAY, 20), "skipped"),)
    assert summary.safety_state(quiet) == "quiet"
    assert summary.safety_state(empty_week()) == "silent"
    assert summary.safety_state(new_patient()) == "silent"
    assert summary.safety_state(replace(quiet, safety_answers=skipped)) == "skipped"
    closed = replace(event, closed_at=at(SUNDAY, 22))
    assert summary.safety_state(replace(quiet, safety_answers=skipped, risk=(closed,))) == "events"
    assert summary.safety_state(replace(quiet, risk=(closed, event))) == "open"


def test_a_hard_week_names_its_reasons_most_pressing_first() -> None:
    assert codes(hard_week()) == [
        "alert_open",
        "alert",
        "use",
        "craving_up",
        "missed",
        "meds_missed",
        "short_sleep",
        "alone",
        "unmarked",
        "use_private",
    ]


def test_nobody_has_to_record_a_session_before_it_is_over() -> None:
    week = hard_week()
    waiting = max(s.starts_at for s in summary.sessions_of(week) if s.status in ("coming", "unknown"))
    assert "unmarked" not in codes(replace(week, prepared_at=min(s.starts_at for s in summary.sessions_of(week))))
    assert "unmarked" in codes(replace(week, prepared_at=waiting + timedelta(hours=4)))


def test_silence_is_told_apart_from_a_pause_and_from_nothing_planned() -> None:
    assert codes(empty_week())[0] == "silent_week"
    assert codes(paused_week()) == ["paused_week"]
    assert codes(new_patient()) == ["no_plan"]


def test_three_silent_days_at_the_end_are_a_reason_and_two_are_not() -> None:
    quiet = quiet_week()

    def ending(*last: str) -> Week:
        left_out = SUNDAY - timedelta(days=len(last))
        heard = tuple(o for o in quiet.observations if o.local_date <= left_out)
        return replace(quiet, observations=heard, check_ins=tuple(check_ins(["cc"] * (28 - len(last)) + list(last))))

    assert "silent_days" in codes(ending("mm", "mm", "mm"))
    assert "silent_days" not in codes(ending("mm", "mm"))
    (silent,) = (reason for reason in reasons(ending("mm", "mm", "mm")) if reason.code == "silent_days")
    assert silent.slots == {"n": 3}


def test_a_day_on_which_nothing_was_asked_ends_no_silence() -> None:
    """As after days the bot was down, while an alert holds prompts back, and in a week that still runs."""

    def week(*mine: str) -> Week:
        days = zip(range(7), mine, strict=True)
        asked = (CheckIn(MONDAY + timedelta(days=n), "evening", "complete" if told == "c" else "missed") for n, told in days if told != " ")
        return replace(new_patient(), check_ins=tuple(asked))

    for mine, quiet in (("cmmmmm ", 5), ("cmmm   ", 3), ("c mm m ", 3), ("ccmm   ", 0), ("mmmmcm ", 0)):
        assert [reason.slots["n"] for reason in reasons(week(*mine)) if reason.code == "silent_days"] == [quiet] * bool(quiet)


def test_limits_are_met_exactly_at_their_value() -> None:
    def craving(now: int) -> Week:
        return replace(new_patient(), observations=tuple(rated("craving", [4] * 7 + [now] * 7)))

    assert "craving_up" in codes(craving(6))
    assert "craving_up" not in codes(craving(5))
    assert "craving_down" in codes(craving(2))
    confident = replace(new_patient(), observations=tuple(rated("confidence", [9, 3])))
    unsure = replace(new_patient(), observations=tuple(rated("confidence", [3, 4])))
    assert "confidence_low" in codes(confident)
    assert "confidence_low" not in codes(unsure)
    two_nights = replace(new_patient(), observations=tuple(coded("sleep_hours", ["under_4", "under_4"])))
    assert "short_sleep" in codes(two_nights)
    assert "short_sleep" not in codes(replace(two_nights, observations=two_nights.observations[:1]))


def test_fewer_check_ins_and_hurried_ones_are_told() -> None:
    fell = replace(new_patient(), check_ins=tuple(check_ins(["cc"] * 7 + ["cm"] * 7)))
    assert "check_ins_fell" in codes(fell)
    hurried = replace(new_patient(), check_ins=(CheckIn(SUNDAY, "evening", "complete", straight_lined=True),))
    assert "straight_lined" in codes(hurried)


def test_good_news_never_moves_a_patient_up() -> None:
    better = reasons(quiet_week())
    assert {reason.code for reason in better} == {"craving_down", "mood_up"}
    assert urgency(better) == urgency(())
    assert urgency(reasons(hard_week())) < urgency(reasons(empty_week())) < urgency(better)
