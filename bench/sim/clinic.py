"""The clinic of a history: who is in it, its sessions, and what the office does now and then. Everybody is made up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING

from bench.sim.people import ZONES, Patient
from bench.sim.staff import HABITS, Staff
from bot.acts.check_in import plan_check_ins
from storage import clinic, escalations, invites, meta, people, reminders, sessions
from storage.migrate import migrate
from storage.session_input import NoSuchSeries
from storage.store import Store, Unit

if TYPE_CHECKING:
    from bench.sim.history import History

ZONE = "America/New_York"
FIRST_PATIENT, FIRST_STAFF = 5001, 9001
STAFF = 4


@dataclass(frozen=True)
class Series:
    """A weekly session as the office knows it."""

    code: str
    title: str
    first: date
    starts: str
    weeks: int
    patients: tuple[int, ...]
    row: int
    zone: str = ZONE


def make(history: History, store: Store) -> None:
    """The clinic, its people with their welcome over, and its sessions, as rows."""
    migrate(store.engine)
    with store.unit(history.now) as u:
        meta.put(u, meta.KEY_CHECK, u.keys.master.mark)
        clinic.set_up(u, "Harbor Program", "555-0100", ZONE, "US", clinic.ALWAYS)
        for number in range(STAFF):
            _add_staff(history, u, number)
        for number in range(history.plan.patients):
            _add_patient(history, u, number)
        _add_sessions(history, u)


def _add_staff(history: History, u: Unit, number: int) -> None:
    address, name = FIRST_STAFF + number, f"Staff{number} Member"
    id = people.add_person(u, "staff", name, ZONE, duty="admin" if number == 0 else "clinician")
    who = people.save_profile(u, people.person(u, id), {"email": f"staff{number}@clinic.sim"})
    invites.redeem(u, invites.add(u, who), people.chat_for(u, address).id)
    people.give_consent(u, id, "paged", 1)
    history.oracle.mailboxes[who.email] = address
    if number < len(escalations.POSITIONS):
        escalations.set_on_call(u, escalations.POSITIONS[number], people.person(u, id))
    habit = HABITS["slow" if number == 0 else history.chance.choice(tuple(HABITS))]
    history.staff[address] = Staff(address, who.code, name, habit, Random(history.chance.random()), history.telegram, history.later)
    history.oracle.staff.add(address)
    history.oracle.admin_seen[who.code] = address


def _add_patient(history: History, u: Unit, number: int) -> None:
    address, code = FIRST_PATIENT + number, f"{number + 1:04d}"
    zone = ZONE if history.chance.random() < 0.7 else history.chance.choice(ZONES)
    id = people.add_person(u, "patient", f"Ria Q{code}q", zone, code=code)
    invites.redeem(u, invites.add(u, people.person(u, id)), people.chat_for(u, address).id)
    profile = {
        "call_name": f"Ria Q{code}q", "phone": f"555 Q{code}q", "morning_at": history.chance.choice(("07:30", "08:30", None)),
        "evening_at": history.chance.choice(("19:00", "20:00")), "medicines": ["a tablet"] if history.chance.random() < 0.3 else [],
        "discreet": history.chance.random() < 0.1,
    }  # fmt: skip
    who = people.save_profile(u, people.person(u, id), profile)
    for scope in ("program", "weekly", "crisis_words", "outreach", "caring"):
        if scope == "program" or history.chance.random() < 0.6:
            people.give_consent(u, id, scope, 1)
    chat = people.chat_for(u, address)
    plan_check_ins(u, who, chat)
    reminders.plan_sessions(u, who, chat)
    history.patients[address] = Patient(
        address,
        code,
        history.chance.choice(history.plan.ways),
        Random(history.chance.random()),
        history.telegram,
        history.later,
        lambda: _button(history),
    )
    history.oracle.add_patient(address, code)


def _button(history: History) -> tuple[int, str] | None:
    """Anybody's button, for a hand it was not made for."""
    phone = history.telegram.phones.get(history.chance.choice(list(history.patients)))
    found = [(shown.id, data) for shown in phone.stock for _, data in shown.buttons] if phone is not None else []
    return history.chance.choice(found) if found else None


def _add_sessions(history: History, u: Unit) -> None:
    """Some groups for everybody and one individual session each for some, on days and times the seed draws."""
    today = history.start.date()
    for name in ("Group A", "Group B", "Workshop C"):
        day = today + timedelta(days=history.chance.randrange(0, 7))
        starts = history.chance.choice(("09:00", "13:30", "18:00"))
        kind = "workshop" if name.startswith("W") else "group"
        row = sessions.add_series(u, kind, name, day, starts, 90, weeks=history.plan.weeks + 1)
        history.series.append(Series(row.code, name, day, starts, history.plan.weeks + 1, tuple(history.patients), row.id))
    for address, patient in history.patients.items():
        if history.chance.random() < 0.4:
            day = today + timedelta(days=history.chance.randrange(0, 7))
            starts = history.chance.choice(("08:00", "10:00", "16:15"))
            row = sessions.add_series(
                u, "individual", f"Hour {patient.code}", day, starts, 50, weeks=history.plan.weeks, attendees=[patient.code]
            )
            history.series.append(Series(row.code, f"Hour {patient.code}", day, starts, history.plan.weeks, (address,), row.id))


def hand_over(history: History) -> None:
    """Someone on call hands their position to a colleague."""
    here = [member for member in history.staff.values() if not member.gone]
    who, whom = history.chance.choice(here), history.chance.choice(here)
    position = history.chance.choice(("first", "backup", "supervisor"))
    if who is whom:
        who.goes("/oncall", f"Take {position}")
    else:
        who.goes("/oncall", f"Hand over {position}", whom.name)


def dismiss(history: History) -> None:
    """A colleague leaves the clinic: the administrator ends their access and fills their positions."""
    admin, *others = history.staff.values()
    leaving = [member for member in others if not member.gone]
    if len(leaving) < 2:
        return
    who = history.chance.choice(leaving)
    who.gone = True
    admin.goes("/patients", "Staff", f"{who.code} {who.name}", "End access", "Yes, end it")
    history.later(timedelta(minutes=10), lambda: admin.goes("/oncall", "Take first"))


def discharge(history: History) -> None:
    """A patient's program is over. The bot refuses while an alert is open."""
    patient = history.chance.choice(list(history.patients.values()))
    patient.leaving = True
    history.oracle.cases[patient.address].discharging = True
    history.later(timedelta(hours=1), lambda: setattr(patient, "leaving", False))
    next(iter(history.staff.values())).goes("/patients", patient.code, "Discharge", "Yes, discharge")


def call_off(history: History) -> None:
    """One session does not take place: the office says so at its own command line, in another process."""
    each = history.chance.choice(history.series)
    days = [each.first + timedelta(days=7 * n) for n in range(each.weeks)]
    day = history.chance.choice(days)
    if history.process is None:
        return
    try:
        with history.aside() as u:
            sessions.cancel_occurrence(u, each.code, day)
    except NoSuchSeries:  # it was for one patient alone, who is gone
        return
    history.called_off.add((each.code, day))
