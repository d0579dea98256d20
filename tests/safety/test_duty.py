"""Whoever the ladder pages, whatever stands in the rows: only staff who are on duty, agreed, have access, and are not away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safety import duty, pager
from safety.moves import Page
from safety.rota import POSITIONS
from storage import clinic, escalations, people
from storage import rota as rows
from storage.engine import open_engine
from storage.seal import Keyring
from storage.store import Store, Unit
from tests.bots import MASTER
from tests.clinics import PATIENT, ZONE, add_staff, open_clinic

NOW = datetime(2026, 11, 1, 4, 30, tzinfo=UTC)
"""Half past midnight in New York, on the day its clocks go back."""
STAFF = 5
PERSON = st.integers(0, STAFF - 1)


@dataclass(frozen=True)
class Member:
    """Somebody of the staff, and all that can be in the way of paging them."""

    admin: bool
    agreed: bool
    active: bool
    reached: bool
    away: bool

    @property
    def may(self) -> bool:
        return self.agreed and self.active and self.reached and not self.away


class Undone(Exception):
    """What an example wrote is rolled back."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder: Path = tmp_path_factory.mktemp("duty")
    made = Store(open_engine(f"sqlite:///{folder / 'duty.db'}"), Keyring(MASTER))
    open_clinic(made, NOW)
    with made.unit(NOW) as u:
        escalations.release_all(u, people.people(u, "staff")[0])
        people.set_status(u, people.people(u, "staff")[0].id, "revoked")
        clinic.set_up(u, "Harbor Program", "555-0100", ZONE, "US", clinic.ALWAYS)
    yield made
    made.close()


MOSTLY, SELDOM = st.sampled_from([True, True, True, False]), st.sampled_from([False, False, True])
MEMBERS = st.lists(
    st.builds(Member, st.booleans(), MOSTLY, MOSTLY, MOSTLY, SELDOM),
    min_size=STAFF,
    max_size=STAFF,
)
TURNS = st.dictionaries(st.sampled_from(POSITIONS), st.tuples(st.integers(-20, 3), st.lists(PERSON, min_size=1, max_size=3)))
STRETCHES = st.lists(st.tuples(st.sampled_from(POSITIONS), PERSON, st.integers(-600, 120), st.integers(1, 900)), max_size=4)
STANDING = st.dictionaries(st.sampled_from(POSITIONS), PERSON)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MEMBERS, TURNS, STRETCHES, STANDING)
def test_nobody_is_paged_who_must_not_be(
    store: Store,
    members: list[Member],
    turns: dict[str, tuple[int, list[int]]],
    stretches: list[tuple[str, int, int, int]],
    standing: dict[str, int],
) -> None:
    with suppress(Undone), store.unit(NOW) as u:
        ids = [_add(u, number, member) for number, member in enumerate(members)]
        for position, (ahead, order) in turns.items():
            rows.set_rotation(u, position, date(2026, 11, 1) + timedelta(days=ahead), "00:15", [ids[n] for n in order])
        for position, who, low, length in stretches:
            begins = NOW + timedelta(minutes=low)
            rows.add_override(u, position, ids[who], begins, begins + timedelta(minutes=length))
        for position, who in standing.items():
            escalations.set_on_call(u, position, people.person(u, ids[who]))
        for member, id in zip(members, ids, strict=True):
            _get_in_the_way(u, member, id)
        on_duty = {id for held in duty.reachable(u).values() for id in held}  # whose stretch no message reaches has the turn's person
        wanted = {id for member, id in zip(members, ids, strict=True) if member.may and (id in on_duty or member.admin)}
        paged = _climb(u)
        assert paged == wanted, "everybody on duty and the administrators in the end, and nobody else"
        raise Undone


def _climb(u: Unit) -> set[int]:
    """Everybody the ladder pages up to its end."""
    robin = people.person_by_code(u, "0001")
    assert robin is not None
    chat = people.chat_for(u, PATIENT)
    made = pager.raise_danger(u, robin, chat, "high", "suicide", "sos", None)
    actions = list(made.actions)
    for _ in range(5):
        row = escalations.get(u, made.row.id)
        assert row is not None
        escalations.save(u, row, next_at=u.now)
        stepped = pager.step(u, row.id)
        actions += stepped.actions if stepped else ()
    return {action.person for action in actions if isinstance(action, Page)}


def _add(u: Unit, number: int, member: Member) -> int:
    return add_staff(u, 9100 + number, f"Member {number}", duty="admin" if member.admin else "clinician")


def _get_in_the_way(u: Unit, member: Member, id: int) -> None:
    if not member.agreed:
        people.revoke_consent(u, id, "paged")
    if not member.active:
        people.set_status(u, id, "revoked")
    if not member.reached:
        chat = people.chat_of(u, id)
        assert chat is not None
        people.set_reachable(u, chat.id, False)
    if member.away:
        rows.add_leave(u, id, date(2026, 11, 1), date(2026, 11, 1))
