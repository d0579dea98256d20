"""The page as it stands now, before its week is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from clinic import export
from clinic.export import UnknownPatient
from storage import audit, people
from storage.store import Store
from tests.clinic.page_reading import read
from tests.clinic.rows import MONDAY, NOW, at, open_store, patient, tell

WEEK = "2026-W46"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    tell(opened, MONDAY, {"mood": 4})
    yield opened
    opened.close()


def reads(store: Store, code: str) -> int:
    with patient(store, NOW, code) as (u, who):
        return sum(row.action == "weekly.read" for row in audit.history(u, who.id))


def test_a_preview_shows_the_running_week_once_there_is_something_in_it(store: Store) -> None:
    monday_evening, thursday = at(MONDAY + timedelta(days=7), "21:30"), at(MONDAY + timedelta(days=10), "21:30")

    def shown(now: datetime, code: str | None) -> str:
        with store.unit(now) as u:
            return read(export.preview(u, code)).one("p", cls="dates").text

    assert WEEK in shown(monday_evening, "0001")
    tell(store, MONDAY + timedelta(days=7), {"mood": 9})
    assert "2026-W47" in shown(monday_evening, "0001")
    assert WEEK in shown(monday_evening, None)
    assert "2026-W47" in shown(thursday, None)
    assert "2026-W47" in shown(thursday, "0001")


def test_a_preview_of_all_leads_to_each_and_is_recorded_once(store: Store) -> None:
    for _ in range(2):
        with store.unit(NOW) as u:
            page = read(export.preview(u, None))
    assert sorted(a.attributes["href"] for a in page.every("a")) == ["?patient=0001", "?patient=0002"]
    assert (reads(store, "0001"), reads(store, "0002")) == (1, 1)
    with patient(store, NOW) as (u, who):
        people.revoke_consent(u, who.id, "weekly")
    with store.unit(NOW) as u, pytest.raises(UnknownPatient, match="does not share"):
        export.preview(u, "0001")
