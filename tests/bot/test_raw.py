"""What cannot be read holds up nobody, and danger in it is still heard. Each of these stopped the intake once, or the turn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot import emergency, raw
from bot.event import Unreadable, parse
from bot.flow.questions import TimeOfDay
from bot.intake import keep_all, last_id
from bot.phones import Phones, instant
from storage import notes
from storage.engine import open_engine
from storage.seal import Keyring
from storage.store import Store
from tests.bots import MASTER
from tests.clinics import PATIENT, open_clinic

START = instant("2026-11-16T19:00-05:00")
AT = int(START.timestamp())
DEEP = '{"update_id": 8, "message": ' + '{"a":' * 5000 + "1" + "}" * 5000 + "}"


def message(text: str, **more: Any) -> str:
    return json.dumps({"update_id": 7, "message": {"message_id": 3, "date": AT, "chat": {"id": PATIENT}, "text": text, **more}})


POISON = {
    "no JSON": '{"update_id": 7, "message": {"text": "hello',
    "half of a pair": message("hello \ud800"),
    "half of a pair, bare": '{"update_id": 7, "message": "\ud800"}',
    "half of a pair in no JSON": '{"update_id": 7, \udc00',
    "too deep": DEEP,
    "a number of 5,000 digits": '{"update_id": 7, "message": {"date": ' + "9" * 5000 + "}}",
    "no object": "[]",
    "nothing": "",
    "a date beyond any clock": message("hello", date=1e18),
    "an id of 70 bits": message("hello", message_id=2**70),
    "a chat of 70 bits": message("hello", chat={"id": 2**70}),
}


@pytest.fixture
def phones(tmp_path: Path) -> Iterator[Phones]:
    store = Store(open_engine(f"sqlite:///{tmp_path / 'raw.db'}"), Keyring(MASTER))
    made = Phones(lambda: store, START)
    open_clinic(store, START, made)
    yield made
    store.close()


@pytest.mark.parametrize("what", POISON)
def test_poison_is_set_aside_or_said_and_the_next_message_is_answered(phones: Phones, what: str) -> None:
    with phones._store().unit(START) as u:
        keep_all(u, [POISON[what], message("/help").replace('"update_id": 7', '"update_id": 9')])
    assert last_id([POISON[what], '{"update_id": 9}']) == 9
    phones.settle()
    assert any("In danger now" in shown.text for shown in phones.phone(PATIENT).messages)
    with phones._store().unit(START) as u:
        kinds = {note.kind for note in notes.unseen(u)}
    assert kinds <= {"quarantine", "undelivered"}
    assert kinds or what == "half of a pair", "staff see what was set aside"
    assert emergency.dangerous(POISON[what]) is None


@pytest.mark.parametrize("more", [{"date": 1e18}, {"message_id": "x"}, {"message_id": 2**70}, {"edit_date": "\ud800"}])
def test_danger_in_what_can_not_be_read_opens_the_ladder(phones: Phones, more: dict[str, Any]) -> None:
    with phones._store().unit(START) as u:
        keep_all(u, [message("I want to kill myself tonight", **more)])
    phones.settle()
    assert any("988" in shown.text for shown in phones.phone(PATIENT).messages)


def test_words_around_half_of_a_pair_are_kept(phones: Phones) -> None:
    phones.type(PATIENT, "/journal")
    phones.tap(PATIENT, "Write")
    with phones._store().unit(START) as u:
        keep_all(u, [message("it rained \ud83d all day")])
    phones.settle()
    phones.tap(PATIENT, "That's all")
    with phones._store().unit(START) as u:
        assert not notes.unseen(u)


def test_an_answer_that_can_not_be_read_as_a_whole_is_cut_into_its_updates() -> None:
    body = '{"ok":true,"result":[' + ", ".join((message("a } ] \" b"), DEEP, message("c"))) + "]}"
    assert raw.split(body) == [message("a } ] \" b"), DEEP, message("c")]
    for cut in (0, 20, len(body) // 2, len(body) - 2):
        with pytest.raises(ValueError, match="cut off"):
            raw.split(body[:cut])
    with pytest.raises(ValueError, match="cut off"):
        raw.split("<html>Bad gateway</html>")


@pytest.mark.parametrize("update", [None, 5, "message", ["message"], [], True])
def test_what_is_no_object_is_unreadable(update: object) -> None:
    with pytest.raises(Unreadable):
        parse(update)


def test_a_time_with_thousands_of_spaces_is_read_at_once() -> None:
    """Two runs of spaces side by side could be shared out in as many ways as there are spaces."""
    assert TimeOfDay().read("7" + " " * 200_000 + "x") is None
    assert TimeOfDay().read(" 7:30   pm ") == "19:30"
