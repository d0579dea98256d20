"""Who of the staff may do what. Asked again at every act, on the person as they are now; what is not named is denied."""

from __future__ import annotations

from bot.sitting import Sitting
from storage import people
from storage.people import PersonCard

ANY_STAFF = frozenset({"on_call", "inbox", "patients", "session"})
ADMIN_ONLY = frozenset({"invite", "discharge", "staff", "revoke"})


def may(who: PersonCard, action: str) -> bool:
    """Whether this person may do it: an active member of staff, and an administrator where it takes one."""
    if who.role != "staff" or not who.active:
        return False
    return action in ANY_STAFF or (action in ADMIN_ONLY and who.duty == "admin")


def allowed(s: Sitting, action: str) -> bool:
    """The same for whoever sits here, read afresh. A denial is said politely."""
    if s.who is not None and may(people.person(s.u, s.who.id), action):
        return True
    s.say("staff.denied")
    return False
