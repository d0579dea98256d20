"""The welcome where a transcript can't show it: danger at every one of its questions, and what a consent stores."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.flow import Given, Log, Me, replay
from bot.flow.commands import GiveConsent, LeaveProgram, RevokeConsent, SaveProfile
from bot.flow.effects import Do, Effect, Read
from bot.phones import Phones, instant
from handlers.phone import is_phone
from handlers.settings import names
from handlers.welcome import FLOWS
from storage import escalations, invites, people
from storage.engine import open_engine
from storage.seal import Keyring, MasterKey
from storage.store import Store
from tests.clinics import STAFF, STRANGER, ZONE, open_clinic

(WELCOME,) = FLOWS
AT = instant("2026-11-16T15:00-05:00")
DANGER = "I want to kill myself"
FAST = (
    "[Next]", "[Next]", "[Next]", "[Yes, I agree]", "[Yes]", "[Yes]", "[No]", "Kim", "555-0199", "[United States]", "Ohio", "[Yes]",
    "[08:30]", "[20:00]", "[That's fine]", "[No, show it]",
)  # fmt: skip
FACTS = {"clinic": "Harbor Program", "known": True, "emergency": "911", "line": "call 988", "cover": "always", "hours": ""}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(open_engine(f"sqlite:///{tmp_path / 'welcome.db'}"), Keyring(MasterKey(b"welcome-test-key-of-32-bytes-ok!")))
    yield made
    made.close()


@pytest.fixture
def phones(store: Store) -> Phones:
    made = Phones(lambda: store, AT)
    open_clinic(store, AT, made)
    with store.unit(AT) as u:
        code = invites.add(u, people.person(u, people.add_person(u, "patient", "Kim", ZONE, code="0003")))
    made.type(STRANGER, f"/start {code}")
    return made


def newest(phones: Phones) -> str:
    return phones.phone(STRANGER).messages[-1].text


def answer(phones: Phones, given: str) -> None:
    if given.startswith("["):
        phones.tap(STRANGER, given.strip("[]"))
    else:
        phones.type(STRANGER, given)


def test_danger_at_every_question_gets_the_card_first_and_is_never_an_answer(phones: Phones, store: Store) -> None:
    phone = phones.phone(STRANGER)
    for step, given in enumerate(FAST):
        asked, shown = newest(phones), len(phone.messages)
        phones.type(STRANGER, f"{DANGER} {'now ' * step}")
        assert "call 911" in phone.messages[shown].text, f"at step {step} the card did not come first"
        phones.type(STRANGER, "/start")
        assert newest(phones) == asked, f"after danger at step {step} the question was not there any more"
        answer(phones, given)
    with store.unit(phones.now) as u:
        who = people.person_by_code(u, "0003")
        assert who is not None
        assert (who.call_name, who.phone, who.country, who.region) == ("Kim", "555-0199", "US", "OH")
        assert [row.level for row in escalations.of_person(u, who.id)] == ["imminent"]
    assert any("0003: high" in page.text for page in phones.phone(STAFF).messages)


def test_help_names_no_command_before_the_welcome_is_over(phones: Phones) -> None:
    phones.type(STRANGER, "/help")
    assert newest(phones).startswith("In danger now: call 911")
    assert "What you can type" not in newest(phones)


def test_danger_in_a_caption_a_command_and_an_edit_is_heard_in_the_welcome(phones: Phones) -> None:
    phone = phones.phone(STRANGER)
    for say in (
        lambda: phones.send(STRANGER, photo=[{"file_id": "x"}], caption=DANGER),
        lambda: phones.type(STRANGER, f"/start {DANGER}"),
        lambda: phones.edit(STRANGER, phones.type(STRANGER, "hello"), DANGER),
    ):
        before = len(phone.messages)
        say()
        assert any("call 911" in shown.text for shown in phone.messages[before:])


def replayed(given: list[str | bool | None], versions: dict[str, int]) -> list[Effect]:
    """The effects of a welcome answered so, with the words in these versions at the time they were asked."""
    done: list[Effect] = []
    log = Log()

    def perform(effect: Effect, key: str) -> Any:
        done.append(effect)
        match effect:
            case Read("welcome.facts"):
                return FACTS
            case Read("consent.version", args):
                return versions[args["words"]]
        return None

    step = replay(WELCOME, Me(name="Kim"), log, perform)
    for each in given:
        assert step.ask is not None
        kind = "tap" if each in ("next", "yes", "no") else "text"
        step = replay(WELCOME, Me(name="Kim"), step.log, perform, Given(kind, str(each)))
        versions = {words: version + 10 for words, version in versions.items()}
    return done


def test_a_consent_is_stored_in_the_version_that_was_on_the_screen() -> None:
    versions = {f"consent.{scope}.ask": 1 for scope in ("program", "weekly", "crisis_words", "outreach")}
    done = replayed(["next", "next", "next", "yes", "yes", "no"], versions)
    told = [effect.command for effect in done if isinstance(effect, Do)]
    # The words rise by ten with every answer: those of "program" came up with the third, those of "weekly" with the fourth.
    assert told == [GiveConsent("program", 21), GiveConsent("weekly", 31), RevokeConsent("crisis_words")]


def test_a_no_to_the_program_stores_nothing_but_that() -> None:
    versions = {f"consent.{scope}.ask": 1 for scope in ("program", "weekly", "crisis_words", "outreach")}
    done = replayed(["next", "next", "next", "no"], versions)
    assert [effect.command for effect in done if isinstance(effect, Do)] == [LeaveProgram()]


def test_nothing_of_the_profile_is_saved_before_consent() -> None:
    versions = {f"consent.{scope}.ask": 1 for scope in ("program", "weekly", "crisis_words", "outreach")}
    done = replayed(["next", "next", "next"], versions)
    assert not [effect for effect in done if isinstance(effect, Do)]
    later = replayed(["next", "next", "next", "yes", "yes", "yes", "no", "Kim"], versions)
    assert [effect.command for effect in later if isinstance(effect, Do)][-1] == SaveProfile({"call_name": "Kim"})


@pytest.mark.parametrize("text", ["555-0199", "+44 20 7946 0018", "(555) 010-0199 ext. 12", "555.010.0199 x7", "0171/123456"])
def test_what_people_write_as_a_number_is_one(text: str) -> None:
    assert is_phone(text)


@pytest.mark.parametrize("text", ["", "1234", "call my mother", "555-0199 after six", "1" * 16, "+-() .,/", "５５５-abc"])
def test_what_is_no_number_is_asked_for_again(text: str) -> None:
    assert not is_phone(text)


def test_medicines_are_split_at_lines_and_commas_and_kept_short() -> None:
    assert names("- sertraline\n naltrexone , vitamin D\n\n•lithium") == ["sertraline", "naltrexone", "vitamin D", "lithium"]
    assert names("a" * 100) == ["a" * 60]
    assert len(names("\n".join(str(n) for n in range(40)))) == 12
