"""An answer about a session, in a talk that began before it was told what became of it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.flow import Ask, Me, Read, Say
from handlers.sessions import barrier, late


def effects(flow: Any, given: list[Any], start: dict[str, Any]) -> list[Any]:
    """What a flow does when its questions are answered so, and all else brings what an older version brought: nothing."""
    made: list[Any] = []
    talk = flow(Me(start=start))
    try:
        effect = next(talk)
        while True:
            made.append(effect)
            read = {"line": "", "emergency": ""} if isinstance(effect, Read) else None
            effect = talk.send(given.pop(0) if isinstance(effect, Ask) else read)
    except StopIteration:
        return made


@pytest.mark.parametrize(
    ("flow", "given", "said"),
    [
        (late, [10], "late.done"),
        (barrier, ["transport", "come"], "session.thanks.coming"),
        (barrier, ["work", "no", "yes"], "barrier.shared"),
    ],
)
def test_what_was_put_down_then_counts_as_kept(flow: Any, given: list[Any], said: str) -> None:
    start = {"series": 1, "day": "2026-11-17", "title": "Group", "when": "tomorrow at 10:00"}
    assert said in [effect.words for effect in effects(flow, given, start) if isinstance(effect, Say)]
