"""Short notes in the year after an alert was closed: they ask nothing, hold no link, and are signed by someone who agreed to it.

A week after closing, then four months, then every other month, as in the trials of caring contacts (Fleischmann 2008, Bull
World Health Organ 86:703; Comtois 2019, JAMA Psychiatry 76:474). Each is checked again when it is due and when it leaves:
consent, pause, quiet hours, the two days after danger.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.message import Draft
from bot.panel import HELP
from bot.prompting import may_prompt, terms, veiled
from bot.registry import due as due_kind
from bot.registry import look, recurring, tap
from bot.sitting import Sitting
from storage import audit, calm, due, escalations, people
from storage.clinic import clinic
from storage.due import DueRow
from storage.escalations import EscalationRow
from storage.follow_up import KIND as FOLLOW_UP
from storage.outbox import ESCALATION, PROMPT, REPLY
from storage.store import Unit
from storage.talks import PromptRow

KIND, CONSENT = "caring", "caring"
DAYS = (7, 30, 60, 90, 120, 180, 240, 300, 360)
"""Days after closing."""
NOTES = 5
"""How many wordings there are; they take turns."""
LATE = timedelta(days=7)
WANTED = f"consent:{CONSENT}"


def after_closing(s: Sitting, row: EscalationRow) -> None:
    """What follows when a person has closed an alert: two quiet days, and the notes, in whose name they may say."""
    calm.begin(s.u, row.person, row.chat)
    draft = s.draft().add("page.thanks", ref=row.ref)
    if row.outcome == "false_alarm":
        due.cancel(s.u, FOLLOW_UP, row.person, "false_alarm", slot=f"{FOLLOW_UP}:{row.id}")
        s.post(draft, lane=ESCALATION)
        return
    _plan(s.u, row, 0, 0)
    draft.add("page.caring")
    draft.row(draft.button("mine", "page.caring_mine"), draft.button("clinic", "page.caring_clinic"))
    s.offer(draft, "act", "sign", subject=row.id, lane=ESCALATION)


@tap("sign", role="staff")
def sign(s: Sitting, prompt: PromptRow, option: str) -> None:
    """mine or clinic: whoever closed it may lend the notes their name."""
    row = escalations.get(s.u, prompt.subject) if prompt.subject is not None else None
    if prompt.panel is not None:
        s.strip(prompt.panel)
    if row is None or row.closed_by != s.person.id:
        return
    by = s.person.id if option == "mine" else 0
    for planned in due.planned(s.u, KIND, row.person):
        if planned.args["escalation"] == row.id:
            due.forget_plan(s.u, KIND, row.person)
            _plan(s.u, row, int(planned.args["n"]), by)
    audit.record(s.u, row.person, s.person.code, "caring.signed", row.ref, option)
    draft = s.draft()
    s.post(draft.add("page.caring_signed", signed=_signed(s, draft, by)), lane=ESCALATION)


@due_kind(KIND)
def note(s: Sitting, row: DueRow) -> None:
    if s.who is None or CONSENT not in people.consents(s.u, s.who.id):
        due.dropped(s.u, row.id, "no_consent")
        return
    if not may_prompt(s, row) or veiled(s, row, wanted=WANTED):
        return
    draft = s.draft()
    signed = _signed(s, draft, int(row.args["by"]))
    draft.add(f"care.note_{int(row.args['n']) % NOTES + 1}", name=s.person.call_name or s.person.name, signed=signed)
    draft.row(draft.button("stop", "care.button.stop"), draft.button(HELP, "button.help"))
    lane, wanted = (PROMPT, WANTED) if s.event.kind == "due" else (REPLY, None)  # whoever opened a note gets what it stands for
    s.offer(draft, "act", "care", subject=s.person.id, lane=lane, wanted=wanted, **terms(s, row, row.send_by))


@recurring(KIND)
def plan_next(u: Unit, row: DueRow) -> None:
    """The one after this, also when this one could not be given."""
    about = escalations.get(u, int(row.args["escalation"]))
    if about is not None:
        _plan(u, about, int(row.args["n"]) + 1, int(row.args["by"]))


@tap("care")
def stop(s: Sitting, prompt: PromptRow, option: str) -> None:
    """No more of these: the consent ends, and what was planned goes."""
    if prompt.panel is not None:
        s.strip(prompt.panel)
    if CONSENT in people.consents(s.u, s.person.id):
        people.revoke_consent(s.u, s.person.id, CONSENT)
        audit.record(s.u, s.person.id, s.person.code, "consent.revoked", CONSENT)
        s.say("care.stopped")
    else:
        s.say("care.already")


@look("care.notes")
def notes(s: Sitting) -> dict[str, Any]:
    """{"ask": whether to ask for the consent to short notes, "clinic"}."""
    known = clinic(s.u)
    return {"ask": CONSENT not in people.consents(s.u, s.person.id), "clinic": known.name if known else ""}


def _plan(u: Unit, row: EscalationRow, n: int, by: int) -> None:
    """The note number `n` (from 0) after this alert; one chain a patient, that of the alert that was closed last."""
    if n >= len(DAYS) or people.chat_of(u, row.person) is None:
        return  # the chat of the alert may be somebody else's by now
    if n == 0:
        due.forget_plan(u, KIND, row.person)
    at: datetime = (row.closed_at or u.now) + timedelta(days=DAYS[n])
    known = {"escalation": row.id, "n": n, "by": by}
    due.plan(u, KIND, row.person, f"{KIND}:{row.id}:{n}", at, chat=row.chat, send_by=at + LATE, **known)


def _signed(s: Sitting, draft: Draft, by: int) -> str:
    """Who signs: a person who said yes to it and is still with the clinic, else the clinic."""
    known = clinic(s.u)
    name = known.name if known else ""
    who = people.person(s.u, by) if by else None
    if who is not None and who.active:
        return draft.phrase("care.signed", person=who.name, clinic=name)
    return draft.phrase("care.signed_clinic", clinic=name)
