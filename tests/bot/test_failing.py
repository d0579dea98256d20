"""What breaks does not hide danger: a screen that raises, a handler that raises, a ladder that raises, a talk gone wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot import danger, doors, talk
from bot.acts.check_in import plan_check_ins
from bot.flow import Flow, Me, Say, Talking
from bot.phones import Phones, instant
from bot.registry import DUES, RECURRING
from handlers import FLOWS
from safety import duty, pager, rota
from safety import screen as screening
from safety.heard import Heard, Level
from storage import clinic, due, escalations, letters, notes, people
from storage.engine import open_engine
from storage.seal import Keyring
from storage.store import Store, table
from storage.tables import Observation, Talk
from tests.bots import MASTER
from tests.clinics import PATIENT, STAFF, add_patient, add_staff, open_clinic
from tests.transcripts.facts import FACTS

START = instant("2026-11-16T19:00-05:00")
DANGER = "I am going to kill myself tonight"


@pytest.fixture
def phones(database: str) -> Iterator[Phones]:
    store = Store(open_engine(database), Keyring(MASTER))
    made = Phones(lambda: store, START)
    open_clinic(store, START, made)
    yield made
    store.close()


def texts(phones: Phones, address: int) -> list[str]:
    return [shown.text for shown in phones.phone(address).messages]


def fact(phones: Phones, name: str) -> str:
    with phones._store().unit(phones.now) as u:
        return FACTS[name](u)


def broken(*_: object, **__: object) -> Any:
    raise RuntimeError("broken on purpose")


def test_a_screen_that_raises_counts_as_high(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screening, "load_rules", broken)
    phones.type(PATIENT, "what a nice evening")
    assert "988" in texts(phones, PATIENT)[0]
    assert fact(phones, "escalation") == "high OPEN"
    assert texts(phones, STAFF)


def test_what_is_longer_than_any_message_is_not_read_and_counts_as_high(phones: Phones) -> None:
    """Reading it would keep everybody else waiting."""
    phones.type(PATIENT, "what a nice evening " * 10_000)
    assert "988" in texts(phones, PATIENT)[0]
    assert fact(phones, "escalation") == "high OPEN"
    assert texts(phones, STAFF)


def unread_by_all(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight patients write in one moment while the screen is broken; then it works again."""
    with phones._store().unit(phones.now) as u:
        for number in range(8):
            add_patient(u, 6000 + number, "Kim", code=f"10{number:02d}")
    monkeypatch.setattr(screening, "load_rules", broken)
    for number in range(8):
        phones.type(6000 + number, "good evening")
    monkeypatch.undo()


def test_a_screen_that_fails_for_many_pages_once_with_the_list(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    with phones._store().unit(phones.now) as u:
        for number in range(8):
            add_patient(u, 6000 + number, "Kim", code=f"10{number:02d}")
    monkeypatch.setattr(screening, "load_rules", broken)
    for number in range(8):
        phones.type(6000 + number, "good evening")
        phones.wait(timedelta(seconds=5))
    assert all("988" in texts(phones, 6000 + number)[0] for number in range(8))
    pages = texts(phones, STAFF)
    assert len(pages) == 6, pages
    assert "1007" in pages[-1]
    assert pages[-1].count("10") >= 8
    phones.tap(STAFF, "I'll take it")
    untold = [number for number in range(8) if not any("Dana Reyes saw this" in text for text in texts(phones, 6000 + number))]
    assert untold == []
    phones.tap(STAFF, "I reached them")
    assert "how did it end?" in texts(phones, STAFF)[-1], "the buttons under the numbers to call are alive"


def test_the_page_for_all_rings_again_and_its_button_lasts(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    """After two minutes it comes anew, as an edit makes no sound; half an hour later one tap still takes all that is open."""
    unread_by_all(phones, monkeypatch)
    first = phones.phone(STAFF).messages[-1]
    assert "8 patients" in first.text
    phones.wait(timedelta(minutes=2))
    last = phones.phone(STAFF).messages[-1]
    assert last.id != first.id
    assert "8 patients" in last.text
    assert not first.buttons
    told = [shown for shown in phones.phone(STAFF).messages if "8 patients" in shown.text]
    assert len(told) == 2, "one for each rung, not one for each alert"
    phones.wait(timedelta(minutes=2))
    page, button = next((shown.id, data) for shown in [last] for _, data in shown.buttons)
    phones.wait(timedelta(minutes=28))
    phones.tap_data(STAFF, page, button)
    with phones._store().unit(phones.now) as u:
        assert {row.state for row in escalations.all_open(u)} == {"ACKED"}


def test_danger_that_is_heard_again_has_a_page_of_its_own(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    """The screen works again, and one of them writes of an overdose: that is not "treated as high" in a list."""
    unread_by_all(phones, monkeypatch)
    phones.type(6003, "I took all my pills just now")
    assert "It got worse" in texts(phones, STAFF)[-1]
    assert "1003: imminent now" in texts(phones, STAFF)[-1]
    phones.wait(timedelta(minutes=2))
    told = texts(phones, STAFF)[-2:]
    assert any("Second page. 1003: imminent" in text for text in told)
    assert any("7 patients" in text and "1003" not in text for text in told)


def test_a_chat_that_is_gone_when_all_are_paged_pages_nobody_twice(phones: Phones) -> None:
    with phones._store().unit(phones.now) as u:
        add_staff(u, STAFF + 1, "Mai Lund")
    phones.phone(STAFF + 1).blocked = True
    phones.type(PATIENT, "I want to kill myself")
    phones.wait(timedelta(minutes=6))
    assert sum("To everyone" in text for text in texts(phones, STAFF)) == 1
    assert sum("Nobody has answered yet, after" in text for text in texts(phones, PATIENT)) == 1
    phones.wait(timedelta(minutes=15))
    assert sum("To everyone" in text for text in texts(phones, STAFF)) == 2


def test_the_page_for_all_that_cannot_be_delivered_goes_on_for_each_of_them(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    with phones._store().unit(phones.now) as u:
        letters.set_ways(u, {letters.MAIL})
        for number in range(6):
            add_patient(u, 6000 + number, "Kim", code=f"10{number:02d}")
        escalations.set_on_call(u, "backup", people.person(u, add_staff(u, STAFF + 1, "Ana Ruiz", duty="clinician")))
        dana = people.person_by_code(u, "S001")
        assert dana is not None
        people.save_profile(u, dana, {"email": "dana@clinic.example"})
    phones.phone(STAFF + 1)
    monkeypatch.setattr(screening, "load_rules", broken)
    for number in range(6):
        phones.phone(STAFF).blocked = number == 5
        phones.type(6000 + number, "good evening")
    assert any("6 patients" in text for text in texts(phones, STAFF + 1)), "the ladders go on at once"
    with phones._store().unit(phones.now) as u:
        keys = [row.key.split(":")[2] for row in letters.unconfirmed(u, phones.now + timedelta(1)) if row.channel == letters.MAIL]
        assert sorted(keys) == sorted(str(row.id) for row in escalations.all_open(u)), "a mail for each"


def test_the_page_for_all_is_a_page_of_each_of_them_to_whoever_got_it(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    unread_by_all(phones, monkeypatch)
    assert sum("The danger screen is failing" in text for text in texts(phones, STAFF)) == 1
    with phones._store().unit(phones.now) as u:
        for row in escalations.all_open(u):
            first, *more = escalations.receipts(u, row.id)
            assert (first.at, people.person(u, first.by or 0).code, first.code) == (START, "S001", "telegram")
            assert len(more) <= 1, "the first ones had a page of their own before"


def test_the_page_for_all_says_when_nothing_of_it_is_left(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    with phones._store().unit(phones.now) as u:
        for number in range(8):
            add_patient(u, 6000 + number, "Kim", code=f"10{number:02d}")
        other = people.person(u, add_staff(u, STAFF + 1, "Ana Ruiz"))
    monkeypatch.setattr(screening, "load_rules", broken)
    for number in range(8):
        phones.type(6000 + number, "good evening")
    with phones._store().unit(phones.now) as u:
        for row in escalations.all_open(u):
            pager.answer(u, row.id, other, "ack")
    phones.tap(STAFF, "I'll take it")
    said = texts(phones, STAFF)
    assert any("None of the alerts on that page" in text for text in said), said


def test_a_handler_that_raises_hides_no_danger_and_keeps_the_text(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talk, "park", broken)
    phones.type(PATIENT, DANGER)
    monkeypatch.undo()
    assert "988" in texts(phones, PATIENT)[0]
    assert fact(phones, "quarantined") == "1"


def test_a_handler_that_raises_on_an_ordinary_message_is_said_plainly(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "free_text", broken)
    phones.type(PATIENT, "good evening")
    assert len(texts(phones, PATIENT)) == 1
    assert "kept" in texts(phones, PATIENT)[0]
    assert fact(phones, "notes") == "quarantine:RuntimeError"
    monkeypatch.undo()
    phones.type(PATIENT, "are you there")
    assert len(texts(phones, PATIENT)) == 2


def test_a_ladder_that_raises_still_gives_the_card_and_an_alarm(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(danger.pager, "raise_danger", broken)
    phones.type(PATIENT, DANGER)
    assert "988" in texts(phones, PATIENT)[0]
    assert "quarantine:last_resort" in fact(phones, "notes")
    assert any("0001" in text for text in texts(phones, STAFF)), "whoever can be told is told"


def test_a_rota_that_cannot_be_read_still_gives_the_card_and_an_alarm(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rota, "holders", broken)
    phones.type(PATIENT, DANGER)
    assert "988" in texts(phones, PATIENT)[0]
    assert "0001 wrote something" in texts(phones, STAFF)[0]


def test_who_is_on_call_cannot_be_said_and_everything_else_is(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duty, "presence", broken)
    phones.type(PATIENT, "/help")
    assert "In danger now: call 911" in texts(phones, PATIENT)[0]
    assert "On call" not in texts(phones, PATIENT)[0]
    phones.type(PATIENT, DANGER)
    assert "I am paging the person on call" in texts(phones, PATIENT)[2]
    assert fact(phones, "escalation") == "imminent OPEN"
    assert fact(phones, "notes") == "none"


def test_a_flow_that_raises_closes_and_the_next_message_is_fresh(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    def raises(me: Me) -> Talking:
        yield Say("checkin.saved" if False else "bot.saw_edit")
        raise RuntimeError("broken on purpose")

    monkeypatch.setitem(FLOWS, "journal", Flow("journal", raises))
    phones.type(PATIENT, "/journal")
    assert "close what we were in the middle of" in texts(phones, PATIENT)[-1]
    phones.type(PATIENT, "/help")
    assert "In danger now" in texts(phones, PATIENT)[-1]


def test_only_the_screen_can_say_what_was_heard() -> None:
    from safety.heard import Track

    with pytest.raises(TypeError):
        Heard(Level.NONE, (), Track.UNKNOWN)


def test_nobody_gets_past_the_door_unheard(phones: Phones) -> None:
    from bot import turn

    with pytest.raises(TypeError):
        turn.advance(None, "not heard")  # type: ignore[arg-type]


def test_an_escalation_that_lost_its_next_step_is_given_it_back(phones: Phones) -> None:
    from safety.auditor import audit
    from storage import due

    phones.type(PATIENT, DANGER)
    with phones._store().unit(phones.now) as u:
        who = people.person_by_code(u, "0001")
        assert who is not None
        row = escalations.open_for(u, who.id)
        assert row is not None
        assert audit(u).repaired == 0
        due.cancel(u, "escalation", row.id, "lost")
        assert audit(u).repaired == 1
        assert audit(u).repaired == 0
        assert ("ladder", "repaired") in {(note.kind, note.code) for note in notes.unseen(u)}
    phones.wait(timedelta(minutes=2))
    assert "Second page" in texts(phones, STAFF)[-1]


def test_a_step_that_fails_again_and_again_is_late_though_it_is_planned_anew(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    from safety.auditor import audit

    phones.type(PATIENT, DANGER)
    monkeypatch.setitem(DUES, "escalation", broken)
    phones.wait(timedelta(minutes=5))
    with phones._store().unit(phones.now) as u:
        found = audit(u)
    assert (found.late, found.proved) == (1, False)


def test_hours_that_change_begin_a_ladder_that_waits_for_them(phones: Phones) -> None:
    from safety.auditor import audit

    def hours(cover: dict[str, tuple[str, str]]) -> None:
        with phones._store().unit(phones.now) as u:
            known = clinic.clinic(u)
            assert known is not None
            clinic.set_up(u, known.name, known.line, known.zone, known.country, cover)

    hours({})
    phones.type(PATIENT, DANGER)
    assert not any("imminent" in text for text in texts(phones, STAFF))
    hours(clinic.ALWAYS)
    with phones._store().unit(phones.now) as u:
        audit(u)
    phones.wait(timedelta(seconds=2))
    assert "imminent" in texts(phones, STAFF)[-1]


def test_what_is_due_and_can_never_be_handled_is_set_aside_and_staff_are_told(phones: Phones, monkeypatch: pytest.MonkeyPatch) -> None:
    with phones._store().unit(phones.now) as u:
        chat = people.chat_for(u, PATIENT)
        assert chat.person is not None
        plan_check_ins(u, people.save_profile(u, people.person(u, chat.person), {"evening_at": "20:00"}), chat)
    monkeypatch.setitem(DUES, "check_in", broken)
    monkeypatch.setitem(RECURRING, "check_in", broken)
    phones.wait(timedelta(hours=1, minutes=5))
    with phones._store().unit(phones.now) as u:
        assert [row.kind for row in due.ready(u, 9)] == []
        assert [(row.kind, row.code) for row in notes.unseen(u)] == [("ended", "check_in")]
    phones.type(STAFF, "/inbox")
    assert "It does not come back by itself" in texts(phones, STAFF)[-1]


@pytest.mark.parametrize("gone", [False, True], ids=["theirs", "gone"])
def test_what_is_due_and_fails_names_the_patient_it_was_planned_for(phones: Phones, monkeypatch: pytest.MonkeyPatch, gone: bool) -> None:
    phones.type(PATIENT, "I don't want to be here anymore")
    with phones._store().unit(phones.now) as u:
        who = people.chat_for(u, PATIENT).person
        if gone:
            monkeypatch.setattr(people, "chat", _raiser)
    monkeypatch.setitem(DUES, "concern_silent", _raiser)
    phones.wait(timedelta(minutes=15))
    with phones._store().unit(phones.now) as u:
        lines = [(row.person, row.kind, row.code) for row in notes.unseen(u)]
    assert lines[1:] == [(None if gone else who, "quarantine", "concern_silent")]


def _raiser(*_: object) -> None:
    raise LookupError("a fault of the tests")


def test_a_talk_begun_before_its_questions_changed_their_meaning_is_closed_and_keeps_none_of_its_answers(phones: Phones) -> None:
    phones.type(PATIENT, "/checkin")
    phones.tap(PATIENT, "3")
    with phones._store().unit(phones.now) as u:
        u.run(update(table(Talk)).values(version=0))
    phones.tap(PATIENT, "3")
    assert "I was given a new version" in texts(phones, PATIENT)[-1]
    with phones._store().unit(phones.now) as u:
        assert u.all(select(table(Observation))) == []
    phones.type(PATIENT, "/checkin")
    assert "1/" in texts(phones, PATIENT)[-1]
