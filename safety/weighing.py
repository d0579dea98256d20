"""What the rules heard, weighed together with how the words around it read; and words that no rule knows but that read like danger.

How words read is what the tables (`safety/learned.py`) and the encoder (`safety/encoder.py`) say together. Nothing decides alone: what a
rule heard needs less of that to be asked about, or to page, than words that no rule knows, and less still to page where the rule is nearly
always right; how much less was learned (`python -m bench.train_screen`, `docs/adr/029-weighed-together.md`). What is said outright pages
however it reads; any other page of a rule may become a question, or nothing where the words around it read harmless.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate
from math import inf

from safety.compose import in_order, overlap
from safety.encoder import Scores
from safety.heard import Finding, Level, Track
from safety.learned import Learned, Weighed
from safety.surroundings import Run, Surroundings, within
from safety.words import Words

CALM = "; asked about, as the words around it read calm"
GRAVE = "; pages, as the words around it read grave"
SIMILAR = Finding("learned.similar", (0, 0), "reads like messages of people in danger", Level.CONCERN, Track.UNKNOWN)
GRAVELY = Finding("learned.grave", (0, 0), "reads like messages of people in danger that cannot wait", Level.HIGH, Track.UNKNOWN)
CLEAR = -3.5
"""What reads so harmless to the tables (log-odds), and no rule heard, the encoder is not asked about: it has never turned the scales."""
MOST_READ = 4  # passages of one text that the encoder reads
FEW = 5  # words: of less the encoder may say that it is harmless, not that it is danger; it was taught no fragments ("cannot sleep")
UNREAD = Scores(-4.0, -4.0)  # what it says of most that is harmless
ENGLISH = frozenset({
    "the", "to", "and", "my", "of", "in", "it", "is", "that", "for", "was", "with", "so", "just", "am", "have", "this", "on", "be",
    "not", "you", "at", "do", "all", "if", "but",
})
SPANISH = frozenset({
    "que", "de", "la", "el", "y", "mi", "en", "un", "una", "con", "por", "para", "lo", "se", "ya", "es", "los", "las", "del", "muy",
    "pero", "yo", "te", "al", "hoy", "si", "le", "esta", "su", "nada",
})
"""What either language can hardly do without. A rule is of one language and names the card; what no rule knows is told by these."""


@dataclass(frozen=True)
class Reading:
    """What the rules make of one text. `taken_back`: where words of danger stand that a denial, a story or a joke took back."""

    text: str
    findings: tuple[Finding, ...]
    windows: tuple[tuple[int, Words], ...]
    taken_back: tuple[tuple[int, int], ...] = ()

    @property
    def level(self) -> Level:
        return self.findings[0].level if self.findings else Level.NONE


def weighed(learned: Learned, reading: Reading, *, joined: bool = False) -> tuple[Finding, ...]:
    """The findings of a text, the most urgent first. joined: of several messages, of which only what the rules hear counts: how the earlier
    ones read was weighed when they came."""
    weighing = Weighing.of(learned, reading)
    pages = [each for each in reading.findings if each.level > Level.CONCERN]
    if any(map(weighing.stands, pages)):
        return reading.findings
    calm = [replace(each, level=Level.CONCERN, why=each.why + CALM) for each in pages if weighing.asked(each)]
    asks = [each for each in reading.findings if each.level is Level.CONCERN]
    read = None if joined else weighing.read()
    if read is not None and read.level > Level.CONCERN:
        inside = [each for each in (*calm, *asks) if overlap(each.span, read.span)]
        others = [each for each in (*calm, *asks) if each not in inside]
        return in_order([*(map(_raised, inside) if inside else [read]), *others])
    left = [*calm, *filter(weighing.asked, asks)]
    return in_order(left or ([read] if read else []))


@dataclass(frozen=True)
class Weighing:
    """How a text reads, beside the limits."""

    learned: Learned
    whole: str
    text: Surroundings
    taken_back: Sequence[tuple[int, int]]
    known: dict[int, Weighed] = field(default_factory=dict)
    """The windows that something was read in, by where they begin."""
    passages: dict[int, Scores] = field(default_factory=dict)
    """How the passages read to the encoder, by number, as far as it was asked."""

    @classmethod
    def of(cls, learned: Learned, reading: Reading) -> Weighing:
        return cls(learned, reading.text, Surroundings(reading.windows), reading.taken_back)

    def danger(self, runs: Iterable[Run]) -> float:
        """How much like danger the worst of them reads; -inf where there is none."""
        tables, encoder = self.learned.of_danger
        return max((tables * self._danger(run) + encoder * self._passage(run).danger for run in runs), default=-inf)

    def gravity(self, runs: Iterable[Run]) -> float:
        """How much like danger that cannot wait the worst of them reads; -inf where there is none."""
        tables, encoder = self.learned.of_gravity
        return max((tables * self._gravity(run) + encoder * self._passage(run).gravity for run in runs), default=-inf)

    def stands(self, heard: Finding) -> bool:
        """Whether what a rule would page for does: not where the words around it read calm."""
        trust, limits = self.learned.trust, self.learned.limits
        runs = self.text.around(heard.span)
        if not runs or heard.rule in trust.outright:
            return True
        return self.gravity(runs) >= (limits.page_with_firm if heard.rule in trust.firm else limits.page_with_rule)

    def asked(self, heard: Finding) -> bool:
        """Whether what a rule heard is asked about: not where the words around it read harmless."""
        trust, limits = self.learned.trust, self.learned.limits
        runs = self.text.around(heard.span)
        asks = heard.level is Level.CONCERN
        if not runs or (asks and heard.rule in trust.asked):
            return True
        return self.danger(runs) >= (limits.ask_with_rule if asks else limits.ask_with_page)

    def read(self) -> Finding | None:
        """The first part that reads grave, else the one that reads most like danger, if any does; whatever the rules know of it."""
        ask, page = (limit + self.text.chances for limit in (self.learned.limits.ask, self.learned.limits.page))
        asked: Finding | None = None
        worst = ask
        for part in self.doubtful:
            danger = self.danger(within(part))
            if danger >= ask and self.gravity(self.free(part)) >= page:
                return _found(GRAVELY, part)
            if danger >= worst:
                worst, asked = danger, _found(SIMILAR, part)
        return asked

    @cached_property
    def doubtful(self) -> list[Run]:
        """The parts that may be dangerous."""
        return [part for part in self.text.parts if max(map(self._danger, within(part))) >= CLEAR]

    def free(self, part: Run) -> Iterator[Run]:
        """What of a part may page by how it reads. Words of danger that were taken back may not: how words read says little of a "not"."""
        starts, reach = self._taken
        for run in within(part):
            first, last = run.span
            at = bisect_left(starts, last)
            if at == 0 or reach[at - 1] <= first:
                yield run

    @cached_property
    def _taken(self) -> tuple[list[int], list[int]]:
        """Where each stretch that was taken back starts, in order, and how far it and those before it reach."""
        spans = sorted(self.taken_back)
        return [start for start, _ in spans], list(accumulate((end for _, end in spans), max))

    def _danger(self, run: Run) -> float:
        return self._weighed(run).danger(run.first, run.last) - run.price

    def _gravity(self, run: Run) -> float:
        return self._weighed(run).gravity(run.first, run.last) - run.price

    def _passage(self, run: Run) -> Scores:
        """How the passage in which a run begins reads to the encoder."""
        encoder = self.learned.encoder
        if encoder is None:
            return UNREAD
        at = bisect_right(self.text.passages, run.span[0]) - 1
        if at not in self._worst:
            return UNREAD
        if at not in self.passages:
            start, *stop = self.text.passages[at : at + 2]
            scores = encoder.read(self.whole[start : stop[0] if stop else None])
            self.passages[at] = scores if self.text.size >= FEW else Scores(*(min(score, 0.0) for score in scores))
        return self.passages[at]

    @cached_property
    def _worst(self) -> frozenset[int]:
        """The passages that the encoder may read: all, or of many those that the tables find worst."""
        starts = self.text.passages
        if len(starts) <= MOST_READ:
            return frozenset(range(len(starts)))
        worst = [-inf] * len(starts)
        for part in self.text.parts:
            at = bisect_right(starts, part.span[0]) - 1
            worst[at] = max(worst[at], *map(self._danger, within(part)))
        return frozenset(sorted(range(len(starts)), key=worst.__getitem__)[-MOST_READ:])

    def _weighed(self, run: Run) -> Weighed:
        at, text, _ = run.window
        if at not in self.known:
            self.known[at] = self.learned.weigh(text.words)
        return self.known[at]


def _raised(heard: Finding) -> Finding:
    """What a rule would ask about, where all of it reads grave; its track names the right help."""
    return replace(heard, level=Level.HIGH, why=heard.why.removesuffix(CALM) + GRAVE)


def _found(kind: Finding, part: Run) -> Finding:
    spanish = sum(word in SPANISH for word in part.words) > sum(word in ENGLISH for word in part.words)
    return replace(kind, rule=f"es.{kind.rule}" if spanish else kind.rule, span=part.span)
