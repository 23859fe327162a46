"""What is said in conversations that leave no trace on disk."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.answer import Answer
from bot.conversation import Turn
from bot.memory import CONVERSATION_S, MAX_CONVERSATIONS, MAX_TURNS


@dataclass(frozen=True, slots=True)
class _Talk:
    """What was said in a conversation, oldest first, and when the last of it was."""

    turns: tuple[Turn, ...]
    at: datetime


class Talks:
    """The conversations of the last day: in memory alone, since they hold what people asked.

    Of one that is not there, after a restart say, the answers given in it are what was said.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Begin without any."""
        self._now = now
        self._lock = threading.Lock()
        self._held: OrderedDict[str, _Talk] = OrderedDict()

    def history(self, conversation_id: str) -> tuple[Turn, ...]:
        """Return what was said, oldest first; nothing where that is not known."""
        with self._lock:
            talk = self._held.get(conversation_id)
        if talk is None or (self._now() - talk.at).total_seconds() > CONVERSATION_S:
            return ()
        return talk.turns

    def add(self, conversation_id: str, before: Sequence[Turn], answer: Answer) -> None:
        """Add a question and its answer to what was said before it."""
        said = (Turn("user", answer.standalone_question), Turn("assistant", answer.answer))
        now = self._now()
        with self._lock:
            self._held[conversation_id] = _Talk((*before, *said)[-MAX_TURNS:], now)
            self._held.move_to_end(conversation_id)
            while self._held and (len(self._held) > MAX_CONVERSATIONS or self._oldest_is_over(now)):
                self._held.popitem(last=False)

    def forget(self, conversation_ids: Sequence[str]) -> None:
        """Drop these."""
        with self._lock:
            for name in conversation_ids:
                self._held.pop(name, None)

    def _oldest_is_over(self, now: datetime) -> bool:
        oldest = next(iter(self._held.values()))
        return (now - oldest.at).total_seconds() > CONVERSATION_S
