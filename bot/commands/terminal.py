"""`between talk`: one patient's phone and the on-call phone as lines of text, with a clock that moves when told."""

from __future__ import annotations

import re
import sys
from datetime import timedelta
from pathlib import Path

from bot.clock import wall
from bot.commands.shared import out
from bot.phones import Phones, Shown
from storage import clinic, escalations, invites, people
from storage.engine import open_engine
from storage.migrate import migrate
from storage.seal import Keyring, MasterKey
from storage.store import Store
from storage.wall import local

PATIENT, STAFF = 1001, 1002
ZONE = "America/New_York"
TIME = re.compile(r"/\+\s*(\d{1,4})\s*(s|m|h|d)", re.IGNORECASE)
SPANS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
INTRO = (
    "You are a patient who has just opened the invitation. Type words, or a button's label.",
    "  /+30m  lets half an hour pass (s, m, h, d)   /staff …  speaks as the on-call person   /quit  leaves",
)


class Terminal:
    """A whole clinic in a throw-away folder, driven from standard input."""

    def __init__(self, folder: Path) -> None:
        store = Store(open_engine(f"sqlite:///{folder / 'talk.db'}"), Keyring(MasterKey(b"between talk: a throw-away key32")))
        self._phones = Phones(lambda: store, wall())
        migrate(store.engine)
        with store.unit(self._phones.now) as u:
            clinic.set_up(u, "Harbor Program (made up)", "555-0100", ZONE, "US", clinic.ALWAYS)
            staff = people.person(u, people.add_person(u, "staff", "Dana Reyes", ZONE, duty="admin"))
            invites.redeem(u, invites.add(u, staff), people.chat_for(u, STAFF).id)
            people.give_consent(u, staff.id, "paged", 1)
            escalations.set_on_call(u, "primary", staff)
            patient = people.person(u, people.add_person(u, "patient", "Robin", ZONE))
            self._invitation = invites.add(u, patient)

    def run(self) -> None:
        """Until `/quit` or the end of the input."""
        for line in INTRO:
            out(line)
        self._phones.type(PATIENT, f"/start {self._invitation}")
        self._show()
        for line in iter(self._read, None):
            if line.strip().lower() in ("/quit", "/exit"):
                return
            self._take(line.strip())
            self._show()

    def _read(self) -> str | None:
        if sys.stdin.isatty():
            sys.stdout.write("you > ")
            sys.stdout.flush()
        return sys.stdin.readline() or None

    def _take(self, line: str) -> None:
        if not line:
            return
        if found := TIME.fullmatch(line):
            self._phones.wait(timedelta(**{SPANS[found[2].lower()]: int(found[1])}))
            out(f"      … it is {local(self._phones.now, ZONE):%A %H:%M}")
            return
        if line.startswith("/+"):
            out("      … how long? Write a number and s, m, h or d, such as /+30m.")
            return
        address = PATIENT
        if line.startswith("/staff"):
            address, line = STAFF, line.removeprefix("/staff").strip()
        label = self._label(address, line)
        if label is not None:
            self._phones.tap(address, label)
        elif line:
            self._phones.type(address, line)

    def _label(self, address: int, line: str) -> str | None:
        wanted = line.strip("[]").casefold()
        messages = self._phones.phone(address).messages
        newest = next((message for message in reversed(messages) if message.buttons), None)
        labels = [label for label, _ in newest.buttons] if newest else []
        return next((label for label in labels if label.casefold() == wanted), None)

    def _show(self) -> None:
        for address, who in ((PATIENT, "bot   >"), (STAFF, "on call phone >")):
            for how, shown in self._phones.phone(address).look():
                if how != "strip":
                    self._print(who if how == "new" else f"{who} (edited)", shown)

    def _print(self, who: str, shown: Shown) -> None:
        first, *rest = shown.text.splitlines() or [""]
        out(f"{who} {first}")
        for line in rest:
            out(f"        {line}")
        for row in shown.keyboard:
            out("        " + "  ".join(f"[{label}]" for label, _ in row))
