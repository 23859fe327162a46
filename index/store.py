"""The articles and passages of one snapshot, in SQLite."""

import json
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from corpus.article import Article, Passage
from index.errors import ArticleNotFound

_SCHEMA = """
PRAGMA journal_mode = OFF;  -- the file is new and thrown away if the build does not finish
PRAGMA synchronous = OFF;   -- the snapshot syncs it once, when it is whole
CREATE TABLE articles (
    ordinal INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    url TEXT,
    source TEXT,
    author TEXT,
    published_at TEXT,
    updated_at TEXT,
    language TEXT,
    revision TEXT NOT NULL,
    origin TEXT NOT NULL
);
CREATE TABLE passages (
    row INTEGER PRIMARY KEY,
    article INTEGER NOT NULL REFERENCES articles (ordinal),
    ordinal INTEGER NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    first_sentence INTEGER NOT NULL,  -- its row among all sentences
    sentences INTEGER NOT NULL,       -- how many it has
    text_hash BLOB NOT NULL
);
CREATE INDEX passages_by_article ON passages (article);
CREATE TABLE copies (
    article INTEGER PRIMARY KEY REFERENCES articles (ordinal),
    first INTEGER NOT NULL REFERENCES articles (ordinal)  -- of its cluster, by id
);
CREATE INDEX copies_by_first ON copies (first);
"""
_COLUMNS = "id, title, text, url, source, author, published_at, updated_at, language"
_VARIABLES = 500  # in one statement
# Articles, and their clusters, that are not read again: an answer reads some thirty.
_KEPT_ARTICLES = 512
_KEPT_CLUSTERS = 16_384


@dataclass(frozen=True, slots=True)
class Filters:
    """Which articles count; None means that the field does not matter.

    `published_after` is inclusive, `published_before` exclusive; an article without a date passes
    neither. `sources` compare without case.
    """

    published_after: datetime | None = None
    published_before: datetime | None = None
    sources: tuple[str, ...] | None = None
    document_ids: tuple[str, ...] | None = None

    def __bool__(self) -> bool:
        return self != NO_FILTERS


NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True)
class Stored:
    """An article and the file that it was read from."""

    article: Article
    origin: str


@dataclass(frozen=True, slots=True)
class Cut:
    """A passage, how many sentences it has, and the sha256 of what the encoder sees of it."""

    passage: Passage
    sentences: int
    text_hash: bytes


class ArticleWriter:
    """Fills a new store: articles first, then their passages."""

    def __init__(self, path: Path) -> None:
        """Create the store at `path`, where nothing may be yet."""
        self._db = sqlite3.connect(path)
        self._db.executescript(_SCHEMA)
        self._digest = sha256()
        self._count = 0
        self._sentences = 0

    def close(self) -> None:
        """Write everything out."""
        self._db.commit()
        self._db.close()

    def add(self, article: Article, origin: str) -> None:
        """Add one article; its id must be new."""
        values = (
            article.id, article.title, article.text, article.url, article.source, article.author,
            _to_text(article.published_at), _to_text(article.updated_at), article.language,
        )  # fmt: skip
        self._db.execute(
            f"INSERT INTO articles ({_COLUMNS}, revision, origin) VALUES ({', '.join('?' * 11)})",
            (*values, article.revision, origin),
        )
        self._count += 1
        self._digest.update(repr((*values[:2], article.revision, *values[3:], origin)).encode())

    @property
    def count(self) -> int:
        """Return how many articles were added."""
        return self._count

    def compare(self, before: Path | None) -> tuple[int, int, int]:
        """Return how many articles are new, read differently, or gone since the store `before`."""
        if before is None:
            return self._count, 0, 0
        self._db.commit()
        self._db.execute("ATTACH ? AS old", (str(before),))
        try:
            return (
                self._number("articles n WHERE n.id NOT IN (SELECT id FROM old.articles)"),
                self._number("articles n JOIN old.articles o USING (id) "
                             "WHERE n.revision <> o.revision"),
                self._number("old.articles o WHERE o.id NOT IN (SELECT id FROM main.articles)"),
            )  # fmt: skip
        finally:
            self._db.execute("DETACH old")

    def has(self, article_id: str) -> bool:
        """Tell whether an article with this id was added."""
        found = self._db.execute("SELECT 1 FROM articles WHERE id = ?", (article_id,))
        return found.fetchone() is not None

    @property
    def digest(self) -> str:
        """Return the sha256 of all articles added, in order, with their fields and origins."""
        return self._digest.hexdigest()

    def articles(self) -> Iterator[tuple[int, Article]]:
        """Yield the ordinal and the article, in the order they were added."""
        rows = self._db.execute(f"SELECT ordinal, {_COLUMNS} FROM articles ORDER BY ordinal")
        for ordinal, *fields in rows:
            yield ordinal, _to_article(fields)

    def ids(self) -> list[str]:
        """Return the ids of the articles in the order they were added."""
        return [
            str(name) for (name,) in self._db.execute("SELECT id FROM articles ORDER BY ordinal")
        ]

    def text(self, ordinal: int) -> str:
        """Return the text of one article."""
        found = self._db.execute("SELECT text FROM articles WHERE ordinal = ?", (ordinal,))
        return str(found.fetchone()[0])

    def set_clusters(self, cluster_ids: Sequence[str]) -> None:
        """Say of every article, in order, which id its cluster has: that of one of its members."""
        ordinals = {name: ordinal for ordinal, name in enumerate(self.ids(), start=1)}
        self._db.executemany(
            "INSERT INTO copies (article, first) VALUES (?, ?)",
            ((n, ordinals[name]) for n, name in enumerate(cluster_ids, start=1)),
        )

    def passages(self, ordinal: int, article_id: str) -> list[Passage]:
        """Return the passages of one article in order."""
        rows = self._db.execute(
            'SELECT start, "end", ordinal FROM passages WHERE article = ? ORDER BY row', (ordinal,)
        )
        return [Passage(article_id, *row) for row in rows]

    def add_passages(self, ordinal: int, cuts: Iterable[Cut]) -> None:
        """Add an article's passages in order."""
        rows = []
        for cut in cuts:
            where = (cut.passage.ordinal, cut.passage.start, cut.passage.end)
            rows.append((ordinal, *where, self._sentences, cut.sentences, cut.text_hash))
            self._sentences += cut.sentences
        self._db.executemany(
            'INSERT INTO passages (article, ordinal, start, "end", first_sentence, sentences, '
            "text_hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
            rows,
        )

    def _number(self, clause: str) -> int:
        return int(self._db.execute(f"SELECT count(*) FROM {clause}").fetchone()[0])


class ArticleStore:
    """Reads a finished store; safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Open the store at `path`; check the file's hash first."""
        uri = f"file:{quote(str(path))}?mode=ro&immutable=1"
        self._db = _Reader(sqlite3.connect(uri, uri=True, check_same_thread=False))
        self._all = self._db.all
        # Over the reader and not over `self`, which would then outlive its last user.
        self._article = lru_cache(_KEPT_ARTICLES)(partial(_read_article, self._db))
        self._cluster_id = lru_cache(_KEPT_CLUSTERS)(partial(_read_cluster_id, self._db))
        # Readers drop a snapshot when another is live; whoever still uses it keeps it open.
        weakref.finalize(self, self._db.close)

    def close(self) -> None:
        """Close the file now, and not only with the last user of the store."""
        self._db.close()

    def article(self, article_id: str) -> Article:
        """Return the article with this id.

        Raises:
            ArticleNotFound: There is none.
        """
        return self._article(article_id)

    def articles(self) -> Iterator[Stored]:
        """Yield every article and its origin in the order that they were read."""
        for ordinal in range(1, self.article_count + 1):
            row = self._all(
                f"SELECT {_COLUMNS}, origin FROM articles WHERE ordinal = ?",
                (ordinal,),
            )[0]
            yield Stored(_to_article(row[:-1]), str(row[-1]))

    def page(self, after: str, limit: int) -> list[Article]:
        """Return at most `limit` articles whose id comes after `after`, in the order of their ids.

        Ids compare by code point; `""` comes before all. What is added or removed between two
        pages moves nothing.
        """
        rows = self._all(
            f"SELECT {_COLUMNS} FROM articles WHERE id > ? ORDER BY id LIMIT ?", (after, limit)
        )
        return [_to_article(row) for row in rows]

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """Return the passages at `rows`, counted from 0, in the order asked for."""
        found: dict[int, Passage] = {}
        for i in range(0, len(rows), _VARIABLES):
            some = [row + 1 for row in rows[i : i + _VARIABLES]]  # SQLite counts from 1
            for row, *fields in self._all(
                'SELECT p.row, a.id, p.start, p."end", p.ordinal '
                "FROM passages p JOIN articles a ON a.ordinal = p.article "
                f"WHERE p.row IN ({','.join('?' * len(some))})",
                some,
            ):
                found[row - 1] = Passage(*fields)
        return [found[row] for row in rows]

    def sentence_rows(self, rows: Sequence[int]) -> list[range]:
        """Return, for each passage row, the rows of its sentences among all sentences."""
        found: dict[int, range] = {}
        for i in range(0, len(rows), _VARIABLES):
            some = [row + 1 for row in rows[i : i + _VARIABLES]]
            for row, first, count in self._all(
                "SELECT row, first_sentence, sentences FROM passages "
                f"WHERE row IN ({','.join('?' * len(some))})",
                some,
            ):
                found[row - 1] = range(first, first + count)
        return [found[row] for row in rows]

    def matching_rows(self, filters: Filters) -> list[int]:
        """Return the rows, from 0 and ascending, of the passages whose article passes."""
        clause, values = self._where(filters)
        rows = self._all(
            "SELECT p.row FROM passages p JOIN articles a ON a.ordinal = p.article "
            f"WHERE {clause} ORDER BY p.row",
            values,
        )
        return [row - 1 for (row,) in rows]

    def cluster_id(self, article_id: str) -> str:
        """Return what the article has in common with its copies: the first id among them.

        Raises:
            ArticleNotFound: There is no such article.
        """
        return self._cluster_id(article_id)

    def copies(self, article_id: str, filters: Filters) -> tuple[str, ...]:
        """Return the ids, ascending, of the other articles in its cluster that pass."""
        clause, values = self._where(filters)
        rows = self._all(
            "SELECT a.id FROM articles me JOIN copies mine ON mine.article = me.ordinal "
            "JOIN copies c ON c.first = mine.first JOIN articles a ON a.ordinal = c.article "
            f"WHERE me.id = ? AND a.ordinal <> me.ordinal AND {clause} ORDER BY a.id",
            [article_id, *values],
        )
        return tuple(str(name) for (name,) in rows)

    def _where(self, filters: Filters) -> tuple[str, list[str]]:
        """Return the condition on an article `a`, and its values."""
        clauses, values = ["1"], list[str]()
        if filters.published_after is not None:
            clauses.append("a.published_at >= ?")
            values.append(_utc(filters.published_after))
        if filters.published_before is not None:
            clauses.append("a.published_at < ?")
            values.append(_utc(filters.published_before))
        # One JSON array instead of a variable a value: there may be thousands.
        if filters.sources is not None:
            clauses.append("a.source IN (SELECT value FROM json_each(?))")
            values.append(json.dumps(self._sources(filters.sources)))
        if filters.document_ids is not None:
            clauses.append("a.id IN (SELECT value FROM json_each(?))")
            values.append(json.dumps(filters.document_ids))
        return " AND ".join(clauses), values

    def _sources(self, names: Sequence[str]) -> list[str]:
        """Return the sources as they are written here; SQLite's own lower() knows only ASCII."""
        wanted = {name.casefold() for name in names}
        found = self._all("SELECT DISTINCT source FROM articles WHERE source IS NOT NULL", ())
        return [name for (name,) in found if name.casefold() in wanted]

    @property
    def article_count(self) -> int:
        """Return how many articles there are."""
        return int(self._all("SELECT count(*) FROM articles", ())[0][0])

    @property
    def sentence_count(self) -> int:
        """Return how many sentences the passages have together."""
        return int(self._all("SELECT coalesce(sum(sentences), 0) FROM passages", ())[0][0])

    @property
    def passage_count(self) -> int:
        """Return how many passages there are."""
        return int(self._all("SELECT count(*) FROM passages", ())[0][0])


class _Reader:
    """A connection for all threads."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._lock = threading.Lock()

    def all(self, statement: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        # sqlite3.Row sets are tiny here; one lock keeps a connection for all threads simple.
        with self._lock, closing(self._db.execute(statement, values)) as cursor:
            return cursor.fetchall()

    def close(self) -> None:
        self._db.close()


def _read_article(db: _Reader, article_id: str) -> Article:
    rows = db.all(f"SELECT {_COLUMNS} FROM articles WHERE id = ?", (article_id,))
    if not rows:
        raise ArticleNotFound(article_id)
    return _to_article(rows[0])


def _read_cluster_id(db: _Reader, article_id: str) -> str:
    rows = db.all(
        "SELECT f.id FROM articles a JOIN copies c ON c.article = a.ordinal "
        "JOIN articles f ON f.ordinal = c.first WHERE a.id = ?",
        (article_id,),
    )
    if not rows:
        raise ArticleNotFound(article_id)
    return str(rows[0][0])


def _to_text(moment: datetime | None) -> str | None:
    """Return UTC in ISO 8601 to the microsecond, which sorts as time does."""
    return None if moment is None else _utc(moment)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _to_article(fields: Sequence[Any]) -> Article:
    article_id, title, text, url, source, author, published_at, updated_at, language = fields
    return Article(
        id=article_id,
        title=title,
        text=text,
        url=url,
        source=source,
        author=author,
        published_at=_to_moment(published_at),
        updated_at=_to_moment(updated_at),
        language=language,
    )


def _to_moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
