"""The work behind every trigger: in threads, off the event loop, and told in the same way."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from bot.answer import Answer
from bot.answerer import Question
from bot.contents import Collection
from bot.discord_bot.bursts import Bursts
from bot.discord_bot.cooldowns import Cooldowns, Pause
from bot.discord_bot.preferences import (
    DEFAULTS,
    Asked,
    Forgotten,
    Preferences,
    ServerSettings,
    Shown,
)
from bot.discord_bot.problems import RESTARTED, Told, wait_line
from bot.engine import Engine
from bot.errors import BotError, ConversationNotFound, DatabaseUnusable
from bot.memory import NEW_CONVERSATION
from bot.work import QueueFull, Work
from corpus.article import Article
from index.errors import IndexingError
from index.store import Filters

_WAITING = 64
# Well within the quarter of an hour that Discord leaves to edit a reply to a command.
_DEADLINE_S = 600.0
# Settings are read before anything is said, and Discord waits for three seconds.
_SOON_S = 0.7
_MOST_SETTINGS = 5000
# Who mentions us again and again is told why there is no answer only so often.
_BETWEEN_NOTICES = Pause(user_s=5, server_s=0)

T = TypeVar("T")
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wish:
    """A question and what its asker chose: the settings of the server still apply.

    `conversation_id` is that of an answer before; None: a new conversation. Of `sources` none
    means any.
    """

    user_id: int
    server_id: int | None
    question: str
    conversation_id: str | None = None
    published_after: datetime | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """An answer and what is needed to show it.

    `articles` are those that are quoted, in the revision that is; None where they can't be had.
    `collection` is None where nobody needs it.
    """

    answer: Answer
    articles: Mapping[str, Article | None]
    collection: Collection | None


class Desk:
    """Asks the engine and the preferences for the handlers of Discord's events."""

    def __init__(
        self,
        engine: Engine,
        preferences: Preferences,
        clock: Callable[[], float],
        *,
        threads: int = 4,
    ) -> None:
        """Prepare.

        Args:
            engine: Answers.
            preferences: What is kept of servers and people.
            clock: Monotonic seconds, for cooldowns.
            threads: How many questions are answered at once; others wait their turn.
        """
        self.engine, self.preferences = engine, preferences
        self._cooldowns, self._bursts = Cooldowns(clock), Bursts(clock)
        self._notices = Cooldowns(clock)
        self._settings: OrderedDict[int, ServerSettings] = OrderedDict()
        # Two pools: reading a setting never waits for slow answers.
        self._asking = Work(threads=threads, waiting=_WAITING, deadline_s=_DEADLINE_S)
        self._reading = Work(threads=threads, waiting=4 * _WAITING, deadline_s=_DEADLINE_S)

    def close(self) -> None:
        """Drop what waits. Closing twice does nothing more."""
        self._asking.close()
        self._reading.close()

    async def read(self, function: Callable[[], T]) -> T:
        """Return what `function` returns, called in a thread.

        Raises:
            QueueFull: It was not called: too much is waiting.
            DeadlineExceeded: It took too long.
        """
        return await self._reading.run(function)

    async def settings(self, server_id: int | None) -> ServerSettings:
        """Return a server's settings, soon: where they can't be read at once, private defaults."""
        if server_id is None:
            return DEFAULTS
        if server_id not in self._settings:
            try:
                async with asyncio.timeout(_SOON_S):
                    found = await self.read(lambda: self.preferences.server(server_id))
            except (TimeoutError, QueueFull, DatabaseUnusable) as error:
                logger.warning("settings not read: %s", type(error).__name__)
                return replace(DEFAULTS, private=True)
            self._hold(server_id, found)
        return self._settings[server_id]

    async def set_settings(self, server_id: int, settings: ServerSettings) -> None:
        """Keep a server's settings.

        Raises:
            DatabaseUnusable: They could not be kept; the old ones hold.
        """
        await self.read(lambda: self.preferences.set_server(server_id, settings))
        self._hold(server_id, settings)

    def count_question(self, user_id: int, server_id: int | None, settings: ServerSettings) -> None:
        """Count a question, however it was asked.

        Raises:
            Told: It is too early for another.
        """
        pause = Pause(settings.cooldown_s, settings.server_cooldown_s)
        self._wait(self._cooldowns.take(user_id, server_id, pause))

    def count_press(self, user_id: int, server_id: int | None) -> None:
        """Count a press of a button, or a command that asks nothing.

        Raises:
            Told: There were too many.
        """
        self._wait(self._bursts.take(user_id, server_id))

    def may_write(self, user_id: int) -> bool:
        """Tell whether somebody may be written to directly, unasked; now and then they may."""
        return not self._notices.take(user_id, None, _BETWEEN_NOTICES)

    def _wait(self, left_s: float) -> None:
        if left_s > 0:
            raise Told(wait_line(left_s))

    def _hold(self, server_id: int, settings: ServerSettings) -> None:
        self._settings[server_id] = settings
        self._settings.move_to_end(server_id)
        while len(self._settings) > _MOST_SETTINGS:
            self._settings.popitem(last=False)

    async def ask(self, wish: Wish, filters: Filters, citations: int) -> Found:
        """Return the answer, with at most `citations`; what is asked is remembered.

        Raises:
            Told: The process is about to end.
            QueueFull: Too many questions are waiting.
            DeadlineExceeded: It took too long.
            BotError: There is no answer, for another reason.
            IndexingError: There is no index that can be read.
        """
        try:
            return await self._asking.run(lambda: self._answer(wish, filters, citations))
        except asyncio.CancelledError as error:  # there is time to say so
            raise Told(RESTARTED) from error

    async def found(self, answer_id: str) -> Found:
        """Return a saved answer.

        Raises:
            AnswerNotFound: There is none with this id, or no longer.
            AnswerWithdrawn: A document that it quotes was deleted.
        """
        return await self.read(lambda: self._with_articles(self.engine.saved(answer_id)))

    async def remember(self, shown: Callable[[str], Shown], user_id: int) -> None:
        """Keep which message shows which answer; `shown` is given the hash of who asked.

        Where that can't be kept, the answer is there all the same.
        """

        def keep() -> None:
            self.preferences.add_message(shown(self.preferences.hash_of(user_id)))

        try:
            await self.read(keep)
        except (DatabaseUnusable, QueueFull) as error:
            logger.warning("a message is not remembered: %s", type(error).__name__)

    async def remember_copy(self, message_id: int, copy_id: int) -> None:
        """Keep that one message shows the answer that another does."""

        def keep() -> None:
            known = self.preferences.message(message_id)
            if known:
                self.preferences.add_message(replace(known, message_id=copy_id, question_id=None))

        await self.read(keep)

    async def forget(self, user_id: int) -> Forgotten:
        """Erase what is kept of somebody's questions and votes, and say how much that was."""

        def forget() -> Forgotten:
            erased = self.preferences.forget(user_id)
            self.engine.forget(erased.conversations)
            return erased

        return await self.read(forget)

    def _answer(self, wish: Wish, filters: Filters, citations: int) -> Found:
        asker = self.preferences.hash_of(wish.user_id)
        question = Question(
            wish.question,
            conversation_id=wish.conversation_id or NEW_CONVERSATION,
            max_citations=citations,
            filters=filters,
        )
        try:
            answer = self.engine.ask(question, asker)
        except ConversationNotFound:  # it is long ago: the question begins another
            answer = self.engine.ask(replace(question, conversation_id=NEW_CONVERSATION), asker)
        try:
            self.preferences.add_question(
                Asked(wish.user_id, wish.server_id, wish.question), answer
            )
        except DatabaseUnusable as error:  # the answer is there all the same
            logger.warning("%s", error)
        return self._with_articles(answer)

    def _with_articles(self, answer: Answer) -> Found:
        collection = self.collection() if answer.status == "abstained" else None
        revisions = {c.document_id: c.revision for c in answer.citations}
        articles = {name: self._article(name, revision) for name, revision in revisions.items()}
        return Found(answer, articles, collection)

    def collection(self) -> Collection | None:
        """Return what the articles cover; None where that can't be said just now."""
        try:
            return self.engine.collection()
        except (BotError, IndexingError) as error:
            logger.warning("the collection is not known: %s", type(error).__name__)
            return None

    def _article(self, document_id: str, revision: str) -> Article | None:
        try:
            article = self.engine.article(document_id)
        except (BotError, IndexingError):  # the quotes stand for themselves
            return None
        return article if article.revision == revision else None


def filters_of(wish: Wish, settings: ServerSettings) -> Filters:
    """Return what a question searches: what the server allows, of that what the asker chose.

    Raises:
        Told: The server does not allow the source.
    """
    allowed = {name.casefold() for name in settings.sources}
    if wish.source and allowed and wish.source.casefold() not in allowed:
        raise Told("This server's settings leave that source out. `/settings` shows which count.")
    sources = (wish.source,) if wish.source else settings.sources
    dates = [date for date in (wish.published_after, settings.published_after) if date]
    return Filters(max(dates, default=None), settings.published_before, sources or None)
