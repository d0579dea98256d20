"""Who may do what, cell by cell: every command, tap and act there is, for every kind of person, on their own and on others'.

Whoever adds one adds its line here; one without a line fails. Where a cell is closed, nothing changes and the answer is polite.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bench.fuzz.world import PEOPLE, World, person_at
from bot import worker
from bot.event import Event
from bot.flow import commands as do
from bot.registry import ACTS, COMMANDS, TAPPED_BY, TAPS
from bot.sitting import Sitting
from storage import contacts, drills, escalations, journal, notes, people, plans, sessions, talks
from storage.store import Unit

ROLES = ("patient", "new", "admin", "clinician", "discharged", "declined", "revoked", "stranger")
P, N, A, C = "patient", "new", "admin", "clinician"
PATIENT, STAFF, INSIDE = {P}, {A, C}, {P, N, A, C}
OPENS_NOTHING = {"talk", "prompt", "due"}
"""Tables that hold only what is being said; a refusal may put a new screen, such as the welcome, but nothing else."""
POLITE = ("bot.", "staff.denied", "welcome.", "crisis.", "staff.help", "help.", "menu", "strip", "leave")

MAY_COMMAND: dict[str, set[str]] = {
    **dict.fromkeys(("patient:sessions", "patient:skills", "patient:settings", "patient:pause", "patient:checkin",
    "patient:journal", "patient:plan", "patient:contacts"), PATIENT),
    "patient:mydata": {P, "declined"},
    "patient:sos": {P, N},
    **dict.fromkeys(("staff:patients", "staff:oncall", "staff:inbox", "staff:session", "staff:help", "staff:email"), STAFF),
    "staff:invite": {A},
    "any:help": {*INSIDE},
    "any:start": {*INSIDE, "declined"},
}  # fmt: skip
MAY_TAP: dict[str, dict[str, set[str]]] = {
    "plan": {"look": {P, N}, "write": {P, N}, "not_now": {P, N}},
    "crisis": {"plan": {P, N}, "ask:1": {P, N}, "ground": {P, N}, "call_me": {P, N}, "cant_call": {P, N}, "sos": {P, N}},
    "home": {"look": INSIDE},
    "stop": {"this": {P, N}},
    "resume": {"no": INSIDE},
    "journal_offer": {"keep": {P, N}, "no": {P, N}},
    "check_in": {"start": {P, N}, "not_today": {P, N}},
    "note": {"open": {P, N}},
    "session": {"coming": {P, N}, "cant": {P, N}},
    "session_pick": {"1": {P, N}},
    "follow_up": {"well": {P, N}, "unwell": {P, N}},
    "care": {"stop": {P, N}},
    "sign": {"mine": {A}},
    "page": {"ack": STAFF, "close": STAFF, "hand": STAFF, "hand:CLINICIAN": STAFF, "close:false_alarm": STAFF, "confirm": STAFF,
             "disagree": STAFF, "contacts": STAFF},
    "outage": {"ack": STAFF},
    "drill": {"here": STAFF},
    "on_call": {"take:primary": STAFF, "release:primary": STAFF, "hand:primary": STAFF, "back": STAFF, "stretch:": STAFF},
    "inbox": {"seen:NOTE": STAFF, "why:NOTE:over": STAFF},
    "roster": {"page:0": STAFF, "one:OTHER": STAFF, "suggest:OTHER": STAFF, "read:OTHER": STAFF, "staff:": {A},
               "who:CLINICIAN": {A}, "link:OTHER": {A}, "end:OTHER": {A}, "end!:OTHER": {A},
               "out:CLINICIAN": {A}, "out!:REVOKED": {A}, "nothing:1": set()},
}  # fmt: skip
STAFF_ACTS: dict[type[do.Command], tuple[do.Command, set[str]]] = {
    do.Invite: (do.Invite("patient", "Kim"), {A}),
    do.AddSession: (do.AddSession("group", "Evening group", "2026-11-20", "18:00", 60, 1, None), STAFF),
    do.CancelSession: (do.CancelSession("G1", None), STAFF),
    do.TakeStretch: (do.TakeStretch("primary", 0, "2026-11-20T18:00", "2026-11-21T08:00"), STAFF),
    do.RecordAttended: (do.RecordAttended(0, "2026-11-18", ("0001",)), STAFF),
}
OF_ANOTHER: dict[type[do.Command], str] = {
    do.ShareEntry: "entry", do.DeleteEntry: "entry", do.AnswerSession: "session", do.ChangePlanItem: "item", do.RemovePlanItem: "item",
    do.EndContact: "contact",
}  # fmt: skip
"""Acts that name a row: given another patient's, they change nothing."""
ON_ONESELF = {
    do.SaveProfile, do.GiveConsent, do.RevokeConsent, do.LeaveProgram, do.Pause, do.Resume, do.EraseJournal, do.ForgetMe, do.ShowHome,
    do.SaveCheckIn, do.SaveSkill, do.SaveGate, do.SaveJournal, do.ShowHelp, do.NoteStaff, do.KeepConcern, do.NoteBarrier, do.ShowPeople,
    do.SavePlanItem, do.ReviewPlan, do.ErasePlan, do.AddContact,
}  # fmt: skip
"""Acts that name nobody: they are about whoever sits there, so there is nothing of another's to reach."""


@pytest.fixture(scope="module")
def one_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("world"))
    yield made
    made.store.close()


@pytest.fixture
def world(one_world: World) -> World:
    one_world.begin_again()
    return one_world


def _someone(u: Unit, who: str) -> people.PersonCard:
    card = person_at(u, who)
    assert card is not None
    return card


def test_every_command_tap_and_act_is_in_the_matrix() -> None:
    assert worker.acts
    assert set(COMMANDS) == set(MAY_COMMAND)
    assert set(TAPS) == set(TAPPED_BY) == set(MAY_TAP)
    assert set(ACTS) == set(STAFF_ACTS) | set(OF_ANOTHER) | ON_ONESELF


@pytest.mark.parametrize("role", ROLES)
def test_commands(world: World, role: str) -> None:
    for key in MAY_COMMAND:
        kind, _, name = key.partition(":")
        mine = [each for each, who in MAY_COMMAND.items() if each.partition(":")[2] == name and role in who]
        before = world.digest()
        seen = world.take([world.numbered(world.text(PEOPLE[role], f"/{name}"))])
        said = [content for _, _, content in seen.sent]
        assert set(seen.states) == {"done"}, (role, key)
        if not mine:
            assert _moved(before, world.digest()) <= (OPENS_NOTHING if role == "new" else set()), (role, key)
            assert all(each.startswith(POLITE) or not each for each in said), (role, key, said)
        else:
            assert said, (role, key)
            assert not any(each.startswith(("staff.denied", "bot.unknown_command")) for each in said), (role, key, said)
        assert kind in ("patient", "staff", "any")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("key", MAY_TAP)
def test_taps_on_a_keyboard_that_lies_in_ones_own_chat(world: World, role: str, key: str) -> None:
    """As if it had been shown to them once, whoever they were then."""
    for option, may in MAY_TAP[key].items():
        with world.store.unit(world.now) as u:
            nonce, named = _shown(u, role, key, option)
        before = world.digest()
        seen = world.take([world.numbered(world.tap(PEOPLE[role], f"{nonce}.0"))])
        moved = _moved(before, world.digest())
        said = [content for _, _, content in seen.sent]
        assert set(seen.states) == {"done"}, (role, key, named, said)
        refused = [each for each in said if each.startswith(("bot.stale", "staff.denied", "bot.not_invited", "welcome.off", "crisis.dis"))]
        if role in may:
            assert not refused, (role, key, named, said)
        else:
            assert moved <= {"prompt"}, (role, key, named, moved)
            assert len(refused) == 1 or not said or role not in INSIDE, (role, key, named, said)


@pytest.mark.parametrize("key", MAY_TAP)
def test_nobody_taps_a_keyboard_of_another_chat(world: World, key: str) -> None:
    for owner in (P, A):
        for option in MAY_TAP[key]:
            with world.store.unit(world.now) as u:
                nonce, named = _shown(u, owner, key, option)
            before = world.digest()
            others = [role for role in (*ROLES, "other") if role != owner]
            seen = world.take([world.numbered(world.tap(PEOPLE[role], f"{nonce}.0")) for role in others])
            assert _moved(before, world.digest()) == set(), (owner, key, named)
            assert set(seen.states) == {"done"}


@pytest.mark.parametrize("role", INSIDE | {"revoked", "discharged", "declined"})
@pytest.mark.parametrize("kind", STAFF_ACTS, ids=lambda kind: kind.__name__)
def test_acts_of_staff(world: World, role: str, kind: type[do.Command]) -> None:
    command, may = STAFF_ACTS[kind]
    with world.store.unit(world.now) as u:
        series = sessions.add_series(u, "group", "Morning group", "2026-11-18", "09:00", 60, weeks=2)
    if isinstance(command, do.RecordAttended):
        command = replace(command, series=series.id)
    if isinstance(command, do.TakeStretch):
        with world.store.unit(world.now) as u:
            command = replace(command, person=_someone(u, "clinician").id)
    before = world.digest()
    with world.store.unit(world.now) as u:
        chat = people.chat_for(u, PEOPLE[role])
        s = Sitting(u, chat, _someone(u, role), 1, Event("button", PEOPLE[role]), world.now)
        try:
            result: Any = ACTS[kind](s, command)
        except PermissionError:
            result = "denied"
    denied = result == "denied" or (isinstance(result, dict) and result["result"] == "denied")
    assert denied is (role not in may)
    assert bool(_moved(before, world.digest())) is (role in may)


@pytest.mark.parametrize("kind", OF_ANOTHER, ids=lambda kind: kind.__name__)
def test_acts_on_what_is_another_patients(world: World, kind: type[do.Command]) -> None:
    with world.store.unit(world.now) as u:
        owner = _someone(u, "patient")
        entry = journal.write(u, owner, "it rained", source="journal", message_id=1)
        series = sessions.add_series(u, "individual", "A talk", "2026-11-18", "09:00", 60, attendees=[owner.code])
        item = plans.add(u, owner, 2, "walk the dog")
        contacts.add(u, owner, "Joe", "both")
        contact = contacts.mine(u, owner)[0].id
    command: do.Command = {
        do.ShareEntry: do.ShareEntry(entry, True),
        do.DeleteEntry: do.DeleteEntry(entry),
        do.AnswerSession: do.AnswerSession(series.id, "2026-11-18", "cant"),
        do.ChangePlanItem: do.ChangePlanItem(item, words="walk by the river"),
        do.RemovePlanItem: do.RemovePlanItem(item),
        do.EndContact: do.EndContact(contact),
    }[kind]
    for role, changes in (("other", False), ("patient", True)):
        before = world.digest()
        with world.store.unit(world.now) as u:
            chat = people.chat_for(u, PEOPLE[role])
            ACTS[kind](Sitting(u, chat, _someone(u, role), 1, Event("button", PEOPLE[role]), world.now), command)
        assert bool(_moved(before, world.digest())) is changes, role


def _moved(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in after if after[name] != before[name]}


def _shown(u: Unit, role: str, key: str, option: str) -> tuple[str, str]:
    """A live keyboard of this tap in the chat of `role`, with what it needs to be about; its nonce, and the option as it is."""
    chat, patient = people.chat_for(u, PEOPLE[role]), _someone(u, "patient")
    subject, args = _about(u, key, patient)
    named = {"OTHER": _someone(u, "other").id, "CLINICIAN": _someone(u, "clinician").id, "REVOKED": _someone(u, "revoked").id}
    if "NOTE" in option:
        named["NOTE"] = notes.add(u, patient.id, "concern", "text")
    for word, id in named.items():
        option = option.replace(word, str(id))
    _, nonce = talks.add_prompt(u, chat.id, "act", key, [option], subject=subject, args=args)
    return nonce, option


def _about(u: Unit, key: str, patient: people.PersonCard) -> tuple[int | None, dict[str, Any]]:
    if key == "page":
        row = escalations.open_for(u, patient.id)
        return (row.id if row is not None else _opened(u, patient)), {}
    if key == "drill":
        return drills.begin(u, None, u.now + timedelta(minutes=15)).id, {}
    if key in ("session", "session_pick"):
        row_id = sessions.add_series(u, "group", "Evening group", "2026-11-18", "18:00", 60).id
        return row_id, {"day": "2026-11-18", "of": [{"series": row_id, "day": "2026-11-18"}]}
    if key == "sign":
        return _closed(u, patient), {}
    if key == "follow_up":
        return patient.id, {"about": "suicide", "asked": 1}
    if key == "check_in":
        return patient.id, {"part": "evening", "slot": "evening", "day": "2026-11-16"}
    return None, {}


def _closed(u: Unit, patient: people.PersonCard) -> int:
    """An alert that the admin has closed."""
    from safety import pager

    row = pager.answer(u, _opened(u, patient), _someone(u, "admin"), "close:safe")
    assert row is not None
    return row.row.id


def _opened(u: Unit, patient: people.PersonCard) -> int:
    from safety import pager

    chat = people.chat_of(u, patient.id)
    assert chat is not None
    return pager.raise_danger(u, patient, chat, "high", "suicide", "sos", None).row.id
