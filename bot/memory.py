"""What the bot remembers: answers, what people thought of them, conversations."""

import logging
import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from bot.answer import Answer, Notice
from bot.conversation import Turn
from bot.database import Database
from bot.errors import (
    AnswerNotFound,
    AnswerWithdrawn,
    ConversationNotFound,
    DatabaseUnusable,
)
from bot.json_lines import to_json

# In place of an id: the conversation that a question begins.
NEW_CONVERSATION = "new"
MAX_ANSWERS = 100_000
MAX_CONVERSATIONS = 10_000
# Messages of one conversation: the last count, the first are dropped.
MAX_TURNS = 40
CONVERSATION_S = 24 * 3600
_DAY_S = 24 * 3600
_NOT_SAVED = Notice("not_saved", "The answer could not be saved: its link will not work.")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Feedback:
    """What somebody thinks of an answer."""

    rating: Literal["up", "down"]
    reason: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """Keeps answers and conversations; safe to share between threads.

    Attributes:
        database: Where.
        now: The clock, timezone-aware UTC.
        days: How long an answer is kept; 0: none is.
    """

    database: Database
    now: Callable[[], datetime]
    days: int

    def keep(self, answer: Answer, owner: str) -> None:
        """Keep an answer, and what it adds to its conversation.

        Nothing is kept of an answer that quotes a document deleted since its snapshot was built.

        Raises:
            DatabaseUnusable: It could not be kept.
        """
        if not self.days and answer.conversation_id is None:
            return
        with self.database.transaction(write=True) as db:
            self._drop_old(db)
            if _quotes_deleted(db, answer):
                return
            if self.days:
                _save(db, answer)
            if answer.conversation_id is not None:
                self._add_turns(db, answer, answer.conversation_id, owner)

    def keep_unasked(self, answer: Answer) -> None:
        """Keep an answer without its question, nor anything of its conversation.

        Raises:
            DatabaseUnusable: It could not be kept.
        """
        unasked = replace(answer, question="", standalone_question="", conversation_id=None)
        self.keep(unasked, "")

    def drop_old(self) -> None:
        """Drop what has been kept for long enough, as keeping does too.

        Raises:
            DatabaseUnusable: It could not be done.
        """
        with self.database.transaction(write=True) as db:
            self._drop_old(db)
        self.database.empty_log()

    def cited(self) -> tuple[str, ...]:
        """Return the ids of the documents that saved answers list, ascending.

        Raises:
            DatabaseUnusable: They can't be read.
        """
        rows = self.database.all(
            "SELECT DISTINCT document_id FROM answer_documents ORDER BY document_id"
        )
        return tuple(str(name) for (name,) in rows)

    def answer(self, answer_id: str) -> str:
        """Return a saved answer as the JSON that was given.

        Raises:
            AnswerNotFound: There is none with this id, or no longer.
            AnswerWithdrawn: A document that it quotes was deleted.
            DatabaseUnusable: It can't be read.
        """
        since = self._seconds() - self.days * _DAY_S
        rows = self.database.all(
            "SELECT record FROM answers WHERE id = ? AND created_at >= ?", (answer_id, since)
        )
        if not rows:
            raise AnswerNotFound(answer_id)
        if rows[0][0] is None:
            raise AnswerWithdrawn(answer_id)
        return str(rows[0][0])

    def rate(self, answer_id: str, feedback: Feedback, owner: str) -> None:
        """Keep what somebody thinks of a saved answer, in place of what they thought before.

        Raises:
            AnswerNotFound: There is no such answer.
            AnswerWithdrawn: There is none any more.
            DatabaseUnusable: It could not be kept.
        """
        self.answer(answer_id)
        with self.database.transaction(write=True) as db:
            db.execute(
                "INSERT OR REPLACE INTO feedback VALUES (?, ?, ?, ?, ?, ?)",
                (
                    answer_id,
                    owner,
                    feedback.rating,
                    feedback.reason,
                    feedback.comment,
                    self._seconds(),
                ),
            )

    def history(self, conversation_id: str, owner: str) -> tuple[Turn, ...]:
        """Return the messages of a conversation, oldest first.

        Raises:
            ConversationNotFound: There is none with this id that is the owner's, or no longer.
            DatabaseUnusable: It can't be read.
        """
        with self.database.transaction() as db:
            known = db.execute(
                "SELECT 1 FROM conversations WHERE id = ? AND owner = ? AND touched_at >= ?",
                (conversation_id, owner, self._seconds() - CONVERSATION_S),
            ).fetchone()
            rows = db.execute(
                "SELECT role, content FROM turns WHERE conversation_id = ? ORDER BY number",
                (conversation_id,),
            ).fetchall()
        if known is None:
            raise ConversationNotFound(conversation_id)
        return tuple(Turn(role, content) for role, content in rows)

    def forget(self, document_id: str, built_at: datetime) -> None:
        """Drop every quote of a document.

        Args:
            document_id: A deleted document.
            built_at: When the first snapshot without it was built; answers from older ones, some
                still in the making, are not kept any more.

        Raises:
            DatabaseUnusable: It could not be done.
        """
        with self.database.transaction(write=True) as db:
            db.execute(
                "INSERT OR REPLACE INTO deletions VALUES (?, ?)", (document_id, _text(built_at))
            )
            citing = "SELECT answer_id FROM answer_documents WHERE document_id = ?"
            for statement in (
                f"DELETE FROM turns WHERE answer_id IN ({citing})",  # noqa: S608  (ours)
                f"UPDATE answers SET record = NULL WHERE id IN ({citing})",  # noqa: S608  (ours)
                "DELETE FROM answer_documents WHERE document_id = ?",
            ):
                db.execute(statement, (document_id,))
        self.database.empty_log()

    def _seconds(self) -> int:
        return int(self.now().timestamp())

    def _drop_old(self, db: sqlite3.Connection) -> None:
        seconds = self._seconds()
        db.execute("DELETE FROM answers WHERE created_at < ?", (seconds - self.days * _DAY_S,))
        db.execute(
            "DELETE FROM answers WHERE number <= (SELECT max(number) FROM answers) - ?",
            (MAX_ANSWERS,),
        )
        db.execute("DELETE FROM conversations WHERE touched_at < ?", (seconds - CONVERSATION_S,))

    def _add_turns(
        self, db: sqlite3.Connection, answer: Answer, conversation_id: str, owner: str
    ) -> None:
        db.execute(
            "INSERT INTO conversations VALUES (?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET touched_at = excluded.touched_at",
            (conversation_id, owner, self._seconds()),
        )
        turns = (("user", answer.standalone_question), ("assistant", answer.answer))
        db.executemany(
            "INSERT INTO turns (conversation_id, answer_id, role, content) VALUES (?, ?, ?, ?)",
            [(conversation_id, answer.id, *turn) for turn in turns],
        )
        db.execute(
            "DELETE FROM turns WHERE conversation_id = ? AND number NOT IN (SELECT number "
            "FROM turns WHERE conversation_id = ? ORDER BY number DESC LIMIT ?)",
            (conversation_id, conversation_id, MAX_TURNS),
        )
        db.execute(
            "DELETE FROM conversations WHERE id IN (SELECT id FROM conversations "
            "ORDER BY touched_at DESC, id LIMIT -1 OFFSET ?)",
            (MAX_CONVERSATIONS,),
        )


def saved_or_said(answer: Answer, save: Callable[[], None]) -> Answer:
    """Return the answer; where it can't be saved, it says so itself."""
    try:
        save()
    except DatabaseUnusable as error:
        logger.warning("%s", error)
        return replace(answer, warnings=(*answer.warnings, _NOT_SAVED))
    return answer


def new_conversation_id() -> str:
    """Return `conv_` and 24 random hex digits: who does not know it can't ask in it."""
    return f"conv_{secrets.token_hex(12)}"


def _save(db: sqlite3.Connection, answer: Answer) -> None:
    db.execute(
        "INSERT INTO answers (id, created_at, record) VALUES (?, ?, ?)",
        (answer.id, answer.created_at, to_json(answer)),
    )
    db.executemany(
        "INSERT INTO answer_documents VALUES (?, ?)",
        [(document.id, answer.id) for document in answer.documents],
    )


def _quotes_deleted(db: sqlite3.Connection, answer: Answer) -> bool:
    marks = ", ".join("?" * len(answer.documents))
    found = db.execute(
        f"SELECT 1 FROM deletions WHERE built_at > ? AND document_id IN ({marks})",  # noqa: S608
        (_text(answer.index.built_at), *(document.id for document in answer.documents)),
    )
    return found.fetchone() is not None


def _text(moment: datetime) -> str:
    """Return UTC to the microsecond, which sorts as time does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
