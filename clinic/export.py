"""Puts a week into a folder: one page for each patient who shares theirs, the caseload, and one table. Again only if changed.

    out/2026-W46/0417.html      a patient's page
    out/2026-W46/caseload.html  everyone, the most pressing first
    out/2026-W46/2026-W46.csv   everyone's facts, long format
    out/.between-pages          what the folder is known by

For a single patient only their page and their own table (`0417.csv`) are written, so the files about all stay whole.

**Audit.** A page is a read of the patient by everyone who opens the folder, so each is recorded in the patient's audit chain:
actor "between", action "weekly.read", object the week, reason the formats and a short fingerprint of what was read. It is
recorded when a file about them was written, or when this content was never recorded for this week (so a crash between the file
and the commit heals at the next run). A run that finds nothing new shows nobody anything and records nothing.

**Consent.** Who does not share a weekly page now is left out of all files and counted. A page of before stays where it was put.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select

from clinic import folder, page_folders, schedule, table, weeks, writing
from clinic.caseload import render_caseload
from clinic.folder import FolderError
from clinic.gather import NoClinic, NotShared, gather
from clinic.model import Week
from clinic.page import render_week
from clinic.weeks import WeekError
from clinic.writing import File
from storage import audit, clinic, notes, people
from storage.audit import AUDIT
from storage.people import PEOPLE, PersonCard
from storage.seal import SealBroken
from storage.store import Unit

FORMATS = ("html", "csv")
LATER = ("pdf", "fhir")
ACTION = "weekly.read"
SHOWN = ("active", "discharged")
"""Patients an export without a code takes; discharged ones, and those not there yet, only if the week has something of them."""
_MIDWEEK = 2
"""Wednesday: from then on a week that runs says enough to be previewed."""


class ExportError(Exception):
    """Nothing was exported; the message says what to do."""


class UnknownWeek(ExportError):
    """The week cannot be read, or has not begun yet."""


class UnknownPatient(ExportError):
    """No patient has this code."""


class UnknownFormat(ExportError):
    """A format no version of Between writes."""


class NotYet(ExportError):
    """A format that is planned and not part of this version."""


class CannotWrite(ExportError):
    """The folder does not take the files."""


@dataclass(frozen=True, slots=True)
class Written:
    """What an export did. `paths` were written now; `unchanged` files already held the same.

    `not_shared` and `unreadable` are codes: patients without consent to a weekly page, and patients whose rows do not open
    with the keys at hand (all others were exported all the same).
    """

    week: str
    paths: tuple[Path, ...] = ()
    unchanged: int = 0
    patients: int = 0
    not_shared: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()


def prepare(u: Unit, out: Path, week: str | None, code: str | None, formats: Sequence[str], now: datetime) -> bool:
    """Put down the folder's name before anything is written into it. True when it was new: commit that, then `export`.

    So whoever is forgotten is looked for there, whatever becomes of the export. Raises what `export` raises.
    """
    return not page_folders.is_known(u, out) and _put_down(u, out, _plan(u, out, week, code, formats, now))


def export(u: Unit, out: Path, week: str | None, code: str | None, formats: Sequence[str], now: datetime) -> Written:
    """Write the week ("2026-W46"; None is the last complete one in the clinic's zone) of one patient or of all into `out`.

    Raises an `ExportError`, before anything is read of a patient or written, for a week, code or format that cannot be meant;
    `NoClinic` on a database without one; `CannotWrite` when the folder refuses. What was written until then has been recorded:
    catch that one inside of the transaction and let it be committed. Call `prepare` in a transaction before this one.
    """
    plan = _plan(u, out, week, code, formats, now)
    _put_down(u, out, plan)
    there, written, fault = writing.write(plan.files)
    for who, facts in plan.gathered:
        if fault is None or any(file.about(who.code) for file in there):
            _record(u, who, facts, plan.wanted, shown_anew=any(file.shows(who.code) for file in written))
    if fault is not None:
        before = f" {len(written)} of {len(plan.files)} files were written before that." if written else ""
        raise _refuses(out, fault, before) from fault
    return Written(
        week=weeks.name_of(plan.monday),
        paths=tuple(file.path for file in written),
        unchanged=len(plan.files) - len(written),
        patients=len(plan.gathered),
        not_shared=tuple(plan.not_shared),
        unreadable=tuple(plan.unreadable),
    )


def _plan(u: Unit, out: Path, week: str | None, code: str | None, formats: Sequence[str], now: datetime) -> _Plan:
    wanted = _formats(formats)
    known = clinic.clinic(u)
    if known is None:
        raise NoClinic
    monday = _monday(week, now, ZoneInfo(known.zone))
    one = _code(u, code) if code is not None else None
    gathered, not_shared, unreadable = _gather(u, [one] if one else _codes(u), monday, now, everyone=one is None)
    try:
        files = [File(path, data, who, existed=path.exists()) for path, data, who in _files(out, gathered, monday, wanted, one, now)]
    except FolderError as fault:
        raise CannotWrite(str(fault)) from fault
    except OSError as fault:
        raise _refuses(out, fault) from fault
    return _Plan(monday, wanted, gathered, not_shared, unreadable, files)


def _put_down(u: Unit, out: Path, plan: _Plan) -> bool:
    """Remember the folder, unless nothing goes into it. True when it was not known before."""
    try:
        return bool(plan.files) and page_folders.remember(u, out)
    except OSError as fault:
        raise _refuses(out, fault) from fault


def _refuses(out: Path, fault: OSError, before: str = "") -> CannotWrite:
    return CannotWrite(f"{out} does not take the files ({fault.strerror}).{before} Name a folder you may write to with --out.")


def weekly(u: Unit, out: Path, *, anew: bool = False) -> int | None:
    """The Monday chore: the last complete week of all patients in all formats. Returns how many files were new or changed.

    None when only the folder's name was put down: to be called again in the next transaction. Who is on no page as their rows do not
    open is a line for staff. Raises `CannotWrite` when the disk of a
    known folder is not plugged in, as pages in its empty place would hide that; unless `anew`, for one on the database's own disk.
    """
    if not anew and page_folders.is_known(u, out) and not folder.is_there(out):
        raise CannotWrite(f"{out} is not there as it was. Plug its disk in, or write into it with `between export --out`.")
    if prepare(u, out, None, None, FORMATS, u.now):
        return None
    written = export(u, out, None, None, FORMATS, u.now)
    for code in written.unreadable:
        notes.no_page(u, code)
    return len(written.paths)


def preview(u: Unit, code: str | None) -> str:
    """One page as it stands now, written nowhere: a patient's, or the caseload, whose links lead to `?patient=CODE`.
    A patient's page is of the week that runs if there is something in it already, the caseload from Wednesday on; else they are
    of the last complete week. Audited as in `export`. Raises `UnknownPatient`, also for one who does not share a weekly page,
    and `NoClinic`.
    """
    known = clinic.clinic(u)
    if known is None:
        raise NoClinic
    zone = ZoneInfo(known.zone)
    before = weeks.last_complete_week(u.now, zone)
    codes = [_code(u, code)] if code is not None else _codes(u)
    (then, *_), (shown, *_) = (_gather(u, codes, monday, u.now, everyone=code is None) for monday in (before, before + timedelta(days=7)))
    begun = u.now.astimezone(zone).weekday() >= _MIDWEEK or code is not None
    if not begun or not any(_something(week) for _, week in shown):
        shown = then
    for who, week in shown:
        _record(u, who, week, ("preview",), shown_anew=False)
    if code is None:
        page = render_caseload([week for _, week in shown], u.now)
        for who, _ in shown:
            page = page.replace(f'href="{who.code}.html"', f'href="?patient={who.code}"')
        return page
    if not shown:
        raise UnknownPatient("This patient does not share a weekly page now.")
    return render_week(shown[0][1])


@dataclass(frozen=True, slots=True)
class _Plan:
    """What an export is going to write, rendered before the first file is touched."""

    monday: date
    wanted: tuple[str, ...]
    gathered: list[tuple[PersonCard, Week]]
    not_shared: list[str]
    unreadable: list[str]
    files: list[File]


def _formats(asked: Iterable[str]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip().lower() for name in asked if name.strip()))
    for name in (name for name in names if name not in FORMATS + LATER):
        raise UnknownFormat(f"'{name}' is not a format. Use {' and '.join(FORMATS)}, separated by a comma.")
    later = [name for name in names if name in LATER]
    if later:
        raise NotYet(f"{' and '.join(later)} {'is' if len(later) == 1 else 'are'} not part of this version yet. Use html and csv.")
    if not names:
        raise UnknownFormat("No format was named. Use html, csv, or html,csv.")
    return names


def _monday(week: str | None, now: datetime, zone: ZoneInfo) -> date:
    if week is None:
        return weeks.last_complete_week(now, zone)
    try:
        monday = weeks.parse_week(week)
    except WeekError as fault:
        raise UnknownWeek(str(fault)) from fault
    if weeks.bounds(monday, zone)[0] > now:
        last = weeks.name_of(weeks.last_complete_week(now, zone))
        raise UnknownWeek(f"{weeks.name_of(monday)} has not begun yet. The last complete week is {last}.")
    return monday


def _codes(u: Unit) -> list[str]:
    mine = select(PEOPLE.c.code).where(PEOPLE.c.role == "patient", PEOPLE.c.status.in_(SHOWN))
    return [row.code for row in u.all(mine.order_by(PEOPLE.c.code))]


def _code(u: Unit, code: str) -> str:
    wanted = (PEOPLE.c.code == code.strip(), PEOPLE.c.role == "patient", PEOPLE.c.status != "forgotten")
    row = u.one(select(PEOPLE.c.code).where(*wanted))
    if row is None:
        raise UnknownPatient("No patient has this code. Check it, or leave --patient out to export everyone.")
    return str(row.code)


def _gather(
    u: Unit, codes: Iterable[str], monday: date, now: datetime, *, everyone: bool
) -> tuple[list[tuple[PersonCard, Week]], list[str], list[str]]:
    """(who shares and what, codes of who does not, codes of those whose rows do not open)."""
    found: list[tuple[PersonCard, Week]] = []
    not_shared: list[str] = []
    unreadable: list[str] = []
    for code in codes:
        try:
            who = people.person_by_code(u, code)
            assert who is not None
            told = gather(u, people.whole(who), monday, now)
        except SealBroken:
            unreadable.append(code)
            continue
        if isinstance(told, NotShared):
            not_shared.append(code)
        elif not everyone or _something(told) or (who.active and schedule.joined(u, who, told.zone) < weeks.bounds(monday, told.zone)[1]):
            found.append((who, told))
    return found, not_shared, unreadable


def _something(week: Week) -> bool:
    """Whether there was anything of this patient in the week itself."""
    marked = (s.starts_at.astimezone(week.zone).date() for s in week.sessions if s.status in ("attended", "missed"))
    days = (*(o.local_date for o in week.observations), *(use.local_date for use in week.skills), *marked)
    told = any((week.risk, week.settled, week.safety_answers, week.shared, week.kept_private))
    return told or any(week.monday <= day <= week.sunday for day in days)


def _files(
    out: Path, gathered: list[tuple[PersonCard, Week]], monday: date, wanted: Sequence[str], code: str | None, now: datetime
) -> Iterator[tuple[Path, bytes, str | None]]:
    """(path, content, the code it is about or None for all)."""
    found = [week for _, week in gathered]
    if "html" in wanted:
        for week in found:
            yield folder.place(out, monday, week.code, ".html"), render_week(week).encode("utf-8", "replace"), week.code
        if code is None:
            yield folder.place(out, monday, "caseload", ".html"), render_caseload(found, now).encode("utf-8", "replace"), None
    if "csv" in wanted and (found or code is None):
        rows = (row for week in found for row in table.rows(week))
        yield folder.place(out, monday, code or weeks.name_of(monday), ".csv"), table.write_csv(rows), code


def _record(u: Unit, who: PersonCard, week: Week, wanted: Sequence[str], *, shown_anew: bool) -> None:
    seen = sha256(repr(replace(week, prepared_at=datetime.min.replace(tzinfo=UTC))).encode("utf-8", "replace")).hexdigest()[:12]
    name = weeks.name_of(week.monday)
    before = select(AUDIT.c.reason).where(AUDIT.c.subject == who.id, AUDIT.c.action == ACTION, AUDIT.c.object == name)
    if shown_anew or not any(row.reason.endswith(seen) for row in u.all(before)):
        audit.record(u, who.id, "between", ACTION, name, f"{','.join(wanted)} {seen}")
