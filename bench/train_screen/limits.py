"""From which scores on the screen asks and pages, chosen on the evidence of writers that the tables did not learn from."""

from __future__ import annotations

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

ASKED, PAGED = 0.035, 0.01
"""Shares of the everyday messages of writers who were not learned from that may be asked about, and paged for, in vain."""
FAVOR = 0.5
"""How much more than it was worth on all messages a rule's word counts when it is asked about: what is said in plain words stands beside a
calm clause more often than in what the writers wrote to tell danger from its twin ("It was a hard day and I wish I was dead"), and of the
rarer kinds (violence, a return to use) the tables have learned little."""
TRIED = np.arange(-6.0, 6.0, 0.01)


@dataclass(frozen=True)
class Chooser:
    """Which messages would be asked about, and paged for, at any limit."""

    messages: Messages
    seen: Evidence

    @cached_property
    def worth_of_asking(self) -> Any:
        """How much sooner is asked where a rule did that asks, and where one did that pages."""
        return self._worth(self.seen.danger_heard, self.seen.danger, Level.CONCERN) + FAVOR

    @cached_property
    def worth_of_paging(self) -> Any:
        """How much sooner pages what a rule would page for, and a firm one."""
        return self._worth(self.seen.gravity_heard, self.seen.gravity, Level.HIGH)

    def flagged(self, limit: float) -> Any:
        seen = self.seen
        return (seen.stands > Level.NONE) | (seen.danger_heard >= limit - self.worth_of_asking).any(1) | (seen.danger >= limit)

    def paged(self, limit: float) -> Any:
        seen = self.seen
        return (seen.stands > Level.CONCERN) | (seen.gravity_heard >= limit - self.worth_of_paging).any(1) | (seen.gravity >= limit)

    def limits(self) -> Limits:
        """The lowest that keep to `ASKED` and `PAGED`."""
        everyday = self.messages.everyday
        ask = min(float(each) for each in TRIED if self.flagged(each)[everyday].mean() <= ASKED)
        page = min(float(each) for each in TRIED if self.paged(each)[everyday].mean() <= PAGED)
        chosen = ask, *(ask - self.worth_of_asking), page, *(page - self.worth_of_paging)
        return Limits(*(round(float(each), 2) for each in chosen))

    def _worth(self, heard: Any, anywhere: Any, least: Level) -> Any:
        """How much more a score counts where a rule of each kind spoke, the weightiest if several did; in the score's own units."""
        spoke = np.isfinite(heard)
        kind = np.where(spoke.any(1), heard.shape[1] - 1 - spoke[:, ::-1].argmax(1), -1)
        score = np.where(kind < 0, anywhere, heard[np.arange(len(kind)), kind])
        some = np.isfinite(score)
        model = LogisticRegression(C=100.0, max_iter=1_000)
        table = np.column_stack([score, *(kind == each for each in range(heard.shape[1]))])
        model.fit(table[some], (self.messages.level >= least)[some], sample_weight=weight_of(self.messages)[some])
        return model.coef_[0][1:] / model.coef_[0][0]
