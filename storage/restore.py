"""From a backup and its key file to a database the bot can run on, with all that was forgotten since still forgotten."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, insert, inspect, select, update

from storage import archive, audit, clinic, dump, erasing, keyfile, meta, migrate, notes, people
from storage.keyfile import KeyFile
from storage.seal import Keyring, MasterKey
from storage.store import Store, Unit, table
from storage.tables import Chat, DataKey, Entry, Escalation, Inbox, Outbox, Person

PAGING = (0, 1)
"""The lanes that are kept in flight: better a crisis message twice than not at all."""
SAMPLE = 200


class NewerBackup(Exception):
    """The backup is of a schema this version does not know."""

    def __init__(self, schema: str) -> None:
        super().__init__(schema)
        self.schema = schema


@dataclass(frozen=True)
class Restored:
    """What came back: rows of each table, how many people were forgotten since the backup, how many messages were let go."""

    made_at: datetime
    schema: str
    rows: dict[str, int]
    forgotten: int
    dropped: int


def is_empty(engine: Engine) -> bool:
    """Whether nothing of ours, or of anybody, is in this database."""
    return not inspect(engine).get_table_names()


def restore(engine: Engine, path: Path, masters: Sequence[MasterKey], held: KeyFile, now: datetime) -> Restored:
    """Fill an empty database. `masters[0]` is the key it is used with from now on; others may open the file.

    The whole file is read once before anything is written. Rows come in one transaction and their keys in another; a database that
    was left between the two says so (`meta.RESTORING`) and is never opened. Raises what `archive.read` raises, `dump.Unfit`,
    `NewerBackup` and `keyfile.Older`.
    """
    head = look_through(path, masters)
    migrate.migrate(engine, head["schema"])
    with engine.begin() as connection:
        rows = dump.load(connection, archive.read(path, archive.BACKUP, masters))
        there = {each.name: connection.execute(select(func.count()).select_from(each)).scalar_one() for each in dump.tables(connection)}
        if any(there[name] != count for name, count in rows.items()):
            raise dump.Unfit
        connection.execute(insert(meta.META).values(key=meta.RESTORING, value=head["made_at"]))
    migrate.migrate(engine)
    keys = Keyring(masters[0], tuple(masters[1:]))
    store = Store(engine, keys)
    with store.unit(now) as u:
        forgotten, dropped = _settle(u, held, datetime.fromisoformat(head["made_at"]))
    return Restored(datetime.fromisoformat(head["made_at"]), head["schema"], rows, forgotten, dropped)


def sample(u: Unit) -> int:
    """Open the clinic, the newest people and what was last written, sent and kept. Returns how many values opened.

    Raises `SealBroken` for one that does not.
    """
    clinic.clinic(u)
    count = 2
    newest = select(table(Person).c.id).where(table(Person).c.status != "forgotten").order_by(table(Person).c.id.desc()).limit(SAMPLE)
    for row in u.all(newest):
        people.whole(people.person(u, row.id))
        count += 2
    chats, who = table(Chat), table(Person)
    for model, column, via in ((Inbox, "raw", chats), (Outbox, "payload", chats), (Entry, "words", who)):
        rows = table(model)
        link = rows.c.chat_id == via.c.id if via is chats else rows.c.person_id == via.c.id
        full = func.length(rows.c[column]) > 0
        query = select(rows.c.id, rows.c[column].label("sealed"), via.c.key_id).join(via, link).where(full)
        for row in u.all(query.order_by(rows.c.id.desc()).limit(SAMPLE)):
            u.open(row.key_id, f"{rows.name}.{column}", row.id, row.sealed)
            count += 1
    return count


def look_through(path: Path, masters: Sequence[MasterKey]) -> dict[str, Any]:
    """The first line, once all of the file was found whole."""
    first = last = b""
    for line in archive.read(path, archive.BACKUP, masters):
        first, last = first or line, line
    head: dict[str, Any] = json.loads(first or b"{}")
    if head.get("format") != dump.FORMAT or head.get("schema") not in migrate.known():
        raise NewerBackup(str(head.get("schema", "unknown")))
    if not last.startswith(b'{"end"'):
        raise dump.Unfit
    return head


def _settle(u: Unit, held: KeyFile, made_at: datetime) -> tuple[int, int]:
    u.keys.take_index(held.index)
    keyfile.rekey(u, held, u.keys)
    meta.drop(u, meta.RESTORING)
    meta.put(u, meta.KEY_CHECK, u.keys.master.mark)
    meta.put(u, meta.MASTER, u.keys.master.id)
    meta.put(u, meta.INDEX, base64.b64encode(u.keys.wrap_index()).decode())
    dropped = _let_go(u)
    gone = select(table(DataKey).c.id).where(table(DataKey).c.destroyed_at.is_not(None))
    chats, who = table(Chat), table(Person)
    forgotten = u.all(select(who.c.id, who.c.key_id).where(who.c.key_id.in_(gone), who.c.status != "forgotten"))
    for row in forgotten:
        _close(u, row.id)
        erasing.wipe_person(u, row.id, row.key_id)
        audit.record(u, row.id, "between", "person.forgotten", "", "was forgotten after the backup")
    people_gone = [row.id for row in forgotten]
    lost = chats.c.key_id.in_(gone) | chats.c.person_id.in_(people_gone)
    for row in u.all(select(chats.c.id, chats.c.key_id).where(lost, func.length(chats.c.address) > 0)):
        u.run(update(table(Inbox)).where(table(Inbox).c.chat_id == row.id, table(Inbox).c.state == "ready").values(state="done"))
        erasing.wipe_chat(u, row.id)
        erasing.unbind(u, row.id, row.key_id)
    for row in u.all(select(chats.c.id, chats.c.key_id, chats.c.address).where(func.length(chats.c.address) > 0)):
        address = int(u.open(row.key_id, "chat.address", row.id, row.address))
        u.set(Chat, row.id, address_hash=u.keys.address_hash(address))
    notes.add(u, None, "restored", f"{made_at:%Y-%m-%d %H:%M} UTC")
    return len(forgotten), dropped


def _let_go(u: Unit) -> int:
    """What was waiting to be sent went out long ago or is too late now; only crisis messages still go, marked as repeats."""
    sent = table(Outbox)
    paging = (sent.c.state == "ready") & sent.c.lane.in_(PAGING)
    u.run(update(sent).where(paging).values(state="leased", lease_owner="restored", lease_until=u.now))
    waits = sent.c.state.in_(("ready", "leased")) & sent.c.lane.not_in(PAGING)
    gone = {"state": "dropped", "reason": "restored", "done_at": u.now, "lease_owner": None, "lease_until": None}
    return int(u.run(update(sent).where(waits).values(**gone)).rowcount)


def _close(u: Unit, person: int) -> None:
    """Somebody is forgotten only once their alert is closed; the backup is of a time before that."""
    rows = table(Escalation)
    open_still = (rows.c.person_id == person) & (rows.c.state != "CLOSED")
    u.run(update(rows).where(open_still).values(state="CLOSED", closed_at=u.now, next_at=None, outcome="forgotten"))
