"""The ladder told as stories: who is paged when, what the patient is told, and that only a human ends it.

    minute   who is paged (default ladder)        the patient is told
    0        the person on call                   opened
    2        the same person again
    5        the backup
    10       the supervisor
    15       everyone                             exhausted: nobody has answered
    30, 45.. everyone, until a human closes it    exhausted, each time

Nothing here has a database or a clock: time is what a story says it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety import ladder, moves, policy
from safety.moves import DEFAULT, Alarm, Inform, Ladder, Move, Page, Tell

START = datetime(2026, 11, 16, 21, 0, tzinfo=UTC)
PRIMARY, BACKUP, SUPERVISOR, SECOND = 1, 2, 3, 4
TEAM: Mapping[str, Sequence[int]] = {"primary": [PRIMARY], "backup": [BACKUP], "supervisor": [SUPERVISOR]}


class Story:
    """A ladder and the minutes that go by. `news` are the actions since it was last read."""

    def __init__(self, level: str = "high", team: Mapping[str, Sequence[int]] = TEAM, starts: int | None = None) -> None:
        self.team, self.minute = team, 0
        self._news: list[moves.Action] = []
        covered = START + timedelta(minutes=starts) if starts is not None else None
        self.now_is(ladder.begin(DEFAULT, level, START, team, covered))

    @property
    def now(self) -> datetime:
        return START + timedelta(minutes=self.minute)

    def now_is(self, move: Move | None) -> None:
        assert move is not None, "this should have been possible"
        self.ladder, self._news = move.ladder, [*self._news, *move.actions]

    def until(self, minute: int) -> list[tuple[int, str]]:
        """Let time run, stopping wherever something is due; what happened, as (minute, what)."""
        told = []
        while self.ladder.next_at is not None and self.ladder.next_at <= START + timedelta(minutes=minute):
            self.minute = max(self.minute, int((self.ladder.next_at - START).total_seconds() // 60))
            self.now_is(ladder.advance(self.ladder, self.now, self.team))
            told += [(self.minute, what) for what in self.news()]
        self.minute = minute
        return told

    def sleep(self, minute: int) -> list[str]:
        """Let time go by while nobody runs, then take what was missed together."""
        self.minute = minute
        self.now_is(ladder.advance(self.ladder, self.now, self.team))
        return self.news()

    def news(self) -> list[str]:
        read, self._news = self._news, []
        return [_said(action) for action in read]

    def page_keys(self) -> list[tuple[int, int, int]]:
        pages = [page for page in self._news if isinstance(page, Page) and page.words not in moves.ONCE_MORE]
        return [(page.cycle, page.step, page.person) for page in pages]


def _said(action: moves.Action) -> str:
    match action:
        case Page(person, words):
            return f"{words} to {person}"
        case Tell(what):
            return f"tell {what}"
        case Inform(what, to=int(to)):
            return f"inform {what} to {to}"
        case Inform(what):
            return f"inform {what}"
        case Alarm(what):
            return f"alarm {what}"


def test_nobody_acknowledges() -> None:
    story = Story()
    assert story.news() == ["page.new to 1", "tell opened"]
    assert story.until(15) == [
        (2, "page.repeat to 1"),
        (5, "page.backup to 2"),
        (10, "page.supervisor to 3"),
        (15, "page.all to 1"),
        (15, "page.all to 2"),
        (15, "page.all to 3"),
        (15, "tell exhausted"),
        (15, "alarm exhausted"),
    ]
    assert story.ladder.state == "EXHAUSTED"
    again = story.until(24 * 60)
    assert {minute for minute, _ in again} == set(range(30, 24 * 60 + 1, 15))
    assert [what for minute, what in again if minute == 30] == ["page.all to 1", "page.all to 2", "page.all to 3", "tell exhausted"]
    assert story.ladder.state == "EXHAUSTED"


def test_an_acknowledgement_stops_the_paging_and_the_patient_is_told() -> None:
    story = Story()
    story.until(3)
    story.news()
    story.now_is(ladder.acknowledge(story.ladder, PRIMARY, story.now))
    assert story.news() == ["tell acked", "inform acked"]
    assert story.until(32) == []
    assert story.ladder.state == "ACKED"


def test_an_acknowledgement_without_contact_goes_back_up_after_half_an_hour() -> None:
    story = Story()
    story.until(3)
    story.now_is(ladder.acknowledge(story.ladder, PRIMARY, story.now))
    story.news()
    assert story.until(38)[:4] == [(33, "page.new to 1"), (33, "inform reopened"), (33, "tell reopened"), (35, "page.repeat to 1")]
    assert story.ladder.state == "OPEN"
    assert story.ladder.acked_by is None
    assert story.until(48)[-1] == (48, "alarm exhausted"), "and it is exhausted a quarter of an hour after that"


def test_the_first_to_acknowledge_wins() -> None:
    story = Story()
    story.until(6)
    story.now_is(ladder.acknowledge(story.ladder, BACKUP, story.now))
    assert ladder.acknowledge(story.ladder, PRIMARY, story.now) is None
    assert ladder.reached(story.ladder, PRIMARY, story.now) is None
    assert ladder.decline(story.ladder, PRIMARY, story.now, TEAM) is None
    assert ladder.close(story.ladder, PRIMARY) is None
    assert story.ladder.acked_by == BACKUP


def test_contact_is_noted_and_only_its_holder_closes() -> None:
    story = Story()
    story.now_is(ladder.acknowledge(story.ladder, PRIMARY, story.now))
    story.now_is(ladder.reached(story.ladder, PRIMARY, story.now))
    assert story.ladder.state == "CONTACTED"
    assert story.until(600) == [], "nothing is due by itself any more, and nothing closes it by itself"
    assert story.ladder.state == "CONTACTED"
    assert ladder.close(story.ladder, BACKUP) is None
    story.news()
    story.now_is(ladder.close(story.ladder, PRIMARY))
    assert story.news() == ["tell closed", "inform closed"]
    assert ladder.close(story.ladder, PRIMARY) is None


def test_what_nobody_holds_can_be_closed_by_anyone_entitled() -> None:
    story = Story()
    story.until(15)
    story.now_is(ladder.close(story.ladder, SUPERVISOR))
    assert story.ladder.state == "CLOSED"
    assert story.until(600) == []


def test_reaching_them_late_still_counts() -> None:
    """The half hour ran out and everyone is paged again; then the first one does reach the patient, and says so."""
    story = Story()
    story.now_is(ladder.acknowledge(story.ladder, PRIMARY, story.now))
    story.until(31)
    story.news()
    assert story.ladder.state == "OPEN"
    story.now_is(ladder.reached(story.ladder, PRIMARY, story.now))
    assert story.news() == ["tell contacted", "inform acked"]
    assert story.ladder.state == "CONTACTED"
    assert story.ladder.acked_by == PRIMARY
    assert story.until(600) == []


def test_declining_pages_the_next_one_at_once() -> None:
    story = Story()
    story.minute = 1
    story.news()
    story.now_is(ladder.decline(story.ladder, PRIMARY, story.now, {**TEAM, "primary": []}))
    assert story.news() == ["page.backup to 2", "alarm nobody_at_step"]
    assert story.until(10) == [(10, "page.supervisor to 3")]


def test_whoever_was_not_asked_passes_nothing_on() -> None:
    """Nor does whoever has said so before: a second tap on an older page would page past those who were paged a second ago."""
    story = Story()
    story.news()
    before = story.ladder
    story.now_is(ladder.decline(story.ladder, SECOND, story.now, TEAM, asked=False))
    assert (story.news(), story.ladder) == ([], before)
    assert ladder.come_to(story.ladder, TEAM) == [PRIMARY]


def test_the_last_who_are_paged_for_an_i_cant_have_time_to_answer() -> None:
    story = Story()
    story.until(11)
    story.news()
    story.now_is(ladder.decline(story.ladder, SUPERVISOR, story.now, {**TEAM, "supervisor": []}))
    assert story.news() == ["page.all to 1", "page.all to 2"]
    told = story.until(16)
    assert (told[0], told[-1]) == ((16, "page.all to 1"), (16, "alarm exhausted"))


def test_declining_what_one_has_taken_opens_it_again() -> None:
    story = Story()
    story.until(6)
    story.now_is(ladder.acknowledge(story.ladder, BACKUP, story.now))
    story.news()
    story.now_is(ladder.decline(story.ladder, BACKUP, story.now, {**TEAM, "backup": []}))
    assert story.news() == ["inform reopened", "tell reopened", "page.supervisor to 3"]
    assert story.ladder.acked_by is None


def test_declining_after_everyone_was_paged_loses_no_page() -> None:
    """Pages are told apart by cycle, step and person; a key that was used before would be taken for a repeat and not sent."""
    story = Story()
    keys = story.page_keys()
    for minute in (2, 5, 10, 15, 30):
        story.minute = minute
        story.now_is(ladder.advance(story.ladder, story.now, story.team))
        keys += story.page_keys()
        story.news()
    story.now_is(ladder.acknowledge(story.ladder, SUPERVISOR, story.now))
    story.news()
    story.now_is(ladder.decline(story.ladder, SUPERVISOR, story.now, {**TEAM, "supervisor": []}))
    fresh = story.page_keys()
    assert {person for _, _, person in fresh} == {PRIMARY, BACKUP}
    story.news()
    story.minute += 15
    story.now_is(ladder.advance(story.ladder, story.now, story.team))
    fresh += story.page_keys()
    assert not set(keys) & set(fresh)
    assert len(fresh) == len(set(fresh))


def test_once_everyone_is_paged_declining_changes_nothing() -> None:
    story = Story()
    story.until(15)
    before = story.ladder
    story.news()
    story.now_is(ladder.decline(story.ladder, PRIMARY, story.now, TEAM))
    assert story.news() == []
    assert story.ladder == before


def test_more_danger_while_it_is_open_is_joined() -> None:
    story = Story()
    story.until(3)
    story.news()
    story.now_is(ladder.join(story.ladder, "high", story.now, TEAM))
    assert story.news() == ["tell joined"]
    assert story.until(5) == [(5, "page.backup to 2")], "the ladder climbs on as it was"


def test_a_higher_level_pages_all_it_has_come_to_at_once_and_climbs_on() -> None:
    story = Story("high")
    story.until(6)
    story.news()
    story.now_is(ladder.join(story.ladder, "imminent", story.now, TEAM))
    assert story.ladder.level == "imminent"
    assert story.news() == ["page.risen to 1", "page.risen to 2", "tell joined"]
    assert story.until(11) == [(10, "page.supervisor to 3")]


def test_a_level_that_rises_has_the_shorter_of_the_two_ladders() -> None:
    """A clinic may be quicker than reviewed at high, or slower: what is overdue by the other one is due at once."""
    slow, quick = policy.rungs({"high": (0, 5, 10, 20, 30)}, "high"), policy.rungs({"high": (0, 1, 2, 3, 4)}, "high")
    risen = ladder.join(ladder.begin(quick, "high", START, TEAM).ladder, "imminent", START, TEAM, DEFAULT)
    assert risen.ladder.rungs == quick
    climbed = ladder.advance(ladder.begin(slow, "high", START, TEAM).ladder, START + timedelta(minutes=11), TEAM).ladder
    late = ladder.join(climbed, "imminent", START + timedelta(minutes=11), TEAM, DEFAULT)
    assert [_said(action) for action in late.actions] == ["page.risen to 1", "page.risen to 2", "page.supervisor to 3", "tell joined"]
    assert late.ladder.next_at == START + timedelta(minutes=15)


QUICK_OR_SLOW = st.sampled_from([(0, 2, 5, 10, 15), (0, 5, 10, 20, 30), (0, 1, 2, 3, 4), (0, 1, 9, 10, 29)])
ADMIN, HOUR = 5, 90
ALL = {**TEAM, "administrator": [ADMIN]}


def climbed(minutes: tuple[int, ...], events: Mapping[int, str]) -> dict[int, list[int]]:
    """Who is paged at which minutes of an hour and a half, when at some of them it gets worse, or the first person can't, takes it, or
    gives it back."""
    paged: dict[int, list[int]] = {person: [] for person in (PRIMARY, BACKUP, SUPERVISOR, ADMIN)}
    rungs, without = policy.rungs({"high": minutes}, "high"), {**ALL, "primary": []}
    moves = [ladder.begin(rungs, "high", START, ALL)]
    for minute in range(HOUR):
        now, at = moves[-1].ladder, START + timedelta(minutes=minute)
        what = events.get(minute, "")
        if what in ("imminent", "high") and now.state != "ACKED":
            moves.append(ladder.join(now, what, at, ALL, policy.rungs({"high": minutes}, what)))
        elif what == "take" and (taken := ladder.acknowledge(now, PRIMARY, at)) is not None:
            moves.append(taken)
        elif what == "cant" and (passed := ladder.decline(now, PRIMARY, at, without)) is not None:
            moves.append(passed)
        moves.append(ladder.advance(moves[-1].ladder, at, ALL))
        for action in (action for move in moves for action in move.actions):
            if isinstance(action, Page):
                paged[action.person].append(minute)
        moves = [Move(moves[-1].ladder)]
    return paged


@given(QUICK_OR_SLOW, st.dictionaries(st.integers(0, 60), st.sampled_from(["imminent", "high", "cant"]), max_size=6))
def test_worse_danger_and_i_cant_make_no_page_later(minutes: tuple[int, ...], events: dict[int, str]) -> None:
    """Beside a ladder that nothing happens to, everybody's first page, second page and so on comes no later. After an "I can't" two rungs
    due within the minutes there are to answer are one page, and the next comes after those."""
    plain, paged = climbed(minutes, {}), climbed(minutes, events)
    gave_back = "cant" in events.values()
    for person in (BACKUP, SUPERVISOR, ADMIN) if gave_back else plain:
        for one, (would, comes) in enumerate(zip(plain[person], paged[person], strict=False)):
            assert comes <= would + (moves.ANSWER_WITHIN.seconds // 60 if gave_back and one else 0), (person, one)
        assert len(paged[person]) >= len([minute for minute in plain[person] if minute < HOUR - 15])


@given(QUICK_OR_SLOW, st.integers(0, 40), st.integers(1, 29), st.lists(st.integers(0, 40), max_size=2))
def test_what_was_taken_and_given_back_pages_nobody_later(minutes: tuple[int, ...], took: int, held: int, worse: list[int]) -> None:
    """For its having been held: what was due meanwhile is due at once."""
    back = took + held
    events = {minute: "imminent" for minute in worse if not took <= minute <= back} | {took: "take", back: "cant"}
    plain, paged = climbed(minutes, {}), climbed(minutes, events)
    for person in (BACKUP, SUPERVISOR, ADMIN):
        first = plain[person][0]
        assert paged[person][0] <= (back if took <= first <= back else first)


@given(QUICK_OR_SLOW, st.integers(0, 40), st.integers(0, 29), st.booleans())
def test_what_is_given_back_is_not_exhausted_before_anybody_could_answer(minutes: tuple[int, ...], took: int, held: int, met: bool) -> None:
    """All that is overdue is paged in that turn, the patient hears that it is open again, and that nobody answers comes later."""
    opened = ladder.begin(policy.rungs({"high": minutes}, "high"), "high", START, ALL).ladder
    at, back = START + timedelta(minutes=took), START + timedelta(minutes=took + held)
    story = ladder.acknowledge(ladder.advance(opened, at, ALL).ladder, PRIMARY, at)
    assert story is not None
    if met:
        story = ladder.reached(story.ladder, PRIMARY, at)
        assert story is not None
    left = ladder.leave(story.ladder, PRIMARY, back, {**ALL, "primary": []})
    assert left is not None
    assert left.ladder.state == "OPEN"
    assert [act for act in left.actions if isinstance(act, Tell)] == [Tell("second_look" if met else "reopened")]
    assert Alarm("exhausted") not in left.actions
    soon = back + moves.ANSWER_WITHIN - timedelta(seconds=1)
    if ladder.is_at_end(left.ladder):
        assert ladder.advance(left.ladder, soon, ALL) == Move(left.ladder)
        late = ladder.advance(left.ladder, back + moves.ANSWER_WITHIN, ALL)
        assert late.ladder.state == "EXHAUSTED"
        assert {act.person for act in late.actions if isinstance(act, Page)} == {PRIMARY, BACKUP, SUPERVISOR, ADMIN}
        assert late.actions[-2:] == (Tell("exhausted"), Alarm("exhausted"))


def test_giving_it_back_late_pages_all_at_once_and_they_have_time_to_answer() -> None:
    story = Story()
    story.until(1)
    story.now_is(ladder.acknowledge(story.ladder, PRIMARY, story.now))
    story.minute = 26
    story.news()
    story.now_is(ladder.decline(story.ladder, PRIMARY, story.now, {**TEAM, "primary": []}))
    told = ["inform reopened", "tell reopened", "page.all to 2", "page.all to 3", "alarm nobody_at_step"]
    assert story.news() == told
    before = story.ladder
    story.now_is(ladder.decline(story.ladder, BACKUP, story.now, TEAM))
    assert (story.news(), story.ladder) == ([], before), "everybody is paged, so there is nobody to pass it to"
    risen = ladder.join(story.ladder, "imminent", story.now, TEAM)
    assert [_said(act) for act in risen.actions] == ["page.risen to 1", "page.risen to 2", "page.risen to 3", "tell joined"]
    assert risen.ladder.next_at == before.next_at
    pages = [(31, f"page.all to {person}") for person in (1, 2, 3)]
    assert story.until(31) == [*pages, (31, "tell exhausted"), (31, "alarm exhausted")]
    assert story.until(46)[0] == (46, "page.all to 1")


def test_the_last_rung_goes_with_those_overdue_when_it_is_nearly_due() -> None:
    story = Story()
    story.until(1)
    story.now_is(ladder.acknowledge(story.ladder, PRIMARY, story.now))
    story.minute = 14
    story.now_is(ladder.leave(story.ladder, PRIMARY, story.now, TEAM))
    assert story.news()[-3:] == ["page.all to 1", "page.all to 2", "page.all to 3"]
    assert story.until(19)[-1] == (19, "alarm exhausted")


def test_giving_it_back_to_nobody_is_exhausted_at_once() -> None:
    story = taken()
    story.minute = 26
    story.now_is(ladder.leave(story.ladder, PRIMARY, story.now, {}))
    assert story.ladder.state == "EXHAUSTED"
    assert story.news()[-2:] == ["tell exhausted", "alarm exhausted"]


def test_what_was_taken_off_hours_and_given_back_waits_for_cover_again() -> None:
    for contacted, told in ((False, "inform reopened"), (True, "inform second_look")):
        story = Story(starts=9 * 60)
        story.now_is(ladder.acknowledge(story.ladder, PRIMARY, story.now))
        if contacted:
            story.now_is(ladder.reached(story.ladder, PRIMARY, story.now))
        story.minute = 10
        story.news()
        story.now_is(ladder.leave(story.ladder, PRIMARY, story.now, TEAM))
        assert story.news() == [told, "tell no_cover", "alarm no_cover"]
        assert story.until(9 * 60 + 2) == [(9 * 60, "page.new to 1"), (9 * 60 + 2, "page.repeat to 1")]


def test_what_was_taken_off_hours_and_not_reached_waits_for_cover_again() -> None:
    story = Story(starts=9 * 60)
    story.now_is(ladder.acknowledge(story.ladder, PRIMARY, story.now))
    story.news()
    assert story.until(9 * 60 - 1) == [(30, "inform reopened"), (30, "tell no_cover"), (30, "alarm no_cover")]
    assert story.until(9 * 60) == [(9 * 60, "page.new to 1")]


def test_what_was_taken_off_hours_and_not_reached_until_cover_climbs() -> None:
    story = Story(starts=20)
    story.now_is(ladder.acknowledge(story.ladder, PRIMARY, story.now))
    story.news()
    assert story.until(32) == [(30, "page.new to 1"), (30, "inform reopened"), (30, "tell reopened"), (32, "page.repeat to 1")]


def test_nothing_lowers_a_level() -> None:
    story = Story("imminent")
    story.now_is(ladder.join(story.ladder, "high", story.now, TEAM))
    assert story.ladder.level == "imminent"


@pytest.mark.parametrize("contacted", [False, True])
def test_more_danger_after_somebody_took_it_pages_again(contacted: bool) -> None:
    story = Story()
    story.now_is(ladder.acknowledge(story.ladder, PRIMARY, story.now))
    if contacted:
        story.now_is(ladder.reached(story.ladder, PRIMARY, story.now))
    story.minute = 10
    story.news()
    story.now_is(ladder.join(story.ladder, "high", story.now, TEAM))
    assert story.news() == ["page.newer to 1", "tell anew"]
    assert story.ladder.state == "OPEN"


def test_whoever_had_it_before_newer_danger_is_paged_while_on_call_and_else_told() -> None:
    for team, told in ((TEAM, ["page.newer to 2", "page.new to 1", "tell anew"]),
                       ({**TEAM, "backup": []}, ["page.new to 1", "inform newer to 2", "tell anew"])):  # fmt: skip
        story = Story()
        story.now_is(ladder.acknowledge(story.ladder, BACKUP, story.now))
        story.news()
        story.now_is(ladder.join(story.ladder, "high", story.now, team))
        assert story.news() == told


def test_whoever_was_asked_to_take_it_over_learns_of_newer_danger() -> None:
    for starts, told in ((None, ["inform newer to 4", "page.newer to 1", "tell anew"]),
                         (START, ["inform newer to 1", "inform newer to 4", "tell no_cover", "alarm no_cover"])):  # fmt: skip
        story = taken()
        story.now_is(ladder.hand(story.ladder, PRIMARY, SECOND))
        story.news()
        story.now_is(ladder.join(story.ladder, "imminent", story.now, TEAM, starts=starts))
        assert sorted(story.news()) == sorted(told)


def test_more_danger_when_nobody_has_answered_pages_everyone_at_once() -> None:
    story = Story()
    story.until(17)
    story.news()
    story.now_is(ladder.join(story.ladder, "high", story.now, TEAM))
    assert story.news() == ["page.all to 1", "page.all to 2", "page.all to 3", "tell exhausted"]
    assert story.until(32)[0] == (32, "page.all to 1")


def test_nobody_at_a_step_goes_on_at_once_and_is_an_alarm() -> None:
    story = Story(team={"primary": [], "backup": [BACKUP], "supervisor": [SUPERVISOR]})
    assert story.news() == ["page.backup to 2", "alarm nobody_at_step", "alarm nobody_at_step", "tell opened"]
    assert story.until(10) == [(10, "page.supervisor to 3")]


def test_nobody_at_all_is_exhausted_at_once_and_the_patient_knows() -> None:
    story = Story(team={})
    news = story.news()
    assert story.ladder.state == "EXHAUSTED"
    assert news.count("tell exhausted") == 1
    assert "tell opened" not in news
    assert news[-1] == "alarm exhausted"
    story.team = TEAM
    assert (15, "page.all to 1") in story.until(15), "whoever turns up later is paged at the next round"


def test_someone_with_two_positions_is_paged_once_when_all_are() -> None:
    story = Story(team={"primary": [PRIMARY], "backup": [PRIMARY], "supervisor": [SUPERVISOR]})
    told = story.until(15)
    assert [what for minute, what in told if minute == 15 and "to 1" in what] == ["page.all to 1"]


def test_without_cover_nothing_is_promised_until_somebody_is_on_duty() -> None:
    story = Story(starts=9 * 60)
    assert story.news() == ["tell no_cover", "alarm no_cover"]
    assert story.until(8 * 60) == []
    story.now_is(ladder.join(story.ladder, "imminent", story.now, TEAM))
    assert story.news() == ["tell no_cover"]
    assert story.until(9 * 60 + 2) == [(9 * 60, "page.new to 1"), (9 * 60 + 2, "page.repeat to 1")]


def test_steps_missed_in_an_outage_page_each_person_once() -> None:
    story = Story()
    story.news()
    told = story.sleep(12)
    assert told == ["page.repeat to 1", "page.backup to 2", "page.supervisor to 3"]
    assert story.until(15)[-1] == (15, "alarm exhausted")


def test_an_hour_missed_ends_exhausted_with_one_page_each() -> None:
    story = Story()
    story.news()
    told = story.sleep(60)
    assert [what for what in told if what.startswith("page")] == ["page.all to 1", "page.all to 2", "page.all to 3"]
    assert told.count("tell exhausted") == 1
    assert story.ladder.next_at == story.now + timedelta(minutes=15)


# ---- handing over ----------------------------------------------------------------------------------------------------------------


def taken(level: str = "high", contacted: bool = False) -> Story:
    """The first person has it since minute 0."""
    story = Story(level)
    story.now_is(ladder.acknowledge(story.ladder, PRIMARY, story.now))
    if contacted:
        story.now_is(ladder.reached(story.ladder, PRIMARY, story.now))
    story.news()
    return story


@pytest.mark.parametrize("contacted", [False, True])
def test_a_colleague_it_is_handed_to_is_paged_and_has_it_once_they_take_it(contacted: bool) -> None:
    story = taken(contacted=contacted)
    story.minute = 10
    story.now_is(ladder.hand(story.ladder, PRIMARY, BACKUP))
    assert story.news() == ["page.handed to 2"]
    assert story.ladder.acked_by == PRIMARY, "until then it stays where it is"
    assert ladder.acknowledge(story.ladder, SUPERVISOR, story.now) is None
    story.now_is(ladder.acknowledge(story.ladder, BACKUP, story.now))
    assert story.news() == ["tell acked", "inform taken_over to 1"]
    assert (story.ladder.acked_by, story.ladder.state) == (BACKUP, "CONTACTED" if contacted else "ACKED")
    assert ladder.close(story.ladder, PRIMARY) is None
    again = story.until(60)
    assert [minute for minute, what in again if what == "inform reopened"] == ([] if contacted else [40]), "half an hour of their own"


def test_what_was_handed_but_not_taken_opens_again_as_it_would_have() -> None:
    story = taken()
    story.minute = 20
    story.now_is(ladder.hand(story.ladder, PRIMARY, SUPERVISOR))
    story.news()
    assert story.until(30)[:3] == [(30, "page.new to 1"), (30, "inform reopened"), (30, "tell reopened")]
    assert story.ladder.handed_to is None


def test_a_colleague_who_cannot_leaves_it_with_whoever_has_it() -> None:
    story = taken()
    story.now_is(ladder.hand(story.ladder, PRIMARY, BACKUP))
    story.news()
    story.now_is(ladder.decline(story.ladder, BACKUP, story.now, TEAM))
    assert story.news() == ["inform not_taken to 1"]
    assert (story.ladder.state, story.ladder.acked_by, story.ladder.handed_to) == ("ACKED", PRIMARY, None)


def test_only_whoever_has_it_hands_it_over() -> None:
    story = taken()
    assert ladder.hand(story.ladder, BACKUP, SUPERVISOR) is None
    assert ladder.hand(story.ladder, PRIMARY, PRIMARY) is None
    assert ladder.hand(Story().ladder, PRIMARY, BACKUP) is None


# ---- a false alarm ---------------------------------------------------------------------------------------------------------------


def test_at_high_one_person_says_it_was_a_false_alarm() -> None:
    story = taken("high")
    story.now_is(ladder.doubt(story.ladder, PRIMARY, story.now, TEAM))
    assert story.news() == ["tell closed", "inform closed"]


@pytest.mark.parametrize("contacted", [False, True])
def test_at_imminent_a_second_person_must_agree(contacted: bool) -> None:
    story = taken("imminent", contacted)
    story.now_is(ladder.doubt(story.ladder, PRIMARY, story.now, TEAM))
    assert story.news() == ["page.second to 2", "page.second to 3"]
    assert story.ladder.state == ("CONTACTED" if contacted else "ACKED")
    assert ladder.confirm(story.ladder, PRIMARY) is None, "nobody is their own second"
    assert ladder.doubt(story.ladder, BACKUP, story.now, TEAM) is None
    story.now_is(ladder.confirm(story.ladder, BACKUP))
    assert story.news() == ["tell closed", "inform closed"]
    assert ladder.confirm(story.ladder, SUPERVISOR) is None


@pytest.mark.parametrize("contacted", [False, True])
def test_while_nobody_agrees_it_opens_again_after_half_an_hour(contacted: bool) -> None:
    story = taken("imminent", contacted)
    story.now_is(ladder.doubt(story.ladder, PRIMARY, story.now, TEAM))
    story.news()
    told = "tell second_look" if contacted else "tell reopened"
    assert story.until(30) == [(30, "page.new to 1"), (30, "inform unconfirmed"), (30, told)]
    assert (story.ladder.state, story.ladder.doubted_by) == ("OPEN", None)
    assert ladder.confirm(story.ladder, BACKUP) is None, "it is too late to agree: it must be looked at anew"


@pytest.mark.parametrize("contacted", [False, True])
def test_a_second_person_who_does_not_agree_leaves_it_as_it_was(contacted: bool) -> None:
    story = taken("imminent", contacted)
    before = story.ladder
    story.now_is(ladder.doubt(story.ladder, PRIMARY, story.now, TEAM))
    story.news()
    story.now_is(ladder.disagree(story.ladder, BACKUP))
    assert story.news() == ["inform disagreed"]
    assert story.ladder == before


def test_a_false_alarm_that_nobody_had_taken_is_held_by_who_says_so() -> None:
    story = Story("imminent")
    story.until(16)
    story.now_is(ladder.doubt(story.ladder, BACKUP, story.now, TEAM))
    assert story.news() == ["tell acked", "inform acked", "page.second to 1", "page.second to 3"]
    assert (story.ladder.state, story.ladder.acked_by) == ("ACKED", BACKUP)
    assert story.until(46)[1] == (46, "inform unconfirmed")


def test_alone_nobody_can_call_it_a_false_alarm() -> None:
    story = taken("imminent")
    story.now_is(ladder.doubt(story.ladder, PRIMARY, story.now, {"primary": []}))
    assert story.news() == ["alarm no_second"]
    assert story.ladder.state == "ACKED"


def test_new_danger_ends_the_doubt() -> None:
    story = taken("imminent")
    story.now_is(ladder.doubt(story.ladder, PRIMARY, story.now, TEAM))
    story.now_is(ladder.join(story.ladder, "imminent", story.now, TEAM))
    assert (story.ladder.state, story.ladder.doubted_by) == ("OPEN", None)


# ---- the clinic's own minutes ----------------------------------------------------------------------------------------------------


def test_a_slower_ladder_for_high_keeps_its_minutes_until_the_level_rises() -> None:
    slow = policy.rungs({"high": (0, 5, 10, 20, 30)}, "high")
    started = ladder.begin(slow, "high", START, TEAM)
    joined = ladder.join(started.ladder, "high", START, TEAM, DEFAULT)
    assert joined.ladder.rungs == slow, "what the clinic chooses meanwhile is for what opens later"
    assert joined.ladder.next_at == START + timedelta(minutes=5)
    rose = ladder.join(started.ladder, "imminent", START, TEAM, policy.rungs({}, "imminent"))
    assert rose.ladder.rungs == DEFAULT
    assert rose.ladder.next_at == START + timedelta(minutes=2)


@pytest.mark.parametrize(
    ("level", "minutes", "why"),
    [
        ("imminent", (0, 3, 5, 10, 15), "cannot be changed"),
        ("high", (0, 2, 5, 10), "Write 5 minutes"),
        ("high", (1, 2, 5, 10, 15), "begin with 0"),
        ("high", (0, 5, 5, 10, 15), "rise"),
        ("high", (0, 2, 5, 10, 31), "0/5/10/20/30 is the slowest"),
    ],
)
def test_minutes_that_cannot_be_chosen_are_refused_and_never_used(level: str, minutes: tuple[int, ...], why: str) -> None:
    assert why in (policy.fault(level, minutes) or "")
    assert policy.rungs({level: minutes}, level) == DEFAULT


@pytest.mark.parametrize("level", ["high", "imminent"])
def test_the_reviewed_minutes_can_always_be_had(level: str) -> None:
    assert policy.fault(level, policy.REVIEWED) is None
    assert policy.fault("high", (0, 3, 6, 12, 20)) is None
    assert policy.rungs({}, level) == DEFAULT


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["ack", "contacted", "cant", "hand", "doubt", "disagree", "high", "imminent", "wait"]),
        st.sampled_from([PRIMARY, BACKUP, SUPERVISOR, SECOND]),
        st.integers(0, 40),
    ),
    max_size=30,
)


def _unless_closed(move: Move | None) -> Move | None:
    return move if move is not None and move.ladder.state != "CLOSED" else None


@given(EVENTS, st.booleans())
def test_whatever_happens_it_stays_open_and_no_page_repeats_another(events: list[tuple[str, int, int]], staffed: bool) -> None:
    """Any order of taps, new danger and time: nothing but a human's closing ends it, it always has a next step unless a human
    has reached the patient, and every page is new."""
    team = TEAM if staffed else {}
    story = Story(team=team)
    keys = story.page_keys()
    for what, who, minutes in events:
        story.news()
        story.minute += minutes
        without = {position: [id for id in ids if id != who] for position, ids in team.items()}
        moves = {
            "ack": lambda who=who: ladder.acknowledge(story.ladder, who, story.now),
            "contacted": lambda who=who: ladder.reached(story.ladder, who, story.now),
            "cant": lambda who=who, without=without: ladder.decline(story.ladder, who, story.now, without),
            "hand": lambda who=who: ladder.hand(story.ladder, who, SECOND),
            "doubt": lambda who=who, without=without: _unless_closed(ladder.doubt(story.ladder, who, story.now, without)),
            "disagree": lambda who=who: ladder.disagree(story.ladder, who),
            "high": lambda: ladder.join(story.ladder, "high", story.now, team),
            "imminent": lambda: ladder.join(story.ladder, "imminent", story.now, team),
        }
        moved = moves[what]() if what in moves else ladder.advance(story.ladder, story.now, team)
        if moved is not None:
            story.now_is(moved)
        keys += story.page_keys()
        assert story.ladder.state in ("OPEN", "ACKED", "CONTACTED", "EXHAUSTED")
        settled = story.ladder.state == "CONTACTED" and story.ladder.doubted_by is None
        assert (story.ladder.next_at is None) == settled
        assert (story.ladder.acked_by is not None) == (story.ladder.state in ("ACKED", "CONTACTED"))
        assert story.ladder.acked_by is not None or (story.ladder.handed_to, story.ladder.doubted_by) == (None, None)
    assert len(keys) == len(set(keys))


def test_a_closed_one_stays_closed() -> None:
    story = Story()
    story.now_is(ladder.close(story.ladder, PRIMARY))
    assert ladder.acknowledge(story.ladder, PRIMARY, story.now) is None
    assert ladder.reached(story.ladder, PRIMARY, story.now) is None
    assert ladder.decline(story.ladder, PRIMARY, story.now, TEAM) is None
    closed: Ladder = story.ladder
    assert ladder.advance(closed, story.now + timedelta(days=1), TEAM) == Move(closed)
