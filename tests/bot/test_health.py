"""What whoever watches sees: which loops hang, whether a message would be taken now, and figures without names."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from bot import vitals
from bot.errors import ListenerTaken
from bot.health import health
from bot.pace import Pace
from bot.sending import Gone, Refused
from bot.serving import listen
from bot.vitals import Vitals
from demo.local import LocalTelegram
from storage import escalations, inbox, outbox, people
from storage.inbox import Update
from storage.store import Unit
from tests import leaks
from tests.bot.test_shell import DANGER, database_gone
from tests.bots import Bot, running_bot, visiting
from tests.clinics import OTHER, PATIENT, STAFF

TOKEN = SecretStr("a-made-up-token-for-watching")


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    async with running_bot(tmp_path) as running:
        yield running


@pytest.fixture
async def pages(bot: Bot) -> AsyncIterator[httpx.AsyncClient]:
    async with visiting(health(bot.app.vitals, bot.app.writer)) as client:
        yield client


async def figures(pages: httpx.AsyncClient) -> dict[str, float]:
    """Every sample of one scrape by name and labels, such as "between_sends_total 0 accepted"."""
    families = text_string_to_metric_families((await pages.get("/metrics")).text)
    return {" ".join([sample.name, *sample.labels.values()]): sample.value for family in families for sample in family.samples}


async def polled(bot: Bot) -> None:
    """Until Telegram has answered a poll, which with nothing to say takes it a while."""
    bot.patient.send_text("good evening")
    await bot.here.until(lambda: bot.app.vitals.receiving == "polling" and bot.patient.texts, 60)


async def test_a_bot_that_works_is_live_and_ready(bot: Bot, pages: httpx.AsyncClient) -> None:
    await polled(bot)
    await bot.here.until(lambda: "tick" in bot.app.vitals.ages(), 60)
    live, ready = await pages.get("/livez"), await pages.get("/readyz")
    assert (live.status_code, live.json()["live"]) == (200, True)
    assert set(live.json()["seconds_since"]) == {"intake", "worker", "tick", "drain"}
    assert (ready.status_code, ready.json()["database"], ready.json()["receiving"]) == (200, "ok", "polling")
    assert (await pages.get("/")).status_code == 404
    assert (await pages.post("/livez")).status_code == 405


def test_a_loop_that_hangs_is_named() -> None:
    now = 1000.0
    watched = Vitals(lambda: now)
    watched.beat("worker")
    now += 40
    watched.beat("drain")
    assert watched.stuck() == []
    now += 30
    assert (watched.stuck(), watched.ages()) == (["worker"], {"worker": 70, "drain": 30})


async def test_a_hanging_worker_is_not_live(bot: Bot, pages: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vitals, "STUCK", 2.0)
    hung = asyncio.Event()

    async def hang(_work: object) -> int:
        await hung.wait()
        return 0

    monkeypatch.setattr(bot.app.writer, "call", hang)
    bot.patient.send_text("anybody there?")
    await bot.here.until(lambda: "worker" in bot.app.vitals.stuck(), 60)
    answer = await pages.get("/livez")
    assert (answer.status_code, answer.json()["live"]) == (503, False)
    assert "worker" in answer.json()["stuck"]
    hung.set()


async def test_without_a_database_it_is_not_ready_and_says_so_in_figures(bot: Bot, pages: httpx.AsyncClient) -> None:
    await polled(bot)
    with database_gone(bot):
        answer = await pages.get("/readyz")
        assert (answer.status_code, answer.json()["database"]) == (503, "unusable")
        assert (await figures(pages))["between_database_up"] == 0
    assert (await pages.get("/readyz")).status_code == 200
    assert (await figures(pages))["between_database_up"] == 1


async def test_a_telegram_that_is_silent_for_a_minute(bot: Bot, pages: httpx.AsyncClient) -> None:
    await polled(bot)
    bot.here.faults.add("error", "getUpdates", times=100, code=502)
    bot.patient.send_text("hello?")
    await bot.here.until(lambda: bot.app.vitals.receiving == "unreachable", 60)
    assert (await pages.get("/readyz")).status_code == 200, "a minute is given"
    bot.app.vitals._polled = bot.app.vitals._ticks() - 61
    answer = await pages.get("/readyz")
    assert (answer.status_code, answer.json()["receiving"]) == (503, "unreachable")
    assert (await figures(pages))["between_poll_age_seconds"] > 60


async def test_a_second_program_on_the_same_bot_is_loud_until_it_goes(
    bot: Bot, pages: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.app.POLLER_RETRY", 0.3)
    monkeypatch.setattr(vitals, "HELD", 2.0)
    await polled(bot)
    other = asyncio.create_task(_poll_beside(bot.here))
    await bot.here.until(lambda: bot.app.vitals.receiving == "taken", 60)
    for _ in range(5):  # they take turns, and still it is never ready
        answer = await pages.get("/readyz")
        assert (answer.status_code, answer.json()["receiving"]) == (503, "taken")
        await asyncio.sleep(0.2)
    assert (await figures(pages))["between_receiving taken"] == 1
    other.cancel()
    bot.patient.send_text("and now?")
    await bot.here.until(lambda: len(bot.patient.texts) == 2, 60)
    await bot.here.until(lambda: bot.app.vitals.receiving == "polling", 60)
    assert (await pages.get("/readyz")).status_code == 200


async def _poll_beside(here: LocalTelegram) -> None:
    while True:
        await here.call("getUpdates", {"timeout": 1, "offset": 0})


async def test_figures_follow_what_happens(bot: Bot, pages: httpx.AsyncClient) -> None:
    bot.patient.send_text(DANGER)
    await bot.here.until(lambda: bot.staff.texts)
    await bot.app.drained()
    found = await figures(pages)
    assert found["between_escalations open"] == 1
    assert found["between_sends_total 0 accepted"] >= 1
    assert found["between_sends_total 1 accepted"] >= 1
    assert found["between_time_to_acknowledge_seconds_count"] == 0
    bot.clock.turn(bot.clock.now() + timedelta(seconds=90))
    bot.staff.press("I'll take it")
    await bot.here.until(lambda: any("Dana Reyes saw this at" in text for text in bot.patient.texts), 60)
    found = await figures(pages)
    assert (found["between_escalations open"], found["between_escalations acked"]) == (0, 1)
    assert found["between_time_to_acknowledge_seconds_bucket 60.0"] == 0
    assert found["between_time_to_acknowledge_seconds_bucket 120.0"] == 1
    assert found["between_time_to_acknowledge_seconds_sum"] >= 90


async def test_the_auditor_shows_its_age(bot: Bot, pages: httpx.AsyncClient) -> None:
    assert "between_audit_age_seconds" not in await figures(pages)
    await bot.turn(timedelta(minutes=2))
    found: dict[str, float] = {}
    for _ in range(600):
        if "between_audit_age_seconds" in (found := await figures(pages)):
            break
        await asyncio.sleep(0.1)
    assert 0 <= found["between_audit_age_seconds"] < 30
    assert found["between_planned_stop"] == 0


async def test_what_waits_and_what_went_wrong_is_counted(bot: Bot, pages: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pace, "choose", lambda _self, _rows, _now: [])

    def went_wrong(u: Unit) -> None:
        chat = people.chat_for(u, PATIENT)
        for lane, state in ((3, "ready"), (3, "ready"), (2, "dead"), (2, "unknown"), (4, "unknown")):
            id = outbox.post(u, chat, lane, "send", {"text": "x"}, "x@1")
            if state != "ready":
                assert id is not None and outbox.claim(u, id, "me", u.now)
                outbox.finish(u, id, 1, state)
        (row,) = inbox.store(u, [Update(chat, 77, "{}", "text", u.now)])
        assert row is not None
        inbox.quarantine(u, row, "made_up", None)

    await bot.app.writer.run(went_wrong)
    bot.clock.turn(bot.clock.now() + timedelta(seconds=40))
    found = await figures(pages)
    assert (found["between_lane_depth 3"], found["between_lane_depth 0"]) == (2, 0)
    assert found["between_lane_oldest_seconds 3"] >= 40
    assert (found["between_outbox_dead"], found["between_outbox_unknown"], found["between_inbox_quarantined"]) == (1, 2, 1)


async def test_results_are_counted_by_how_they_ended(bot: Bot, pages: httpx.AsyncClient) -> None:
    results = [Refused("made up"), Gone()]

    async def send(_row: object) -> Refused | Gone:
        return results.pop()

    bot.app.drain._send = bot.app.vitals.counted(send)
    bot.patient.send_text("good evening")
    bot.other.send_text("good evening")
    await bot.here.until(lambda: not results, 60)
    found = await figures(pages)
    assert (found["between_sends_total 2 refused"], found["between_sends_total 2 gone"]) == (1, 1)


async def test_nothing_of_anybody_is_in_what_the_pages_say(bot: Bot, pages: httpx.AsyncClient) -> None:
    bot.patient.send_text(DANGER)
    await bot.here.until(lambda: bot.staff.texts)
    (row,) = await bot.app.writer.run(escalations.all_open)
    said = b"".join([(await pages.get(f"/{page}")).content for page in ("metrics", "livez", "readyz")])
    secrets = [bot.here.token, "Robin", "Dana", "Reyes", "Harbor", "555-0100", "kill", "between_demo_bot", row.ref]
    assert not leaks.found(said, secrets)
    ids = {str(id) for id in (row.id, row.person, row.chat, PATIENT, STAFF, OTHER)}
    assert not ids & set(re.findall(rb"\d+".decode(), said.decode()))
    labels = {value for _, value in re.findall(r'(\w+)="([^"]*)"', said.decode())}
    assert all(re.fullmatch(r"[a-z_]+|[0-4]|\d+\.\d|\+Inf", value) for value in labels), labels


async def test_with_a_token_nothing_is_said_without_it(bot: Bot) -> None:
    async with visiting(health(bot.app.vitals, bot.app.writer, TOKEN)) as pages:
        word = TOKEN.get_secret_value()
        for page in ("/livez", "/readyz", "/metrics"):
            for given in ({}, {"Authorization": "Bearer"}, {"Authorization": f"Bearer {word[:-1]}"}, {"Authorization": word}):
                answer = await pages.get(page, headers=given)
                assert (answer.status_code, answer.content) == (401, b"")
            assert (await pages.get(page, headers={"Authorization": f"Bearer {word}"})).status_code != 401


def test_a_taken_port_is_one_sentence_that_names_the_setting() -> None:
    first = listen("127.0.0.1", 0, "BETWEEN_WATCH_PORT")
    port = first.getsockname()[1]
    with pytest.raises(ListenerTaken, match=f"Port {port} is in use by another program.*BETWEEN_WATCH_PORT"):
        listen("127.0.0.1", port, "BETWEEN_WATCH_PORT")
    first.close()
    listen("127.0.0.1", port, "BETWEEN_WATCH_PORT").close()
