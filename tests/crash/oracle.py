"""What must be true after an episode, whatever ended the bot in it: told by what people typed, tapped and read."""

from __future__ import annotations

from tests.crash.episodes import Episode
from tests.crash.world import World


def judge(w: World, episode: Episode, crashed: list[int]) -> None:
    """Raises `Lost`."""
