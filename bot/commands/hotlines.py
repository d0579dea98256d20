"""`between hotlines`: the numbers a patient may be shown, and the clinic's own word that it has checked one."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.clock import wall
from bot.commands import shared
from bot.commands.shared import out, read_country
from bot.errors import UsageError
from content.hotlines import emergency_number, load_registry, of_country
from storage import clinic, lines


def show(
    country: Annotated[str | None, typer.Option(help="Two letters, for example US. Default: the clinic's.")] = None,
    confirm: Annotated[str | None, typer.Option(help="The id of a line you have called, or read on its agency's page, today.")] = None,
) -> None:
    """List a country's crisis lines with their source and age, or confirm one that your clinic has checked."""
    today, wanted = wall().date(), read_country(country) if country is not None else None
    with shared.unit() as u:
        if confirm is not None:
            if confirm not in {row.id for row in load_registry().hotlines}:
                raise UsageError(why=f"There is no line {confirm}. `between hotlines --country US` lists the ids.")
            lines.confirm(u, confirm, today)
            out(f"{confirm}: confirmed on {today}.")
            return
        home = clinic.clinic(u)
        code = wanted or (home.country if home else "US")
        known = lines.confirmed(u)
    rows = of_country(code)
    if not rows:
        raise UsageError(why=f"No lines are on file for {code}; patients there are shown the worldwide directory.")
    out(f"{code}: emergency number {emergency_number(code)}")
    for row in rows:
        own = f"your clinic on {known[row.id]}" if row.id in known else "not by your clinic"
        shown = "" if row.confidence != "low" or row.id in known else " Not shown to patients until confirmed."
        out(f"{row.id}: {row.name}: {row.way} ({row.purpose}, {row.language}, {row.hours})")
        out(f"    {row.confidence} confidence; {row.source}; checked by us on {row.checked_on}, {own}.{shown}")
