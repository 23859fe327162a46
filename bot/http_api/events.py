"""An answer as server-sent events: the order and the shapes that ARCHITECTURE.md fixes."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.answer import Answer, Citation
from bot.http_api.asking import Answered

# A delta is a few words: smaller ones cost more to frame than they tell.
_DELTA = re.compile(r".{1,48}(?:\s+|$)|\S{1,48}", re.DOTALL)

Event = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Delta:
    """`[start, end)` of the answer's text."""

    start: int
    end: int


def created(answer_id: str, question: str, conversation_id: str | None) -> Event:
    """Return the first event: sent before anything is searched."""
    answer = {
        "id": answer_id,
        "object": "answer",
        "status": "in_progress",
        "question": question,
        "conversation_id": conversation_id,
    }
    return {"type": "answer.created", "answer": answer}


def rest(answered: Answered) -> Iterator[Event]:
    """Yield the events after the first.

    Citations come by their numbers, so a better one may come before its sentence, none after it.
    """
    record = answered.record()
    yield {
        "type": "answer.retrieval.completed",
        "answer_id": answered.answer.id,
        "standalone_question": answered.answer.standalone_question,
        "documents": record["documents"],
        "index": record["index"],
    }
    citations = record["citations"]
    assert isinstance(citations, list)  # noqa: S101  (as the answer object has it)
    sent = 0
    for part in in_order(answered.answer):
        if isinstance(part, Citation):
            for citation in citations[sent : part.number]:
                yield {"type": "answer.citation.added", "citation": citation}
            sent = max(sent, part.number)
        else:
            text = answered.answer.answer[part.start : part.end]
            yield {"type": "answer.text.delta", "start_index": part.start, "delta": text}
    yield {"type": "answer.completed", "answer": record}


def in_order(answer: Answer) -> Iterator[Delta | Citation]:
    """Yield the text in pieces, and each citation before the piece that ends its sentence.

    Citations that no part of the text rests on, the closest passages of an abstention, come last.
    """
    waiting = sorted(answer.citations, key=_ends_at)
    for delta in deltas(answer.answer):
        while waiting and _ends_at(waiting[0]) <= delta.end:
            yield waiting.pop(0)
        yield delta
    yield from waiting


def deltas(text: str) -> Iterator[Delta]:
    """Yield the pieces that `text` is sent in, cut between words where they can be."""
    for match in _DELTA.finditer(text):
        yield Delta(match.start(), match.end())


def _ends_at(citation: Citation) -> float:
    return min((place.end_index for place in citation.annotations), default=float("inf"))


class Framed:
    """Numbers events from 0 and makes them the bytes of a `text/event-stream`."""

    def __init__(self) -> None:
        """Begin at 0."""
        self._next = 0

    def frame(self, event: Event) -> bytes:
        """Return one event; `event:` repeats its type."""
        numbered = {"type": event["type"], "sequence_number": self._next, **event}
        self._next += 1
        data = json.dumps(numbered, ensure_ascii=False)
        return f"event: {event['type']}\ndata: {data}\n\n".encode()
