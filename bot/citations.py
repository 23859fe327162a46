"""Citations: made from evidence, and checked against the articles, here and by anyone later."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from math import inf
from urllib.parse import quote

from bot.answer import Annotation, Answer, Citation, Conflict, Document
from bot.errors import CitationBroken
from bot.evidence import Evidence
from bot.sources import carries, corroboration
from corpus.article import Article
from index.errors import ArticleNotFound

# Browsers match a text fragment word by word; beyond this the first and last words do.
_FRAGMENT_CHARS = 300
_FRAGMENT_WORDS = 6
_INSIDE_WORD = re.compile(r"(?<=\w)(?=\w)")
# A conflict has at least so many.
_SIDES = 2

Articles = Callable[[str], Article]


def write_answer(evidence: Sequence[Evidence]) -> tuple[str, list[Annotation]]:
    """Return the quotes in a row, each with its [n], and where each quote stands in that text.

    Numbers and places are in the order given, best first; the text has the quotes of an article in
    reading order, and articles in that of their best quote.
    """
    places: dict[int, Annotation] = {}
    text = ""
    for at in _reading_order(evidence):
        start = len(text)
        text += _one_line(evidence[at].text)
        places[at] = Annotation(start, len(text))
        text += f" [{at + 1}] "
    return text.rstrip(), [places[at] for at in range(len(evidence))]


def _reading_order(evidence: Sequence[Evidence]) -> list[int]:
    names = [item.hit.passage.article_id for item in evidence]
    return sorted(
        range(len(names)), key=lambda at: (names.index(names[at]), evidence[at].span.start)
    )


def as_written(citations: Sequence[Citation]) -> list[Citation]:
    """Return the citations in the order in which the answer's text has them; unused ones last."""
    return sorted(
        citations,
        key=lambda citation: min((p.start_index for p in citation.annotations), default=inf),
    )


def short_answer_place(answer: Answer) -> Annotation | None:
    """Return where the short answer stands in the answer's text; None where there is none."""
    short = _one_line(answer.short_answer or "")
    for citation in answer.citations:
        for place in citation.annotations:
            at = answer.answer.find(short, place.start_index, place.end_index) if short else -1
            if at >= 0:
                return Annotation(at, at + len(short))
    return None


def write_conflict(conflict: Conflict, citations: Sequence[Citation]) -> str:
    """Return the sentence that says who says what: "Sources disagree: 12 [1] (2025-05-19), …"."""
    cited = {citation.id: citation for citation in citations}
    sides = []
    for value, citation_id in zip(conflict.values, conflict.citation_ids, strict=True):
        day = cited[citation_id].published_at
        dated = f" ({day:%Y-%m-%d})" if day else ""
        sides.append(f"{_one_line(value)} [{cited[citation_id].number}]{dated}")
    return f"Sources disagree: {', '.join(sides)}."


def newest_of(citations: Sequence[Citation]) -> str | None:
    """Return the id of the one published last; None where one has no date or two share the last."""
    dates = [citation.published_at for citation in citations]
    known = [date for date in dates if date is not None]
    if len(known) < len(dates) or dates.count(max(known)) > 1:
        return None
    return citations[dates.index(max(known))].id


def cite(
    evidence: Evidence, number: int, article: Article, places: Sequence[Annotation], now: datetime
) -> Citation:
    """Return the citation of one sentence, not yet verified.

    Args:
        evidence: The sentence.
        number: Its number in the answer, from 1.
        article: The article that it is from.
        places: Where the answer says it; none in an abstention.
        now: What the age is counted to, timezone-aware.
    """
    return Citation(
        id=f"c{number}",
        number=number,
        type="char_location",
        document_id=article.id,
        document_title=article.title,
        url=article.url,
        fragment_url=fragment_url(article.url, evidence.text),
        source=article.source,
        author=article.author,
        published_at=article.published_at,
        age_days=age_days(article.published_at, now),
        cited_text=evidence.text,
        start_char_index=evidence.span.start,
        end_char_index=evidence.span.end,
        revision=article.revision,
        annotations=tuple(places),
        verified=False,
        score=round(evidence.score, 4),
    )


def verify(answer: Answer, articles: Articles) -> int:
    """Re-check every citation, and listed document, against the articles as they are now.

    Args:
        answer: Made here, or read from a file.
        articles: Returns an article by its id, or raises `ArticleNotFound`.

    Returns:
        How many citations hold: all of them.

    Raises:
        CitationBroken: The first that does not hold.
    """
    revisions = {document.id: document.revision for document in answer.documents}
    for citation in answer.citations:
        reason = _fault(citation, answer, articles, revisions.get(citation.document_id))
        if reason:
            raise CitationBroken(answer.id, citation.id, citation.document_id, reason)
    if reason := _unsupported(answer):
        raise CitationBroken(answer.id, None, None, reason)
    for document in answer.documents:
        if reason := _not_a_source(document, answer, articles):
            raise CitationBroken(answer.id, None, document.id, reason)
    if answer.corroboration != corroboration(answer.documents):
        raise CitationBroken(answer.id, None, None, "it counts other sources than it lists")
    return len(answer.citations)


def _fault(
    citation: Citation, answer: Answer, articles: Articles, listed_revision: str | None
) -> str | None:
    """Return why a citation does not hold, or None."""
    try:
        article = articles(citation.document_id)
    except ArticleNotFound:
        return "the article is not in the index"
    start, end = citation.start_char_index, citation.end_char_index
    if article.revision != citation.revision:
        return f"it quotes {citation.revision}, the article is now {article.revision}"
    if not 0 <= start < end <= len(article.text):
        return f"[{start}, {end}) is no range of a text of {len(article.text)} characters"
    if article.text[start:end] != citation.cited_text:
        return f"[{start}, {end}) reads {article.text[start:end]!r}, not {citation.cited_text!r}"
    if listed_revision != citation.revision:
        return "the answer's list of documents has another revision, or lacks the article"
    return (
        _misattributed(citation, article)
        or _misplaced(citation, answer.answer)
        or _mismatched(citation)
    )


def _not_a_source(document: Document, answer: Answer, articles: Articles) -> str | None:
    """Return why a listed document is neither cited nor a copy that carries a quote, or None."""
    cluster = {listed.id: listed.cluster_id for listed in answer.documents}
    cited = {citation.document_id for citation in answer.citations}
    if document.id in cited:
        return None
    quotes = [
        citation.cited_text
        for citation in answer.citations
        if cluster[citation.document_id] == document.cluster_id
    ]
    try:
        article = articles(document.id)
    except ArticleNotFound:
        return "the article is not in the index"
    if article.revision != document.revision:
        return f"{document.revision} is listed, the article is now {article.revision}"
    return None if carries(article, quotes) else "it is listed and has no quote of the answer"


def _misattributed(citation: Citation, article: Article) -> str | None:
    """Return what the citation says of the article that the article does not."""
    pairs = {
        "title": (citation.document_title, article.title),
        "url": (citation.url, article.url),
        "source": (citation.source, article.source),
        "author": (citation.author, article.author),
        "date": (citation.published_at, article.published_at),
    }
    for name, (said, held) in pairs.items():
        if said != held:
            return f"it gives the {name} as {said}, the article has {held}"
    return None


def _unsupported(answer: Answer) -> str | None:
    """Return why an extractive answer says more than its quotes, or None."""
    if answer.short_answer is not None and (reason := _no_short_answer(answer)):
        return reason
    if answer.status == "abstained" or answer.mode != "extractive":
        return None
    if not answer.citations:
        return "it answers without a citation"
    if any(not citation.annotations for citation in answer.citations):
        return "it has a citation that no part of the answer rests on"
    for conflict in answer.conflicts:
        if reason := _no_conflict(conflict, answer):
            return reason
    parts = [f"{_one_line(c.cited_text)} [{c.number}]" for c in as_written(answer.citations)]
    parts += [write_conflict(conflict, answer.citations) for conflict in answer.conflicts]
    return None if answer.answer == " ".join(parts) else "it says something else than its quotes"


def _no_short_answer(answer: Answer) -> str | None:
    """Return why a short answer does not hold, or None."""
    if answer.status == "abstained":
        return "it has a short answer and abstains"
    short = answer.short_answer
    if short and any(short in citation.cited_text for citation in answer.citations):
        return None
    return "its short answer is in no quote"


def _no_conflict(conflict: Conflict, answer: Answer) -> str | None:
    """Return why a conflict does not hold: sources that are one, or values that no quote has."""
    cited = {citation.id: citation for citation in answer.citations}
    cluster = {document.id: document.cluster_id for document in answer.documents}
    sides = [cited[name] for name in conflict.citation_ids if name in cited]
    if not _SIDES <= len(conflict.values) == len(conflict.citation_ids) == len(sides):
        return "a conflict lacks a value or a citation"
    if len({cluster.get(side.document_id) for side in sides}) < len(sides):
        return "a conflict is between copies of one story"
    if any(
        value not in side.cited_text for value, side in zip(conflict.values, sides, strict=True)
    ):
        return "a conflict gives a value that its citation does not"
    return None if conflict.newest == newest_of(sides) else "a conflict names the wrong newest side"


def _misplaced(citation: Citation, text: str) -> str | None:
    """Return why an annotation is wrong: the answer must say just what is cited, there."""
    for place in citation.annotations:
        inside = 0 <= place.start_index <= place.end_index <= len(text)
        said = text[place.start_index : place.end_index]
        if not inside or said != _one_line(citation.cited_text):
            return f"the answer's [{place.start_index}, {place.end_index}) is not the quote"
    return None


def _mismatched(citation: Citation) -> str | None:
    """Return why what is marked in the quote is wrong: it must be whole words of it, in order."""
    text, last = citation.cited_text, 0
    for place in citation.matches:
        start, end = place.start_index, place.end_index
        if not last <= start < end <= len(text):
            return f"its match [{start}, {end}) is no range of the quote behind the one before"
        if any(_INSIDE_WORD.match(text, at) for at in (start, end)):
            return f"its match [{start}, {end}) cuts a word of the quote"
        last = end
    return None


def age_days(published_at: datetime | None, now: datetime) -> int | None:
    """Return the whole days from publication to `now`, at least 0; None without a date."""
    return None if published_at is None else max(0, (now - published_at).days)


def fragment_url(url: str | None, text: str) -> str | None:
    """Return `url` with a text fragment that makes a browser scroll to `text` and mark it.

    Source: https://wicg.github.io/scroll-to-text-fragment/; a long text by its first and last
    words. A URL that has a fragment of its own gets the directive behind it.
    """
    if url is None:
        return None
    words = text.split()
    whole = " ".join(words)
    if len(whole) <= _FRAGMENT_CHARS or len(words) <= 2 * _FRAGMENT_WORDS:
        directive = _encode(whole)
    else:
        ends = (words[:_FRAGMENT_WORDS], words[-_FRAGMENT_WORDS:])
        directive = ",".join(_encode(" ".join(some)) for some in ends)
    return f"{url}{'' if '#' in url else '#'}:~:text={directive}"


def _encode(text: str) -> str:
    # A bare - separates prefix from text in a directive.
    return quote(text, safe="").replace("-", "%2D")


def _one_line(text: str) -> str:
    """Return `text` with its line ends as blanks: as long as before."""
    return text.replace("\n", " ")
