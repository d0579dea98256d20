"""Named points: just before and just after every commit and every call to the outside.

What is promised of a crash is promised of each of them; `tests/crash` ends the process at every one. Nothing happens here
unless a test sets `hook`, which is called with the point's name on the thread that has come to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

hook: Callable[[str], None] | None = None


def at(name: str) -> None:
    if hook is not None:
        hook(name)


@contextmanager
def around(call: str) -> Iterator[None]:
    """`call.before` and, unless it raises, `call.after`."""
    at(f"{call}.before")
    yield
    at(f"{call}.after")
