"""What someone agrees to: the program itself, and three separate things that are theirs to allow or not.

Each is asked in words that are stored by version with the answer. What a consent must say follows 42 CFR 2.31.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from bot.flow import Ask, Choice, Do, Me, Read, Say, YesNo, scoped
from bot.flow.commands import GiveConsent, LeaveProgram, RevokeConsent

OPTIONAL = ("weekly", "crisis_words", "outreach")
"""Asked in the welcome."""
CHANGEABLE = (*OPTIONAL, "caring")
"""Found in the settings. Caring notes are first asked about when somebody has looked after someone (`handlers.follow_up`)."""

AGREES = (
    ("yes", "yes"), ("i agree", "yes"), ("agree", "yes"), ("yes i agree", "yes"),
    ("sí", "yes"), ("si", "yes"), ("acepto", "yes"), ("sí, acepto", "yes"), ("sí acepto", "yes"),
    ("no", "no"), ("i don't agree", "no"), ("i do not agree", "no"), ("no thank you", "no"), ("no thanks", "no"), ("no acepto", "no"),
)  # fmt: skip
"""What is typed instead of a tap and can only mean one of the two. "OK" is not among them: it may only say that one has read it."""

Part = Generator[Any, Any, Any]


def ask_program(me: Me, clinic: str) -> Part:
    """Needed to use any of it. Evaluates to whether they agreed; "back" does not go behind a yes."""
    version = yield Read("consent.version", {"words": "consent.program.ask"})
    agreed = yield Ask("ask", YesNo(yes="consent.program.yes", no="consent.program.no", columns=1, said=AGREES), slots={"clinic": clinic})
    if agreed:
        yield Do(GiveConsent("program", version))
    return agreed


def ask_optional(scope: str, clinic: str) -> Part:
    """One of the separate ones. A no is as good as a yes."""
    version = yield Read("consent.version", {"words": f"consent.{scope}.ask"})
    allowed = yield Ask("ask", YesNo(yes="consent.yes", no="consent.no", said=AGREES), slots={"clinic": clinic})
    yield Do(GiveConsent(scope, version) if allowed else RevokeConsent(scope), again=True)
    return allowed


def ask_each(me: Me, clinic: str) -> Part:
    for scope in OPTIONAL:
        yield from scoped(f"consent.{scope}", ask_optional(scope, clinic))


def change(me: Me, clinic: str) -> Part:
    """In the settings. Evaluates to True when they left the program with it."""
    given = yield Read("consent.given")
    options = [(scope, f"consent.{scope}.{'stop' if scope in given else 'allow'}") for scope in CHANGEABLE]
    which = yield Ask("which", Choice(of=(*options, ("program", "consent.program.stop"), ("none", "button.back"))), words="consent.which")
    if which == "program":
        return (yield from scoped("consent.program", leave(clinic)))
    if which in given:
        yield Do(RevokeConsent(which), again=True)
        yield Say(f"consent.{which}.stopped")
    elif which != "none":
        yield from scoped(f"consent.{which}", ask_optional(which, clinic))
    return False


def leave(clinic: str) -> Part:
    """Withdraw from all of it, after one plain question about what that means. An alert that is open goes on, and that is said."""
    words = "consent.program.sure_alert" if (yield Read("crisis.open")) else "consent.program.sure"
    stops = YesNo(yes="consent.program.leave", no="consent.program.stay", columns=1)
    sure = yield Ask("sure", stops, words=words, slots={"clinic": clinic})
    if sure:
        yield Do(LeaveProgram())
        going_on = yield Read("crisis.open")
        yield Say("consent.program.left_alert" if going_on else "consent.program.left", {"clinic": clinic})
    return sure
