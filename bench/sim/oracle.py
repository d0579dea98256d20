"""The oracle: knows what people typed and tapped, and what reached their phones. From that alone it says what went wrong.

Deadlines are counted in healthy seconds: those in which the bot was running and Telegram could be reached.
"""

from __future__ import annotations

import traceback
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bench.sim import words
from bench.sim.case import Case, Cause, Violation
from bench.sim.telegram import Request, doubtful, said

CARD_WITHIN = 240.0
"""Healthy seconds until the crisis card is there: several refusals in a row fit in, a lost one does not."""
SILENCE = 15 * 60 + 300.0
"""Healthy seconds the ladder may be silent while nobody has taken an alert (its longest step, and some refusals)."""
CALM = timedelta(hours=48)
"""How long after danger, and after an alert is closed, nothing cheerful is said."""
ASKED_FOR = 120.0
"""Healthy seconds after a tap in which what is shown was asked for."""
TAKEN_SILENCE = 30 * 60 + 300.0
"""The same for an alert that was taken, without word that the patient was reached."""


@dataclass
class Keyboard:
    accepted: int = 0
    doubts: int = 0


class Oracle:
    """Fed by the simulated Telegram. `healthy` says how many healthy seconds there have been so far."""

    def __init__(self, healthy: Callable[[], float], now: Callable[[], datetime], bot_now: Callable[[], datetime]) -> None:
        self.healthy, self.now, self.bot_now = healthy, now, bot_now
        self.cases: dict[int, Case] = {}
        self.codes: dict[str, int] = {}
        self.staff: set[int] = set()
        self.gone_staff: set[int] = set()
        self.admin_seen: dict[str, int] = {}
        self.refs: dict[str, int] = {}
        self.mailboxes: dict[str, int] = {}  # whose address it is
        self.violations: list[Violation] = []
        self.seen: Counter[str] = Counter()
        self.prompts: dict[tuple[int, str], list[tuple[datetime, str]]] = defaultdict(list)
        self.log: dict[int, list[tuple[datetime, str]]] = defaultdict(list)
        self._keyboards: dict[str, Keyboard] = defaultdict(Keyboard)

    def add_patient(self, address: int, code: str) -> None:
        self.cases[address] = Case(address, code)
        self.codes[code] = address

    # ---- what people did --------------------------------------------------------------------------------------------------------

    def handed(self, update: dict[str, Any]) -> None:
        """Telegram has given an update away for the first time; from here on the bot answers for it."""
        text, address = said(update)
        if address is None or text is None:
            return
        self._note(address, f"< {text}")
        if address in self.cases and "callback_query" in update:
            self.cases[address].tapped = self.healthy()
            if "bot.note" in words.read(update["callback_query"]["message"].get("text", "")):
                self.cases[address].opened = self.healthy()
        if text == "/start" and address in self.cases:
            self.cases[address].outside &= self.cases[address].for_good
        case = self.cases.get(address)
        if not any(danger in text for danger in words.DANGERS) and text != "/sos":
            return
        self.seen["dangers"] += 1
        if case is None:
            return
        case.causes.append(Cause(self.healthy()))
        case.dangers += 1
        if case.unsure or (case.outside and not case.state):
            return
        if case.state != "OPEN":
            case.sign = self.healthy()
        case.state, case.rested = "OPEN", False
        case.calm_until = self.bot_now() + CALM

    def rested(self) -> None:
        """The bot has taken all that was handed over and sent all that could be sent."""
        for case in self.cases.values():
            case.rested = True
            for cause in case.causes:
                cause.rested = True

    # ---- what the bot did -------------------------------------------------------------------------------------------------------

    def watch(self, request: Request) -> None:
        """Something was sent. It is watched from within the bot's own request, which must not end by a fault of ours."""
        try:
            self._watch(request)
        except Exception as fault:
            self.broke(fault)

    def _watch(self, request: Request) -> None:
        self.seen["requests"] += 1
        self._repeats(request)
        if not request.taken:
            self._note(request.address, f"! {request.how} {request.fault}: {request.text[:60]}")
            if request.fault == "403" and request.address in self.cases:
                self._refused(self.cases[request.address], words.read(request.text))
            return
        self._note(request.address, f"> {request.how}: {request.text[:70]}")
        if request.how == "strip":
            return
        self.seen["messages"] += request.how == "send"
        items = words.read(request.text)
        self._canaries(request)
        if request.address in self.cases:
            self._to_patient(self.cases[request.address], request, items)
        else:
            self._to_staff(request, items)

    def _refused(self, case: Case, items: dict[str, dict[str, str]]) -> None:
        """Who blocked the bot can't be shown a card, nor be told, but what was to be told is so."""
        if any(card in items for card in words.CARDS):
            case.causes.clear()
        self._told(case, items)

    def _repeats(self, request: Request) -> None:
        if request.how != "send" or not request.mark:
            return
        known, marked = self._keyboards[request.mark], words.REPEAT.match(request.text) is not None
        if request.taken:
            if known.accepted and not marked:
                self.wrong("repeat_unmarked" if known.doubts else "repeat_without_doubt", request.address, request.text)
            if marked and not known.doubts:
                self.wrong("marked_without_doubt", request.address, request.text)
            self.seen["repeats"] += known.accepted > 0
            known.accepted += 1
        known.doubts += doubtful(request.fault)

    def died_sending(self, mark: str) -> None:
        """The process died with this message on its way."""
        self._keyboards[mark].doubts += 1

    def _canaries(self, request: Request) -> None:
        for code in set(words.CANARY.findall(request.text)):
            if request.address != self.codes.get(code) and request.address not in self.staff:
                self.wrong("canary", request.address, f"of {code}: {request.text}")

    def _to_patient(self, case: Case, request: Request, items: dict[str, dict[str, str]]) -> None:
        is_card = any(card in items for card in words.CARDS)
        if is_card:
            self.seen["cards"] += 1
            if case.causes:
                case.causes.pop(0)
            elif not case.state and not case.outside and not case.unsure:  # a button of a check-in, or two texts read as one
                case.state, case.sign = "OPEN", self.healthy()
        elif request.how == "send" and not words.REPEAT.match(request.text) and any(cause.rested for cause in case.causes):
            # what was in doubt when the danger came is tried again in its turn
            self.wrong("card_not_first", case.address, request.text)
        if any(page in items for page in (*words.PAGES, "page.details")):
            self.wrong("page_to_patient", case.address, request.text)
        cheerful = next((id for id in words.CHEERFUL if id in items), None)
        if cheerful is not None and request.how == "send":
            self.seen["prompts"] += 1
            self.prompts[(case.address, cheerful)].append((self.bot_now(), items[cheerful].get("title", "")))
            if case.outside:
                self.wrong("prompt_after_leaving", case.address, request.text)
        if request.how == "send" and any(id in items for id in words.UNTIMELY):
            self._untimely(case, request)
        self._told(case, items)

    def _untimely(self, case: Case, request: Request) -> None:
        """A check-in or a caring note: not while anything is open, but behind a note they open then; and not in the two days after."""
        calm = case.calm_until is not None and self.bot_now() < case.calm_until
        if case.state and case.rested and self.healthy() - case.opened > ASKED_FOR:
            self.wrong("cheerful_in_crisis", case.address, f"{case.state}: {request.text}")
        elif not case.state and calm and self.healthy() - case.tapped > ASKED_FOR:
            self.wrong("cheerful_too_soon", case.address, request.text)

    def _told(self, case: Case, items: dict[str, dict[str, str]]) -> None:
        if case.state and ("crisis.exhausted" in items or "crisis.unreached" in items or "crisis.no_cover" in items):
            case.sign = self.healthy()
            case.unanswered += "crisis.exhausted" in items
            self.seen["exhausted"] += 1
        if case.state and any(id in items for id in words.PAGING):
            case.state, case.sign = "OPEN", self.healthy()
        if case.state in ("OPEN", "ACKED") and "crisis.acked" in items:
            case.state, case.sign = "ACKED", self.healthy()
        if case.state and "crisis.contacted" in items:
            case.state = "CONTACTED"
        if any(id in items for id in words.CLOSED):
            case.state = ""
            case.calm_until = self.bot_now() + CALM
        if any(id in items for id in (*words.NOTHING_ON, "my_data.forgotten", "staff.goodbye")):
            case.outside, case.unsure = True, False
            case.for_good = not any(id in items for id in words.NOTHING_ON)
        if "crisis.discharged" in items:
            if not case.discharging:
                self.wrong("told_of_a_discharge", case.address, "nobody discharged them")
            case.state, case.outside, case.for_good = "", True, True
        if "bot.journal_kept" in items:
            case.kept += 1

    def _to_staff(self, request: Request, items: dict[str, dict[str, str]]) -> None:
        page = next((id for id in words.PAGES if id in items), None)
        about = page or next((id for id in words.ABOUT if id in items), None)
        if about is not None and (request.address not in self.staff):
            self.wrong("page_not_entitled", request.address, request.text)
        if page is not None:
            self.seen["pages"] += 1
            self.refs[items[page]["ref"]] = self.codes[items[page]["code"]]
            case = self.cases[self.codes[items[page]["code"]]]
            if case.state:
                case.sign = self.healthy()
            return
        if about is None:
            if "staff.members.revoked" in items:
                self.left_staff(items["staff.members.revoked"]["code"])
            return
        found = self.cases.get(self.refs.get(items[about]["ref"], 0))
        if found is None:
            return
        if about == "page.details" and found.state == "OPEN" and found.rested:
            found.state, found.sign = "ACKED", self.healthy()
        elif about == "page.outcome_question" and found.state == "ACKED":
            found.sign = self.healthy()
        elif about == "page.thanks" and found.rested:
            found.state = ""

    def left_staff(self, code: str) -> None:
        address = self.admin_seen.get(code)
        if address is not None:
            self.staff.discard(address)
            self.gone_staff.add(address)

    # ---- time -------------------------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Is anything late?"""
        healthy = self.healthy()
        for case in self.cases.values():
            if case.causes and healthy - case.causes[0].healthy > CARD_WITHIN:
                self.wrong("card_missing", case.address, f"{healthy - case.causes[0].healthy:.0f} s")
                case.causes.pop(0)
            allowed = SILENCE if case.state == "OPEN" else TAKEN_SILENCE
            if case.state in ("OPEN", "ACKED") and healthy - case.sign > allowed:
                self.wrong("ladder_silent", case.address, f"{case.state} for {healthy - case.sign:.0f} s")
                case.sign = healthy

    @property
    def anything_open(self) -> bool:
        return any(case.state in ("OPEN", "ACKED") or case.causes for case in self.cases.values())

    def _note(self, address: int, what: str) -> None:
        self.log[address].append((self.now(), what))

    def wrong(self, kind: str, address: int, detail: str) -> None:
        self.violations.append(Violation(kind, self.now(), address, " ".join(detail.split())[:160]))
        self._note(address, f"*** {kind}")

    def broke(self, fault: Exception) -> None:
        """An exception, of the history or of ours: no more is known, and that is no good end."""
        for line in traceback.format_exception(fault):
            self._note(0, line)
        self.wrong("history_broke", 0, f"{type(fault).__name__}: {fault}")

    def story(self, violation: Violation, lines: int = 14) -> list[str]:
        """The last things the failing person said and saw up to then."""
        until = [(at, what) for at, what in self.log[violation.address] if at <= violation.at]
        return [f"{at:%m-%d %H:%M:%S} {' '.join(what.split())}" for at, what in until[-lines:]]
