"""Several processes on one PostgreSQL: one holder of a chat, a message, an escalation; the first wins, the other is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TypeVar

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from bot.intake import keep
from bot.worker import take_group
from safety import pager
from storage import audit, claims, due, escalations, held_back, ids, inbox, meta, outbox, people, talks
from storage.conflicts import again_on_conflict
from storage.engine import open_engine
from storage.people import PersonCard
from storage.seal import Keyring, MasterKey
from storage.store import Store, Unit, table
from storage.tables import Chat, DataKey, Escalation, Inbox, Person, Prompt
from tests.clinics import OTHER, PATIENT, STAFF, add_staff, open_clinic

NOW = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
NUMBERS = count(1)
SKEWS = (timedelta(), timedelta(seconds=3), timedelta(minutes=20))
"""How far the clock of one process is ahead of another's."""
T = TypeVar("T")


@pytest.fixture
def store(on_postgresql: str) -> Iterator[Store]:
    made = Store(open_engine(on_postgresql), Keyring(MasterKey(b"workers-test-key-of-32-bytes-ok!")))
    open_clinic(made, NOW)
    yield made
    made.close()


def say(store: Store, address: int, *texts: str) -> None:
    with store.unit(NOW) as u:
        for number, text in enumerate(texts):
            message = f'{{"message_id": {number + 1}, "date": 1, "chat": {{"id": {address}, "type": "private"}}, "text": "{text}"}}'
            keep(u, [f'{{"update_id": {address * 100 + number}, "message": {message}}}'])


def test_two_that_store_one_batch_in_the_same_moment_leave_it_in_order(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A leader that was frozen is let go while the next one stores what it had in hand too."""
    message = '{{"message_id": {0}, "date": 1, "chat": {{"id": 5001, "type": "private"}}, "text": "one of two"}}'
    batch = [f'{{"update_id": {number}, "message": {message.format(number)}}}' for number in (1, 2)]
    insert, numbered, came_first = inbox.insert_each_once, threading.Event(), threading.Event()

    def late(u: Unit, model: type, rows: list[dict[str, object]]) -> list[bool]:
        if len(rows) == len(batch):
            numbered.set()
            came_first.wait(1)  # as long as the other could come first
        return insert(u, model, rows)

    def keeps(raws: list[str]) -> None:
        with store.unit(NOW) as u:
            keep(u, raws)

    monkeypatch.setattr(inbox, "insert_each_once", late)
    with ThreadPoolExecutor() as pool:
        leader = pool.submit(keeps, batch)
        assert numbered.wait(30)
        pool.submit(keeps, batch[:1]).add_done_callback(lambda _: came_first.set())
        leader.result()
    with store.unit(NOW) as u:
        rows = u.all(select(table(Inbox).c.update_id).where(table(Inbox).c.update_id.in_([1, 2])).order_by(table(Inbox).c.id))
    assert [row.update_id for row in rows] == [1, 2]


def together(store: Store, *works: Callable[[Unit], T]) -> list[T]:
    """Each in a transaction of its own, all begun before any goes on."""
    ready = threading.Barrier(len(works))

    def one(work: Callable[[Unit], T]) -> T:
        def transact() -> T:
            with store.unit(NOW) as u:
                u.run(select(1))
                if not ready.broken and ready.n_waiting < ready.parties:
                    _meet(ready)
                return work(u)

        return again_on_conflict(transact)

    with ThreadPoolExecutor(len(works)) as threads:
        return list(threads.map(one, works))


def _meet(ready: threading.Barrier) -> None:
    try:
        ready.wait(2)
    except threading.BrokenBarrierError:
        return  # the others have been: this is a second try


def patient(u: Unit, code: str = "0001") -> PersonCard:
    who = people.person_by_code(u, code)
    assert who is not None
    return who


def raised(u: Unit) -> pager.Paged:
    who = patient(u)
    return pager.raise_danger(u, who, people.chat_for(u, PATIENT), "high", "suicide", "text", "words")


class Process:
    """One of several that make ids, with a clock of its own: `ahead` of the others."""

    def __init__(self, number: int, ahead: timedelta = timedelta()) -> None:
        self._last, self._number, self._ahead = 0, number, ahead

    @contextmanager
    def at(self, now: datetime) -> Iterator[datetime]:
        """While this process works: what time it takes it to be."""
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(ids, "_last", self._last)
            patched.setattr(ids, "_process", self._number)
            yield now + self._ahead
            self._last = ids._last

    def keep(self, store: Store, now: datetime, text: str) -> None:
        """What comes by webhook while it is this process that Telegram reaches."""
        number = next(NUMBERS)
        chat = {"id": PATIENT, "type": "private"}
        message = {"message_id": number, "date": int(now.timestamp()), "chat": chat, "text": text}
        with self.at(now) as here, store.unit(here) as u:
            keep(u, [json.dumps({"update_id": number, "message": message})])

    def take(self, store: Store, now: datetime) -> None:
        with self.at(now) as here:
            while take_group(store, here):
                pass


def levels(store: Store) -> list[str]:
    """What was heard in each text, in the order they were said in."""
    rows = table(Inbox)
    with store.unit(NOW) as u:
        return [row.level for row in u.all(select(rows.c.level).order_by(rows.c.update_id))]


def told(store: Store, at: datetime) -> list[str]:
    """What the patient will read, in the order in which it will be sent."""
    with store.unit(at) as u:
        chat = people.chat_for(u, PATIENT).id
        texts = []
        while first := next((row for row in outbox.waiting(u) if row.chat == chat), None):  # a chat shows one row of a lane at a time
            claimed = outbox.claim(u, first.id, "test", at + timedelta(seconds=20))
            texts += [claimed.payload["text"]] if claimed is not None else []
        return texts


@pytest.mark.parametrize("ahead", SKEWS)
@pytest.mark.parametrize("late", [False, True])
def test_a_sentence_over_two_processes_is_heard_whatever_their_clocks_say(store: Store, ahead: timedelta, *, late: bool) -> None:
    fast, slow = Process(1, ahead), Process(2)
    fast.keep(store, NOW, "i want to end")
    if not late:
        slow.take(store, NOW + timedelta(seconds=0.2))
    slow.keep(store, NOW + timedelta(seconds=1), "my life tonight")
    (fast if late else slow).take(store, NOW + (timedelta(minutes=10) if late else timedelta(seconds=1.1)))
    assert levels(store)[-1] == "imminent"


@pytest.mark.parametrize("ahead", SKEWS)
def test_the_last_texts_are_read_in_the_order_they_came_in(store: Store, ahead: timedelta) -> None:
    fast, slow = Process(1, ahead), Process(2)
    fast.keep(store, NOW, "i want to end")
    slow.keep(store, NOW + timedelta(seconds=1), "my")
    slow.keep(store, NOW + timedelta(seconds=2), "life tonight")
    slow.take(store, NOW + timedelta(seconds=3))
    assert levels(store)[-1] == "imminent"


@pytest.mark.parametrize("ahead", SKEWS)
def test_replies_leave_in_the_order_of_what_they_answer(store: Store, ahead: timedelta) -> None:
    """Even where the second worker read its clock before the first took its turn."""
    fast, slow = Process(1, ahead), Process(2)
    slow.keep(store, NOW, "hello")
    fast.take(store, NOW + timedelta(seconds=0.06))
    slow.keep(store, NOW + timedelta(seconds=0.08), "stop")
    slow.take(store, NOW + timedelta(seconds=0.02))
    first, second = told(store, NOW + timedelta(hours=1))
    assert first.startswith("Nobody at your program sees this")
    assert second.startswith("Do you want to stop")
    with store.unit(NOW) as u:
        chat, rows = people.chat_for(u, PATIENT), table(Prompt)
        journal, stop = u.all(select(rows.c.id, rows.c.panel_id).order_by(rows.c.panel_id))
        assert talks.asked_since(u, chat, journal.id), "so that a typed yes means neither"
        assert not talks.asked_since(u, chat, stop.id)


def test_a_chat_has_one_worker_and_the_next_takes_another_chat(store: Store) -> None:
    say(store, PATIENT, "one", "two")
    say(store, OTHER, "three")
    with store.unit(NOW) as first, store.unit(NOW) as second, store.unit(NOW) as third:
        held, next_held = claims.chats(first), claims.chats(second)
        assert [held, next_held] == [[people.chat_for(first, PATIENT).id], [people.chat_for(first, OTHER).id]]
        assert claims.chats(third) == []
        assert [row.id for row in inbox.ready(first, 9, held)] == sorted(row.id for row in inbox.ready(first, 9, held))


def test_a_held_chat_can_still_be_written_to(store: Store) -> None:
    """A page to a clinician whose own turn is going on waits for nobody."""
    say(store, STAFF, "hello")
    with store.unit(NOW) as theirs:
        claims.chats(theirs)
        with store.unit(NOW) as u:
            assert outbox.post(u, people.chat_for(u, STAFF), outbox.ESCALATION, "send", {"text": "x"}, "bot.later@1") is not None


def test_humans_come_before_due_times(store: Store) -> None:
    with store.unit(NOW) as u:
        chat = people.chat_for(u, OTHER)
        due.plan(u, "talk_expiry", 1, "expiry:1", NOW - timedelta(hours=1), chat=chat.id)
    say(store, PATIENT, "hello")
    with store.unit(NOW) as u:
        assert claims.chats(u) == [people.chat_for(u, PATIENT).id]


def test_every_text_is_taken_once_by_whichever_worker(store: Store) -> None:
    for address in (PATIENT, OTHER, STAFF):
        say(store, address, *(f"word {n}" for n in range(10)))
    with ThreadPoolExecutor(4) as threads:
        taken = list(threads.map(lambda _: sum(iter(lambda: take_group(store, NOW), 0)), range(4)))
    assert sum(taken) == 30
    with store.unit(NOW) as u:
        assert inbox.ready(u, 99) == []


def inbox_of(store: Store) -> set[int]:
    """Whose texts wait."""
    with store.unit(NOW) as u:
        return {people.address(u, row.chat.id) for row in inbox.ready(u, 9)}


def look_until(store: Store, address: int) -> None:
    """Look for work, as the workers of the app do, until nothing of this chat waits."""
    for _ in range(400):
        if address not in inbox_of(store):
            return
        take_group(store, NOW)
        time.sleep(0.02)
    raise TimeoutError


def test_who_waits_for_an_alert_holds_up_only_its_own_chat(store: Store) -> None:
    """Both chats are taken together; the first needs what somebody else has, so the second is let go and taken by the next."""
    with store.unit(NOW) as u:
        row = raised(u).row.id
    say(store, PATIENT, "I want to kill myself")
    say(store, OTHER, "hello")
    with ThreadPoolExecutor(2) as threads:
        with store.unit(NOW) as busy:
            escalations.get(busy, row)
            taking = [threads.submit(look_until, store, PATIENT) for _ in range(2)]
            for _ in range(400):
                if OTHER not in inbox_of(store):
                    break
                time.sleep(0.02)
            assert [waits.chat.person for waits in inbox.ready(busy, 9)] == [patient(busy).id]
        for each in taking:
            each.result()
        assert inbox_of(store) == set()


def test_what_is_held_back_fails_in_the_savepoint_it_belongs_to(store: Store) -> None:
    with store.unit(NOW) as u:
        id, code = patient(u).id, "0002"
        u.set(Person, id, name=b"before")

        def inside(code: str, divisor: int) -> None:
            with u.savepoint():
                u.set(Person, id, code=code)
                u.set(Person, id, name=bytes(1 // divisor))

        with pytest.raises(IntegrityError):
            inside(code, 1)
        with pytest.raises(ZeroDivisionError):
            inside("0009", 0)
        with u.savepoint():
            u.set(Person, id, zone="UTC")
        kept = u.one(select(table(Person).c.name, table(Person).c.zone, table(Person).c.code).where(table(Person).c.id == id))
    assert kept is not None
    assert tuple(kept) == (b"before", "UTC", "0001")


def test_what_was_foreseen_is_read_anew_after_a_write(store: Store) -> None:
    with store.unit(NOW) as u:
        who = patient(u)

        def inside() -> None:
            with u.savepoint():
                u.set(Person, who.id, zone="Europe/Paris")
                u.foresee(people.BY_ID, person=who.id)
                assert zone() == "Europe/Paris"
                u.foresee(people.BY_ID, person=who.id)
                raise ZeroDivisionError

        def zone() -> str:
            row = u.one(people.BY_ID, person=who.id)
            assert row is not None
            return str(row.zone)

        u.foresee(people.BY_ID, person=who.id)
        u.set(Person, who.id, zone="Asia/Tokyo")
        assert zone() == "Asia/Tokyo"
        with pytest.raises(ZeroDivisionError):
            inside()
        assert zone() == "Asia/Tokyo"


def test_a_message_has_one_sender(store: Store) -> None:
    with store.unit(NOW) as u:
        row = outbox.post(u, people.chat_for(u, PATIENT), outbox.REPLY, "send", {"text": "x"}, "bot.later@1")
    assert row is not None
    until = NOW + timedelta(seconds=20)
    with store.unit(NOW) as one, store.unit(NOW) as two:
        assert outbox.claim(one, row, "one", until) is not None
        assert outbox.claim(two, row, "two", until) is None, "passed over at once, not waited for"
    with store.unit(NOW) as u:
        assert held_back.held_by_others(u, "two") == {people.chat_for(u, PATIENT).id}
        assert held_back.held_by_others(u, "one") == set()


def test_two_turns_open_one_escalation(store: Store) -> None:
    rows = together(store, raised, raised, raised)
    assert len({paged.row.id for paged in rows}) == 1
    with store.unit(NOW) as u:
        assert u.run(select(func.count()).select_from(table(Escalation))).scalar_one() == 1
        kinds = [event.kind for event in escalations.events(u, rows[0].row.id)]
        assert kinds.count("opened") == 1
        assert kinds.count("joined") == 2


def test_of_two_who_take_it_the_first_has_it(store: Store) -> None:
    with store.unit(NOW) as u:
        paged = raised(u)
        staff = [people.person(u, people.chat_for(u, STAFF).person or 0), people.person(u, add_staff(u, 9002, "Ana Ruiz"))]
    answers = together(store, *((lambda u, who=who: pager.answer(u, paged.row.id, who, "ack")) for who in staff))
    assert sorted(answer is not None for answer in answers) == [False, True]


def test_a_rung_that_is_due_and_an_answer_do_not_wait_for_each_other(store: Store) -> None:
    with store.unit(NOW) as u:
        row = raised(u).row
        who = people.person(u, people.chat_for(u, STAFF).person or 0)
    late = NOW + timedelta(minutes=3)

    def rung() -> int:
        return take_group(store, late)

    def ack() -> int:
        with store.unit(late) as u:
            return int(pager.answer(u, row.id, who, "ack") is not None)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda work: again_on_conflict(work), (rung, ack)))
    with store.unit(NOW) as u:
        assert escalations.state(u, row.id) == "ACKED"


def test_two_who_note_something_about_one_person_make_one_chain(store: Store) -> None:
    with store.unit(NOW) as u:
        about = patient(u).id
    together(store, *((lambda u, n=n: audit.record(u, about, "S001", "looked", str(n))) for n in range(4)))
    with store.unit(NOW) as u:
        assert {row.object for row in audit.history(u, about) if row.action == "looked"} == {"0", "1", "2", "3"}
        assert audit.first_break(u, about) is None


def test_a_new_chat_is_made_once(store: Store) -> None:
    made = together(store, *[lambda u: people.chat_for(u, 77_001)] * 3)
    assert len({chat.id for chat in made}) == 1
    with store.unit(NOW) as u:
        keys = {row.id for row in u.all(select(table(DataKey).c.id))}
        used = {row.key_id for row in u.all(select(table(Chat).c.key_id))} | {who.key for who in people.people(u, "patient")}
        assert made[0].key in keys & used
        assert len(keys - used) <= 3, "the clinic's and the staff's; none is left over"


def test_who_gets_in_each_others_way_tries_again(store: Store) -> None:
    """Two that lock the same two escalations in opposite order: PostgreSQL undoes one, and it comes second."""
    with store.unit(NOW) as u:
        one = raised(u).row.id
        sam = patient(u, "0002")
        two = pager.raise_danger(u, sam, people.chat_for(u, OTHER), "high", "suicide", "text", None).row.id
    met = threading.Barrier(2)

    def lock(u: Unit, first: int, second: int) -> bool:
        escalations.get(u, first)
        if not met.broken:
            _meet(met)
            met.abort()
        return escalations.get(u, second) is not None

    assert together(store, lambda u: lock(u, one, two), lambda u: lock(u, two, one)) == [True, True]


def test_each_process_has_ids_of_its_own(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = together(store, *[meta.next_process] * 3)
    assert sorted(numbers) == [1, 2, 3]
    made: set[int] = set()
    for number in numbers:
        monkeypatch.setattr(ids, "_last", 0)
        monkeypatch.setattr(ids, "_process", number)
        made |= {ids.new_id(NOW) for _ in range(2000)}
    assert len(made) == 6000
