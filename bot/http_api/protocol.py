"""Sockets that send nothing, half a request or endless headers, or that don't read their reply."""

import asyncio
from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from bot.http_api.outer import refusal

MAX_HEAD_BYTES = 64 * 1024


class GuardedConfig(uvicorn.Config):
    """A configuration with the limits that uvicorn has no option for."""

    def __init__(
        self,
        app: Callable[[], ASGIApp],
        *,
        head_timeout_s: float,
        connections: int,
        **options: Any,  # noqa: ANN401
    ) -> None:
        """Prepare.

        Args:
            app: Makes the application.
            head_timeout_s: How long a request line and its headers may take, from the first byte
                or, on a new connection, from the handshake.
            connections: How many there may be at once.
            options: As uvicorn takes them.
        """
        self.head_timeout_s, self.connections = head_timeout_s, connections
        super().__init__(app, factory=True, http=GuardedProtocol, **options)


class GuardedProtocol(HttpToolsProtocol):
    """One connection, closed when the head of a request takes too long or is too large.

    It is also closed when a reply that fills the buffers is not read on for as long as that.
    """

    config: GuardedConfig
    _timer: asyncio.TimerHandle | None = None
    _stuck: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a head, unless there are too many connections."""
        super().connection_made(transport)
        if len(self.connections) > self.config.connections:
            self._refuse(503)
        else:
            self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._disarm()
        self._unstick()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what comes before the end of a head."""
        if self.transport.is_closing():
            return
        if self._timer is None and (self.cycle is None or self.cycle.response_complete):
            self._arm()
        if self._timer is not None:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._timer is not None and self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(431)

    def on_headers_complete(self) -> None:
        """Wait no longer: the head is whole."""
        self._disarm()
        super().on_headers_complete()

    def pause_writing(self) -> None:
        """Wait for the client to read on."""
        super().pause_writing()
        self._unstick()
        self._stuck = self.loop.call_later(self.config.head_timeout_s, self.transport.abort)

    def resume_writing(self) -> None:
        """Wait no longer: it did."""
        self._unstick()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, also one whose last reply was never read."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        super().timeout_keep_alive_handler()

    def shutdown(self) -> None:
        """End, at once where the rest of a request is still to come: nothing was begun for it."""
        super().shutdown()
        if self.cycle is not None and not self.cycle.response_complete and self.cycle.more_body:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Say in our envelope that this is no HTTP."""
        del msg
        self._refuse(400)

    def _arm(self) -> None:
        self._head_bytes = 0
        self._timer = self.loop.call_later(self.config.head_timeout_s, self._refuse, 408)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _unstick(self) -> None:
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

    def _refuse(self, status: int) -> None:
        """Reply, where no other reply is on its way, and close."""
        self._disarm()
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            reply = refusal(status)
            head = [STATUS_LINE[status], b"connection: close\r\n"]
            head += [name + b": " + value + b"\r\n" for name, value in reply.raw_headers]
            self.transport.write(b"".join([*head, b"\r\n", bytes(reply.body)]))
        self.transport.close()
