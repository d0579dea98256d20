"""A broken screen pages once: when it fails for many patients, one clinic-wide page with the list, not one each.

Every one of them still got the crisis card and has an escalation of their own, which goes on until a human closes it. It stands for
what was not heard alone: danger that was heard has its own page, with its level.
"""

from __future__ import annotations

from datetime import timedelta

from bot.registry import tap
from bot.sitting import Sitting
from safety import pager
from storage import audit, escalations, people, talks
from storage.escalations import EscalationRow
from storage.outbox import ESCALATION
from storage.talks import PromptRow

FAILED = "screen_failed"
ANY = 0
"""What a page for all is about: no one alert. Which ones, it keeps in its args."""
MANY = 5
"""More patients than this within `WITHIN` are one page."""
WITHIN = timedelta(minutes=10)


def covers(s: Sitting, alert: int, person: int, rung: str) -> bool:
    """Whether the one page for all stands in for that of this alert, which is one of them; then it is sent to `person`, or brought
    up to date. Each rung is a message of its own once, as an edit makes no sound; then the one before loses its buttons.
    """
    rows = _unheard(s)
    at = s.of(person) if len(rows) > MANY and any(row.id == alert for row in rows) else None
    if at is None:
        return False
    codes = ", ".join(people.person(s.u, row.person).code for row in rows)
    since = rows[0].opened_at.astimezone(at.local.tzinfo)
    draft = at.draft().add("page.screen_broken", time=f"{since:%H:%M}", count=len(rows), codes=codes)
    draft.row(draft.button("ack", "page.button.ack"))
    before = _shown(at)
    mark, args = f"outage:{rows[0].id}:{rung}:{person}", {"alerts": [row.id for row in rows]}
    sent = at.offer(draft, "act", "outage", subject=ANY, args=args, lane=ESCALATION, dedupe=mark)
    if sent is None and before:
        at.offer(draft, "act", "outage", subject=ANY, args=args, lane=ESCALATION, edit=before[-1].panel)
    elif sent is None:  # what was there is taken, and this is new
        at.offer(draft, "act", "outage", subject=ANY, args=args, lane=ESCALATION, dedupe=f"{mark}:{alert}")
    elif before and before[-1].panel is not None:
        at.strip(before[-1].panel)
    return True


def _shown(s: Sitting) -> list[PromptRow]:
    """The pages for all that lie before somebody, oldest first. All of them count, so that a tap that crosses with a newer one does."""
    found = [each for each in talks.live_prompts_about(s.u, "act", "outage", ANY) if each.chat == s.chat.id]
    return sorted(found, key=lambda each: each.id)


@tap("outage", role="staff")
def _take_all(s: Sitting, prompt: PromptRow, option: str) -> None:
    """One tap takes every one of them that is still open, whenever it comes; the numbers to call follow, and each look is audited.

    They follow what the ladder decided, which closes every page there is of what is taken.
    """
    from bot import danger  # danger asks this module whether one page stands for all
    from bot.acts.pages import still_yours, whom_to_call

    if s.person.role != "staff" or not s.person.active:
        return
    shown = [prompt, *_shown(s)]
    for panel in {each.panel for each in shown if each.panel is not None}:
        s.strip(panel)
    for each in shown[1:]:
        talks.close_prompt(s.u, each.id, option)
    taken = [paged for id in _listed(s, shown) if (paged := pager.answer(s.u, id, s.person, "ack")) is not None]
    if not taken:
        s.say("page.screen_none", lane=ESCALATION)
    for paged in taken:
        row = paged.row
        danger.perform(s, paged, s.person)
        patient = people.person(s.u, row.person)
        audit.record(s.u, patient.id, s.person.code, "escalation.read", row.ref, "without words")
        still_yours(s, row, whom_to_call(s, row, patient))


def _listed(s: Sitting, shown: list[PromptRow]) -> list[int]:
    """The alerts that these pages stood for, oldest first; a page from before they were kept with it stands for those of now."""
    kept = {id for each in shown for id in each.args.get("alerts", ())}
    return sorted(kept) or [row.id for row in _unheard(s)]


def _unheard(s: Sitting) -> list[EscalationRow]:
    """Those that wait for a human because their words could not be read, if the first of the lot is recent enough; oldest first. Not
    those who have been heard since."""
    return escalations.opened_by(s.u, FAILED, s.u.now - WITHIN)
