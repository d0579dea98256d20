"""What every turn needs, loaded before the first one comes."""

from __future__ import annotations

import gc

from content.library import load
from safety.rules import load_rules


def warm() -> None:
    """Load the screen's rules and the words, and take them out of the garbage collector's sight: they stay, and looking through them
    again and again would halt a turn for a tenth of a second each time."""
    load_rules()
    load("en")
    gc.collect()
    gc.freeze()
