"""Answers for a terminal: the answer, its quotes in context, numbered sources."""

from collections.abc import Callable

from rich.console import Group, RenderableType
from rich.text import Text

from bot.answer import Answer, Citation
from corpus.article import Article

# How much of the article is shown around a quote, in characters.
_CONTEXT_CHARS = 160
_ACCENT = "cyan"

Articles = Callable[[str], Article]


def render(answer: Answer, articles: Articles) -> RenderableType:
    """Return an answer as a person reads it; `articles` gives the text around the quotes."""
    parts: list[RenderableType] = [_headline(answer), Text()]
    for citation in answer.citations:
        parts += [_quote_in_context(citation, articles(citation.document_id)), Text()]
    if answer.citations:
        parts += [Text("Sources" if answer.status == "answered" else "Closest articles", "bold")]
        parts += [_source(citation) for citation in answer.citations]
        parts += [Text(), Text(_summary(answer), "dim")]
    parts += [Text(f"Note: {notice.message}", "yellow") for notice in answer.warnings]
    return Group(*parts)


def _headline(answer: Answer) -> Text:
    if answer.status == "abstained":
        return Text(answer.answer, "bold yellow")
    text = Text(answer.answer, "bold")
    for citation in answer.citations:
        text.highlight_words([f"[{citation.number}]"], f"not bold {_ACCENT}")
    return text


def _quote_in_context(citation: Citation, article: Article) -> Text:
    """Return the quote, emphasised, with what stands around it in its paragraph."""
    start, end = citation.start_char_index, citation.end_char_index
    before = _tail(article.text[:start].rsplit("\n\n", 1)[-1])
    after = _head(article.text[end:].split("\n\n", 1)[0])
    return Text.assemble(
        (f"[{citation.number}] ", _ACCENT),
        (before, "dim"),
        (citation.cited_text, f"bold underline {_ACCENT}"),
        (after, "dim"),
    )


def _tail(text: str) -> str:
    if len(text) <= _CONTEXT_CHARS:
        return text.lstrip()
    return "… " + text[-_CONTEXT_CHARS:].split(maxsplit=1)[-1]


def _head(text: str) -> str:
    if len(text) <= _CONTEXT_CHARS:
        return text.rstrip()
    return text[:_CONTEXT_CHARS].rsplit(maxsplit=1)[0] + " …"


def _source(citation: Citation) -> Text:
    line = Text.assemble((f"[{citation.number}] ", _ACCENT), citation.document_title)
    known = [citation.source, citation.author]
    details = [part for part in known if part]
    if citation.published_at is not None:
        details.append(f"{citation.published_at:%Y-%m-%d} ({_age(citation.age_days or 0)})")
    if details:
        line.append(" — " + ", ".join(details))
    where = citation.url or citation.document_id
    line.append(f"\n    {where}", f"dim link {citation.fragment_url}" if citation.url else "dim")
    return line


def _summary(answer: Answer) -> str:
    """Return how well founded the answer is, in one line."""
    sources = answer.corroboration.independent_sources
    parts = [f"{sources} independent source{'s' if sources != 1 else ''}"]
    if answer.freshness.newest_age_days is not None:
        parts.append(f"newest {_age(answer.freshness.newest_age_days)}")
    confidence = answer.confidence
    parts.append(f"confidence {confidence.score:.2f} (answers from {confidence.threshold:.2f})")
    return " · ".join(parts)


def _age(days: int) -> str:
    return {0: "today", 1: "1 day ago"}.get(days, f"{days} days ago")
