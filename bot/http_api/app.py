"""The application: routes, error replies, and what wraps them."""

import importlib.metadata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from bot import wire
from bot.errors import BotError
from bot.http_api import answers, batches, documents, health, saved
from bot.http_api.outer import BodyLimits, Outer
from bot.http_api.problems import Refused, answer_problem
from bot.http_api.service import Service
from bot.http_api.work import DeadlineExceeded, QueueFull, Work
from bot.live import Watch
from bot.settings import Settings
from index.errors import IndexingError

_WATCH_S = 1.0
_FAMILIES = (
    Refused,
    RequestValidationError,
    HTTPException,
    QueueFull,
    DeadlineExceeded,
    BotError,
    IndexingError,
    Exception,
)


def build(settings: Settings) -> ASGIApp:
    """Return the application over the data folder that the settings name."""
    answerer, kept = wire.service(settings)
    work = Work(
        threads=settings.threads or wire.cores(),
        waiting=settings.queue,
        deadline_s=settings.deadline_s,
    )
    return create_app(Service(answerer, kept, work, wire.memory(settings)), settings)


def create_app(service: Service, settings: Settings) -> ASGIApp:
    """Return the application around these parts; they are closed when it shuts down."""
    app = FastAPI(
        title="Citewire",
        version=importlib.metadata.version("citewire"),
        description="Answers questions over articles with cited, verbatim passages.",
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.service = service
    for family in _FAMILIES:
        app.add_exception_handler(family, answer_problem)
    for routes in (answers, batches, saved, documents, health):
        app.include_router(routes.router)
    return Outer(app, BodyLimits(1024 * settings.max_body_kib, settings.read_timeout_s))


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Watch for new snapshots meanwhile; the first is opened without being asked for."""
    service: Service = app.state.service
    watch = Watch(service.kept, _WATCH_S)
    watch.start()
    try:
        yield
    finally:
        watch.stop()
        service.work.close()
        service.memory.database.close()
