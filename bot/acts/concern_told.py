"""What becomes of the answers to a concern that are no danger: staff find each in their inbox.

One they should see the same day is also said to whoever is on call, without paging, and said to everyone on call if nobody has
looked four hours later.
"""

from __future__ import annotations

from datetime import timedelta

from bot.flow.commands import KeepConcern
from bot.registry import act, clinic_due
from bot.registry import due as due_kind
from bot.sitting import Sitting, seat
from safety import duty
from safety.rota import POSITIONS
from storage import calm, due, notes, people
from storage.due import DueRow
from storage.outbox import ESCALATION
from storage.people import PersonCard
from storage.store import Unit
from storage.wall import local

UNREAD = "concern_unread"
LOOK_WITHIN = timedelta(hours=4)
LOOK_AGAIN = timedelta(hours=1)
UNANSWERED = ("skipped", "unanswered", "silent")


@act(KeepConcern)
def keep_concern(s: Sitting, command: KeepConcern) -> bool:
    note = notes.add(s.u, s.person.id, "concern", command.code)
    if command.calm and command.code not in UNANSWERED:
        calm.begin(s.u, s.person.id, s.chat.id)
    if not command.today:
        return False
    starts = duty.cover_starts(s.u)
    told = starts is None and _tell_staff(s.u, s.person, note, _first(s.u))
    again = s.u.now + LOOK_WITHIN if told or starts is None else starts
    due.plan(s.u, UNREAD, note, f"{UNREAD}:{note}", again, at=s.u.now.isoformat())
    return told


def _first(u: Unit) -> tuple[str, ...]:
    """The first position whose holder can be reached, as a page would go to: nobody waits for one that is vacant."""
    held = duty.reachable(u)
    return tuple(position for position in POSITIONS if held[position])[:1]


@clinic_due(UNREAD)
def unread(u: Unit, row: DueRow) -> None:
    """Nobody has looked at a concern that should be seen the same day: everyone on call is told.

    It happens in no chat: whoever it is about may have left the program since, and their phone may be somebody else's.
    """
    about = notes.about(u, row.subject)
    who = people.person(u, about) if about is not None else None
    if who is None or who.status == "forgotten":
        return
    starts = duty.cover_starts(u)
    if starts is not None:
        due.move(u, row.id, starts)
    elif not _tell_staff(u, who, row.subject, POSITIONS):
        if not notes.waits(u, who.id, "ladder", "nobody_at_step"):
            notes.add(u, who.id, "ladder", "nobody_at_step")
        due.move(u, row.id, u.now + LOOK_AGAIN)


def _tell_staff(u: Unit, who: PersonCard, note: int, positions: tuple[str, ...]) -> bool:
    """A word about `who` to those who hold these positions, with no name and nothing of what was said. False when there is nobody."""
    on_call = duty.reachable(u)
    holders = dict.fromkeys(person for position in positions for person in on_call.get(position, ()))
    told = [at for person in holders if (at := seat(u, person, note)) is not None]
    for at in told:
        words, now = f"concern:{note}:{u.now:%Y%m%d%H%M}:{at.person.id}", local(u.now, at.person.zone)
        at.say("staff.concern_today", lane=ESCALATION, dedupe=words, wanted=f"concern:{note}", code=who.code, time=f"{now:%H:%M}")
    return bool(told)


@due_kind(calm.KIND)
def calm_ends(s: Sitting, row: DueRow) -> None:
    """The two quiet days are over; what was kept back in them is not made up for."""
