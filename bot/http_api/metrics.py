"""`/metrics`: what a Prometheus server reads; the counts of all worker processes together."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from bot.answer import Answer
from bot.live import Kept
from bot.work import Work
from index.errors import IndexingError

CONTENT_TYPE = CONTENT_TYPE_LATEST
# Names the folder that worker processes count in; read by prometheus_client when it is imported.
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The counters of one application, in a registry of its own."""

    def __init__(self) -> None:
        """Begin at 0, or, among several processes, where the others are."""
        self.registry, self._state = CollectorRegistry(), CollectorRegistry()
        self._requests = Counter(
            "citewire_requests", "Requests.", ("method", "route", "status"), registry=self.registry
        )
        self._request_seconds = Histogram(
            "citewire_request_seconds", "From the head of a request to the end of its reply.",
            ("route",), buckets=_SECONDS, registry=self.registry,
        )  # fmt: skip
        self._stage_seconds = Histogram(
            "citewire_stage_seconds", "Waiting for a thread, answering, saving.",
            ("stage",), buckets=_SECONDS, registry=self.registry,
        )  # fmt: skip
        self._answers = Counter(
            "citewire_answers", "Answers; an abstention by its reason.", ("status", "reason"),
            registry=self.registry,
        )  # fmt: skip

    def watch(self, kept: Kept, work: Work) -> None:
        """Also tell how old the snapshot is, and how much is to do, when asked."""
        self._state.register(_State(kept, work))

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; `route` is the path as the route has it, so there are only so many."""
        self._requests.labels(method, route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def stage(self, stage: str, seconds: float) -> None:
        """Count what a stage of an answer took."""
        self._stage_seconds.labels(stage).observe(seconds)

    def answer(self, answer: Answer) -> None:
        """Count an answer."""
        self._answers.labels(
            answer.status, answer.abstention.reason if answer.abstention else ""
        ).inc()

    def text(self) -> bytes:
        """Return them all, as Prometheus reads them."""
        counts = self.registry
        if FOLDER_VARIABLE in os.environ:
            counts = CollectorRegistry()
            MultiProcessCollector(counts)  # type: ignore[no-untyped-call]  # it has no types
        return generate_latest(counts) + generate_latest(self._state)


@dataclass(frozen=True)
class _State(Collector):
    """How this process is at the moment of asking."""

    kept: Kept
    work: Work

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield each gauge."""
        yield GaugeMetricFamily(
            "citewire_snapshot_age_seconds",
            "Since the snapshot that answers was built.",
            _age_s(self.kept),
        )
        yield GaugeMetricFamily(
            "citewire_work", "Questions running or waiting for a thread.", self.work.taken
        )


def _age_s(kept: Kept) -> float:
    """Return the age; not a number where there is no snapshot."""
    try:
        built_at = kept.current().retriever.info.built_at
    except IndexingError:
        return float("nan")
    return time.time() - built_at.timestamp()
