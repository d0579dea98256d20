"""A turn is not halted by a garbage collector that looks through all that was loaded at the start."""

from __future__ import annotations

import subprocess
import sys

LOOK = """
import gc
from bot.warm import warm
warm()
from safety.rules import load_rules
print(len(gc.get_objects()), gc.get_freeze_count(), load_rules.cache_info().misses)
load_rules()
print(load_rules.cache_info().misses)
"""


def test_what_stays_is_loaded_once_and_left_alone_by_the_collector() -> None:
    """In a process of its own, since nothing may be frozen in the one that runs the tests."""
    told = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=True).stdout.split()
    looked_through, frozen, loaded, loaded_again = map(int, told)
    assert frozen > 50 * looked_through
    assert (loaded, loaded_again) == (1, 1)
