"""The page's pictures as inline SVG, written by hand: no chart library, no script, no external font, no style attribute.

Each function is a pure mapping from numbers to markup and takes its words from the caller. Everything is told by shape and
position as well as by colour (filled circle and hollow square, tick and cross, hollow and filled ends), so a grey print says
the same. Looks are presentation attributes, so a picture also stands alone outside the page; the page's style sheet may enlarge
its text for a phone. Missing values are left out and bridged by a dotted line; nothing is filled in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup, escape

from clinic.summary import Day

INK, MUTED, RULE, SHADE = "#16202b", "#55626f", "#d5dce4", "#e6eef8"
MOOD, CRAVING, ALARM = "#1b5aa8", "#b34a05", "#9b1c1c"

_WIDTH, _HEIGHT = 690, 226
_LEFT, _RIGHT, _TOP, _FLOOR = 26, 572, 22, 172
_STRIP = _FLOOR + 15
"""Where days without a check-in are crossed: under the axis, so a cross never looks like a rating of 0."""


@dataclass(frozen=True, slots=True)
class RatingWords:
    """The words of the 28-day chart. `dates` are labels with the index of their day; `latest` are said under the direct labels."""

    title: str
    summary: str
    mood: str
    craving: str
    mood_latest: str
    craving_latest: str
    this_week: str
    dates: Sequence[tuple[int, str]]


def ratings(days: Sequence[Day], words: RatingWords, shaded: int = 7) -> Markup:
    """Mood and craving (0-10) by day, the last `shaded` days on a shaded ground, with crosses for missed and bars for paused days."""
    step = (_RIGHT - _LEFT) / max(len(days) - 1, 1)
    xs = [_LEFT + index * step for index in range(len(days))]
    parts = [
        f'<svg class="ratings" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="ratings-title ratings-summary" '
        f'font-size="13" fill="{MUTED}" xmlns="http://www.w3.org/2000/svg">'
        f'<title id="ratings-title">{escape(words.title)}</title><desc id="ratings-summary">{escape(words.summary)}</desc>'
    ]
    if 0 < shaded <= len(days):
        left, right = xs[-shaded] - step / 2, xs[-1] + step / 2
        parts.append(f'<rect x="{_n(left)}" y="{_TOP - 16}" width="{_n(right - left)}" height="{_STRIP - _TOP + 37}" fill="{SHADE}"/>')
        for x in (left, right):
            parts.append(_line(x, _TOP - 16, x, _STRIP + 21, MUTED, 0.8, "1 3"))
        parts.append(_text((left + right) / 2, _TOP - 4, words.this_week, "middle"))
    for value in (0, 5, 10):
        parts.append(_line(_LEFT - 4, _y(value), _RIGHT + 10, _y(value), MUTED if value == 0 else RULE, 1))
        parts.append(_text(_LEFT - 9, _y(value) + 4.5, str(value), "end"))
    for index, label in words.dates:
        parts.append(_line(xs[index], _FLOOR, xs[index], _FLOOR + 5, MUTED, 1))
        parts.append(_text(xs[index], _HEIGHT - 9, label, "middle"))
    for x, day in zip(xs, days, strict=True):
        parts.append(_day_sign(x, day))
    craving = [(x, _y(day.craving)) for x, day in zip(xs, days, strict=True) if day.craving is not None]
    mood = [(x, _y(day.mood)) for x, day in zip(xs, days, strict=True) if day.mood is not None]
    for points, colour in ((craving, CRAVING), (mood, MOOD)):
        parts.extend(_joined(points, step, colour))
    square = f'width="8" height="8" fill="#fff" stroke="{CRAVING}" stroke-width="2"'
    parts.extend(f'<rect x="{_n(x - 4)}" y="{_n(y - 4)}" {square}/>' for x, y in craving)
    parts.extend(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="3.4" fill="{MOOD}"/>' for x, y in mood)
    parts.extend(_end_labels(mood, craving, words))
    return Markup("".join(parts) + "</svg>")  # noqa: S704 - every word above went through escape()


def _day_sign(x: float, day: Day) -> str:
    parts = ""
    if day.missed:
        parts += _cross(x, _STRIP, 4)
    elif day.paused:
        parts += _line(x - 2.5, _STRIP - 4, x - 2.5, _STRIP + 4, MUTED, 2) + _line(x + 2.5, _STRIP - 4, x + 2.5, _STRIP + 4, MUTED, 2)
    if day.use == "yes":
        parts += f'<path d="M{_n(x)} {_STRIP - 5}l5 5-5 5-5-5z" fill="{INK}" transform="translate(0 {13 if parts else 0})"/>'
    return parts


def _joined(points: Sequence[tuple[float, float]], step: float, colour: str) -> Iterable[str]:
    """Neighbouring days by a full line, a gap by a dotted one."""
    full, dotted = "", ""
    for (x0, y0), (x1, y1) in pairwise(points):
        piece = f"M{_n(x0)} {_n(y0)}L{_n(x1)} {_n(y1)}"
        if x1 - x0 < 1.5 * step:
            full += piece
        else:
            dotted += piece
    if dotted:
        yield f'<path class="gap" d="{dotted}" fill="none" stroke="{colour}" stroke-width="1.2" stroke-dasharray="1.5 4"/>'
    if full:
        yield f'<path d="{full}" fill="none" stroke="{colour}" stroke-width="2.2" stroke-linecap="round"/>'


def _end_labels(mood: Sequence[tuple[float, float]], craving: Sequence[tuple[float, float]], words: RatingWords) -> Iterable[str]:
    """Names at the right end of the lines instead of a legend, pushed apart so that they never overlap."""
    upper, lower, room = _TOP + 12, _FLOOR - 18, 42
    at_mood, at_craving = (points[-1][1] if points else (upper + lower) / 2 + shift for points, shift in ((mood, -21), (craving, 21)))
    if abs(at_mood - at_craving) < room:
        middle, side = (at_mood + at_craving) / 2, (1 if at_mood > at_craving else -1)
        middle = min(max(middle, upper + room / 2), lower - room / 2)
        at_mood, at_craving = middle + side * room / 2, middle - side * room / 2
    x = _RIGHT + 26
    for y, name, latest, colour in (
        (at_mood, words.mood, words.mood_latest, MOOD),
        (at_craving, words.craving, words.craving_latest, CRAVING),
    ):
        y = min(max(y, upper), lower)
        sign = (
            f'<circle cx="{x - 6}" cy="{_n(y - 4)}" r="3.4" fill="{colour}"/>'
            if colour == MOOD
            else f'<rect x="{x - 10}" y="{_n(y - 8)}" width="8" height="8" fill="#fff" stroke="{colour}" stroke-width="2"/>'
        )
        yield f'{sign}<text class="name" x="{x + 4}" y="{_n(y)}" font-weight="700" fill="{colour}">{escape(name)}</text>'
        yield _text(x + 4, y + 16, latest, "start", kind="latest")


def spark(days: Sequence[Day], label: str) -> Markup:
    """Mood (full line) and craving (dashed line) of the days in miniature, for one row of the caseload."""
    step = 150 / max(len(days) - 1, 1)
    parts = [f'<svg class="spark" viewBox="0 0 158 34" role="img" aria-label="{escape(label)}" xmlns="http://www.w3.org/2000/svg">']
    parts.append(f'<rect x="{_n(4 + step * (len(days) - 7.5))}" y="0" width="{_n(step * 7)}" height="34" fill="{SHADE}"/>')
    for item, colour, dash in (("craving", CRAVING, ' stroke-dasharray="3 2"'), ("mood", MOOD, "")):
        told = [(4 + i * step, 31 - 2.8 * value) for i, day in enumerate(days) if (value := getattr(day, item)) is not None]
        for (x0, y0), (x1, y1) in pairwise(told):
            if x1 - x0 < 1.5 * step:
                parts.append(f'<path d="M{_n(x0)} {_n(y0)}L{_n(x1)} {_n(y1)}" stroke="{colour}" stroke-width="1.6"{dash}/>')
        parts.extend(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="1.2" fill="{colour}"/>' for x, y in told)
    return Markup("".join(parts) + "</svg>")  # noqa: S704 - the label went through escape()


def bar(value: int, highest: int) -> Markup:
    """A bar of `value` of `highest`, as wide as its box. The number itself stands beside it as text."""
    width = 100 * value / highest if highest else 0
    return _picture(f'<rect x="0" y="15%" width="{_n(width)}%" height="70%" rx="2" fill="{MOOD}"/>', "bar")


def dumbbell(before: float, after: float, pale: bool) -> Markup:
    """From a hollow circle (before) to a filled one (after) on 0-10, 2% clear at both ends; `pale` for a small n, drawn dashed too."""
    x0, x1 = (f"{_n(4 + 9.2 * value)}%" for value in (before, after))
    faint = ' stroke-dasharray="2 3"' if pale else ""
    grid = "".join(f'<line x1="{x}%" y1="0" x2="{x}%" y2="100%" stroke="{RULE}"/>' for x in (4, 50, 96))
    ink = "#8b98a5" if pale else INK
    return _picture(
        f'{grid}<line x1="{x0}" y1="50%" x2="{x1}" y2="50%" stroke="{ink}" stroke-width="3"{faint}/>'
        f'<circle cx="{x0}" cy="50%" r=".33rem" fill="#fff" stroke="{ink}" stroke-width="2"/>'
        f'<circle cx="{x1}" cy="50%" r=".33rem" fill="{ink}" stroke="{ink}" stroke-width="2"/>',
        "dumbbell",
    )


def mark(status: str) -> Markup:
    """The sign of one session: filled with a tick, framed with a cross, struck through (cancelled), or a question mark (not marked)."""
    box = '<rect x="1.2" y="1.2" width="27.6" height="23.6" rx="5" '
    signs = {
        "attended": f'{box}fill="{INK}" stroke="{INK}" stroke-width="2"/>'
        '<path d="M9 13.5l4 4 8-9" stroke="#fff" stroke-width="2.6" fill="none"/>',
        "missed": f'{box}fill="#fff" stroke="{ALARM}" stroke-width="2.4"/>' + _cross(15, 13, 4.5, ALARM, 2.6),
        "cancelled": f'{box}fill="#fff" stroke="{RULE}" stroke-width="2"/>' + _line(7, 20, 23, 6, MUTED, 2),
    }
    unmarked = (
        f'{box}fill="#fff" stroke="{MUTED}" stroke-width="1.6" stroke-dasharray="3 2"/>'
        f'<text x="15" y="18" text-anchor="middle" font-size="14" font-weight="700" fill="{MUTED}">?</text>'
    )
    svg = signs.get(status, unmarked)
    return Markup(f'<svg class="mark" viewBox="0 0 30 26" aria-hidden="true" xmlns="http://www.w3.org/2000/svg">{svg}</svg>')  # noqa: S704 - constants


def _picture(inner: str, name: str) -> Markup:
    return Markup(f'<svg class="{name}" width="100%" aria-hidden="true" xmlns="http://www.w3.org/2000/svg">{inner}</svg>')  # noqa: S704 - numbers


def _y(value: float) -> float:
    return _FLOOR - (_FLOOR - _TOP) * value / 10


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _line(x0: float, y0: float, x1: float, y1: float, colour: str, width: float, dash: str = "") -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line x1="{_n(x0)}" y1="{_n(y0)}" x2="{_n(x1)}" y2="{_n(y1)}" stroke="{colour}" stroke-width="{width}"{dashes}/>'


def _cross(x: float, y: float, arm: float, colour: str = MUTED, width: float = 1.8) -> str:
    return _line(x - arm, y - arm, x + arm, y + arm, colour, width) + _line(x - arm, y + arm, x + arm, y - arm, colour, width)


def _text(x: float, y: float, words: str, anchor: str, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}"{named}>{escape(words)}</text>'
