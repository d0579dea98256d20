"""Row ids: milliseconds since 1970 and 20 random bits, never falling within a process even if the clock does."""

from __future__ import annotations

import secrets
import threading
from datetime import datetime

_lock = threading.Lock()
_last = 0


def new_id(now: datetime) -> int:
    """A fresh id, larger than every id made before it by this process. Fits a signed 64-bit integer."""
    global _last
    with _lock:
        _last = max(_last + 1, (int(now.timestamp() * 1000) << 20) | secrets.randbits(20))
        return _last


def start_after(highest: int) -> None:
    """Begin above what the database already holds, so that arrival order survives a clock set back over a restart."""
    global _last
    with _lock:
        _last = max(_last, highest)
