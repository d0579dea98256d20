"""Row ids: milliseconds since 1970, 10 random bits, and 10 bits that name the process, so that no two ever make the same.

Never falling within a process, even if the clock does, nor from one process to the next where that matters (`storage.floor`). A process
takes its number from the database when it opens it (`storage.meta.next_process`); until then, and where nobody else writes, a random
one serves.
"""

from __future__ import annotations

import secrets
import threading
from datetime import datetime

PROCESSES = 1024
_BITS = 10
_lock = threading.Lock()
_last = 0
_process = secrets.randbelow(PROCESSES)


def new_id(now: datetime) -> int:
    """A fresh id, larger than every id made before it by this process. Fits a signed 64-bit integer."""
    global _last
    with _lock:
        _last = max(_last + 1, (int(now.timestamp() * 1000) << _BITS) | secrets.randbits(_BITS))
        return _last << _BITS | _process


def first_of(at: datetime) -> int:
    """What was made before `at` has an id below this: so the old rows of a table are found without an index on their time."""
    return int(at.timestamp() * 1000) << 2 * _BITS


def start_after(highest: int) -> None:
    """Begin above what the database already holds, so that arrival order survives a clock set back over a restart."""
    global _last
    with _lock:
        _last = max(_last, highest >> _BITS)


def be_process(number: int) -> None:
    """Make ids from now on that no process of another number (below `PROCESSES`) can make."""
    global _process
    _process = number % PROCESSES
