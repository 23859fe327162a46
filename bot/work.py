"""Questions to threads: so many at once, so many waiting, none for longer than the deadline."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class QueueFull(Exception):
    """Raised when as many questions wait as may, or when no more are taken as the process ends."""


class DeadlineExceeded(Exception):
    """Raised when work was not done in time; work that has begun goes on and still counts."""


class Work:
    """Runs functions in threads, off the event loop.

    What is given up on after the deadline, or because the client has gone, leaves the queue; if it
    runs already, it runs to its end and counts as running until then: threads can't be killed, and
    a server that forgot them would take on more than it can do.
    """

    def __init__(self, *, threads: int, waiting: int, deadline_s: float) -> None:
        """Prepare the threads; they start with the first work."""
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="citewire-work")
        self._lock = threading.Lock()
        self._most, self._taken = threads + waiting, 0
        self.threads, self._deadline_s = threads, deadline_s

    @property
    def taken(self) -> int:
        """Return how many are running or waiting now."""
        return self._taken

    async def run(self, function: Callable[[], T]) -> T:
        """Return what `function` returns.

        Raises:
            QueueFull: It was not begun.
            DeadlineExceeded: It took too long, waiting included.
        """
        return await self.result(self.submit(function))

    def submit(self, function: Callable[[], T]) -> "Future[T]":
        """Return the future of `function`, which waits its turn.

        Raises:
            QueueFull: It does not.
        """
        with self._lock:
            if self._taken >= self._most:
                raise QueueFull
            self._taken += 1
        try:
            future = self._pool.submit(function)
        except RuntimeError as error:  # closed: a last request came in while the server stops
            self._leave(None)
            raise QueueFull from error
        future.add_done_callback(self._leave)
        return future

    async def result(self, future: "Future[T]") -> T:
        """Return the result of what was submitted.

        Raises:
            DeadlineExceeded: It took too long.
        """
        try:
            async with asyncio.timeout(self._deadline_s):
                return await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise DeadlineExceeded from error

    def close(self) -> None:
        """Drop what waits; what runs is let run. Closing twice does nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _leave(self, _: object) -> None:
        with self._lock:
            self._taken -= 1
