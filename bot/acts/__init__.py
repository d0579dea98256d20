"""What commands of flows do, and what one-step buttons do: functions on rows, found by name through `bot.registry`."""

from bot.acts import (
    check_in,
    check_in_prompts,
    consent,
    help,
    inbox,
    journal,
    my_data,
    on_call,
    pages,
    profile,
    roster,
    schedule,
    session_prompts,
    sessions,
    skills,
    staff,
)

__all__ = [
    "check_in",
    "check_in_prompts",
    "consent",
    "help",
    "inbox",
    "journal",
    "my_data",
    "on_call",
    "pages",
    "profile",
    "roster",
    "schedule",
    "session_prompts",
    "sessions",
    "skills",
    "staff",
]
