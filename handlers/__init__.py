"""What a patient or a staff member can do, one conversation a file. Each is a generator that reads from top to bottom."""

from __future__ import annotations

from bot.flow import Flow
from handlers import (
    check_in,
    concern,
    contacts,
    follow_up,
    journal,
    my_data,
    pause,
    phone,
    plan,
    plan_review,
    plan_use,
    reaching,
    rota,
    schedule,
    sessions,
    settings,
    skills,
    staff,
    welcome,
)

MODULES = (
    check_in,
    concern,
    contacts,
    follow_up,
    journal,
    my_data,
    pause,
    phone,
    plan,
    plan_review,
    plan_use,
    reaching,
    rota,
    schedule,
    sessions,
    settings,
    skills,
    staff,
    welcome,
)
FLOWS: dict[str, Flow] = {flow.name: flow for module in MODULES for flow in module.FLOWS}
"""Every conversation by name."""
