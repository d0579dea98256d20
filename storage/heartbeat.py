"""The heartbeat: one row that says when the auditor last proved all escalations on time, for a second process to read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from storage import meta
from storage.store import Unit

State = Literal["proved", "planned"]
"""proved: the auditor's invariants hold. planned: Between was asked to stop, and has."""


@dataclass(frozen=True)
class Beat:
    at: datetime
    state: State


def beat(u: Unit, state: State) -> None:
    meta.put(u, meta.HEARTBEAT, json.dumps({"at": u.now.isoformat(), "state": state}))


def last(u: Unit) -> Beat | None:
    """The newest beat; None before the first. Its silence is the alarm, and so is a planned stop of more than ten minutes."""
    kept = meta.get(u, meta.HEARTBEAT)
    if kept is None:
        return None
    read = json.loads(kept)
    return Beat(datetime.fromisoformat(read["at"]), read["state"])
