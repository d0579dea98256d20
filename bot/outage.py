"""A broken screen pages once: when it fails for many patients, one clinic-wide page with the list, not one each.

Every one of them still got the crisis card and has an escalation of their own, which goes on until a human closes it.
"""

from __future__ import annotations

from datetime import timedelta

from bot.registry import tap
from bot.sitting import Sitting
from safety import pager
from storage import audit, escalations, outbox, people
from storage.escalations import EscalationRow
from storage.outbox import ESCALATION
from storage.talks import PromptRow

FAILED = "screen_failed"
MANY = 5
"""More patients than this within `WITHIN` are one page."""
WITHIN = timedelta(minutes=10)


def covers(s: Sitting, alert: int, person: int) -> bool:
    """Whether the one page for all stands in for that of this alert, which is one of them; then it is sent to `person`, or brought
    up to date."""
    rows = _unheard(s)
    at = s.of(person) if len(rows) > MANY and any(row.id == alert for row in rows) else None
    if at is None:
        return False
    codes = ", ".join(people.person(s.u, row.person).code for row in rows)
    since = rows[0].opened_at.astimezone(at.local.tzinfo)
    draft = at.draft().add("page.screen_broken", time=f"{since:%H:%M}", count=len(rows), codes=codes)
    draft.row(draft.button("ack", "page.button.ack"))
    mark = f"outage:{rows[0].id}:{person}"
    panel = at.offer(draft, "act", "outage", subject=rows[0].id, lane=ESCALATION, dedupe=mark)
    if panel is None:
        at.offer(draft, "act", "outage", subject=rows[0].id, lane=ESCALATION, edit=outbox.by_dedupe(s.u, mark))
    return True


@tap("outage", role="staff")
def _take_all(s: Sitting, prompt: PromptRow, option: str) -> None:
    """One tap takes every one of them; the numbers to call follow, and each look is audited.

    They follow what the ladder decided, which closes every page there is of what is taken.
    """
    from bot import danger  # danger asks this module whether one page stands for all
    from bot.acts.pages import still_yours

    if s.person.role != "staff" or not s.person.active:
        return
    if prompt.panel is not None:
        s.strip(prompt.panel)
    for row in _unheard(s):
        paged = pager.answer(s.u, row.id, s.person, "ack")
        if paged is None:
            continue
        danger.perform(s, paged, s.person)
        patient = people.person(s.u, row.person)
        audit.record(s.u, patient.id, s.person.code, "escalation.read", row.ref, "without words")
        draft = s.draft()
        phone = patient.phone or draft.phrase("page.no_phone")
        draft.add("page.details", code=patient.code, ref=row.ref, name=patient.call_name or patient.name, phone=phone)
        still_yours(s, paged.row, draft)


def _unheard(s: Sitting) -> list[EscalationRow]:
    """Those that wait for a human because their words could not be read, if the first of the lot is recent enough; oldest first."""
    return escalations.opened_by(s.u, FAILED, s.u.now - WITHIN)
