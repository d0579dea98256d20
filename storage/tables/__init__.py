"""Every table. Free text, names and Telegram ids are sealed bytes (see `storage.seal`); numbers and codes are in clear.

Ids are time-ordered 62-bit integers made by the application (`storage.ids`), because a sealed value is bound to its row
before the row is written. JSON in clear text columns holds codes and numbers only.
"""

from storage.tables.care import Attendance, Attendee, Cancelled, CheckIn, Entry, Observation, Series, SkillGate, SkillUse
from storage.tables.people import Chat, Clinic, Consent, Contact, DataKey, Invite, Meta, Person
from storage.tables.plan import PlanItem, PlanReview
from storage.tables.safety import (
    Audit,
    AuditAnchor,
    Drill,
    Escalation,
    EscalationEvent,
    Note,
    OnCall,
    Override,
    Rotation,
    StaffLeave,
)
from storage.tables.traffic import Due, Inbox, Lease, Outbox, Prompt, Talk

__all__ = [
    "Attendance",
    "Attendee",
    "Audit",
    "AuditAnchor",
    "Cancelled",
    "Chat",
    "CheckIn",
    "Clinic",
    "Consent",
    "Contact",
    "DataKey",
    "Drill",
    "Due",
    "Entry",
    "Escalation",
    "EscalationEvent",
    "Inbox",
    "Invite",
    "Lease",
    "Meta",
    "Note",
    "Observation",
    "OnCall",
    "Outbox",
    "Override",
    "Person",
    "PlanItem",
    "PlanReview",
    "Prompt",
    "Rotation",
    "Series",
    "SkillGate",
    "SkillUse",
    "StaffLeave",
    "Talk",
]
