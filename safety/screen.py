"""Reads a message for danger. Every text a patient sends goes through `screen`, and nothing else can say that it has.

Deterministic and local: no network, no clock. What the rules hear is weighed together with how the words read to small learned tables and
to a small language model (`safety/weighing.py`).
It fails safe: what it cannot read counts as high.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from safety.compose import compose
from safety.frames import Sign, find_signs
from safety.heard import _SEAL, Finding, Heard, Level, Track, worse
from safety.rules import Rules, load_rules
from safety.weighing import Reading, weighed
from safety.words import Words

WINDOW = 6_000  # characters read at once; a Telegram message is at most 4,096
OVERLAP = 600  # characters read twice where a longer text is cut
RECENT = 3  # earlier messages that are read together with the text
LONGEST = 12_288
"""Characters a turn lets be read: three times what Telegram carries, as an answer quotes another message. Anything longer came from no
phone, and others wait."""
RECENT_LENGTH = 1_000  # characters kept of each of them, from its end
READ_ON = 2_000  # characters of the text that are read on from them; all of it is read alone
JOIN = "\n"  # words run on from message to message, what takes them back does not
BROKEN = Finding("screen.failed", (0, 0), "the message could not be read, which counts as high", Level.HIGH, Track.UNKNOWN)

TOO_LONG = Finding("screen.too_long", (0, 0), "longer than a message can be: not read, which counts as high", Level.HIGH, Track.UNKNOWN)

__all__ = ["LONGEST", "Heard", "Level", "screen", "worse"]


def screen(text: str, recent: Sequence[str] = (), *, at_most: int | None = None) -> Heard:
    """What is dangerous in `text`, also read on from `recent` (the patient's last messages of the last minutes, oldest first).

    Never raises: whatever goes wrong inside, also a text that is no `str`, is heard as high with `failed` set. One of more than
    `at_most` characters is heard as high without being read.
    """
    if text == "":  # a button, a sticker: there is nothing to hear, whatever else is broken
        return _heard(())
    try:
        if at_most is not None and len(text) > at_most:
            return _heard((TOO_LONG,))
        rules = load_rules()
        reading = by_rules(rules, text)
        here = _heard(weighed(rules.learned, reading))
        return worse(here, _heard(_joined(rules, text, recent))) if recent and text else here
    except Exception:
        return Heard(Level.HIGH, (BROKEN,), Track.UNKNOWN, failed=True, seal=_SEAL)


def _heard(findings: tuple[Finding, ...]) -> Heard:
    if not findings:
        return Heard(Level.NONE, (), Track.UNKNOWN, seal=_SEAL)
    return Heard(findings[0].level, findings, findings[0].track, seal=_SEAL)


def by_rules(rules: Rules, text: str) -> Reading:
    """The verdict of the rules alone."""
    windows = tuple(_read(rules, text))
    signs = _signs(rules, windows)
    return Reading(text, compose(rules, signs), windows, tuple(sign.span for sign in signs if sign.frame.level > sign.level is Level.NONE))


def _read(rules: Rules, text: str) -> Iterator[tuple[int, Words]]:
    if not isinstance(text, str):
        raise TypeError("Only a str can be screened.")
    for start, part in _windows(text):
        yield start, rules.speller.read(part)


def _signs(rules: Rules, windows: Iterable[tuple[int, Words]]) -> list[Sign]:
    windows = list(windows)
    if len(windows) == 1:
        return list(find_signs(rules, windows[0][1]))
    seen: dict[tuple[str, tuple[int, int]], Sign] = {}
    for start, words in windows:
        for sign in find_signs(rules, words, start):
            seen.setdefault((sign.frame.id, sign.span), sign)
    return list(seen.values())


def _windows(text: str) -> Iterator[tuple[int, str]]:
    """The whole text in stretches that overlap, so that a sentence across a cut is read in one of them."""
    start = 0
    while True:
        yield start, text[start : start + WINDOW]
        if start + WINDOW >= len(text):
            return
        start += WINDOW - OVERLAP


def _joined(rules: Rules, text: str, recent: Sequence[str]) -> tuple[Finding, ...]:
    """People send "I'm going to" and "end it" as two messages. What lies wholly in the earlier ones was heard when they came."""
    text = text[:READ_ON]
    before = JOIN.join([*(part[-RECENT_LENGTH:] for part in recent[-RECENT:]), ""])
    windows = tuple(_read(rules, before + text))
    signs = _signs(rules, windows)
    ours = [sign for sign in signs if sign.span[1] > len(before)]
    if not ours:
        return ()
    findings = weighed(rules.learned, Reading(before + text, compose(rules, signs, joined=True), windows), joined=True)
    before_it = {finding.rule for finding in compose(rules, [sign for sign in signs if sign not in ours], joined=True)}
    clipped = []
    for finding in findings:
        start, end = (max(0, place - len(before)) for place in finding.span)
        if end > 0:
            clipped.append(replace(finding, span=(start, end)))
        elif finding.rule not in before_it:
            clipped.append(replace(finding, span=(0, len(text))))
    return tuple(clipped)
