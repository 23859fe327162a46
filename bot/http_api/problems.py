"""What can go wrong, as the one envelope that clients get; no other place decides that.

    {"error": {"type", "code", "message", "param", "request_id"}}

Messages of our own errors name paths and commands of the server's owner: clients get others.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Literal

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request

from bot.errors import (
    AnswerNotFound,
    AnswerWithdrawn,
    BotError,
    ConversationNotFound,
    DatabaseUnusable,
    QuestionRefused,
)
from bot.work import DeadlineExceeded, QueueFull
from index.errors import (
    ArticleNotFound,
    BuildLocked,
    EncoderError,
    IndexingError,
    NoSnapshot,
    SnapshotError,
)

RETRY_AFTER_S = 1
ErrorType = Literal[
    "invalid_request_error",
    "authentication_error",
    "permission_error",
    "not_found_error",
    "conflict_error",
    "rate_limit_error",
    "timeout_error",
    "unavailable_error",
    "api_error",
]

logger = logging.getLogger(__name__)


class ErrorRecord(BaseModel):
    """What went wrong; `param` names the field, where one is to blame."""

    type: ErrorType
    code: str = Field(examples=["document_not_found"])
    message: str = Field(examples=["No document has this id."])
    param: str | None
    request_id: str = Field(examples=["req_5f0c7d9ab2e14c66"])


class Envelope(BaseModel):
    """Every error, from every endpoint."""

    error: ErrorRecord


@dataclass(frozen=True, slots=True)
class Problem:
    """A reply that is an error."""

    status: int
    type: ErrorType
    code: str
    message: str
    param: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def record(self, request_id: str) -> dict[str, object]:
        """Return the envelope's contents."""
        error = ErrorRecord(
            type=self.type,
            code=self.code,
            message=self.message,
            param=self.param,
            request_id=request_id,
        )
        return {"error": error.model_dump()}

    def response(self, request_id: str) -> JSONResponse:
        """Return the reply."""
        return JSONResponse(self.record(request_id), self.status, dict(self.headers))


class Refused(Exception):
    """Raised by routes where the request itself is to blame."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.message)


def request_id_of(request: Request) -> str:
    """Return the id of the request in hand."""
    return str(request.scope.get("citewire.request_id", ""))


async def answer_problem(request: Request, error: Exception) -> JSONResponse:
    """Return the reply to any error that a route raises."""
    problem = problem_of(error)
    if problem.status == HTTPStatus.METHOD_NOT_ALLOWED:
        # Starlette names the methods of one route; a path may have several.
        allowed = request.app.state.methods.get(getattr(request.scope.get("route"), "path", ""))
        problem = replace(problem, headers={"Allow": allowed} if allowed else problem.headers)
    return problem.response(request_id_of(request))


def problem_of(error: Exception) -> Problem:
    """Return what a client is told; what is our fault is logged."""
    if isinstance(error, Refused):
        return error.problem
    if isinstance(error, RequestValidationError):
        return _invalid(error)
    if isinstance(error, HTTPException):
        return _of_status(error)
    for family, problem in _FAMILIES:
        if isinstance(error, family):
            if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(
                error, (QueueFull, DeadlineExceeded)
            ):
                logger.warning("%s", error)
            return problem
    logger.error("An error that should not be", exc_info=error)
    return INTERNAL


INTERNAL = Problem(500, "api_error", "internal_error", "Something went wrong on our side.")
STOPPING = Problem(
    503, "unavailable_error", "stopping", "The server is stopping.", headers={"Retry-After": "1"}
)
_NOT_FOUND = Problem(404, "not_found_error", "document_not_found", "No document has this id.")
_RETRY = {"Retry-After": str(RETRY_AFTER_S)}
# The first that fits counts.
_FAMILIES: tuple[tuple[type[Exception], Problem], ...] = (
    (
        QuestionRefused,
        Problem(
            422,
            "invalid_request_error",
            "invalid_value",
            "The question is empty or too long; ask with 1 to 2000 characters.",
            "question",
        ),
    ),
    (ArticleNotFound, _NOT_FOUND),
    (
        AnswerNotFound,
        Problem(404, "not_found_error", "answer_not_found", "No saved answer has this id."),
    ),
    (
        AnswerWithdrawn,
        Problem(
            410, "not_found_error", "answer_withdrawn", "A document that it quotes was deleted."
        ),
    ),
    (
        ConversationNotFound,
        Problem(
            404,
            "not_found_error",
            "conversation_not_found",
            'There is no such conversation any more; begin one with "new".',
            "conversation_id",
        ),
    ),
    (
        DatabaseUnusable,
        Problem(503, "unavailable_error", "storage_unusable", "Nothing can be looked up now."),
    ),
    (
        QueueFull,
        Problem(
            503, "unavailable_error", "overloaded", "Too many questions at once.", headers=_RETRY
        ),
    ),
    (
        DeadlineExceeded,
        Problem(504, "timeout_error", "deadline_exceeded", "The answer took too long."),
    ),
    (
        NoSnapshot,
        Problem(
            503, "unavailable_error", "no_index", "There is no index to search yet.", headers=_RETRY
        ),
    ),
    (
        BuildLocked,
        Problem(
            409,
            "conflict_error",
            "build_in_progress",
            "The index is being built; try again when that is done.",
            headers=_RETRY,
        ),
    ),
    (
        SnapshotError,
        Problem(503, "unavailable_error", "index_unusable", "The index can't be read."),
    ),
    (
        EncoderError,
        Problem(503, "unavailable_error", "index_unusable", "The index's encoder can't be loaded."),
    ),
    (IndexingError, Problem(500, "api_error", "index_error", "The index could not be changed.")),
    (BotError, INTERNAL),
)

_STATUSES: Mapping[int, tuple[ErrorType, str, str]] = {
    400: ("invalid_request_error", "bad_request", "The body can't be read."),
    404: ("not_found_error", "unknown_endpoint", "There is no such endpoint."),
    405: ("invalid_request_error", "method_not_allowed", "The endpoint has no such method."),
    408: ("timeout_error", "request_timeout", "The request did not arrive in time."),
    413: ("invalid_request_error", "body_too_large", "The body is larger than is taken."),
    421: ("invalid_request_error", "unknown_host", "This server has another host name."),
    431: ("invalid_request_error", "headers_too_large", "The headers are larger than is taken."),
    503: ("unavailable_error", "overloaded", "Too many connections at once."),
}


def _of_status(error: HTTPException) -> Problem:
    known = _STATUSES.get(error.status_code)
    if known is None:
        return Problem(error.status_code, "invalid_request_error", "bad_request", "Bad request.")
    return Problem(error.status_code, *known, headers=dict(error.headers or {}))


def _invalid(error: RequestValidationError) -> Problem:
    """Return which field is wrong and why, never what it held."""
    first = error.errors()[0]
    return invalid(first["type"], first["loc"][1:], first["msg"])


def invalid(kind: str, place: Sequence[int | str], message: str) -> Problem:
    """Return what is wrong with a field, as pydantic tells it."""
    param = ".".join(map(str, place)) or None
    if kind == "json_invalid":
        return Problem(422, "invalid_request_error", "invalid_json", "The body is not valid JSON.")
    code = {"extra_forbidden": "unknown_field", "missing": "missing_field"}.get(
        kind, "invalid_value"
    )
    what = "there is no such field" if kind == "extra_forbidden" else message
    what = what.removeprefix("Value error, ").rstrip(".")
    if param is None and kind != "value_error":
        what += ". Send a JSON object as application/json"
    text = f"{param}: {what}." if param else f"{what[0].upper()}{what[1:]}."
    return Problem(422, "invalid_request_error", code, text, param)
