"""Profile, consent and notes: the small commands most flows use."""

from __future__ import annotations

from bot.flow.commands import GiveConsent, NoteStaff, RevokeConsent, SaveProfile
from bot.registry import act
from bot.sitting import Sitting
from storage import audit, notes, people


@act(SaveProfile)
def save_profile(s: Sitting, command: SaveProfile) -> None:
    s.who = people.save_profile(s.u, s.person, command.values)


@act(GiveConsent)
def give_consent(s: Sitting, command: GiveConsent) -> None:
    people.give_consent(s.u, s.person.id, command.scope, command.version)
    audit.record(s.u, s.person.id, s.person.code, "consent.given", command.scope, f"v{command.version}")


@act(RevokeConsent)
def revoke_consent(s: Sitting, command: RevokeConsent) -> None:
    people.revoke_consent(s.u, s.person.id, command.scope)
    audit.record(s.u, s.person.id, s.person.code, "consent.revoked", command.scope)


@act(NoteStaff)
def note_staff(s: Sitting, command: NoteStaff) -> None:
    notes.add(s.u, s.person.id, command.kind, command.code, command.text)
