"""What a collection holds, seen at once: outlets, dates, and its articles in other orders."""

import sys
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Literal

from bot.answer import Answer
from bot.examples import examples
from bot.live import Opened
from corpus.article import Article
from index.errors import ArticleNotFound

Order = Literal["id", "newest", "oldest", "title"]
_READ = 200
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Overview:
    """The articles of one snapshot without their texts.

    Attributes:
        ids: Of all articles, ascending by code point.
        sources: Each outlet and how many articles it has: most first, then by name.
        oldest: When the first dated article was published; None where none has a date.
        newest: Likewise the last.
        undated: How many have no date.
        examples: Questions that the collection answers; there may be none.
    """

    ids: tuple[str, ...]
    sources: tuple[tuple[str, int], ...]
    oldest: datetime | None
    newest: datetime | None
    undated: int
    examples: tuple[str, ...]
    _source_of: tuple[str | None, ...]
    _orders: "dict[Order, array[int]]"
    _ranks: "dict[Order, array[int]]"

    def page(self, order: Order, after: str, limit: int, source: str | None) -> list[str]:
        """Return at most `limit` ids after the article `after`, from the first where it is empty.

        Articles without a date come last by `newest` and by `oldest`; ties come by id. `source`
        compares without case; None stands for all.

        Raises:
            ArticleNotFound: There is no article `after`.
        """
        positions = self._orders[order]
        start = self._ranks[order][self._position(after)] + 1 if after else 0
        wanted = source.casefold() if source is not None else None
        found = (
            self.ids[n]
            for n in islice(positions, start, None)
            if wanted is None or (self._source_of[n] or "").casefold() == wanted
        )
        return list(islice(found, limit))

    def count(self, source: str | None) -> int:
        """Return how many articles an outlet has, compared without case; None stands for all."""
        if source is None:
            return len(self.ids)
        wanted = source.casefold()
        return sum(count for name, count in self.sources if name.casefold() == wanted)

    def _position(self, article_id: str) -> int:
        position = bisect_left(self.ids, article_id)
        if position == len(self.ids) or self.ids[position] != article_id:
            raise ArticleNotFound(article_id)
        return position


@dataclass(frozen=True, slots=True)
class _Line:
    """What is remembered of an article, to sort by."""

    id: str
    title: str
    source: str | None
    published_at: datetime | None


def overview(opened: Opened, ask: Callable[[str], Answer]) -> Overview:
    """Return the overview of a snapshot; `ask` tries the examples."""
    lines = [_line(article) for article in _articles(opened)]
    dates = [line.published_at for line in lines if line.published_at]
    counts = Counter(line.source for line in lines if line.source)
    orders = _orders(lines)
    newest_first = (opened.catalogue.article(lines[n].id) for n in orders["newest"])
    return Overview(
        ids=tuple(line.id for line in lines),
        sources=tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))),
        oldest=min(dates, default=None),
        newest=max(dates, default=None),
        undated=len(lines) - len(dates),
        examples=examples(newest_first, ask),
        _source_of=tuple(line.source for line in lines),
        _orders=orders,
        _ranks={name: _inverse(positions) for name, positions in orders.items()},
    )


def _articles(opened: Opened) -> Iterator[Article]:
    after = ""
    while some := opened.catalogue.page(after, _READ):
        yield from some
        after = some[-1].id


def _line(article: Article) -> _Line:
    title = article.title.casefold().lstrip("\"'“”‘’«»„ ")
    source = sys.intern(article.source) if article.source else None
    return _Line(article.id, title, source, article.published_at)


def _orders(lines: Sequence[_Line]) -> "dict[Order, array[int]]":
    """Return the positions of the articles, which come by id, in each order."""

    def by(key: Callable[[_Line], Any]) -> "array[int]":
        return array("I", sorted(range(len(lines)), key=lambda n: key(lines[n])))

    return {
        "id": array("I", range(len(lines))),
        "newest": by(lambda line: -_seconds(line.published_at or _BEGINNING)),
        "oldest": by(lambda line: (line.published_at is None, line.published_at or _BEGINNING)),
        "title": by(lambda line: line.title),
    }


def _seconds(moment: datetime) -> float:
    return (moment - _BEGINNING).total_seconds()


def _inverse(positions: "array[int]") -> "array[int]":
    ranks = array("I", bytes(positions.itemsize * len(positions)))
    for rank, position in enumerate(positions):
        ranks[position] = rank
    return ranks
