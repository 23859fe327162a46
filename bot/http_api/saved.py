"""`GET /v1/answers/{id}` and its feedback."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from bot.answer import Answer
from bot.http_api.access import Reader
from bot.http_api.bodies import FeedbackBody
from bot.http_api.replies import KEY_ERRORS, FeedbackReply, errors
from bot.http_api.service import TheService

router = APIRouter(prefix="/v1/answers", tags=["answers"])

AnswerId = Annotated[str, Path(max_length=64, examples=["ans_5f0c7d9ab2e14c665f0c7d9a"])]


@router.get(
    "/{answer_id}", response_model=Answer, responses=errors(*KEY_ERRORS, 404, 410, 422, 503, 504)
)
async def saved_answer(answer_id: AnswerId, service: TheService, _: Reader) -> Response:
    """Return an answer as it was given; who has its id may read it."""
    record = await service.work.run(lambda: service.memory.answer(answer_id))
    return Response(record, media_type="application/json")


@router.post(
    "/{answer_id}/feedback", responses=errors(*KEY_ERRORS, 400, 404, 408, 410, 413, 422, 503, 504)
)
async def rate_answer(
    answer_id: AnswerId, body: FeedbackBody, service: TheService, client: Reader
) -> FeedbackReply:
    """Say what you think of an answer; the last word of each key counts."""
    feedback = body.feedback()
    await service.work.run(lambda: service.memory.rate(answer_id, feedback, client.owner))
    return FeedbackReply(
        answer_id=answer_id,
        rating=feedback.rating,
        reason=feedback.reason,
        comment=feedback.comment,
    )
