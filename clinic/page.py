"""The clinician's weekly page of one patient: one sheet of HTML that needs nothing else, made only from a `Week`.

No script, no outside resource, no style attribute; a content security policy inside the page allows its one style sheet by
hash and nothing else, so that even a slip in escaping could load and run nothing. Jinja2 escapes all text; a patient's words
stand in an element of their own whose direction follows the text.
"""

from __future__ import annotations

import base64
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from clinic import reasons as why
from clinic import sections, summary, weeks
from clinic.banner import banner
from clinic.model import Week
from clinic.phrases import Phrases, clean, number, signed, within, zone_name
from clinic.tiles import tiles
from clinic.tone import tone
from content import library

_TEMPLATES = Path(__file__).parent / "templates"
_DENSE, _DENSER = 24, 31
"""Lines, roughly, that the changing parts of the page may have before it takes smaller letters to stay on one sheet of paper."""
_CHANGES = 8
"""Changes shown at most; the caseload shows the first few of the same list."""


def render_week(week: Week, language: str = "en") -> str:
    """The page as one HTML document. The same `Week` gives the same text; `prepared_at` stands only in its `time` element."""
    say = Phrases(library.load(language), week.zone)
    history = summary.days(week.observations, week.check_ins, week.sunday)
    bars, more_triggers, cravings = sections.triggers(week, say)
    skills, more_skills = sections.skills(week, say)
    shared, more_shared = sections.quotes(week.shared, say)
    talk, more_talk = sections.quotes(week.wants_to_talk, say, 160)
    notes, more_notes = sections.quotes(week.notes, say, 160)
    safety = banner(week, say)
    changes = [reason_text(reason, say) for reason in why.reasons(week) if reason.code not in why.ABOUT_SAFETY][:_CHANGES]
    names = [*(bar.name for bar in bars), *(skill.name for skill in skills)]
    quoted = sum(len(quote.text) for quote in (*shared, *talk, *notes))
    told_more = 2 * (len(week.settled) + sum(event.reopened_at is not None for event in week.risk))
    lines = told_more + 4 * len(safety.events) + len(changes) / 2 + sum(1 + len(name) // 18 for name in names) + quoted / 60
    return template("week.html.j2").render(
        language=language,
        say=say.say,
        policy=policy(),
        style=style(),
        week=week,
        week_name=weeks.name_of(week.monday),
        name=within(week.name or "", 40),
        dates=date_range(week, say),
        program=program(week, say),
        prepared=say.when(week.prepared_at),
        zones=_zones(week),
        sharing=_sharing(week, say),
        density=_density(lines),
        banner=safety,
        changes=changes,
        limits=_limits(say),
        tiles=tiles(week, history, say),
        chart=sections.chart(week, history, say),
        attended=sections.attended(week, say),
        days=[(say.weekday(day.date), day.date.day) for day in history[-7:]],
        day_table=sections.day_table(history[-7:], say),
        bars=bars,
        more_triggers=more_triggers,
        cravings=cravings,
        skills=skills,
        more_skills=more_skills,
        use=_use(week, say),
        shared=shared,
        more_shared=more_shared,
        talk=talk,
        more_talk=more_talk,
        notes=notes,
        more_notes=more_notes,
        private=_private(week, say),
        tone=_tone(week, say),
        quality=_quality(week, say),
        pending=pending(say),
    )


def _density(lines: float) -> str:
    return "dense denser" if lines > _DENSER else "dense" if lines > _DENSE else ""


@cache
def template(name: str) -> Template:
    """A page template by file name, compiled once."""
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


@cache
def style() -> Markup:
    """The style sheet of both pages, as it stands between the style tags."""
    return Markup((_TEMPLATES / "clinic.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file


@cache
def policy() -> str:
    """The Content-Security-Policy of both pages: nothing but this one style sheet. Serve the pages with the same header."""
    digest = base64.b64encode(sha256(style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def date_range(week: Week, say: Phrases) -> str:
    first = say.day(week.monday) if week.monday.year == week.sunday.year else f"{say.day(week.monday)} {week.monday.year}"
    return say.say("date_range", first=first, last=f"{say.day(week.sunday)} {week.sunday.year}")


def program(week: Week, say: Phrases) -> str:
    """ "IOP week 5 of 8", or the program alone where the week is not known."""
    name = clean(week.program)
    if week.program_week is None or week.program_weeks is None:
        return say.say("program_unknown", program=name)
    return say.say("program", program=name, n=week.program_week, of=week.program_weeks)


def reason_text(reason: why.Reason, say: Phrases) -> str:
    """A reason in words, with its numbers and the weekdays it rests on."""
    slots = {name: number(value) for name, value in reason.slots.items()} | {"days": say.weekdays(reason.days)}
    id = f"weekly.reason.{reason.code}"
    if not say.words.has(id):
        id += ".one" if reason.slots.get("n") == 1 else ".many"
    return say.words.text(id, **{name: slots[name] for name in say.words.item(id).slots})


def pending(say: Phrases) -> str:
    """The line that says the page's own words still wait for review, or nothing once all are approved."""
    waiting = any(item.review != "approved" for item in say.words.under("weekly"))
    return say.say("quality.review_pending") if waiting else ""


def _zones(week: Week) -> str:
    instants = weeks.bounds(week.monday, week.zone)
    return "/".join(dict.fromkeys(zone_name(at.astimezone(week.zone)) for at in instants))


def _sharing(week: Week, say: Phrases) -> str:
    if not week.shares:
        return say.say("no_consent")
    kept = f" {say.say('keeps', keeps=', '.join(within(each, 40) for each in week.keeps))}" if week.keeps else ""
    return say.say("shares", shares=", ".join(within(each, 40) for each in week.shares)) + kept


def _limits(say: Phrases) -> str:
    return say.say(
        "changed.limits",
        shift=why.SHIFT,
        silent=why.SILENT_DAYS,
        nights=why.SHORT_NIGHTS,
        confidence=why.LOW_CONFIDENCE,
        fall=why.FALL,
    )


def _use(week: Week, say: Phrases) -> list[str]:
    mine = (detail for detail in week.use_details if week.monday <= detail.local_date <= week.sunday)
    return [
        say.say("use.line", when=say.weekday(d.local_date), words=within(d.words, 90) if d.words else say.say("use.private"))
        for d in sorted(mine, key=lambda d: d.local_date)
    ]


def _private(week: Week, say: Phrases) -> str:
    return say.count("words.private", week.kept_private) if week.kept_private else say.say("words.private_none")


def _tone(week: Week, say: Phrases) -> str:
    """Made from shared words only, and only for this line; nothing else on the page reads it."""
    if not week.shared:
        return ""
    heard = tone(line.text for line in week.shared)
    if heard.polarity is None:
        return say.say("tone.none", of=heard.of)
    return say.say("tone.line", polarity=signed(heard.polarity, 2), n=heard.n, of=heard.of)


def _quality(week: Week, say: Phrases) -> list[str]:
    told = summary.answered(week.check_ins, week.monday, week.sunday)
    lines = [say.say("quality.check_ins_none")]
    if told.expected:
        percent = round(100 * told.answered / told.expected)
        slots = {"n": told.answered, "of": told.expected, "percent": percent, "late": told.late, "partial": told.partial}
        lines = [say.say("quality.check_ins", **slots)]
    lines.append(say.say("quality.hurried", n=told.straight_lined))
    if not week.instruments:
        lines.append(say.say("quality.instruments_none"))
    return [*lines, say.say("quality.self_report")]
