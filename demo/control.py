"""What the demo page needs from the engine it shows. The wiring (`bot/cli`) implements `Control`; the page knows nothing else of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, get_args

Step = Literal["next", "+30m", "tonight", "tomorrow", "monday"]
STEPS: tuple[Step, ...] = get_args(Step)
Side = Literal["patient", "staff", "backup", "supervisor"]
"""Where a phone lies on the page: two large ones, then those that are paged when nobody answers, in that order."""
SIDES: tuple[Side, ...] = get_args(Side)


@dataclass(frozen=True)
class Holder:
    """Whose phone it is: the Telegram user id, a made-up name, and what they are ("Patient", "On call", "Backup")."""

    user_id: int
    name: str
    role: str


@dataclass(frozen=True)
class Suggestion:
    """One card of things to try.

    `do` is what its button does: follow the "invitation", "fill" the typing box of `phone` with `value` or "send" it,
    "press" the newest inline button that says `value`, "play" (have the patient's questions answered), "turn" the clock (`value`
    is a step), or open the "weekly" page (of everyone, or of the patient with the code `value`).
    """

    id: str
    title: str
    detail: str
    button: str
    do: Literal["invitation", "fill", "send", "press", "play", "turn", "weekly"]
    value: str = ""
    phone: Side = "patient"


class Control(Protocol):
    """The engine behind the page. Errors raised here are shown to the visitor as "That did not work." without details."""

    @property
    def patient(self) -> Holder:
        """The phone on the left."""

    @property
    def staff(self) -> Holder:
        """The phone on the right: whoever is on call."""

    @property
    def further(self) -> Sequence[Holder]:
        """The small phones beside it: who is paged when nobody answers, in that order; two at most."""

    @property
    def zone(self) -> str:
        """IANA name of the zone in which the page shows times, for example "America/New_York"."""

    def now(self) -> datetime:
        """The demo's clock, aware. It must run with real time between two turns, and date the server's messages."""

    async def turn(self, step: Step) -> None:
        """Move the clock on and return once what fell due has been sent (or after a few seconds)."""

    async def next_step(self) -> datetime | None:
        """Where the step "next" turns to: when an alert about the patient goes on by itself. None when none waits for an answer."""

    async def play(self) -> None:
        """Answer for the patient, question by question on their phone, until something is worth reading."""

    async def suggestions(self) -> Sequence[Suggestion]:
        """Things to try now, four at most; asked again after each turn of the clock and each few seconds."""

    async def invite_link(self) -> str:
        """The patient's one-time link, `https://t.me/<bot>?start=<code>`."""

    async def weekly_html(self, code: str | None) -> str:
        """The weekly page as one whole HTML document: the caseload, or one patient by code."""
