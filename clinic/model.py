"""One patient's week as plain frozen values: what the clinician's page, the table and the caseload are made from.

Facts only, as they were recorded. What follows from them (medians, changes, reasons) is computed in `clinic.summary` and
`clinic.reasons`; how it looks is in `clinic.page`. Nothing here reads storage, a clock or a language.

Promises the reader of a `Week` relies on:
- Every datetime is timezone-aware. `local_date` is the date on the patient's own calendar.
- Ratings are whole numbers from 0 to 10. `None` means "no answer"; it is never turned into a zero.
- Words of a patient are here only when they are shared. What is private is a count (`kept_private`), never a hint.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

HISTORY_DAYS = 28
"""Days on the chart, ending with the last day of the week."""

RATINGS = ("mood", "craving", "craving_worst", "stress", "sleep_quality", "confidence")
"""Items whose `value` is a rating from 0 to 10. Mood and sleep quality: 10 is best. Craving and stress: 10 is strongest."""

CODED = {
    "sleep_hours": ("under_4", "4_to_6", "6_to_8", "over_8"),
    "use": ("none", "yes", "private"),
    "meds": ("all", "some", "none", "no_meds"),
    "connection": ("yes", "no"),
}
"""Items answered by a code, with their codes. Sleep is in hours, shortest first.

`trigger` is coded too, one observation for each trigger named; its codes belong to the check-in.
"""


@dataclass(frozen=True, slots=True)
class Observation:
    """One answered item. A rating is in `value`, a code in `code`; both empty means asked and declined."""

    item: str
    value: int | None
    code: str | None
    at: datetime
    local_date: date
    status: Literal["complete", "partial", "late"]


@dataclass(frozen=True, slots=True)
class CheckIn:
    """One check-in: planned ("morning", "evening"), or started by the patient on their own ("extra": never counted as planned).

    `status` "paused" is a slot in a pause the patient asked for: neither expected nor missed.
    `declined`: a missed one that was answered with "not today".
    `straight_lined`: all ratings equal and given faster than one can read (the check-in's own rule).
    """

    local_date: date
    slot: Literal["morning", "evening", "extra"]
    status: Literal["complete", "partial", "late", "missed", "paused"]
    straight_lined: bool = False
    declined: bool = False


@dataclass(frozen=True, slots=True)
class RiskEvent:
    """Something that sounded like danger, and what was done about it.

    `asked` is the answer to the safety question that followed, if it was asked. `paged_at` is the first page sent to a person.
    `reopened_at`: when nobody had it any more after that: it was given back, or nobody was reached in time.
    `exhausted_at`: the whole ladder was paged once and nobody had answered. `closed_at`: closed by a human, or, for a concern,
    settled. `outcome` and names are words as staff chose or wrote them. `words` is the patient's sentence, only if consent allows.
    """

    at: datetime
    level: Literal["concern", "high", "imminent"]
    source: Literal["text", "button", "item"]
    asked: Literal["no", "sometimes", "yes", "skipped"] | None = None
    paged_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    reopened_at: datetime | None = None
    exhausted_at: datetime | None = None
    contacted_at: datetime | None = None
    closed_at: datetime | None = None
    outcome: str | None = None
    words: str | None = None

    @property
    def open(self) -> bool:
        return self.closed_at is None


@dataclass(frozen=True, slots=True)
class SafetyAnswer:
    """An answer to the safety question (asked after a low mood), whether or not an event came of it."""

    at: datetime
    code: Literal["no", "sometimes", "yes", "skipped"]


@dataclass(frozen=True, slots=True)
class Session:
    """One planned session. `starts_at` in any zone; it is shown in the clinic's. `minutes` as planned.

    `status` "attended" and "missed" are what staff recorded, "cancelled" is by the clinic; "coming" and "cant" are what the patient
    answered and staff have not marked since; "unknown" is neither. `barrier` is the code of what is in the way.
    """

    starts_at: datetime
    kind: Literal["group", "individual", "family", "workshop"]
    minutes: int
    status: Literal["attended", "missed", "cancelled", "coming", "cant", "unknown"]
    barrier: str | None = None
    title: str = ""


@dataclass(frozen=True, slots=True)
class SkillUse:
    """A skill card that was done. `name` as the patient reads it; the same 0-10 scale `before` and `after`, either may be missing."""

    card: str
    name: str
    at: datetime
    local_date: date
    before: int | None = None
    after: int | None = None


@dataclass(frozen=True, slots=True)
class UseDetail:
    """What a patient told about a day of use. `words` is None when the detail was not shared."""

    local_date: date
    words: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text with its time: shared words, something to talk about, a note for staff."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Instrument:
    """A scored questionnaire, as "PHQ-9" 12 of 27. Scoring and change rules belong to the issue that brings the instruments."""

    name: str
    at: datetime
    score: int
    highest: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The safety plan as it stands, never a word of it. `missing`: steps 1-6 that are empty, or (3, 4) hold nobody to be reached."""

    exists: bool
    missing: tuple[int, ...] = ()
    reviewed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Week:
    """All that is known of one patient for one Monday-Sunday, with the 28 days that end with it.

    `name` is None where the page goes by code only. `program_week` is n of `program_weeks`, both counted from 1.
    `observations`, `check_ins`, `sessions` and `skills` cover the 28 days; `risk` the week's events and older ones still open;
    `settled` alerts of earlier weeks that were closed in this one, which were open on their own page;
    `safety_answers` the week's answers to the safety question; the other lists cover the week.
    `last_check_in` is the newest check-in up to the end of the week, however old. `next_session` is the first after the week.
    `shares` and `keeps` name in words what the patient shares and keeps. `prepared_at` never counts as a change (`clinic.folder`).
    Without `takes_medicines` nobody is asked for them, so that no answer is missing.
    """

    code: str
    monday: date
    zone: ZoneInfo
    prepared_at: datetime
    name: str | None = None
    program: str = "IOP"
    program_week: int | None = None
    program_weeks: int | None = None
    shares: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()
    kept_private: int = 0
    takes_medicines: bool = True
    risk: tuple[RiskEvent, ...] = ()
    settled: tuple[RiskEvent, ...] = ()
    safety_answers: tuple[SafetyAnswer, ...] = ()
    plan: Plan | None = None
    observations: tuple[Observation, ...] = ()
    check_ins: tuple[CheckIn, ...] = ()
    last_check_in: datetime | None = None
    sessions: tuple[Session, ...] = ()
    next_session: Session | None = None
    use_details: tuple[UseDetail, ...] = ()
    skills: tuple[SkillUse, ...] = ()
    shared: tuple[Line, ...] = ()
    wants_to_talk: tuple[Line, ...] = ()
    notes: tuple[Line, ...] = ()
    instruments: tuple[Instrument, ...] = ()

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)

    @property
    def name_or_code(self) -> str:
        return self.name or self.code
