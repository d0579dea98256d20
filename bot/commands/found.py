"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Found:
    """One thing `check` looked at. A problem makes the command fail; a warning must be known before going live."""

    what: str
    state: str
    note: str = ""
