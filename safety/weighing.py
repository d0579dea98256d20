"""What the rules heard, weighed together with how the words around it read; and words that no rule knows but that read like danger.

Neither decides alone: what a rule heard needs less of the second stage to be asked about, or to page, than words that no rule knows; how
much less was learned (`python -m bench.train_screen`, `docs/adr/029-weighed-together.md`). What is said outright pages however it reads,
and no page of a rule becomes less than a question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf

from safety.compose import in_order, overlap
from safety.heard import Finding, Level, Track
from safety.learned import Learned
from safety.surroundings import Run, Surroundings
from safety.words import Words

CALM = "; asked about, as the words around it read calm"
GRAVE = "; pages, as the words around it read grave"
SIMILAR = Finding("learned.similar", (0, 0), "reads like messages of people in danger", Level.CONCERN, Track.UNKNOWN)
GRAVELY = Finding("learned.grave", (0, 0), "reads like messages of people in danger that cannot wait", Level.HIGH, Track.UNKNOWN)
ENGLISH = frozenset({
    "the", "to", "and", "my", "of", "in", "it", "is", "that", "for", "was", "with", "so", "just", "am", "have", "this", "on", "be",
    "not", "you", "at", "do", "all", "if", "but",
})
SPANISH = frozenset({
    "que", "de", "la", "el", "y", "mi", "en", "un", "una", "con", "por", "para", "lo", "se", "ya", "es", "los", "las", "del", "muy",
    "pero", "yo", "te", "al", "hoy", "si", "le", "esta", "su", "nada",
})
"""What either language can hardly do without. A rule is of one language and names the card; what no rule knows is told by these."""


Score = Callable[[Sequence[str]], float]


@dataclass(frozen=True)
class Reading:
    """What the rules make of one text. `taken_back`: where words of danger stand that a denial, a story or a joke took back."""

    findings: tuple[Finding, ...]
    windows: tuple[tuple[int, Words], ...]
    taken_back: tuple[tuple[int, int], ...] = ()

    @property
    def level(self) -> Level:
        return self.findings[0].level if self.findings else Level.NONE


def weighed(learned: Learned, reading: Reading, *, joined: bool = False) -> tuple[Finding, ...]:
    """The findings of a text, the most urgent first. joined: of several messages, of which only what the rules hear counts: how the earlier
    ones read was weighed when they came."""
    weighing = Weighing(learned, Surroundings(reading.windows), reading.taken_back)
    pages = [each for heard in reading.findings if heard.level > Level.CONCERN for each in weighing.paged(heard)]
    asks = [each for each in reading.findings if each.level is Level.CONCERN]
    if any(each.level > Level.CONCERN for each in pages):
        return in_order([*pages, *asks])
    read = None if joined else weighing.read()
    if read is not None and read.level > Level.CONCERN:
        inside = [each for each in (*pages, *asks) if overlap(each.span, read.span)]
        others = [each for each in (*pages, *asks) if each not in inside]
        return in_order([*(map(_raised, inside) if inside else [read]), *others])
    left = [*pages, *filter(weighing.asked, asks)]
    return in_order(left or ([read] if read else []))


@dataclass(frozen=True)
class Weighing:
    """How a text reads, beside the limits."""

    learned: Learned
    text: Surroundings
    taken_back: Sequence[tuple[int, int]]

    def paged(self, heard: Finding) -> Iterator[Finding]:
        """What a rule would page for: as it is, as a question where the words around it read calm, or nothing where they read harmless."""
        limits = self.learned.limits
        if heard.rule in self.learned.outright or self._reach(self.learned.gravity, limits.page_with_rule, heard):
            yield heard
        elif self._reach(self.learned.danger, limits.ask_with_page, heard):
            yield replace(heard, level=Level.CONCERN, why=heard.why + CALM)

    def asked(self, heard: Finding) -> bool:
        """Whether what a rule would ask about is asked about: not where the words around it read harmless."""
        return heard.rule in self.learned.firm or self._reach(self.learned.danger, self.learned.limits.ask_with_rule, heard)

    def read(self) -> Finding | None:
        """The first part that reads grave, else the one that reads most like danger, if any does; whatever the rules know of it. Where
        words of danger were taken back it may only be asked about: how words read says little about a "not"."""
        ask, page = (limit + self.text.chances for limit in (self.learned.limits.ask, self.learned.limits.page))
        asked: Finding | None = None
        worst = ask
        for part in self.text.parts:
            danger = worst_of(self.learned.danger, part.runs)
            if danger < ask:
                continue
            free = [run for run in part.runs if not any(overlap(run.span, span) for span in self.taken_back)]
            if worst_of(self.learned.gravity, free) >= page:
                return _found(GRAVELY, part.whole)
            if danger >= worst:
                worst, asked = danger, _found(SIMILAR, part.whole)
        return asked

    def _reach(self, score: Score, limit: float, heard: Finding) -> bool:
        """Whether anything around what was heard reads so; also where there is too little around it to tell."""
        runs = self.text.around(heard.span)
        return not runs or any(score(words) >= limit for words in runs)


def worst_of(score: Score, runs: Iterable[Run]) -> float:
    """How the worst of them reads; -inf where there is none."""
    return max((score(run.words) - run.price for run in runs), default=-inf)


def _raised(heard: Finding) -> Finding:
    """What a rule would ask about, where all of it reads grave; its track names the right help."""
    return replace(heard, level=Level.HIGH, why=heard.why.removesuffix(CALM) + GRAVE)


def _found(kind: Finding, part: Run) -> Finding:
    spanish = sum(word in SPANISH for word in part.words) > sum(word in ENGLISH for word in part.words)
    return replace(kind, rule=f"es.{kind.rule}" if spanish else kind.rule, span=part.span)
