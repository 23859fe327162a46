"""What came back for the questions, to outcomes with scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.answer import Answer
from corpus.article import Article, Passage
from evals import metrics
from evals.cases import Case
from evals.costs import Times
from evals.runs import DIGITS, Outcome, Quote
from index.retrieve import ArticleReader
from index.store import Filters

KEPT_DOCUMENTS = 10


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for one question, before it is scored.

    `answer` is None where none was wanted or, then with a `fault`, where none could be given.
    `documents` and `passages` are what a search found, best first; `times` is what the answer took.
    """

    case: Case
    answer: Answer | None
    fault: str | None
    standalone: str
    documents: tuple[str, ...]
    passages: tuple[Passage, ...]
    times: Times


def outcomes_of(
    replies: Sequence[Reply], articles: Mapping[str, Article], indexed: ArticleReader
) -> tuple[Outcome, ...]:
    """Return the outcomes of all questions, in order.

    A passage is relevant when it shares a character with a gold span.

    Args:
        replies: What came back.
        articles: The articles as they were read, by id: citations are held against them.
        indexed: The articles of the index, for the passages that they were split into.
    """
    documents = metrics.retrieval_scores(
        {reply.case.id: reply.case.relevant_documents() for reply in replies},
        {reply.case.id: reply.documents for reply in replies},
    )
    passages = metrics.retrieval_scores(
        {reply.case.id: _relevant_passages(reply.case, indexed) for reply in replies},
        {reply.case.id: [_place(passage) for passage in reply.passages] for reply in replies},
    )
    outcomes = []
    for reply in replies:
        name = reply.case.id
        scores = {f"document_{key}": value for key, value in documents.get(name, {}).items()}
        scores |= {f"passage_{key}": value for key, value in passages.get(name, {}).items()}
        if reply.answer:
            scores |= _answer_scores(reply.case, reply.answer, articles)
        elif reply.fault:
            scores["citation_exactness"] = 0.0
        # Rounded here, so that a run and what was written of it are equal.
        scores = {measure: round(value, DIGITS) for measure, value in scores.items()}
        outcomes.append(_outcome(reply, scores, articles))
    return tuple(outcomes)


def _answer_scores(case: Case, answer: Answer, articles: Mapping[str, Article]) -> dict[str, float]:
    """Return the scores of an answer that apply to the question."""
    refused = answer.status == "abstained"
    scores = {}
    if answer.citations:
        scores["citation_exactness"] = metrics.citation_exactness(answer, articles)
    if refused:
        scores["refusal_precision"] = float(not case.answerable)
    if not case.answerable:
        return scores | {"refusal_recall": float(refused)}
    scores |= {
        "evidence_first": metrics.evidence_first(case, answer),
        "evidence_anywhere": metrics.evidence_anywhere(case, answer),
        "answered_with_evidence": metrics.answered_with_evidence(case, answer),
        "citation_precision": metrics.citation_precision(case, answer),
        "answer_rate": float(not refused),
    }
    if case.answers:
        scores["answer_found"] = metrics.answer_found(case, answer)
        if not refused:
            scores["short_answer_shown"] = float(answer.short_answer is not None)
        if answer.short_answer is not None:
            scores["short_answer_exact"] = metrics.short_answer_exact(case, answer)
            scores["short_answer_f1"] = metrics.short_answer_f1(case, answer)
    return scores


def _outcome(reply: Reply, scores: Mapping[str, float], articles: Mapping[str, Article]) -> Outcome:
    case, answer = reply.case, reply.answer
    return Outcome(
        id=case.id,
        digest=case.digest,
        kind=case.kind,
        tags=case.tags,
        why=case.why,
        question=case.text,
        standalone=reply.standalone,
        answerable=case.answerable,
        gold=tuple(
            Quote(g.document_id, g.start, g.end, articles[g.document_id].text[g.start : g.end])
            for g in case.gold
        ),
        expected=case.answers,
        note=case.note,
        answered=answer.status == "answered" if answer else None,
        confidence=answer.confidence.score if answer else None,
        answer=answer.answer if answer else "",
        citations=_citations(case, answer) if answer else (),
        documents=reply.documents[:KEPT_DOCUMENTS],
        fault=reply.fault,
        scores=scores,
    )


def _citations(case: Case, answer: Answer) -> tuple[Quote, ...]:
    return tuple(
        Quote(
            cited.document_id,
            cited.start_char_index,
            cited.end_char_index,
            cited.cited_text,
            metrics.is_gold(cited, case.gold),
        )
        for cited in answer.citations
    )


def _relevant_passages(case: Case, indexed: ArticleReader) -> dict[str, int]:
    if not case.gold:
        return {}
    documents = tuple(dict.fromkeys(gold.document_id for gold in case.gold))
    rows = indexed.matching_rows(Filters(document_ids=documents))
    return {
        _place(passage): 1
        for passage in indexed.passages(rows)
        if any(
            passage.article_id == gold.document_id
            and passage.start < gold.end
            and gold.start < passage.end
            for gold in case.gold
        )
    }


def _place(passage: Passage) -> str:
    return f"{passage.article_id} [{passage.start}, {passage.end})"
