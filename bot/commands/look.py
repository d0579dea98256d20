"""Looking before going live: `check` finds all that would fail later, `screen` shows what the screen hears."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from bot.commands import shared
from bot.commands.found import Found
from bot.commands.reach import address_checks, reach_checks
from bot.commands.rota import gap_words
from bot.commands.shared import count, out
from bot.errors import AlreadyRunning, ListenerTaken
from bot.opening import only_instance
from bot.serving import listen
from bot.settings import Settings
from clinic import page_folders
from content import hotlines, library
from content.hotlines import Hotline
from content.library import ContentError
from safety import duty
from safety.duty import cover_starts, reachable
from safety.lines import screen_lines
from safety.rota import ANYONE
from safety.rules import load_rules
from storage import backup, clinic, drills, keyfile, lines, people
from storage.store import Unit

DAMAGED = "their name, numbers or address do not open, so they are called by their code and get no mail; look at the disk and at a backup"


def check(
    content: Annotated[bool, typer.Option("--content", help="Only the content: needs no database.")] = False,
    network: Annotated[bool, typer.Option("--network/--no-network", help="Knock at the mail server and the page webhook.")] = True,
) -> None:
    """Settings, content, ladder, hotlines: all that would fail later fails here. Exit 1 when something would."""
    found = content_checks()
    if not content:
        read = shared.settings()
        token = Found("bot token", "ok") if read.bot_token else Found("bot token", "problem", "set BETWEEN_BOT_TOKEN in .env")
        found += [token, *listening_checks(read)]
        with shared.unit(read) as u:
            found += clinic_checks(u)
            found += address_checks(read, u)
        found += reach_checks(read, network=network)
    for one in found:
        out(f"{one.state.upper():8}{one.what}{': ' + one.note if one.note else ''}")
    problems = sum(one.state == "problem" for one in found)
    warnings = sum(one.state == "warning" for one in found)
    out(f"{count(problems, 'problem')}, {count(warnings, 'warning')}.")
    if problems:
        raise typer.Exit(1)


def content_checks() -> list[Found]:
    """The words, the screen's rules and the lines: everything loads, and what awaits review is said."""
    try:
        words, rules = library.load("en"), load_rules()
        hotlines.load_registry()
    except ContentError as fault:
        return [Found("content", "problem", str(fault))]
    pending = sum(item.review == "pending" for item in words.items.values())
    found = [Found(f"{len(words.items)} content items", "ok"), Found(f"{len(rules.frames)} screen rules", "ok")]
    if pending:
        found.append(Found("content review", "warning", f"{pending} items await a licensed clinician's review"))
    return found


def listening_checks(read: Settings) -> list[Found]:
    """The ports `between run` would listen on: free, or held by the Between that runs on this data folder."""
    wanted = []
    if read.watch_port is not None:
        wanted.append(("watch port", read.watch_host, read.watch_port, "BETWEEN_WATCH_PORT"))
    if read.webhook_url is not None:
        wanted.append(("webhook port", read.webhook_host, read.webhook_port, "BETWEEN_WEBHOOK_PORT"))
    found = []
    for what, host, port, setting in wanted:
        try:
            listen(host, port, setting).close()
        except ListenerTaken as fault:
            found.append(Found(what, "ok", "in use, and Between is running") if running_here(read) else Found(what, "problem", str(fault)))
        else:
            found.append(Found(what, "ok"))
    return found


def running_here(read: Settings) -> bool:
    """Whether an instance holds this data folder."""
    try:
        with only_instance(read.data_dir):
            return False
    except AlreadyRunning:
        return True


def clinic_checks(u: Unit) -> list[Found]:
    """The ladder as it would run now: somebody holds each position and can be reached."""
    known = clinic.clinic(u)
    assert known is not None
    found = [Found(f"clinic in {known.zone}", "ok")]
    holders = reachable(u)
    for position in ("primary", "backup", "supervisor"):
        if holders.get(position):
            found.append(Found(f"on call: {position}", "ok"))
        else:
            state = "problem" if position == "primary" else "warning"
            found.append(Found(f"on call: {position}", state, f"nobody who can be reached; {_who_could(u)}"))
    if not duty.administrators(u):
        found.append(Found("administrators", "warning", "none can be paged when nobody on call answers"))
    damaged = [who.code for role in ("staff", "patient") for who in people.people(u, role, "active") if who.damaged]
    found += [Found(f"what is stored of {code}", "problem", DAMAGED) for code in damaged]
    found += [*coverage_checks(u), drill_check(u)]
    if cover_starts(u) is not None:
        found.append(Found("cover hours", "warning", "nobody is on call right now; patients are told so and no ladder is promised"))
    if hotlines.emergency_number(known.country) is None:
        found.append(Found(f"hotlines for {known.country}", "problem", "no emergency number on file for the clinic's country"))
    made = backup.last(u)
    if made is None:
        found.append(Found("backup", "warning", "none was ever made here; run `between backup` every day"))
    elif u.now - made > backup.LATE:
        found.append(Found("backup", "warning", f"the last verified one is of {made:%Y-%m-%d %H:%M} UTC; run `between backup` every day"))
    return found + folder_checks(u) + line_checks(u, known.country)


def folder_checks(u: Unit) -> list[Found]:
    """Folders outside of which nobody can be forgotten altogether, and which are away."""
    away = [("weekly pages", folder, f"`between export --out {folder}`") for folder in page_folders.away(u)]
    away += [("key file", folder, f"`between backup --keys {folder} --anew`") for folder in keyfile.away(u)]
    lost = "not there; plug its disk in. If it is gone for good,"
    return [Found(f"{what} in {folder}", "warning", f"{lost} {again} begins it anew") for what, folder, again in away]


def drill_check(u: Unit) -> Found:
    """The last exercise: who answered it, how quickly."""
    last = drills.last(u)
    if last is None:
        return Found("weekly exercise", "ok", "none yet; the first is within a week of `between run`, in cover hours")
    day = f"{last.at:%Y-%m-%d %H:%M} UTC"
    if not last.passed or last.answered_at is None or last.answered_by is None:
        on_call = people.person(u, last.person).code if last.person is not None else "nobody"
        why = f"not answered ({on_call} was on call); patients are told not to count on an answer until one is"
        return Found(f"weekly exercise of {day}", "warning", why)
    seconds = int((last.answered_at - last.at).total_seconds())
    return Found(f"weekly exercise of {day}", "ok", f"{people.person(u, last.answered_by).code} answered after {seconds} seconds")


def coverage_checks(u: Unit) -> list[Found]:
    """What of the cover hours of the next 14 days nobody covers. Without a rota, who holds the positions now says it all."""
    if not duty.rota_of(u).used:
        return []
    _, zone = duty.hours_of(u)
    found = duty.gaps(u)
    if not found:
        return [Found("coverage of the next 14 days", "ok")]
    fills = "`between rota override` fills it"
    return [Found("coverage", "problem" if gap.position == ANYONE else "warning", f"{gap_words(gap, zone)}; {fills}") for gap in found]


def line_checks(u: Unit, home: str) -> list[Found]:
    """Each line a patient of this clinic could be shown: checked lately, and sure enough or confirmed by the clinic."""
    own = lines.confirmed(u)
    found: list[Found] = []
    for country in sorted({home, *(who.country for who in people.people(u, "patient", "active"))}):
        rows = hotlines.of_country(country) or hotlines.default_lines()
        shown = [row for row in rows if row.confidence != "low" or row.id in own]
        old = hotlines.stale(u.now.date(), shown, own)
        unsure = [row for row in shown if row.confidence == "medium" and row.id not in own and row not in old]
        hidden = len(rows) - len(shown)
        if not shown:
            why = "every line on file is of low confidence, so patients there are shown only the worldwide directory"
            found.append(Found(f"hotlines for {country}", "problem", f"{why}; `between hotlines --country {country}` lists them"))
        lists = f"`between hotlines --country {country}` lists them; call one, then `between hotlines --confirm ID`"
        note = f"{hidden} more on file are not shown to patients, as too few sources agree. To show one: {lists}" if hidden else ""
        found.append(Found(f"{len(shown) - len(old) - len(unsure)} crisis lines for {country}", "ok", note))
        found += [_line(row, "problem", f"not checked for {row.expires_after_days} days") for row in old]
        found += [_line(row, "warning", "one public source only") for row in unsure]
    return found


def _line(row: Hotline, state: str, why: str) -> Found:
    return Found(f"hotline {row.id}", state, f"{why}; call it, then `between hotlines --confirm {row.id}`")


def _who_could(u: Unit) -> str:
    """What to do about a position of the ladder that reaches nobody."""
    waiting = [who.code for who in people.people(u, "staff", "invited")]
    if not waiting:
        return "staff set it with /oncall in the chat"
    return f"{waiting[0]} has not opened the invitation yet; `between invite staff --code {waiting[0]}` makes a new one"


def screen(jsonl: Annotated[bool, typer.Option("--jsonl", help='Lines are {"id", "text"} and come back as JSON.')] = False) -> None:
    """Read lines from standard input and say what the screen hears in each; one line out per line in, same order."""
    sys.stdin.reconfigure(encoding="utf-8", errors="replace", newline="\n")  # type: ignore[union-attr]
    fine = True
    for line in screen_lines(sys.stdin, jsonl):
        out(line.out)
        fine = fine and line.ok
    if not fine:
        raise typer.Exit(1)
