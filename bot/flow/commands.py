"""What a flow can have done: plain frozen values. `bot/acts` performs each in the turn's transaction, once.

A command carries values, never rows; who it is about is the talk's own person, unless a field names another by code.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Command:
    """Base of all commands. The act's result is JSON data and is what `yield Do(...)` evaluates to."""


@dataclass(frozen=True)
class SaveProfile(Command):
    """Set profile fields (see `storage.people.PROFILE_FIELDS`) and recompute what is due from them."""

    values: dict[str, Any]


@dataclass(frozen=True)
class GiveConsent(Command):
    """Record consent to a scope ("program", "words_in_pages", ...) in the version of the words that were shown."""

    scope: str
    version: int


@dataclass(frozen=True)
class RevokeConsent(Command):
    scope: str


@dataclass(frozen=True)
class LeaveProgram(Command):
    """No to the program, or no longer: every consent ends at once, and nothing is said by itself any more."""


@dataclass(frozen=True)
class Pause(Command):
    """Reminders rest for so many days (1-14), today included. The result is the last day, in words."""

    days: int


@dataclass(frozen=True)
class Resume(Command):
    """End a pause today."""


@dataclass(frozen=True)
class EraseJournal(Command):
    """Erase all words of the journal and of check-in lines. The result is how many."""


@dataclass(frozen=True)
class ForgetMe(Command):
    """Erase the person. The result is False when that has to wait, because somebody is still looking after them."""


@dataclass(frozen=True)
class ShowHome(Command):
    """Put what can be done now before the person, under the words given."""

    words: str


@dataclass(frozen=True)
class Invite(Command):
    """Invite someone by a one-time link. `code` is one of the program's own for a patient; "" takes the next free one.

    duty: "admin" or "clinician" for staff. The result has "result" ("ok", "denied", "taken") and what to show.
    """

    role: str
    name: str = ""
    code: str = ""
    duty: str = ""
    weeks: int | None = None


@dataclass(frozen=True)
class SaveCheckIn(Command):
    """Store a check-in. values: item -> int, code or list of codes; an item not asked is absent, a declined one is None.

    status: "complete", "partial" or "late". line: the private line, shared with the team only if `share`.
    """

    slot: str
    local_date: str
    values: dict[str, Any]
    status: str = "complete"
    line: str | None = None
    share: bool = False


@dataclass(frozen=True)
class SaveSkill(Command):
    """A skill that was done: the same 0-10 before and after (None when not given). status: "done" or "stopped"."""

    card: str
    scale: str
    before: int | None
    after: int | None
    status: str = "done"


@dataclass(frozen=True)
class SaveGate(Command):
    """The answer to a card's medical question. answer: "none", "cleared" (by a clinician), "some" or "unsure"."""

    gate: str
    answer: str


@dataclass(frozen=True)
class SaveJournal(Command):
    """Keep words in the journal, private. The result is the entry's id. source: "journal" or "skill"."""

    words: str
    source: str = "journal"


@dataclass(frozen=True)
class ShareEntry(Command):
    """Let the team read an entry in exactly this version, or take that back. The result is False when it is not there any more."""

    entry: int
    shared: bool


@dataclass(frozen=True)
class DeleteEntry(Command):
    """Erase the words of an entry, of all its versions, and of every copy this program made of them."""

    entry: int


@dataclass(frozen=True)
class SavePlanItem(Command):
    """One more item in a step (1-7) of the safety plan. The result is its id."""

    step: int
    words: str
    number: str = ""


@dataclass(frozen=True)
class ChangePlanItem(Command):
    """An item in other words, or reached another way ("phone" with a number, "telegram", ""); None stays. The result is its new id."""

    item: int
    words: str | None = None
    reach: str | None = None
    number: str | None = None


@dataclass(frozen=True)
class RemovePlanItem(Command):
    item: int


@dataclass(frozen=True)
class ReviewPlan(Command):
    """The plan was looked through to its end. why: "alert", "quarter", "rehearsal" or "self"; result: "fits" or "changed"."""

    why: str
    result: str


@dataclass(frozen=True)
class ErasePlan(Command):
    """Erase the words of the safety plan in all its versions. The result is how many items were in it."""


@dataclass(frozen=True)
class AddContact(Command):
    """Somebody who may be asked to call the patient. use: "both", "mine" or "staff". The result is the link for them."""

    name: str
    use: str


@dataclass(frozen=True)
class EndContact(Command):
    contact: int


@dataclass(frozen=True)
class ShowHelp(Command):
    """Put the help screen before the patient."""


@dataclass(frozen=True)
class NoteStaff(Command):
    """A line in the staff inbox, seen the next business day. `text` is only what the patient chose to pass on."""

    kind: str
    code: str = ""
    text: str | None = None


@dataclass(frozen=True)
class KeepConcern(Command):
    """What the answers to a concern came to, as a code for staff. today: they should see it the same day, not the next working day.

    calm: nothing cheerful is said for two days. The result is whether somebody on call was told just now.
    """

    code: str
    today: bool = False
    calm: bool = True


@dataclass(frozen=True)
class NoteBarrier(Command):
    """What keeps someone from calling a crisis line, kept with the alert that is open."""

    barrier: str


@dataclass(frozen=True)
class ShowPeople(Command):
    """Put those who agreed to be asked for a call, and the safety plan, before the patient."""


@dataclass(frozen=True)
class StartFlow(Command):
    """Open another conversation when this one ends (a skill offered at the end of a check-in)."""

    flow: str
    start: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class AnswerSession(Command):
    """What the patient says of one session: "coming", "late" or "cant"; the latest counts. Staff find one line about it.

    day: the session's local date at the clinic, ISO. minutes, barrier and text are only what the patient wants passed on.
    """

    series: int
    day: str
    answer: str
    minutes: int | None = None
    barrier: str | None = None
    text: str | None = None


@dataclass(frozen=True)
class AddSession(Command):
    """By staff: a session, once or weekly. patients: their codes, None for everyone. The result is its code, or "" on a fault."""

    kind: str
    title: str
    day: str
    starts: str
    minutes: int
    weeks: int
    patients: tuple[str, ...] | None


@dataclass(frozen=True)
class CancelSession(Command):
    """By staff: one session of a series by its ISO date, or all that is still to come. The result says whether it was done."""

    code: str
    day: str | None


@dataclass(frozen=True)
class RecordAttended(Command):
    """By staff: who of those expected came, by patient code. The result is [came, expected]."""

    series: int
    day: str
    came: tuple[str, ...]


@dataclass(frozen=True)
class TakeStretch(Command):
    """By staff: a colleague is on call in `position` from a wall time of the clinic until another, on the same or the next day.

    Times are ISO without a zone. The result is "ok", "over" (it has ended already), "away" (on leave) or "unfit".
    """

    position: str
    person: int
    begins: str
    ends: str
