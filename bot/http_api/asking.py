"""One question to one reply, wholly from one snapshot: what all the wires share."""

from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import dataclass, replace
from itertools import pairwise
from time import perf_counter

from pydantic import TypeAdapter

from bot.answer import Answer
from bot.answerer import PASSAGES, Question
from bot.http_api.metrics import Metrics
from bot.http_api.replies import HitRecord
from bot.http_api.service import Service
from bot.json_lines import to_record
from bot.memory import NEW_CONVERSATION, new_conversation_id, saved_or_said
from index.retrieve import Retriever

_STAGES = ("queued", "answering", "saving")


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


@dataclass(frozen=True, slots=True)
class Request:
    """A question, whose it is, what its answer is called and what else is told with it.

    Unless `save`, nothing of it is kept.
    """

    question: Question
    owner: str
    answer_id: str
    include: frozenset[str] = frozenset()
    save: bool = True


async def prepare(
    service: Service,
    question: Question,
    owner: str,
    include: Collection[str] = (),
    *,
    save: bool = True,
) -> Request:
    """Return the request with the history of its conversation, a new one where that is asked for.

    Raises:
        ConversationNotFound: There is no such conversation.
    """
    known = question.conversation_id
    if known == NEW_CONVERSATION:
        question = replace(question, conversation_id=new_conversation_id())
    elif known is not None:
        history = await service.work.run(lambda: service.memory.history(known, owner))
        question = replace(question, history=history)
    return Request(question, owner, service.answerer.new_id(), frozenset(include), save)


def begin(service: Service, request: Request) -> "Future[Answered]":
    """Return the future of an answer; it waits for a thread.

    Raises:
        QueueFull: It does not.
    """
    return service.work.submit(_task(service, request))


def begin_stream(
    service: Service, request: Request, hold: Callable[[], Callable[[], None]]
) -> "tuple[Future[Answered], Callable[[], None]]":
    """Return the future of an answer that is streamed, and what ends the stream.

    Args:
        service: The parts.
        request: What is asked.
        hold: Counts the stream and returns what ends it; it is ended where nothing begins.

    Raises:
        QueueFull: The answer does not wait for a thread.
    """
    ended = hold()
    try:
        return begin(service, request), ended
    except BaseException:
        ended()
        raise


def _task(service: Service, request: Request) -> Callable[[], Answered]:
    submitted = perf_counter()
    question, include = request.question, request.include

    def answer() -> Answered:
        began = perf_counter()
        opened = service.kept.current()
        found = service.answerer_of(opened, request.answer_id).ask(question)
        answered = perf_counter()
        found = _saved(service, found, request)
        _count(service.metrics, found, (submitted, began, answered, perf_counter()))
        passages = _passages(opened.retriever, found, question) if "passages" in include else None
        timings = None
        if "timings" in include:
            spent = (began - submitted, answered - began)
            timings = Timings(*(round(1000 * seconds, 2) for seconds in spent))
        return Answered(found, passages, timings)

    return answer


def _count(metrics: Metrics, answer: Answer, moments: tuple[float, ...]) -> None:
    for stage, (start, end) in zip(_STAGES, pairwise(moments), strict=True):
        metrics.stage(stage, end - start)
    metrics.answer(answer)


def _saved(service: Service, answer: Answer, request: Request) -> Answer:
    """Return the answer; where it should be saved and can't be, it says so itself."""
    if not request.save:
        return answer
    return saved_or_said(answer, lambda: service.memory.keep(answer, request.owner))


def _passages(retriever: Retriever, answer: Answer, question: Question) -> tuple[HitRecord, ...]:
    """Return the passages that the answer was chosen from, best first."""
    hits = retriever.search(answer.standalone_question, PASSAGES, filters=question.filters)
    articles = retriever.articles
    return tuple(HitRecord.of(hit, articles.article(hit.passage.article_id)) for hit in hits)
