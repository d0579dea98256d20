"""Who is on duty, from the rows: the rota of this clinic, who of it may and can be paged now, and what is not covered."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import select

from safety import cover, rota
from safety.cover import Hours, Span
from safety.moves import Holders
from safety.rota import ANYONE, POSITIONS, Fit, Gap, Leave, Rota, Stretch, Turns
from storage import due, escalations, meta, people
from storage import rota as rows
from storage.people import PEOPLE
from storage.prepared import fixed
from storage.store import Unit, table
from storage.tables import Clinic

CLINIC = table(Clinic)
HORIZON = timedelta(days=14)
"""How far ahead gaps are looked for."""
KNOWN = "on_duty"
"""What those on duty were last told, in `meta`: JSON of ids by position."""
CHANGE = "rota"
"""The due kind of the next hand-over."""
ADMINS = "administrator"
"""No rung is theirs: they are only among "all"."""


def rota_of(u: Unit) -> Rota:
    """The rota as it is now."""
    hours = hours_of(u)
    return Rota(
        zone=hours[1],
        turns={row.position: Turns(row.first, row.at, row.people) for row in rows.rotations(u) if row.people},
        stretches=[Stretch(row.position, row.person, row.begins, row.ends) for row in rows.overrides(u)],
        leaves=[Leave(row.person, row.first, row.last) for row in rows.leaves(u)],
        standing=escalations.on_call(u),
    )


def hours_of(u: Unit) -> tuple[Hours, str]:
    """The clinic's cover hours and its zone; nobody is on call at a clinic that is not set up."""
    row = u.one(select(CLINIC.c.zone, CLINIC.c.cover))
    return (json.loads(row.cover), row.zone) if row else ({}, "UTC")


def agreed(u: Unit) -> Fit:
    """Whether somebody may be paged: active staff who said yes to it. Each is looked up once."""

    @cache
    def may(id: int) -> bool:
        who = people.person(u, id)
        return who.role == "staff" and who.active and "paged" in people.consents(u, id)

    return may


def fit(u: Unit) -> Fit:
    """Whether somebody may be paged and a message to them can be sent now."""
    may = agreed(u)

    @cache
    def can(id: int) -> bool:
        chat = people.chat_of(u, id)
        return chat is not None and chat.reachable and u.has_key(chat.key) and may(id)

    return can


def holders(u: Unit) -> dict[str, list[int]]:
    """Who holds each position now, whether or not a message reaches them."""
    return rota.holders(rota_of(u), u.now, agreed(u))


def reachable(u: Unit) -> dict[str, list[int]]:
    """Who holds each position and can be sent a message now."""
    return rota.holders(rota_of(u), u.now, fit(u))


def administrators(u: Unit, can: Fit | None = None) -> list[int]:
    """The administrators who can be sent a message now (or who are fit otherwise) and are not on leave, on duty or not."""
    plan, can = rota_of(u), can or fit(u)
    admins = u.all(select(PEOPLE.c.id).where(PEOPLE.c.duty == fixed("admin")).order_by(PEOPLE.c.id))
    return [row.id for row in admins if can(row.id) and not rota.on_leave(plan, row.id, u.now)]


def to_page(u: Unit) -> Holders:
    """Everybody the ladder may page: who is on duty, by position, and the administrators, who hear when nobody has answered."""
    return _with_administrators(u, fit(u))


def to_mail(u: Unit) -> Holders:
    """The same for mail: who may be paged and has an address, whether or not Telegram reaches them."""
    may = agreed(u)

    @cache
    def can(id: int) -> bool:
        return may(id) and bool(people.person(u, id).email)

    return _with_administrators(u, can)


def _with_administrators(u: Unit, can: Fit) -> Holders:
    return {**rota.holders(rota_of(u), u.now, can), ADMINS: administrators(u, can)}


def cover_starts(u: Unit) -> datetime | None:
    """None when somebody is on duty now by the clinic's cover hours; else when the next cover begins, at most 8 days on."""
    hours, zone = hours_of(u)
    return cover.starts(hours, zone, u.now)


def gaps(u: Unit) -> list[Gap]:
    """What of the clinic's cover hours in the next 14 days nobody covers who can be reached as things are now."""
    hours, _ = hours_of(u)
    return rota.gaps(rota_of(u), hours, u.now, u.now + HORIZON, fit(u))


@dataclass(frozen=True)
class Presence:
    """Whether somebody is on call who can be reached. `changes`: until when, or from when on, as far as 14 days show it.

    ever: whether the clinic has any cover hours.
    """

    on: bool
    changes: datetime | None
    ever: bool


def presence(u: Unit) -> Presence:
    """Whether somebody is on call now by the clinic's hours and by the rota, and when that changes."""
    hours, zone = hours_of(u)
    ends = u.now + HORIZON
    missing = [(gap.begins, gap.ends) for gap in gaps(u) if gap.position == ANYONE]
    free = [part for span in cover.spans(hours, zone, u.now, ends) for part in _without(span, missing)]
    following = next(((begins, until) for begins, until in free if until > u.now), None)
    if following is None:
        return Presence(False, None, bool(hours))
    begins, until = following
    if begins <= u.now:
        return Presence(True, until if until < ends else None, True)
    return Presence(False, begins, True)


def _without(span: Span, missing: list[Span]) -> list[Span]:
    """What is left of a span when others are taken out of it."""
    left, at = [], span[0]
    for begins, ends in missing:
        if ends > at and begins < span[1]:
            left.append((at, max(at, begins)))
            at = ends
    return [(begins, ends) for begins, ends in [*left, (at, span[1])] if begins < ends]


def changes(u: Unit, count: int) -> list[tuple[datetime, dict[str, list[int]]]]:
    """The next few hand-overs within 14 days, and who holds what from then on."""
    plan, may, at = rota_of(u), agreed(u), u.now
    found: list[tuple[datetime, dict[str, list[int]]]] = []
    while len(found) < count and (following := rota.next_change(plan, at, u.now + HORIZON, may)) is not None:
        found.append((following, rota.holders(plan, following, may)))
        at = following
    return found


def take(u: Unit, position: str, who: people.PersonCard) -> None:
    """Somebody holds a position from now on: until the next turn of it where there is a rota, else until they give it up."""
    ends = rota.turn_ends(rota_of(u), position, u.now)
    if ends is None:
        escalations.set_on_call(u, position, who)
    else:
        rows.add_override(u, position, who.id, u.now, ends)


def give_back(u: Unit, position: str, who: people.PersonCard) -> bool:
    """Somebody no longer holds what they took. False when they hold it by their turn, or not at all."""
    mine = [row for row in rows.overrides(u) if (row.position, row.person) == (position, who.id) and row.begins <= u.now]
    for row in mine:
        rows.cancel_override(u, row.id)
    by_turn = rota.turn_ends(rota_of(u), position, u.now) is not None
    return bool(mine) or (not by_turn and escalations.release(u, position, who))


def told(u: Unit) -> dict[str, list[int]] | None:
    """Who was on duty when those on duty were last told; None when nobody ever was."""
    kept = meta.get(u, KNOWN)
    return json.loads(kept) if kept else None


def settle(u: Unit, positions: Collection[str] = POSITIONS) -> None:
    """Those these positions concern know how it is now; plan the next hand-over, at once where others have yet to be told."""
    known, now = told(u), holders(u)
    meta.put(u, KNOWN, json.dumps(now if known is None else {**known, **{position: now[position] for position in positions}}))
    plan_change(u)


def settle_vacant(u: Unit, positions: Collection[str]) -> list[str]:
    """The same where nobody holds them any more, which whoever ended it knows; a position that fell to somebody is told to them.

    Returns those that are vacant.
    """
    now = holders(u)
    vacant = [position for position in positions if not now[position]]
    settle(u, vacant)
    return vacant


def plan_change(u: Unit) -> None:
    """Plan the next hand-over: at once when those on duty were told otherwise than it is, as after an edit of the rota."""
    plan, may, known = rota_of(u), agreed(u), told(u)
    missed = known is not None and known != rota.holders(plan, u.now, may)
    following = u.now if missed else rota.next_change(plan, u.now, u.now + HORIZON, may)
    due.forget_plan(u, CHANGE, 0)
    if following is not None:
        due.plan(u, CHANGE, 0, f"{CHANGE}:{u.new_id()}", following)


@contextmanager
def editing(u: Unit) -> Iterator[None]:
    """The rota is changed inside: whoever that puts on duty now, or takes off it, is told as soon as the bot runs."""
    if told(u) is None:
        meta.put(u, KNOWN, json.dumps(holders(u)))
    yield
    plan_change(u)


def let_go(u: Unit, who: people.PersonCard) -> list[str]:
    """Somebody may no longer be paged: what they held by hand is vacant. Returns the positions they held in any way."""
    held = [position for position, ids in holders(u).items() if who.id in ids]
    escalations.release_all(u, who)
    return held
