"""`POST /v1/answer`."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from bot.http_api.asking import FullAnswer, begin
from bot.http_api.bodies import AnswerBody, AskBody
from bot.http_api.problems import Problem, Refused
from bot.http_api.replies import errors
from bot.http_api.service import TheService

router = APIRouter(prefix="/v1", tags=["answers"])


@router.post("/answer", response_model=FullAnswer, responses=errors(400, 408, 413, 422, 503, 504))
async def answer(body: AnswerBody, service: TheService) -> JSONResponse:
    """Answer one question with cited, verbatim passages, or say that the documents don't.

    An abstention is a 200: its `citations` are the closest passages.
    """
    check_mode(body)
    future = begin(service, body.asked(), body.include, service.answerer.new_id())
    return JSONResponse((await service.work.result(future)).record())


def check_mode(body: AskBody) -> None:
    """Refuse a mode that this server can't do.

    Raises:
        Refused: It is `llm`; there is no language model.
    """
    if body.mode == "llm":
        message = "This server has no language model; use auto or extractive."
        raise Refused(Problem(422, "invalid_request_error", "mode_unavailable", message, "mode"))
