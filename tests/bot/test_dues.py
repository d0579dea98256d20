"""Things that happen at a time: each once or recorded as dropped with a reason, whatever clocks, zones and patients do.

    what happens                              what becomes of a reminder or a daily prompt
    the clocks change                         once on each local date, at its wall time; the first of two; after a gap that swallows it
    quiet hours                               at their end, before they begin, or dropped as "quiet"; never inside them
    the patient travels                       what was said stays said; what waits moves to their new clock
    a clock that jumps ahead                  what is still worth saying is said, the rest is dropped as "late" or "merged"
    a clock that is set back                  nothing is said again
    a talk goes on                            ten minutes after it was left, or dropped as "busy"
    a pause, an open escalation               dropped as "paused", "escalation"
    the patient leaves, or the chat is another's   dropped as "left"
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot import sending
from bot.acts import session_prompts
from bot.phones import Phones
from bot.prompting import may_prompt
from bot.registry import due as due_kind
from bot.registry import recurring
from bot.sending import Result, Wait
from bot.sitting import Sitting
from bot.worker import take_group
from storage import due, invites, outbox, people, reminders, series, sessions
from storage.due import DueRow
from storage.engine import open_engine
from storage.outbox import Claimed
from storage.people import PersonCard
from storage.seal import Keyring, MasterKey
from storage.series import Occurrence
from storage.store import Store, Unit, table
from storage.tables import Due, Note, Outbox
from storage.wall import instant, local, span_end
from tests.clinics import PATIENT, ZONE, open_clinic
from tests.storage.test_wall import changes

DAILY = "daily_of_the_tests"
WINDOW = timedelta(hours=3)
REASONS = {"late", "merged", "quiet", "busy", "paused", "cancelled", "not_coming", "left", "escalation"}
asked: list[str] = []


@due_kind(DAILY)
def _daily(s: Sitting, row: DueRow) -> None:
    """A prompt like a check-in's: at a wall time of the patient's, on each local date, worth saying for three hours."""
    if may_prompt(s, row):
        asked.append(row.args["day"])
        s.say("bot.later")


@recurring(DAILY)
def _follow(u: Unit, row: DueRow) -> None:
    who = people.person(u, row.subject)
    plan_daily(u, who, date.fromisoformat(row.args["day"]) + timedelta(days=1), row.args["wall"])


def plan_daily(u: Unit, who: PersonCard, day: date, wall: str) -> None:
    at, chat = instant(day, wall, who.zone), people.chat_of(u, who.id)
    assert chat is not None
    due.plan(u, DAILY, who.id, f"{DAILY}:{who.id}:{day}", at, chat=chat.id, send_by=at + WINDOW, day=day.isoformat(), wall=wall)


class Watched(Phones):
    """Phones that note when each new message was shown to whom."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.shown: list[tuple[datetime, int, str]] = []

    def _show(self, row: Claimed) -> Result:
        if row.kind == "send":
            self.shown.append((self.now, row.address, row.payload["text"]))
        return super()._show(row)


class World:
    """A clinic with its phones and a clock that goes where it is put."""

    def __init__(self, now: datetime) -> None:
        asked.clear()
        self.store = Store(open_engine("sqlite://"), Keyring(MasterKey(b"dues-test-key-of-32-bytes-lengt!")))
        self.phones = Watched(lambda: self.store, now)
        open_clinic(self.store, now, self.phones)
        self.titles = 0

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        with self.store.unit(self.phones.now) as u:
            yield u

    def patient(self, u: Unit) -> PersonCard:
        who = people.person_by_code(u, "0001")
        assert who is not None
        return who

    def profile(self, **values: Any) -> None:
        """As the settings do it: change, then plan anew."""
        with self.unit() as u:
            who, chat = people.save_profile(u, self.patient(u), values), people.chat_for(u, PATIENT)
            reminders.plan_sessions(u, who, chat)
            for row in due.planned(u, DAILY, who.id):
                due.forget_plan(u, DAILY, who.id)
                plan_daily(u, who, date.fromisoformat(row.args["day"]), row.args["wall"])
        self.phones.settle()

    def session(self, day: date, starts: str, zone: str = ZONE, weeks: int = 1) -> str:
        """A session with a title of its own, by which its reminders are told apart."""
        self.titles += 1
        title = f"Meeting {self.titles}."
        with self.unit() as u:
            sessions.add_series(u, "group", title, day, starts, 60, zone=zone, weeks=weeks, attendees=["0001"])
        self.phones.settle()
        return title

    def clock(self, to: datetime) -> None:
        self.phones.now = to
        self.phones.settle()

    def told(self, words: str) -> list[datetime]:
        return [at for at, address, text in self.phones.shown if address == PATIENT and text.startswith(words)]

    def rows(self, *kinds: str) -> list[Any]:
        with self.unit() as u:
            return u.all(select(table(Due)).where(table(Due).c.kind.in_(kinds)).order_by(table(Due).c.id))

    def reasons(self) -> list[str]:
        return [f"{row.kind}:{row.reason}" for row in self.rows(reminders.EVE, reminders.SOON) if row.state == "dropped"]


@pytest.fixture
def world() -> Iterator[World]:
    made = World(datetime(2026, 11, 16, 17, 0, tzinfo=UTC))  # Monday noon in New York
    yield made
    made.store.close()


TUESDAY = date(2026, 11, 17)


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "Africa/Cairo"])
def test_every_change_of_the_clocks_until_2031(zone: str) -> None:
    """Sessions on the five days around each change, at hours that are skipped or come twice: both reminders once, on time."""
    world = World(instant(changes(zone)[0] - timedelta(days=3), "12:00", zone))
    world.profile(zone=zone, quiet_from="03:45", quiet_to="04:00")
    for change in changes(zone):
        world.phones.now = max(world.phones.now, instant(change - timedelta(days=3), "12:00", zone))
        world.phones.settle()
        expected = {}
        for off, starts in ((-2, "18:00"), (-1, "02:30"), (0, "02:30"), (0, "00:30"), (1, "01:45"), (2, "10:00")):
            day = change + timedelta(days=off)
            expected[world.session(day, starts, zone)] = instant(day, starts, zone)
        world.phones.wait(timedelta(days=6))
        for title, begins in expected.items():
            assert world.told(f"{title} starts") == [begins - timedelta(hours=1)], (change, title)
            assert world.told(f"{title}: ") == [instant(local(begins, zone).date() - timedelta(days=1), "18:00", zone)], (change, title)
            said = next(text for _, _, text in world.phones.shown if text.startswith(f"{title} starts"))
            assert f"{local(begins, zone):%H:%M}" in said, "what is announced is what the clocks will show"
    world.store.close()


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago"])
def test_a_daily_prompt_comes_once_on_each_local_date_around_every_change(zone: str) -> None:
    """Also at an hour that is skipped or comes twice that day."""
    world = World(instant(changes(zone)[0] - timedelta(days=3), "12:00", zone))
    world.profile(zone=zone, quiet_from="12:00", quiet_to="12:15")
    for n, change in enumerate(changes(zone)):
        asked.clear()
        world.clock(instant(change - timedelta(days=3), "12:00", zone))
        wall, days = ("02:15", "00:30", "20:00")[n % 3], [change + timedelta(days=off) for off in range(-2, 3)]
        with world.unit() as u:
            plan_daily(u, world.patient(u), days[0], wall)
        world.phones.wait(instant(days[-1], wall, zone) - world.phones.now)
        assert asked == [str(day) for day in days]
        assert world.told("All right, later")[-5:] == [instant(day, wall, zone) for day in days]
        with world.unit() as u:
            due.forget_plan(u, DAILY, world.patient(u).id)
    world.store.close()


def test_a_patient_who_flies_west_and_back_on_one_day_is_asked_once(world: World) -> None:
    """20:00 has come in New York; in Los Angeles it comes again three hours later, in Auckland it is tomorrow."""
    with world.unit() as u:
        plan_daily(u, world.patient(u), date(2026, 11, 16), "20:00")
    world.phones.wait(timedelta(hours=9))
    assert asked == ["2026-11-16"]
    world.profile(zone="America/Los_Angeles")
    world.phones.wait(timedelta(hours=5))
    assert asked == ["2026-11-16"]
    world.profile(zone="America/New_York")
    world.phones.wait(timedelta(hours=20))
    assert asked == ["2026-11-16", "2026-11-17"]


def test_a_window_that_closed_while_nobody_ran_is_recorded(world: World) -> None:
    with world.unit() as u:
        plan_daily(u, world.patient(u), date(2026, 11, 16), "20:00")
    world.clock(instant(date(2026, 11, 19), "12:00", ZONE))
    world.phones.wait(timedelta(hours=9))
    assert asked == ["2026-11-19"]
    assert [(row.state, row.reason) for row in world.rows(DAILY)[:4]] == [("dropped", "late")] * 3 + [("done", None)]


def test_quiet_hours_move_a_daily_prompt_or_record_it(world: World) -> None:
    world.profile(quiet_from="19:00", quiet_to="22:00")
    with world.unit() as u:
        plan_daily(u, world.patient(u), date(2026, 11, 16), "20:00")
    world.phones.wait(timedelta(hours=12))
    assert world.told("All right, later") == [instant(date(2026, 11, 16), "22:00", ZONE)]
    world.profile(quiet_from="19:00", quiet_to="23:30")
    world.phones.wait(timedelta(hours=24))
    assert asked == ["2026-11-16"]
    assert [row.reason for row in world.rows(DAILY) if row.state == "dropped"] == ["quiet"]


def test_what_is_answered_as_not_coming_is_not_asked_again(world: World) -> None:
    title = world.session(TUESDAY, "18:00")
    with world.unit() as u:
        who = world.patient(u)
        (each,) = series.occurrences(u, who.id, u.now, u.now + timedelta(days=2))
        sessions.record_answer(u, who, each, "cant")
    world.phones.wait(timedelta(days=2))
    assert world.told(title) == []
    assert world.reasons() == ["reminder_eve:not_coming", "reminder_soon:not_coming"]


def test_sessions_are_announced_also_while_an_escalation_is_open(world: World) -> None:
    title = world.session(TUESDAY, "08:00")
    world.phones.type(PATIENT, "I am going to kill myself tonight")
    world.phones.wait(timedelta(hours=20))
    assert len(world.told(title)) == 2
    assert world.reasons() == []


def test_someone_who_left_hears_nothing_more(world: World) -> None:
    title = world.session(TUESDAY, "18:00", weeks=4)
    with world.unit() as u:
        people.set_status(u, world.patient(u).id, "discharged")
    world.phones.wait(timedelta(days=30))
    assert world.told(title) == []
    assert set(world.reasons()) == {"reminder_eve:left", "reminder_soon:left"}
    assert [row for row in world.rows(reminders.PLAN) if row.state == "ready"] == []


def test_reminders_go_to_the_chat_the_patient_has_now(world: World) -> None:
    """A new phone: the old chat is nobody's any more, and hears nothing of the sessions of who had it."""
    title, new = world.session(TUESDAY, "18:00"), 5777
    with world.unit() as u:
        who = world.patient(u)
        invites.redeem(u, invites.add(u, who), people.chat_for(u, new).id)
        reminders.plan_sessions(u, who, people.chat_for(u, new))
    world.phones.wait(timedelta(days=2))
    assert world.told(title) == []
    assert len([text for _, address, text in world.phones.shown if address == new and text.startswith(title)]) == 2


def test_a_chat_that_became_somebody_elses_is_told_nothing(world: World) -> None:
    """Even when nothing was planned anew: a reminder is for the person it was planned for."""
    title = world.session(TUESDAY, "18:00")
    with world.unit() as u:
        old, other = people.chat_for(u, PATIENT), people.person_by_code(u, "0002")
        assert other is not None
        invites.redeem(u, invites.add(u, other), old.id)
    world.phones.wait(timedelta(days=2))
    assert world.told(title) == []
    assert [row for row in world.rows(reminders.EVE) if row.state == "ready"] == []


def test_a_reminder_that_waits_to_be_sent_is_not_sent_once_the_session_is_off(world: World) -> None:
    """Between the turn that wrote it and the drain that sends it, staff call the session off."""
    title = world.session(TUESDAY, "18:00")
    world.phones.now = instant(date(2026, 11, 16), "18:00", ZONE)
    take_group(world.store, world.phones.now)
    with world.unit() as u:
        sessions.cancel_occurrence(u, "G1", TUESDAY)
    world.phones.settle()
    assert world.told(f"{title}: ") == []
    assert world.told(f"{title} does not take place") == [world.phones.now]
    with world.unit() as u:
        sent = u.all(select(table(Outbox).c.state, table(Outbox).c.reason).where(table(Outbox).c.content.like("%session.eve%")))
    assert [tuple(row) for row in sent] == [("dropped", "cancelled")]


def test_a_reminder_telegram_put_off_is_not_sent_once_the_session_is_off(world: World) -> None:
    """It was on its way when the session was called off, and came back with "wait"."""
    title = world.session(TUESDAY, "18:00")
    world.phones.now = instant(date(2026, 11, 16), "18:00", ZONE)
    take_group(world.store, world.phones.now)
    with world.unit() as u:
        (row,) = outbox.waiting(u)
        taken = sending.claim(u, row, "drain")
        assert taken is not None
        sessions.cancel_occurrence(u, "G1", TUESDAY)
        sending.record(u, taken, Wait(5))
    world.phones.wait(timedelta(minutes=1))
    assert world.told(f"{title}: ") == []
    assert len(world.told(f"{title} does not take place")) == 1
    with world.unit() as u:
        kept = u.one(select(table(Outbox).c.state, table(Outbox).c.reason).where(table(Outbox).c.id == row.id))
        assert kept is not None
        assert tuple(kept) == ("dropped", "cancelled")


def test_a_change_of_settings_after_an_outage_hides_nothing(world: World) -> None:
    """The patient's own turn comes before what is due; what it plans anew must not swallow what is over."""
    world.session(date(2026, 11, 16), "18:00")
    assert len(world.phones.shown) == 1, "added for the same day, so it is told at once"
    world.phones.now = instant(date(2026, 11, 16), "20:00", ZONE)
    world.profile(quiet_to="09:00")
    assert world.reasons() == ["reminder_soon:late"]


def test_a_reminder_is_not_sent_after_the_program_was_left(world: World) -> None:
    title = world.session(TUESDAY, "18:00")
    world.phones.now = instant(date(2026, 11, 16), "18:00", ZONE)
    take_group(world.store, world.phones.now)
    with world.unit() as u:
        people.revoke_consent(u, world.patient(u).id, "program")
    world.phones.settle()
    assert world.told(title) == []


def test_planning_that_fails_is_tried_again_the_next_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One bad night must not end all reminders; staff find a line about it."""
    title = world.session(TUESDAY, "18:00", weeks=5)
    broken = datetime(2026, 11, 19, tzinfo=UTC)

    def plan(u: Unit, *given: Any, **more: Any) -> None:
        if u.now.date() == broken.date():
            raise RuntimeError("a fault of the tests")
        real(u, *given, **more)

    real = reminders.plan_sessions
    monkeypatch.setattr(session_prompts.reminders, "plan_sessions", plan)
    world.phones.wait(timedelta(days=30))
    assert len(world.told(f"{title}: ")) == len(world.told(f"{title} starts")) == 5
    with world.unit() as u:
        assert [row.code for row in u.all(select(table(Note).c.code))] == [reminders.PLAN]


PLACES = [ZONE, "America/Los_Angeles", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Kiritimati"]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(1, 60 * 60)),
        st.tuples(st.just("jump"), st.integers(-48 * 60, 96 * 60)),
        st.tuples(st.just("fly"), st.sampled_from(PLACES)),
        st.tuples(st.just("quiet"), st.sampled_from([("21:30", "07:30"), ("08:00", "16:00"), ("12:00", "12:00"), ("16:45", "09:15")])),
        st.tuples(st.just("add"), st.tuples(st.integers(0, 4), st.sampled_from(["02:30", "07:00", "10:00", "18:00", "23:45"]))),
        st.tuples(st.just("cant"), st.none()),
        st.tuples(st.just("off"), st.none()),
        st.tuples(st.just("talk"), st.none()),
        st.tuples(st.just("pause"), st.integers(0, 3)),
    ),
    min_size=3,
    max_size=14,
)


@given(st.sampled_from([date(2026, 10, 30), date(2027, 3, 12), date(2026, 7, 1)]), STEPS)
@settings(max_examples=6)
def test_whatever_happens_each_reminder_comes_once_or_is_recorded(start: date, steps: list[tuple[str, Any]]) -> None:
    """A model of a fortnight: people wait, clocks jump, patients fly, sleep by day, pause, answer and talk; staff add and cancel."""
    world = World(instant(start, "12:00", ZONE))
    with world.unit() as u:
        plan_daily(u, world.patient(u), start, "20:00")
    world.session(start + timedelta(days=1), "18:00", weeks=2)
    for what, value in steps:
        _step(world, what, value)
    world.phones.wait(timedelta(days=10))
    _each_once_or_recorded(world, start)
    world.store.close()


def _step(world: World, what: str, value: Any) -> None:
    match what:
        case "wait":
            world.phones.wait(timedelta(minutes=value))
        case "jump":
            world.clock(world.phones.now + timedelta(minutes=value))
        case "fly":
            world.profile(zone=value)
        case "quiet":
            world.profile(quiet_from=value[0], quiet_to=value[1])
        case "add":
            world.session(local(world.phones.now, ZONE).date() + timedelta(days=1 + value[0]), value[1])
        case "talk":
            world.phones.type(PATIENT, "/sessions")
            world.phones.type(PATIENT, "just a thought")
        case "pause":
            world.profile(paused_until=local(world.phones.now, ZONE).date() + timedelta(days=value))
        case "cant" | "off":
            with world.unit() as u:
                who = world.patient(u)
                coming = [each for each in series.occurrences(u, who.id, u.now, u.now + timedelta(days=9)) if not each.cancelled]
                if coming and what == "cant":
                    sessions.record_answer(u, who, coming[0], "cant")
                elif coming:
                    sessions.cancel_occurrence(u, coming[0].series.code, coming[0].day)
            world.phones.settle()


def _each_once_or_recorded(world: World, start: date) -> None:
    rows = {row.slot: row for row in world.rows(reminders.EVE, reminders.SOON, DAILY)}
    over = {slot: row for slot, row in rows.items() if row.send_by < world.phones.now}
    assert all(row.state in ("done", "dropped") for row in over.values())
    odd = {row.reason for row in over.values() if row.state == "dropped"} - REASONS
    assert odd == set(), f"reasons nobody planned for: {odd}"
    with world.unit() as u:
        who = world.patient(u)
        every = [each for row in series.all_series(u) for each in series.of_series(u, row, u.now - timedelta(days=60), u.now)]
    for each in every:
        _reminded(world, who, each, over)
    days = sorted(row.slot.rpartition(":")[2] for row in rows.values() if row.kind == DAILY)
    assert days == [str(start + timedelta(days=n)) for n in range(len(days))], "no local date is left out or there twice"
    done = sorted(row.slot.rpartition(":")[2] for row in rows.values() if row.kind == DAILY and row.state == "done")
    assert sorted(asked) == done


def _reminded(world: World, who: PersonCard, each: Occurrence, over: dict[str, Any]) -> None:
    for kind, words in ((reminders.EVE, f"{each.series.title}: "), (reminders.SOON, f"{each.series.title} starts")):
        row = over.get(reminders.slot(kind, who.id, each))
        told = [at for at in world.told(words) if abs(at - each.begins) < timedelta(days=4)]
        if row is None:
            assert each.cancelled, "a session that takes place has both of its reminders"
            continue
        assert len(told) == (1 if row.state == "done" else 0), (kind, each.day, row.state, row.reason)
        assert all(at <= each.begins for at in told)


@given(st.integers(0, 95), st.integers(4, 80), st.sampled_from(["06:00", "07:00", "10:00", "13:30", "18:00", "23:45"]))
@settings(max_examples=6)
def test_no_reminder_is_shown_in_quiet_hours(first: int, length: int, starts: str) -> None:
    walls = [f"{n // 4:02d}:{n % 4 * 15:02d}" for n in range(96)]
    world = World(instant(date(2026, 11, 16), "00:00", ZONE))
    world.profile(quiet_from=walls[first], quiet_to=walls[(first + length) % 96])
    title = world.session(date(2026, 11, 18), starts)
    world.phones.wait(timedelta(days=4))
    told = world.told(title)
    assert all(span_end(at, walls[first], walls[(first + length) % 96], ZONE) is None for at in told)
    assert len(told) + len(world.reasons()) == 2
    assert len(told) >= 1, "at least one of the two finds a time"
    world.store.close()
