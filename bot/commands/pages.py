"""The clinician's pages: `export` writes a week, the Monday chore does so by itself, `sync` is not there yet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from bot.clock import wall
from bot.commands import shared
from bot.commands.shared import count, out
from bot.errors import NotYet, UsageError
from clinic import export as exports
from storage.store import Unit


def export(
    folder: Annotated[Path, typer.Option("--out", help="The folder to write into.")],
    week: Annotated[str | None, typer.Option(help="Such as 2026-W46. Default: the last complete Monday-Sunday, clinic time.")] = None,
    patient: Annotated[str | None, typer.Option(help="One patient's code. Default: everybody.")] = None,
    format: Annotated[str, typer.Option(help="html, csv, or both with a comma.")] = "html,csv",
) -> None:
    """Write the weekly pages and their table. Files that would be the same are left as they are."""
    try:
        written = _write(folder, week, patient, format.split(","))
    except exports.ExportError as fault:
        raise UsageError(why=str(fault)) from None
    for path in written.paths:
        out(str(path))
    patients, files = count(written.patients, "patient"), count(len(written.paths), "file")
    out(f"{written.week}: {patients}, {files} written, {written.unchanged} unchanged.")
    if written.not_shared:
        out(f"Without consent to a weekly page: {', '.join(written.not_shared)}.")
    if written.unreadable:
        out(f"Could not be read with the keys at hand: {', '.join(written.unreadable)}.")
        raise typer.Exit(1)


def _write(folder: Path, week: str | None, patient: str | None, formats: list[str]) -> exports.Written:
    """The folder's name is committed before its first file, and what was written of whom also when the folder refused a later one."""
    refused, now = None, wall()
    store = shared.opened(shared.settings())
    try:
        with store.unit(now) as u:
            exports.prepare(u, folder, week, patient, formats, now)
        with store.unit(now) as u:
            try:
                return exports.export(u, folder, week, patient, formats, now)
            except exports.CannotWrite as fault:
                refused = fault
    finally:
        store.close()
    raise refused


def sync() -> None:
    """Not part of this version yet."""
    raise NotYet(what="`between sync`", instead="Until then use `between export --out FOLDER`.")


def weekly_chore(folder: Path, data: Path) -> Callable[[Unit], int | None]:
    """What the tick calls on Monday morning: writes the last complete week into the folder; returns how many files changed.

    In the data folder, which is no other disk than the database's, it is begun anew where it is gone, as after a restore.
    """
    return lambda u: exports.weekly(u, folder, anew=is_inside(folder, data))


def is_inside(folder: Path, data: Path) -> bool:
    """Whether a folder lies in the data folder."""
    return folder.expanduser().absolute().is_relative_to(data.expanduser().absolute())
