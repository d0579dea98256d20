"""Signs -> findings: each sign that has a level, and what several of them mean together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from safety.frames import Sign
from safety.heard import Finding, Level, Track
from safety.rules import Rise, Rules

MOST_FINDINGS = 20
# when two findings are equally urgent, the one whose help is quickest names the card
FIRST_HELP = (
    Track.OVERDOSE,
    Track.MEDICAL,
    Track.WITHDRAWAL,
    Track.VIOLENCE,
    Track.HARM_TO_OTHERS,
    Track.SUICIDE,
    Track.VOICES,
    Track.SELF_HARM,
    Track.USE,
    Track.UNKNOWN,
)


def compose(rules: Rules, signs: Sequence[Sign], *, joined: bool = False) -> tuple[Finding, ...]:
    """The findings of one message, or of several `joined`, most urgent first, at most twenty."""
    found = {(sign.frame.id, sign.span): _finding(sign) for sign in signs if sign.level > Level.NONE}
    own: dict[str, list[Sign]] = {}
    for sign in signs:
        if sign.own:
            for tag in sign.frame.tags:
                own.setdefault(tag, []).append(sign)
    for rise in rules.rises:
        if not (joined and rise.near) and rise.possible(own.keys()) and (raised := _raise(rise, own)) is not None:
            found[raised.rule, raised.span] = raised
    ordered = sorted(found.values(), key=lambda finding: (-finding.level, FIRST_HELP.index(finding.track), finding.span, finding.rule))
    return tuple(ordered[:MOST_FINDINGS])


def _finding(sign: Sign) -> Finding:
    return Finding(sign.frame.id, sign.span, sign.frame.why, sign.level, sign.frame.track)


def _raise(rise: Rise, own: Mapping[str, Sequence[Sign]]) -> Finding | None:
    if rise.unless in own:
        return None
    picked: list[Sign] = []
    for slot in rise.signs:
        fitting = (sign for tag in sorted(slot) for sign in own.get(tag, ()))
        sign = next((sign for sign in fitting if not any(_overlap(sign, other) for other in picked)), None)
        if sign is None:
            return None
        picked.append(sign)
    return Finding(rise.id, picked[-1].span, rise.why, rise.level, rise.track)


def _overlap(one: Sign, other: Sign) -> bool:
    return one.span[0] < other.span[1] and other.span[0] < one.span[1]
