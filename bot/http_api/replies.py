"""Replies that are no answer: what `/docs` shows of them is what is sent."""

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel

from bot.answer import Notice
from bot.http_api.problems import Envelope
from bot.overview import Overview
from corpus.article import Article
from index.retrieve import Hit, IndexInfo

MAX_SOURCES = 200


class HitRecord(BaseModel):
    """A passage that was found: `text` is `[start, end)` of the document's text."""

    document_id: str
    document_title: str
    url: str | None
    source: str | None
    published_at: datetime | None
    revision: str
    start: int
    end: int
    text: str
    score: float

    @classmethod
    def of(cls, hit: Hit, article: Article) -> Self:
        """Return a hit and its article as one record."""
        return cls(
            document_id=article.id,
            document_title=article.title,
            url=article.url,
            source=article.source,
            published_at=article.published_at,
            revision=article.revision,
            start=hit.passage.start,
            end=hit.passage.end,
            text=article.text[hit.passage.start : hit.passage.end],
            score=round(hit.score, 6),
        )


class SearchReply(BaseModel):
    """Passages, best first."""

    object: Literal["search"] = "search"
    query: str
    hits: list[HitRecord]
    index: IndexInfo


class DocumentSummary(BaseModel):
    """An article without its text."""

    id: str
    title: str
    url: str | None
    source: str | None
    author: str | None
    published_at: datetime | None
    updated_at: datetime | None
    language: str | None
    revision: str

    @classmethod
    def of(cls, article: Article) -> Self:
        """Return an article as a record."""
        return cls.model_validate(article, from_attributes=True)


class DocumentRecord(DocumentSummary):
    """An article: citations are ranges of code points of its text."""

    object: Literal["document"] = "document"
    text: str


class DocumentPage(BaseModel):
    """Some documents, in the order asked for; `next` is the `after` of the next page."""

    object: Literal["list"] = "list"
    data: list[DocumentSummary]
    next: str | None
    total: int
    index: IndexInfo


class SourceRecord(BaseModel):
    """An outlet, and how many documents are from it."""

    name: str
    documents: int


class Collection(BaseModel):
    """What the documents cover: outlets with most documents first, and at most 200 of them."""

    object: Literal["collection"] = "collection"
    documents: int
    undated: int
    oldest_published_at: datetime | None
    newest_published_at: datetime | None
    sources: list[SourceRecord]
    sources_total: int
    examples: list[str]
    index: IndexInfo

    @classmethod
    def of(cls, view: Overview, info: IndexInfo) -> Self:
        """Return an overview as a record."""
        return cls(
            documents=len(view.ids),
            undated=view.undated,
            oldest_published_at=view.oldest,
            newest_published_at=view.newest,
            sources=[SourceRecord(name=n, documents=d) for n, d in view.sources[:MAX_SOURCES]],
            sources_total=len(view.sources),
            examples=list(view.examples),
            index=info,
        )


class FeedbackReply(BaseModel):
    """What was kept."""

    object: Literal["feedback"] = "feedback"
    answer_id: str
    rating: Literal["up", "down"]
    reason: str | None
    comment: str | None


class Health(BaseModel):
    """The process runs."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Questions can be answered, from this snapshot; `warnings` tell if it is not the newest."""

    status: Literal["ready"] = "ready"
    index: IndexInfo
    warnings: list[Notice]


KEY_ERRORS = (401, 429, 503)


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the error replies of an endpoint, for `/docs`, with those that any may give."""
    return {status: {"model": Envelope} for status in sorted({500, *statuses})}
