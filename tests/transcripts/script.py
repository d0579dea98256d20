"""Conversations as text files, run against the real bot. All state is serialised between two lines.

    # a comment
    at 2026-11-16T20:00-05:00      where the clock starts (once, first)
    patient 0001 America/New_York  an active patient (a first one, and an on-call person "staff", are there by default)
    < some text                    the patient types; `<staff` is the on-call person, `<second` and `<third` colleagues (see
                                   `_join`), `<other` a second patient, `<stranger` nobody yet
    <stranger /start {invite}      {invite} is the code of the newest invitation: of `~ invite`, or of a link on somebody's phone
    < [Label]                      taps the newest button with this label
    < /command                     a command
    > some text                    the next new or edited message holds this text (whole paragraphs; `...` matches anything)
    > [A] [B]                      ... and its keyboard has these buttons (others may be there)
    >staff text                    the same for the on-call phone
    >nothing                       nothing more has been shown to anybody
    >now some text                 one of the last three messages reads so at this moment (frames of a timer aren't listed one by one)
    + 30m                          time passes (s, m, h, d)
    = kind value                   a fact: see FACTS in tests/transcripts/facts.py
    ~ verb                         something happens outside: see OUTSIDE below

Every message must be accounted for: a message no line expects fails the transcript at the next `<`, `+` or the end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from bot import chores
from bot.acts.check_in import plan_check_ins
from bot.acts.plan_prompts import after_change
from bot.commands import rota
from bot.commands.cover import read_cover
from bot.phones import Phone, Phones, Shown, instant
from handlers.plan_steps import split
from storage import clinic, invites, people, plans, reminders, sessions
from storage.seal import Keyring, MasterKey
from storage.store import Store
from storage.tables import Person
from tests.clinics import OTHER, PATIENT, STAFF, STRANGER, ZONE, add_staff, open_clinic
from tests.transcripts.facts import FACTS

WHO = {"": PATIENT, "staff": STAFF, "second": STAFF + 1, "third": STAFF + 2, "other": OTHER, "stranger": STRANGER}
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
        found = re.match(r"(at|[<>+=~])(staff|second|third|other|stranger)?(nothing|now)?\s*(.*)$", text)
        assert found, f"{path.name}:{number}: not a transcript line"
        lines.append(Line(number, found[1], found[2] or found[3] or "", found[4].rstrip()))
    return lines


class Play:
    """One transcript being played. The store is opened anew before every line, so nothing survives but the database."""

    def __init__(self, path: Path, database: str) -> None:
        self.path, self.url = path, database
        self.master = MasterKey(b"transcript-key-of-32-bytes-long!")
        lines = read(path)
        start = instant(lines[0].rest) if lines[0].sign == "at" else instant("2026-11-16T15:00-05:00")
        self.lines = lines[1:] if lines[0].sign == "at" else lines
        self.store = self._open()
        self.phones = Phones(lambda: self.store, start)
        open_clinic(self.store, start, self.phones)
        self.typed: dict[int, int] = {}
        self.said: dict[tuple[int, str], int] = {}
        self.kept: tuple[int, str] = (0, "")
        self.invite = ""
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
        elif line.sign == ">" and line.who == "now":
            last = [" ".join(shown.text.split()) for shown in self.phones.phone(address).messages[-3:]]
            assert any(_pattern(line.rest).search(text) for text in last), f"the phone shows {last}"
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
            text = text.replace("\\n", "\n").replace("{invite}", self.invite)
            self.typed[address] = self.said[address, text] = self.phones.type(address, text)

    def _look(self) -> None:
        for address, phone in self.phones.phones.items():
            changes = _changes(phone)
            self.seen.setdefault(address, []).extend(changes)
            for _, shown in changes:
                self.invite = (re.findall(r"start[= ]([A-Za-z0-9_-]{22})", shown.text) or [self.invite])[-1]

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
        assert _pattern(wanted).search(" ".join(shown.text.split())), f"expected {wanted!r}, shown was ({how}) {shown.text!r}"

    def _nothing_left(self, what: str) -> None:
        left = {address: [shown.text for _, shown in queue] for address, queue in self.seen.items() if queue}
        assert not left, f"{what}: {left}"


def _pattern(wanted: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in wanted.split("...")), re.DOTALL)


def _changes(phone: Phone) -> list[tuple[str, Shown]]:
    """What is new to the eye: new and edited messages; a keyboard that goes away or a timer that moves on is not."""
    return [(how, Shown(shown.id, shown.text, shown.keyboard)) for how, shown in phone.look() if how not in ("strip", "frame")]


def _photo(play: Play, address: int, rest: str) -> None:
    play.phones.send(address, photo=[{"file_id": "x", "file_unique_id": "x", "width": 1, "height": 1}], caption=rest.partition(" ")[2])


def _voice(play: Play, address: int, rest: str) -> None:
    play.phones.send(address, voice={"file_id": "x", "file_unique_id": "x", "duration": 1})


def _sticker(play: Play, address: int, rest: str) -> None:
    play.phones.send(address, sticker={"file_id": "x", "file_unique_id": "x", "width": 1, "height": 1, "type": "regular"})


def _block(play: Play, address: int, rest: str) -> None:
    play.phones.block(address)


def _unblock(play: Play, address: int, rest: str) -> None:
    play.phones.unblock(address)


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
    """`~ edit words`: the person's last typed message now reads so. `~ edit "old words" words`: one they typed earlier does."""
    found = re.fullmatch(r'edit "(.+?)" (.+)', rest)
    if found:
        play.phones.edit(address, play.said[address, found[1]], found[2])
    else:
        play.phones.edit(address, play.typed[address], rest.partition(" ")[2])


def _late(play: Play, address: int, rest: str) -> None:
    """`~ late 9h words`: typed so many hours ago, and only now handed over."""
    ago, words = rest.removeprefix("late ").split("h ", 1)
    said = int((play.phones.now - timedelta(hours=int(ago))).timestamp())
    play.typed[address] = play.phones.send(address, text=words, date=said)


def _profile(play: Play, address: int, rest: str) -> None:
    """`~ profile evening_at=20:00 medicines=aspirin discreet=yes morning_at=`: as the settings would change it."""
    values: dict[str, object] = {}
    for pair in rest.split()[1:]:
        name, _, value = pair.partition("=")
        values[name] = value.split(",") if name == "medicines" else value == "yes" if name == "discreet" else value or None
    with play.store.unit(play.phones.now) as u:
        chat = people.chat_for(u, address)
        who = people.save_profile(u, people.person(u, chat.person or 0), values)
        plan_check_ins(u, who, chat)
        reminders.plan_sessions(u, who, chat)


def _consent(play: Play, address: int, rest: str) -> None:
    """`~ consent outreach`."""
    with play.store.unit(play.phones.now) as u:
        people.give_consent(u, people.chat_for(u, address).person or 0, rest.split()[1], 1)


def _plan(play: Play, address: int, rest: str) -> None:
    """`~ plan 4 Ana 555-0142`: one more item of the safety plan, as if it had been typed."""
    step, _, typed = rest.partition(" ")[2].partition(" ")
    words, number = split(typed)
    with play.store.unit(play.phones.now) as u:
        chat = people.chat_for(u, address)
        who = people.person(u, chat.person or 0)
        plans.add(u, who, int(step), words, number)
        after_change(u, who, chat)


def _session(play: Play, address: int, rest: str) -> None:
    """`~ session group 2026-11-17 18:00 90 weeks=4 patients=0001,0002 Evening group`: as `between session add` does it."""
    kind, day, starts, minutes, *words = rest.split()[1:]
    more = dict(word.split("=") for word in words if "=" in word)
    patients = more["patients"].split(",") if "patients" in more else None
    title = " ".join(word for word in words if "=" not in word)
    with play.store.unit(play.phones.now) as u:
        sessions.add_series(u, kind, title, day, starts, int(minutes), weeks=int(more.get("weeks", 1)), attendees=patients)
    play.phones.settle()


def _call_off(play: Play, address: int, rest: str) -> None:
    """`~ call_off G1 2026-11-17`, or without a date all of it: as `between session cancel` does it."""
    code, *day = rest.split()[1:]
    with play.store.unit(play.phones.now) as u:
        if day:
            sessions.cancel_occurrence(u, code, day[0])
        else:
            sessions.cancel_series(u, code)
    play.phones.settle()


def _program(play: Play, address: int, rest: str) -> None:
    """`~ program 2026-10-26 10`: the patient's first day, and the weeks the program lasts."""
    first, weeks = rest.split()[1:]
    with play.store.unit(play.phones.now) as u:
        u.set(Person, people.chat_for(u, address).person or 0, program_start=date.fromisoformat(first), program_weeks=int(weeks))


def _clock(play: Play, address: int, rest: str) -> None:
    """`~ clock 2026-11-17T18:00-05:00`: the machine's clock is set, forwards or back; what is due by it then happens at once."""
    play.phones.now = instant(rest.split()[1])
    play.phones.settle()


def _away(play: Play, address: int, rest: str) -> None:
    """`~ away`: Telegram can't be reached, so nothing that is posted leaves."""
    play.phones.away = True


def _back(play: Play, address: int, rest: str) -> None:
    """`~ back`: it can be reached again."""
    play.phones.away = False
    play.phones.settle()


def _invite(play: Play, address: int, rest: str) -> None:
    """`~ invite 0003 Kim`: an invitation from the command line, for someone new or for a code that is there."""
    code, _, name = rest.partition(" ")[2].partition(" ")
    with play.store.unit(play.phones.now) as u:
        who = people.person_by_code(u, code) or people.person(u, people.add_person(u, "patient", name, ZONE, code=code))
        play.invite = invites.add(u, who)


def _join(play: Play, address: int, rest: str) -> None:
    """`~second join Ana Ruiz`: a colleague whose welcome is over, and who agreed to be paged. `~third join admin Mai Lund`."""
    words = rest.partition(" ")[2]
    with play.store.unit(play.phones.now) as u:
        add_staff(u, address, words.removeprefix("admin "), duty="admin" if words.startswith("admin ") else "clinician")
    play.phones.phone(address)


def _rota(play: Play, address: int, rest: str) -> None:
    """`~ rota primary fri 17:00 2026-11-13 S001 S002`: weekly turns from that date on, as `between rota set` makes them."""
    position, day, wall, first, *codes = rest.split()[1:]
    with play.store.unit(play.phones.now) as u:
        rota.set_turns(u, position, codes, f"{day} {wall}", first)
    play.phones.settle()


def _leave(play: Play, address: int, rest: str) -> None:
    """`~ leave S002 2026-11-17 2026-11-18`: as `between rota leave` does it."""
    with play.store.unit(play.phones.now) as u:
        rota.add_leave(u, *rest.split()[1:])
    play.phones.settle()


def _cover(play: Play, address: int, rest: str) -> None:
    """`~ cover mon-fri 08:00-20:00`: the clinic's hours, as `between setup --cover` sets them; `~ cover none`: there is nobody, ever."""
    with play.store.unit(play.phones.now) as u:
        known = clinic.clinic(u)
        assert known is not None
        hours = {} if rest.endswith(" none") else read_cover(rest.partition(" ")[2])
        clinic.set_up(u, known.name, known.line, known.zone, known.country, hours)


def _chores(play: Play, address: int, rest: str) -> None:
    """`~ chores`: what `between run` plans when it starts."""
    with play.store.unit(play.phones.now) as u:
        chores.plan(u)


def _long(play: Play, address: int, rest: str) -> None:
    """`~ long 4096`: the patient types harmless words of exactly so many characters."""
    wanted = int(rest.split()[1])
    play.typed[address] = play.phones.type(address, ("a long day at work " * wanted)[: wanted - 1] + ".")


def _keep(play: Play, address: int, rest: str) -> None:
    """`~ keep [Label]`: remember this button, to be pressed when it is long out of date."""
    label = re.search(r"\[(.+)\]", rest)
    assert label
    message, data = play.phones.phone(address).find(label[1])
    play.kept = message.id, data


def _press(play: Play, address: int, rest: str) -> None:
    """`~ press`, `~other press`: the remembered button, perhaps by somebody else's hand."""
    play.phones.tap_data(address, *play.kept)


OUTSIDE = {
    "join": _join,
    "rota": _rota,
    "leave": _leave,
    "cover": _cover,
    "chores": _chores,
    "keep": _keep,
    "press": _press,
    "long": _long,
    "invite": _invite,
    "session": _session,
    "call_off": _call_off,
    "clock": _clock,
    "away": _away,
    "back": _back,
    "program": _program,
    "plan": _plan,
    "profile": _profile,
    "consent": _consent,
    "photo": _photo,
    "voice": _voice,
    "sticker": _sticker,
    "block": _block,
    "unblock": _unblock,
    "again": _again,
    "poison": _poison,
    "edit": _edit,
    "late": _late,
}
