"""The tools of the Model Context Protocol: search and fetch as OpenAI's connectors want them.

The same tools are served at `/mcp` and, by `citewire mcp`, over a pipe. Each call stands for
itself: there are no sessions to keep, so any worker process can take it.
"""

import importlib.metadata
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import ToolAnnotations
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from bot.answerer import DEFAULT_CITATIONS, MAX_CITATIONS, MAX_QUESTION_CHARS, Question
from bot.http_api.access import Gate
from bot.http_api.asking import begin, prepare
from bot.http_api.chat import document_url
from bot.http_api.problems import problem_of
from bot.http_api.replies import DocumentSummary
from bot.http_api.service import Service
from corpus.article import Article

T = TypeVar("T")

_RESULTS = 10
_MAX_PAGE = 100
_INSTRUCTIONS = (
    "Answers over a collection of articles. `answer` gives verbatim quotes with their sources, or "
    "says that the articles hold no answer; `search` and `fetch` find and read articles."
)
_READ_ONLY = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
_Text = Annotated[str, Field(min_length=1, max_length=MAX_QUESTION_CHARS)]


class SearchResult(BaseModel):
    """An article that was found; `id` is what `fetch` takes."""

    id: str
    title: str
    url: str


class SearchResults(BaseModel):
    """Articles, best first."""

    results: list[SearchResult]


class Fetched(BaseModel):
    """An article, whole."""

    id: str
    title: str
    text: str
    url: str
    metadata: dict[str, str]


class SourceList(BaseModel):
    """Articles in the order of their ids; `next` is the `after` of the next page."""

    sources: list[DocumentSummary]
    next: str | None
    total: int


class Tools:
    """The tools; a call that can't be done says why in a sentence, as the HTTP errors do."""

    def __init__(self, service: Service) -> None:
        """Prepare."""
        self._service = service

    async def search(self, query: _Text, ctx: Context[Any, Any]) -> SearchResults:
        """Find articles about a query, best first."""

        def find() -> list[SearchResult]:
            retriever = self._service.kept.current().retriever
            hits = retriever.search_documents(query, _RESULTS)
            articles = [retriever.articles.article(hit.passage.article_id) for hit in hits]
            return [SearchResult(id=a.id, title=a.title, url=_url(a, ctx)) for a in articles]

        return SearchResults(results=await _told(lambda: self._service.work.run(find)))

    async def fetch(self, id: str, ctx: Context[Any, Any]) -> Fetched:  # noqa: A002  (the contract)
        """Read one article; `id` is as `search` gives it."""

        def read() -> Article:
            return self._service.kept.current().catalogue.article(id)

        article = await _told(lambda: self._service.work.run(read))
        return Fetched(
            id=article.id,
            title=article.title,
            text=article.text,
            url=_url(article, ctx),
            metadata=_metadata(article),
        )

    async def answer(
        self,
        question: _Text,
        max_citations: Annotated[int, Field(ge=1, le=MAX_CITATIONS)] = DEFAULT_CITATIONS,
    ) -> dict[str, Any]:
        """Answer a question with verbatim quotes, or say that the articles don't answer it."""

        async def ask() -> dict[str, Any]:
            wanted = Question(question, max_citations=max_citations)
            request = await prepare(self._service, wanted, "")
            return (await self._service.work.result(begin(self._service, request))).record()

        return await _told(ask)

    async def list_sources(
        self, after: str = "", limit: Annotated[int, Field(ge=1, le=_MAX_PAGE)] = _MAX_PAGE
    ) -> SourceList:
        """List the articles of the collection, a page at a time."""

        def page() -> SourceList:
            opened = self._service.kept.current()
            found = opened.catalogue.page(after, limit + 1)
            return SourceList(
                sources=[DocumentSummary.of(article) for article in found[:limit]],
                next=found[limit - 1].id if len(found) > limit else None,
                total=opened.retriever.info.documents,
            )

        return await _told(lambda: self._service.work.run(page))


def mcp_server(service: Service) -> MCPServer[Any]:
    """Return the server of the tools, over no transport yet."""
    # Below, it logs what it was asked.
    logging.getLogger("mcp").setLevel(logging.WARNING)
    server: MCPServer[Any] = MCPServer(
        "citewire", version=importlib.metadata.version("citewire"), instructions=_INSTRUCTIONS
    )
    tools = Tools(service)
    for tool in (tools.search, tools.fetch, tools.answer, tools.list_sources):
        server.add_tool(tool, annotations=_READ_ONLY)
    return server


class Door:
    """`/mcp`: an ASGI endpoint behind the same gate as all of `/v1`."""

    def __init__(self, service: Service, gate: Gate) -> None:
        """Prepare; it serves while it runs."""
        self._gate = gate
        server = mcp_server(service)
        # Hosts and bodies are checked before a request comes here.
        unchecked = TransportSecuritySettings(enable_dns_rebinding_protection=False)
        server.streamable_http_app(
            json_response=True, stateless_http=True, transport_security=unchecked
        )
        self._manager: StreamableHTTPSessionManager = server.session_manager

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve meanwhile."""
        async with self._manager.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope)
        kind, _, text = request.headers.get("authorization", "").partition(" ")
        key = text.strip() if kind.lower() == "bearer" else None
        _, allowance = await self._gate.enter(request, key, "read")
        if allowance is not None:
            scope["citewire.headers"] = allowance.headers()
        await self._manager.handle_request(scope, receive, send)


async def _told(work: Callable[[], Awaitable[T]]) -> T:
    """Return what `work` returns; an error becomes the sentence that a client is told."""
    try:
        return await work()
    except Exception as error:
        raise ToolError(problem_of(error).message) from error


def _url(article: Article, ctx: Context[Any, Any]) -> str:
    """Return where an article can be read: at its source, at this server, or by `fetch`."""
    if article.url:
        return article.url
    request = ctx.request_context.request
    if isinstance(request, Request):
        return document_url(article.id, str(request.base_url))
    return f"citewire:{quote(article.id)}"


def _metadata(article: Article) -> dict[str, str]:
    known = {
        "source": article.source,
        "author": article.author,
        "published_at": article.published_at and article.published_at.isoformat(),
        "language": article.language,
        "revision": article.revision,
    }
    return {name: value for name, value in known.items() if value}
