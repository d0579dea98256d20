"""Doing a skill: choose a card, rate the state that opened it, do the steps, rate the same again, and choose what is next.

`me.start`: {"card": id or none for the list, "before": 0-10 when it was asked a moment ago, "scale": "craving" or "distress"
where the card's own does not fit, "calm": True straight after a crisis card (no numbers are asked), "round", "not"}.
"""

from __future__ import annotations

from typing import Any

from bot.flow import Ask, Choice, Do, Flow, Me, Read, Say, Scale, Talking, scoped
from bot.flow.commands import SaveSkill, ShowHelp, StartFlow
from handlers.cards import CARDS, Card
from handlers.cards.card import CALLED, DONE, HELP, NOT_TODAY, STOPPED, Opened, Part

HIGH = 8
"""From here on a card opens with the way to a person."""
SCALES = ("craving", "distress")
OFFERS = {
    "craving": ("urge_surfing", "stop", "play_the_tape", "paced_breathing"),
    "distress": ("paced_breathing", "grounding_54321", "muscle_relaxation", "tipp_exercise"),
    "high": ("grounding_54321", "paced_breathing", "tipp_temperature", "stop"),
}
"""What fits which state, best first: a craving, distress below 8, distress from 8 on."""


def skill(me: Me) -> Talking:
    yield from scoped("skills", open_card(me))


def open_card(me: Me) -> Part:
    """The list if no card is named, then the card, from its first rating to what comes next."""
    card, before, calm = CARDS.get(str(me.start.get("card"))), rating(me.start.get("before")), bool(me.start.get("calm"))
    card = card or (yield from _choose(before, me.start))
    scale = str(me.start.get("scale")) if me.start.get("scale") in SCALES else card.scale
    first = me.start.get("round") is None and not calm
    if first and before is None:
        yield Say(f"skills.{card.id}.intro")
    elif first:
        yield from _lead(before)
        yield Say(f"skills.{card.id}.intro")
    if before is None and not calm:
        before = yield Ask("before", Scale(optional=True), words=f"skills.before_{scale}")
        yield from _lead(before)
    ended = yield from _do(me, card, before)
    if ended == NOT_TODAY:
        yield from _instead(card, before, scale)
    elif ended in (HELP, CALLED):
        yield Do(SaveSkill(card.id, scale, before, None, STOPPED))
        if ended == HELP:
            yield Do(ShowHelp())
    elif calm:
        yield from _close_calmly(card, scale, ended)
    else:
        yield from _close(me, card, scale, before, ended)


def offer_skill(me: Me, state: str, before: int | None) -> Part:
    """For the end of another flow: up to three fitting cards. True when one (or the list) was chosen; it opens after this flow.

    state: "craving" or "distress"; before: the 0-10 just given for it. Asks under the key "skill_offer".
    """
    of = [(card, CARDS[card].name) for card in fitting(state, before, (yield Read("skills.gates")))]
    of += [("list", "skills.button.list"), ("no", "skills.button.not_now")]
    chosen = yield Ask("skill_offer", Choice(of=tuple(of)), words=f"skills.offer_{state}")
    if chosen == "no":
        return False
    yield Do(StartFlow("skill", {"card": None if chosen == "list" else chosen, "before": before, "scale": state}))
    return True


def fitting(state: str, before: int | None, gates: dict[str, str], most: int = 3) -> list[str]:
    """The cards to offer for a state, best first: never one that a medical answer speaks against, nor one for calmer hours."""
    high = before is not None and before >= HIGH
    cards = (CARDS[id] for id in OFFERS["high" if high and state == "distress" else state])
    open_to_them = [card.id for card in cards if not (card.gate and gates.get(card.gate) == "some") and not (high and card.calm_only)]
    return open_to_them[:most]


def rating(value: Any) -> int | None:
    """A 0-10 that was handed over, or None."""
    return value if type(value) is int and 0 <= value <= 10 else None


def _choose(before: int | None, start: dict[str, Any]) -> Part:
    high = before is not None and before >= HIGH
    left = [card for card in CARDS.values() if card.id != start.get("not") and not (high and card.calm_only)]
    of = tuple((card.id, card.name) for card in left)
    return CARDS[(yield Ask("list", Choice(of=of, columns=2), words="skills.list_high" if high else "skills.list"))]


def _do(me: Me, card: Card, before: int | None) -> Part:
    """The card itself, or a word on why not now."""
    if before is not None and before >= HIGH and card.calm_only:
        yield Say("skills.not_at_eight")
        return NOT_TODAY
    return (yield from scoped(f"skills.{card.id}", card.run(Opened(me, before))))


def _lead(before: int | None) -> Part:
    """From 8 on, the way to a person comes before everything else."""
    if before is not None and before >= HIGH:
        yield from _way_to_a_person("skills.high")


def _way_to_a_person(words: str) -> Part:
    lines = yield Read("skills.lines")
    if lines["known"]:
        yield Say(words, {"line": lines["line"], "emergency": lines["emergency"]})
    else:
        yield Say(f"{words}_unknown_country")


def _instead(card: Card, before: int | None, scale: str) -> Part:
    """A card that does not suit today: others that work on the same thing, and no number for one that was not done."""
    of = [(id, CARDS[id].name) for id in card.instead] + [("list", "skills.button.list"), ("enough", "skills.button.not_now")]
    chosen = yield Ask("instead", Choice(of=tuple(of)), words="skills.instead")
    if chosen != "enough":
        yield Do(StartFlow("skill", {"card": None if chosen == "list" else chosen, "before": before, "scale": scale, "not": card.id}))


def _close(me: Me, card: Card, scale: str, before: int | None, ended: str) -> Part:
    after = yield Ask("after", Scale(optional=True), words=f"skills.after_{scale}", fresh=True)
    yield Do(SaveSkill(card.id, scale, before, after, ended))
    yield from _compare(before, after)
    if after is not None and after >= HIGH:
        yield from _way_to_a_person("skills.still_high")
    round = me.start.get("round") or 1
    ways = ["again"] if round < card.most else []
    no_better = after is not None and (after >= HIGH or (before is not None and after >= before))
    ways = ["another", "help", *ways, "enough"] if no_better else ["enough", *ways, "another"]
    chosen = yield Ask("next", Choice(of=tuple((way, f"skills.next.{way}") for way in ways)))
    rated = before if after is None else after
    if chosen == "again":
        yield Do(StartFlow("skill", {"card": card.id, "before": rated, "scale": scale, "round": round + 1}))
    elif chosen == "another":
        yield Do(StartFlow("skill", {"before": rated, "scale": scale, "not": card.id}))
    elif chosen == "help":
        yield Do(ShowHelp())
    else:
        yield Say("skills.enough")


def _compare(before: int | None, after: int | None) -> Part:
    """What the numbers say, plainly: neither praise nor blame."""
    if before is None or after is None:
        yield Say("skills.change.unrated")
        return
    change = "down" if after < before else "same" if after == before else "up"
    yield Say(f"skills.change.{change}", {"before": before, "after": after})


def _close_calmly(card: Card, scale: str, ended: str) -> Part:
    """After a crisis card: no numbers, and the way to a person again unless it has become easier."""
    of = tuple((how, f"skills.calm.{how}") for how in ("easier", "same", "worse"))
    how = yield Ask("calm_after", Choice(of=of), words="skills.calm.after", fresh=True)
    yield Do(SaveSkill(card.id, scale, None, None, ended))
    if how == "easier":
        yield Say("skills.calm.stay")
    else:
        yield Do(ShowHelp())


def keep(me: Me, answers: dict[str, Any]) -> SaveSkill | None:
    """A card that was left in the middle counts as stopped; one that never began, or was already saved, leaves nothing more."""
    told = {key.removeprefix("skill/skills/"): answer for key, answer in answers.items()}
    card = CARDS.get(str(me.start.get("card") or told.get("list")))
    if card is None or {"after", "calm_after", "instead"} & told.keys():
        return None
    steps = [key for key in told if key.startswith(f"skills.{card.id}/") and key.rpartition("/")[2] not in ("gate", "gate_known", "today")]
    before = rating(me.start.get("before")) if me.start.get("before") is not None else told.get("before")
    if not steps and (card.gate or card.calm_only or before is None):
        return None
    scale = str(me.start.get("scale")) if me.start.get("scale") in SCALES else card.scale
    return SaveSkill(card.id, scale, before, None, STOPPED)


def worth(me: Me, answers: dict[str, Any]) -> bool:
    """Whether to come back to a card that was interrupted: one has been chosen, and its last rating is still to come."""
    told = {key.removeprefix("skill/skills/") for key in answers}
    return bool(me.start.get("card") or "list" in told) and not {"after", "calm_after"} & told


FLOWS = (Flow("skill", skill, expires=180, partial=keep, worth=worth),)

__all__ = ["DONE", "FLOWS", "fitting", "offer_skill", "open_card", "rating", "skill"]
