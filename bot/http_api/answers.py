"""`POST /v1/answer`: one object, or its events."""

from collections.abc import AsyncIterator
from concurrent.futures import Future
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from bot.http_api import events
from bot.http_api.access import Reader, hold_stream
from bot.http_api.asking import Answered, FullAnswer, begin, begin_stream, prepare
from bot.http_api.bodies import AnswerBody, AskBody
from bot.http_api.problems import Problem, Refused, request_id_of
from bot.http_api.replies import KEY_ERRORS, errors
from bot.http_api.service import Service, TheService
from bot.http_api.streaming import EventStream, error_record, follow

router = APIRouter(prefix="/v1", tags=["answers"])


_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer object; or, asked for a stream, its events.",
        "links": {
            name: {"operationId": name, "parameters": {"answer_id": "$response.body#/id"}}
            for name in ("saved_answer", "rate_answer")
        },
        "content": {
            "text/event-stream": {
                "schema": {
                    "type": "object",
                    "properties": {"event": {"type": "string"}, "data": {"type": "string"}},
                },
            }
        },
    }
}


@router.post(
    "/answer",
    response_model=FullAnswer,
    responses={**_STREAM, **errors(*KEY_ERRORS, 400, 404, 408, 413, 422, 503, 504)},
)
async def answer(
    body: AnswerBody, service: TheService, client: Reader, request: Request
) -> Response:
    """Answer one question with cited, verbatim passages, or say that the documents don't.

    An abstention is a 200: its `citations` are the closest passages. The events of a stream are
    `answer.created`, `answer.retrieval.completed`, then `answer.text.delta` and
    `answer.citation.added` by turns, and `answer.completed` with the whole object, or `error`.
    """
    check_mode(body)
    asked = await prepare(service, body.asked(), client.owner, body.include, save=body.save)
    if not wants_stream(request, stream=body.stream):
        return JSONResponse((await service.work.result(begin(service, asked))).record())
    future, ended = begin_stream(service, asked, lambda: hold_stream(request, client))
    first = events.created(asked.answer_id, body.question, asked.question.conversation_id)
    return EventStream(_stream(future, service, first, request_id_of(request)), ended)


async def _stream(
    future: "Future[Answered]", service: Service, first: events.Event, request_id: str
) -> AsyncIterator[bytes]:
    framed = events.Framed()

    def failed(error: Exception) -> bytes:
        return framed.frame({"type": "error", **error_record(error, request_id)})

    yield framed.frame(first)
    async for part in follow(
        future, service.work, lambda done: map(framed.frame, events.rest(done)), failed
    ):
        yield part


def wants_stream(request: Request, *, stream: bool) -> bool:
    """Tell whether the client asks for events: in the body, or by what it accepts."""
    return stream or "text/event-stream" in request.headers.get("accept", "")


def check_mode(body: AskBody) -> None:
    """Refuse a mode that this server can't do.

    Raises:
        Refused: It is `llm`; there is no language model.
    """
    if body.mode == "llm":
        message = "This server has no language model; use auto or extractive."
        raise Refused(Problem(422, "invalid_request_error", "mode_unavailable", message, "mode"))
