"""The articles around an answer's quotes, page by page, for one reader."""

from bisect import bisect_left
from collections.abc import Sequence

from discord import ui

from bot.answer import Citation
from bot.discord_bot.buttons import Action, button_id
from bot.discord_bot.desk import Found
from bot.discord_bot.layout import headline, leafed
from bot.discord_bot.problems import Told
from bot.discord_bot.reading import reading
from corpus.article import Span

_IN_A_ROW = 5
_CHANGED = "-# The article has changed since, or can't be read just now: this is the quote alone."


def passages_of(found: Found, number: int = 1, page: int | None = None) -> ui.LayoutView:
    """Return the message that shows a page of the article around a quote.

    Args:
        found: The answer.
        number: Of the quote, from 1.
        page: Of the article, from 0; None: the one with the quote.

    Raises:
        Told: There is no such quote.
    """
    answer = found.answer
    citation = next((c for c in answer.citations if c.number == number), None)
    if citation is None:
        raise Told("This answer quotes nothing there. Ask the question again.")
    quotes = _quotes(answer.citations, citation.document_id)
    article = found.articles.get(citation.document_id)
    pages = reading(article.text if article else citation.cited_text, quotes if article else ())
    start = citation.start_char_index if article else 0
    at = pages.page_with(start) if page is None else min(page, len(pages.pages) - 1)
    texts = [
        f"[{citation.number}] {headline(citation)}",
        "" if article else _CHANGED,
        pages.shown(at, quotes if article else ()),
    ]
    turns: tuple[Action, str] = ("view", answer.id)
    view = leafed(texts, at, len(pages.pages), turns, place=f"{citation.number}.")
    for row in _jumps(answer.id, answer.citations, number):
        view.add_item(row)
    return view


def _quotes(citations: Sequence[Citation], document_id: str) -> list[Span]:
    """Return what is quoted of an article, in order, where quotes overlap only the first."""
    spans: list[Span] = []
    for citation in citations:
        if citation.document_id == document_id:
            span = Span(citation.start_char_index, citation.end_char_index)
            at = bisect_left(spans, span.start, key=lambda other: other.start)
            clear = (at == 0 or spans[at - 1].end <= span.start) and (
                at == len(spans) or span.end <= spans[at].start
            )
            if clear:
                spans.insert(at, span)
    return spans


def _jumps(
    answer_id: str, citations: Sequence[Citation], shown: int
) -> "list[ui.ActionRow[ui.LayoutView]]":
    """Return rows of buttons to the quotes, where there are several."""
    rows: list[ui.ActionRow[ui.LayoutView]] = []
    for place, citation in enumerate(citations if len(citations) > 1 else ()):
        if place % _IN_A_ROW == 0:
            rows.append(ui.ActionRow())
        rows[-1].add_item(
            ui.Button(
                label=f"[{citation.number}]",
                custom_id=button_id("view", answer_id, f"{citation.number}"),
                disabled=citation.number == shown,
            )
        )
    return rows
