"""What wraps every request: its id, headers, log line, the body's limits, the last resort."""

import asyncio
import logging
import re
import secrets
from collections.abc import MutableMapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.http_api.metrics import Metrics
from bot.http_api.problems import STOPPING, Problem, problem_of

_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PORT = re.compile(r":\d*$")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """How large a request's body may be, and how long all of it may take to arrive."""

    max_bytes: int
    timeout_s: float


class Outer:
    """An ASGI application around another."""

    def __init__(
        self, inner: ASGIApp, limits: BodyLimits, metrics: Metrics, hosts: frozenset[str]
    ) -> None:
        """Wrap `inner`.

        Args:
            inner: What replies.
            limits: To the bodies of requests.
            metrics: Told of each request.
            hosts: The names that it answers to; any when there are none.
        """
        self._inner, self._limits, self._metrics, self._hosts = inner, limits, metrics, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; what is not HTTP goes through untouched."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        scope["citewire.request_id"] = _request_id(Headers(scope=scope))
        reply = _Reply(send, scope)
        began = perf_counter()
        try:
            await self._serve(scope, _Body(receive, self._limits), reply)
        finally:
            seconds, route = perf_counter() - began, route_of(scope)
            self._metrics.request(scope["method"], route, reply.status, seconds)
            logger.info(
                "%s %s %s %.0f ms %s",
                scope["method"], route, reply.status, 1000 * seconds, scope["citewire.request_id"],
            )  # fmt: skip

    async def _serve(self, scope: Scope, body: "_Body", reply: "_Reply") -> None:
        try:
            headers = Headers(scope=scope)
            self._check_host(headers)
            body.check(headers)
            await self._inner(scope, body.receive, reply.send)
        except asyncio.CancelledError:
            # Only a server that ends cancels a request, and nothing is left to be cancelled then.
            if reply.status:
                raise
            await _send_problem(STOPPING, scope, body, reply)
        except Exception as error:
            if reply.finished:  # Starlette raises again what it has replied to
                return
            if reply.status:  # too late to say so: uvicorn cuts the connection short
                raise
            await _send_problem(problem_of(error), scope, body, reply)

    def _check_host(self, headers: Headers) -> None:
        """Refuse a name that is not ours.

        A page on the web may have its own name point to this machine, and then read the replies.
        """
        name = _PORT.sub("", headers.get("host", "")).lower()
        if self._hosts and name not in self._hosts:
            raise HTTPException(421)


class _Reply:
    """Sends, with the headers that every reply has."""

    def __init__(self, send: Send, scope: Scope) -> None:
        self._send, self._scope = send, scope
        self.status, self.finished = 0, False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers.update(self._scope.get("citewire.headers", {}))
            headers["X-Request-ID"] = self._scope["citewire.request_id"]
        await self._send(message)
        if message["type"] == "http.response.body":
            self.finished = not message.get("more_body", False)


class _Body:
    """Receives, and counts while it does."""

    def __init__(self, receive: Receive, limits: BodyLimits) -> None:
        self._receive, self._limits = receive, limits
        self._bytes, self._whole = 0, False
        self._until: float | None = None

    def check(self, headers: Headers) -> None:
        """Refuse a body that says itself that it is too large."""
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > self._limits.max_bytes:
            raise HTTPException(413)

    async def receive(self) -> Message:
        if self._whole:  # only the client's leaving is still to come, whenever that is
            return await self._receive()
        now = asyncio.get_running_loop().time()
        self._until = self._until or now + self._limits.timeout_s
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError as error:
            raise HTTPException(408, headers={"Connection": "close"}) from error
        self._bytes += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._bytes > self._limits.max_bytes:
            raise HTTPException(413, headers={"Connection": "close"})
        return message


async def _send_problem(problem: Problem, scope: Scope, body: _Body, reply: _Reply) -> None:
    response = problem.response(scope["citewire.request_id"])
    await response(scope, body.receive, reply.send)


def route_of(scope: MutableMapping[str, Any]) -> str:
    """Return the path as the route has it: ids, and what a stranger made up, are in no log."""
    return str(getattr(scope.get("route"), "path", "(none)"))


def refusal(problem_status: int) -> JSONResponse:
    """Return the reply of a status that no request is behind."""
    request_id = _new_id()
    reply = problem_of(HTTPException(problem_status)).response(request_id)
    reply.headers.update({**_HEADERS, "X-Request-ID": request_id})
    return reply


def _request_id(headers: Headers) -> str:
    """Return the id that a proxy gave, where it is harmless, or a new one."""
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else _new_id()


def _new_id() -> str:
    return f"req_{secrets.token_hex(8)}"
