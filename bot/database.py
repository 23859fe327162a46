"""`bot.sqlite`: what the bot keeps of its own; one file for all processes and threads."""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.errors import DatabaseUnusable

FILE = "bot.sqlite"
_WAIT_S = 5.0
_TRIES = 50
_SCHEMA = """
CREATE TABLE answers (
    number INTEGER PRIMARY KEY,       -- in the order that they were given
    id TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,      -- Unix seconds
    record TEXT                       -- the answer object; NULL once a document of it was deleted
);
CREATE INDEX answers_by_time ON answers (created_at);
CREATE TABLE answer_documents (
    document_id TEXT NOT NULL,
    answer_id TEXT NOT NULL REFERENCES answers (id) ON DELETE CASCADE,
    PRIMARY KEY (document_id, answer_id)
) WITHOUT ROWID;
CREATE INDEX answer_documents_by_answer ON answer_documents (answer_id);
CREATE TABLE feedback (
    answer_id TEXT NOT NULL REFERENCES answers (id) ON DELETE CASCADE,
    owner TEXT NOT NULL,              -- the id of an API key, a hash of a user, or empty
    rating TEXT NOT NULL,
    reason TEXT,
    comment TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (answer_id, owner)
) WITHOUT ROWID;
CREATE TABLE conversations (
    id TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    touched_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX conversations_by_time ON conversations (touched_at);
CREATE TABLE turns (
    number INTEGER PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    answer_id TEXT NOT NULL,
    role TEXT NOT NULL,
    content TEXT NOT NULL
);
CREATE INDEX turns_by_conversation ON turns (conversation_id);
CREATE INDEX turns_by_answer ON turns (answer_id);
CREATE TABLE deletions (
    document_id TEXT NOT NULL PRIMARY KEY,
    built_at TEXT NOT NULL            -- of the first snapshot without it
) WITHOUT ROWID;
CREATE TABLE keys (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    scope TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) WITHOUT ROWID;
"""
_DISCORD = """
CREATE TABLE secrets (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL               -- random, made once
) WITHOUT ROWID;
CREATE TABLE discord_servers (
    server_id INTEGER NOT NULL PRIMARY KEY,
    settings TEXT NOT NULL            -- JSON
);
CREATE TABLE discord_commands (
    application_id INTEGER NOT NULL PRIMARY KEY,
    definition TEXT NOT NULL          -- the sha256 of what Discord was told
);
CREATE TABLE discord_messages (
    message_id INTEGER NOT NULL PRIMARY KEY,
    channel_id INTEGER NOT NULL,
    server_id INTEGER,                -- NULL: a direct message
    question_id INTEGER,              -- the message that asked; NULL: a command did
    answer_id TEXT NOT NULL,
    conversation_id TEXT,
    asker TEXT NOT NULL,              -- a salted hash; empty once forgotten
    created_at INTEGER NOT NULL       -- Unix seconds
);
CREATE INDEX discord_messages_by_answer ON discord_messages (answer_id);
CREATE INDEX discord_messages_by_question ON discord_messages (question_id);
CREATE INDEX discord_messages_by_conversation ON discord_messages (conversation_id);
CREATE INDEX discord_messages_by_channel ON discord_messages (channel_id);
CREATE INDEX discord_messages_by_time ON discord_messages (created_at);
CREATE TABLE discord_questions (
    answer_id TEXT NOT NULL PRIMARY KEY,
    server_id INTEGER,
    asker TEXT NOT NULL,              -- a salted hash
    question_hash TEXT NOT NULL,      -- likewise
    question TEXT,                    -- only where the server keeps them
    conversation_id TEXT,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX discord_questions_by_asker ON discord_questions (asker);
CREATE INDEX discord_questions_by_conversation ON discord_questions (conversation_id);
CREATE INDEX discord_questions_by_time ON discord_questions (created_at);
"""
# What brings a file from each version to the next; a new one goes through all.
_STEPS = (_SCHEMA, _DISCORD)


class Database:
    """One connection, opened at first use; safe to share between threads.

    The write-ahead log lets processes read while one writes, and a commit needs no fsync: after a
    power cut the last answers may be missing, never half there. What is deleted is overwritten.
    """

    def __init__(self, path: Path) -> None:
        """Prepare; nothing is opened yet."""
        self.path = path
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None

    def close(self) -> None:
        """Close the file. Closing twice does nothing more."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    def all(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query.

        Raises:
            DatabaseUnusable: The file can't be opened or read.
        """
        with self.transaction() as db:
            return db.execute(statement, values).fetchall()

    @contextmanager
    def transaction(self, *, write: bool = False) -> Iterator[sqlite3.Connection]:
        """Hold the connection in a transaction; an error undoes it.

        Raises:
            DatabaseUnusable: The file can't be opened, read or written.
        """
        with self._lock, self._translated():
            db = self._db = self._db or _open(self.path)
            db.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    def empty_log(self) -> None:
        """Write the log into the file and cut it: what was deleted is in neither then."""
        with self._lock, self._translated():
            if self._db is not None:
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise DatabaseUnusable(self.path, str(error)) from error


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    # People's questions are in it; SQLite gives the log beside it the same rights.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    db = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
    try:
        _prepare(db)
    except BaseException:
        db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection) -> None:
    _log_ahead(db)
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA secure_delete = ON")
    db.execute("BEGIN IMMEDIATE")  # of two processes that find it new, one makes it
    version = db.execute("PRAGMA user_version").fetchone()[0]
    for step in _STEPS[version:]:
        for statement in step.split(";\n"):
            db.execute(statement)
    if version < len(_STEPS):
        db.execute(f"PRAGMA user_version = {len(_STEPS)}")
    db.execute("COMMIT")
    if version > len(_STEPS):
        raise sqlite3.DatabaseError("it was made by a newer Citewire")


def _log_ahead(db: sqlite3.Connection) -> None:
    """Switch the log on; SQLite does not wait its turn for that, whatever its timeout."""
    for left in reversed(range(_TRIES)):
        try:
            db.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError:
            if not left:
                raise
            time.sleep(_WAIT_S / _TRIES)
        else:
            return
