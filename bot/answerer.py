"""Questions to answers: retrieve, select evidence, judge, cite, verify."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from time import perf_counter
from typing import Protocol

from bot.answer import (
    Abstention,
    AbstentionReason,
    Annotation,
    Answer,
    Citation,
    Confidence,
    Corroboration,
    Document,
    Freshness,
    Notice,
)
from bot.citations import age_days, cite, verify, write_answer
from bot.confidence import CALIBRATED, THRESHOLD, judge
from bot.conversation import Turn, complete
from bot.errors import QuestionRefused
from bot.evidence import rank, select
from bot.sources import clusters
from corpus.article import Article
from index.lexical import terms_of
from index.retrieve import Retriever
from index.store import NO_FILTERS, Filters

MAX_QUESTION_CHARS = 2000
MAX_CITATIONS = 10
DEFAULT_CITATIONS = 3
# Passages whose sentences compete for the answer.
PASSAGES = 5
_MESSAGES: dict[AbstentionReason, str] = {
    "empty_index": "The index holds no articles.",
    "filtered_out": "No article passes the filters.",
    "no_evidence": "The articles hold nothing on this question.",
    "insufficient_evidence": "The articles do not seem to answer this question.",
}

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    `history` is the conversation so far, oldest first; `max_citations` is from 1 to 10.
    """

    text: str
    history: tuple[Turn, ...] = ()
    conversation_id: str | None = None
    max_citations: int = DEFAULT_CITATIONS
    filters: Filters = NO_FILTERS


class Live(Protocol):
    """Where answers come from: whatever index is live at the moment of the question."""

    def __call__(self) -> tuple[Retriever, tuple[Notice, ...]]:
        """Return what searches now, and what a careful reader should know about it."""


@dataclass(frozen=True, slots=True)
class Answerer:
    """Answers questions; safe to share between threads.

    Attributes:
        live: Gives the retriever of each question.
        now: The clock, timezone-aware UTC.
        new_id: Makes the id of a new answer.
        threshold: The confidence below which it abstains, 0 to 1.
        passages: How many passages' sentences compete for the answer.
    """

    live: Live
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    threshold: float = THRESHOLD
    passages: int = PASSAGES

    def ask(self, question: Question) -> Answer:
        """Return the answer, every citation verified, or an abstention with what comes closest.

        Raises:
            QuestionRefused: The question is blank or longer than `MAX_QUESTION_CHARS`.
            IndexingError: There is no index that can be read.
        """
        began = perf_counter()
        text = question.text.strip()
        if not 1 <= len(text) <= MAX_QUESTION_CHARS:
            raise QuestionRefused(len(text), MAX_QUESTION_CHARS)
        retriever, notices = self.live()
        draft = _Draft(self, retriever, question, text)
        answer = draft.finish(self.new_id(), (*notices, *draft.notices()))
        logger.info(
            "%s %s %.0f ms, confidence %.2f",
            answer.id, answer.status, 1000 * (perf_counter() - began), answer.confidence.score,
        )  # fmt: skip
        return answer


class _Draft:
    """One answer in the making: what was found, and what is quoted of it."""

    def __init__(
        self, answerer: Answerer, retriever: Retriever, question: Question, text: str
    ) -> None:
        self._retriever, self._question, self._text = retriever, question, text
        self._now = answerer.now()
        completed = complete(text, question.history)
        self._standalone = completed.standalone
        found = retriever.search_sentences(
            self._standalone, answerer.passages, filters=question.filters
        )
        self._articles = {
            article_id: retriever.articles.article(article_id)
            for article_id in dict.fromkeys(hit.hit.passage.article_id for hit in found)
        }
        weights = {term: retriever.lexical.weight(term) for term in terms_of(completed.focus)}
        ranked = rank(found, self._articles, weights)
        self._evidence = select(ranked, question.max_citations)
        score = judge(ranked[0]) if ranked else 0.0
        self._confidence = Confidence(round(score, 4), answerer.threshold, CALIBRATED)

    def notices(self) -> tuple[Notice, ...]:
        """Return what the asker should know about the question itself."""
        if self._retriever.encoder.fits(self._standalone):
            return ()
        message = "The question is longer than the encoder's window; its end counts by words only."
        return (Notice("question_truncated", message),)

    def finish(self, answer_id: str, notices: tuple[Notice, ...]) -> Answer:
        """Return the answer, verified."""
        reason = self._reason_to_abstain()
        if reason is None:
            text, places = write_answer(self._evidence)
        else:
            text, places = _MESSAGES[reason], []
        citations = self._cite(places)
        cited = dict.fromkeys(citation.document_id for citation in citations)
        documents = _documents([self._articles[article_id] for article_id in cited])
        closest = tuple(citation.id for citation in citations)
        answer = Answer(
            id=answer_id,
            object="answer",
            created_at=int(self._now.timestamp()),
            status="abstained" if reason else "answered",
            mode="extractive",
            model=None,
            question=self._text,
            standalone_question=self._standalone,
            conversation_id=self._question.conversation_id,
            answer=text,
            short_answer=None,
            confidence=self._confidence,
            abstention=Abstention(reason, text, closest) if reason else None,
            citations=citations,
            documents=documents,
            corroboration=_corroboration(documents),
            conflicts=(),
            freshness=_freshness(documents, self._now),
            index=self._retriever.info,
            warnings=notices,
        )
        verify(answer, self._retriever.articles.article)
        verified = tuple(replace(citation, verified=True) for citation in citations)
        return replace(answer, citations=verified)

    def _reason_to_abstain(self) -> AbstentionReason | None:
        if self._retriever.info.documents == 0:
            return "empty_index"
        if not self._evidence:
            return "filtered_out" if self._question.filters else "no_evidence"
        confidence = self._confidence
        return None if confidence.score >= confidence.threshold else "insufficient_evidence"

    def _cite(self, places: Sequence[Annotation]) -> tuple[Citation, ...]:
        """Return the citations; `places` is empty where the answer quotes nothing."""
        return tuple(
            cite(
                evidence,
                number,
                self._articles[evidence.hit.passage.article_id],
                places[number - 1 : number],
                self._now,
            )
            for number, evidence in enumerate(self._evidence, start=1)
        )


def _documents(articles: Sequence[Article]) -> tuple[Document, ...]:
    cluster = clusters(articles)
    return tuple(
        Document(
            id=article.id,
            title=article.title,
            url=article.url,
            source=article.source,
            published_at=article.published_at,
            revision=article.revision,
            cluster_id=cluster[article.id],
        )
        for article in articles
    )


def _corroboration(documents: Sequence[Document]) -> Corroboration:
    return Corroboration(len(documents), len({document.cluster_id for document in documents}))


def _freshness(documents: Sequence[Document], now: datetime) -> Freshness:
    dates = [document.published_at for document in documents if document.published_at]
    newest = max(dates, default=None)
    return Freshness(newest, age_days(newest, now))
