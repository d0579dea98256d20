"""From which scores on the screen asks and pages, chosen on the evidence of writers that the tables did not learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from bench.train_screen.evidence import Evidence
from bench.train_screen.messages import Messages
from bench.train_screen.tables import weight_of
from safety.heard import Level
from safety.learned import Limits

ASKED, PAGED = 0.067, 0.0102
"""Shares of the everyday messages of writers who were not learned from that may be asked about, and paged for, in vain."""
FAVOR_ASKS, FAVOR_PAGES = 0.76, 0.41
"""How much more than it was worth on all messages a rule's word counts: of the rarer kinds (violence, a return to use) the tables have
learned little, and the rules know them as well as any."""
TRIED = np.arange(-3.0, 6.0, 0.02)


@dataclass(frozen=True)
class Chooser:
    """Which messages would be asked about, and paged for, at any limit."""

    messages: Messages
    seen: Evidence

    @cached_property
    def asks(self) -> Any:
        return self.seen.rule == Level.CONCERN

    @cached_property
    def pages(self) -> Any:
        return self.seen.rule > Level.CONCERN

    @cached_property
    def worth_of_asking(self) -> list[float]:
        """How much sooner is asked where a rule did that asks, and where one did that pages."""
        worth = self._worth(self.seen.danger_heard, self.seen.danger, (self.asks, self.pages), Level.CONCERN)
        return [each + FAVOR_ASKS for each in worth]

    @cached_property
    def worth_of_paging(self) -> float:
        (worth,) = self._worth(self.seen.gravity_heard, self.seen.gravity, (self.pages,), Level.HIGH)
        return worth + FAVOR_PAGES

    def flagged(self, limit: float) -> Any:
        seen, (by_asking, by_page) = self.seen, self.worth_of_asking
        needed = limit - np.where(self.asks, by_asking, by_page)
        return (seen.sure > Level.NONE) | (seen.danger_heard >= needed) | (seen.danger >= limit)

    def paged(self, limit: float) -> Any:
        seen = self.seen
        return (seen.sure > Level.CONCERN) | (self.pages & (seen.gravity_heard >= limit - self.worth_of_paging)) | (seen.gravity >= limit)

    def limits(self) -> Limits:
        """The lowest that keep to `ASKED` and `PAGED`."""
        everyday = self.messages.everyday
        ask = min(float(each) for each in TRIED if self.flagged(each)[everyday].mean() <= ASKED)
        page = min(float(each) for each in TRIED if self.paged(each)[everyday].mean() <= PAGED)
        chosen = ask, *(ask - each for each in self.worth_of_asking), page, page - self.worth_of_paging
        return Limits(*(round(each, 2) for each in chosen))

    def _worth(self, around: Any, anywhere: Any, kinds: Sequence[Any], least: Level) -> list[float]:
        """How much more a score counts where a rule of each kind spoke, in the score's own units."""
        score = np.where(np.logical_or.reduce(kinds), around, anywhere)
        some = np.isfinite(score)
        model = LogisticRegression(C=100.0, max_iter=1_000)
        right = self.messages.level >= least
        model.fit(np.column_stack([score, *kinds])[some], right[some], sample_weight=weight_of(self.messages)[some])
        by_score, *by_rule = model.coef_[0]
        return [float(each / by_score) for each in by_rule]
