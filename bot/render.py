"""Answers for a terminal: the answer, its quotes in context, numbered sources."""

import re
from collections.abc import Callable, Iterator, Sequence
from math import floor

from rich.console import Group, RenderableType
from rich.style import Style
from rich.text import Text

from bot.answer import Answer, Citation, Confidence
from bot.citations import short_answer_place
from bot.excerpts import Run, excerpts
from corpus.article import Article

_ACCENT = "cyan"
_SHORT = f"underline {_ACCENT}"
# What moves a terminal's cursor, changes its colours or turns text around. Articles are clean of
# it; file names, and what someone asks, need not be.
_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)

Articles = Callable[[str], Article]


def printable(text: str) -> str:
    """Return `text` as a terminal may print it: a � for each control character but line ends."""
    return _UNSEEN.sub("�", text)


def render(answer: Answer, articles: Articles, *, marked: bool = False) -> RenderableType:
    """Return an answer as a person reads it.

    Args:
        answer: What to show.
        articles: Gives the text around the quotes.
        marked: Put ** around the quotes in their context, for where no style can show them.
    """
    parts: list[RenderableType] = [_headline(answer), Text()]
    for runs in excerpts(answer.citations, articles):
        parts += [_in_context(runs, "**" if marked else ""), Text()]
    if answer.citations:
        parts += [Text("Sources" if answer.status == "answered" else "Closest articles", "bold")]
        parts += [_source(citations) for citations in _by_document(answer.citations)]
        parts += [Text(), Text(_summary(answer), "dim")]
    parts += [Text(f"Note: {printable(notice.message)}", "yellow") for notice in answer.warnings]
    return Group(*parts)


def _headline(answer: Answer) -> Text:
    if answer.status == "abstained":
        return Text(answer.answer, "bold yellow")
    text = Text(printable(answer.answer), "bold")
    for citation in answer.citations:
        for place in citation.annotations:
            end = place.end_index + len(f" [{citation.number}]")
            text.stylize(f"not bold {_ACCENT}", place.end_index, end)
            for match in citation.matches:
                start = place.start_index
                text.stylize("underline", start + match.start_index, start + match.end_index)
    if short := short_answer_place(answer):
        text.stylize(_SHORT, short.start_index, short.end_index)
    return text


def _by_document(citations: Sequence[Citation]) -> Iterator[list[Citation]]:
    groups: dict[str, list[Citation]] = {}
    for citation in citations:
        groups.setdefault(citation.document_id, []).append(citation)
    yield from groups.values()


def _in_context(runs: Sequence[Run], mark: str) -> Text:
    """Return the quotes of one paragraph, emphasised, with what stands around them there."""
    text = Text()
    quotes = [run.citation for run in runs if run.citation]
    if len(quotes) == 1:  # its number stands at the margin; of several, each before its quote
        text.append(f"[{quotes[0].number}] ", _ACCENT)
    for run in runs:
        if run.citation is None:
            text.append(printable(run.text), "dim")
            continue
        if len(quotes) > 1:
            text.append(f"[{run.citation.number}] ", _ACCENT)
        text.append(f"{mark}{printable(run.text)}{mark}", f"bold underline {_ACCENT}")
    return text


def _source(citations: Sequence[Citation]) -> Text:
    """Return the article that these citations are from, on two lines."""
    first = citations[0]
    numbers = "".join(f"[{citation.number}] " for citation in citations)
    line = Text.assemble((numbers, _ACCENT), printable(first.document_title))
    details = [part for part in (first.source, first.author) if part]
    if first.published_at is not None:
        details.append(f"{first.published_at:%Y-%m-%d} ({_age(first.age_days or 0)})")
    if details:
        line.append(" — " + printable(", ".join(details)))
    where = printable(first.url or first.document_id)
    link = printable(first.fragment_url) if first.fragment_url else None
    return line.append(f"\n    {where}", Style(dim=True, link=link))


def _summary(answer: Answer) -> str:
    """Return how well founded the answer is, in one line; an abstention has nothing to found."""
    if answer.status == "abstained":
        return _confidence(answer.confidence)
    sources = answer.corroboration.independent_sources
    parts = [f"{sources} independent source{'s' if sources != 1 else ''}"]
    if answer.conflicts:
        parts.append("they disagree")
    if answer.freshness.newest_age_days is not None:
        parts.append(f"newest {_age(answer.freshness.newest_age_days)}")
    return " · ".join([*parts, _confidence(answer.confidence)])


def _confidence(confidence: Confidence) -> str:
    """Return the score rounded down, so that one below the threshold never seems to reach it."""
    score = floor(round(100 * confidence.score, 2)) / 100
    return f"confidence {score:.2f} (answers from {confidence.threshold:g})"


def _age(days: int) -> str:
    return {0: "today", 1: "1 day ago"}.get(days, f"{days} days ago")
