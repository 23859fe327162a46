"""What a question costs: milliseconds by stage, and memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from corpus.article import Article, Span
from evals.articles import PassingOn
from evals.benchmark_processes import Memory, read_memory
from evals.figures import latency_figures
from evals.runs import Figure
from index.encoder import EncodedQuestion
from index.late_interaction import TokenCodec
from index.retrieve import QuestionEncoder, Retriever

_STATUS = Path("/proc/self/status")


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds that one question took.

    Attributes:
        total: From the question to the verified answer, or to the documents found.
        encode: To encode the question.
        search: From there until its passages are found, fused and read. A second search, with what
            the first one found, is part of the rest.
    """

    total: float
    encode: float
    search: float

    @property
    def answer(self) -> float:
        """Return the rest: completing a follow-up, evidence, confidence, quotes, checking them."""
        return self.total - self.encode - self.search


class Stopwatch:
    """Times the one question that is asked of its `retriever`; made when the question is.

    A search ends where the first article of those that it found is read, and else with the
    question; so stages are told apart without a change to what is timed.
    """

    def __init__(self, retriever: Retriever, clock: Callable[[], float] = perf_counter) -> None:
        self._clock = clock
        self._encoded: tuple[float, float] | None = None
        self._found: float | None = None
        self.retriever = replace(
            retriever,
            encoder=_Encoder(retriever.encoder, self._encode),
            articles=_Articles(retriever.articles, self._mark_found),
        )
        self._began = clock()

    def stop(self) -> Times:
        """Return what it took until now."""
        ended = self._clock()
        begun, encoded = self._encoded or (ended, ended)
        found = ended if self._found is None else self._found
        told = (ended - self._began, encoded - begun, found - encoded)
        return Times(*(1000 * seconds for seconds in told))

    def _encode(self, encoder: QuestionEncoder, question: str) -> EncodedQuestion:
        if self._encoded:
            return encoder.encode_question(question)
        began = self._clock()
        vector = encoder.encode_question(question)
        self._encoded = began, self._clock()
        return vector

    def _mark_found(self) -> None:
        if self._found is None:
            self._found = self._clock()


def cost_figures(times: Sequence[Times], *, answers: bool) -> tuple[Figure, ...]:
    """Return the median and the 95th percentile of each stage, and of the whole before them.

    Args:
        times: Of every question.
        answers: Whether they were answered, not only searched for.
    """
    columns = {
        "ms": [one.total for one in times],
        "encode_ms": [one.encode for one in times],
        "search_ms": [one.search for one in times],
    }
    if answers:
        columns["answer_ms"] = [one.answer for one in times]
    return tuple(figure for name, ms in columns.items() for figure in latency_figures(ms, name))


def memory_now() -> Memory | None:
    """Return this process's resident memory, now and at its peak; None where /proc has none."""
    try:
        return read_memory(_STATUS.read_text("ascii", "replace"))
    except OSError:
        return None


@dataclass(frozen=True, slots=True)
class _Encoder:
    """A `QuestionEncoder` that is timed."""

    encoder: QuestionEncoder
    timed: Callable[[QuestionEncoder, str], EncodedQuestion]

    @property
    def codec(self) -> TokenCodec:
        return self.encoder.codec

    def encode_question(self, question: str) -> EncodedQuestion:
        return self.timed(self.encoder, question)

    def token_places(self, text: str) -> tuple[Span, ...]:
        return self.encoder.token_places(text)

    def fits(self, question: str) -> bool:
        return self.encoder.fits(question)


@dataclass(frozen=True, slots=True)
class _Articles(PassingOn):
    """Articles that tell when one is read."""

    on_article: Callable[[], None]

    def article(self, article_id: str) -> Article:
        self.on_article()
        return self.articles.article(article_id)
