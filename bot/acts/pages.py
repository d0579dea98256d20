"""The on-call person's buttons: take it, see what is known, say what became of it. Decided on current rows; first one wins."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from bot import danger
from bot.message import Draft
from bot.registry import tap
from bot.sitting import Sitting
from safety import pager
from storage import audit, escalations, people
from storage.escalations import EscalationRow
from storage.outbox import ESCALATION
from storage.talks import PromptRow

RECEIPTS = 6
"""How many of the last receipts a page shows."""
OUTCOMES = ("safe", "emergency", "handed_over", "false_alarm")


@tap("page", role="staff")
def page(s: Sitting, prompt: PromptRow, option: str) -> None:
    """ack, cant, contacted, close (asks for the outcome) or close:<outcome>."""
    row = escalations.get(s.u, prompt.subject) if prompt.subject is not None else None
    if row is None or s.person.role != "staff" or not s.person.active:
        return
    if option == "close":
        _ask_outcome(s, row)
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
    _add_receipts(s, draft, row)
    draft.row(draft.button("contacted", "page.button.contacted"))
    draft.row(draft.button("cant", "page.button.cant"), draft.button("close", "page.button.close"))
    s.offer(draft, "act", "page", subject=row.id, lane=ESCALATION, edit=prompt.panel)


def _add_receipts(s: Sitting, draft: Draft, row: EscalationRow) -> None:
    """Which channel took the page, for whom and when: the newest few."""
    taken = escalations.receipts(s.u, row.id)[-RECEIPTS:]
    if not taken:
        return
    lines = []
    for event in taken:
        to = people.person(s.u, event.by).code if event.by is not None else draft.phrase("page.receipt.clinic")
        at = event.at.astimezone(ZoneInfo(s.person.zone))
        lines.append(draft.phrase("page.receipt.line", time=f"{at:%H:%M}", channel=draft.phrase(f"page.receipt.{event.code}"), to=to))
    draft.add("page.receipts", lines="\n".join(lines))


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
