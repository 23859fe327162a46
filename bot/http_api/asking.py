"""One question to one reply, wholly from one snapshot: what all the wires share."""

from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import dataclass
from time import perf_counter

from pydantic import TypeAdapter

from bot.answer import Answer
from bot.answerer import Question
from bot.http_api.replies import HitRecord
from bot.http_api.service import Service
from bot.json_lines import to_record
from index.retrieve import Retriever

_PASSAGES = 5


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds: waiting for a thread, and answering."""

    queued_ms: float
    answering_ms: float


@dataclass(frozen=True, slots=True)
class FullAnswer(Answer):
    """The answer object, with what `include` asked for: absent where it did not."""

    passages: tuple[HitRecord, ...] | None = None
    timings: Timings | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, and what else was asked for."""

    answer: Answer
    passages: tuple[HitRecord, ...] | None
    timings: Timings | None

    def record(self) -> dict[str, object]:
        """Return the answer object as JSON has it."""
        record = to_record(self.answer)
        assert isinstance(record, dict)  # noqa: S101  (a dataclass becomes one)
        for name, adapter, value in (
            ("passages", _PASSAGE_LIST, self.passages),
            ("timings", _TIMINGS, self.timings),
        ):
            if value is not None:
                record[name] = adapter.dump_python(value, mode="json")
        return record


_PASSAGE_LIST: TypeAdapter[object] = TypeAdapter(tuple[HitRecord, ...])
_TIMINGS: TypeAdapter[object] = TypeAdapter(Timings)


def begin(
    service: Service, question: Question, include: Collection[str], answer_id: str
) -> "Future[Answered]":
    """Return the future of an answer; it waits for a thread.

    Raises:
        QueueFull: It does not.
    """
    return service.work.submit(_task(service, question, include, answer_id))


def _task(
    service: Service, question: Question, include: Collection[str], answer_id: str
) -> Callable[[], Answered]:
    submitted = perf_counter()

    def answer() -> Answered:
        began = perf_counter()
        opened = service.kept.current()
        found = service.answerer_of(opened, answer_id).ask(question)
        passages = _passages(opened.retriever, found, question) if "passages" in include else None
        timings = None
        if "timings" in include:
            spent = (began - submitted, perf_counter() - began)
            timings = Timings(*(round(1000 * seconds, 2) for seconds in spent))
        return Answered(found, passages, timings)

    return answer


def _passages(retriever: Retriever, answer: Answer, question: Question) -> tuple[HitRecord, ...]:
    """Return the passages that the answer was chosen from, best first."""
    hits = retriever.search(answer.standalone_question, _PASSAGES, filters=question.filters)
    articles = retriever.articles
    return tuple(HitRecord.of(hit, articles.article(hit.passage.article_id)) for hit in hits)
