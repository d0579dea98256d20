"""Who is on call now: take a position, hand it over, or let it go. Decided on current rows; whoever it touches is told."""

from __future__ import annotations

from bot.acts.consent import hours
from bot.message import Button, Draft
from bot.registry import command, tap
from bot.rights import allowed, may
from bot.sitting import Sitting
from storage import audit, escalations, people
from storage.clinic import ALWAYS, clinic
from storage.escalations import POSITIONS
from storage.people import PersonCard
from storage.talks import PromptRow


@command("oncall", role="staff", menu="menu.oncall")
def on_call(s: Sitting) -> None:
    if allowed(s, "on_call"):
        _show(s, None)


@tap("on_call", role="staff")
def tapped(s: Sitting, prompt: PromptRow, option: str) -> None:
    """take:<position>, release:<position>, hand:<position>, to:<position>:<person> or back."""
    if not allowed(s, "on_call"):
        return
    verb, _, rest = option.partition(":")
    position, _, whom = rest.partition(":")
    if verb == "hand":
        _choose(s, prompt, position)
        return
    if verb == "take":
        _put(s, position, s.person)
    elif verb == "release" and escalations.release(s.u, position, s.person):
        audit.record(s.u, s.person.id, s.person.code, "on_call.released", position)
    elif verb == "to":
        _hand_over(s, position, people.person(s.u, int(whom)))
    _show(s, prompt.panel)


def holders(s: Sitting, position: str) -> list[PersonCard]:
    return [people.person(s.u, id) for id in escalations.on_call(s.u)[position]]


def can_hold(s: Sitting, who: PersonCard) -> bool:
    """Active staff who can be reached and have agreed to be paged."""
    chat = people.chat_of(s.u, who.id)
    return may(who, "on_call") and chat is not None and chat.reachable and "paged" in people.consents(s.u, who.id)


def _show(s: Sitting, panel: int | None) -> None:
    draft = s.draft()
    names = {each: ", ".join(who.name for who in holders(s, each)) or draft.phrase("staff.on_call.nobody") for each in POSITIONS}
    draft.add("staff.on_call.screen", hours=_hours(s, draft), **names)
    if not holders(s, "primary"):
        draft.add("staff.on_call.vacant")
    for position in POSITIONS:
        draft.row(*_buttons(s, draft, position))
    draft.row(draft.button("~help", "button.help"))
    s.offer(draft, "act", "on_call", edit=panel)


def _buttons(s: Sitting, draft: Draft, position: str) -> list[Button]:
    name = draft.phrase(f"staff.on_call.{position}")
    if s.person.id not in escalations.on_call(s.u)[position]:
        return [draft.button(f"take:{position}", "staff.on_call.take", position=name)]
    hand = draft.button(f"hand:{position}", "staff.on_call.hand", position=name)
    return [hand, draft.button(f"release:{position}", "staff.on_call.release", position=name)]


def _choose(s: Sitting, prompt: PromptRow, position: str) -> None:
    draft = s.draft()
    others = [who for who in people.people(s.u, "staff", "active") if who.id != s.person.id and can_hold(s, who)]
    draft.add("staff.on_call.to_whom" if others else "staff.on_call.no_others", position=draft.phrase(f"staff.on_call.{position}"))
    for who in others:
        draft.row(Button(f"to:{position}:{who.id}", who.name))
    draft.row(draft.button("back", "button.back"))
    s.offer(draft, "act", "on_call", edit=prompt.panel)


def _hand_over(s: Sitting, position: str, whom: PersonCard) -> None:
    """Only by who holds it now, and only to someone who can hold it now."""
    if s.person.id not in escalations.on_call(s.u)[position] or not can_hold(s, whom):
        s.say("staff.on_call.not_now")
        return
    _put(s, position, whom)


def _put(s: Sitting, position: str, whom: PersonCard) -> None:
    """One person holds the position from now on; who held it and who holds it now are told, unless they tapped it."""
    if position not in POSITIONS:
        return
    before = holders(s, position)
    escalations.set_on_call(s.u, position, whom)
    audit.record(s.u, whom.id, s.person.code, "on_call.taken", position)
    for who in {each.id: each for each in [*before, whom]}.values():
        at = s.of(who.id) if who.id != s.person.id else None
        if at is not None:
            name = at.words.text(f"staff.on_call.{position}")
            words = "staff.on_call.you_are" if who.id == whom.id else "staff.on_call.taken_over"
            at.say(words, name=s.person.name, position=name, time=f"{at.local:%H:%M}")


def _hours(s: Sitting, draft: Draft) -> str:
    known = clinic(s.u)
    if known is None or not known.cover:
        return draft.phrase("staff.on_call.never")
    return draft.phrase("staff.on_call.always") if known.cover == ALWAYS else hours(s, known)
