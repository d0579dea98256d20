"""The on-call person's buttons: take it, see what is known, say what became of it. Decided on current rows; first one wins."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from bot import danger
from bot.acts import contacts as personal
from bot.acts import plan_prompts
from bot.registry import tap
from bot.sitting import Sitting
from safety import pager
from storage import audit, contacts, escalations, people
from storage.escalations import EscalationRow
from storage.outbox import ESCALATION
from storage.talks import PromptRow

OUTCOMES = ("safe", "emergency", "handed_over", "false_alarm")


@tap("page", role="staff")
def page(s: Sitting, prompt: PromptRow, option: str) -> None:
    """ack, cant, contacted, contacts (asks the patient's own to call), close (asks for the outcome) or close:<outcome>."""
    row = escalations.get(s.u, prompt.subject) if prompt.subject is not None else None
    if row is None or s.person.role != "staff" or not s.person.active:
        return
    if option == "close":
        _ask_outcome(s, row)
        return
    if option == "contacts":
        personal.asked_by_staff(s, row)
        return
    paged = pager.answer(s.u, row.id, s.person, option)
    if paged is None:
        _too_late(s, row, prompt)
        return
    if option != "ack" and prompt.panel is not None:
        s.strip(prompt.panel)
    danger.perform(s, paged, s.person)
    if option == "ack":
        _details(s, paged.row, prompt)  # after the open pages were taken away, as its buttons are new ones
    elif option == "contacted":
        _ask_outcome(s, paged.row)
    elif option == "cant":
        s.say("page.passed_on", ref=row.ref, lane=ESCALATION)
    elif option.startswith("close:"):
        plan_prompts.after_alert(s, paged.row)
        s.say("page.thanks", ref=row.ref, lane=ESCALATION)


def _details(s: Sitting, row: EscalationRow, prompt: PromptRow) -> None:
    """After a role-checked tap: the call-back number, and the sentence if consent allows. The look is audited."""
    patient = people.person(s.u, row.person)
    shared = "crisis_words" in people.consents(s.u, patient.id)
    audit.record(s.u, patient.id, s.person.code, "escalation.read", row.ref, "with words" if shared else "without words")
    draft = s.draft()
    phone = patient.phone or draft.phrase("page.no_phone")
    draft.add("page.details", code=patient.code, ref=row.ref, name=patient.call_name or patient.name, phone=phone)
    if shared:
        for at, words in escalations.words(s.u, row.id, patient.key)[-3:]:
            local = at.astimezone(ZoneInfo(s.person.zone))
            draft.add("page.words", time=f"{local:%H:%M}", words=words[:600])
    draft.row(draft.button("contacted", "page.button.contacted"))
    draft.row(draft.button("cant", "page.button.cant"), draft.button("close", "page.button.close"))
    if count := len(contacts.to_ask(s.u, patient, "staff")):
        draft.row(draft.button("contacts", "page.button.contacts", count=count))
    s.offer(draft, "act", "page", subject=row.id, lane=ESCALATION, edit=prompt.panel)


def _ask_outcome(s: Sitting, row: EscalationRow) -> None:
    draft = s.draft().add("page.outcome_question", ref=row.ref)
    for outcome in OUTCOMES:
        draft.row(draft.button(f"close:{outcome}", f"page.outcome.{outcome}"))
    s.offer(draft, "act", "page", subject=row.id, lane=ESCALATION)


def _too_late(s: Sitting, row: EscalationRow, prompt: PromptRow) -> None:
    if prompt.panel is not None:
        s.strip(prompt.panel)
    holder = people.person(s.u, row.acked_by).name if row.acked_by is not None else ""
    if row.state == "CLOSED" or not holder:
        s.say("page.over", ref=row.ref, lane=ESCALATION)
    else:
        at = (row.acked_at or s.u.now).astimezone(ZoneInfo(s.person.zone))
        s.say("page.acked_by_other", ref=row.ref, name=holder, time=f"{at:%H:%M}", lane=ESCALATION)
