"""The overview of the snapshot that answers: made once for all who ask for it."""

import asyncio
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from bot.answer import Answer
from bot.live import Opened
from bot.overview import Overview, overview


class Overviews:
    """Holds the overview of the snapshot that was asked for last; use it from one event loop."""

    def __init__(self, asks: Callable[[Opened], Callable[[str], Answer]]) -> None:
        """Prepare; `asks` returns what answers questions from a snapshot."""
        self._asks = asks
        self._turn = asyncio.Lock()
        self._held: tuple[str, Overview] | None = None

    async def of(self, opened: Opened) -> Overview:
        """Return the overview of a snapshot; the first time all of its articles are read.

        That takes one thread, and none of those that answer questions, however many wait for it.
        """
        snapshot = opened.retriever.info.snapshot_id
        async with self._turn:
            if self._held is None or self._held[0] != snapshot:
                found = await asyncio.to_thread(overview, opened, self._asks(opened))
                self._held = (snapshot, found)
            return self._held[1]


def views_of(request: Request) -> Overviews:
    """Return the overviews of the application that the request came to."""
    views = request.app.state.views
    assert isinstance(views, Overviews)  # noqa: S101  (for the type checker; `create_app` set it)
    return views


TheViews = Annotated[Overviews, Depends(views_of)]
