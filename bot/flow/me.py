"""What a flow knows of the patient: a frozen value made when the talk starts and stored with it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass(frozen=True)
class Me:
    """Frozen at the start of a talk, so that every replay sees the same. `start` holds what the talk was opened with."""

    person: int = 0
    code: str = ""
    name: str = ""
    role: str = "patient"
    zone: str = "UTC"
    country: str = "US"
    language: str = "en"
    today: str = ""
    """Local date at the start, ISO."""
    time: str = ""
    """Local wall time at the start, HH:MM."""
    medicines: tuple[str, ...] = ()
    start: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Me:
        known = {f.name for f in fields(cls)}
        kept: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items() if key in known}
        return cls(**kept)
