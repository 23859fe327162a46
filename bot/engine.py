"""Where a door gets its answers: in this process, or from a Citewire endpoint; the same answers."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import monotonic
from typing import Protocol

from bot.answer import Answer
from bot.answerer import MAX_CITATIONS, Answerer, Question
from bot.contents import ArticleLine, Collection, Page, Shelf, SourceLine
from bot.conversation import Turn
from bot.errors import AnswerNotFound, AnswerWithdrawn, ConversationNotFound
from bot.json_lines import from_json
from bot.live import Kept, Watch
from bot.memory import (
    NEW_CONVERSATION,
    Feedback,
    Memory,
    new_conversation_id,
    saved_or_said,
)
from bot.talks import Talks
from corpus.article import Article
from index.errors import ArticleNotFound

_WATCH_S = 1.0


class Engine(Protocol):
    """What a door that holds conversations needs; its calls take their time: not on a loop."""

    def ask(self, question: Question, asker: str) -> Answer:
        """Return the answer, saved without its question.

        `question.conversation_id` is "new", the `conversation_id` of an answer before, or None.

        Args:
            question: What is asked; `history` is made here where there is a conversation.
            asker: Who asks, as a salted hash.

        Raises:
            ConversationNotFound: There is no such conversation, or no longer.
            QuestionRefused: It is blank or too long.
            EndpointFailed: The endpoint did not answer.
            IndexingError: There is no index that can be read.
        """

    def saved(self, answer_id: str) -> Answer:
        """Return a saved answer; its `question` is empty.

        Raises:
            AnswerNotFound: There is none with this id, or no longer.
            AnswerWithdrawn: A document that it quotes was deleted.
            DatabaseUnusable: It can't be read.
        """

    def rate(self, answer_id: str, feedback: Feedback, asker: str) -> None:
        """Keep what somebody thinks of a saved answer, in place of what they thought before.

        Raises:
            AnswerNotFound: There is no such answer.
            AnswerWithdrawn: There is none any more.
            DatabaseUnusable: It could not be kept.
        """

    def article(self, document_id: str) -> Article:
        """Return an article.

        Raises:
            ArticleNotFound: There is none with this id.
        """

    def articles(self, words: str, limit: int) -> Sequence[ArticleLine]:
        """Return at most `limit` articles whose title or id holds `words`, likeliest first."""

    def sources(self) -> Sequence[SourceLine]:
        """Return the outlets: those with most articles first."""

    def collection(self) -> Collection:
        """Return what the collection covers."""

    def withdraw(self) -> Sequence[str]:
        """Withdraw the answers that list a document which is gone; return such documents' ids.

        From then on `saved` raises `AnswerWithdrawn` for them.
        """

    def drop_old(self) -> None:
        """Drop the answers and votes that have been kept for long enough."""

    def forget(self, conversation_ids: Sequence[str]) -> None:
        """Forget what was said in these conversations."""

    def close(self) -> None:
        """End. Closing twice does nothing more."""


class KeepingEngine(ABC):
    """An engine that keeps answers, votes and conversations itself, wherever answers come from."""

    def __init__(self, memory: Memory, answers_in: Callable[[str], Sequence[str]]) -> None:
        """Prepare.

        Args:
            memory: Keeps answers and votes.
            answers_in: Returns the ids of the answers given in a conversation, oldest first.
        """
        self._memory, self._answers_in = memory, answers_in
        self._talks = Talks(memory.now)
        self._shelf = Shelf(self.page, monotonic)

    @abstractmethod
    def answer(self, question: Question) -> Answer:
        """Return the answer to a question whose history is given."""

    @abstractmethod
    def article(self, document_id: str) -> Article:
        """Return an article; raise `ArticleNotFound` where there is none."""

    @abstractmethod
    def page(self, after: str, limit: int) -> Page:
        """Return at most `limit` articles whose id comes after `after`, in the order of ids."""

    def ask(self, question: Question, asker: str) -> Answer:  # noqa: ARG002  (for other engines)
        """Return the answer, saved without its question; see `Engine.ask`."""
        conversation, before = self._conversation(question)
        asked = replace(question, history=before, conversation_id=None)
        found = self.answer(asked)
        if found.status == "abstained":  # what comes closest should be of several articles
            found = self.answer(replace(asked, max_citations=MAX_CITATIONS))
        answer = replace(found, conversation_id=conversation)
        if conversation is not None:
            self._talks.add(conversation, before, answer)
        return saved_or_said(answer, lambda: self._memory.keep_unasked(answer))

    def saved(self, answer_id: str) -> Answer:
        """Return a saved answer; see `Engine.saved`."""
        return from_json(self._memory.answer(answer_id))

    def rate(self, answer_id: str, feedback: Feedback, asker: str) -> None:
        """Keep what somebody thinks of a saved answer; see `Engine.rate`."""
        self._memory.rate(answer_id, feedback, asker)

    def articles(self, words: str, limit: int) -> Sequence[ArticleLine]:
        """Return at most `limit` articles whose title or id holds `words`, likeliest first."""
        return self._shelf.contents().matching(words, limit)

    def sources(self) -> Sequence[SourceLine]:
        """Return the outlets: those with most articles first."""
        return self._shelf.contents().sources

    def collection(self) -> Collection:
        """Return what the collection covers."""
        return self._shelf.contents().collection

    def withdraw(self) -> Sequence[str]:
        """Withdraw the answers that list a document which is gone; see `Engine.withdraw`."""
        cited = self._memory.cited()
        if not cited:
            return ()
        contents = self._shelf.contents()
        listed = {line.id for line in contents.lines}
        gone = tuple(name for name in cited if name not in listed and not self._is_there(name))
        for name in gone:
            self._memory.forget(name, contents.collection.index.built_at)
        return gone

    def drop_old(self) -> None:
        """Drop the answers and votes that have been kept for long enough."""
        self._memory.drop_old()

    def forget(self, conversation_ids: Sequence[str]) -> None:
        """Forget what was said in these conversations."""
        self._talks.forget(conversation_ids)

    def close(self) -> None:
        """End. Closing twice does nothing more."""
        self._memory.database.close()

    def _is_there(self, document_id: str) -> bool:
        try:
            self.article(document_id)
        except ArticleNotFound:
            return False
        return True

    def _conversation(self, question: Question) -> tuple[str | None, tuple[Turn, ...]]:
        """Return the conversation that a question is part of, and what was said in it."""
        known = question.conversation_id
        if known is None:
            return None, question.history
        if known == NEW_CONVERSATION:
            return new_conversation_id(), question.history
        before = self._talks.history(known) or self._said_in(known)
        if not before:
            raise ConversationNotFound(known)
        return known, before

    def _said_in(self, conversation_id: str) -> tuple[Turn, ...]:
        turns = []
        for answer_id in self._answers_in(conversation_id):
            try:
                turns.append(Turn("assistant", self.saved(answer_id).answer))
            except (AnswerNotFound, AnswerWithdrawn):
                continue  # what is gone was not said
        return tuple(turns)


class LocalEngine(KeepingEngine):
    """Answers in this process, over the data folder."""

    def __init__(
        self,
        answerer: Answerer,
        kept: Kept,
        memory: Memory,
        answers_in: Callable[[str], Sequence[str]],
    ) -> None:
        """Prepare, and watch for new snapshots until it is closed."""
        super().__init__(memory, answers_in)
        self._answerer, self._kept = answerer, kept
        self._watch = Watch(kept, _WATCH_S)
        self._watch.start()

    def answer(self, question: Question) -> Answer:
        """Return the answer to a question whose history is given."""
        return self._answerer.ask(question)

    def article(self, document_id: str) -> Article:
        """Return an article; raise `ArticleNotFound` where there is none."""
        return self._kept.current().catalogue.article(document_id)

    def page(self, after: str, limit: int) -> Page:
        """Return at most `limit` articles whose id comes after `after`, in the order of ids."""
        opened = self._kept.current()
        found = opened.catalogue.page(after, limit)
        lines = [ArticleLine(a.id, a.title, a.source, a.published_at) for a in found]
        return Page(lines, opened.retriever.info)

    def close(self) -> None:
        """End. Closing twice does nothing more."""
        self._watch.stop()
        super().close()
