"""What a patient or a staff member can do, one conversation a file. Each is a generator that reads from top to bottom."""

from __future__ import annotations

from bot.flow import Flow
from handlers import concern

FLOWS: dict[str, Flow] = {flow.name: flow for module in (concern,) for flow in module.FLOWS}
"""Every conversation by name."""
