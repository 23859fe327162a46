"""The questions that went wrong: how, which is worst, and where in the articles to look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from bot.conversation import Turn
from corpus.article import Article
from evals.cases import Case
from evals.runs import Outcome, Quote

CONTEXT_CHARS = 220
_SCRAP_CHARS = 60
_OPENING_CHARS = 320
_SHOWN_DOCUMENTS = 5


class Fault(StrEnum):
    """How a question went wrong; the worst first."""

    BROKEN = "a citation did not hold"
    UNFOUNDED = "answered, not in the articles"
    WRONG = "answered, wrong evidence first"
    PARTIAL = "answered, evidence incomplete"
    LOST = "refused, evidence not first"
    SHY = "refused, had the evidence first"
    UNFOUND = "no relevant article found"
    LATE = "relevant article not first"


_ORDER = {fault: place for place, fault in enumerate(Fault)}
# Of two wrong answers the more confident one is worse, of two refusals the less confident one.
_CONFIDENT_IS_WORSE = {Fault.BROKEN, Fault.UNFOUNDED, Fault.WRONG, Fault.PARTIAL}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of an excerpt, whether it is gold, and by which citation, from 1, or 0 for none."""

    text: str
    gold: bool = False
    cited: int = 0


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Text of one article around quotes; `before` and `after` tell whether it goes on there."""

    article: Article
    pieces: tuple[Piece, ...]
    before: bool
    after: bool


@dataclass(frozen=True, slots=True)
class Document:
    """An article that was found, at `rank` from 1, or that should have been, with its opening.

    `rank` is None where it is not among those that a run keeps.
    """

    id: str
    title: str
    opening: str
    rank: int | None
    relevant: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """A question that went wrong and what is needed to see why.

    `excerpts` is empty where only documents are judged, `documents` where answers are.
    """

    outcome: Outcome
    fault: Fault
    history: tuple[Turn, ...]
    excerpts: tuple[Excerpt, ...]
    documents: tuple[Document, ...]


def fault_of(outcome: Outcome) -> Fault | None:
    """Return how a question went wrong, None where it went right.

    An answer is right when it has a citation for every group of gold and the first one is gold;
    a search when a relevant article comes first.
    """
    scores = outcome.scores
    if outcome.fault or scores.get("citation_exactness", 1.0) < 1:
        return Fault.BROKEN
    if outcome.answered is None:
        return _search_fault(scores)
    if not outcome.answerable:
        return Fault.UNFOUNDED if outcome.answered else None
    first = scores.get("evidence_first", 0.0) > 0
    if not outcome.answered:
        return Fault.SHY if first else Fault.LOST
    whole = scores.get("evidence_anywhere", 0.0) > 0
    return (None if whole else Fault.PARTIAL) if first else Fault.WRONG


def failures_of(
    outcomes: Sequence[Outcome], cases: Mapping[str, Case], articles: Mapping[str, Article]
) -> tuple[Failure, ...]:
    """Return what went wrong, worst first: by fault, then confidence (a search: nDCG), then id."""
    found = [(fault, outcome) for outcome in outcomes if (fault := fault_of(outcome))]
    found.sort(key=lambda pair: (_ORDER[pair[0]], _goodness(*pair), pair[1].id))
    failures = []
    for fault, outcome in found:
        case = cases.get(outcome.id)
        judged = case.relevant_documents() if case else {}
        failures.append(
            Failure(
                outcome,
                fault,
                case.history if case else (),
                excerpts_of(outcome, articles),
                _documents(outcome, judged, articles) if outcome.answered is None else (),
            )
        )
    return tuple(failures)


def excerpts_of(outcome: Outcome, articles: Mapping[str, Article]) -> tuple[Excerpt, ...]:
    """Return the text around what was cited and what is gold; what is near is shown together.

    Cited articles come first, in the order of the answer.
    """
    names = dict.fromkeys(quote.document_id for quote in (*outcome.citations, *outcome.gold))
    return tuple(
        _excerpt(articles[name], window, _within(outcome.gold, name), outcome.citations)
        for name in names
        if name in articles
        for window in _windows(
            articles[name].text, _within((*outcome.gold, *outcome.citations), name)
        )
    )


def _search_fault(scores: Mapping[str, float]) -> Fault | None:
    if scores.get("document_success@1", 1.0) >= 1:
        return None
    return Fault.LATE if scores.get("document_mrr", 0.0) > 0 else Fault.UNFOUND


def _goodness(fault: Fault, outcome: Outcome) -> float:
    """Return a number that is lower the worse a failure is among those of its fault."""
    if outcome.confidence is None:
        return outcome.scores.get("document_ndcg@10", 0.0)
    return -outcome.confidence if fault in _CONFIDENT_IS_WORSE else outcome.confidence


def _within(quotes: Sequence[Quote], name: str) -> list[tuple[int, int]]:
    return [(quote.start, quote.end) for quote in quotes if quote.document_id == name]


def _windows(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return stretches of whole words around `spans`, in order; those that touch are one."""
    windows: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        left = _blank(text, max(0, start - CONTEXT_CHARS), start)
        right = _blank(text, min(len(text), end + CONTEXT_CHARS), end)
        # A word or two of the next paragraph would only puzzle.
        if (line := text.find("\n", left, min(left + _SCRAP_CHARS, start))) >= 0:
            left = line
        if (line := text.rfind("\n", max(right - _SCRAP_CHARS, end), right)) >= 0:
            right = line
        left += len(text[left:start]) - len(text[left:start].lstrip())
        right = end + len(text[end:right].rstrip())
        if windows and left <= windows[-1][1]:
            windows[-1] = windows[-1][0], max(windows[-1][1], right)
        else:
            windows.append((left, right))
    return windows


def _blank(text: str, at: int, towards: int) -> int:
    """Return the first word border from `at` on towards there; `at` where no blank is between."""
    if towards < at < len(text):
        return next((i for i in range(at, towards, -1) if text[i].isspace()), at)
    if 0 < at < towards:
        return next((i for i in range(at, towards) if text[i - 1].isspace()), at)
    return at


def _excerpt(
    article: Article,
    window: tuple[int, int],
    gold: Sequence[tuple[int, int]],
    citations: Sequence[Quote],
) -> Excerpt:
    start, end = window
    spans = [*gold, *_within(citations, article.id)]
    borders = {border for span in spans for border in span if start < border < end}
    pieces = tuple(
        Piece(
            article.text[left:right],
            any(first <= left < last for first, last in gold),
            next((n for n, c in enumerate(citations, 1) if _covers(c, article.id, left)), 0),
        )
        for left, right in pairwise([start, *sorted(borders), end])
    )
    return Excerpt(article, _joined(pieces), start > 0, end < len(article.text))


def _covers(quote: Quote, name: str, at: int) -> bool:
    return quote.document_id == name and quote.start <= at < quote.end


def _joined(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Return the pieces with neighbours of one kind made one."""
    joined: list[Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if last and (last.gold, last.cited) == (piece.gold, piece.cited):
            joined[-1] = replace(last, text=last.text + piece.text)
        else:
            joined.append(piece)
    return tuple(joined)


def _documents(
    outcome: Outcome, judged: Mapping[str, int], articles: Mapping[str, Article]
) -> tuple[Document, ...]:
    """Return the first that were found, then the relevant ones that are not among them."""
    ranks = {name: rank for rank, name in enumerate(outcome.documents, start=1)}
    shown = dict.fromkeys((*outcome.documents[:_SHOWN_DOCUMENTS], *judged))
    wrong_first = next((name for name in outcome.documents if name not in judged), None)
    documents = []
    for name in shown:
        article = articles.get(name)
        opened = article is not None and (name in judged or name == wrong_first)
        documents.append(
            Document(
                name,
                article.title if article else "",
                _opening(article.text) if article and opened else "",
                ranks.get(name),
                name in judged,
            )
        )
    return tuple(documents)


def _opening(text: str) -> str:
    if len(text) <= _OPENING_CHARS:
        return text
    return text[: _blank(text, _OPENING_CHARS, 0)].rstrip() + " …"
