"""`POST /v1/chat/completions` and `/v1/models`: as OpenAI's clients expect them.

What is asked is the last message of the user; those before it are the history. There is no language
model: settings of one (`temperature` and the like) are taken and change nothing. The answer object
comes along whole, as `citewire`; its citations are `url_citation` annotations as well.
"""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import Future
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from bot.answer import Answer, Citation
from bot.answerer import MAX_QUESTION_CHARS, Question
from bot.conversation import Turn
from bot.http_api.access import Reader, hold_stream
from bot.http_api.asking import Answered, begin, begin_stream, prepare
from bot.http_api.bodies import MAX_TURNS, NotText
from bot.http_api.events import in_order
from bot.http_api.problems import Problem, Refused, request_id_of
from bot.http_api.replies import KEY_ERRORS, errors
from bot.http_api.service import Service, TheService
from bot.http_api.streaming import EventStream, error_record, follow

MODEL = "citewire"
_USAGE = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
_DONE = b"data: [DONE]\n\n"

router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"])


class TextPart(BaseModel):
    """Text; other kinds of parts can't be searched with."""

    type: Literal["text"]
    text: str


class Message(BaseModel):
    """One message; those of `system`, `developer` and `tool` are passed over."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextPart] | None = None

    def text(self) -> str:
        """Return what it says."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class StreamOptions(BaseModel):
    """What else a stream tells."""

    include_usage: StrictBool = False


class ChatBody(BaseModel):
    """What is understood of a chat completion's request; all else is passed over."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": MODEL,
                    "messages": [{"role": "user", "content": "What does the Plover cost?"}],
                }
            ]
        }
    )

    model: str
    messages: Annotated[list[Message], Field(min_length=1)]
    stream: StrictBool | None = None
    stream_options: StreamOptions | None = None
    n: Annotated[int, Field(ge=1, le=1), NotText] | None = None

    def asked(self) -> Question:
        """Return the question.

        Raises:
            Refused: The last message is not the user's, or no question.
        """
        *before, last = self.messages
        text = last.text().strip()
        if last.role != "user" or not 1 <= len(text) <= MAX_QUESTION_CHARS:
            message = (
                f"The last message must be the user's, of 1 to {MAX_QUESTION_CHARS} characters."
            )
            raise Refused(
                Problem(422, "invalid_request_error", "invalid_value", message, "messages")
            )
        turns = [
            Turn(message.role, message.text())
            for message in before
            if message.role in {"user", "assistant"}
        ]
        return Question(text, tuple(turns[-MAX_TURNS:]))


class Model(BaseModel):
    """What answers."""

    id: str = MODEL
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "citewire"


class ModelList(BaseModel):
    """The one there is."""

    object: Literal["list"] = "list"
    data: list[Model]


@router.get("/models", responses=errors(*KEY_ERRORS))
async def list_models(_: Reader) -> ModelList:
    """List what answers."""
    return ModelList(data=[Model()])


@router.get("/models/{model}", responses=errors(*KEY_ERRORS, 404, 422))
async def read_model(model: Annotated[str, Path(max_length=200)], _: Reader) -> Model:
    """Return what answers."""
    _check_model(model)
    return Model()


@router.post(
    "/chat/completions",
    responses={
        200: {
            "description": "A chat completion; or, asked for a stream, its chunks.",
            "content": {"text/event-stream": {"schema": {"type": "object"}}},
        },
        **errors(*KEY_ERRORS, 400, 404, 408, 413, 422, 503, 504),
    },
    response_class=JSONResponse,
)
async def complete_chat(
    body: ChatBody, service: TheService, client: Reader, request: Request
) -> Response:
    """Answer the last message, with its citations as `url_citation` annotations."""
    _check_model(body.model)
    asked = await prepare(service, body.asked(), client.owner)
    base = str(request.base_url)
    if not body.stream:
        answered = await service.work.result(begin(service, asked))
        return JSONResponse(completion(answered, base))
    future, ended = begin_stream(service, asked, lambda: hold_stream(request, client))
    with_usage = body.stream_options is not None and body.stream_options.include_usage
    parts = _stream(future, service, base, with_usage=with_usage, request_id=request_id_of(request))
    return EventStream(parts, ended)


async def _stream(
    future: "Future[Answered]", service: Service, base: str, *, with_usage: bool, request_id: str
) -> AsyncIterator[bytes]:
    def failed(error: Exception) -> bytes:
        return _frame(error_record(error, request_id))

    def frames(answered: Answered) -> Iterator[bytes]:
        yield from map(_frame, chunks(answered, base, with_usage=with_usage))
        yield _DONE

    async for part in follow(future, service.work, frames, failed):
        yield part


def completion(answered: Answered, base: str) -> dict[str, object]:
    """Return an answer as a chat completion; `base` is the server's own URL."""
    answer = answered.answer
    message = {
        "role": "assistant",
        "content": answer.answer,
        "refusal": None,
        "annotations": [note for citation in answer.citations for note in _notes(citation, base)],
    }
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    head = _head(answer, "chat.completion")
    return {**head, "choices": [choice], "usage": _USAGE, "citewire": answered.record()}


def chunks(answered: Answered, base: str, *, with_usage: bool) -> Iterator[dict[str, object]]:
    """Yield an answer as the chunks of a chat completion.

    A citation's annotations come with the chunk that ends its sentence, or the later one that ends
    a better citation's; the answer object comes with the last choice.
    """
    head = _head(answered.answer, "chat.completion.chunk")

    def chunk(delta: Mapping[str, object], reason: str | None = None) -> dict[str, object]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return {**head, "choices": [choice]}

    yield chunk({"role": "assistant", "content": ""})
    notes: list[object] = []
    waiting, ended = list(answered.answer.citations), set[str]()
    for part in in_order(answered.answer):
        if isinstance(part, Citation):
            ended.add(part.id)
            while waiting and waiting[0].id in ended:
                notes += _notes(waiting.pop(0), base)
            continue
        delta: dict[str, object] = {"content": answered.answer.answer[part.start : part.end]}
        yield chunk(delta | ({"annotations": notes} if notes else {}))
        notes = []
    yield {**chunk({}, "stop"), "citewire": answered.record()}
    if with_usage:
        yield {**head, "choices": [], "usage": _USAGE}


def _head(answer: Answer, kind: str) -> dict[str, object]:
    return {
        "id": f"chatcmpl-{answer.id}",
        "object": kind,
        "created": answer.created_at,
        "model": MODEL,
    }


def _notes(citation: Citation, base: str) -> list[dict[str, object]]:
    """Return a citation as annotations, one for each part of the text that rests on it."""
    return [
        {
            "type": "url_citation",
            "url_citation": {
                "start_index": place.start_index,
                "end_index": place.end_index,
                "title": citation.document_title,
                "url": url_of(citation, base),
            },
        }
        for place in citation.annotations
    ]


def url_of(citation: Citation, base: str) -> str:
    """Return where the quote can be read: at its source, or at this server."""
    return citation.fragment_url or citation.url or document_url(citation.document_id, base)


def document_url(document_id: str, base: str) -> str:
    """Return where this server has a document."""
    return f"{base}v1/documents/{quote(document_id)}"


def _check_model(model: str) -> None:
    if model != MODEL:
        message = f"The only model is {MODEL}."
        raise Refused(Problem(404, "not_found_error", "model_not_found", message, "model"))


def _frame(record: Mapping[str, Any]) -> bytes:
    return f"data: {json.dumps(record, ensure_ascii=False)}\n\n".encode()
