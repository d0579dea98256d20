"""What the server says when it says no: Telegram's own error shape and, where known, its own words."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """One refused call: the HTTP status, Telegram's description and its `parameters` (for example `retry_after`, in seconds)."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def as_api(self) -> dict[str, Any]:
        body: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            body["parameters"] = self.parameters
        return body


def bad(reason: str) -> Refusal:
    """400: the call itself is wrong and repeating it will not help."""
    return Refusal(400, f"Bad Request: {reason}")


def forbidden(reason: str) -> Refusal:
    """403: this chat is closed to the bot."""
    return Refusal(403, f"Forbidden: {reason}")


def conflict(reason: str) -> Refusal:
    """409: another receiver of updates is in the way."""
    return Refusal(409, f"Conflict: {reason}")


def too_many(seconds: int) -> Refusal:
    """429: wait `seconds` (at least 1) before the next call."""
    wait = max(1, seconds)
    return Refusal(429, f"Too Many Requests: retry after {wait}", retry_after=wait)


def unauthorized() -> Refusal:
    return Refusal(401, "Unauthorized")


def not_found() -> Refusal:
    return Refusal(404, "Not Found")
