"""The console script `between`. Commands live in `bot/commands`; here they get their names, and errors their exit codes."""

from __future__ import annotations

import sys

import typer

from bot import log
from bot.commands import clinic, look, pages, run, schedule, show
from bot.errors import BetweenError

app = typer.Typer(
    name="between",
    help="A companion for the hours between the sessions of an Intensive Outpatient Program.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
invite = typer.Typer(no_args_is_help=True, help="A one-time link and its QR code, for a patient or for staff.")
session = typer.Typer(no_args_is_help=True, help="The clinic's schedule.")

app.command("demo")(show.demo)
app.command("setup")(clinic.setup)
app.command("run")(run.run)
app.command("talk")(show.talk)
app.command("check")(look.check)
app.command("screen")(look.screen)
app.command("export")(pages.export)
app.command("sync")(pages.sync)
app.add_typer(invite, name="invite")
invite.command("patient")(clinic.invite_patient)
invite.command("staff")(clinic.invite_staff)
app.add_typer(session, name="session")
session.command("add")(schedule.add)
session.command("list")(schedule.show)
session.command("cancel")(schedule.cancel)
app.command("migrate")(clinic.migrate)
for name, instead in clinic.LATER.items():
    app.command(name, context_settings={"ignore_unknown_options": True, "allow_extra_args": True})(clinic.not_yet(name, instead))


def main() -> None:
    """Run one command; an error Between knows is one sentence on stderr and its exit code, never a traceback."""
    log.configure("info")
    try:
        app()
    except BetweenError as fault:
        sys.stderr.write(f"between: {fault}\n")
        sys.exit(fault.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
