"""When something means danger: the crisis card before anything else, then the ladder, then the truth about it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot import outage
from bot.message import Draft
from bot.sitting import Sitting
from content import hotlines
from content.library import load
from safety import pager
from safety.heard import Heard
from safety.ladder import Action, Alarm, Inform, Page, Tell
from safety.pager import Paged
from storage import contacts, escalations, notes, people, plans, talks
from storage.escalations import EscalationRow
from storage.lines import confirmed
from storage.outbox import CRISIS, ESCALATION
from storage.seal import SealBroken

CARDS = {
    "overdose": "crisis.card_overdose",
    "medical": "crisis.card_medical",
    "withdrawal": "crisis.card_withdrawal",
    "violence": "crisis.card_violence",
}
PURPOSES = {"violence": "violence"}
"""The purpose of the line on a track's card, where it is not the suicide line."""
TELLS = {
    "opened": "crisis.ladder_opened",
    "joined": "crisis.joined",
    "no_cover": "crisis.no_cover",
    "acked": "crisis.acked",
    "contacted": "crisis.contacted",
    "exhausted": "crisis.exhausted",
    "reopened": "crisis.reopened",
    "closed": "crisis.closed",
}


def from_text(s: Sitting, heard: Heard) -> None:
    """A message of an active patient that the screen graded high or imminent, or could not read."""
    reason = "screen_failed" if heard.failed else heard.findings[0].rule if heard.findings else "text"
    _raise(s, heard.level.word, heard.track.value, reason, s.event.text)


def from_button(s: Sitting, level: str, reason: str, track: str) -> None:
    """A button, a risk item or SOS: the same way as a text."""
    if level == "concern":
        notes.add(s.u, s.person.id, "concern", reason)
        return
    _raise(s, level, track, reason, None)


def card(s: Sitting, track: str) -> None:
    """The crisis card of this track and country, in the first lane; once per message that caused it."""
    lines = Lines.of(s.who.country if s.who else "US", PURPOSES.get(track, "suicide"), confirmed(s.u))
    words = CARDS.get(track, "crisis.card") if lines.known else "crisis.card_unknown_country"
    draft = fill(s.draft(), words, lines)
    if s.who is not None and s.who.active and s.who.role == "patient":
        with_plan(s, draft)
        draft.row(draft.button("ground", "crisis.button.ground"))
        draft.row(draft.button("call_me", "crisis.button.phone"))
        with_contacts(s, draft)
        s.offer(draft, "act", "crisis", lane=CRISIS, dedupe=f"card:{s.source}")
    else:
        s.post(draft, lane=CRISIS, dedupe=f"card:{s.source}")


def with_plan(s: Sitting, draft: Draft) -> None:
    """Their safety plan in one tap. Who has none is not asked to write one in a bad hour: that comes days later."""
    if plans.exists(s.u, s.person.id):
        draft.row(draft.button("plan", "crisis.button.plan"))


def with_contacts(s: Sitting, draft: Draft) -> None:
    """Whoever agreed to be asked for a call. The card never waits for a name that can't be read."""
    try:
        found = contacts.to_ask(s.u, s.person, "mine")
    except SealBroken:
        return
    for row in found:
        draft.row(draft.button(f"ask:{row.id}", "crisis.button.ask", name=row.name))


def is_open(s: Sitting) -> bool:
    """Whether a human still has something open about this patient; nothing cheerful is sent meanwhile."""
    return s.who is not None and escalations.open_for(s.u, s.who.id) is not None


def add_context(s: Sitting) -> bool:
    """What a patient writes while something is open is kept with it; "I am fine" adds to it and closes nothing."""
    row = escalations.open_for(s.u, s.person.id)
    if row is None:
        return False
    escalations.note(s.u, row.id, "said", words=s.event.text, key=s.person.key)
    s.say("crisis.still_open")
    return True


def perform(s: Sitting, paged: Paged, actor: people.PersonCard | None = None) -> None:
    """Send what the ladder decided. `s` may be anybody's turn; the patient is the escalation's."""
    row = paged.row
    patient = people.person(s.u, row.person)
    for action in paged.actions:
        _perform(s, row, patient, action, actor)


def _raise(s: Sitting, level: str, track: str, reason: str, words: str | None) -> None:
    card(s, track)
    perform(s, pager.raise_danger(s.u, s.person, s.chat, level, track, reason, words))


def _perform(s: Sitting, row: EscalationRow, patient: people.PersonCard, action: Action, actor: people.PersonCard | None) -> None:
    match action:
        case Page(person, words, cycle, step) if not outage.covers(s, person):
            _page(s, row, patient, person, words, f"page:{row.id}:{cycle}:{step}:{person}")
        case Tell(what):
            _tell(s, row, patient, what, actor)
        case Inform(what, but):
            _inform(s, row, what, but, actor)
        case Alarm(what):
            notes.add(s.u, patient.id, "ladder", what)


def _page(s: Sitting, row: EscalationRow, patient: people.PersonCard, person: int, words: str, dedupe: str) -> None:
    at = s.of(person)
    if at is None:
        notes.add(s.u, patient.id, "ladder", "no_chat")
        return
    draft = at.draft()
    opened = row.opened_at.astimezone(ZoneInfo(at.person.zone))
    draft.add(words, code=patient.code, level=at.words.text(f"page.level.{row.level}"), time=f"{opened:%H:%M}", ref=row.ref)
    draft.row(draft.button("ack", "page.button.ack"))
    draft.row(draft.button("cant", "page.button.cant"))
    at.offer(
        draft, "act", "page", subject=row.id, lane=ESCALATION, dedupe=dedupe, wanted=f"escalation:{row.id}:unanswered", ref=row.ref
    )


def _tell(s: Sitting, row: EscalationRow, patient: people.PersonCard, what: str, actor: people.PersonCard | None) -> None:
    at = s.of(patient.id)
    if at is None:
        return
    local, lines = at.local, Lines.of(patient.country, confirmed=confirmed(s.u))
    known = {"time": f"{local:%H:%M}", "name": actor.name if actor else "", "minutes": _minutes(s, row)}
    words = "crisis.unreached" if what == "exhausted" and not known["minutes"] else TELLS[what]
    fill(draft := at.draft(), words, lines, **known)
    still = {"opened": "OPEN", "joined": "OPEN", "reopened": "OPEN", "no_cover": "OPEN", "exhausted": "EXHAUSTED"}.get(what)
    wanted = f"state:{row.id}:{still}" if still else None  # what is no longer so when it is sent is not said
    lane = CRISIS if what == "exhausted" else ESCALATION
    at.post(draft, lane=lane, dedupe=f"tell:{what}:{row.id}:{row.version}", wanted=wanted)


def _inform(s: Sitting, row: EscalationRow, what: str, but: int | None, actor: people.PersonCard | None) -> None:
    words = {"acked": "page.acked_by_other", "reopened": "page.reopened", "closed": "page.closed"}[what]
    told = set()
    for prompt in talks.close_prompts_about(s.u, "act", "page", row.id) if what != "reopened" else _pages(s, row):
        holder = people.chat(s.u, prompt.chat).person
        if holder is None or holder == but or holder in told:
            continue
        at = s.of(holder)
        if at is None:
            continue
        told.add(holder)
        if prompt.panel is not None and what != "reopened":
            at.strip(prompt.panel)
        if not at.person.active:
            continue  # whose access has ended learns nothing more
        known = {"ref": row.ref, "name": actor.name if actor else "", "time": f"{at.local:%H:%M}"}
        fill(draft := at.draft(), words, None, **known)
        at.post(draft, lane=ESCALATION, dedupe=f"inform:{what}:{row.id}:{row.version}:{holder}")


def _pages(s: Sitting, row: EscalationRow) -> list[talks.PromptRow]:
    return talks.live_prompts_about(s.u, "act", "page", row.id)


def _minutes(s: Sitting, row: EscalationRow) -> int:
    return int((s.u.now - row.opened_at).total_seconds() // 60)


@dataclass(frozen=True)
class Lines:
    """The numbers for one country, ready for a slot."""

    known: bool
    emergency: str
    line: str

    @staticmethod
    def of(country: str, purpose: str = "suicide", confirmed: Collection[str] = ()) -> Lines:
        """The country's line for this purpose, else its suicide line. `confirmed`: ids the clinic has checked itself."""
        emergency = hotlines.emergency_number(country)
        spoken = emergency or load("en").text("crisis.local_emergency")
        return Lines(emergency is not None, spoken, hotlines.short(country, purpose, confirmed))


def fill(draft: Draft, words: str, lines: Lines | None, **known: object) -> Draft:
    """Add an item, giving it those of the known slots it takes."""
    slots = dict(known)
    if lines is not None:
        slots.update(emergency=lines.emergency, line=lines.line)
    wanted = draft.words.item(words).slots
    return draft.add(words, **{name: value for name, value in slots.items() if name in wanted})
