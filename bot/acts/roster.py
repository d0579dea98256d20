"""Patients and staff as lists of codes: discharge, revoke, and a new link for someone who changed phones.

A chat message is a disclosure, so patients appear here by code alone. What ends something asks once more.
"""

from __future__ import annotations

from bot import danger
from bot.acts import concern, plan_staff
from bot.acts.consent import quiet
from bot.acts.staff import link
from bot.message import Button, Draft
from bot.registry import command, tap
from bot.rights import allowed, may
from bot.sitting import Sitting
from safety import duty, pager
from storage import audit, escalations, invites, my_data, notes, people
from storage.people import PersonCard
from storage.talks import PromptRow

PAGE = 20
GONE = ("discharged", "forgotten")
"""Patients nobody can discharge any more."""
RIGHTS = {
    "page": "patients", "one": "patients", "suggest": "patients", "read": "patients", "staff": "staff", "who": "staff", "link": "invite",
    "end": "discharge", "out": "revoke",
}  # fmt: skip
"""What each button takes; "end!" and "out!" are the same buttons, sure."""


@command("patients", role="staff", menu="menu.patients")
def patients(s: Sitting) -> None:
    if allowed(s, "patients"):
        _patients(s, None, 0)


@tap("roster", role="staff")
def tapped(s: Sitting, prompt: PromptRow, option: str) -> None:
    """<verb>:<id or page>; the verb's right is asked for on the person who taps, as they are now."""
    verb, _, rest = option.partition(":")
    if not allowed(s, RIGHTS.get(verb.removesuffix("!"), "")):
        return
    if verb == "page":
        _patients(s, prompt.panel, int(rest))
    elif verb == "staff":
        _staff(s, prompt.panel)
    else:
        _about(s, prompt, verb, people.person(s.u, int(rest)))


def _about(s: Sitting, prompt: PromptRow, verb: str, who: PersonCard) -> None:
    if verb == "one":
        _patient(s, prompt.panel, who)
    elif verb in ("suggest", "read") and who.role == "patient":
        _plan(s, prompt.panel, who, plan_staff.ask_for_one(s, who) if verb == "suggest" else plan_staff.read(s, who))
    elif verb == "who":
        _member(s, prompt.panel, who)
    elif verb == "link":
        _link(s, prompt.panel, who)
    elif verb in ("end", "out"):
        _sure(s, prompt.panel, verb, who)
    elif verb == "end!" and who.role == "patient":
        _discharge(s, prompt.panel, who)
    elif verb == "out!" and who.role == "staff":
        _revoke(s, prompt.panel, who)


def _patients(s: Sitting, panel: int | None, page: int) -> None:
    found = [who for who in people.people(s.u, "patient") if not who.outside or who.status == "declined"]
    shown = found[page * PAGE : (page + 1) * PAGE]
    draft = s.draft().add("staff.patients.list" if found else "staff.patients.none", **({"count": len(found)} if found else {}))
    draft.grid([Button(f"one:{who.id}", who.code) for who in shown], 4)
    if len(found) > (page + 1) * PAGE:
        draft.row(draft.button(f"page:{page + 1}", "staff.more"))
    if may(s.person, "staff"):
        draft.row(draft.button("staff", "staff.patients.staff"))
    draft.row(draft.button("~help", "button.help"))
    s.offer(draft, "act", "roster", edit=panel)


def _patient(s: Sitting, panel: int | None, who: PersonCard) -> None:
    draft = s.draft()
    status = who.status
    if who.active and who.paused_until is not None and s.local.date() <= who.paused_until:
        status = "paused"
    elif who.active and "program" not in people.consents(s.u, who.id):
        status = "welcome"
    until = {"until": who.paused_until.isoformat()} if status == "paused" and who.paused_until else {}
    draft.add("staff.patients.one", code=who.code, status=draft.phrase(f"staff.status.{status}", **until))
    if escalations.open_for(s.u, who.id) is not None:
        draft.add("staff.patients.alert")
    if not who.outside:
        plan_staff.about(s, draft, who)
    if may(s.person, "invite") and not who.outside:
        draft.row(draft.button(f"link:{who.id}", "staff.patients.link"))
    if may(s.person, "discharge") and who.status not in GONE:
        draft.row(draft.button(f"end:{who.id}", "staff.patients.discharge"))
    draft.row(draft.button("page:0", "button.back"))
    s.offer(draft, "act", "roster", edit=panel)


def _plan(s: Sitting, panel: int | None, who: PersonCard, draft: Draft) -> None:
    draft.row(draft.button(f"one:{who.id}", "button.back"))
    s.offer(draft, "act", "roster", edit=panel)


def _staff(s: Sitting, panel: int | None) -> None:
    draft = s.draft().add("staff.members.list")
    for who in people.people(s.u, "staff"):
        if not who.outside:
            draft.row(Button(f"who:{who.id}", f"{who.code} {who.name}"))
    draft.row(draft.button("page:0", "button.back"))
    s.offer(draft, "act", "roster", edit=panel)


def _member(s: Sitting, panel: int | None, who: PersonCard) -> None:
    draft = s.draft()
    duty = draft.phrase(f"staff.duty.{who.duty or 'clinician'}")
    draft.add("staff.members.one", code=who.code, name=who.name, duty=duty, status=draft.phrase(f"staff.status.{who.status}"))
    draft.row(draft.button(f"link:{who.id}", "staff.patients.link"))
    if who.id != s.person.id:
        draft.row(draft.button(f"out:{who.id}", "staff.members.revoke"))
    draft.row(draft.button("staff", "button.back"))
    s.offer(draft, "act", "roster", edit=panel)


def _sure(s: Sitting, panel: int | None, verb: str, who: PersonCard) -> None:
    draft = s.draft().add(f"staff.sure.{verb}", code=who.code)
    draft.row(draft.button(f"{verb}!:{who.id}", f"staff.sure.{verb}_yes"))
    draft.row(draft.button(f"{'one' if verb == 'end' else 'who'}:{who.id}", "button.back"))
    s.offer(draft, "act", "roster", edit=panel)


def _link(s: Sitting, panel: int | None, who: PersonCard) -> None:
    """A new link for someone who has a code already. Their old account is unbound when it is used, not before."""
    if panel is not None:
        s.strip(panel)
    if who.outside and who.status != "declined":
        s.say("staff.patients.gone", code=who.code)
        return
    s.say(f"staff.invite.{who.role}_ready", code=who.code, link=link(s, who))


def _discharge(s: Sitting, panel: int | None, who: PersonCard) -> None:
    """Nothing is on any more; a last kind word. Not while an alert is open: somebody may be waiting for a call. Whoever was discharged or
    forgotten since they were shown stays as they are: by being forgotten they are taken out of all that lies outside."""
    if who.status in GONE:
        _end(s, panel, "staff.patients.gone", code=who.code)
        return
    if escalations.open_for(s.u, who.id) is not None:
        _end(s, panel, "staff.patients.alert_first", code=who.code)
        return
    at = s.of(who.id)
    if at is not None:
        concern.leave(at)
        quiet(at)
        at.say("staff.goodbye")
    my_data.leave_nothing_due(s.u, who.id, None)
    invites.void(s.u, who.id)
    people.set_status(s.u, who.id, "discharged")
    audit.record(s.u, who.id, s.person.code, audit.DISCHARGED)
    _end(s, panel, "staff.patients.discharged", code=who.code)


def _revoke(s: Sitting, panel: int | None, who: PersonCard) -> None:
    """Their access ends at once: positions become vacant, what they had taken is open again and pages on, whoever asked them to take
    something over is told that they do not, and what waits to be sent to them is not sent."""
    if who.id == s.person.id:
        _end(s, panel, "staff.members.not_yourself")
        return
    if who.status == "revoked":  # by somebody else, since they were shown
        _end(s, panel, "staff.members.revoked", code=who.code)
        return
    held = duty.let_go(s.u, who)
    for row in escalations.all_open(s.u):
        if who.id in (row.acked_by, row.handed_to):
            paged = pager.answer(s.u, row.id, who, "leave")
            if paged is not None:
                danger.perform(s, paged, who)
    at = s.of(who.id)
    invites.void(s.u, who.id)
    people.set_status(s.u, who.id, "revoked")
    audit.record(s.u, who.id, s.person.code, "person.revoked")
    if at is not None:
        my_data.let_nothing_out(s.u, at.chat.id, "revoked")
        at.say("staff.revoked")
    for position in duty.settle_vacant(s.u, held):
        notes.add(s.u, None, "on_call", position)
    _end(s, panel, "staff.members.revoked", code=who.code)


def _end(s: Sitting, panel: int | None, words: str, **slots: str) -> None:
    draft: Draft = s.draft().add(words, **slots)
    draft.row(draft.button("page:0", "button.back"))
    s.offer(draft, "act", "roster", edit=panel)
