"""`POST /v1/search`, `GET /v1/documents`, `GET /v1/collection`: passages and articles."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from bot.http_api.access import Reader
from bot.http_api.bodies import SearchBody, filters_of
from bot.http_api.problems import Problem, Refused
from bot.http_api.replies import (
    KEY_ERRORS,
    Collection,
    DocumentPage,
    DocumentRecord,
    DocumentSummary,
    HitRecord,
    SearchReply,
    errors,
)
from bot.http_api.service import Service, TheService
from bot.http_api.views import TheViews
from bot.live import Opened
from bot.overview import Order, Overview
from corpus.article import Article
from index.retrieve import IndexInfo

MAX_PAGE = 200
DEFAULT_PAGE = 50
_MAX_ID_CHARS = 2000

router = APIRouter(prefix="/v1", tags=["documents"])

DocumentId = Annotated[
    str,
    Path(
        max_length=_MAX_ID_CHARS,
        description="may hold `/`",
        examples=["real/huawei-audi-mercedes-stake-talks.md"],
    ),
]


@router.post("/search", responses=errors(*KEY_ERRORS, 400, 408, 413, 422, 503, 504))
async def search(body: SearchBody, service: TheService, _: Reader) -> SearchReply:
    """Rank passages, or documents by their best passage, for a query."""
    return await service.work.run(lambda: _search(body, service))


def _search(body: SearchBody, service: Service) -> SearchReply:
    retriever = service.kept.current().retriever
    find = retriever.search_documents if body.by == "document" else retriever.search
    hits = find(body.query, body.k, filters=filters_of(body.filters))
    articles = retriever.articles
    records = [HitRecord.of(hit, articles.article(hit.passage.article_id)) for hit in hits]
    return SearchReply(query=body.query, hits=records, index=retriever.info)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which page of which documents."""

    after: Annotated[str, Query(max_length=_MAX_ID_CHARS, description="`next`, as given")] = ""
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE
    order: Annotated[
        Order, Query(description="documents without a date come last by `newest` and `oldest`")
    ] = "id"
    source: Annotated[
        str | None, Query(max_length=_MAX_ID_CHARS, description="an outlet, compared without case")
    ] = None


@router.get("/documents", responses=errors(*KEY_ERRORS, 404, 422, 503, 504))
async def list_documents(
    service: TheService, views: TheViews, _: Reader, wanted: Annotated[_Wanted, Depends()]
) -> DocumentPage:
    """List the documents, a page at a time.

    In the order of ids, what is added or removed between two pages moves nothing; in the others
    a page after a document that is gone is a 404.
    """
    if wanted.order == "id" and wanted.source is None:
        return await service.work.run(lambda: _page(service, wanted.after, wanted.limit))
    opened = await asyncio.to_thread(service.kept.current)
    view = await views.of(opened)
    return await service.work.run(lambda: _ordered(opened, view, wanted))


def _page(service: Service, after: str, limit: int) -> DocumentPage:
    opened = service.kept.current()
    info = opened.retriever.info
    return _page_of(opened.catalogue.page(after, limit + 1), limit, info.documents, info)


def _ordered(opened: Opened, view: Overview, wanted: _Wanted) -> DocumentPage:
    ids = view.page(wanted.order, wanted.after, wanted.limit + 1, wanted.source)
    found = [opened.catalogue.article(article_id) for article_id in ids]
    return _page_of(found, wanted.limit, view.count(wanted.source), opened.retriever.info)


def _page_of(found: Sequence[Article], limit: int, total: int, info: IndexInfo) -> DocumentPage:
    """Return a page of what was found, one more than fits where there is another page."""
    return DocumentPage(
        data=[DocumentSummary.of(article) for article in found[:limit]],
        next=found[limit - 1].id if len(found) > limit else None,
        total=total,
        index=info,
    )


@router.get("/collection", responses=errors(*KEY_ERRORS, 503))
async def collection(service: TheService, views: TheViews, _: Reader) -> Collection:
    """Tell what the documents cover, and some questions that they answer.

    The first time after a new snapshot all documents are read for it.
    """
    opened = await asyncio.to_thread(service.kept.current)
    view = await views.of(opened)
    return Collection.of(view, opened.retriever.info)


@router.get("/documents/{document_id:path}", responses=errors(*KEY_ERRORS, 404, 422, 503, 504))
async def read_document(
    document_id: DocumentId,
    service: TheService,
    _: Reader,
    revision: Annotated[
        str | None,
        Query(max_length=100, description="`sha256:…` of a citation: other text is a 404"),
    ] = None,
) -> DocumentRecord:
    """Return one document: citations are ranges of code points of its `text`."""
    return await service.work.run(lambda: _read(service, document_id, revision))


def _read(service: Service, document_id: str, revision: str | None) -> DocumentRecord:
    article = service.kept.current().catalogue.article(document_id)
    if revision not in {None, article.revision}:
        message = f"The document is now at revision {article.revision}."
        raise Refused(Problem(404, "not_found_error", "revision_not_found", message, "revision"))
    return DocumentRecord.of(article)
