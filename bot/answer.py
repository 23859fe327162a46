"""The answer object: the same at every door (ARCHITECTURE.md, section 5)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from index.retrieve import IndexInfo

AbstentionReason = Literal["no_evidence", "insufficient_evidence", "filtered_out", "empty_index"]


@dataclass(frozen=True, slots=True)
class Confidence:
    """How probable it is, 0 to 1, that the evidence answers the question; below `threshold` not."""

    score: float
    threshold: float
    calibrated: bool


@dataclass(frozen=True, slots=True)
class Abstention:
    """Why there is no answer; `closest` are the ids of the citations that come nearest."""

    reason: AbstentionReason
    message: str
    closest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Annotation:
    """A half-open range `[start_index, end_index)` of code points in the answer or in a quote."""

    start_index: int
    end_index: int


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim quote and where it stands.

    `[start_char_index, end_char_index)` counts code points in the text of the article revision
    `revision`; that slice is `cited_text`. `annotations` are where the answer says it. `matches`
    are the words of `cited_text`, counted from its beginning, that words of the question match:
    in order, not overlapping; none in answers of before there were any. `score` ranks the
    citations of one answer.
    """

    id: str
    number: int
    type: Literal["char_location"]
    document_id: str
    document_title: str
    url: str | None
    fragment_url: str | None
    source: str | None
    author: str | None
    published_at: datetime | None
    age_days: int | None
    cited_text: str
    start_char_index: int
    end_char_index: int
    revision: str
    annotations: tuple[Annotation, ...]
    matches: tuple[Annotation, ...] = field(default=(), kw_only=True)
    verified: bool
    score: float


@dataclass(frozen=True, slots=True)
class Document:
    """An article that is cited, or a copy of one that carries a quote of it.

    Those with one `cluster_id` are copies of one story.
    """

    id: str
    title: str
    url: str | None
    source: str | None
    published_at: datetime | None
    revision: str
    cluster_id: str


@dataclass(frozen=True, slots=True)
class Corroboration:
    """How many articles are listed, and how many of them are not copies of one another."""

    documents: int
    independent_sources: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """Different values for one thing, the citations that give them, and the newest of these.

    `values` stand in the quotes as they are here, one a citation, in the same order. `newest` is
    None where a side has no date, or both have the same.
    """

    values: tuple[str, ...]
    citation_ids: tuple[str, ...]
    newest: str | None


@dataclass(frozen=True, slots=True)
class Freshness:
    """When the newest cited article was published; None where no cited article has a date."""

    newest_published_at: datetime | None
    newest_age_days: int | None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a careful reader should know about an answer."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, or an abstention with the closest passages. `created_at` is in Unix seconds."""

    id: str
    object: Literal["answer"]
    created_at: int
    status: Literal["answered", "abstained"]
    mode: Literal["extractive", "llm"]
    model: str | None
    question: str
    standalone_question: str
    conversation_id: str | None
    answer: str
    short_answer: str | None
    confidence: Confidence
    abstention: Abstention | None
    citations: tuple[Citation, ...]
    documents: tuple[Document, ...]
    corroboration: Corroboration
    conflicts: tuple[Conflict, ...]
    freshness: Freshness
    index: IndexInfo
    warnings: tuple[Notice, ...]
