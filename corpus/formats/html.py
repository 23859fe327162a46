"""`.html`: the main text by trafilatura, dates and the rest from the page's own metadata."""

import json
import re
from collections.abc import Iterator
from typing import Protocol

import trafilatura

from corpus.decode import Decoded
from corpus.draft import Draft
from corpus.errors import Unreadable

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w-]{2,40})", re.IGNORECASE)
_HEAD_BYTES = 4096
_PUBLISHED = ("article:published_time", "og:published_time", "datePublished", "date", "DC.date")
_UPDATED = ("article:modified_time", "og:updated_time", "dateModified")
# htmldate's wide search takes the year of a copyright line for a date.
_DATE_SEARCH = {"original_date": True, "extensive_search": False}


class _Element(Protocol):
    """What is used of an lxml element, which ships no types."""

    text: str | None

    def get(self, name: str, /) -> str | None: ...

    def xpath(self, path: str, /, **variables: str) -> list["_Element"]: ...


def declared_encoding(data: bytes) -> str | None:
    """Return the encoding that an HTML document names in its head, if any."""
    found = _CHARSET.search(data[:_HEAD_BYTES])
    return found.group(1).decode("ascii", "replace") if found else None


def read_html(decoded: Decoded) -> Draft:
    """Return the article of a web page: its main text and metadata. Nothing is fetched.

    Dates come from OpenGraph, then JSON-LD, then a `<time>` in the page; title, author, address
    and site name are what trafilatura makes of the same sources.

    Raises:
        Unreadable: It is not HTML, or has no main text.
    """
    tree = trafilatura.load_html(decoded.text)
    if tree is None:
        raise Unreadable("not HTML")
    published, updated = _date(tree, _PUBLISHED), _date(tree, _UPDATED)
    meta = trafilatura.extract_metadata(tree, date_config=_DATE_SEARCH)
    language = tree.get("lang")
    text = trafilatura.extract(decoded.text, include_comments=False, deduplicate=False)
    if not text:
        raise Unreadable("no main text found in the page")
    return Draft(
        # Each line that trafilatura gives is a paragraph, a heading or a list item.
        text.replace("\n", "\n\n").replace("\n\n- ", "\n- "),
        title=meta.title,
        url=meta.url,
        source=meta.sitename,
        author=meta.author.replace("; ", ", ") if meta.author else None,
        published_at=published or _time(tree) or meta.date,
        updated_at=updated,
        language=language,
    )


def _date(tree: _Element, names: tuple[str, ...]) -> str | None:
    """Return the first date that the page gives under one of `names`, as `<meta>` or JSON-LD."""
    for name in names:
        for attribute in ("property", "name", "itemprop"):
            for element in tree.xpath(f"//meta[@{attribute}=$name]", name=name):
                if element.get("content"):
                    return str(element.get("content"))
    for item in _linked_data(tree):
        for name in names:
            if isinstance(value := item.get(name), str) and value:
                return value
    return None


def _time(tree: _Element) -> str | None:
    """Return the first `<time datetime=…>` of the page."""
    for element in tree.xpath("//time[@datetime]"):
        return str(element.get("datetime"))
    return None


def _linked_data(tree: _Element) -> Iterator[dict[str, object]]:
    """Yield the objects of the page's JSON-LD, those of a `@graph` too; broken ones are skipped."""
    for element in tree.xpath('//script[@type="application/ld+json"]'):
        try:
            value = json.loads(element.text or "")
        except (ValueError, RecursionError):
            continue
        graph = value.get("@graph", [value]) if isinstance(value, dict) else value
        yield from (
            (item for item in graph if isinstance(item, dict)) if isinstance(graph, list) else ()
        )
