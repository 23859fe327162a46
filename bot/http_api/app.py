"""The application: routes, error replies, and what wraps them."""

import importlib.metadata
import importlib.util
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import ip_address
from time import monotonic
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp

from bot import wire
from bot.errors import BotError
from bot.http_api import admin, answers, batches, chat, docs, documents, health, page, saved
from bot.http_api.access import Cors, Gate
from bot.http_api.metrics import Metrics
from bot.http_api.outer import BodyLimits, Outer
from bot.http_api.problems import Refused, answer_problem
from bot.http_api.rates import RATE_HEADERS, Rates, Streams
from bot.http_api.service import Service
from bot.http_api.views import Overviews
from bot.keys import Keys
from bot.live import Watch
from bot.settings import Settings
from bot.work import DeadlineExceeded, QueueFull, Work
from index.build import Silent
from index.errors import IndexingError

if TYPE_CHECKING:
    from bot.http_api.mcp_tools import Door

WATCH_S = 1.0
_ROUTES = (answers, batches, saved, documents, admin, chat, health, docs, page)
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


def build(settings: Settings, ended: Callable[[], None]) -> ASGIApp:
    """Return the application over the data folder that the settings name."""
    return create_app(parts(settings), settings, ended)


def parts(settings: Settings) -> Service:
    """Return the parts over the data folder that the settings name."""
    answerer, kept = wire.service(settings)
    work = Work(
        threads=settings.threads or wire.cores(),
        waiting=settings.queue,
        deadline_s=settings.deadline_s,
    )
    return Service(
        answerer,
        kept,
        work,
        wire.memory(settings),
        Metrics(),
        lambda article_id: wire.delete_articles(settings, [article_id], Silent()),
    )


def create_app(
    service: Service, settings: Settings, ended: Callable[[], None] = lambda: None
) -> ASGIApp:
    """Return the application around these parts.

    They are closed when it shuts down, and then `ended` is called.
    """
    app = FastAPI(
        title="Citewire",
        version=importlib.metadata.version("citewire"),
        description="Answers questions over articles with cited, verbatim passages.",
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.service, app.state.ended = service, ended
    app.state.gate = _gate(service, settings)
    app.state.views = Overviews(service.asks)
    service.metrics.watch(service.kept, service.work)
    for family in _FAMILIES:
        app.add_exception_handler(family, answer_problem)
    for routes in _ROUTES:
        app.include_router(routes.router)
    app.state.methods = _methods()
    if importlib.util.find_spec("mcp"):
        app.state.mcp = _mount_mcp(app, service)
    if settings.origins:
        app.add_middleware(
            Cors,
            allow_origins=settings.origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=["X-Request-ID", "Retry-After", *RATE_HEADERS],
        )
    limits = BodyLimits(1024 * settings.max_body_kib, settings.read_timeout_s)
    return Outer(app, limits, service.metrics, _hosts(settings))


def _methods() -> dict[str, str]:
    """Return, for each path that a route has, the methods of all its routes."""
    found: dict[str, set[str]] = {}
    for routes in _ROUTES:
        for route in routes.router.routes:
            if isinstance(route, Route):
                found.setdefault(route.path, set()).update(route.methods or ())
    return {path: ", ".join(sorted(methods)) for path, methods in found.items()}


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach a host name or address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _mount_mcp(app: FastAPI, service: Service) -> "Door":
    """Serve `/mcp`: POST alone, since nothing is ever sent unasked."""
    from bot.http_api.mcp_tools import Door

    door = Door(service, app.state.gate)
    app.router.routes.append(Route("/mcp", door, methods=["POST"], include_in_schema=False))
    return door


def _gate(service: Service, settings: Settings) -> Gate:
    return Gate(
        Keys(service.memory.database, service.memory.now),
        public_read=settings.public_read,
        rates=Rates(settings.requests_per_minute, monotonic),
        key_rates=Rates(settings.key_requests_per_minute, monotonic),
        streams=Streams(settings.streams),
    )


def _hosts(settings: Settings) -> frozenset[str]:
    """Return the names to answer to: any, unless they are set or it is this machine alone.

    Behind a proxy the name is the proxy's.
    """
    if settings.hosts or settings.proxies or not is_loopback(settings.host):
        return frozenset(name.lower() for name in settings.hosts)
    return frozenset({"localhost", "127.0.0.1", "[::1]", settings.host.lower()})


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Watch for new snapshots meanwhile; the first is opened without being asked for."""
    service: Service = app.state.service
    watch = Watch(service.kept, WATCH_S)
    watch.start()
    try:
        async with AsyncExitStack() as stack:
            if door := getattr(app.state, "mcp", None):
                await stack.enter_async_context(door.running())
            yield
    finally:
        watch.stop()
        service.close()
        app.state.ended()
