"""Brings an index up to date with what was read: only what changed is embedded."""

import logging
import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np

from corpus.read import Found, Problem
from index.cache import EmbeddingCache, is_damage, remove_cache
from index.copies import cluster_ids
from index.encoder import Encoder, PassageText
from index.errors import BuildFailed, NoSnapshot, NothingRead, SnapshotError
from index.lexical import LexicalStore
from index.passage_texts import passage_texts, splitter_of, text_hash
from index.snapshot import (
    ARTICLES_FILE,
    FORMAT,
    KEPT,
    LEXICAL_FOLDER,
    WORDS_FOLDER,
    Manifest,
    Snapshot,
    SnapshotWriter,
    SplitterSpec,
    current_id,
    open_current,
    prune,
    snapshot_folder,
)
from index.store import ArticleWriter, Cut
from index.tokens import LateInteraction, TokenWriter, stores_tokens
from index.vectors import VectorStore
from index.words import WordStore, words_of

CACHE_FILE = "embeddings.sqlite"
# Passages sorted by length together: enough to fill batches evenly, few enough to hold in memory.
_CHUNK = 2048

logger = logging.getLogger(__name__)


class Progress(Protocol):
    """What a build tells about how far it is."""

    def stage(self, name: str, total: int) -> None:
        """Say that a stage of `total` steps begins."""

    def advance(self, steps: int) -> None:
        """Say that `steps` more steps are done."""


class Silent:
    """A `Progress` that says nothing."""

    def stage(self, name: str, total: int) -> None:
        """Say nothing."""

    def advance(self, steps: int) -> None:
        """Say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a build did.

    `added`, `changed`, `removed` and `kept` count articles against the snapshot before; `kept`
    ones could not be read this time and stay as they were. `embedded` of the `passages` were
    computed now. `problems` is all that could not be read as it stands.
    """

    snapshot_id: str
    is_new: bool
    articles: int
    passages: int
    added: int = 0
    changed: int = 0
    removed: int = 0
    kept: int = 0
    embedded: int = 0
    problems: tuple[Problem, ...] = ()

    @property
    def skipped(self) -> int:
        """Return how many of the problems lost an article or a file."""
        return sum(problem.skipped for problem in self.problems)


@dataclass(frozen=True, slots=True)
class _Embedded:
    """The vectors of all passages, and how many of them were computed now.

    `token_bytes` is what a stored token takes; 0 where none is stored.
    """

    vectors: VectorStore
    computed: int
    token_bytes: int


class Builder:
    """Builds snapshots in one data folder; hold its `build_lock` meanwhile."""

    def __init__(
        self,
        data: Path,
        encoder: Encoder,
        splitter: SplitterSpec,
        *,
        progress: Progress,
        now: datetime,
        late_interaction: LateInteraction = "auto",
    ) -> None:
        """Prepare a build; nothing is written yet.

        Args:
            data: The data folder.
            encoder: Makes the vectors of passages that are not in the cache.
            splitter: How articles are cut.
            progress: Told how far the build is.
            now: When the snapshot is built, timezone-aware UTC; its id begins with it.
            late_interaction: Whether token vectors are stored: `stored`, not at all, or by the
                number of passages.
        """
        self._data, self._encoder, self._progress, self._now = data, encoder, progress, now
        self._splitter_spec = splitter
        self._splitter = splitter_of(encoder, splitter)
        self._late_interaction = late_interaction

    def update(self, found: Iterable[Found | Problem], sources: tuple[str, ...]) -> Report:
        """Make the index mirror `found`: what is new or changed comes in, what is gone goes.

        An article whose file was read before and can't be read at all now stays as it was.

        Args:
            found: Every article of the collection, and what could not be read.
            sources: Where they come from, for the manifest.

        Raises:
            NothingRead: There is no article at all; the index stays as it is.
            BuildFailed: A write failed; the index stays as it is.
        """
        with self._translated():
            previous = self._open_previous()
            return self._build(found, sources, previous, keep=KEPT)

    def delete(self, ids: frozenset[str]) -> Report:
        """Take articles out of the index, the snapshots before it and the cached vectors.

        Raises:
            NoSnapshot: There is no index.
            ArticleNotFound: One of `ids` is not in it; nothing is deleted.
            BuildFailed: A write failed; nothing is deleted.
        """
        with self._translated():
            previous = open_current(self._data)
            for article_id in sorted(ids):
                previous.articles.article(article_id)
            rest = (
                Found(stored.article, stored.origin, None)
                for stored in previous.articles.articles()
                if stored.article.id not in ids
            )
            return self._build(rest, previous.manifest.sources, previous, keep=1)

    def _build(
        self,
        found: Iterable[Found | Problem],
        sources: tuple[str, ...],
        previous: Snapshot | None,
        *,
        keep: int,
    ) -> Report:
        prune(self._data)
        writer = SnapshotWriter(self._data, self._now)
        try:
            with closing(ArticleWriter(writer.folder / ARTICLES_FILE)) as articles:
                problems, kept = _collect(articles, found, previous)
                if articles.count == 0 and keep > 1:
                    raise NothingRead(sources, problems)
                change = articles.compare(previous.folder / ARTICLES_FILE if previous else None)
                content = self._content(articles.digest)
                if previous and self._is_live(previous, content):
                    # A build that was killed after the switch had no time for this.
                    self._forget_vectors(previous.folder)
                    return _unchanged(previous.manifest, kept, problems)
                self._find_copies(articles)
                passages = self._split(articles)
                embedded = self._embed(articles, passages, writer.folder)
                self._index_words(articles, writer.folder, passages)
            draft = Manifest(
                FORMAT, "", self._now, self._encoder.spec, self._splitter_spec, sources,
                articles.count, passages, embedded.token_bytes, content, files={},
            )  # fmt: skip
            manifest = writer.publish(draft, embedded.vectors, keep=keep)
        finally:
            writer.discard()
        self._forget_vectors(snapshot_folder(self._data, manifest.snapshot_id))
        added, changed, removed = change
        return Report(
            snapshot_id=manifest.snapshot_id,
            is_new=True,
            articles=manifest.articles,
            passages=passages,
            added=added,
            changed=changed,
            removed=removed,
            kept=kept,
            embedded=embedded.computed,
            problems=problems,
        )

    def _is_live(self, previous: Snapshot, content: str) -> bool:
        """Tell whether `content` is that of the live snapshot, not of one standing in for it."""
        manifest = previous.manifest
        return manifest.content_sha256 == content and manifest.snapshot_id == current_id(self._data)

    def _content(self, articles_digest: str) -> str:
        """Return the hash of all that a snapshot is made from."""
        parts = (
            articles_digest,
            self._encoder.spec.fingerprint,
            repr(self._splitter_spec),
            # `off` and `query-time` build the same, and so do `auto` and `stored`, as a rule.
            "stored" if self._late_interaction in {"auto", "stored"} else "none",
            WORDS_FOLDER,  # snapshots of before have none
        )
        return sha256("\n".join(parts).encode()).hexdigest()

    def _find_copies(self, articles: ArticleWriter) -> None:
        self._progress.stage("Comparing articles", articles.count)
        found = cluster_ids(
            articles.ids(), lambda place: articles.text(place + 1), self._progress.advance
        )
        articles.set_clusters(found)

    def _split(self, articles: ArticleWriter) -> int:
        """Cut every article and return how many passages there are."""
        self._progress.stage("Splitting articles", articles.count)
        count = 0
        for ordinal, article in articles.articles():
            passages = self._splitter.split(article)
            texts = passage_texts(self._splitter, article, passages)
            articles.add_passages(
                ordinal,
                [
                    Cut(passage, len(text.sentences), text_hash(text))
                    for passage, text in zip(passages, texts, strict=True)
                ],
            )
            count += len(passages)
            self._progress.advance(1)
        return count

    def _embed(self, articles: ArticleWriter, passages: int, folder: Path) -> _Embedded:
        """Return the vectors of all passages, and write those of their tokens."""
        try:
            return self._embed_cached(articles, passages, folder)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            logger.warning("%s is damaged (%s) and is made anew.", self._data / CACHE_FILE, error)
            remove_cache(self._data / CACHE_FILE)
            return self._embed_cached(articles, passages, folder)

    def _embed_cached(self, articles: ArticleWriter, passages: int, folder: Path) -> _Embedded:
        self._progress.stage("Embedding passages", passages)
        dimension, width = self._encoder.spec.dimension, self._encoder.codec.width
        stored = stores_tokens(self._late_interaction, passages)
        vectors = np.empty((passages, dimension), np.float32)
        computed, row = 0, 0
        with self._cache() as cache, TokenWriter(folder if stored else None) as writer:
            texts = self._texts(articles)
            while chunk := list(islice(texts, _CHUNK)):
                hashes = [text_hash(text) for text in chunk]
                computed += self._embed_missing(cache, hashes, chunk)
                vectors[row : row + len(chunk)], tokens = cache.get(hashes, dimension, width)
                writer.add(tokens)
                row += len(chunk)
        return _Embedded(VectorStore.from_vectors(vectors), computed, width if stored else 0)

    def _embed_missing(
        self, cache: EmbeddingCache, hashes: Sequence[bytes], passages: Sequence[PassageText]
    ) -> int:
        """Put the vectors of `passages` that are not cached into the cache, a batch at a time."""
        texts = dict(zip(hashes, passages, strict=True))
        known = cache.known(list(texts))
        missing = [digest for digest in texts if digest not in known]
        self._progress.advance(len(passages) - len(missing))
        for batch in self._encoder.encode_batches([texts[digest] for digest in missing]):
            done = [missing[place] for place in batch.positions]
            cache.put(done, batch.vectors, batch.tokens)
            self._progress.advance(len(done))
        return len(missing)

    def _index_words(self, articles: ArticleWriter, folder: Path, passages: int) -> None:
        self._progress.stage("Indexing words", passages)
        counts = Counter[str]()
        (folder / LEXICAL_FOLDER).mkdir()
        LexicalStore.write(folder / LEXICAL_FOLDER, self._counted(self._texts(articles), counts))
        (folder / WORDS_FOLDER).mkdir()
        WordStore.write(folder / WORDS_FOLDER, counts)

    def _counted(self, texts: Iterable[PassageText], counts: Counter[str]) -> Iterator[str]:
        """Yield the texts, and count their words."""
        for text in texts:
            counts.update(words_of(text.text))
            yield text.text
            self._progress.advance(1)

    def _texts(self, articles: ArticleWriter) -> Iterator[PassageText]:
        """Yield what the encoder sees of every passage, in row order."""
        for ordinal, article in articles.articles():
            passages = articles.passages(ordinal, article.id)
            yield from passage_texts(self._splitter, article, passages)

    def _forget_vectors(self, snapshot: Path) -> None:
        """Drop cached vectors that the live snapshot does not use."""
        try:
            with self._cache() as cache:
                cache.keep_only(snapshot / ARTICLES_FILE)
        except sqlite3.Error as error:  # damaged, or the disk is full: removing it needs no room
            logger.warning("%s is removed: %s.", self._data / CACHE_FILE, error)
            remove_cache(self._data / CACHE_FILE)

    def _cache(self) -> EmbeddingCache:
        return EmbeddingCache(self._data / CACHE_FILE, self._encoder.spec.fingerprint)

    def _open_previous(self) -> Snapshot | None:
        """Return the snapshot to compare with; none if there is none that can be read."""
        try:
            return open_current(self._data)
        except NoSnapshot:
            return None
        except SnapshotError as error:
            logger.warning("%s It is being rebuilt from the sources.", error)
            return None

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn what a full disk or a broken one raises into `BuildFailed`."""
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise BuildFailed(self._data, str(error) or type(error).__name__) from error


def _collect(
    articles: ArticleWriter, found: Iterable[Found | Problem], previous: Snapshot | None
) -> tuple[tuple[Problem, ...], int]:
    """Add what was found, then what was there before and can't be read now."""
    problems = []
    for item in found:
        if isinstance(item, Problem):
            problems.append(item)
        else:
            articles.add(item.article, item.path)
    files, folders = _unreadable(problems)
    kept = 0
    for stored in previous.articles.articles() if previous and files else ():
        lost = stored.origin in files or not folders.isdisjoint(Path(stored.origin).parents)
        if lost and not articles.has(stored.article.id):
            articles.add(stored.article, stored.origin)
            kept += 1
    return tuple(problems), kept


def _unreadable(problems: Iterable[Problem]) -> tuple[set[str], set[Path]]:
    """Return the files, and the folders, that could not be read at all.

    A link counts as the file that it leads to, but not as a folder: it may lead to a parent.
    """
    paths = [problem.path for problem in problems if problem.skipped and problem.line is None]
    # Not Path.resolve: until Python 3.13 it raises where links lead in a circle.
    files = {os.path.realpath(path) for path in paths}
    return files, {Path(os.path.realpath(Path(path).parent), Path(path).name) for path in paths}


def _unchanged(manifest: Manifest, kept: int, problems: tuple[Problem, ...]) -> Report:
    return Report(
        snapshot_id=manifest.snapshot_id,
        is_new=False,
        articles=manifest.articles,
        passages=manifest.passages,
        kept=kept,
        problems=problems,
    )
