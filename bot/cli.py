"""The console script `between`. Commands live in `bot/commands`; here they get their names, and errors their exit codes."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer
from sqlalchemy.exc import InterfaceError, OperationalError

from bot import log
from bot.commands import clinic, data, forget, hotlines, invite, keys, ladder, look, pages, record, rota, schedule, show, watch
from bot.errors import BetweenError, ContentBroken, DoesNotOpen, NoDatabase
from content.library import ContentError
from storage.seal import SealBroken

app = typer.Typer(
    name="between",
    help="A companion for the hours between the sessions of an Intensive Outpatient Program.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
inviting = typer.Typer(no_args_is_help=True, help="A one-time link and its QR code, for a patient or for staff.")
rotating = typer.Typer(no_args_is_help=True, help="Who is on call, week by week.")
scheduling = typer.Typer(no_args_is_help=True, help="The clinic's schedule.")

app.command("demo")(show.demo)
app.command("setup")(clinic.setup)
app.command("run")(show.run)
app.command("watch")(watch.watch)
app.command("talk")(show.talk)
app.command("check")(look.check)
app.command("screen")(look.screen)
app.command("hotlines")(hotlines.show)
app.command("export")(pages.export)
app.command("sync")(pages.sync)
app.add_typer(inviting, name="invite")
inviting.command("patient")(invite.invite_patient)
inviting.command("staff")(invite.invite_staff)
app.add_typer(scheduling, name="session")
scheduling.command("add")(schedule.add)
scheduling.command("list")(schedule.show)
scheduling.command("cancel")(schedule.cancel)
app.add_typer(rotating, name="rota")
rotating.command("show")(rota.show)
rotating.command("set")(rota.turns)
rotating.command("override")(rota.override)
rotating.command("leave")(rota.leave)
app.command("ladder")(ladder.ladder)
app.command("migrate")(clinic.migrate)
app.command("backup")(data.backup)
app.command("restore")(data.restore)
app.command("rotate-keys")(keys.rotate_keys)
app.command("forget-patient")(forget.forget_patient)
app.command("audit")(record.audit)


def main() -> None:
    """Run one command; an error Between knows is one sentence on stderr and its exit code, never a traceback."""
    log.configure("info")
    try:
        app()
    except BetweenError as fault:
        _end(fault)
    except ContentError as fault:
        _end(ContentBroken(why=fault))
    except SealBroken as fault:
        _end(DoesNotOpen(why=fault))
    except (OperationalError, InterfaceError) as fault:
        _end(NoDatabase(fault=type(fault).__name__))
    except KeyboardInterrupt:
        sys.exit(130)


def _end(fault: BetweenError) -> NoReturn:
    sys.stderr.write(f"between: {fault}\n")
    sys.exit(fault.exit_code)


if __name__ == "__main__":
    main()
