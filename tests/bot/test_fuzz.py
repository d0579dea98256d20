"""A small seeded part of `python -m bench.fuzz`: taps, updates and typed answers nobody meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.fuzz import taps
from bench.fuzz.run import flood
from bench.fuzz.taps import buttons, shoot
from bench.fuzz.typed import answer
from bench.fuzz.world import PEOPLE, World


def test_taps_nobody_was_entitled_to_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taps, "BATCH", 40)
    tally = shoot(World(tmp_path), 280, seed=11)
    assert (tally.changes, tally.impolite) == ([], [])
    assert tally.count == 280
    assert set(tally.ways) == set(taps.WAYS)
    assert len(tally.buttons) > 60


def test_a_tap_somebody_was_entitled_to_is_seen_by_the_same_net(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.take([world.numbered(world.text(PEOPLE["patient"], "/checkin"))])
    button = next(each for each in buttons(world) if each.owner == "patient" and each.option == "5")
    before = world.digest()
    world.take([world.numbered(world.tap(PEOPLE["other"], button.data))])
    assert world.digest() == before
    world.take([world.numbered(world.tap(PEOPLE["patient"], button.data))])
    assert world.digest() != before


def test_updates_nobody_meant_stop_nothing(tmp_path: Path) -> None:
    told = flood(tmp_path, 600, seed=12)
    assert (told.deaths, told.faults) == ([], [])
    assert told.quarantined > 50
    assert told.good == 15


def test_typed_answers_always_find_a_way_on(tmp_path: Path) -> None:
    told = answer(World(tmp_path), 60, seed=13)
    assert told.faults == []
    assert len(told.asked) > 10
