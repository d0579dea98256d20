"""Help, from everywhere: who reads this, what is not watched, and the way to a human in one tap."""

from __future__ import annotations

from bot import danger, presence, talk
from bot.acts.contacts import asked_by_patient
from bot.registry import command, tap
from bot.sitting import Sitting
from storage import people
from storage.outbox import CRISIS
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
    s.offer(draft, "act", "crisis", lane=CRISIS)


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
        talk.start(s, "skill", {"card": "grounding_54321", "calm": True})
    elif option.startswith("ask:"):
        asked_by_patient(s, int(option.partition(":")[2]))
    elif option == "plan":
        talk.start(s, "plan_use")
    elif option == "call_me":
        talk.start(s, "phone")
    elif option == "cant_call":
        talk.start(s, "reaching")
