"""Vectors that were already computed: losing this file loses time, never data."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote
from zlib import crc32

import numpy as np

from index.encoder import Vectors
from index.late_interaction import PassageTokens

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
-- The vector of a deleted article can be turned back into words: overwrite it.
PRAGMA secure_delete = ON;
CREATE TABLE IF NOT EXISTS vectors (
    fingerprint TEXT NOT NULL,
    text_hash BLOB NOT NULL,
    vector BLOB NOT NULL,    -- float32
    tokens BLOB NOT NULL,    -- as the codec makes them
    counts BLOB NOT NULL,    -- 32-bit: of the title's, then of each sentence's
    crc32 INTEGER NOT NULL,  -- of all three
    PRIMARY KEY (fingerprint, text_hash)
) WITHOUT ROWID;
"""
_VARIABLES = 500  # in one statement
# What a full or failing disk says. All else that SQLite complains of is the file's own fault.
_DISK = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
}


class EmbeddingCache:
    """Vectors by encoder fingerprint and text hash, in one SQLite file.

    Each `put` is kept even if the process is killed right after it, so an interrupted build goes
    on where it stopped.
    """

    def __init__(self, path: Path, fingerprint: str) -> None:
        """Open the cache at `path`, made if it isn't there, for one encoder.

        Raises:
            sqlite3.DatabaseError: The file is damaged; `remove_cache` and open it again.
        """
        self._fingerprint = fingerprint
        self._db = sqlite3.connect(f"file:{quote(str(path))}", uri=True)
        try:
            with _damage_told():
                self._db.executescript(_SCHEMA)
        except sqlite3.Error:
            self._db.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._db.close()

    def known(self, hashes: Sequence[bytes]) -> set[bytes]:
        """Return those of `hashes` whose vector is here.

        Raises:
            sqlite3.DatabaseError: The file is damaged; `remove_cache` and compute them again.
        """
        found: set[bytes] = set()
        with _damage_told():
            for some in _pieces(hashes):
                found.update(row[0] for row in self._select("text_hash", some))
        return found

    def get(
        self, hashes: Sequence[bytes], dimension: int, width: int
    ) -> tuple[Vectors, list[PassageTokens]]:
        """Return what was put for `hashes`, in their order.

        Args:
            hashes: The texts.
            dimension: The length of a passage's vector.
            width: The bytes of a token.

        Returns:
            The passages' vectors, shape `(len(hashes), dimension)`, and their tokens.

        Raises:
            sqlite3.DatabaseError: One is not here (`known` tells), or the file is damaged;
                `remove_cache` and compute them again.
        """
        vectors = np.empty((len(hashes), dimension), np.float32)
        tokens: dict[bytes, PassageTokens] = {}
        places: dict[bytes, list[int]] = {}
        for place, text_hash in enumerate(hashes):
            places.setdefault(text_hash, []).append(place)
        with _damage_told():
            for some in _pieces(list(places)):
                for text_hash, *blobs, checksum in self._select(
                    "text_hash, vector, tokens, counts, crc32", some
                ):
                    if crc32(b"".join(blobs)) != checksum:
                        raise sqlite3.DatabaseError("a vector is not what was written")
                    vector, codes, counts = blobs
                    vectors[places[text_hash]] = np.frombuffer(vector, np.float32)
                    tokens[text_hash] = PassageTokens(
                        np.frombuffer(codes, np.uint8).reshape(-1, width),
                        tuple(np.frombuffer(counts, np.uint32).tolist()),
                    )
            return vectors, [tokens[text_hash] for text_hash in hashes]

    def put(
        self, hashes: Sequence[bytes], vectors: Vectors, tokens: Sequence[PassageTokens]
    ) -> None:
        """Keep a vector and the tokens for each hash, all in one order."""
        rows = []
        for text_hash, vector, own in zip(hashes, vectors, tokens, strict=True):
            counts = np.array(own.counts, np.uint32)
            blobs = (vector.tobytes(), own.codes.tobytes(), counts.tobytes())
            rows.append((self._fingerprint, text_hash, *blobs, crc32(b"".join(blobs))))
        with self._db:
            self._db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?, ?, ?)", rows)

    def keep_only(self, articles: Path) -> int:
        """Drop every vector, of any encoder, whose text is not a passage of that article store.

        Returns:
            How many were dropped.
        """
        self._db.execute("ATTACH ? AS live", (f"file:{quote(str(articles))}?mode=ro&immutable=1",))
        try:
            with self._db:
                return self._db.execute(
                    "DELETE FROM vectors WHERE text_hash NOT IN (SELECT text_hash FROM passages)"
                ).rowcount
        finally:
            self._db.execute("DETACH live")

    def _select(self, columns: str, some: Sequence[bytes]) -> sqlite3.Cursor:
        marks = ",".join("?" * len(some))
        return self._db.execute(
            f"SELECT {columns} FROM vectors WHERE fingerprint = ? AND text_hash IN ({marks})",
            (self._fingerprint, *some),
        )


@contextmanager
def _damage_told() -> Iterator[None]:
    """Raise `sqlite3.DatabaseError` for what is no vector: text, null, or nothing at all."""
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        raise sqlite3.DatabaseError(f"what was read is no vector: {error!r}") from error


def is_damage(error: sqlite3.Error) -> bool:
    """Tell whether the cache is to blame for an error, and not the disk."""
    # Errors that SQLite did not raise have no code; the low byte is the family of the others.
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) not in _DISK


def remove_cache(path: Path) -> None:
    """Remove the cache at `path` with SQLite's files beside it."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _pieces(hashes: Sequence[bytes]) -> list[Sequence[bytes]]:
    return [hashes[i : i + _VARIABLES] for i in range(0, len(hashes), _VARIABLES)]
