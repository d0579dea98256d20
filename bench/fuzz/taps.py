"""Taps nobody was entitled to: on every live button and every dead one, by everyone else and in every wrong way. Seeded."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from bench.fuzz.world import PEOPLE, World, person_at
from bot.acts.concern import FIRST
from bot.acts.taken_back import DIRECT
from bot.panel import HELP
from bot.taps import STAYS
from storage import people, sessions
from storage.store import table
from storage.tables import Chat, Prompt

BATCH = 200
SCENES: tuple[tuple[tuple[str, str], ...], ...] = (
    (("patient", "/checkin"), ("admin", "/patients"), ("clinician", "/oncall"), ("other", "/help"), ("new", "/start")),
    (("patient", "/journal"), ("admin", "/invite"), ("clinician", "/inbox"), ("other", "what a day"), ("new", "/start")),
    (("patient", "/skills"), ("admin", "/session"), ("clinician", "/session"), ("other", "stop"), ("new", "/start")),
    (("patient", "/settings"), ("admin", "/oncall"), ("clinician", "/patients"), ("other", "/sessions"), ("new", "/start")),
    (("patient", "/mydata"), ("admin", "/inbox"), ("clinician", "/oncall"), ("other", "/pause"), ("new", "/start")),
    (("patient", "I want to kill myself"), ("admin", "/oncall"), ("clinician", "/inbox"), ("other", "/checkin"), ("new", "/start")),
    (("patient", "/sos"), ("other", "everyone would be better off without me"), ("admin", "/session"), ("clinician", "/patients")),
)  # fmt: skip
FORMERLY = {"discharged": "/settings", "declined": "/journal", "revoked": "/patients"}
"""What those for whom nothing is on had open last."""
INSIDE = ("patient", "other", "new", "admin", "clinician")
OUTSIDE = ("discharged", "declined", "moved", "revoked", "stranger", "second stranger")
SAYS = {
    "stale": {"bot.stale"},
    "outside": {"bot.not_invited", "welcome.off", "welcome.off_alert", "crisis.discharged"},
    "group": set(),
    "silent": set(),
}


@dataclass(frozen=True)
class Button:
    """One button of one keyboard; `answered` is the option that keyboard was closed with."""

    owner: str
    nonce: str
    place: int
    option: str
    key: str
    live: bool
    answered: str | None
    panel: int | None
    talk: int | None

    @property
    def data(self) -> str:
        return f"{self.nonce}.{self.place}"


@dataclass
class Tally:
    """What the taps came to."""

    ways: Counter[str] = field(default_factory=Counter)
    buttons: set[tuple[str, str]] = field(default_factory=set)
    changes: list[str] = field(default_factory=list)
    impolite: list[str] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(self.ways.values())


def shoot(world: World, count: int, seed: int) -> Tally:
    """`count` taps over all scenes in turn; what changed or was not answered as designed is in the tally."""
    rng, tally = random.Random(seed), Tally()
    with world.store.unit(world.now) as u:
        day = date(2026, 11, 18)
        sessions.add_series(u, "group", "Evening group", day, "18:00", 60, weeks=4)
    each = max(1, count // (2 * len(SCENES)))
    for n in range(10_000):
        if tally.count >= count:
            return tally
        _set(world, SCENES[n % len(SCENES)])
        for _ in range(0, min(each, count - tally.count), BATCH):
            _volley(world, rng, tally, min(BATCH, count - tally.count))
        world.restart()
        if n % 2:
            world.forward(timedelta(days=8))
            world.take([])
    return tally


def _set(world: World, scene: tuple[tuple[str, str], ...]) -> None:
    """Put keyboards before everybody, and answer one of some of them."""
    chats = table(Chat)
    with world.store.unit(world.now) as u:
        before = {who: person_at(u, who) for who in FORMERLY}
        for card in before.values():
            if card is not None:
                people.set_status(u, card.id, "active")
    for who, words in (*FORMERLY.items(), *scene):
        world.take([world.numbered(world.text(PEOPLE[who], words))])
    with world.store.unit(world.now) as u:
        for who, card in before.items():
            if card is not None:
                people.set_status(u, card.id, who)
        u.run(chats.update().values(reachable=True))
    for button in [each for each in buttons(world) if each.live and each.place == 0 and each.owner in ("patient", "other")][:2]:
        world.take([world.numbered(world.tap(PEOPLE[button.owner], button.data))])


def buttons(world: World) -> list[Button]:
    """Every button of every keyboard there is, of the people by name."""
    rows, found = table(Prompt), []
    with world.store.unit(world.now) as u:
        names = {people.chat_for(u, address).id: who for who, address in PEOPLE.items()}
        for row in u.all(select(rows).order_by(rows.c.id.desc()).limit(400)):
            for place, option in enumerate(json.loads(row.options)):
                if row.chat_id in names:
                    found.append(
                        Button(
                            names[row.chat_id], row.nonce, place, option, row.key, row.state == "live", row.answered, row.panel_id,
                            row.talk_id,
                        )
                    )
    return found


def _volley(world: World, rng: random.Random, tally: Tally, count: int) -> None:
    there = buttons(world)
    tally.buttons |= {(each.key, each.option.split(":")[0]) for each in there if each.live}
    before = world.digest()
    shots = [_shot(world, rng, there) for _ in range(count)]
    seen = world.take([world.numbered(update) for _, _, update in shots])
    tally.ways.update(way for way, _, _ in shots)
    tally.cpu += seen.cpu
    after = world.digest()
    if after != before:
        moved = sorted(name for name in after if after[name] != before.get(name))
        tally.changes.append(f"{moved} by one of {sorted({way for way, _, _ in shots})}")
    if set(seen.states) - {"done"}:
        tally.impolite.append(f"not taken: {dict(seen.states)}")
    tally.impolite += seen.faults
    tally.impolite += _answers(shots, seen.sent)


def _answers(shots: list[tuple[str, str, dict[str, Any]]], sent: list[tuple[int, str, str]]) -> Iterator[str]:
    """An old or foreign keyboard is taken away and answered once for each message; outsiders once an hour; else silence."""
    said = Counter(content.split("@")[0] if content else kind for _, kind, content in sent)
    wanted = {update["callback_query"]["message"]["message_id"]: 1 for _, due, update in shots if due == "stale"}
    either = sum(due == "either" for _, due, _ in shots)
    for what in ("bot.stale", "strip"):
        if not len(wanted) <= said[what] <= len(wanted) + either:
            yield f"{what}: {said[what]} for {len(wanted)} (+{either}) messages"
    allowed = {"bot.stale", "strip", "leave", *SAYS["outside"]}
    if set(said) - allowed:
        yield f"said {sorted(set(said) - allowed)}"
    if sum(said[what] for what in SAYS["outside"]) > len(OUTSIDE):
        yield "outsiders were told more than once"


def _shot(world: World, rng: random.Random, there: list[Button]) -> tuple[str, str, dict[str, Any]]:
    """(way, how it is to be answered, the update)."""
    button, who = rng.choice(there), rng.choice(INSIDE)
    way = rng.choice(list(WAYS))
    address, data, due, more = WAYS[way](rng, button, who, there)
    update = world.tap(address, data)
    _merge(update["callback_query"], more)
    if due == "stale" and address in {PEOPLE[each] for each in OUTSIDE}:
        due = "outside"
    return way, due, update


Shot = tuple[int, str, str, dict[str, Any]]


def _merge(query: dict[str, Any], more: dict[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(query.get(key), dict):
            _merge(query[key], value)
        elif value is None:
            query.pop(key, None)
        else:
            query[key] = value


def _not(rng: random.Random, owner: str, among: tuple[str, ...]) -> int:
    return PEOPLE[rng.choice([who for who in among if who != owner])]


def _foreign(rng: random.Random, button: Button, who: str, there: list[Button]) -> Shot:
    return _not(rng, button.owner, INSIDE), button.data, "stale", {}


def _outsider(rng: random.Random, button: Button, who: str, there: list[Button]) -> Shot:
    return _not(rng, button.owner, OUTSIDE), button.data, "outside", {}


def _own_of_outsiders(rng: random.Random, button: Button, who: str, there: list[Button]) -> Shot:
    own = [each for each in there if each.owner in FORMERLY and each.option != HELP and each.key != STAYS]
    if not own:
        return _outsider(rng, button, who, there)
    button = rng.choice(own)
    return PEOPLE[button.owner], button.data, "outside", {}


def _closed(rng: random.Random, button: Button, who: str, there: list[Button]) -> Shot:
    """A keyboard that was answered or overtaken, in its own chat. Whose question about their safety was put again below is still asked."""
    stands = {(each.talk, each.key) for each in there if each.live and each.talk is not None}
    old = [each for each in there if not each.live and each.option != HELP and each.option[:1] not in "+-" and each.key != STAYS]
    old = [each for each in old if (each.talk, each.key) not in stands or not _about_safety(each.key)]
    if not old:
        return _foreign(rng, button, who, there)
    button = rng.choice(old)
    return PEOPLE[button.owner], button.data, "either", {}


def _about_safety(key: str) -> bool:
    question = key.rpartition("/")[2]
    return question in DIRECT or question.startswith(FIRST)


def _twice(rng: random.Random, button: Button, who: str, there: list[Button]) -> Shot:
    done = [each for each in there if not each.live and each.answered == each.option and each.option != HELP and each.key != STAYS]
    done = [each for each in done if each.owner in INSIDE]
    if not done:
        return _foreign(rng, button, who, there)
    button = rng.choice(done)
    return PEOPLE[button.owner], button.data, "silent", {}


def _group(rng: random.Random, button: Button, who: str, there: list[Button]) -> Shot:
    chat = {"id": -rng.randrange(1, 3), "type": rng.choice(("group", "supergroup", "channel"))}
    return PEOPLE[who], button.data, "group", {"message": {"chat": chat}}


def _wrong_chat(rng: random.Random, button: Button, who: str, there: list[Button]) -> Shot:
    """Another person's tap that names the owner's chat."""
    chat = {"id": PEOPLE[button.owner], "type": "private"}
    return _not(rng, button.owner, INSIDE), button.data, "stale", {"message": {"chat": chat}}


def _forwarded(rng: random.Random, button: Button, who: str, there: list[Button]) -> Shot:
    origin = {"forward_origin": {"type": "user", "sender_user": {"id": PEOPLE[button.owner]}, "date": 1}}
    return _not(rng, button.owner, INSIDE), button.data, "stale", {"message": origin}


def _inline(rng: random.Random, button: Button, who: str, there: list[Button]) -> Shot:
    return _not(rng, button.owner, INSIDE), button.data, "silent", {"message": None, "inline_message_id": "x" * 20}


def _random(rng: random.Random, button: Button, who: str, there: list[Button]) -> Shot:
    raw = rng.randbytes(rng.randrange(0, 65))
    data = raw.decode(rng.choice(("latin-1", "utf-8")), "replace")
    return PEOPLE[who], data.encode()[:64].decode("utf-8", "ignore"), "stale", {}


def _tampered(rng: random.Random, button: Button, who: str, there: list[Button]) -> Shot:
    """The owner's own chat, with a token that was never given out."""
    nonce, at = button.nonce, rng.randrange(22)
    other = rng.choice([sign for sign in "ABCabc019_-" if sign != nonce[at]])
    changed = nonce[:at] + other + nonce[at + 1 :]
    data = rng.choice((
        f"{changed}.{button.place}", f"{nonce}.{rng.randrange(200, 1000)}", f"{nonce}.-1", f"{nonce}.", nonce, f"{nonce}.{button.place}.0",
        f"{nonce}.{button.place} ", f"{nonce.swapcase()}.{button.place}", f"{nonce[1:]}.{button.place}", f"{nonce}.1000", f"{nonce}.0x1",
    ))  # fmt: skip
    owner = button.owner if button.owner in INSIDE else who
    return PEOPLE[owner], data, "stale", {}


WAYS = {
    "another person": _foreign, "outsider": _outsider, "outsider's own": _own_of_outsiders, "closed or expired": _closed, "twice": _twice,
    "group": _group, "wrong chat": _wrong_chat, "forwarded": _forwarded, "inline": _inline, "random bytes": _random, "tampered": _tampered,
}  # fmt: skip
