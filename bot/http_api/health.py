"""`/healthz` and `/readyz`."""

from fastapi import APIRouter

from bot.http_api.replies import Health, Readiness, errors
from bot.http_api.service import TheService

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> Health:
    """Tell that the process runs."""
    return Health()


@router.get("/readyz", responses=errors(503, 504))
async def readyz(service: TheService) -> Readiness:
    """Tell which snapshot answers, or why none does."""
    opened = await service.work.run(service.kept.current)
    return Readiness(index=opened.retriever.info)
