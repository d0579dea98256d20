"""Keyboards about an alert remember after which danger they were shown: one from before settles nothing of what came since."""

from __future__ import annotations

from bot.message import Draft
from bot.sitting import Sitting
from bot.when import moment
from safety import pager
from storage import escalations, talks
from storage.escalations import EscalationRow
from storage.outbox import ESCALATION
from storage.talks import PromptRow


def newest(s: Sitting, row: EscalationRow) -> tuple[dict[str, int], str]:
    """What a keyboard about this alert remembers of the danger it was shown after, and when that was on the wall of whoever reads it."""
    danger, at = escalations.last_danger(s.u, row.id)
    return {"danger": danger}, moment(s.draft(), at, s.person.zone, s.u.now)


def is_before_newer(s: Sitting, row: EscalationRow, prompt: PromptRow) -> bool:
    """Whether they wrote something dangerous again since this keyboard was shown: what it would settle is not what stands now."""
    danger, at = escalations.last_danger(s.u, row.id)
    seen = prompt.args.get("danger")
    return at > prompt.created_at if seen is None else danger > seen


def open_to_take(s: Sitting, row: EscalationRow, draft: Draft, dedupe: str | None = None) -> None:
    """What anybody on call can do with an alert that nobody has. While it waits for cover nobody is paged: nothing can be passed on."""
    draft.row(draft.button("ack", "page.button.ack"))
    if not pager.waits_for_cover(s.u, row):
        draft.row(draft.button("cant", "page.button.cant"))
    s.offer(draft, "act", "page", subject=row.id, args=newest(s, row)[0], lane=ESCALATION, dedupe=dedupe)


def strip_before(s: Sitting, row: EscalationRow, person: int) -> None:
    """The buttons somebody has about what was before go. They are not closed: a tap that crosses is told what has changed."""
    at = s.of(person)
    for prompt in pages(s, row) if at is not None else ():
        if at is not None and prompt.chat == at.chat.id and prompt.panel is not None:
            at.strip(prompt.panel)


def pages(s: Sitting, row: EscalationRow) -> list[PromptRow]:
    """The keyboards about an alert that can still be tapped, whoever has them."""
    return talks.live_prompts_about(s.u, "act", "page", row.id)
