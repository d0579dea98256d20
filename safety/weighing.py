"""What the rules heard, weighed together with how the words around it read; and words that no rule knows but that read like danger.

How words read is what the tables (`safety/learned.py`) and the encoder (`safety/encoder.py`) say together. Nothing decides alone: what a
rule heard needs less of that to be asked about, or to page, than words that no rule knows, and less still to page where the rule is nearly
always right; how much less was learned (`python -m bench.train_screen`, `docs/adr/029-weighed-together.md`). What is said outright pages
however it reads; any other page of a rule may become a question, or nothing where the words around it read harmless.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from heapq import nlargest
from itertools import accumulate, islice
from math import inf
from operator import itemgetter

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
MOST_READ = 6  # stretches of one text, the worst to the tables, that the encoder reads wherever no rule spoke
MOST_HEARD = 10  # stretches of one text after which what a rule heard stands, however the words around it may read
FEW = 4  # words: of less the encoder may say that it is harmless, not that it is danger; fragments read like anything
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
    if any(map(weighing.outright, pages)):
        return reading.findings
    if any(map(weighing.stands, pages)):
        return reading.findings
    asks = [each for each in reading.findings if each.level is Level.CONCERN]
    weighing.look(asks, [] if joined else weighing.doubtful)
    calm = [replace(each, level=Level.CONCERN, why=each.why + CALM) for each in pages if weighing.asked(each)]
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
    scores: dict[tuple[int, int], Scores] = field(default_factory=dict)
    """How stretches of the text read to tables and encoder together, by where they stand, as far as was asked."""

    @classmethod
    def of(cls, learned: Learned, reading: Reading) -> Weighing:
        return cls(learned, reading.text, Surroundings(reading.windows), reading.taken_back)

    def danger(self, runs: Iterable[Run]) -> float:
        """How much like danger the worst of them reads; -inf where there is none."""
        return max((scores.danger - run.price for run, scores in self._read(runs)), default=-inf)

    def gravity(self, runs: Iterable[Run]) -> float:
        """How much like danger that cannot wait the worst of them reads; -inf where there is none."""
        return max((scores.gravity - run.price for run, scores in self._read(runs)), default=-inf)

    def look(self, heard: Iterable[Finding], doubtful: Iterable[tuple[Run, list[Run]]] = ()) -> None:
        """Read around what rules heard, but no more than one text is worth, and what is doubtful; all of it side by side, which is
        quicker where they are short."""
        around = {run.span: run for each in heard for run in self.text.around(each.span) if run.span not in self.scores}
        worth_it = islice(around.values(), max(0, MOST_HEARD - len(self.scores)))
        self._read([*worth_it, *(run for _, runs in doubtful for run in runs)])

    def outright(self, heard: Finding) -> bool:
        """Whether what a rule would page for does, however the words around it may read."""
        return heard.rule in self.learned.trust.outright or not self.text.around(heard.span)

    def stands(self, heard: Finding) -> bool:
        """Whether what a rule would page for does: not where the words around it read calm. Believed where enough was read already."""
        trust, limits = self.learned.trust, self.learned.limits
        self.look([heard])
        runs = self.text.around(heard.span)
        if self._unread(runs):
            return True
        return self.gravity(runs) >= (limits.page_with_firm if heard.rule in trust.firm else limits.page_with_rule)

    def asked(self, heard: Finding) -> bool:
        """Whether what a rule heard is asked about: not where the words around it read harmless."""
        trust, limits = self.learned.trust, self.learned.limits
        runs = self.text.around(heard.span)
        asks = heard.level is Level.CONCERN
        if not runs or (asks and heard.rule in trust.asked) or self._unread(runs):
            return True
        return self.danger(runs) >= (limits.ask_with_rule if asks else limits.ask_with_page)

    def read(self) -> Finding | None:
        """The first part that reads grave, else the one that reads most like danger, if any does; whatever the rules know of it."""
        ask, page = (limit + self.text.chances for limit in (self.learned.limits.ask, self.learned.limits.page))
        asked: Finding | None = None
        worst = ask
        for part, runs in self.doubtful:
            danger = self.danger(runs)
            if danger >= ask and self.gravity(filter(self.free, runs)) >= page:
                return _found(GRAVELY, part)
            if danger >= worst:
                worst, asked = danger, _found(SIMILAR, part)
        return asked

    @cached_property
    def doubtful(self) -> list[tuple[Run, list[Run]]]:
        """The parts that may be dangerous, each with those stretches of it that may be; of a long text the worst to the tables."""
        found = [
            (danger, at, run)
            for at, part in enumerate(self.text.parts)
            for run in within(part)
            if (danger := self._weighed(run).danger(run.first, run.last) - run.price) >= CLEAR
        ]
        some = [(at, run) for _, at, run in nlargest(MOST_READ, found, key=itemgetter(0))]
        return [(part, runs) for at, part in enumerate(self.text.parts) if (runs := [run for place, run in some if place == at])]

    def free(self, run: Run) -> bool:
        """Whether it may page by how it reads. Words of danger that were taken back may not: how words read says little of a "not"."""
        starts, reach = self._taken
        first, last = run.span
        at = bisect_left(starts, last)
        return at == 0 or reach[at - 1] <= first

    @cached_property
    def _taken(self) -> tuple[list[int], list[int]]:
        """Where each stretch that was taken back starts, in order, and how far it and those before it reach."""
        spans = sorted(self.taken_back)
        return [start for start, _ in spans], list(accumulate((end for _, end in spans), max))

    def _unread(self, runs: Iterable[Run]) -> bool:
        return any(run.span not in self.scores for run in runs)

    def _read(self, runs: Iterable[Run]) -> list[tuple[Run, Scores]]:
        """Each of these stretches with how it reads, its price not yet taken off."""
        runs = list(runs)
        new = list({run.span: run for run in runs if run.span not in self.scores}.values())
        said = self.learned.encoder.read([self.whole[slice(*run.span)] for run in new])
        self.scores.update((run.span, self._together(run, scores)) for run, scores in zip(new, said, strict=True))
        return [(run, self.scores[run.span]) for run in runs]

    def _together(self, run: Run, said: Scores) -> Scores:
        """What the tables say and what the encoder said."""
        weighed, of_danger, of_gravity = self._weighed(run), self.learned.of_danger, self.learned.of_gravity
        if run.last - run.first < FEW:
            said = said.harmless
        return Scores(
            of_danger.tables * weighed.danger(run.first, run.last) + of_danger.encoder * said.danger,
            of_gravity.tables * weighed.gravity(run.first, run.last) + of_gravity.encoder * said.gravity,
        )

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
