"""What is in the way of calling a line: what may truly be offered now, and the barrier kept with the alert for whoever takes it."""

from __future__ import annotations

from typing import Any

from bot import danger
from bot.flow.commands import NoteBarrier, ShowPeople
from bot.message import Draft
from bot.panel import HELP
from bot.registry import act, look
from bot.sitting import Sitting
from content import hotlines
from safety import duty
from storage import escalations

FACTS = {"us-988": "_988"}
"""Lines whose facts we have a source for: the ending of the replies that state them."""
KNOWN = ("wont_help", "alone", "police", "cost", "effort")
"""Barriers that have such a reply."""


@look("reaching.around")
def around(s: Sitting) -> dict[str, Any]:
    """{"facts", "known": which replies state facts of the line shown, and how they end; "on_call": whether a person can be counted on
    to take up a call back; "people": whether somebody agreed to be asked, or there is a plan that names some}."""
    shown = hotlines.lines(s.person.country)[0].id
    facts = FACTS.get(shown, "")
    return {
        "facts": facts,
        "known": list(KNOWN) if facts else [],
        "on_call": callback(s) != "nobody",
        "people": bool(_people(s).rows),
    }


@look("reaching.callback")
def callback(s: Sitting) -> str:
    """Who takes up a number that is left now: "holder", who was in touch with them and is sent it; "team", while somebody on duty is
    paged or has the alert; else "nobody"."""
    row = escalations.open_for(s.u, s.person.id)
    if row is None:
        return "nobody"
    if row.state == "CONTACTED":
        return "holder" if row.acked_by is not None and duty.fit(s.u)(row.acked_by) else "nobody"
    return "team" if row.state in ("OPEN", "ACKED") and _covered(s) else "nobody"


@look("reaching.can_ring")
def can_ring(s: Sitting) -> bool:
    """Whether it may be said that somebody on call can ring a number that is left now: with nothing open, whoever is on duty."""
    return callback(s) != "nobody" or (not danger.is_open(s) and _covered(s))


def _covered(s: Sitting) -> bool:
    return duty.cover_starts(s.u) is None and any(duty.reachable(s.u).values())


@act(ShowPeople)
def show_people(s: Sitting, command: ShowPeople) -> None:
    """As on the crisis card, with the same buttons, which stay."""
    draft = _people(s)
    draft.row(draft.button(HELP, "button.help"))
    s.offer(draft, "act", "crisis")


def _people(s: Sitting) -> Draft:
    draft = s.draft().add("crisis.barrier.people")
    danger.with_contacts(s, draft)
    danger.with_plan(s, draft)
    return draft


@act(NoteBarrier)
def note_barrier(s: Sitting, command: NoteBarrier) -> None:
    """Kept with the alert that is open; without one nothing is kept."""
    row = escalations.open_for(s.u, s.person.id)
    if row is not None:
        escalations.note(s.u, row.id, "barrier", code=command.barrier)
