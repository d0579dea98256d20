"""The commands that serve people, each loading what it needs only when it is wanted: the bot itself, `demo` and `talk`."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.shared import out


def run() -> None:
    """Receive, answer, remind and page until stopped (Ctrl-C or SIGTERM; a second one stops at once)."""
    from bot.commands.run import run

    run()


def demo(
    port: Annotated[int, typer.Option(help="Port on this machine.", min=1, max=65535)] = 8099,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
    seed: Annotated[int, typer.Option(help="Which made-up history the cohort has.")] = 7,
) -> None:
    """Everything on this machine, no token, no set-up: phones, staff, weekly page."""
    from bot.commands.stage import show  # the only way to the demo's rooms, and only when it is wanted

    with tempfile.TemporaryDirectory(prefix="between-demo-") as folder:
        asyncio.run(show(Path(folder), port, open_browser=browser, seed=seed))


def talk() -> None:
    """The same bot in a terminal. Type words, a button's label, `/+30m` to let time pass, `/quit` to leave."""
    from bot.commands.terminal import Terminal

    with tempfile.TemporaryDirectory(prefix="between-talk-") as folder:
        Terminal(Path(folder)).run()
    out("Bye. Nothing of this was kept.")
