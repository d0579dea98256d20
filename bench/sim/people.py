"""Made-up patients, as data and as what they do when a message reaches them. Their chances are the history's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from bench.sim import words
from bench.sim.telegram import Phone, Shown, Telegram

Later = Callable[[timedelta, Callable[[], None]], None]
"""Do something after a while."""
ZONES = ("America/New_York", "America/Chicago", "America/Los_Angeles", "Europe/London", "Australia/Lord_Howe", "America/Sao_Paulo")
GRAVE = (
    "consent.program.leave",
    "my_data.erase_all",
    "consent.program.stop",
    "my_data.go_on",
    "my_data.erase_journal",
    "journal.button.delete_yes",
)
"""Buttons nobody taps by chance."""


@dataclass(frozen=True)
class Ways:
    """How a patient is: acts a week by kind, and how often they react to what they are sent (0 to 1)."""

    answers: float = 0.75
    week: Mapping[str, float] = field(
        default_factory=lambda: {
            "check_in": 1.0, "journal": 1.5, "sessions": 0.7, "settings": 0.5, "skills": 1.0, "my_data": 0.2, "pause": 0.15, "help": 0.5,
            "chat": 3.0, "danger": 0.35, "two_dangers": 0.05, "sos": 0.1, "edit": 0.7, "dangerous_edit": 0.04, "picture": 0.4,
            "dangerous_caption": 0.04, "dangerous_poison": 0.02, "old_button": 1.0, "foreign_button": 0.3, "burst": 0.05, "block": 0.1,
            "leave": 0.03, "erase": 0.03, "return": 0.1,
        }
    )  # fmt: skip


WAYS = (Ways(0.8), Ways(0.5), Ways(0.3), Ways(0.05))
"""From those who nearly always answer to those who are silent."""


@dataclass
class Patient:
    address: int
    code: str
    ways: Ways
    chance: Random
    telegram: Telegram
    later: Later
    strangers_button: Callable[[], tuple[int, str] | None]
    energy: int = 0
    leaving: bool = False
    quiet: bool = False
    moved: bool = False
    """They may have changed when and where they are asked."""

    @property
    def phone(self) -> Phone:
        return self.telegram.phone(self.address)

    def sees(self, shown: Shown, how: str) -> None:
        """Something was put before them: perhaps they act on it in a while."""
        if self.quiet or how == "strip" or self.phone.blocked:
            return
        if any(id in words.CHEERFUL for id in words.read(shown.text)) and self.chance.random() < self.ways.answers:
            self.energy = self.chance.randint(3, 11)
        if self.energy <= 0 or not shown.keyboard:
            return
        self.energy -= 1
        self.later(timedelta(seconds=self.chance.choice((2, 4, 9, 20, 60, 400))), self._reacts)

    def _reacts(self) -> None:
        shown = self.phone.newest()
        if shown is None or self.phone.blocked or self.quiet:
            return
        if self.chance.random() < 0.15:
            self.says(self.chance.choice(words.HARMLESS))
            return
        buttons = [each for each in shown.buttons if self._fancies(each[0])]
        if buttons:
            _, data = self.chance.choice(buttons)
            for _ in range(2 if self.chance.random() < 0.08 else 1):
                self.telegram.tap(self.address, shown.id, data)

    def _fancies(self, label: str) -> bool:
        if any(label == words.label(id) for id in GRAVE):
            return False
        if label in (words.label("help.button.sos"), words.label("button.help")):
            return self.chance.random() < 0.03
        return True

    def says(self, text: str) -> int:
        return self.telegram.say(self.address, f"{text} Q{self.code}q" if self.chance.random() < 0.3 and " " in text else text)

    def acts(self, kind: str) -> None:
        """One act of their own accord."""
        if self.quiet or (self.phone.blocked and kind != "block"):
            return
        self.energy = self.chance.randint(1, 9)
        getattr(self, f"_{kind}")()

    def _command(self, command: str) -> None:
        self.telegram.say(self.address, command)

    def _check_in(self) -> None:
        self._command("/checkin")

    def _journal(self) -> None:
        self._command("/journal")
        self.later(timedelta(seconds=20), lambda: self.tap("journal.button.write"))
        self.later(timedelta(seconds=50), lambda: self._unless_blocked(lambda: self.says("I wrote this down today")))

    def _sessions(self) -> None:
        self._command("/sessions")

    def _settings(self) -> None:
        self.moved = True
        self._command("/settings")
        if self.chance.random() < 0.5:
            self.later(timedelta(seconds=15), lambda: self.tap("settings.travel"))
            self.later(timedelta(seconds=40), lambda: self._unless_blocked(lambda: self._command(self.chance.choice(words.CITIES))))

    def _skills(self) -> None:
        self._command("/skills")

    def _my_data(self) -> None:
        self._command("/mydata")

    def _pause(self) -> None:
        self._command("/pause")

    def _help(self) -> None:
        self._command("/help")

    def _chat(self) -> None:
        self.says(self.chance.choice(words.HARMLESS))

    def _danger(self) -> None:
        if not self.leaving:
            self.says(self.chance.choice(words.DANGERS))

    def _two_dangers(self) -> None:
        self._danger()
        self.later(timedelta(minutes=self.chance.randint(1, 50)), lambda: self._unless_blocked(self._danger))

    def _sos(self) -> None:
        if not self.leaving:
            self._command("/sos")

    def _edit(self) -> None:
        if self.phone.typed:
            id, _ = self.phone.typed[-1]
            self.telegram.edit(self.address, id, self.chance.choice(words.HARMLESS))

    def _dangerous_edit(self) -> None:
        if self.phone.typed and not self.leaving:
            self.telegram.edit(self.address, self.phone.typed[-1][0], self.chance.choice(words.DANGERS))

    def _picture(self) -> None:
        self.telegram.say(self.address, "", photo=PHOTO, caption="my dog")

    def _dangerous_caption(self) -> None:
        if not self.leaving:
            self.telegram.say(self.address, "", photo=PHOTO, caption=self.chance.choice(words.DANGERS))

    def _dangerous_poison(self) -> None:
        if not self.leaving:
            said = {"message_id": "no", "chat": {"id": self.address}, "text": self.chance.choice(words.DANGERS)}
            self.telegram.put({"message": said})

    def _old_button(self) -> None:
        there = [(shown.id, data) for shown in self.phone.stock for _, data in shown.buttons]
        kept = [(id, data) for id, data in there if not self._is_grave(data)]
        if kept:
            self.telegram.tap(self.address, *self.chance.choice(kept))

    def _is_grave(self, data: str) -> bool:
        return any(other == data and not self._fancies(label) for shown in self.phone.stock for label, other in shown.buttons)

    def _foreign_button(self) -> None:
        found = self.strangers_button()
        if found is not None:
            self.telegram.tap(self.address, *found)

    def _burst(self) -> None:
        for _ in range(100):
            self.telegram.say(self.address, self.chance.choice(words.HARMLESS[:6]))

    def _block(self) -> None:
        if not self.leaving:
            self.telegram.block(self.address)
            self.later(timedelta(hours=self.chance.choice((1, 5, 30))), lambda: self.telegram.block(self.address, blocked=False))

    def _leave(self) -> None:
        self._go("/settings", "settings.consents", "consent.program.stop", "consent.program.leave")

    def _erase(self) -> None:
        self._go("/mydata", "my_data.show_all", "my_data.go_on", "my_data.erase_all")

    def _return(self) -> None:
        """Someone who left may think again; anybody else is shown where they are."""
        self._command("/start")

    def _go(self, command: str, *labels: str) -> None:
        """A way through some buttons, undisturbed by what else they might fancy."""
        self.leaving, self.moved, self.energy = True, True, 0
        self._command(command)
        for place, id in enumerate(labels, 1):
            self.later(timedelta(seconds=90 * place), lambda id=id: self.tap(id))  # type: ignore[misc]
        self.later(timedelta(hours=2), self._stays)

    def _stays(self) -> None:
        self.leaving = False

    def tap(self, id: str) -> None:
        """The newest button with these words, if there is one."""
        wanted = words.label(id)
        for shown in reversed(self.phone.stock):
            for label, data in shown.buttons:
                if label == wanted and not self.phone.blocked:
                    self.telegram.tap(self.address, shown.id, data)
                    return

    def _unless_blocked(self, act: Callable[[], object]) -> None:
        if not self.phone.blocked:
            act()


PHOTO = [{"file_id": "x", "file_unique_id": "x", "width": 1, "height": 1}]
