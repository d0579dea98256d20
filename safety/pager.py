"""The ladder on rows: loads an escalation, lets `safety.ladder` decide, writes what it decided and plans the next step."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from safety import ladder, policy
from safety.cover import AHEAD
from safety.duty import cover_starts, to_page
from safety.moves import Action, Alarm, Holders, Ladder, Move, Tell
from storage import audit, clinic, due, escalations, people
from storage.escalations import EscalationRow
from storage.people import ChatCard, PersonCard
from storage.store import Unit
from storage.wall import next_instant

FALSE_ALARM = "false_alarm"
OUTCOME, REMINDED = "outcome", "reminded"
"""What is due of an alert that waits for its outcome alone, and the event of its holder's having been reminded of that."""
REMIND_AFTER, REMIND_AT = timedelta(hours=4), "09:00"
"""How long after the contact the holder is reminded first, and when each morning, by their own clock."""


@dataclass(frozen=True)
class Paged:
    """An escalation as it stands after an event, with what must now be sent. `before` is None when it was just opened."""

    row: EscalationRow
    actions: tuple[Action, ...]


def raise_danger(
    u: Unit, who: PersonCard, chat: ChatCard, level: str, track: str, reason: str, words: str | None, said: datetime | None = None
) -> Paged:
    """Open an escalation for a patient, or let this danger join the one that is open. Nothing lowers one. said: when, if it was not now."""
    row = escalations.open_for(u, who.id)
    if row is not None:
        return _join(u, row, level, who, reason, words, said)
    move = ladder.begin(policy.rungs(clinic.ladders(u), level), level, u.now, to_page(u), cover_starts(u))
    row = escalations.add_once(u, who.id, chat.id, level, track, move.ladder.rungs)
    if row is None:  # opened by another process in the same moment
        return raise_danger(u, who, chat, level, track, reason, words, said)
    escalations.danger(u, row.id, "opened", level, reason, words, who.key, said)
    audit.record(u, who.id, "between", "escalation.opened", row.ref, reason)
    return Paged(_keep(u, row, move), move.actions)


def cover_came_early(u: Unit, seen: EscalationRow) -> bool:
    """An alert that waits for somebody to be on duty begins now when the clinic's hours were changed so that somebody is."""
    if not waits_for_cover(u, seen) or cover_starts(u) is not None:
        return False
    row = escalations.get(u, seen.id)  # once more, now locked
    if row is None or not waits_for_cover(u, row):
        return False
    saved = escalations.save(u, row, next_at=u.now, began_at=u.now)
    due.cancel(u, "escalation", row.id, "moved")
    due.plan(u, "escalation", row.id, f"escalation:{row.id}:{saved.version}", u.now, chat=row.chat)
    return True


def waits_for_cover(u: Unit, row: EscalationRow) -> bool:
    """Whether nobody is paged before somebody is on duty again."""
    return ladder.waits_for_cover(as_ladder(row), u.now)


def opens_unpaged(u: Unit, row: EscalationRow) -> bool:
    """Whether what somebody has is open again, when its time runs out, before anybody is on duty: nobody is paged for it then."""
    stands = _by_hours_of_now(u, row)
    return stands.began is not None and stands.next_at is not None and stands.began > stands.next_at


def waits_for_answer(row: EscalationRow) -> bool:
    """Whether everybody was paged at once, and it is exhausted when nobody has answered."""
    return row.state == "OPEN" and ladder.is_at_end(as_ladder(row))


def _join(u: Unit, row: EscalationRow, level: str, who: PersonCard, reason: str, words: str | None, said: datetime | None) -> Paged:
    if cover_came_early(u, row):
        row = escalations.get(u, row.id) or row
    move = ladder.join(as_ladder(row), level, u.now, to_page(u), policy.rungs(clinic.ladders(u), level), cover_starts(u))
    escalations.danger(u, row.id, "joined", level, reason, words, who.key, said)
    return Paged(_keep(u, row, move), move.actions)


def step(u: Unit, id: int) -> Paged | None:
    """Do what is due of one escalation; None when nothing is (it was answered meanwhile).

    What waited for cover begins by the hours of now: where nobody is on duty after all, it waits on. So it does where nobody ran for
    the whole of the cover it waited for.
    """
    row = escalations.get(u, id)
    if row is None or row.next_at is None or row.next_at > u.now:
        return None
    starts = cover_starts(u) if row.state == "OPEN" and row.step == 0 else None
    if starts is not None:
        told = (Tell("no_cover"),) if u.now - escalations.last_danger(u, row.id)[1] < AHEAD else ()  # later it was told that nobody ever is
        waits = replace(as_ladder(row), began=starts, next_at=starts)
        return Paged(_keep(u, row, Move(waits)), (*told, Alarm("no_cover")))
    move = ladder.advance(_by_hours_of_now(u, row), u.now, to_page(u))
    return Paged(_keep(u, row, move), move.actions)


def answer(u: Unit, id: int, who: PersonCard, option: str) -> Paged | None:
    """What a person on call tapped: "ack", "contacted", "cant", "hand:<person>", "close:<outcome>", and for a false alarm that
    two must agree on, "confirm" or "disagree". None when it no longer applies."""
    row = escalations.get(u, id)
    if row is None:
        return None
    before = _by_hours_of_now(u, row)

    def others() -> Holders:
        return _without(to_page(u), who.id)

    act, _, said = option.partition(":")
    answers: dict[str, Callable[[], Move | None]] = {
        "ack": lambda: ladder.acknowledge(before, who.id, u.now),
        "contacted": lambda: ladder.reached(before, who.id, u.now),
        "cant": lambda: ladder.decline(before, who.id, u.now, others(), _asked(u, row, who)),
        "leave": lambda: ladder.leave(before, who.id, u.now, others()),
        "hand": lambda: ladder.hand(before, who.id, int(said)),
        "close": lambda: (
            ladder.doubt(before, who.id, u.now, others(), may_close(u, row, who))
            if said == FALSE_ALARM
            else ladder.close(before, who.id, may_close(u, row, who))
        ),
        "confirm": lambda: ladder.confirm(before, who.id),
        "disagree": lambda: ladder.disagree(before, who.id),
    }
    move = answers[act]() if act in answers else None
    if move is None:
        return None
    code = people.person(u, int(said)).code if act == "hand" else said
    doubted = act == "close" and move.ladder.state != "CLOSED"
    escalations.note(u, row.id, "doubted" if doubted else act, by=who.id, code=code if act != "cant" else str(move.ladder.cycle))
    audit.record(u, row.person, who.code, f"escalation.{'doubted' if doubted else act}", row.ref, code)
    outcome = FALSE_ALARM if act == "confirm" else said
    return Paged(_keep(u, row, move, closed_by=who.id, outcome=outcome), move.actions)


def _asked(u: Unit, row: EscalationRow, who: PersonCard) -> bool:
    """Whether their "I can't" leaves something to pass on: the ladder has come to them, and they have not said so in this cycle."""
    said = [(event.by, event.code) for event in escalations.events(u, row.id) if event.kind == "cant"]
    return (who.id, str(row.cycle)) not in said and who.id in ladder.come_to(as_ladder(row), to_page(u))


def may_close(u: Unit, row: EscalationRow, who: PersonCard) -> bool:
    """Whether they have it, or nobody does, or its holder was reminded in vain and they are on call."""
    if row.acked_by in (None, who.id):
        return True
    since = [event.kind for event in escalations.events(u, row.id) if event.kind in ("ack", "CONTACTED", REMINDED)]
    waits = row.state == "CONTACTED" and row.doubted_by is None and since[-1:] == [REMINDED]
    return waits and any(who.id in ids for ids in to_page(u).values())


def plan_reminder(u: Unit, row: EscalationRow, after: datetime) -> None:
    """The next time the holder of what is CONTACTED is reminded of its outcome, no earlier than `after`."""
    first = max(row.acked_at or row.opened_at, row.contacted_at or row.opened_at) + REMIND_AFTER
    zone = people.person(u, row.acked_by).zone if row.acked_by is not None else "UTC"
    at = first if first >= after else next_instant(after, REMIND_AT, zone)[1]
    due.cancel(u, OUTCOME, row.id, "moved")
    due.plan(u, OUTCOME, row.id, f"{OUTCOME}:{row.id}:{row.version}:{at:%Y%m%d%H%M}", at, chat=row.chat)


def _without(holders: Holders, person: int) -> Holders:
    return {position: [id for id in ids if id != person] for position, ids in holders.items()}


def as_ladder(row: EscalationRow) -> Ladder:
    """Where the rules see it."""
    return Ladder(
        row.ladder, row.level, row.state, row.cycle, row.step, row.began_at, row.next_at, row.acked_by, row.acked_at, row.handed_to,
        row.doubted_by,
    )  # fmt: skip


def _by_hours_of_now(u: Unit, row: EscalationRow) -> Ladder:
    """Where it stands; what was taken while it waited for cover waits, when it is open again, for that of the hours as they are now."""
    stands = as_ladder(row)
    if stands.began is None or stands.began <= u.now:
        return stands
    return replace(stands, began=cover_starts(u) or u.now)


def _keep(u: Unit, row: EscalationRow, move: Move, *, closed_by: int | None = None, outcome: str | None = None) -> EscalationRow:
    after = move.ladder
    ends = after.state == "CLOSED"
    if after.state != row.state:
        escalations.note(u, row.id, after.state, by=after.acked_by)
    saved = escalations.save(
        u,
        row,
        level=after.level,
        ladder=json.dumps(after.rungs),
        state=after.state,
        cycle=after.cycle,
        step=after.step,
        next_at=after.next_at,
        began_at=after.began or row.began_at,
        acked_by=after.acked_by,
        acked_at=after.acked_at,
        handed_to=after.handed_to if not ends else None,
        doubted_by=after.doubted_by,
        contacted_at=u.now if after.state == "CONTACTED" and row.state != "CONTACTED" else row.contacted_at,
        closed_by=closed_by if ends else None,
        closed_at=u.now if ends else None,
        outcome=outcome if ends else None,
    )
    due.cancel(u, "escalation", row.id, "moved")
    if saved.next_at is not None:
        due.plan(u, "escalation", row.id, f"escalation:{row.id}:{saved.version}", saved.next_at, chat=row.chat)
    if saved.state == "CONTACTED" and (row.state, row.acked_by) != (saved.state, saved.acked_by):
        plan_reminder(u, saved, u.now)
    elif row.state == "CONTACTED" and saved.state != "CONTACTED":
        due.cancel(u, OUTCOME, row.id, "moved")
    return saved
