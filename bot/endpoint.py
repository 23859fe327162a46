"""Answers from another Citewire, over its HTTP endpoint: the same ones."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from pydantic import BaseModel, TypeAdapter, ValidationError

from bot.answer import Answer
from bot.answerer import MAX_QUESTION_CHARS, Question
from bot.contents import ArticleLine, Page
from bot.engine import KeepingEngine
from bot.errors import EndpointFailed, QuestionRefused
from bot.memory import Memory
from corpus.article import Article
from index.errors import ArticleNotFound
from index.retrieve import IndexInfo
from index.store import Filters

T = TypeVar("T")

# Longer than a server works on a question, unless it was told otherwise.
TIMEOUT_S = 60.0
_MAX_BYTES = 32 * 2**20
_NOT_FOUND = 404

_ANSWER = TypeAdapter(Answer)
_ARTICLE = TypeAdapter(Article)


class _Page(BaseModel):
    """`GET /v1/documents`."""

    data: tuple[ArticleLine, ...]
    index: IndexInfo


_PAGE = TypeAdapter(_Page)


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the key would go wherever it points."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Follow none."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A Citewire server; safe to share between threads.

    Attributes:
        url: Where, without `/v1`.
        key: The API key that it wants; None: it wants none.
        timeout_s: How long to wait for a reply.
    """

    url: str
    key: str | None
    timeout_s: float = TIMEOUT_S

    def get(self, path: str, shape: TypeAdapter[T]) -> T:
        """Return what is at `path`.

        Raises:
            EndpointFailed: The server does not give it, or something else.
        """
        return self._read(urllib.request.Request(self._at(path)), shape)  # noqa: S310  (settings)

    def post(self, path: str, body: Mapping[str, object], shape: TypeAdapter[T]) -> T:
        """Return the reply to a JSON body.

        Raises:
            EndpointFailed: The server gives none, or something else.
        """
        request = urllib.request.Request(  # noqa: S310  (likewise)
            self._at(path),
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        return self._read(request, shape)

    def _at(self, path: str) -> str:
        return self.url.rstrip("/") + path

    def _read(self, request: urllib.request.Request, shape: TypeAdapter[T]) -> T:
        if self.key is not None:
            request.add_unredirected_header("Authorization", f"Bearer {self.key}")
        opener = urllib.request.build_opener(_Stay)
        try:
            with opener.open(request, timeout=self.timeout_s) as reply:
                return shape.validate_json(reply.read(_MAX_BYTES))
        except urllib.error.HTTPError as error:
            with error:
                raise EndpointFailed(self.url, f"it replies {error.code}", error.code) from error
        except (OSError, HTTPException) as error:
            raise EndpointFailed(self.url, f"can't be reached ({_reason(error)})") from error
        except ValidationError as error:
            raise EndpointFailed(
                self.url, "what is there is no Citewire of this version"
            ) from error


class HttpEngine(KeepingEngine):
    """Asks an endpoint, which keeps nothing of what it is asked."""

    def __init__(
        self, endpoint: Endpoint, memory: Memory, answers_in: Callable[[str], Sequence[str]]
    ) -> None:
        """Prepare; nothing is asked yet."""
        super().__init__(memory, answers_in)
        self._endpoint = endpoint

    def answer(self, question: Question) -> Answer:
        """Return the answer to a question whose history is given."""
        text = question.text.strip()
        if not 1 <= len(text) <= MAX_QUESTION_CHARS:
            raise QuestionRefused(len(text), MAX_QUESTION_CHARS)
        body: dict[str, Any] = {
            "question": text,
            "history": [{"role": turn.role, "content": turn.content} for turn in question.history],
            "max_citations": question.max_citations,
            "save": False,
        }
        if question.filters:
            body["filters"] = _filters(question.filters)
        return self._endpoint.post("/v1/answer", body, _ANSWER)

    def article(self, document_id: str) -> Article:
        """Return an article; raise `ArticleNotFound` where there is none."""
        try:
            return self._endpoint.get(f"/v1/documents/{quote(document_id)}", _ARTICLE)
        except EndpointFailed as error:
            if error.status == _NOT_FOUND:
                raise ArticleNotFound(document_id) from error
            raise

    def page(self, after: str, limit: int) -> Page:
        """Return at most `limit` articles whose id comes after `after`, in the order of ids."""
        where = urlencode({"after": after, "limit": limit})
        page = self._endpoint.get(f"/v1/documents?{where}", _PAGE)
        return Page(page.data, page.index)


def _filters(filters: Filters) -> dict[str, object]:
    """Return them as `/v1/answer` takes them."""
    return {
        "published_after": filters.published_after and filters.published_after.isoformat(),
        "published_before": filters.published_before and filters.published_before.isoformat(),
        "sources": filters.sources,
        "document_ids": filters.document_ids,
    }


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return str(getattr(reason, "strerror", None) or reason)
