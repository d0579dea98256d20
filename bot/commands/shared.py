"""What most commands begin with: settings, the log, the store."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import typer

from bot import log
from bot.clock import wall
from bot.errors import UsageError
from bot.opening import open_store
from bot.settings import Settings, load
from storage.store import Store, Unit

T = TypeVar("T")
MEANT = {"USA": "US", "UK": "GB"}
"""What people write for a country that is not its code."""


def settings() -> Settings:
    """Read the settings and let the log know what must never be seen in it."""
    read = load()
    log.configure(read.log_level, read.secrets())
    return read


@contextmanager
def unit(read: Settings | None = None) -> Iterator[Unit]:
    """One transaction on the clinic's database, now."""
    store = open_store(read or settings(), wall())
    try:
        with store.unit(wall()) as u:
            yield u
    finally:
        store.close()


def opened(read: Settings) -> Store:
    return open_store(read, wall())


def out(line: str = "") -> None:
    """One line for the person at the terminal."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def count(number: int, thing: str) -> str:
    """ "1 file", "2 files"."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def ask(what: str, option: str, given: str | None, default: str | None = None) -> str:
    """Like `ask_for`, for any words at all."""
    return ask_for(what, option, given, default, _filled)


def ask_for(what: str, option: str, given: str | None, default: str | None, read: Callable[[str], T]) -> T:
    """The option as given; else the person at the terminal, until `read` can use the answer; else the default.

    Raises `UsageError` for an option `read` cannot use, and when nobody is there to be asked.
    """
    if given is not None:
        return read(given)
    if not sys.stdin.isatty():
        if default is None:
            raise UsageError(why=f"{what} is missing, and there is no terminal to ask at. Give it with {option}.")
        return read(default)
    while True:
        try:
            return read(typer.prompt(what, default=default))
        except UsageError as fault:
            out(str(fault.facts["why"]))


def read_country(text: str) -> str:
    """A country as content names it: its two letters."""
    code = text.strip().upper()
    if len(code) == 2 and code.isascii() and code.isalpha() and code not in MEANT:
        return code
    meant = f"Did you mean {MEANT[code]}?" if code in MEANT else "Write two letters, such as US."
    raise UsageError(why=f"'{text}' is not a country's two letters. {meant}")


def _filled(text: str) -> str:
    if not text.strip():
        raise UsageError(why="This cannot be left empty.")
    return text.strip()
