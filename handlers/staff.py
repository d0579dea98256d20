"""Staff: what pages look like and how to answer them, and inviting people. One-step staff commands are in `bot/acts`."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from bot.flow import Ask, Choice, Do, Flow, Me, Number, Read, Say, Talking, Text, YesNo, scoped
from bot.flow.commands import GiveConsent, Invite, RevokeConsent, SaveProfile, ShowHome
from handlers.consent import AGREES

TRIES, NONE = 4, "none"
NEXT = Choice(of=(("next", "button.next"),))
ROLES = (("patient", "staff.invite.patient"), ("staff", "staff.invite.staff"))
DUTIES = (("clinician", "staff.duty.clinician"), ("admin", "staff.duty.admin"))

Part = Generator[Any, Any, Any]


def welcome_staff(me: Me) -> Talking:
    """Three short screens, and whether they may be paged."""
    mine = yield Read("staff.mine")
    yield Ask("is", NEXT, words=f"staff.welcome.is_{mine['duty']}", slots={"name": me.name, "clinic": mine["clinic"]})
    yield Ask("page", NEXT, words="staff.welcome.page")
    yield Ask("answer", NEXT, words="staff.welcome.answer")
    version = yield Read("consent.version", {"words": "staff.welcome.paged"})
    paged = yield Ask("paged", YesNo(yes="staff.welcome.may_page", no="staff.welcome.may_not", said=AGREES), words="staff.welcome.paged")
    yield Do(GiveConsent("paged", version) if paged else RevokeConsent("paged"), again=True)
    yield Do(ShowHome("staff.ready" if paged else "staff.ready_unpaged"))


def invite(me: Me) -> Talking:
    """Rights are checked before anything is asked, and again when the invitation is made."""
    if not (yield Read("staff.may", {"action": "invite"})):
        yield Say("staff.denied")
        return
    role = yield Ask("role", Choice(of=ROLES, columns=2), words="staff.invite.role")
    made = yield from scoped("staff.invite", _patient() if role == "patient" else _staff())
    if made["result"] == "ok":
        yield Say(f"staff.invite.{role}_ready", {"code": made["code"], "link": made["link"]}, alone=True)
    else:
        yield Say("staff.denied" if made["result"] == "denied" else f"staff.invite.{made['result']}")


def _patient() -> Part:
    name = yield Ask("name", Text(limit=40, fact=True, optional=True), words="staff.invite.patient_name")
    code = yield Ask("code", Text(limit=12, fact=True, optional=True))
    weeks = yield Ask("weeks", Number(low=1, high=52, offer=(8, 10, 12), optional=True))
    return (yield Do(Invite("patient", name or "", code or "", weeks=weeks)))


def _staff() -> Part:
    name = yield Ask("staff_name", Text(limit=40, fact=True))
    duty = yield Ask("duty", Choice(of=DUTIES))
    return (yield Do(Invite("staff", name, duty=duty)))


def email(me: Me) -> Talking:
    """Where pages go when Telegram is not enough. Typed anew, taken away, or left as it is."""
    known = (yield Read("staff.mine"))["email"]
    for n in range(1, TRIES):
        words = "staff.email.again" if n > 1 else "staff.email.change" if known else "staff.email.ask"
        slots = {"email": known} if known and n == 1 else {}
        none = ((NONE, "staff.email.none"),) if known else ()
        typed = yield Ask(f"ask_{n}", Text(limit=200, fact=True, optional=True, of=none), words=words, slots=slots)
        if typed is None:
            break
        address = "" if typed == [NONE] else typed
        if not address or (yield Read("staff.is_email", {"text": address})):
            yield Do(SaveProfile({"email": address}), again=True)
            yield Say("staff.email.saved" if address else "staff.email.gone", {"email": address} if address else {})
            return
    yield Say("staff.email.unchanged")


FLOWS = (
    Flow("welcome_staff", welcome_staff, expires=24 * 60),
    Flow("staff_invite", invite, expires=30, later=False),
    Flow("staff_email", email, expires=30, later=False),
)
