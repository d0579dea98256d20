"""Help, from everywhere: who reads this, what is not watched, and the way to a human in one tap."""

from __future__ import annotations

from typing import Any

from bot import danger, presence, talk
from bot.acts.contacts import asked_by_patient
from bot.registry import command, tap
from bot.sitting import Sitting
from storage import people, talks
from storage.outbox import ESCALATION
from storage.talks import PromptRow


@command("help", role="any", menu="menu.help")
def help_screen(s: Sitting) -> None:
    """The help screen. It never asks anything first, and never pages by itself."""
    lines = danger.Lines.of(s.person.country if s.who else "US")
    draft = danger.fill(s.draft(), "help.screen", lines)
    if s.who is not None and s.who.role == "patient" and s.who.active:
        presence.add_to(draft, s, paging=danger.is_paging(s))
        if "program" in people.consents(s.u, s.person.id):
            draft.add("help.commands")
    if s.who is not None and s.who.role == "patient":
        draft.row(draft.button("sos", "help.button.sos"))
        danger.with_plan(s, draft)
        draft.row(draft.button("ground", "crisis.button.ground"))
        danger.with_contacts(s, draft)
    s.offer(draft, "act", "crisis", lane=ESCALATION)  # a crisis card comes before it, also one that is caused later


@command("sos", menu="menu.sos")
def sos(s: Sitting) -> None:
    danger.from_button(s, "high", "sos", "suicide")
    talk.park(s)


@tap("crisis")
def crisis(s: Sitting, prompt: PromptRow, option: str) -> None:
    """Buttons of the crisis card and the help screen: they stay useful, so the keyboard is not taken away."""
    if option == "sos":
        sos(s)
    elif option == "ground":
        _begin(s, "skill", {"card": "grounding_54321", "calm": True})
    elif option.startswith("ask:"):
        asked_by_patient(s, int(option.partition(":")[2]))
    elif option == "plan":
        _begin(s, "plan_use", {})
    elif option == "call_me":
        _begin(s, "phone", {})
    elif option == "cant_call":
        _begin(s, "reaching", {})


def _begin(s: Sitting, flow: str, start: dict[str, Any]) -> None:
    """Start it, or put its question below once more while it is the one that waits."""
    waiting = talks.waiting(s.u, s.chat)
    if waiting is not None and waiting.flow == flow and waiting.body["me"]["start"] == start:
        talk.show_again(s, waiting)
    else:
        talk.start(s, flow, start)
