"""Signs -> findings: each sign that has a level, and what several of them mean together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

from safety.frames import Sign
from safety.heard import Finding, Level, Track
from safety.rules import Rise, Rules

MOST_FINDINGS = 20
NEAR, WIDE = 150, 300
"""Characters within which the signs of a rise must stand in one message: of one that was counted in short messages, and of any. A long
message holds a bit of everything, and two halves of it say nothing together."""
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
        if not (joined and rise.near) and rise.possible(own.keys()) and (raised := _raise(rise, own, joined=joined)) is not None:
            found[raised.rule, raised.span] = raised
    return in_order(found.values())


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The most urgent first, at most twenty."""
    ordered = sorted(findings, key=lambda finding: (-finding.level, FIRST_HELP.index(finding.track), finding.span, finding.rule))
    return tuple(ordered[:MOST_FINDINGS])


def _finding(sign: Sign) -> Finding:
    return Finding(sign.frame.id, sign.span, sign.frame.why, sign.level, sign.frame.track)


def _raise(rise: Rise, own: Mapping[str, Sequence[Sign]], *, joined: bool) -> Finding | None:
    if rise.unless in own:
        return None
    reach = None if joined else NEAR if rise.near else WIDE
    for first in _fitting(rise.signs[0], own):
        picked = [first]
        for slot in rise.signs[1:]:
            sign = next((sign for sign in _fitting(slot, own) if _joins(sign, picked, reach)), None)
            if sign is None:
                break
            picked.append(sign)
        else:
            return Finding(rise.id, picked[-1].span, rise.why, rise.level, rise.track)
        if reach is None:
            break
    return None


def _fitting(slot: Set[str], own: Mapping[str, Sequence[Sign]]) -> Iterator[Sign]:
    return (sign for tag in sorted(slot) for sign in own.get(tag, ()))


def _joins(sign: Sign, picked: Sequence[Sign], reach: int | None) -> bool:
    """Whether a sign stands in words of its own, and near enough."""
    return all(not overlap(sign.span, other.span) and (reach is None or _apart(sign, other) <= reach) for other in picked)


def _apart(one: Sign, other: Sign) -> int:
    """Characters from the beginning of the first to the end of the last."""
    return max(one.span[1], other.span[1]) - min(one.span[0], other.span[0])


def overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two spans share a character."""
    return one[0] < other[1] and other[0] < one[1]
