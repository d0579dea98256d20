"""The on-call person's buttons: take it, see what is known, say what became of it. Decided on current rows; first one wins."""

from __future__ import annotations

from bot import danger, newer
from bot.acts import caring, plan_prompts
from bot.acts import contacts as personal
from bot.acts.rota import able, can_hold
from bot.message import Button, Draft
from bot.registry import tap
from bot.sitting import Sitting
from bot.when import moment
from safety import pager
from safety.moves import SECOND, TWO_MUST_AGREE, Alarm, Page
from safety.pager import Paged
from storage import audit, contacts, escalations, people
from storage.escalations import EscalationRow
from storage.outbox import ESCALATION
from storage.talks import PromptRow

RECEIPTS = 6
"""How many of the last receipts a page shows."""
OUTCOMES = ("safe", "emergency", "handed_over", "false_alarm")
SETTLES = ("contacted", "close", "confirm")
"""What says how it stands or ends, and so counts only for the danger it was shown after."""
OF_ITS_HOLDER = ("hand", "back", "contacts")
"""What only whoever has the alert can do, and what moves it nowhere."""


@tap("page", role="staff")
def page(s: Sitting, prompt: PromptRow, option: str) -> None:
    """ack, cant, contacted, contacts (asks the patient's own to call), close (asks for the outcome), close:<outcome>, hand (asks to
    whom), hand:<person>, back, confirm, disagree."""
    row = escalations.get(s.u, prompt.subject) if prompt.subject is not None else None
    if row is None or s.person.role != "staff" or not s.person.active:
        return
    if option.partition(":")[0] in SETTLES and row.state != "CLOSED" and newer.is_before_newer(s, row, prompt):
        _newer(s, row, prompt)
        return
    if option in OF_ITS_HOLDER:
        held = row.acked_by == s.person.id and row.state != "CLOSED"
        does = {"hand": _to_whom, "back": _back, "contacts": _ask_contacts}[option] if held else _too_late
        does(s, row, prompt)
        return
    if option == "close" and pager.may_close(s.u, row, s.person):
        _ask_outcome(s, row)
        return
    if option.startswith("hand:") and not can_hold(s.u, people.person(s.u, int(option.partition(":")[2]))):
        _to_whom(s, row, prompt)
        return
    paged = pager.answer(s.u, row.id, s.person, option)
    if paged is None:
        _too_late(s, row, prompt)
        return
    if option != "ack" and prompt.panel is not None:
        s.strip(prompt.panel)
    danger.perform(s, paged, s.person)
    _follow(s, paged, prompt, option)


def _follow(s: Sitting, paged: Paged, prompt: PromptRow, option: str) -> None:
    """What the one who tapped sees. Details come after the open pages were taken away, as their buttons are new ones."""
    row = paged.row
    if option == "ack":
        details(s, row, prompt.panel)
    elif option == "contacted":
        _ask_outcome(s, row)
    elif option == "cant":
        s.say(_passed(s, paged), ref=row.ref, lane=ESCALATION)
    elif option.startswith("hand:") and row.handed_to is not None:
        still_yours(s, row, s.draft().add("page.hand_asked", ref=row.ref, name=people.person(s.u, row.handed_to).name))
    elif row.state == "CLOSED":
        plan_prompts.after_alert(s, row)
        caring.after_closing(s, row)
    elif option.startswith("close:"):
        alone, unpaged = Alarm("no_second") in paged.actions, pager.opens_unpaged(s.u, row)
        draft = s.draft().add("page.second_nobody" if alone else "page.second_asked", ref=row.ref)
        still_yours(s, row, draft.add("page.else_open" if unpaged else "page.else_paged"))
    else:
        s.say("page.kept_open", ref=row.ref, lane=ESCALATION)


def _passed(s: Sitting, paged: Paged) -> str:
    """What became of an "I can't": passed on only if somebody was paged for it."""
    if paged.row.acked_by is not None:  # by whoever handed it to them
        return "page.kept_open"
    if any(isinstance(action, Page) for action in paged.actions):
        return "page.passed_on"
    return "page.waits_for_cover" if pager.waits_for_cover(s.u, paged.row) else "page.paged_on"


def _back(s: Sitting, row: EscalationRow, prompt: PromptRow) -> None:
    details(s, row, prompt.panel)


def details(s: Sitting, row: EscalationRow, edit: int | None = None) -> None:
    """After a role-checked tap: the call-back number, and the sentence if consent allows. The look is audited."""
    patient = people.person(s.u, row.person)
    shared = "crisis_words" in people.consents(s.u, patient.id)
    audit.record(s.u, patient.id, s.person.code, "escalation.read", row.ref, "with words" if shared else "without words")
    draft = whom_to_call(s, row, patient)
    if shared:
        for at, words in escalations.words(s.u, row.id, patient.key)[-3:]:
            draft.add("page.words", time=moment(draft, at, s.person.zone, s.u.now), words=words[:600])
    _add_receipts(s, draft, row)
    still_yours(s, row, draft, edit=edit)


def whom_to_call(s: Sitting, row: EscalationRow, patient: people.PersonCard) -> Draft:
    """Who it is, the number to call, what is left to do, and how grave it is by now: whoever was asked to take it over may know only
    what was before."""
    draft = s.draft()
    none = draft.phrase("page.damaged_phone" if patient.damaged else "page.no_phone")
    phone, level = patient.phone or none, draft.phrase(f"page.level.{row.level}")
    known = {"name": patient.call_name or patient.name, "phone": phone, "level": level, "again": newer.newest(s, row)[1]}
    draft.add("page.details", code=patient.code, ref=row.ref, **known)
    chat = people.chat_of(s.u, patient.id)
    if chat is None or not chat.reachable:
        draft.add("page.not_told")
    elif row.state == "ACKED":
        draft.add("page.told")
    if row.state == "ACKED":
        return draft.add("page.until_open" if pager.opens_unpaged(s.u, row) else "page.until_reached")
    return draft.add("page.until_closed") if row.next_at is None else draft  # else a second person is asked, who was told by when


def still_yours(s: Sitting, row: EscalationRow, draft: Draft, *, edit: int | None = None) -> None:
    """What whoever has it can do with it. Every screen before them ends in this, as a tap ends the keyboard it was made on."""
    if row.state == "ACKED":
        draft.row(draft.button("contacted", "page.button.contacted"))
        draft.row(draft.button("cant", "page.button.cant"), draft.button("hand", "page.button.hand"))
    else:
        draft.row(draft.button("hand", "page.button.hand"))
    draft.row(draft.button("close", "page.button.close"))
    if count := len(contacts.to_ask(s.u, people.person(s.u, row.person), "staff")):
        draft.row(draft.button("contacts", "page.button.contacts", count=count))
    _offer(s, row, draft, edit, wanted=f"escalation:{row.id}:held")


def _offer(s: Sitting, row: EscalationRow, draft: Draft, edit: int | None = None, wanted: str | None = None) -> None:
    s.offer(draft, "act", "page", subject=row.id, args=newer.newest(s, row)[0], lane=ESCALATION, edit=edit, wanted=wanted)


def _ask_contacts(s: Sitting, row: EscalationRow, prompt: PromptRow) -> None:
    count = personal.asked_by_staff(s, row)
    if prompt.panel is not None:
        s.strip(prompt.panel)
    said = s.draft().add("page.contacts_asked", ref=row.ref, count=count) if count else s.draft().add("page.contacts_already", ref=row.ref)
    still_yours(s, row, said)


def _to_whom(s: Sitting, row: EscalationRow, prompt: PromptRow) -> None:
    draft = s.draft()
    others = [who for who in able(s.u) if who.id != s.person.id]
    draft.add("page.hand_whom" if others else "page.hand_nobody", ref=row.ref)
    draft.grid([Button(f"hand:{who.id}", who.name) for who in others], 1)
    draft.row(draft.button("back", "button.back"))
    _offer(s, row, draft, prompt.panel)


def _add_receipts(s: Sitting, draft: Draft, row: EscalationRow) -> None:
    """Which channel took the page, for whom and when: the newest few."""
    taken = escalations.receipts(s.u, row.id)[-RECEIPTS:]
    if not taken:
        return
    lines = []
    for event in taken:
        to = people.person(s.u, event.by).code if event.by is not None else draft.phrase("page.receipt.clinic")
        at = moment(draft, event.at, s.person.zone, s.u.now)
        lines.append(draft.phrase("page.receipt.line", time=at, channel=draft.phrase(f"page.receipt.{event.code}"), to=to))
    draft.add("page.receipts", lines="\n".join(lines))


def _ask_outcome(s: Sitting, row: EscalationRow) -> None:
    draft = s.draft().add("page.outcome_question", ref=row.ref)
    for outcome in OUTCOMES:
        if outcome == pager.FALSE_ALARM and row.acked_by not in (None, s.person.id) and row.level in TWO_MUST_AGREE:
            continue  # whoever has it says that first
        draft.row(draft.button(f"close:{outcome}", f"page.outcome.{outcome}"))
    _offer(s, row, draft)


def _newer(s: Sitting, row: EscalationRow, prompt: PromptRow) -> None:
    """A button from before newer danger: nothing is noted, and what can be done about it now is put there."""
    if prompt.panel is not None:
        s.strip(prompt.panel)
    draft = s.draft().add("page.before", ref=row.ref, time=newer.newest(s, row)[1])
    if row.acked_by == s.person.id:
        still_yours(s, row, draft)
    elif row.acked_by is not None:
        s.post(_held(s, row, draft), lane=ESCALATION)
    else:
        newer.open_to_take(s, row, draft)


def held_by_other(s: Sitting, row: EscalationRow) -> None:
    """Who has it; with a button to close it where the outcome is overdue and they are on call."""
    draft = _held(s, row, s.draft())
    if pager.may_close(s.u, row, s.person):
        draft.add("page.overdue").row(draft.button("close", "page.button.close"))
        _offer(s, row, draft)
    else:
        s.post(draft, lane=ESCALATION)


def open_to_agree(s: Sitting, row: EscalationRow, draft: Draft) -> None:
    """What anybody but who said it can do with what was called a false alarm."""
    for option in danger.BUTTONS[SECOND]:
        draft.row(draft.button(option, f"page.button.{option}"))
    _offer(s, row, draft)


def _held(s: Sitting, row: EscalationRow, draft: Draft) -> Draft:
    """Who has it, and since when."""
    at = moment(draft, row.acked_at or s.u.now, s.person.zone, s.u.now)
    return draft.add("page.acked_by_other", ref=row.ref, name=people.person(s.u, row.acked_by or 0).name, time=at)


def _too_late(s: Sitting, row: EscalationRow, prompt: PromptRow) -> None:
    if prompt.panel is not None:
        s.strip(prompt.panel)
    if row.state == "CLOSED":
        s.say("page.over", ref=row.ref, lane=ESCALATION)
    elif row.acked_by is None:
        newer.open_to_take(s, row, s.draft().add("page.open_again", ref=row.ref))
    elif row.acked_by == s.person.id:
        still_yours(s, row, s.draft().add("page.yours", ref=row.ref))
    else:
        held_by_other(s, row)
