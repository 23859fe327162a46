"""Quotes as they stand in their articles, with what stands around them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.answer import Citation
from corpus.article import Article

# How much of the article is shown around a quote, in characters.
_CONTEXT_CHARS = 160

# An article by its id; None where it can't be had: then its quotes stand alone.
Articles = Callable[[str], Article | None]


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of an excerpt: a quote, or what stands around one where `citation` is None."""

    text: str
    citation: Citation | None


def excerpts(
    citations: Sequence[Citation], articles: Articles, context_chars: int = _CONTEXT_CHARS
) -> Iterator[tuple[Run, ...]]:
    """Yield an excerpt for each paragraph that has quotes, in the order of its first citation.

    The quotes of a paragraph are in reading order.

    Args:
        citations: What is quoted.
        articles: Gives the articles, in the revision that is quoted.
        context_chars: How much is shown on either side of a quote, at most.
    """
    for quotes, article in _by_paragraph(citations, articles):
        if article is None:
            yield (Run(quotes[0].cited_text, quotes[0]),)
        else:
            yield tuple(run for run in _runs(quotes, article, context_chars) if run.text)


def _by_paragraph(
    citations: Sequence[Citation], articles: Articles
) -> Iterator[tuple[list[Citation], Article | None]]:
    groups: dict[tuple[str, int | str], tuple[list[Citation], Article | None]] = {}
    for citation in citations:
        article = articles(citation.document_id)
        paragraph: int | str = citation.id
        if article is not None:
            paragraph = article.text.rfind("\n\n", 0, citation.start_char_index)
        groups.setdefault((citation.document_id, paragraph), ([], article))[0].append(citation)
    for group, article in groups.values():
        yield sorted(group, key=lambda citation: citation.start_char_index), article


def _runs(quotes: Sequence[Citation], article: Article, most: int) -> Iterator[Run]:
    at = 0
    for citation in quotes:
        between = article.text[at : citation.start_char_index].rsplit("\n\n", 1)[-1]
        yield Run(_middle(between, most) if at else _tail(between, most), None)
        yield Run(citation.cited_text, citation)
        at = citation.end_char_index
    yield Run(_head(article.text[at:].split("\n\n", 1)[0], most), None)


def _tail(text: str, most: int) -> str:
    if len(text) <= most:
        return text.lstrip()
    return "… " + "".join(text[-most:].split(maxsplit=1)[-1:])


def _head(text: str, most: int) -> str:
    if len(text) <= most:
        return text.rstrip()
    return "".join(text[:most].rsplit(maxsplit=1)[:1]) + " …"


def _middle(text: str, most: int) -> str:
    if len(text) <= 2 * most:
        return text
    return f"{_head(text, most)} {_tail(text, most)[2:]}"
