"""What people are told when something did not work: one polite line for each family of errors."""

import logging
import secrets

from bot.answerer import MAX_QUESTION_CHARS
from bot.errors import (
    AnswerNotFound,
    AnswerWithdrawn,
    ConversationNotFound,
    DatabaseUnusable,
    EndpointFailed,
    QuestionRefused,
)
from bot.work import DeadlineExceeded, QueueFull
from index.errors import ArticleNotFound, IndexingError

EMPTY_QUESTION = "Ask me something: for example `/ask question:` and what you want to know."
RESTARTED = "I was restarted before I had the answer. Ask again in a minute."
GONE = "That answer is no longer kept. Ask the question again."
WITHDRAWN = "A source of this answer was withdrawn, and the answer with it. Ask the question again."
_NO_SEARCH = "The articles can't be searched just now. Try again later."
_LINES: tuple[tuple[type[Exception], str], ...] = (
    (AnswerWithdrawn, WITHDRAWN),
    (AnswerNotFound, GONE),
    (ConversationNotFound, "That conversation is over. Ask with `/ask` to begin a new one."),
    (ArticleNotFound, "That article is no longer there. `/article` finds the others."),
    (QueueFull, "Many are asking just now. Try again in a minute."),
    (DeadlineExceeded, "That took too long. Try again, perhaps with a shorter question."),
    (IndexingError, _NO_SEARCH),
    (EndpointFailed, _NO_SEARCH),
    (DatabaseUnusable, "What I keep can't be read or written just now. Try again later."),
)

logger = logging.getLogger(__name__)


class Told(Exception):
    """Raised with the line that somebody should be told; nothing is wrong with the bot."""


def line_for(error: BaseException) -> str:
    """Return what to tell the asker; what nobody foresaw is logged under the name that is told."""
    if isinstance(error, Told):
        return str(error)
    if isinstance(error, QuestionRefused):
        if not error.length:
            return EMPTY_QUESTION
        return f"That question has {error.length:,} characters; I take {MAX_QUESTION_CHARS:,}."
    for family, line in _LINES:
        if isinstance(error, family):
            logger.warning("%s: %s", type(error).__name__, line)
            return line
    name = secrets.token_hex(4)
    logger.error("error %s", name, exc_info=error)
    return f"Something went wrong; the log has it as {name}. Try again later."


def wait_line(seconds: float) -> str:
    """Return when to ask again, in whole seconds rounded up."""
    return f"Again in {max(1, -int(-seconds // 1))} s."
