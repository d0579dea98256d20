"""When something means danger: the crisis card before anything else, then the ladder, then the truth about it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from bot import cards, letters, newer, outage, presence
from bot.message import Draft
from bot.sitting import Sitting, seat
from bot.when import moment
from content import hotlines
from content.library import load
from safety import duty, pager
from safety.heard import Heard
from safety.moves import NEWER, ONCE_MORE, SECOND, Action, Alarm, Inform, Page, Tell
from safety.pager import Paged
from storage import calm, contacts, escalations, follow_up, notes, people, plans, talks
from storage.escalations import EscalationRow
from storage.lines import confirmed
from storage.outbox import CRISIS, ESCALATION
from storage.people import PersonCard
from storage.seal import SealBroken
from storage.store import Unit

TELLS = {
    "opened": "crisis.ladder_opened",
    "joined": "crisis.joined",
    "anew": "crisis.paged_anew",
    "no_cover": "crisis.no_cover",
    "acked": "crisis.acked",
    "contacted": "crisis.contacted",
    "exhausted": "crisis.exhausted",
    "reopened": "crisis.reopened",
    "second_look": "crisis.second_look",
    "closed": "crisis.closed",
}
STILL = dict.fromkeys(("opened", "joined", "anew", "reopened", "second_look"), "OPEN") | {"exhausted": "EXHAUSTED"}
"""The state in which it is still true. That nobody is on call, or who has it, is true until that of the moment changes."""
INFORMS = {
    "acked": "page.acked_by_other",
    "taken_over": "page.acked_by_other",
    "reopened": "page.reopened",
    "second_look": "page.open_again",
    "unconfirmed": "page.unconfirmed",
    "disagreed": "page.disagreed",
    "not_taken": "page.not_taken",
    "closed": "page.closed",
}
BUTTONS = {SECOND: ("confirm", "disagree")}
"""What can be tapped on a page, where it is not "ack" and "cant"."""


def from_text(s: Sitting, heard: Heard) -> None:
    """A message of an active patient that the screen graded high or imminent, or could not read."""
    reason = "screen_failed" if heard.failed else rule_of(heard) or "text"
    _raise(s, heard.level.word, heard.track.value, reason, s.event.text)


def from_button(s: Sitting, level: str, reason: str, track: str) -> None:
    """A button, a risk item or SOS: the same way as a text."""
    if level == "concern":
        notes.add(s.u, s.person.id, "concern", reason)
        calm.begin(s.u, s.person.id, s.chat.id)
        return
    _raise(s, level, track, reason, None)


def rule_of(heard: Heard) -> str:
    """The rule that heard the gravest; empty when none did."""
    return heard.findings[0].rule if heard.findings else ""


def card(s: Sitting, track: str, rule: str = "", *, about: str | None = None) -> None:
    """The crisis card of this track, rule and country, in the first lane; once per message that caused it, or once `about` what is said."""
    once = f"card:{about or s.source}"
    country, checked = s.who.country if s.who else "US", confirmed(s.u)
    lines = Lines.of(country, cards.PURPOSES.get(track, "suicide"), checked)
    spanish = cards.spanish_way(s.words, country, checked)
    draft = s.draft()
    for words in cards.choose(track, rule if spanish else rule.removeprefix("es."), country):
        fill(draft, words, lines, spanish=spanish, poison=cards.poison_line(country))
    if s.who is not None and s.who.active and s.who.role == "patient":
        with_plan(s, draft)
        draft.row(draft.button("ground", "crisis.button.ground"))
        draft.row(draft.button("call_me", "crisis.button.phone"))
        draft.row(draft.button("cant_call", "crisis.button.cant_call"))
        with_contacts(s, draft)
        s.offer(draft, "act", "crisis", lane=CRISIS, dedupe=once)
    else:
        s.post(draft, lane=CRISIS, dedupe=once)


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


def is_under_way(s: Sitting) -> bool:
    """Whether what is open about this patient is being paged, or was taken and opens again by itself: not once they were reached."""
    row = escalations.open_for(s.u, s.who.id) if s.who is not None else None
    return row is not None and row.state != "CONTACTED"


def is_paging(s: Sitting) -> bool:
    """Whether something is open about this patient that nobody has taken."""
    row = escalations.open_for(s.u, s.person.id)
    return row is not None and row.state in ("OPEN", "EXHAUSTED")


def add_context(s: Sitting) -> bool:
    """What a patient writes while something is open is kept with it; "I am fine" adds to it and closes nothing."""
    row = escalations.open_for(s.u, s.person.id)
    if row is None:
        return False
    escalations.note(s.u, row.id, "said", words=s.event.text, key=s.person.key)
    s.say("crisis.still_open", wanted=f"open:{row.id}")
    return True


def perform(s: Sitting, paged: Paged, actor: PersonCard | None = None) -> None:
    """Send what the ladder decided. `s` may be anybody's turn; the patient is the escalation's."""
    row = paged.row
    patient = people.person(s.u, row.person)
    for action in paged.actions:
        _perform(s, row, patient, action, actor)


def pass_on(u: Unit, person: int, position: str, source: int, words: str = "page.come_on") -> None:
    """Somebody has just come on duty, or has a new phone: what nobody has taken yet is paged to them at once; the ladder goes on as it was.

    Only where the ladder has come to their position: a page to a backup before its time would be no help to anybody.
    """
    at = seat(u, person, source)
    if at is None:
        return
    for row in escalations.all_open(u):
        reached = any(rung[1] in (position, "all") for rung in row.ladder[: row.step])
        if row.state in ("OPEN", "EXHAUSTED") and reached and not outage.covers(at, row.id, person, f"on.{source}"):
            _page(at, row, people.person(u, row.person), person, words, f"page:{row.id}:{row.cycle}:on:{source}:{person}")


def _raise(s: Sitting, level: str, track: str, reason: str, words: str | None) -> None:
    card(s, track, reason)
    paged = pager.raise_danger(s.u, s.person, s.chat, level, track, reason, words, s.said_at)
    calm.begin(s.u, s.person.id, s.chat.id)
    follow_up.plan(s.u, paged.row)
    perform(s, paged)


def _perform(s: Sitting, row: EscalationRow, patient: PersonCard, action: Action, actor: PersonCard | None) -> None:
    match action:
        case Page(person, words) if words in ONCE_MORE:
            name = actor.name if actor else ""
            _page(s, row, patient, person, words, f"page:{row.id}:v{row.version}:{person}", "held", name=name)
        case Page(person, words, cycle, step) if words == NEWER:
            newer.strip_before(s, row, person)
            _page(s, row, patient, person, words, f"page:{row.id}:{cycle}:{step}:{person}")
        case Page(person, words, cycle, step) if not outage.covers(s, row.id, person, f"{cycle}.{step}"):
            _page(s, row, patient, person, words, f"page:{row.id}:{cycle}:{step}:{person}")
        case Tell(what):
            if what == "exhausted":
                letters.nobody_answers(s.u, row)
            _tell(s, row, patient, what, actor)
        case Inform("newer", to=int(to)):
            newer.strip_before(s, row, to)
            if people.person(s.u, to).active:  # whose access has ended learns nothing more
                _page(s, row, patient, to, NEWER, f"inform:newer:{row.id}:{row.version}:{to}")
        case Inform(what, to=int(to)):
            _inform_one(s, row, what, to, actor)
        case Inform(what, but):
            _inform(s, row, what, but, actor)
        case Alarm(what):
            if what == "nobody_at_step":
                letters.nobody_at_step(s.u, row)
            notes.add(s.u, patient.id, "ladder", what)


def _page(
    s: Sitting, row: EscalationRow, patient: PersonCard, person: int, words: str, dedupe: str, wanted: str = "unanswered", **named: str
) -> None:
    at = s.of(person)
    if at is None:
        notes.add(s.u, patient.id, "ladder", "no_chat")
        return
    draft = at.draft()
    opened = moment(draft, row.opened_at, at.person.zone, s.u.now)
    level = draft.phrase(f"page.level.{row.level}")
    danger, again = newer.newest(at, row)
    fill(draft, words, None, code=patient.code, level=level, time=opened, again=again, ref=row.ref, **named)
    waits = pager.waits_for_cover(s.u, row)  # nobody is paged yet, so there is nothing to pass on
    for option in BUTTONS.get(words, ("ack",) if waits else ("ack", "cant")):
        draft.row(draft.button(option, f"page.button.{option}"))
    still = f"escalation:{row.id}:{wanted}"
    at.offer(draft, "act", "page", subject=row.id, args=danger, lane=ESCALATION, dedupe=dedupe, wanted=still, ref=row.ref)


def _tell(s: Sitting, row: EscalationRow, patient: PersonCard, what: str, actor: PersonCard | None) -> None:
    at = s.of(patient.id)
    if at is None:
        return
    local, lines = at.local, Lines.of(patient.country, confirmed=confirmed(s.u))
    minutes = _minutes(s, row) if what == "exhausted" else 0
    known = {"time": f"{local:%H:%M}", "name": actor.name if actor else "", "minutes": minutes}
    words = "crisis.unreached" if what == "exhausted" and not minutes else TELLS[what]
    if what == "closed" and patient.outside:  # what they write from now on is told to nobody
        words = "crisis.closed_left"
    fill(draft := at.draft(), words, lines, **known)
    if what in ("opened", "no_cover"):
        presence.add_to(draft, at, paging=what == "opened")
    still = row.state if what in ("no_cover", "acked", "contacted") else STILL.get(what)
    kind, send_by = ("uncovered", duty.cover_starts(s.u)) if what == "no_cover" else ("state", None)
    wanted = f"{kind}:{row.id}:{still}" if still else None  # what is no longer so when it is sent is not said
    lane = CRISIS if what == "exhausted" else ESCALATION
    at.post(draft, lane=lane, dedupe=f"tell:{what}:{row.id}:{row.version}", wanted=wanted, send_by=send_by)


def _inform(s: Sitting, row: EscalationRow, what: str, but: int | None, actor: PersonCard | None) -> None:
    """Everybody a page lies open before, and whoever has it. A page about what is settled loses its buttons."""
    over = what in ("acked", "closed")
    told = {but}
    for prompt in talks.close_prompts_about(s.u, "act", "page", row.id) if over else newer.pages(s, row):
        holder = people.chat(s.u, prompt.chat).person
        at = s.of(holder) if holder is not None else None
        if holder is None or at is None:
            continue
        if prompt.panel is not None and over:
            at.strip(prompt.panel)  # every page there is, not the newest alone; also those of whoever tapped
        if holder not in told:
            told.add(holder)
            _inform_one(s, row, what, holder, actor)
    if row.acked_by is not None and row.acked_by not in told:
        _inform_one(s, row, what, row.acked_by, actor)


def _inform_one(s: Sitting, row: EscalationRow, what: str, person: int, actor: PersonCard | None) -> None:
    at = s.of(person)
    if at is None or not at.person.active:
        return  # whose access has ended learns nothing more
    known = {"ref": row.ref, "name": actor.name if actor else "", "time": f"{at.local:%H:%M}"}
    fill(draft := at.draft(), INFORMS[what], None, **known)
    once = f"inform:{what}:{row.id}:{row.version}:{person}"
    if pager.waits_for_cover(s.u, row):  # no page follows on which it could be taken
        newer.open_to_take(at, row, draft.add("page.nobody_paged"), dedupe=once)
    else:
        at.post(draft, lane=ESCALATION, dedupe=once)


def _minutes(s: Sitting, row: EscalationRow) -> int:
    """Since when nobody has it: since it began to climb, or since whoever had it gave it back. Danger that joined what somebody had
    begins it anew."""
    since, held = row.began_at, False
    for event in escalations.events(s.u, row.id):
        if event.kind in ("ACKED", "CONTACTED"):
            held = True
        elif held and event.kind in ("OPEN", "EXHAUSTED"):
            since, held = max(since, event.at), False
    return max(0, int((s.u.now - since).total_seconds() // 60))


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
