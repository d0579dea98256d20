"""`between forget-patient CODE`: what `/mydata` does for a patient, done by the clinic for one who asked it to."""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from typing import Annotated

import typer

from bot import chores
from bot.clock import wall
from bot.commands import shared
from bot.commands.shared import out
from bot.errors import StillOpenAlert, UsageError
from storage import audit, escalations, my_data, people
from storage.conflicts import again_on_conflict
from storage.my_data import StillOpen
from storage.people import PersonCard
from storage.store import Store, Unit

SURE = "This erases {code} for good: name, number, words, journal, settings, medicines. There is no way back. Go on?"


def forget_patient(
    code: Annotated[str, typer.Argument(help="The patient's code.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a patient: rows and data key, key files of backups, weekly pages. Numbers and the audit trail stay under the code."""
    read = shared.settings()
    with shared.unit(read) as u:
        _known(u, code)
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError(why="There is no terminal to ask at. Add --yes if you are sure; there is no way back.")
        if not typer.confirm(SURE.format(code=code)):
            raise typer.Exit(1)
    store = shared.opened(read)
    try:
        receipt = again_on_conflict(lambda: _erased(store, code))
        with store.unit(wall()) as u:
            missed = chores.clear_outside(u)
            if u.connection.dialect.name == "postgresql":
                out("PostgreSQL keeps erased rows until it vacuums: run VACUUM on this database, and expire its log archive.")
    finally:
        store.close()
    for name, number in receipt.items():
        out(f"{name}: {number}")
    if missed:
        for each in missed:
            out(f"NOT DONE: {each}")
        out("It is tried again every hour while Between runs, and staff are told.")
        raise typer.Exit(1)
    out("Weekly pages are removed where Between wrote them; those of all patients are written again by `between export --week`.")
    out("Telegram keeps its own copy of the chat, and so may whoever was given a page.")


def _erased(store: Store, code: str) -> dict[str, object]:
    with store.unit(wall()) as u:
        return erase(u, _known(u, code))


def erase(u: Unit, who: PersonCard) -> dict[str, object]:
    """Forget a patient and say what went, in numbers. The hash is of those numbers and stands in the audit trail too."""
    people.hold_chats(u, who.id)
    row = escalations.open_for(u, who.id)
    if row is not None:
        raise StillOpenAlert(code=who.code, ref=row.ref)
    kept = my_data.kept(u, who)
    try:
        chat = my_data.forget(u, who, "between")
    except StillOpen:
        raise StillOpenAlert(code=who.code, ref="?") from None
    if chat is not None:
        my_data.plan_erasing(u, chat.id)
    counts = {
        "code": who.code,
        "at": u.now.isoformat(timespec="seconds"),
        "journal entries and lines erased": kept.entries,
        "raw messages erased": kept.messages,
        "check-ins kept as numbers": kept.check_ins,
        "skills kept as numbers": kept.skills,
        "answers about sessions kept": kept.answers,
        "alerts kept without words": kept.alerts,
    }
    digest = sha256(json.dumps(counts, sort_keys=True).encode()).hexdigest()
    audit.record(u, who.id, "between", "person.receipt", digest[:16], "command line")
    return {**counts, "receipt": digest}


def _known(u: Unit, code: str) -> PersonCard:
    who = people.person_by_code(u, code)
    if who is None or who.role != "patient":
        raise UsageError(why=f"No patient has the code '{code}'. Check it on the caseload page or with /patients in the chat.")
    if who.status == "forgotten":
        raise UsageError(why=f"'{code}' has been forgotten already.")
    return who
