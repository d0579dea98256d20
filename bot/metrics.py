"""What `/metrics` says, in Prometheus' text form. Made anew for each scrape: rows for all processes, `Vitals` for this one.

Labels hold lanes, states and names of loops only. What each figure means for an operator is in `docs/operations.md`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from bot.vitals import Receiving, Vitals
from storage.figures import Figures, Queue

RESULTS = ("accepted", "wait", "refused", "gone", "doubt")
BUCKETS = (60, 120, 300, 600, 900, 1800, 3600)
"""Seconds until somebody on call took an escalation; the default ladder's steps are among them."""


class Scrape(Collector):
    """One scrape. Without `figures` the database could not be read, which is a figure too."""

    def __init__(self, vitals: Vitals, figures: Figures | None, behind: float) -> None:
        self._vitals, self._figures, self._behind = vitals, figures, behind

    def collect(self) -> Iterator[Metric]:
        yield from self._process()
        yield _gauge("between_database_up", "1 when the database answered this scrape within 5 seconds.", float(self._figures is not None))
        if self._figures is not None:
            yield from _rows(self._figures)

    def _process(self) -> Iterator[Metric]:
        vitals = self._vitals
        yield _gauges("between_loop_age_seconds", "Since each loop last came round.", "loop", vitals.ages())
        yield _gauge("between_loop_lag_seconds", "Worst delay of the event loop in the last minute.", vitals.lag())
        yield _gauge("between_clock_behind_seconds", "How far the machine's clock lies behind the time told so far.", self._behind)
        ways = {way: float(way == vitals.receiving) for way in get_args(Receiving)}
        yield _gauges("between_receiving", "1 for how updates reach this process.", "state", ways)
        age = vitals.poll_age()
        if age is not None:
            yield _gauge("between_poll_age_seconds", "Since Telegram last answered a poll.", age)
        sends = CounterMetricFamily("between_sends", "Messages this process took to Telegram.", labels=["lane", "result"])
        for lane in range(5):
            for result in RESULTS:
                sends.add_metric([str(lane), result], vitals.sends[lane, result])
        yield sends
        yield _counter("between_webhook_refused", "Webhook requests not taken.", "why", {w: vitals.turned_away[w] for w in REASONS})
        yield _counter("between_heartbeats", "Touches of the heartbeat address.", "result", {h: vitals.touches[h] for h in TOUCHES})


REASONS, TOUCHES = ("secret", "size", "database"), ("sent", "failed")


def _rows(found: Figures) -> Iterator[Metric]:
    yield _gauge("between_inbox_depth", "Messages that wait for their turn.", found.inbox.depth)
    yield _gauge("between_inbox_oldest_seconds", "Age of the oldest of them.", found.inbox.oldest)
    yield _gauge("between_due_depth", "Planned things whose time has come.", found.due.depth)
    yield _gauge("between_due_oldest_seconds", "How late the latest of them is.", found.due.oldest)
    yield _gauges("between_lane_depth", "Messages that wait to be sent.", "lane", _by_lane(found.lanes, "depth"))
    yield _gauges("between_lane_oldest_seconds", "Age of the oldest of them.", "lane", _by_lane(found.lanes, "oldest"))
    yield _gauge("between_outbox_unknown", "Messages of which nobody knows whether Telegram took them.", found.unknown)
    yield _gauge("between_outbox_dead", "Messages Telegram will never take.", found.dead)
    yield _gauge("between_inbox_quarantined", "Messages set aside for staff.", found.quarantined)
    yield _gauges("between_escalations", "Escalations.", "state", {state.lower(): float(n) for state, n in found.escalations.items()})
    yield _histogram(found.acknowledged)
    if found.audit_age is not None:
        yield _gauge("between_audit_age_seconds", "Since the auditor last proved all escalations on time.", found.audit_age)
    yield _gauge("between_planned_stop", "1 when the last heartbeat was a planned stop.", float(found.planned_stop))


def _by_lane(lanes: dict[int, Queue], what: str) -> dict[str, float]:
    return {str(lane): float(getattr(queue, what)) for lane, queue in lanes.items()}


def _histogram(seconds: tuple[float, ...]) -> Metric:
    made = HistogramMetricFamily("between_time_to_acknowledge_seconds", "From an escalation's opening until somebody took it.")
    buckets = [(str(float(edge)), float(sum(each <= edge for each in seconds))) for edge in BUCKETS]
    made.add_metric([], [*buckets, ("+Inf", float(len(seconds)))], sum_value=sum(seconds))
    return made


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(name, what, value=value)


def _gauges(name: str, what: str, label: str, values: dict[str, float]) -> Metric:
    made = GaugeMetricFamily(name, what, labels=[label])
    for which, value in values.items():
        made.add_metric([which], value)
    return made


def _counter(name: str, what: str, label: str, values: dict[str, int]) -> Metric:
    made = CounterMetricFamily(name, what, labels=[label])
    for which, value in values.items():
        made.add_metric([which], value)
    return made
