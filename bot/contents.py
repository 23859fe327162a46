"""What a collection holds, without the texts: for lists and suggestions."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from index.retrieve import IndexInfo

# Titles that are suggested: with more, those of the first ids. Counts are of all.
MAX_LINES = 100_000
_PAGE = 200
_RECHECK_S = 10.0


@dataclass(frozen=True, slots=True)
class ArticleLine:
    """An article without its text."""

    id: str
    title: str
    source: str | None
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class SourceLine:
    """An outlet: how many articles it has, and when the newest of them was published."""

    name: str
    articles: int
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class Collection:
    """What all articles cover: `oldest` and `newest` are None where none has a date."""

    index: IndexInfo
    sources: int
    oldest: datetime | None
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some articles in the order of their ids, and the snapshot that they are of."""

    lines: Sequence[ArticleLine]
    index: IndexInfo


ReadPage = Callable[[str, int], Page]


@dataclass(frozen=True, slots=True)
class Contents:
    """The articles of one snapshot; sources are ordered by how many they have, then by name."""

    collection: Collection
    lines: tuple[ArticleLine, ...]
    sources: tuple[SourceLine, ...]

    def matching(self, words: str, limit: int) -> tuple[ArticleLine, ...]:
        """Return at most `limit` articles whose title or id holds `words`, compared without case.

        Those that begin with them come first, then by title; without words, the newest first.
        """
        wanted = words.strip().casefold()
        if not wanted:
            dated = sorted(self.lines, key=lambda line: (line.title, line.id))
            dated.sort(key=lambda line: _seconds(line.published_at), reverse=True)
            return tuple(dated[:limit])
        ranked = []
        for line in self.lines:
            title, name = line.title.casefold(), line.id.casefold()
            if title.startswith(wanted) or name.startswith(wanted):
                ranked.append((0, title, line.id, line))
            elif wanted in title or wanted in name:
                ranked.append((1, title, line.id, line))
        return tuple(line for *_, line in sorted(ranked, key=lambda entry: entry[:3])[:limit])


class Shelf:
    """Holds the contents of the live snapshot; safe to share between threads.

    They are read page by page when they are first wanted, and again when another snapshot is
    live; meanwhile the old ones are given to everybody but the one who noticed.
    """

    def __init__(self, read: ReadPage, clock: Callable[[], float]) -> None:
        """Prepare; nothing is read yet.

        Args:
            read: Returns at most so many articles whose id comes after the one given.
            clock: Monotonic seconds.
        """
        self._read, self._clock = read, clock
        self._lock = threading.Lock()
        self._held: Contents | None = None
        self._checked = 0.0

    def contents(self) -> Contents:
        """Return what the collection holds now, or did at most ten seconds ago.

        Raises:
            Exception: What reading raises.
        """
        held = self._held
        if held is None:
            with self._lock:
                return self._fresh()
        if self._clock() - self._checked < _RECHECK_S or not self._lock.acquire(blocking=False):
            return held
        try:
            return self._fresh()
        finally:
            self._lock.release()

    def _fresh(self) -> Contents:
        held, now = self._held, self._clock()
        if held is None or self._read("", 1).index != held.collection.index:
            held = self._held = _gathered(self._read)
        self._checked = now
        return held


def _gathered(read: ReadPage) -> Contents:
    first = read("", _PAGE)
    lines: list[ArticleLine] = []
    sources: dict[str, SourceLine] = {}
    oldest = newest = None
    for line in _all(first, read):
        if len(lines) < MAX_LINES:
            lines.append(line)
        if line.source is not None:
            sources[line.source] = _with(sources.get(line.source), line, line.source)
        if line.published_at is not None:
            oldest = min(oldest or line.published_at, line.published_at)
            newest = max(newest or line.published_at, line.published_at)
    ordered = sorted(sources.values(), key=lambda source: (-source.articles, source.name))
    collection = Collection(first.index, len(sources), oldest, newest)
    return Contents(collection, tuple(lines), tuple(ordered))


def _all(first: Page, read: ReadPage) -> Iterator[ArticleLine]:
    page = first
    while page.lines:
        yield from page.lines
        page = read(page.lines[-1].id, _PAGE)


def _with(source: SourceLine | None, line: ArticleLine, name: str) -> SourceLine:
    if source is None:
        return SourceLine(name, 1, line.published_at)
    dates = [date for date in (source.newest, line.published_at) if date is not None]
    return SourceLine(name, source.articles + 1, max(dates, default=None))


def _seconds(moment: datetime | None) -> float:
    return moment.timestamp() if moment else float("-inf")
