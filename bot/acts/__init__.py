"""What commands of flows do, and what one-step buttons do: functions on rows, found by name through `bot.registry`."""

from bot.acts import help, pages, profile

__all__ = ["help", "pages", "profile"]
