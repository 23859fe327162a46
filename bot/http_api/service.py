"""What the routes work with, and how they come by it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from bot.answer import Answer
from bot.answerer import Answerer, Question
from bot.http_api.metrics import Metrics
from bot.live import Kept, Opened
from bot.memory import Memory
from bot.work import Work


@dataclass(frozen=True, slots=True)
class Service:
    """The parts behind the routes; `delete` takes an article out of the index for good."""

    answerer: Answerer
    kept: Kept
    work: Work
    memory: Memory
    metrics: Metrics
    delete: Callable[[str], object]

    def close(self) -> None:
        """End. Closing twice does nothing more."""
        self.work.close()
        self.memory.database.close()

    def answerer_of(self, opened: Opened, answer_id: str) -> Answerer:
        """Return what answers one question from one snapshot, under this id."""
        live = (opened.retriever, opened.notices)
        return replace(self.answerer, live=lambda: live, new_id=lambda: answer_id)

    def asks(self, opened: Opened) -> Callable[[str], Answer]:
        """Return what answers questions from one snapshot, and keeps none of them."""
        answerer = self.answerer_of(opened, "ans_example")
        return lambda text: answerer.ask(Question(text))


async def service_of(request: Request) -> Service:
    """Return the parts of the application that the request came to.

    No coroutine needs it, but FastAPI would run a plain function in a thread: two changes of
    threads a request, each of which waits for those that answer.
    """
    service = request.app.state.service
    assert isinstance(service, Service)  # noqa: S101  (for the type checker; `create_app` set it)
    return service


TheService = Annotated[Service, Depends(service_of)]
