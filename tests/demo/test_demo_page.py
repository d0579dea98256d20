"""The endpoints behind the page: what it is told, what it may do, and what it is refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from demo.control import STEPS
from demo.local import LocalTelegram
from demo.server import running
from demo.web import page_routes
from tests.demo.stage import PATIENT, STAFF, FakeControl


class Visitor:
    """The page's side of the wire."""

    def __init__(self, client: httpx.AsyncClient, here: LocalTelegram, control: FakeControl) -> None:
        self.client, self.here, self.control = client, here, control

    async def act(self, **what: Any) -> httpx.Response:
        return await self.client.post("/demo/act", json=what)


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    control = FakeControl()
    here = LocalTelegram(limits=None, clock=control.now)
    async with (
        running(here, extra=page_routes(here, control)) as url,
        httpx.AsyncClient(base_url=url) as client,
    ):
        yield Visitor(client, here, control)


async def events(visitor: Visitor, count: int, chats: str = f"chat={PATIENT}&chat={STAFF}") -> list[dict[str, Any]]:
    """The next messages of a new stream."""
    found: list[dict[str, Any]] = []
    async with visitor.client.stream("GET", f"/demo/stream?{chats}") as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data: ") and "revision" in line:
                found.append(json.loads(line.removeprefix("data: ")))
            if len(found) == count:
                break
    return found


async def test_the_page_and_its_parts_load_from_here_only(visitor: Visitor) -> None:
    page = await visitor.client.get("/")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "http" not in page.text.replace("http-equiv", "")
    for name, kind in (("page.css", "text/css"), ("page.js", "text/javascript"), ("mark.svg", "image/svg+xml")):
        part = await visitor.client.get(f"/demo/page/{name}")
        assert part.headers["content-type"].startswith(kind)
    for name in ("index.html", "nothing.js", "..%2fserver.py"):
        assert (await visitor.client.get(f"/demo/page/{name}")).status_code == 404


async def test_four_phones_four_cards_and_a_clock(visitor: Visitor) -> None:
    setup = (await visitor.client.get("/demo/setup")).json()
    assert [(p["role"], p["name"], p["side"]) for p in setup["phones"]] == [
        ("Patient", "Sam", "patient"),
        ("On call", "Dana", "staff"),
        ("Backup", "Imani", "backup"),
        ("Supervisor", "Luis", "supervisor"),
    ]
    assert len(setup["suggestions"]) == 4
    now = int(visitor.control.moment.timestamp() * 1000)
    assert (setup["zone"], setup["now"], setup["next"]) == ("America/New_York", now, None)
    visitor.control.waits = visitor.control.moment + timedelta(minutes=2)
    assert (await visitor.client.get("/demo/setup")).json()["next"] == now + 120_000


async def test_any_other_person_can_be_put_on_the_left(visitor: Visitor) -> None:
    visitor.here.phone(40, "Robin")
    setup = (await visitor.client.get("/demo/setup?patient=40")).json()
    assert (setup["phones"][0]["user_id"], setup["phones"][0]["name"]) == (40, "Robin")
    assert (await visitor.client.get("/demo/setup?patient=41")).status_code == 404
    assert (await visitor.client.get("/demo/setup?patient=x")).status_code == 404


async def test_a_phone_can_do_all_a_person_can(visitor: Visitor) -> None:
    assert (await visitor.act(phone=PATIENT, do="invitation")).json() == {"ok": True}
    sam = visitor.here.phone(PATIENT)
    assert sam.last.text == "/start abc123"
    await visitor.act(phone=PATIENT, do="text", text="Hello")
    await visitor.act(phone=PATIENT, do="edit", message=sam.last.id, text="Hello again")
    assert (sam.last.text, sam.last.edits) == ("Hello again", 1)
    keyboard = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}
    await visitor.here.call("sendMessage", {"chat_id": PATIENT, "text": "Ready?", "reply_markup": keyboard})
    await visitor.act(phone=PATIENT, do="tap", message=sam.last.id, data="y")
    await visitor.act(phone=PATIENT, do="press", text="Yes")
    assert [tap.data for tap in sam.taps] == ["y", "y"]
    for what in ("photo", "voice", "sticker", "block"):
        assert (await visitor.act(phone=PATIENT, do=what)).status_code == 200
    assert sam.person.blocked
    assert [m.kind for m in sam.messages[-3:]] == ["photo", "voice", "sticker"]


async def test_what_a_phone_cannot_do_is_said(visitor: Visitor) -> None:
    assert (await visitor.act(phone=999, do="text", text="x")).status_code == 404
    for what in ({"do": "text"}, {"do": "fly"}, {"do": "text", "text": 5}, {"do": "tap", "message": 77, "data": "y"}, {}):
        answer = await visitor.act(phone=PATIENT, **what)
        assert (answer.status_code, bool(answer.json()["error"])) == (400, True)
    form = await visitor.client.post("/demo/act", content=json.dumps({"phone": PATIENT, "do": "text", "text": "from another site"}))
    assert form.status_code == 400
    assert visitor.here.phone(PATIENT).messages == []


async def test_the_clock_turns_by_known_steps(visitor: Visitor) -> None:
    before = visitor.control.moment
    for step in STEPS:
        assert (await visitor.client.post("/demo/turn", json={"step": step})).json()["now"] > before.timestamp() * 1000
    assert visitor.control.turns == list(STEPS)
    assert (await visitor.client.post("/demo/turn", json={"step": "yesterday"})).status_code == 400


async def test_trouble_behind_the_page_is_kept_from_the_visitor(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: Any) -> None:
        raise RuntimeError("a secret detail")

    for name in ("turn", "invite_link", "weekly_html"):
        monkeypatch.setattr(visitor.control, name, fail)
    for answer in (
        await visitor.client.post("/demo/turn", json={"step": "monday"}),
        await visitor.act(phone=PATIENT, do="invitation"),
        await visitor.client.get("/demo/weekly"),
    ):
        assert answer.status_code == 500
        assert "secret" not in answer.text


async def test_the_weekly_page_is_for_all_or_one(visitor: Visitor) -> None:
    assert "The week of everyone" in (await visitor.client.get("/demo/weekly")).text
    one = await visitor.client.get("/demo/weekly?patient=K7")
    assert "The week of K7" in one.text
    assert "script" not in one.headers["content-security-policy"]


async def test_the_stream_begins_with_everything_and_goes_on_with_changes(visitor: Visitor) -> None:
    await visitor.act(phone=PATIENT, do="text", text="before")
    listening = asyncio.create_task(events(visitor, 2))
    await asyncio.sleep(0.3)
    await visitor.here.call("sendMessage", {"chat_id": STAFF, "text": "refused: not started"})
    first, second = await listening
    assert (first["first"], [m["text"] for m in first["messages"]]) == (True, ["before"])
    assert (second["first"], second["messages"], second["calls"][0]["status"]) == (False, [], 403)
    assert "token" not in json.dumps(second)


async def test_a_phone_not_asked_for_is_not_told(visitor: Visitor) -> None:
    visitor.here.phone(40, "Robin").send_text("private")
    (first,) = await events(visitor, 1)
    assert first["messages"] == []


async def test_what_the_bot_sends_can_be_looked_at(visitor: Visitor) -> None:
    visitor.here.phone(PATIENT).send_text("/start")
    multipart = {"photo": ("a.png", b"\x89PNG", "image/png")}
    token = visitor.here.token
    sent = (await visitor.client.post(f"/bot{token}/sendPhoto", data={"chat_id": str(PATIENT)}, files=multipart)).json()["result"]
    picture = await visitor.client.get(f"/demo/file/{sent['photo'][0]['file_id']}")
    assert (picture.content, picture.headers["content-type"]) == (b"\x89PNG", "image/png")
    assert (await visitor.client.get("/demo/file/none")).status_code == 404
