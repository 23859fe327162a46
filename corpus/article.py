"""What a collection is made of: articles, and the passages that they are split into."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Article:
    r"""One article in its canonical form: what citations point into.

    `text` is cleaned, NFC-normalised and has `\n` line ends; every range in Citewire counts its
    code points. Times are timezone-aware; a date without a time is midnight UTC.
    """

    id: str
    title: str
    text: str
    url: str | None = None
    source: str | None = None
    author: str | None = None
    published_at: datetime | None = None
    updated_at: datetime | None = None
    language: str | None = None

    @property
    def revision(self) -> str:
        """Return `sha256:` and the hex digest of the UTF-8 bytes of title + text.

        Two articles with the same revision read the same, character for character, so a
        citation that names a revision can be re-checked years later.
        """
        return "sha256:" + sha256((self.title + self.text).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range `[start, end)` of code points in an article's text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of one article that is embedded, indexed and retrieved as a unit.

    Its text is exactly `article.text[start:end]`; `ordinal` counts from 0 within the article.
    """

    article_id: str
    start: int
    end: int
    ordinal: int


def spans_within(spans: Sequence[Span], start: int, end: int) -> tuple[Span, ...]:
    """Return the parts of `spans` (ordered, not overlapping) inside `[start, end)`, in order."""
    first = bisect_right(spans, start, key=lambda span: span.end)
    last = bisect_left(spans, end, key=lambda span: span.start)
    return tuple(Span(max(s.start, start), min(s.end, end)) for s in spans[first:last])
