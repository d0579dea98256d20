"""Places by the names people type: countries, states and zones."""

from __future__ import annotations

from zoneinfo import ZoneInfo, available_timezones

import pytest

from content import places


@pytest.mark.parametrize(
    ("typed", "code"),
    [("usa", "US"), ("U.S.A.", "US"), ("united states", "US"), ("England", "GB"), ("uk", "GB"), ("DE", "DE"), ("germany", "DE"),
     ("Türkiye", "TR"), ("south korea", "KR"), ("  New   Zealand ", "NZ")],
)  # fmt: skip
def test_a_country_is_found_by_name_or_code(typed: str, code: str) -> None:
    assert places.country(typed) == code


@pytest.mark.parametrize("typed", ["", "Atlantis", "XX", "the moon", "us; drop table person"])
def test_a_country_nobody_knows_is_not_guessed(typed: str) -> None:
    assert places.country(typed) is None


@pytest.mark.parametrize(("typed", "code"), [("tx", "TX"), ("Texas.", "TX"), ("new-york", "NY"), ("D.C.", "DC"), ("puerto rico", "PR")])
def test_a_state_is_found_by_name_or_code(typed: str, code: str) -> None:
    assert places.state(typed) == code


@pytest.mark.parametrize(
    ("typed", "zone"),
    [("Chicago", "America/Chicago"), ("boston", "America/New_York"), ("St. Louis", "America/Chicago"), ("pst", "America/Los_Angeles"),
     ("america/argentina/buenos_aires", "America/Argentina/Buenos_Aires"), ("Louisville", "America/Kentucky/Louisville"),
     ("kolkata", "Asia/Kolkata"), ("Ohio", "America/New_York"), ("Eastern (New York)", "America/New_York")],
)  # fmt: skip
def test_a_zone_is_found_by_a_city_a_state_or_its_own_name(typed: str, zone: str) -> None:
    assert places.zone(typed) == zone


def test_a_zone_nobody_knows_is_not_guessed() -> None:
    assert places.zone("Springfield") is None
    assert places.zone("") is None


def test_every_zone_that_can_be_chosen_or_proposed_exists() -> None:
    known = available_timezones()
    for code in places._load().country_names:
        assert set(places.zones(code)) <= known, code
    for state in places._load().state_names:
        assert set(places.zones("US", state)) <= known, state
        assert places.zones("US", state), state
    for zones in places._load().zones.values():
        for zone in zones:
            ZoneInfo(zone)


def test_a_zone_on_a_button_means_the_same_zone_when_it_is_tapped() -> None:
    for code in ("US", "CA", "AU", "MX", "BR", "ES", "PT", "NZ", "CL"):
        for zone in places.zones(code):
            assert places.zone(places.zone_name(zone), code) == zone
    for state in places._load().state_names:
        for zone in places.zones("US", state):
            assert places.zone(places.zone_name(zone), "US") == zone


def test_fifty_states_the_capital_and_the_territories() -> None:
    assert len(places._load().state_names) == 56
