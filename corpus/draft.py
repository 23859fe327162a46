"""What a reader found in a file, and how it becomes an article."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from corpus.article import Article
from corpus.canonical import one_line
from corpus.clean import clean
from corpus.dates import parse_date
from corpus.errors import Unreadable
from corpus.limits import Limits
from corpus.sentences import split_sentences

_TITLE_CHARS = 200


@dataclass(frozen=True, slots=True)
class Draft:
    """One article as its file spells it: nothing is cleaned or checked yet.

    `note` is something that the reader had to overlook, for the user to know.
    """

    text: str
    title: str | None = None
    id: str | None = None
    url: str | None = None
    source: str | None = None
    author: str | None = None
    published_at: str | None = None
    updated_at: str | None = None
    language: str | None = None
    note: str | None = None


def to_article(draft: Draft, fallback_id: str, limits: Limits) -> tuple[Article, tuple[str, ...]]:
    """Return `draft` as an article, and what about it was ignored, a clause each.

    A missing title is the first line of the text, cut to its first sentence when it is long; the
    text then keeps it. A title that the text repeats as its first line is taken out of the text.

    Raises:
        Unreadable: No text is left, it is too long, or the id cannot be used.
    """
    if len(draft.text) > limits.max_article_chars:
        raise Unreadable(f"the text is longer than {limits.max_article_chars} characters")
    title = one_line(draft.title or "")
    cleaned = clean(draft.text, title=title, author=one_line(draft.author or "") or None)
    if not cleaned.text:
        raise Unreadable("no text" if not draft.text.strip() else "no text besides boilerplate")
    notes = [draft.note] if draft.note else []
    article = Article(
        id=_checked_id(draft.id or fallback_id, limits),
        title=title or _first_words(cleaned.text),
        text=cleaned.text,
        url=_web_address(draft.url, notes),
        source=one_line(draft.source or "") or None,
        author=cleaned.author,
        published_at=_date(draft.published_at, "published", notes),
        updated_at=_date(draft.updated_at, "updated", notes),
        language=one_line(draft.language or "") or None,
    )
    return article, tuple(notes)


def _first_words(text: str) -> str:
    """Return a title for a text without one."""
    line = text.split("\n", 1)[0]
    if len(line) <= _TITLE_CHARS:
        return line
    sentence = split_sentences(line[: 10 * _TITLE_CHARS])[0]
    words = line[sentence.start : sentence.end]
    if len(words) <= _TITLE_CHARS:
        return words
    return words[:_TITLE_CHARS].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def _checked_id(name: str, limits: Limits) -> str:
    """Return `name` if an article may be called so.

    Raises:
        Unreadable: It is too long or holds control characters.
    """
    name = name.strip()
    if len(name) > limits.max_id_chars:
        raise Unreadable(f"the id is longer than {limits.max_id_chars} characters")
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name):
        raise Unreadable(f"the id {name!a} holds control characters")
    return name


def _web_address(url: str | None, notes: list[str]) -> str | None:
    """Return `url` if a reader may be sent there: `javascript:` and the like may not pass."""
    url = one_line(url or "")
    if not url or url.lower().startswith(("http://", "https://")):
        return url or None
    notes.append(f"url ignored, neither http nor https: {url[:80]}")
    return None


def _date(text: str | None, which: str, notes: list[str]) -> datetime | None:
    text = one_line(text or "")
    moment = parse_date(text)
    if text and moment is None:
        notes.append(f"{which} date ignored, not understood: {text[:40]}")
    return moment
