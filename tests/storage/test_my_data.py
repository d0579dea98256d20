"""Erasing a person: nothing of theirs can be read, in the database or its files, and nothing else is touched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.phones import Phones, instant
from storage import audit, escalations, invites, journal, my_data, notes, outbox, people
from storage.engine import open_engine
from storage.my_data import StillOpen
from storage.people import PersonCard
from storage.seal import Keyring, MasterKey, SealBroken
from storage.store import Store, Unit, table
from storage.tables import Attendee, DataKey, Due, EscalationEvent, Invite, Outbox, Prompt, SkillGate, Talk
from tests.clinics import OTHER, PATIENT, STAFF, STRANGER, open_clinic

AT = instant("2026-11-16T15:00-05:00")
CANARY = "heron-4711"


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    made = Store(open_engine(database), Keyring(MasterKey(b"my-data-test-key-of-32-bytes-ok!")))
    yield made
    made.close()


@pytest.fixture
def phones(store: Store) -> Phones:
    """Robin has written, kept, been asked and been alerted about; all of it is over."""
    made = Phones(lambda: store, AT)
    open_clinic(store, AT, made)
    made.type(PATIENT, f"I saw a {CANARY}")
    made.tap(PATIENT, "Keep it, private")
    made.type(PATIENT, f"I want to kill myself {CANARY}")
    with store.unit(AT) as u:
        me = robin(u)
        row = escalations.open_for(u, me.id)
        assert row is not None
        escalations.save(u, row, state="CLOSED", closed_at=AT, outcome="safe", next_at=None)
        notes.add(u, me.id, "session", "other", f"a {CANARY} in the road")
        people.save_profile(u, me, {"medicines": [CANARY], "call_name": CANARY, "evening_at": "20:00"})
        u.add(SkillGate, person_id=me.id, gate="cold", answer="some", at=AT)
    made.type(PATIENT, "/checkin")
    made.type(OTHER, "I saw an owl")
    made.tap(OTHER, "Keep it, private")
    return made


def robin(u: Unit, code: str = "0001") -> PersonCard:
    who = people.person_by_code(u, code)
    assert who is not None
    return who


def count(u: Unit, model: type, *where: object) -> int:
    return int(u.run(select(func.count()).select_from(table(model)).where(*where)).scalar_one())  # type: ignore[arg-type]


def test_nothing_is_erased_while_somebody_is_still_looking_after_them(store: Store, phones: Phones) -> None:
    phones.type(PATIENT, "I want to kill myself")
    with store.unit(AT) as u:
        with pytest.raises(StillOpen):
            my_data.forget(u, robin(u))
        assert robin(u).call_name == CANARY


def test_no_word_of_theirs_opens_any_more(store: Store, phones: Phones) -> None:
    with store.unit(AT) as u:
        before = robin(u)
        chat = people.chat_of(u, before.id)
        assert chat is not None
        kept = {key: u.one(select(table(DataKey).c.wrapped).where(table(DataKey).c.id == key)) for key in (before.key, chat.key)}
        assert all(row is not None and row.wrapped for row in kept.values())
        my_data.forget(u, before)
    with store.unit(AT) as u:
        for key in kept:
            with pytest.raises(SealBroken):
                u.seal(key, "entry.words", 1, "x")
        after = robin(u)
        assert (after.status, after.name, after.call_name, after.phone, after.medicines) == ("forgotten", "", "", "", ())
        assert count(u, EscalationEvent, table(EscalationEvent).c.words.is_not(None)) == 0
        assert [row.words for row in notes.unseen(u)] == [None] * len(notes.unseen(u))
        assert count(u, SkillGate) == count(u, Attendee) == 0
        assert people.consents(u, after.id) == {}
        assert count(u, Due, table(Due).c.state == "ready", table(Due).c.subject == after.id) == 0
        for model in (Talk, Prompt):
            assert count(u, model, table(model).c.chat_id == chat.id) == 0
        assert count(u, Invite, table(Invite).c.person_id == after.id, table(Invite).c.used_at.is_(None)) == 0
        assert audit.first_break(u, after.id) is None
        assert audit.history(u, after.id)[0].action == "person.forgotten"


def test_numbers_stay_under_the_code_and_others_are_untouched(store: Store, phones: Phones) -> None:
    with store.unit(AT) as u:
        my_data.forget(u, robin(u))
    with store.unit(AT) as u:
        assert len(escalations.of_person(u, robin(u).id)) == 1
        sam = robin(u, "0002")
        assert (sam.name, sam.status) == ("Sam", "active")
        assert [entry.words for entry in journal.entries(u, sam)] == ["I saw an owl"]
        assert [who.code for who in people.people(u, "patient")] == ["0001", "0002"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # PostgreSQL keeps its files elsewhere; there only the key counts
def test_nothing_readable_is_left_in_the_files(store: Store, phones: Phones, tmp_path: Path) -> None:
    with store.unit(AT) as u:
        my_data.forget(u, robin(u))
    store.close()
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert not any(CANARY.encode() in held for held in files)


def test_their_telegram_account_is_a_stranger_afterwards(store: Store, phones: Phones) -> None:
    with store.unit(AT) as u:
        chat = my_data.forget(u, robin(u))
        assert chat is not None
        assert people.address(u, chat.id) == PATIENT
        my_data.plan_erasing(u, chat.id)
    phones.wait(timedelta(minutes=11))
    with store.unit(phones.now) as u, pytest.raises(SealBroken):
        people.address(u, chat.id)
    phones.type(PATIENT, "hello again")
    assert "invited by their program" in phones.phone(PATIENT).messages[-1].text
    with store.unit(phones.now) as u:
        assert people.chat_for(u, PATIENT).id != chat.id


def test_a_chat_is_not_erased_while_its_last_words_wait_nor_once_it_is_somebodys_again(store: Store, phones: Phones) -> None:
    with store.unit(AT) as u:
        chat = my_data.forget(u, robin(u))
        assert chat is not None
        code = invites.add(u, people.person(u, people.add_person(u, "patient", "Kim", "UTC", code="0003")))
        u.add(
            Outbox, lane=2, chat_id=chat.id, kind="send", content="", payload=u.seal(chat.key, "outbox.payload", 1, {}),
            not_before=AT + timedelta(days=1), created_at=AT,
        )  # fmt: skip
        assert my_data.erase_chat(u, chat) is False
        u.run(table(Outbox).delete().where(table(Outbox).c.chat_id == chat.id))
        my_data.plan_erasing(u, chat.id)
    phones.type(PATIENT, f"/start {code}")
    phones.wait(timedelta(minutes=30))
    phones.tap(PATIENT, "Next")
    assert "Who reads what" in phones.phone(PATIENT).messages[-1].text


def test_moving_to_another_account_keeps_an_open_alert_going(store: Store, phones: Phones) -> None:
    phones.type(PATIENT, "I want to kill myself")
    with store.unit(AT) as u:
        code = invites.add(u, robin(u))
    phones.type(STRANGER, f"/start {code}")
    phones.wait(timedelta(minutes=16))
    with store.unit(phones.now) as u:
        row = escalations.open_for(u, robin(u).id)
        assert row is not None and row.state == "EXHAUSTED"
    assert any("Nobody has answered yet" in shown.text for shown in phones.phone(STRANGER).messages)


def test_the_journal_alone_goes_with_every_copy_of_it(store: Store, phones: Phones) -> None:
    with store.unit(AT) as u:
        assert my_data.erase_journal(u, robin(u)) == 1
        assert journal.entries(u, robin(u)) == []
        kept = my_data.kept(u, robin(u))
        assert (kept.entries, kept.messages) == (0, 0)
    phones.tap(PATIENT, "5")
    assert "2/" in phones.phone(PATIENT).messages[-1].text


def test_what_staff_were_shown_of_them_is_gone_too(store: Store, phones: Phones) -> None:
    with store.unit(AT) as u:
        people.give_consent(u, robin(u).id, "crisis_words", 1)
    phones.type(PATIENT, f"I want to kill myself {CANARY}")
    phones.tap(STAFF, "I'll take it")
    phones.tap(STAFF, "Close")
    phones.tap(STAFF, "False alarm")
    assert any(CANARY in shown.text for shown in phones.phone(STAFF).messages)
    with store.unit(AT) as u:
        assert CANARY in told(u)
        my_data.forget(u, robin(u))
        assert CANARY not in told(u)


def told(u: Unit) -> str:
    """All that is still kept of what was sent to the person on call."""
    chat, sent = people.chat_for(u, STAFF), table(Outbox)
    rows = u.all(select(sent.c.id, sent.c.payload).where(sent.c.chat_id == chat.id, sent.c.payload != b""))
    return " ".join(u.open(chat.key, "outbox.payload", row.id, row.payload) for row in rows)


def test_what_was_sent_is_emptied_after_a_week(store: Store, phones: Phones) -> None:
    with store.unit(AT + timedelta(days=6)) as u:
        assert outbox.erase_old(u) == 0
    with store.unit(AT + timedelta(days=8)) as u:
        assert outbox.erase_old(u) > 0
        assert outbox.erase_old(u) == 0
