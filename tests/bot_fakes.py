"""A small library to ask, and the command line run in this process."""

import io
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import numpy as np

from bot.answer import Notice
from bot.answerer import Answerer
from bot.cli import main
from bot.confidence import Weights
from bot.evidence import Evidence, Features
from corpus.article import Article, Passage, Span
from corpus.read import Found
from index.live import retriever_of
from index.retrieve import Hit, Retriever
from index.snapshot import open_current
from tests.fakes import Desk, FakeEncoder

NOW = datetime(2026, 1, 3, 12, tzinfo=UTC)
TEA = Article(
    "tea.txt",
    "On tea",
    "Tea car. Tea moon. Tea rain.",
    url="https://post.example/tea",
    source="The Post",
    author="Ada",
    published_at=datetime(2026, 1, 1, tzinfo=UTC),
)
WHALE = Article("whale.txt", "On whales", "Whale whale. Whale moon.", source="Sea")


class Clock:
    """One that is set by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        """As set."""
        return self.now


def library(data: Path, *articles: Article, gone: Sequence[str] = ()) -> Retriever:
    """An index of `articles`, made by `FakeEncoder`; those `gone` are deleted again."""
    desk = Desk(data)
    desk.update(*(Found(article, f"/in/{article.id}", None) for article in articles))
    if gone:
        desk.builder().delete(frozenset(gone))
    return opened(data)


def opened(data: Path) -> Retriever:
    """What searches an index that `FakeEncoder` made."""
    return retriever_of(open_current(data), FakeEncoder())


NOTHING_KNOWN = Features(0, 0, 0, 0, 0, 0, 0, 1, 1)


# Round numbers, to work out by hand.
THRESHOLD = 0.36
WEIGHTS = {
    "with_late_interaction": Weights(
        -7.0, {"late": 8.4, "cosine": 3.5}, THRESHOLD, calibrated=False
    ),
    "plain": Weights(-4.4, {"cosine": 6.2, "coverage": 3.1}, THRESHOLD, calibrated=False),
    "with_reader": Weights(0.0, {"there": 1.0}, 0.5, calibrated=True),
}


def answerer(
    retriever: Retriever, *notices: Notice, threshold: float | None = None, now: datetime = NOW
) -> Answerer:
    """One whose clock stands still and whose answers are all called `ans_1`; nothing reads."""
    return Answerer(
        lambda: (retriever, notices), lambda: now, lambda: "ans_1", WEIGHTS, threshold=threshold
    )


def evidence(
    text: str,
    score: float = 1.0,
    *,
    article: str = "a",
    start: int = 0,
    probability: float = 0.0,
    features: Features = NOTHING_KNOWN,
) -> Evidence:
    """A sentence at `start` of an article."""
    span = Span(start, start + len(text))
    hit = Hit(0, Passage(article, span.start, span.end, 0), score, 0.0, 0.0)
    return Evidence(hit, span, text, score, probability, features, np.empty(0, np.float32))


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str


def run(*arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None) -> Ran:
    """Run `citewire` as its console script does, but in this process, with pipes all around."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "ascii") for _ in range(2))
    others = {k: v for k, v in os.environ.items() if not k.upper().startswith("CITEWIRE_")}
    others |= {"COLUMNS": "100"} | dict(environment or {})
    status = 0
    with (
        patch.dict(os.environ, others, clear=True),
        patch.object(sys, "argv", ["citewire", *arguments]),
        patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "ascii")),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            status = int(end.code or 0)
        out.flush()
        err.flush()
        return Ran(status, _text(out), _text(err))


def _text(stream: io.TextIOWrapper) -> str:
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode("utf-8")
