"""Reads a message for danger. Every text a patient sends goes through `screen`, and nothing else can say that it has.

Deterministic and local: no network, no clock, no language model. A small learned table may ask, also where a rule would page and the words
around it read calm; it never pages (`safety/learned.py`).
It fails safe: what it cannot read counts as high.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from safety.compose import compose, in_order
from safety.frames import Sign, find_signs
from safety.heard import _SEAL, Finding, Heard, Level, Track, worse
from safety.learned import Learned
from safety.rules import Rules, load_rules
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
SIMILAR = Finding("learned.similar", (0, 0), "reads like messages of people in danger", Level.CONCERN, Track.UNKNOWN)
CALM = "; asked about, as the words around it read calm"
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
        alone = _heard(_weighed(rules, reading))
        return worse(alone, _heard(_joined(rules, text, recent))) if recent and text else alone
    except Exception:
        return Heard(Level.HIGH, (BROKEN,), Track.UNKNOWN, failed=True, seal=_SEAL)


def _heard(findings: tuple[Finding, ...]) -> Heard:
    if not findings:
        return Heard(Level.NONE, (), Track.UNKNOWN, seal=_SEAL)
    return Heard(findings[0].level, findings, findings[0].track, seal=_SEAL)


@dataclass(frozen=True)
class Reading:
    """What the rules make of one text."""

    findings: tuple[Finding, ...]
    windows: tuple[tuple[int, Words], ...]

    @property
    def level(self) -> Level:
        return self.findings[0].level if self.findings else Level.NONE


def by_rules(rules: Rules, text: str) -> Reading:
    """The verdict of the rules alone."""
    windows = tuple(_read(rules, text))
    return Reading(compose(rules, _signs(rules, windows)), windows)


def _weighed(rules: Rules, reading: Reading) -> tuple[Finding, ...]:
    """What the second stage makes of it. It asks where no rule spoke, may leave out those that are right too seldom, and may ask where one
    would page and the words around it read calm."""
    if reading.findings:
        return kept(rules.learned, reading.findings, reading.windows)
    for start, words in reading.windows:
        if (span := rules.learned.alarming(words)) is not None:
            return (replace(SIMILAR, span=(span[0] + start, span[1] + start)),)
    return ()


def kept(learned: Learned, findings: tuple[Finding, ...], windows: Sequence[tuple[int, Words]]) -> tuple[Finding, ...]:
    """What is left of them: a page becomes a question where the words around it read calm, unless it was said outright, and questions of
    rules that are right too seldom nothing where the whole text is plainly harmless."""
    if pages := [each for each in findings if each.level > Level.CONCERN]:
        outright = any(each.rule in learned.outright for each in pages)
        return findings if outright or not _calm(learned, pages, windows) else _asked(findings)
    firm = any(each.rule not in learned.doubted for each in findings)
    return findings if firm or not all(learned.plainly_harmless(words) for _, words in windows) else ()


def _calm(learned: Learned, pages: Sequence[Finding], windows: Sequence[tuple[int, Words]]) -> bool:
    spans = [each.span for each in pages]
    return all(learned.reads_calm(words, (first - start, last - start)) for start, words in windows for first, last in spans)


def _asked(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    pages = (replace(each, level=Level.CONCERN, why=f"{each.why}{CALM}") for each in findings if each.level > Level.CONCERN)
    return in_order([*pages, *(each for each in findings if each.level is Level.CONCERN)])


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
    findings = kept(rules.learned, compose(rules, signs, joined=True), windows)
    alone = {finding.rule for finding in compose(rules, [sign for sign in signs if sign not in ours], joined=True)}
    clipped = []
    for finding in findings:
        start, end = (max(0, place - len(before)) for place in finding.span)
        if end > 0:
            clipped.append(replace(finding, span=(start, end)))
        elif finding.rule not in alone:
            clipped.append(replace(finding, span=(0, len(text))))
    return tuple(clipped)
