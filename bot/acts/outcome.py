"""An alert whose patient was reached and that nobody has closed: its holder is reminded, and its panel can be had again.

Only whoever has it could end it, so a forgotten outcome, or a new phone, would leave it open for good.
"""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from bot import danger, newer
from bot.acts import pages
from bot.message import Draft
from bot.registry import due
from bot.sitting import Sitting
from bot.when import moment
from safety import duty, pager
from storage import escalations, people
from storage.due import DueRow
from storage.escalations import EscalationRow
from storage.outbox import ESCALATION


@due(pager.OUTCOME)
def remind(s: Sitting, row: DueRow) -> None:
    """From the first time on whoever is on call may close it too; while a second person is asked about it, that comes first."""
    alert = escalations.get(s.u, row.subject)
    if alert is None or alert.state != "CONTACTED" or alert.acked_by is None:
        return
    if alert.doubted_by is None:
        escalations.note(s.u, alert.id, pager.REMINDED, by=alert.acked_by)
        at = s.of(alert.acked_by)
        if at is not None and at.person.active:
            since = (alert.contacted_at or s.u.now).astimezone(ZoneInfo(at.person.zone))
            pages.still_yours(at, alert, at.draft().add("page.outcome_waits", ref=alert.ref, time=f"{since:%m-%d %H:%M}"))
    pager.plan_reminder(s.u, alert, s.u.now + timedelta(seconds=1))


def put_held(s: Sitting) -> None:
    """On a new phone nothing of the old one's buttons is left: what they have is put before them, and what they were paged for."""
    for row in escalations.all_open(s.u):
        if row.acked_by == s.person.id:
            pages.details(s, row)
    for position, held in duty.to_page(s.u).items():
        if s.person.id in held:
            danger.pass_on(s.u, s.person.id, position, s.source, "page.new")


def put_panel(s: Sitting, row: EscalationRow) -> None:
    """What whoever sits here can do with this alert now."""
    if row.state == "CLOSED":
        s.say("page.over", ref=row.ref, lane=ESCALATION)
    elif row.acked_by == s.person.id:
        pages.details(s, row)
    elif row.acked_by is None or row.handed_to == s.person.id:
        newer.open_to_take(s, row, (draft := s.draft()).add("page.new", **_about(s, draft, row)))
    elif row.doubted_by is not None:
        name = people.person(s.u, row.doubted_by).name  # whoever is called about a false alarm can agree, on call or not
        pages.open_to_agree(s, row, (draft := s.draft()).add("page.second", name=name, **_about(s, draft, row)))
    else:
        pages.held_by_other(s, row)


def _about(s: Sitting, draft: Draft, row: EscalationRow) -> dict[str, str]:
    """What every page says of its alert."""
    opened, level = moment(draft, row.opened_at, s.person.zone, s.u.now), draft.phrase(f"page.level.{row.level}")
    return {"code": people.person(s.u, row.person).code, "level": level, "time": opened, "ref": row.ref}
