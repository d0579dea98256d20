"""The outbox: rows that wait, one holder at a time, an end that only the holder can write, and what gives way to what."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from storage import outbox, outbox_rows, people
from storage.engine import open_engine
from storage.migrate import migrate
from storage.outbox import BULK, CRISIS, PROMPT, REPLY, Claimed, Leased
from storage.people import ChatCard
from storage.seal import Keyring, MasterKey
from storage.store import Store, Unit
from storage.tables import Outbox

NOW = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)
LEASE = NOW + timedelta(seconds=20)


@pytest.fixture
def u(database: str) -> Iterator[Unit]:
    store = Store(open_engine(database), Keyring(MasterKey.fresh()))
    migrate(store.engine)
    with store.unit(NOW) as unit:
        yield unit
    store.close()


@pytest.fixture
def chat(u: Unit) -> ChatCard:
    return people.chat_for(u, 5001)


def post(u: Unit, chat: ChatCard, text: str = "hello", lane: int = REPLY, kind: str = "send", **options: Any) -> int:
    payload = {"text": text, "keyboard": [[["Help", "nonce.0"]]]} if kind != "strip" else {}
    row = outbox.post(u, chat, lane, kind, payload, "bot.later@1", **options)
    assert row is not None
    return row


def ready(u: Unit) -> list[int]:
    return [row.id for row in outbox.waiting(u)]


def claim(u: Unit, row: int, owner: str = "one") -> Claimed:
    taken = outbox.claim(u, row, owner, LEASE)
    assert taken is not None
    return taken


def test_the_same_thing_is_posted_once(u: Unit, chat: ChatCard) -> None:
    first = post(u, chat, dedupe="card:7")
    assert outbox.post(u, chat, CRISIS, "send", {"text": "x"}, "", dedupe="card:7") is None
    claimed = claim(u, first)
    outbox.finish(u, first, claimed.attempt, "sent", message_id=100)
    assert outbox.post(u, chat, CRISIS, "send", {"text": "x"}, "", dedupe="card:7") is None, "also after it was sent"


def test_the_most_urgent_waits_in_front_and_every_lane_is_seen(u: Unit, chat: ChatCard) -> None:
    bulk, prompt = post(u, chat, lane=BULK), post(u, chat, lane=PROMPT)
    replies = [post(u, people.chat_for(u, 5001 + number)) for number in range(5)]
    card = post(u, chat, lane=CRISIS)
    assert [row.id for row in outbox.waiting(u, limit=3)] == [card, *replies[:3], prompt, bulk]


def test_whoever_has_hundreds_waiting_hides_nobody_elses_card(u: Unit, chat: ChatCard) -> None:
    """Of a chat only the first of each lane is looked at."""
    many = [post(u, chat, lane=CRISIS) for _ in range(400)]
    reply = post(u, chat)
    card = post(u, people.chat_for(u, 5002), lane=CRISIS)
    assert ready(u) == [many[0], card, reply]
    outbox.finish(u, many[0], claim(u, many[0]).attempt, "sent", message_id=100)
    assert ready(u) == [many[1], card, reply]


def test_what_is_planned_for_later_holds_nothing_up(u: Unit, chat: ChatCard) -> None:
    post(u, chat, not_before=NOW + timedelta(hours=1))
    row = post(u, chat)
    assert ready(u) == [row]


def test_nothing_goes_before_its_time(u: Unit, chat: ChatCard) -> None:
    row = post(u, chat, not_before=NOW + timedelta(minutes=1))
    assert ready(u) == []
    assert outbox.next_at(u) == NOW + timedelta(minutes=1)
    u.now = NOW + timedelta(minutes=1)
    assert ready(u) == [row]


def test_a_row_has_one_holder(u: Unit, chat: ChatCard) -> None:
    row = post(u, chat, "for you alone")
    taken = claim(u, row)
    assert (taken.payload["text"], taken.address, taken.attempt) == ("for you alone", 5001, 1)
    assert outbox.claim(u, row, "two", LEASE) is None
    assert ready(u) == []


def test_whoever_lost_the_lease_can_write_nothing(u: Unit, chat: ChatCard) -> None:
    """The first holder comes back late; the row has been taken again meanwhile."""
    row = post(u, chat)
    first = claim(u, row)
    u.now = LEASE + timedelta(seconds=1)
    assert outbox.expired_leases(u) == [Leased(row, chat.id, REPLY, first.attempt, repeatable=False)]
    outbox.put_back(u, row, first.attempt, u.now, reason="lease")
    second = claim(u, row, "two")
    assert not outbox.finish(u, row, first.attempt, "sent", message_id=100)
    assert not outbox.put_back(u, row, first.attempt, u.now)
    assert outbox.finish(u, row, second.attempt, "sent", message_id=101)
    assert outbox.state_of(u, row) == ("sent", 101)


@pytest.mark.parametrize("again", [False, True])
def test_an_acceptance_after_the_lease_ends_what_nobody_has_begun_again(u: Unit, chat: ChatCard, again: bool) -> None:
    """Recorded as unknown, or put back to go again: it has arrived, so it is not sent twice, and an edit finds it."""
    row = post(u, chat)
    taken = claim(u, row)
    outbox.put_back(u, row, taken.attempt, NOW, reason="lease") if again else outbox.finish(u, row, taken.attempt, "unknown")
    assert outbox.finish_late(u, row, taken.attempt, 100)
    assert outbox.state_of(u, row) == ("sent", 100)
    assert ready(u) == []
    assert claim(u, post(u, chat, kind="edit", target=row)).message_id == 100


def test_an_edit_that_waits_to_go_again_goes_whatever_arrives_late(u: Unit, chat: ChatCard) -> None:
    """It may have become another meanwhile: a keyboard that was to be taken away would stay."""
    sent = post(u, chat)
    outbox.finish(u, sent, claim(u, sent).attempt, "sent", message_id=100)
    edit = post(u, chat, kind="edit", target=sent)
    taken = claim(u, edit)
    outbox.put_back(u, edit, taken.attempt, NOW, reason="lease")
    assert not outbox.finish_late(u, edit, taken.attempt, 100)
    assert ready(u) == [edit]


def test_an_acceptance_after_somebody_else_took_the_row_changes_nothing_of_theirs(u: Unit, chat: ChatCard) -> None:
    row = post(u, chat)
    first = claim(u, row)
    outbox.put_back(u, row, first.attempt, NOW, reason="lease")
    second = claim(u, row, "two")
    assert not outbox.finish_late(u, row, first.attempt, 100)
    assert outbox.state_of(u, row) == ("leased", None)
    outbox.finish(u, row, second.attempt, "sent", message_id=101)
    assert not outbox.finish_late(u, row, first.attempt, 100)
    assert outbox.state_of(u, row) == ("sent", 101)


def test_the_message_of_one_that_was_dropped_meanwhile_is_known_all_the_same(u: Unit, chat: ChatCard) -> None:
    row = post(u, chat)
    first = claim(u, row)
    outbox.put_back(u, row, first.attempt, NOW, reason="lease")
    outbox.drop_prompts(u, chat.id, REPLY, "calm")
    assert not outbox.finish_late(u, row, first.attempt, 100)
    assert outbox.state_of(u, row) == ("dropped", 100)


def test_a_lease_that_runs_is_nobody_elses(u: Unit, chat: ChatCard) -> None:
    claim(u, post(u, chat))
    u.now = LEASE
    assert outbox.expired_leases(u) == []


def test_after_a_start_alone_no_lease_runs_any_more(u: Unit, chat: ChatCard) -> None:
    row = post(u, chat)
    claim(u, row)
    assert [each.id for each in outbox.expired_leases(u, alone=True)] == [row]


def test_an_edit_may_go_twice_unless_it_became_a_message(u: Unit, chat: ChatCard) -> None:
    """Its message never got out, so it was sent as a new one; a second time that would be seen."""
    sent, lost = post(u, chat), post(u, chat)
    u.set(Outbox, sent, message_id=100)
    for target in (sent, lost):
        change = outbox.post(u, chat, REPLY, "edit", {"text": "now", "keyboard": []}, "", target=target)
        assert change is not None
        claim(u, change)
    assert [each.repeatable for each in outbox.expired_leases(u, alone=True)] == [True, False]


def test_what_is_put_back_waits_again(u: Unit, chat: ChatCard) -> None:
    row = post(u, chat)
    taken = claim(u, row)
    later = NOW + timedelta(seconds=7)
    assert outbox.put_back(u, row, taken.attempt, later, reason="429")
    assert ready(u) == []
    u.now = later
    assert ready(u) == [row]
    assert claim(u, row).attempt == 2


@pytest.mark.parametrize("reason", ["doubt", "unconnected", "lease", "429"])
def test_what_is_tried_again_is_not_overtaken_in_its_chat_and_lane(u: Unit, chat: ChatCard, reason: str) -> None:
    first, second, prompt = post(u, chat), post(u, chat), post(u, chat, lane=PROMPT)
    card, elsewhere = post(u, chat, lane=CRISIS), post(u, people.chat_for(u, 5002))
    outbox.put_back(u, first, claim(u, first).attempt, NOW + timedelta(seconds=4), reason=reason)
    assert ready(u) == [card, elsewhere, prompt]
    assert outbox.next_at(u) == NOW + timedelta(seconds=4)
    u.now = NOW + timedelta(seconds=4)
    assert ready(u) == [card, first, elsewhere, prompt]
    outbox.finish(u, first, claim(u, first).attempt, "sent", message_id=100)
    assert ready(u) == [card, second, elsewhere, prompt]


def test_an_edit_that_waits_for_its_message_and_a_picture_of_a_timer_hold_nothing_up(u: Unit, chat: ChatCard) -> None:
    edit, frame = post(u, chat, kind="edit", target=post(u, chat, lane=PROMPT)), post(u, chat, lane=BULK, kind="frame")
    after = [post(u, chat), post(u, chat, lane=BULK)]
    for row, reason in ((edit, "waits"), (frame, "skipped")):
        outbox.put_back(u, row, claim(u, row).attempt, NOW + timedelta(seconds=4), reason=reason)
    assert set(after) <= set(ready(u))


def test_a_crisis_message_waits_for_the_one_in_doubt_before_it_but_not_for_ever_and_not_for_a_429(u: Unit, chat: ChatCard) -> None:
    first, second = post(u, chat, lane=CRISIS), post(u, chat, lane=CRISIS)
    outbox.put_back(u, first, claim(u, first).attempt, NOW + timedelta(seconds=30), reason="429")
    assert ready(u) == [second]
    u.now = NOW + timedelta(seconds=30)
    for _ in range(4):
        taken = claim(u, first)
        outbox.put_back(u, first, taken.attempt, u.now + timedelta(seconds=2), reason="doubt")
        assert ready(u) == []
        u.now += timedelta(seconds=2)
    outbox.put_back(u, first, claim(u, first).attempt, u.now + timedelta(seconds=2), reason="doubt")
    assert ready(u) == [second]


def test_an_end_is_an_end(u: Unit, chat: ChatCard) -> None:
    row = post(u, chat)
    taken = claim(u, row)
    assert outbox.finish(u, row, taken.attempt, "dead", reason="403")
    assert not outbox.finish(u, row, taken.attempt, "sent")
    assert not outbox.put_back(u, row, taken.attempt, NOW)
    assert outbox.claim(u, row, "two", LEASE) is None


def sent(u: Unit, chat: ChatCard) -> int:
    """A message that is on the phone, to be edited."""
    row = post(u, chat, "question")
    outbox.finish(u, row, claim(u, row).attempt, "sent", message_id=100)
    return row


def test_of_several_edits_only_the_newest_goes(u: Unit, chat: ChatCard) -> None:
    panel = sent(u, chat)
    post(u, chat, "two", kind="edit", target=panel)
    newest = post(u, chat, "three", kind="edit", target=panel)
    assert ready(u) == [newest]
    taken = claim(u, newest)
    assert (taken.payload["text"], taken.message_id) == ("three", 100)


def test_an_edit_of_another_message_is_left_alone(u: Unit, chat: ChatCard) -> None:
    one, two = sent(u, chat), sent(u, chat)
    first, second = post(u, chat, kind="edit", target=one), post(u, chat, kind="edit", target=two)
    assert [outbox.state_of(u, row) for row in (first, second)] == [("ready", None)] * 2


def test_taking_the_keyboard_off_never_swallows_words_that_wait(u: Unit, chat: ChatCard) -> None:
    """"Saved" is still on its way when the buttons are taken off: it goes, without buttons."""
    panel = sent(u, chat)
    edit = post(u, chat, "Saved.", kind="edit", target=panel)
    outbox.post(u, chat, REPLY, "strip", {}, "", target=panel)
    assert ready(u) == [edit]
    taken = claim(u, edit)
    assert (taken.payload["text"], taken.payload["keyboard"]) == ("Saved.", [])


def test_two_strips_are_one(u: Unit, chat: ChatCard) -> None:
    panel = sent(u, chat)
    post(u, chat, kind="strip", target=panel)
    last = post(u, chat, kind="strip", target=panel)
    assert ready(u) == [last]


def test_new_words_replace_a_strip_that_waits(u: Unit, chat: ChatCard) -> None:
    panel = sent(u, chat)
    post(u, chat, kind="strip", target=panel)
    edit = post(u, chat, "next", kind="edit", target=panel)
    assert ready(u) == [edit]


def on_its_way(u: Unit, chat: ChatCard, panel: int, kind: str = "edit") -> Claimed:
    return claim(u, post(u, chat, "older", kind=kind, target=panel))


@pytest.mark.parametrize("kind", ["edit", "strip", "frame"])
@pytest.mark.parametrize("newer_went", [False, True])
def test_a_change_that_is_put_back_never_takes_a_newer_one_back(u: Unit, chat: ChatCard, kind: str, newer_went: bool) -> None:
    panel = sent(u, chat)
    older = on_its_way(u, chat, panel, kind)
    newer = post(u, chat, "newer", kind="edit", target=panel)
    if newer_went:
        outbox.finish(u, newer, claim(u, newer, "two").attempt, "sent")
    assert outbox.put_back(u, older.id, older.attempt, NOW, reason="doubt")
    assert outbox.state_of(u, older.id) == ("superseded", None)
    assert ready(u) == ([] if newer_went else [newer])


def test_a_change_that_waits_to_be_tried_again_gives_way_to_a_newer_one(u: Unit, chat: ChatCard) -> None:
    panel = sent(u, chat)
    older = on_its_way(u, chat, panel)
    outbox.put_back(u, older.id, older.attempt, NOW + timedelta(seconds=4), reason="doubt")
    newer = post(u, chat, "newer", kind="edit", target=panel)
    assert ready(u) == [newer], "at once, as nothing is before it any more"


def test_words_on_their_way_when_the_keyboard_is_taken_off_go_again_without_it(u: Unit, chat: ChatCard) -> None:
    panel = sent(u, chat)
    older = on_its_way(u, chat, panel)
    strip = post(u, chat, kind="strip", target=panel)
    outbox.put_back(u, older.id, older.attempt, NOW, reason="doubt")
    assert ready(u) == [older.id], "the words first"
    again = claim(u, older.id)
    assert (again.payload["text"], again.payload["keyboard"]) == ("older", [])
    outbox.finish(u, again.id, again.attempt, "sent")
    assert ready(u) == [strip]


def test_a_picture_that_was_drawn_takes_the_place_of_older_changes(u: Unit, chat: ChatCard) -> None:
    panel = sent(u, chat)
    older, frame = on_its_way(u, chat, panel), post(u, chat, lane=BULK, kind="frame", target=panel)
    outbox.put_back(u, older.id, older.attempt, NOW + timedelta(seconds=4), reason="doubt")
    outbox.overtake(u, panel, frame)
    assert outbox.state_of(u, older.id) == ("superseded", None)
    assert outbox.state_of(u, frame) == ("ready", None)


def test_what_is_no_longer_wanted_is_dropped_by_its_condition_or_its_message(u: Unit, chat: ChatCard) -> None:
    reminder = post(u, chat, lane=PROMPT, wanted="session:1:2026-11-17")
    panel = sent(u, chat)
    frame, other = post(u, chat, lane=BULK, kind="frame", target=panel), post(u, chat)
    assert outbox.drop(u, "cancelled", wanted="session:1:2026-11-17") == 1
    assert outbox.drop(u, "answered", target=panel, kind="frame") == 1
    assert ready(u) == [other]
    assert outbox.state_of(u, reminder) == outbox.state_of(u, frame) == ("dropped", None)
    assert outbox.drop(u, "cancelled", wanted="session:1:2026-11-17") == 0


def test_what_is_under_way_can_not_be_dropped(u: Unit, chat: ChatCard) -> None:
    row = post(u, chat, wanted="session:1:2026-11-17")
    claim(u, row)
    assert outbox.drop(u, "cancelled", wanted="session:1:2026-11-17") == 0


def test_a_message_is_found_by_the_id_telegram_gave_it(u: Unit, chat: ChatCard) -> None:
    panel = sent(u, chat)
    assert outbox.panel_of_message(u, chat.id, 100) == panel
    assert outbox.panel_of_message(u, chat.id, 101) is None
    assert outbox.panel_of_message(u, people.chat_for(u, 5002).id, 100) is None, "another chat has its own numbers"


def test_words_in_the_outbox_are_sealed_with_the_key_of_the_chat(u: Unit, chat: ChatCard) -> None:
    row = post(u, chat, "Canary words")
    raw = u.one(outbox_rows.OUTBOX.select().where(outbox_rows.OUTBOX.c.id == row))
    assert raw is not None
    assert b"Canary" not in raw.payload
    assert u.open_json(chat.key, "outbox.payload", row, raw.payload)["text"] == "Canary words"
