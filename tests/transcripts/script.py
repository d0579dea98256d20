"""Conversations as text files, run against the real bot. All state is serialised between two lines.

    # a comment
    at 2026-11-16T20:00-05:00      where the clock starts (once, first)
    patient 0001 America/New_York  an active patient (a first one, and an on-call person "staff", are there by default)
    < some text                    the patient types; `<staff` is the on-call person, `<other` a second patient
    < [Label]                      taps the newest button with this label
    < /command                     a command
    > some text                    the next new or edited message holds this text (whole paragraphs; `...` matches anything)
    > [A] [B]                      ... and its keyboard has these buttons (others may be there)
    >staff text                    the same for the on-call phone
    >nothing                       nothing more has been shown to anybody
    + 30m                          time passes (s, m, h, d)
    = kind value                   a fact: see FACTS in tests/transcripts/facts.py
    ~ verb                         something happens outside: see OUTSIDE below

Every message must be accounted for: a message no line expects fails the transcript at the next `<`, `+` or the end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.phones import Phone, Phones, Shown, instant
from storage.seal import Keyring, MasterKey
from storage.store import Store
from tests.clinics import STAFF, OTHER, PATIENT, open_clinic
from tests.transcripts.facts import FACTS

WHO = {"": PATIENT, "staff": STAFF, "other": OTHER}
SPANS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True)
class Line:
    number: int
    sign: str
    who: str
    rest: str


def read(path: Path) -> list[Line]:
    lines = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not text.strip() or text.startswith("#"):
            continue
        found = re.match(r"(at|[<>+=~])(staff|other)?(nothing)?\s*(.*)$", text)
        assert found, f"{path.name}:{number}: not a transcript line"
        lines.append(Line(number, found[1], found[2] or ("nothing" if found[3] else ""), found[4].rstrip()))
    return lines


class Play:
    """One transcript being played. The store is opened anew before every line, so nothing survives but the database."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.path, self.url = path, f"sqlite:///{folder / 'play.db'}"
        self.master = MasterKey(b"transcript-key-of-32-bytes-long!")
        lines = read(path)
        start = instant(lines[0].rest) if lines[0].sign == "at" else instant("2026-11-16T15:00-05:00")
        self.lines = lines[1:] if lines[0].sign == "at" else lines
        self.store = self._open()
        self.phones = Phones(lambda: self.store, start)
        open_clinic(self.store, start, self.phones)
        self.typed: dict[int, int] = {}
        self.seen: dict[int, list[tuple[str, Shown]]] = {}
        self._look()
        self.seen = {}

    def run(self) -> None:
        for line in self.lines:
            self._restart()
            try:
                self._line(line)
            except (AssertionError, LookupError) as fault:
                raise AssertionError(f"{self.path.name}:{line.number}: {fault}") from fault
        self._nothing_left(f"{self.path.name}: at the end")
        self.store.close()

    def _open(self) -> Store:
        from storage.engine import open_engine

        return Store(open_engine(self.url), Keyring(self.master))

    def _restart(self) -> None:
        self.store.close()
        self.store = self._open()

    def _line(self, line: Line) -> None:
        address = WHO.get(line.who, PATIENT)
        if line.sign in "<+~":
            self._nothing_left("a message nobody expected")
        if line.sign == "<":
            self._say(address, line.rest)
        elif line.sign == "+":
            amount, unit = re.fullmatch(r"(\d+)\s*([smhd])", line.rest).groups()  # type: ignore[union-attr]
            self.phones.wait(timedelta(**{SPANS[unit]: int(amount)}))
        elif line.sign == ">" and line.who == "nothing":
            self._look()
            self._nothing_left("nothing was expected")
        elif line.sign == ">":
            self._expect(address, line.rest)
        elif line.sign == "=":
            name, _, wanted = line.rest.partition(" ")
            with self.store.unit(self.phones.now) as u:
                found = FACTS[name](u)
            assert found == wanted.strip(), f"{name} is {found!r}, not {wanted.strip()!r}"
        elif line.sign == "~":
            OUTSIDE[line.rest.split()[0]](self, address, line.rest)
        self._look()

    def _say(self, address: int, text: str) -> None:
        if found := re.fullmatch(r"\[(.+)\]", text):
            self.phones.tap(address, found[1])
        else:
            self.typed[address] = self.phones.type(address, text.replace("\\n", "\n"))

    def _look(self) -> None:
        for address, phone in self.phones.phones.items():
            self.seen.setdefault(address, []).extend(_changes(phone))

    def _expect(self, address: int, wanted: str) -> None:
        self._look()
        queue = self.seen.setdefault(address, [])
        labels = re.findall(r"\[([^\]]+)\]", wanted) if wanted.startswith("[") else []
        if labels:
            last = self.phones.phone(address).messages[-1]
            there = [label for label, _ in last.buttons]
            assert all(label in there for label in labels), f"the keyboard is {there}"
            return
        assert queue, f"expected {wanted!r}, but nothing more was shown"
        how, shown = queue.pop(0)
        pattern = ".*".join(re.escape(part) for part in wanted.split("..."))
        assert re.search(pattern, " ".join(shown.text.split()), re.DOTALL), f"expected {wanted!r}, shown was ({how}) {shown.text!r}"

    def _nothing_left(self, what: str) -> None:
        left = {address: [shown.text for _, shown in queue] for address, queue in self.seen.items() if queue}
        assert not left, f"{what}: {left}"


def _changes(phone: Phone) -> list[tuple[str, Shown]]:
    """What is new to the eye: new and edited messages; a keyboard that goes away is not."""
    return [(how, Shown(shown.id, shown.text, shown.keyboard)) for how, shown in phone.look() if how != "strip"]


def _photo(play: Play, address: int, rest: str) -> None:
    play.phones.send(address, photo=[{"file_id": "x", "file_unique_id": "x", "width": 1, "height": 1}], caption=rest.partition(" ")[2])


def _voice(play: Play, address: int, rest: str) -> None:
    play.phones.send(address, voice={"file_id": "x", "file_unique_id": "x", "duration": 1})


def _sticker(play: Play, address: int, rest: str) -> None:
    play.phones.send(address, sticker={"file_id": "x", "file_unique_id": "x", "width": 1, "height": 1, "type": "regular"})


def _block(play: Play, address: int, rest: str) -> None:
    play.phones.block(address)


def _again(play: Play, address: int, rest: str) -> None:
    """`~ again [Label]`: two taps on the same button, the second before the first was seen."""
    label = re.search(r"\[(.+)\]", rest)
    assert label
    message, data = play.phones.phone(address).find(label[1])
    play.phones.tap_data(address, message.id, data)
    play.phones.tap_data(address, message.id, data)


def _poison(play: Play, address: int, rest: str) -> None:
    text = rest.partition(" ")[2]
    play.phones.receive({"message": {"message_id": "no", "chat": {"id": address}, "text": text}})


def _edit(play: Play, address: int, rest: str) -> None:
    """`~ edit words`: the person's last typed message now reads so."""
    play.phones.edit(address, play.typed[address], rest.partition(" ")[2])


OUTSIDE = {
    "photo": _photo,
    "voice": _voice,
    "sticker": _sticker,
    "block": _block,
    "again": _again,
    "poison": _poison,
    "edit": _edit,
}
