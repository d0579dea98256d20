"""The verdict of the screen. Only `safety.screen` can make a `Heard`, so a turn that asks for one cannot be handed an unscreened text.

Nothing here holds the patient's words: a finding points into the text by position and says why in words of ours.
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from enum import IntEnum, StrEnum


class Level(IntEnum):
    """How urgent; `imminent` and `high` page a human, `concern` asks a kind question, `none` does nothing."""

    NONE = 0
    CONCERN = 1
    HIGH = 2
    IMMINENT = 3

    @property
    def word(self) -> str:
        """The lowercase name, as the command line and the content files write it."""
        return self.name.lower()


class Track(StrEnum):
    """What kind of danger, so that the card names the right help (911, naloxone, an abuse line, 988)."""

    SUICIDE = "suicide"
    SELF_HARM = "self_harm"
    OVERDOSE = "overdose"
    MEDICAL = "medical"
    WITHDRAWAL = "withdrawal"
    VIOLENCE = "violence"
    HARM_TO_OTHERS = "harm_to_others"
    VOICES = "voices"
    USE = "use"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Finding:
    """One reason. `span` is [start, end) in characters of the original text; `why` is reviewed wording, never the patient's."""

    rule: str
    span: tuple[int, int]
    why: str
    level: Level
    track: Track


_SEAL = object()


@dataclass(frozen=True)
class Heard:
    """What the screen heard in one text. `track` belongs to the most urgent finding; `failed`: it could not be read, which counts as high.

    Raises `TypeError` for any maker but the screen.
    """

    level: Level
    findings: tuple[Finding, ...]
    track: Track
    failed: bool = False
    seal: InitVar[object] = None

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("A Heard is made by safety.screen.screen() and by nothing else: pass the text through it.")

    @property
    def pages(self) -> bool:
        """Whether this alone opens the ladder."""
        return self.level >= Level.HIGH


def worse(first: Heard, second: Heard) -> Heard:
    """The more urgent of two verdicts, the first when they are equal; a later, calmer reading never lowers an earlier one."""
    return second if second.level > first.level else first
