"""Who is on call now and next: take a position, hand it over, let it go. Decided on current rows; whoever it touches is told."""

from __future__ import annotations

from bot import danger, talk
from bot.acts.consent import hours
from bot.acts.rota import able, can_hold
from bot.message import Button, Draft
from bot.registry import command, tap
from bot.rights import allowed
from bot.sitting import Sitting
from bot.when import moment
from safety import duty
from safety.rota import POSITIONS, Gap
from storage import audit, people
from storage.clinic import ALWAYS, clinic
from storage.people import PersonCard
from storage.talks import PromptRow

COMING = 3
"""How many hand-overs, and how many gaps, are shown."""


@command("oncall", role="staff", menu="menu.oncall")
def on_call(s: Sitting) -> None:
    if allowed(s, "on_call"):
        _show(s, None)


@tap("on_call", role="staff")
def tapped(s: Sitting, prompt: PromptRow, option: str) -> None:
    """take:<position>, release:<position>, hand:<position>, to:<position>:<person>, stretch: or back."""
    if not allowed(s, "on_call"):
        return
    verb, _, rest = option.partition(":")
    position, _, whom = rest.partition(":")
    if verb == "stretch":
        talk.start(s, "staff_stretch")
        return
    if verb == "hand":
        _choose(s, prompt, position)
        return
    if verb == "take":
        _take(s, position)
    elif verb == "release":
        _let_go(s, position)
    elif verb == "to":
        _hand_over(s, position, people.person(s.u, int(whom)))
    _show(s, prompt.panel)


def holders(s: Sitting, position: str) -> list[PersonCard]:
    return [people.person(s.u, id) for id in duty.holders(s.u)[position]]


def _show(s: Sitting, panel: int | None) -> None:
    draft, now, changes = s.draft(), duty.holders(s.u), duty.changes(s.u, COMING)
    draft.add("staff.on_call.screen", hours=_hours(s, draft), **{each: _names(s, draft, now[each]) for each in POSITIONS})
    if not now["primary"]:
        draft.add("staff.on_call.vacant")
    before = now
    for at, after in changes:
        for position in (each for each in POSITIONS if after[each] != before[each]):
            names, when = _names(s, draft, after[position]), moment(draft, at, s.person.zone, s.u.now)
            draft.add("staff.on_call.next", position=draft.phrase(f"staff.on_call.{position}"), name=names, time=when)
        before = after
    if duty.rota_of(s.u).used:
        _gaps(s, draft, duty.gaps(s.u))
    for position in POSITIONS:
        draft.row(*_buttons(s, draft, position, now))
    draft.row(draft.button("stretch:", "staff.on_call.stretch"))
    draft.row(draft.button("~help", "button.help"))
    s.offer(draft, "act", "on_call", edit=panel)


def _names(s: Sitting, draft: Draft, held: list[int]) -> str:
    can, names = duty.fit(s.u), []
    for id in held:
        name = people.person(s.u, id).name
        names.append(name if can(id) else draft.phrase("staff.on_call.out_of_reach", name=name))
    return ", ".join(names) or draft.phrase("staff.on_call.nobody")


def _gaps(s: Sitting, draft: Draft, found: list[Gap]) -> None:
    if found:
        draft.add("staff.on_call.gaps")
    for gap in found[:COMING]:
        begins, ends = (moment(draft, at, s.person.zone, s.u.now) for at in (gap.begins, gap.ends))
        draft.add("staff.on_call.gap", position=draft.phrase(f"staff.on_call.{gap.position}"), begins=begins, ends=ends)
    if len(found) > COMING:
        draft.add("staff.on_call.more_gaps", count=len(found) - COMING)


def _buttons(s: Sitting, draft: Draft, position: str, now: dict[str, list[int]]) -> list[Button]:
    name = draft.phrase(f"staff.on_call.{position}")
    if s.person.id not in now[position]:
        return [draft.button(f"take:{position}", "staff.on_call.take", position=name)]
    hand = draft.button(f"hand:{position}", "staff.on_call.hand", position=name)
    return [hand, draft.button(f"release:{position}", "staff.on_call.release", position=name)]


def _choose(s: Sitting, prompt: PromptRow, position: str) -> None:
    draft = s.draft()
    others = [who for who in able(s.u) if who.id != s.person.id]
    draft.add("staff.on_call.to_whom" if others else "staff.on_call.no_others", position=draft.phrase(f"staff.on_call.{position}"))
    for who in others:
        draft.row(Button(f"to:{position}:{who.id}", who.name))
    draft.row(draft.button("back", "button.back"))
    s.offer(draft, "act", "on_call", edit=prompt.panel)


def _take(s: Sitting, position: str) -> None:
    if can_hold(s.u, s.person):
        _put(s, position, s.person)
    else:
        s.say("staff.on_call.cannot")


def _let_go(s: Sitting, position: str) -> None:
    if position not in POSITIONS or s.person.id not in duty.holders(s.u)[position]:
        return
    if not duty.give_back(s.u, position, s.person):
        s.say("staff.on_call.your_turn")
        return
    audit.record(s.u, s.person.id, s.person.code, "on_call.released", position)
    duty.settle_vacant(s.u, [position])


def _hand_over(s: Sitting, position: str, whom: PersonCard) -> None:
    """Only by who holds it now, and only to someone who can hold it now."""
    if position not in POSITIONS or s.person.id not in duty.holders(s.u)[position] or not can_hold(s.u, whom):
        s.say("staff.on_call.not_now")
        return
    _put(s, position, whom)


def _put(s: Sitting, position: str, whom: PersonCard) -> None:
    """One person holds the position from now on; who held it and who holds it now are told, unless they tapped it."""
    if position not in POSITIONS:
        return
    before = holders(s, position)
    duty.take(s.u, position, whom)
    audit.record(s.u, whom.id, s.person.code, "on_call.taken", position)
    for who in {each.id: each for each in [*before, whom]}.values():
        at = s.of(who.id) if who.id != s.person.id else None
        if at is not None:
            name = at.words.text(f"staff.on_call.{position}")
            words = "staff.on_call.you_are" if who.id == whom.id else "staff.on_call.taken_over"
            at.say(words, name=s.person.name, position=name, time=f"{at.local:%H:%M}")
    danger.pass_on(s.u, whom.id, position, s.source)
    duty.settle(s.u, [position])


def _hours(s: Sitting, draft: Draft) -> str:
    known = clinic(s.u)
    if known is None or not known.cover:
        return draft.phrase("staff.on_call.never")
    return draft.phrase("staff.on_call.always") if known.cover == ALWAYS else hours(s, known)
