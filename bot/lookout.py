"""What the second process sees: the heartbeat, the open escalations and whom mail reaches, read from the clinic's database only.

Every fault on the way is the same to it: the database could not be read. It writes nothing there, and takes no lock that would
hold up the first process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.log import get
from bot.opening import keyring, masters
from bot.settings import Settings
from safety import duty, pager
from safety.moves import Ladder
from safety.vigil import Alert, Seen
from storage import clinic, escalations, heartbeat, meta, people
from storage.clinic import ClinicCard
from storage.engine import open_reader
from storage.escalations import EscalationRow
from storage.people import PEOPLE
from storage.seal import Keyring
from storage.store import Store, Unit

log = get("bot.lookout")
UNANSWERED = ("OPEN", "EXHAUSTED")


@dataclass(frozen=True)
class View:
    """One look, with the words a page needs: by escalation and by person."""

    seen: Seen
    line: str = ""
    pages: Mapping[int, dict[str, str]] = field(default_factory=dict)
    addresses: Mapping[int, str] = field(default_factory=dict)


class Lookout:
    """Reads with the master key of the settings, as it is at each look."""

    def __init__(self, read: Settings) -> None:
        self._read = read
        self._engine = open_reader(read.database_url)

    def look(self, now: datetime) -> View | None:
        """None when the database could not be read."""
        try:
            found = masters(self._read)
            with Store(self._engine, Keyring(found[0])).unit(now, "look") as u:
                if not meta.marked(u.connection):
                    return View(Seen())  # set up half-way: nobody is served yet
                u.keys = keyring(u, self._read, found)
                known = clinic.as_it_opens(u)
                if known is not None and known.damaged:
                    log.critical("watch.clinic_damaged")
                return _view(u, known) if known is not None else View(Seen())
        except Exception as fault:  # also what no row should hold (a zone there is none of): it must not blind whoever watches
            log.error("watch.unreadable", fault=type(fault).__name__)
            return None


def _view(u: Unit, known: ClinicCard) -> View:
    beat = heartbeat.last(u)
    held = duty.to_mail(u)
    rows = [row for row in escalations.all_open(u) if row.state in UNANSWERED or row.state == "ACKED" or row.doubted_by is not None]
    seen = Seen(
        beat=beat.at if beat else None,
        planned=beat is not None and beat.state == "planned",
        alive=meta.latest(u),
        alerts=tuple(Alert(row.id, row.version, _ladder(row), row.next_at) for row in rows),
        holders=held,
    )
    codes = {who.id: who.code for who in u.all(select(PEOPLE.c.id, PEOPLE.c.code).where(PEOPLE.c.id.in_({row.person for row in rows})))}
    pages = {row.id: _page(row, codes[row.person], known) for row in rows}
    return View(seen, known.line, pages, {id: people.person(u, id).email for ids in held.values() for id in ids})


def _ladder(row: EscalationRow) -> Ladder:
    """Nobody knows which of its pages went out, so what nobody took is climbed from the first step; what was taken waits on."""
    if row.state not in UNANSWERED:
        return pager.as_ladder(row)
    return Ladder(row.ladder, row.level, "OPEN", row.cycle, 0, row.began_at, row.began_at)


def _page(row: EscalationRow, code: str, known: ClinicCard) -> dict[str, str]:
    """What a page says is kept in the clear, so that no patient's row that is damaged hides an alert."""
    opened = row.opened_at.astimezone(ZoneInfo(known.zone))
    return {"code": code, "level": row.level, "time": f"{opened:%H:%M}", "ref": row.ref, "opened": row.opened_at.isoformat()}
