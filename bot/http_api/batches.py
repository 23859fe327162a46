"""`POST /v1/answers:batch`: many questions in one request."""

import asyncio
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError

from bot.http_api.access import Reader, gate_of
from bot.http_api.answers import check_mode
from bot.http_api.asking import FullAnswer, begin, prepare
from bot.http_api.bodies import AskBody, BatchBody
from bot.http_api.problems import ErrorRecord, Refused, invalid, problem_of, request_id_of
from bot.http_api.replies import KEY_ERRORS, errors
from bot.http_api.service import Service, TheService

router = APIRouter(prefix="/v1", tags=["answers"])


class BatchItem(BaseModel):
    """The reply to one question of a batch: an answer, or an error, with its status."""

    index: int
    status: int
    answer: FullAnswer | None = None
    error: ErrorRecord | None = None


class BatchReply(BaseModel):
    """One reply a question, in their order."""

    object: Literal["list"] = "list"
    data: list[BatchItem]


@router.post(
    "/answers:batch", response_model=BatchReply, responses=errors(*KEY_ERRORS, 400, 408, 413, 422)
)
async def answer_batch(
    body: BatchBody, service: TheService, client: Reader, request: Request
) -> JSONResponse:
    """Answer up to 32 questions; one that can't be answered says why and stops no other."""
    gate_of(request).spend(client, len(body.requests) - 1)  # one was spent at the gate
    turns = asyncio.Semaphore(service.work.threads)  # one batch does not fill the queue

    async def item(number: int, wanted: dict[str, Any]) -> dict[str, object]:
        async with turns:
            try:
                answer = await _answer(service, wanted, client.owner)
            except Exception as error:  # noqa: BLE001  (an item's reply is made here)
                problem = problem_of(error)
                record = problem.record(request_id_of(request))
                return {"index": number, "status": problem.status, **record}
            return {"index": number, "status": 200, "answer": answer}

    data = await asyncio.gather(*(item(n, wanted) for n, wanted in enumerate(body.requests)))
    return JSONResponse({"object": "list", "data": data})


async def _answer(service: Service, wanted: dict[str, Any], owner: str) -> dict[str, object]:
    try:
        body = AskBody.model_validate(wanted)
    except ValidationError as error:
        first = error.errors()[0]
        raise Refused(invalid(first["type"], first["loc"], first["msg"])) from error
    check_mode(body)
    asked = await prepare(service, body.asked(), owner, body.include, save=body.save)
    return (await service.work.result(begin(service, asked))).record()
