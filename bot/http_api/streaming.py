"""Replies that are streams: a future's events, with comments while it is waited for."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from bot.http_api.asking import Answered
from bot.http_api.problems import problem_of
from bot.work import Work

PING_S = 15.0
_PING = b": ping\n\n"
_HEADERS = {
    "X-Accel-Buffering": "no"  # nginx would hold the events back
}


class EventStream(StreamingResponse):
    """Sends bytes as they come; `ended` is called once, however it ends."""

    def __init__(self, parts: AsyncIterator[bytes], ended: Callable[[], None]) -> None:
        """Prepare."""
        super().__init__(parts, media_type="text/event-stream", headers=_HEADERS)
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._ended()


async def follow(
    future: "Future[Answered]",
    work: Work,
    events: Callable[[Answered], Iterator[bytes]],
    failed: Callable[[Exception], bytes],
    *,
    ping_s: float = PING_S,
) -> AsyncIterator[bytes]:
    """Yield the events of an answer, comments until it is there, or one event that says why not.

    A client that leaves cancels this, and what it waits for leaves the queue.
    """
    waiting = asyncio.ensure_future(work.result(future))
    try:
        while not (await asyncio.wait({waiting}, timeout=ping_s))[0]:
            yield _PING
        answered = waiting.result()
    except Exception as error:  # noqa: BLE001  (the reply has begun: this is where it is told)
        yield failed(error)
        return
    finally:
        waiting.cancel()
    for part in events(answered):
        yield part
        await asyncio.sleep(0)  # others' turn: a transport that takes all bytes never waits


def error_record(error: Exception, request_id: str) -> dict[str, object]:
    """Return the envelope's contents for an error after the reply has begun."""
    return problem_of(error).record(request_id)
