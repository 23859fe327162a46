"""`/healthz`, `/readyz` and `/metrics`."""

import asyncio

from fastapi import APIRouter, Response

from bot.http_api.access import Reader
from bot.http_api.metrics import CONTENT_TYPE
from bot.http_api.replies import KEY_ERRORS, Health, Readiness, errors
from bot.http_api.service import TheService

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> Health:
    """Tell that the process runs."""
    return Health()


@router.get("/readyz", responses=errors(503))
async def readyz(service: TheService) -> Readiness:
    """Tell which snapshot answers, or why none does."""
    opened = await asyncio.to_thread(service.kept.current)  # a full queue is no reason
    return Readiness(index=opened.retriever.info, warnings=list(opened.notices))


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}, **errors(*KEY_ERRORS)},
)
async def metrics(service: TheService, _: Reader) -> Response:
    """Tell Prometheus how this process does."""
    return Response(service.metrics.text(), headers={"Content-Type": CONTENT_TYPE})
