"""`POST /v1/search`, `GET /v1/documents`: passages and articles."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from bot.http_api.access import Reader
from bot.http_api.bodies import SearchBody, filters_of
from bot.http_api.problems import Problem, Refused
from bot.http_api.replies import (
    KEY_ERRORS,
    DocumentPage,
    DocumentRecord,
    DocumentSummary,
    HitRecord,
    SearchReply,
    errors,
)
from bot.http_api.service import Service, TheService

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


@router.get("/documents", responses=errors(*KEY_ERRORS, 422, 503, 504))
async def list_documents(
    service: TheService,
    _: Reader,
    after: Annotated[str, Query(max_length=_MAX_ID_CHARS, description="`next`, as given")] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
) -> DocumentPage:
    """List the documents in the order of their ids, a page at a time."""
    return await service.work.run(lambda: _page(service, after, limit))


def _page(service: Service, after: str, limit: int) -> DocumentPage:
    opened = service.kept.current()
    found = opened.catalogue.page(after, limit + 1)
    info = opened.retriever.info
    return DocumentPage(
        data=[DocumentSummary.of(article) for article in found[:limit]],
        next=found[limit - 1].id if len(found) > limit else None,
        total=info.documents,
        index=info,
    )


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
