"""When someone can't call a line: what is in the way, a true word on it, and other ways to a person. The number stays.

Opened from the crisis card. `me.start` is empty. Asking for the barrier and answering it, instead of showing the number again:
most who are shown a line do not use it (JMIR Mental Health 2024, e58409: 221 offers, no reported use).
"""

from __future__ import annotations

from typing import Any

from bot.flow import Ask, Choice, Do, Flow, Me, Read, Say, Talking
from bot.flow.commands import NoteBarrier, ShowPeople, StartFlow

BARRIERS = ("wont_help", "alone", "police", "cost", "effort", "tried")


def reaching(me: Me) -> Talking:
    ways = yield Read("crisis.ways", {"purpose": "suicide"})
    around = yield Read("reaching.around")
    of = (*((each, f"crisis.barrier.{each}") for each in BARRIERS), ("other", "crisis.barrier.other"))
    which = yield Ask("which", Choice(of=of), words="crisis.barrier.ask", slots=ways)
    yield Do(NoteBarrier(which))
    yield Say(f"crisis.barrier.{which}_reply{around['facts'] if which in around['known'] else ''}")
    yield from _offer(ways, around)


def _offer(ways: dict[str, str], around: dict[str, Any]) -> Talking:
    """Someone they trust, a call back only if somebody is on call, calming down here; in any order, until it is enough."""
    offers = ["trusted", *(["callback"] if around["on_call"] else []), "ground", "enough"]
    done: list[str] = []
    while True:
        of = tuple((each, f"crisis.barrier.offer.{each}") for each in offers if each not in done)
        words = "crisis.barrier.offer" if not done else "crisis.barrier.more"
        chosen = yield Ask(f"offer_{len(done) + 1}", Choice(of=of), words=words, slots=ways)
        if chosen == "trusted" and around["people"]:
            yield Do(ShowPeople())
            return
        if chosen == "trusted":
            yield Say("crisis.barrier.trusted")
            done.append(chosen)
        elif chosen == "callback":
            takes = yield Read("reaching.callback")
            yield Say(f"crisis.barrier.callback{'' if takes == 'team' else f'_{takes}'}")
            yield Do(StartFlow("phone"))
            return
        elif chosen == "ground":
            yield Do(StartFlow("skill", {"card": "grounding_54321", "calm": True}))
            return
        else:
            yield Say("crisis.barrier.stay", ways)
            return


FLOWS = (Flow("reaching", reaching, expires=12 * 60, later=False, worth=lambda me, answers: False),)
