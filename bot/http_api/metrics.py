"""`/metrics`: what a Prometheus server reads; counted in this process."""

import time
from collections.abc import Callable

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

from bot.answer import Answer
from bot.http_api.work import Work
from bot.live import Kept
from index.errors import IndexingError

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The counters of one application, in a registry of its own."""

    def __init__(self) -> None:
        """Begin at 0."""
        self.registry = CollectorRegistry()
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
        age = Gauge(
            "citewire_snapshot_age_seconds", "Since the snapshot that answers was built.",
            registry=self.registry,
        )  # fmt: skip
        age.set_function(_age_of(kept))
        taken = Gauge(
            "citewire_work", "Questions running or waiting for a thread.", registry=self.registry
        )
        taken.set_function(lambda: work.taken)

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
        return generate_latest(self.registry)


def _age_of(kept: Kept) -> Callable[[], float]:
    def age() -> float:
        try:
            built_at = kept.current().retriever.info.built_at
        except IndexingError:  # there is none
            return float("nan")
        return time.time() - built_at.timestamp()

    return age
