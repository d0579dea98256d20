"""Bad days on demand: the next calls can be flooded, refused, delayed, cut off before or after they took effect.

`error` with `html=True` answers as a proxy in front of Telegram does; `truncate` does the work and cuts the answer in half.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from demo.refusals import Refusal, bad, too_many

Deed = Literal["flood", "error", "delay", "drop_before", "drop_after", "truncate"]
WORDS = {
    400: "Bad Request: chat not found",
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    404: "Not Found",
    409: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    500: "Internal Server Error",
    502: "Bad Gateway",
}


class Dropped(Exception):
    """The connection is to be cut without an answer."""


@dataclass
class Fault:
    """What happens to the next `times` calls of `method` ("*" for any), to one chat or to all.

    `retry_after` is in whole seconds, `seconds` (for `delay`) in real seconds.
    """

    do: Deed
    method: str = "*"
    chat_id: int | None = None
    times: int = 1
    code: int = 500
    description: str = ""
    retry_after: int = 1
    seconds: float = 0.0
    html: bool = False

    def strikes(self, method: str, chat_id: int | None) -> bool:
        return self.times > 0 and self.method.lower() in ("*", method.lower()) and self.chat_id in (None, chat_id)

    def refusal(self) -> Refusal:
        if self.do == "flood" or self.code == 429:
            return too_many(self.retry_after)
        return Refusal(self.code, self.description or WORDS.get(self.code, "Internal Server Error"))


class FaultBook:
    """The faults still to come, in the order they were asked for; one call meets at most one of them."""

    def __init__(self) -> None:
        self.coming: list[Fault] = []

    def add(self, do: Deed, method: str = "*", **more: Any) -> Fault:
        fault = Fault(do, method, **more)
        self.coming.append(fault)
        return fault

    def take(self, method: str, chat_id: int | None) -> Fault | None:
        """The fault that strikes this call, counted down; None on a good day."""
        for fault in self.coming:
            if fault.strikes(method, chat_id):
                fault.times -= 1
                self.coming = [left for left in self.coming if left.times > 0]
                return fault
        return None

    def clear(self) -> None:
        self.coming.clear()


def read_fault(asked: Mapping[str, Any]) -> Fault:
    """A fault from the control endpoint's JSON; raises a 400 refusal that names what is wrong."""
    kinds = {"method": str, "chat_id": int, "times": int, "code": int, "description": str, "retry_after": int, "html": bool}
    if asked.get("do") not in get_args(Deed):
        raise bad(f'"do" must be one of {", ".join(get_args(Deed))}')
    for name, value in asked.items():
        if name in kinds and not isinstance(value, kinds[name]):
            raise bad(f'"{name}" must be of type {kinds[name].__name__}')
        if name == "seconds" and not isinstance(value, int | float):
            raise bad('"seconds" must be a number')
        if name not in {*kinds, "do", "seconds"}:
            raise bad(f'unknown field "{name}"')
    return Fault(**dict(asked))
