"""What is kept of servers and people: settings, which message shows which answer, questions.

People are kept as salted hashes; so are questions, unless their server keeps them as text. The salt
is made once and stays in `bot.sqlite`: who has that file can test a guess, nobody else can.
"""

import secrets
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from pydantic import TypeAdapter

from bot.answer import Answer
from bot.database import Database

_SALT = "discord_salt"
_SALT_BYTES = 32
_HASH_BYTES = 16
_DAY_S = 24 * 3600
_SHOWN = (
    "SELECT message_id, channel_id, server_id, question_id, answer_id, conversation_id, asker "
    "FROM discord_messages "
)


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What a server's moderators decide; a direct message has what is here.

    Attributes:
        channels: Where mentions and replies are answered; commands work everywhere.
        mentions: Whether they are, there.
        threads: Whether a mention is answered in a thread of its own.
        private: Whether `/ask` answers only the asker unless told otherwise.
        sources: Outlets that count; none named: all.
        published_after: Articles count that were published then or later.
        published_before: Articles count that were published before then.
        citations: How many an answer shows at most, 1 to 10.
        cooldown_s: Seconds between two questions of one person.
        server_cooldown_s: Seconds between two questions in the server.
        delete_with_question: Whether an answer goes when its question is deleted.
        keep_questions: Whether questions are kept as text.
    """

    channels: tuple[int, ...] = ()
    mentions: bool = True
    threads: bool = False
    private: bool = False
    sources: tuple[str, ...] = ()
    published_after: datetime | None = None
    published_before: datetime | None = None
    citations: int = 3
    cooldown_s: int = 10
    server_cooldown_s: int = 0
    delete_with_question: bool = True
    keep_questions: bool = False


DEFAULTS = ServerSettings()
_SETTINGS = TypeAdapter(ServerSettings)


@dataclass(frozen=True, slots=True)
class Shown:
    """A message of ours that shows an answer.

    `server_id` is None in direct messages; `question_id` is the message that asked, None where a
    command or a button did; `asker` is a salted hash.
    """

    message_id: int
    channel_id: int
    server_id: int | None
    question_id: int | None
    answer_id: str
    conversation_id: str | None
    asker: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked what where: `server_id` is None in direct messages."""

    user_id: int
    server_id: int | None
    question: str


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many questions and votes were erased, and the conversations that were somebody's."""

    questions: int
    votes: int
    conversations: tuple[str, ...]


class Preferences:
    """Keeps all of this in `bot.sqlite`; safe to share between threads.

    Every method raises `DatabaseUnusable` where the file can't be read or written.
    """

    def __init__(self, database: Database, now: Callable[[], datetime], days: int) -> None:
        """Prepare.

        Args:
            database: Where.
            now: The clock, timezone-aware UTC.
            days: How long messages and questions are remembered; as long as answers are kept.
        """
        self._database, self._now, self._days = database, now, days
        self._salt = b""

    def server(self, server_id: int | None) -> ServerSettings:
        """Return the settings of a server; of direct messages, for None."""
        statement = "SELECT settings FROM discord_servers WHERE server_id = ?"
        rows = [] if server_id is None else self._database.all(statement, (server_id,))
        return _SETTINGS.validate_json(rows[0][0]) if rows else DEFAULTS

    def set_server(self, server_id: int, settings: ServerSettings) -> None:
        """Keep the settings of a server; where it keeps no questions, forget those that it kept."""
        record = _SETTINGS.dump_json(settings).decode()
        blank = "UPDATE discord_questions SET question = NULL WHERE server_id = ? AND question > ''"
        with self._database.transaction(write=True) as db:
            db.execute("INSERT OR REPLACE INTO discord_servers VALUES (?, ?)", (server_id, record))
            blanked = 0 if settings.keep_questions else db.execute(blank, (server_id,)).rowcount
        if blanked:
            self._database.empty_log()

    def hash_of(self, user_id: int) -> str:
        """Return what stands for a person: 32 hex digits."""
        return self._hash(b"user", str(user_id))

    def add_question(self, asked: Asked, answer: Answer) -> None:
        """Keep that a question was asked: as text only where its server keeps that."""
        text = asked.question if self.server(asked.server_id).keep_questions else None
        values = (
            answer.id,
            asked.server_id,
            self.hash_of(asked.user_id),
            self._hash(b"question", " ".join(asked.question.casefold().split())),
            text,
            answer.conversation_id,
            self._seconds(),
        )
        self._add("discord_questions", values)

    def add_message(self, shown: Shown) -> None:
        """Keep that a message shows an answer."""
        values = (
            shown.message_id,
            shown.channel_id,
            shown.server_id,
            shown.question_id,
            shown.answer_id,
            shown.conversation_id,
            shown.asker,
            self._seconds(),
        )
        self._add("discord_messages", values)

    def message(self, message_id: int) -> Shown | None:
        """Return what a message of ours shows; None where it is not known, or no longer."""
        return next(iter(self._shown("WHERE message_id = ?", message_id)), None)

    def latest_in(self, channel_id: int) -> Shown | None:
        """Return the newest answer in a channel or thread; None where there is none."""
        found = self._shown("WHERE channel_id = ? ORDER BY message_id DESC LIMIT 1", channel_id)
        return next(iter(found), None)

    def replies_to(self, question_id: int) -> Sequence[Shown]:
        """Return the messages that answer a message, oldest first."""
        return self._shown("WHERE question_id = ? ORDER BY message_id", question_id)

    def showing(self, answer_id: str) -> Sequence[Shown]:
        """Return the messages that show an answer, oldest first."""
        return self._shown("WHERE answer_id = ? ORDER BY message_id", answer_id)

    def answers(self) -> Sequence[str]:
        """Return the ids of the answers that messages show, ascending."""
        rows = self._database.all(
            "SELECT DISTINCT answer_id FROM discord_messages ORDER BY answer_id"
        )
        return tuple(str(name) for (name,) in rows)

    def answers_in(self, conversation_id: str) -> Sequence[str]:
        """Return the ids of the answers given in a conversation, oldest first."""
        rows = self._database.all(
            "SELECT answer_id FROM discord_questions WHERE conversation_id = ? "
            "ORDER BY created_at, answer_id",
            (conversation_id,),
        )
        return tuple(str(name) for (name,) in rows)

    def drop_message(self, message_id: int) -> None:
        """Forget a message: it was deleted, or shows an answer no more."""
        with self._database.transaction(write=True) as db:
            db.execute("DELETE FROM discord_messages WHERE message_id = ?", (message_id,))

    def forget(self, user_id: int) -> Forgotten:
        """Erase the questions and votes of a person, and whose the answers were.

        The conversations are to be forgotten where they are held: `Engine.forget`.
        """
        asker = self.hash_of(user_id)
        with self._database.transaction(write=True) as db:
            rows = db.execute(
                "SELECT DISTINCT conversation_id FROM discord_questions WHERE asker = ? "
                "AND conversation_id IS NOT NULL ORDER BY conversation_id",
                (asker,),
            ).fetchall()
            questions = db.execute("DELETE FROM discord_questions WHERE asker = ?", (asker,))
            votes = db.execute("DELETE FROM feedback WHERE owner = ?", (asker,))
            db.execute("UPDATE discord_messages SET asker = '' WHERE asker = ?", (asker,))
            erased = Forgotten(
                questions.rowcount, votes.rowcount, tuple(str(name) for (name,) in rows)
            )
        self._database.empty_log()
        return erased

    def forget_server(self, server_id: int) -> None:
        """Erase what is kept of a server that the bot has left."""
        with self._database.transaction(write=True) as db:
            for table in ("discord_servers", "discord_messages", "discord_questions"):
                db.execute(f"DELETE FROM {table} WHERE server_id = ?", (server_id,))  # noqa: S608
        self._database.empty_log()

    def drop_old(self) -> None:
        """Drop the messages and questions that have been kept for long enough."""
        with self._database.transaction(write=True) as db:
            self._drop_old(db)
        self._database.empty_log()

    def _add(self, table: str, values: Sequence[object]) -> None:
        if not self._days:
            return
        marks = ", ".join("?" * len(values))
        with self._database.transaction(write=True) as db:
            self._drop_old(db)
            db.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", values)  # noqa: S608

    def _drop_old(self, db: sqlite3.Connection) -> None:
        since = self._seconds() - self._days * _DAY_S
        db.execute("DELETE FROM discord_messages WHERE created_at < ?", (since,))
        db.execute("DELETE FROM discord_questions WHERE created_at < ?", (since,))

    def _shown(self, clause: str, value: object) -> Sequence[Shown]:
        return tuple(Shown(*row) for row in self._database.all(_SHOWN + clause, (value,)))

    def _hash(self, kind: bytes, text: str) -> str:
        if not self._salt:
            self._salt = self._read_salt()
        key, data = self._salt, text.encode("utf-8", "surrogatepass")
        return blake2b(data, key=key, person=kind, digest_size=_HASH_BYTES).hexdigest()

    def _read_salt(self) -> bytes:
        with self._database.transaction(write=True) as db:
            db.execute(
                "INSERT OR IGNORE INTO secrets VALUES (?, ?)",
                (_SALT, secrets.token_bytes(_SALT_BYTES)),
            )
            found = db.execute("SELECT value FROM secrets WHERE name = ?", (_SALT,)).fetchone()
        return bytes(found[0])

    def _seconds(self) -> int:
        return int(self._now().timestamp())
