"""Who asks, whether they may, and how often: what a route depends on before it does anything."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware

from bot.http_api.problems import Problem, Refused
from bot.http_api.rates import Allowance, Rates, Streams, network_of
from bot.keys import Key, Keys, Ring, Scope

_RING_S = 1.0
_BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="API key",
    description="Made by `citewire keys add`; needed once there is one.",
)


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks: `owner` is the id of their key, empty without one; `name` is what limits count."""

    owner: str
    name: str
    scope: Scope | None


class Gate:
    """Lets clients in. All but reading the keys happens on the event loop."""

    def __init__(
        self, keys: Keys, *, public_read: bool, rates: Rates, key_rates: Rates, streams: Streams
    ) -> None:
        """Prepare.

        Args:
            keys: Those that count are read anew every second.
            public_read: Reading needs no key even where there are some.
            rates: For each address that has no key.
            key_rates: For each key.
            streams: For each client.
        """
        self.keys, self._public_read = keys, public_read
        self._rates, self._key_rates, self.streams = rates, key_rates, streams
        self._ring, self._ring_until = Ring({}, needed=True), 0.0
        self._clock: Callable[[], float] = time.monotonic

    async def enter(
        self, request: Request, text: str | None, scope: Scope
    ) -> tuple[Client, Allowance | None]:
        """Return who asks and how they stand.

        Raises:
            Refused: They may not, or not so often.
            DatabaseUnusable: The keys can't be read.
        """
        address = network_of(request.client.host if request.client else "")
        ring = await self._current_ring()
        key = ring.find(text) if text and ring else None
        client = Client(key.id, key.id, key.scope) if key else Client("", address, None)
        allowance = self.spend(client)
        self._check(ring, text, key, scope)
        return client, allowance

    def spend(self, client: Client, cost: int = 1) -> Allowance | None:
        """Take requests off what a client may ask.

        Raises:
            Refused: It has asked too often.
        """
        rates = self._key_rates if client.scope else self._rates
        allowance = rates.spend(client.name, cost)
        if allowance is not None and not allowance.allowed:
            raise Refused(
                Problem(
                    429,
                    "rate_limit_error",
                    "rate_limited",
                    f"More than {allowance.limit} requests a minute.",
                    headers=allowance.headers(),
                )
            )
        return allowance

    def _check(self, ring: Ring, text: str | None, key: Key | None, scope: Scope) -> None:
        if scope == "read" and (not ring or (self._public_read and text is None)):
            return
        if text is None and ring:
            raise Refused(_NO_KEY)
        if key is None:
            raise Refused(_WRONG_KEY if ring else _NO_ADMIN)
        if scope == "admin" and key.scope != "admin":
            raise Refused(_NOT_ADMIN)

    async def _current_ring(self) -> Ring:
        if self._clock() >= self._ring_until:
            self._ring = await asyncio.to_thread(self.keys.ring)
            self._ring_until = self._clock() + _RING_S
        return self._ring


_CHALLENGE = {"WWW-Authenticate": "Bearer"}
_NO_KEY = Problem(
    401, "authentication_error", "key_missing", "Send an API key as a bearer token.",
    headers=_CHALLENGE,
)  # fmt: skip
_WRONG_KEY = Problem(
    401, "authentication_error", "key_invalid", "The API key is unknown or revoked.",
    headers=_CHALLENGE,
)  # fmt: skip
_NO_ADMIN = Problem(
    403, "permission_error", "admin_key_needed",
    "This needs an API key of the scope admin, and no key was made yet.",
)  # fmt: skip
_NOT_ADMIN = Problem(
    403, "permission_error", "admin_key_needed", "This needs an API key of the scope admin."
)

_WRONG_ORIGIN = Problem(
    403, "permission_error", "origin_not_allowed", "Pages of this origin may not ask that."
)
_TOO_MANY_STREAMS = Problem(
    429, "rate_limit_error", "too_many_streams", "Too many streams are open; let one end.",
    headers={"Retry-After": "1"},
)  # fmt: skip

_Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]


async def reader(request: Request, bearer: _Bearer) -> Client:
    """Return who asks, where they may read."""
    return await _enter(request, bearer, "read")


async def admin(request: Request, bearer: _Bearer) -> Client:
    """Return who asks, where they may change the index."""
    return await _enter(request, bearer, "admin")


async def _enter(
    request: Request, bearer: HTTPAuthorizationCredentials | None, scope: Scope
) -> Client:
    text = bearer.credentials if bearer else None
    client, allowance = await gate_of(request).enter(request, text, scope)
    if allowance is not None:
        request.scope["citewire.headers"] = allowance.headers()
    return client


def gate_of(request: Request) -> Gate:
    """Return the gate of the application that the request came to."""
    gate = request.app.state.gate
    assert isinstance(gate, Gate)  # noqa: S101  (for the type checker; `create_app` set it)
    return gate


class Cors(CORSMiddleware):
    """Lets in requests of other origins that are allowed; the rest get our envelope."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """Return what a browser asks for before a request of another origin.

        Raises:
            Refused: The origin, method or header is not allowed.
        """
        response = super().preflight_response(request_headers)
        if response.status_code != HTTPStatus.OK:
            raise Refused(_WRONG_ORIGIN)
        return response


def hold_stream(request: Request, client: Client) -> Callable[[], None]:
    """Count a stream of the client's; return what ends it.

    Raises:
        Refused: Too many are open.
    """
    streams = gate_of(request).streams
    if not streams.enter(client.name):
        raise Refused(_TOO_MANY_STREAMS)
    return lambda: streams.leave(client.name)


Reader = Annotated[Client, Depends(reader)]
Admin = Annotated[Client, Depends(admin)]
