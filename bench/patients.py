"""A clinic of any size in seconds: rows of made-up patients nobody talks to, written by SQL inside SQLite, beside a few real ones.

The bulk has what a patient leaves behind: a key, a person, a chat, a consent, an answered check-in, a message in and one out
(both older than a week and emptied, as retention leaves them), and what is planned for the days ahead.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from storage import due
from storage.engine import open_engine
from storage.people import chat_for
from storage.seal import Keyring, MasterKey
from storage.store import Store
from tests.clinics import OTHER, PATIENT, open_clinic

FIRST = 10_000_000
"""Ids of the bulk; those of the application are far above."""
STEPS = (
    "insert into data_key (id, master, wrapped, created_at) select {id}, 'bulk', zeroblob(60), '{long_ago}' from n",
    "insert into person (id, code, role, duty, status, key_id, name, profile, zone, country, region, language, morning_at, evening_at,"
    " quiet_from, quiet_to, discreet, created_at) select {id}, 'p' || i, 'patient', '', 'active', {id}, zeroblob(34), zeroblob(60),"
    " 'America/New_York', 'US', '', 'en', '08:00', '20:00', '21:30', '07:30', 0, '{long_ago}' from n",
    "insert into chat (id, address_hash, address, key_id, person_id, reachable, created_at, seen_at)"
    " select {id}, cast('h' || i as blob), zeroblob(38), {id}, {id}, 1, '{long_ago}', '{long_ago}' from n",
    "insert into consent (id, person_id, scope, version, given_at) select {id}, {id}, 'program', 1, '{long_ago}' from n",
    "insert into check_in (id, person_id, slot, local_date, status) select {id}, {id}, 'evening', '2026-10-01', 'complete' from n",
    "insert into inbox (id, update_id, payload_hash, chat_id, kind, raw, received_at, said_at, state)"
    " select {id}, i, cast('p' || i as blob), {id}, 'text', null, '{long_ago}', '{long_ago}', 'done' from n",
    "insert into outbox (id, lane, chat_id, kind, content, payload, not_before, state, attempt, created_at, done_at)"
    " select {id}, 2, {id}, 'send', 'checkin.saved@1', x'', '{long_ago}', 'sent', 1, '{long_ago}', '{long_ago}' from n",
    "insert into due (id, kind, chat_id, subject, slot, due_at, args, state)"
    " select {id}, 'talk_expiry', {id}, {id}, 'bulk:' || i,"
    " strftime('%Y-%m-%d %H:%M:%f000', '{now}', '+' || (2880 + i % 20000) || ' minutes'),"
    " '{{}}', 'ready' from n",
)


def clinic_of(path: Path, patients: int, now: datetime, master: MasterKey | None = None) -> Store:
    """A store with that many patients, nothing of theirs due within two days."""
    store = opened(path, master or MasterKey.fresh())
    open_clinic(store, now)
    long_ago = now - timedelta(days=40)
    known = {"id": f"{FIRST} + i", "now": _text(now), "long_ago": _text(long_ago)}
    raw = store.engine.raw_connection()
    try:
        for pragma in ("foreign_keys=OFF", "synchronous=OFF", "cache_size=-200000"):
            raw.cursor().execute(f"PRAGMA {pragma}")
        cursor = raw.cursor()
        cursor.execute("BEGIN")
        for step in STEPS:
            numbers = f"with recursive n(i) as (select 1 union all select i + 1 from n where i < {patients}) "  # noqa: S608 - a number
            before, select, after = step.format(**known).partition(" select ")
            cursor.execute(f"{before} {numbers}{select}{after}")
        cursor.execute("COMMIT")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        raw.detach()
        raw.close()
    return store


def opened(path: Path, master: MasterKey) -> Store:
    """The same one again."""
    return Store(open_engine(f"sqlite:///{path}"), Keyring(master))


def make_due(store: Store, now: datetime, count: int, round_: int) -> None:
    """That many times that have come, of the two patients of the clinic: talks that expire and are not there any more."""
    with store.unit(now) as u:
        chats = [chat_for(u, address).id for address in (PATIENT, OTHER)]
        for number in range(count):
            subject = round_ * count + number
            due.plan(u, "talk_expiry", subject, f"bench:{subject}", now - timedelta(seconds=1), chat=chats[number % 2])


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")
