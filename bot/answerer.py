"""Questions to answers: retrieve, select evidence, judge, cite, verify."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from time import perf_counter
from typing import Protocol

from bot.agreement import Told, find_agreeing, with_agreeing
from bot.answer import (
    Abstention,
    AbstentionReason,
    Annotation,
    Answer,
    Citation,
    Confidence,
    Conflict,
    Freshness,
    Notice,
)
from bot.citations import age_days, cite, newest_of, verify, write_answer, write_conflict
from bot.confidence import Signals, Weights, judge, kind_of, signals_of
from bot.conflicts import Disagreement, Sought, find_disagreement, leads, sought, with_both
from bot.conversation import Turn, complete
from bot.errors import QuestionRefused
from bot.evidence import Evidence, enough_for, rank, select, with_ages
from bot.headings import without_headings
from bot.matches import matched
from bot.presupposed import Presupposed, lacking
from bot.reading import PassageRead, read_best, read_of, reordered, titled
from bot.second_look import asks_two_things, elsewhere, with_other
from bot.short_answer import short_answer
from bot.sources import corroboration, documents, gathered, of_first
from bot.spelling import Speller
from corpus.article import Article
from index.lexical import terms_of
from index.reader import Reads
from index.retrieve import Retriever, SentenceHit, SentenceHits
from index.store import NO_FILTERS, Filters

MAX_QUESTION_CHARS = 2000
MAX_CITATIONS = 10
DEFAULT_CITATIONS = 3
# Passages whose sentences compete for the answer.
PASSAGES = 8
# Passages among whose sentences one may disagree with the answer.
RIVALS = 20
# A disagreement needs two citations, and so does a question about two things.
PAIR = 2
# As many are looked at, at most, where copies of one passage leave too few.
POOL = 40
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
        weights: How confidence is judged, by kind of index and whether there is a reader.
        reader: Reads the best passages; None: nothing does.
        threshold: The confidence below which it abstains, 0 to 1; that of `weights` when None.
        passages: How many passages' sentences compete for the answer.
        spells: Whether misspelt words of a question are put right.
    """

    live: Live
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    weights: Mapping[str, Weights]
    reader: Reads | None = None
    threshold: float | None = None
    passages: int = PASSAGES
    spells: bool = True

    def judged_by(self, retriever: Retriever) -> Weights:
        """Return how confidence is judged on an index, the threshold that was set put in."""
        late = retriever.tokens is not None
        weights = self.weights[kind_of(reader=self.reader is not None, late=late)]
        return weights if self.threshold is None else replace(weights, threshold=self.threshold)

    def ask(self, question: Question) -> Answer:
        """Return the answer, every citation verified, or an abstention with what comes closest.

        Raises:
            QuestionRefused: The question is blank or longer than `MAX_QUESTION_CHARS`.
            IndexingError: There is no index that can be read.
        """
        return self.consider(question)[0]

    def consider(self, question: Question) -> tuple[Answer, Signals | None]:
        """Return what `ask` does, and what its confidence rests on; None where nothing was found.

        Raises:
            QuestionRefused: As `ask`.
            IndexingError: As `ask`.
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
        return answer, draft.signals


class _Draft:
    """One answer in the making: what was found, and what is quoted of it."""

    def __init__(
        self, answerer: Answerer, retriever: Retriever, question: Question, text: str
    ) -> None:
        self._retriever, self._question, self._text = retriever, question, text
        self._now = answerer.now()
        completed = complete(text, question.history)
        if answerer.spells and retriever.spelling:
            completed = Speller(retriever.spelling, retriever.lexical).understood(completed)
        self._standalone, self._focus = completed.standalone, completed.focus
        self._articles: dict[str, Article] = {}
        self._cluster = cache(retriever.articles.cluster_id)
        self._terms = {term: retriever.lexical.weight(term) for term in terms_of(self._focus)}
        self._reader = answerer.reader
        wanted = sought(self._standalone)
        found, first = self._found(answerer.passages, RIVALS if wanted.kinds else 0)
        self._first = first
        ranked = with_ages(self._ranked(first), self._focus)
        self._reads = self._read(ranked)
        ranked = without_headings(reordered(ranked, self._reads), self._articles)
        leads_back = self._focus != self._standalone
        enough = enough_for(ranked, self._focus, leads_back=leads_back)
        self._evidence = select(ranked, first.weights, question.max_citations, enough=enough)
        self._disagreement: Disagreement | None = None
        if ranked and question.max_citations >= PAIR:
            self._add(wanted, ranked, found)
        self._missing = self._lacking(ranked[0]) if ranked else ()
        self.signals = signals_of(ranked[0], self._reads, self._missing) if ranked else None
        weights = answerer.judged_by(retriever)
        score = judge(self.signals, weights) if self.signals else 0.0
        self._confidence = Confidence(round(score, 4), weights.threshold, weights.calibrated)

    def _ranked(self, found: SentenceHits) -> list[Evidence]:
        """Return sentences, best first, what stands in several copies of a story once."""
        ranked = rank(found, self._articles, self._terms)
        return gathered(ranked, self._articles, self._cluster)

    def _read(self, ranked: Sequence[Evidence]) -> tuple[PassageRead, ...]:
        if self._reader is None:
            return ()
        return read_best(self._reader, self._focus, ranked, self._articles)

    def _add(self, wanted: Sought, ranked: Sequence[Evidence], found: SentenceHits) -> None:
        """Quote what more than one citation is for: the other thing, another side, or agreement."""
        limit, others = self._question.max_citations, ranked
        if states := leads(wanted, ranked):
            # Most sentences give no such value: they need not be ranked.
            stating = [one for one in found.sentences if wanted.may_be_in(self._text_of(one))]
            others = rank(replace(found, sentences=tuple(stating)), self._articles, self._terms)
            self._disagreement = find_disagreement(
                wanted, states, others, self._articles, self._independent
            )
        other = None
        if asks_two_things(self._focus):
            other = elsewhere(ranked, self._second_look(ranked[0]), self._independent)
            self._evidence = with_other(self._evidence, other, limit)
        if self._disagreement:
            self._evidence = with_both(self._evidence, self._disagreement, limit)
        elif other is None:
            self._evidence = self._seconded(wanted, others)

    def _seconded(self, wanted: Sought, others: Sequence[Evidence]) -> list[Evidence]:
        """Return the evidence, with a sentence that says the same in an independent article."""
        words = self._short_answer()
        told = Told(words, self._reading_of) if words else None
        found = find_agreeing(
            wanted, self._evidence[0], others, self._articles, self._independent, told=told
        )
        if found is None:
            return self._evidence
        return with_agreeing(self._evidence, found, self._question.max_citations)

    def _reading_of(self, evidence: Evidence) -> PassageRead:
        return read_of(evidence, self._reads) or self._read([evidence])[0]

    def _lacking(self, best: Evidence) -> tuple[Presupposed, ...]:
        article = self._articles[best.hit.passage.article_id]
        return lacking(self._standalone, titled(article, best.hit.passage), article.published_at)

    def _found(self, passages: int, least: int) -> tuple[SentenceHits, SentenceHits]:
        """Return the sentences of `least` passages or more, and those of the best of them.

        The best are `passages`, of which copies count once.
        """
        depth = max(passages, least)
        while True:
            found = self._search(self._standalone, self._focus, depth)
            kept, count = of_first(found.sentences, passages, self._articles, self._cluster)
            reached = len({sentence.hit.row for sentence in found.sentences})
            if count == passages or reached < depth or depth >= POOL:
                return found, replace(found, sentences=tuple(kept))
            depth *= 2

    def _second_look(self, best: Evidence) -> list[Evidence]:
        """Return what is found with the best sentence before the question, as far as both fit."""
        asked = f"{best.text} {self._standalone}"
        if not self._retriever.encoder.fits(asked):
            return []
        found = self._ranked(self._search(asked, self._standalone, PASSAGES))
        return without_headings(found, self._articles)

    def _search(self, question: str, focus: str, passages: int) -> SentenceHits:
        filters = self._question.filters
        found = self._retriever.search_sentences(question, passages, focus=focus, filters=filters)
        for sentence in found.sentences:
            name = sentence.hit.passage.article_id
            if name not in self._articles:
                self._articles[name] = self._retriever.articles.article(name)
        return found

    def _text_of(self, sentence: SentenceHit) -> str:
        article = self._articles[sentence.hit.passage.article_id]
        return article.text[sentence.span.start : sentence.span.end]

    def _independent(self, a: str, b: str) -> bool:
        return self._cluster(a) != self._cluster(b)

    def _conflicts(self, citations: Sequence[Citation]) -> tuple[Conflict, ...]:
        found = self._disagreement
        if found is None:
            return ()
        places = [evidence.place for evidence in self._evidence]
        sides = [citations[places.index(side.place)] for side in (found.first, found.second)]
        return (Conflict(found.values, (sides[0].id, sides[1].id), newest_of(sides)),)

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
            text, places = self._refusal(reason), []
        citations = self._cite(places)
        conflicts = () if reason else self._conflicts(citations)
        text = " ".join([text, *(write_conflict(conflict, citations) for conflict in conflicts)])
        listed = documents(citations, self._retriever.articles, self._question.filters)
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
            short_answer=None if reason else self._short_answer(),
            confidence=self._confidence,
            abstention=Abstention(reason, text, closest) if reason else None,
            citations=citations,
            documents=listed,
            corroboration=corroboration(listed),
            conflicts=conflicts,
            freshness=_freshness(citations, self._now),
            index=self._retriever.info,
            warnings=notices,
        )
        verify(answer, self._retriever.articles.article)
        verified = tuple(replace(citation, verified=True) for citation in citations)
        return replace(answer, citations=verified)

    def _refusal(self, reason: AbstentionReason) -> str:
        """Return the plain sentence that says why; a year or name that is unknown is named."""
        if reason == "insufficient_evidence" and self._missing:
            listed = " or ".join(one.text for one in self._missing)
            return f"{_MESSAGES[reason]} What comes closest says nothing about {listed}."
        return _MESSAGES[reason]

    def _short_answer(self) -> str | None:
        read = read_of(self._evidence[0], self._reads)
        return short_answer(self._standalone, read, self._evidence) if read else None

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
            replace(
                cite(
                    evidence,
                    number,
                    self._articles[evidence.hit.passage.article_id],
                    places[number - 1 : number],
                    self._now,
                ),
                matches=self._matches(evidence),
            )
            for number, evidence in enumerate(self._evidence, start=1)
        )

    def _matches(self, evidence: Evidence) -> tuple[Annotation, ...]:
        begins = len(self._standalone) - len(self._focus)
        tokens = self._retriever.token_matches(self._first, evidence.hit, evidence.text)
        return matched(self._standalone, begins, evidence.text, tokens)


def _freshness(citations: Sequence[Citation], now: datetime) -> Freshness:
    dates = [citation.published_at for citation in citations if citation.published_at]
    newest = max(dates, default=None)
    return Freshness(newest, age_days(newest, now))
