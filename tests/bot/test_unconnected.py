"""No connection, and doubts: what certainly never left goes when there is one again; what may have arrived is tried a few times at most."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from bot import sending
from bot.sending import Accepted, Doubt, Result, Wait
from storage import outbox, people
from storage.outbox import PROMPT, REPLY
from storage.store import Store
from tests.bot.conftest import NOW
from tests.clinics import PATIENT, open_clinic
from tests.on_phones import shown


@pytest.fixture(autouse=True)
def clinic(store: Store) -> None:
    open_clinic(store, NOW)


def post(store: Store, kind: str = "send", **options: object) -> int:
    with store.unit(NOW) as u:
        chat = people.chat_for(u, PATIENT)
        target = None
        if kind == "edit":
            target = shown(u, chat)
        lane = PROMPT if options else REPLY
        row = outbox.post(u, chat, lane, kind, {"text": "words"}, "bot.later@1", target=target, **options)  # type: ignore[arg-type]
    assert row is not None
    return row


def tries(store: Store, *results: Result, until: timedelta = timedelta(days=3)) -> list[float]:
    """Send it whenever it may go, ending so each time (the last of them for ever); at how many seconds."""
    at, found = NOW, list[float]()
    while at < NOW + until:
        with store.unit(at) as u:
            for row in outbox.waiting(u):
                if (taken := sending.claim(u, row, "test")) is not None:
                    found.append((at - NOW).total_seconds())
                    sending.record(u, taken, results[min(len(found), len(results)) - 1])
            following: datetime | None = outbox.next_at(u)
        if following is None:
            break
        at = following
    return found


def state(store: Store, row: int) -> str:
    with store.unit(NOW) as u:
        found = outbox.state_of(u, row)
    assert found is not None
    return found[0]


def test_a_reply_goes_half_a_minute_after_the_connection_is_back_at_most(store: Store) -> None:
    row = post(store)
    found = tries(store, *[Doubt(safe=True)] * 40, Accepted(8))
    assert found[:5] == [0, 2, 6, 14, 30]
    assert found[-1] > 1000 and max(b - a for a, b in pairwise(found)) == 32
    assert state(store, row) == "sent"


def test_a_reply_that_never_left_is_given_up_after_a_day_and_a_reminder_at_its_time(store: Store) -> None:
    row = post(store)
    assert timedelta(hours=24) <= timedelta(seconds=tries(store, Doubt(safe=True))[-1]) < timedelta(hours=24, minutes=1)
    assert state(store, row) == "unknown"
    reminder = post(store, send_by=NOW + timedelta(minutes=10))
    assert tries(store, Doubt(safe=True))[-1] < 660
    assert state(store, reminder) == "dropped"


def test_only_doubts_use_up_the_tries_of_an_edit(store: Store) -> None:
    row = post(store, "edit")
    assert len(tries(store, *[Wait(1)] * 9, *[Doubt(safe=True)] * 9, *[Doubt()] * 4, Accepted())) == 23
    assert state(store, row) == "sent"
    lost = post(store, "edit")
    assert len(tries(store, Wait(1), Doubt())) == 6
    assert state(store, lost) == "unknown"


def test_a_message_in_doubt_is_not_sent_again(store: Store) -> None:
    row = post(store)
    assert len(tries(store, Doubt())) == 1
    assert state(store, row) == "unknown"
