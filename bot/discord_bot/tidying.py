"""What the bot sees to unasked: old things go, and what quotes a deleted article says so."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import monotonic

from bot.discord_bot.preferences import Preferences, Shown
from bot.engine import Engine
from bot.errors import AnswerNotFound, AnswerWithdrawn

# How often it looks for another snapshot: a deletion makes one.
_LOOK_S = 60.0
_DROP_S = 3600.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tidying:
    """Tidies up, again and again.

    Attributes:
        engine: Knows which answers quote what is gone.
        preferences: Know which messages show them.
        withdraw: Edits a message to say that its source was withdrawn.
        sleep: Waits so many seconds.
        clock: Returns monotonic seconds.
    """

    engine: Engine
    preferences: Preferences
    withdraw: Callable[[Shown], Awaitable[object]]
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    clock: Callable[[], float] = monotonic

    async def run(self) -> None:
        """Tidy up until cancelled; what could not be done is tried again a minute later."""
        seen, dropped_at = "", float("-inf")
        while True:
            try:
                if self.clock() - dropped_at >= _DROP_S:
                    await asyncio.to_thread(self._drop_old)
                    dropped_at = self.clock()
                snapshot = await asyncio.to_thread(self._snapshot)
                if snapshot != seen:
                    await self.say_withdrawn()
                    seen = snapshot
            except Exception as error:  # noqa: BLE001  (nobody would notice that it ended)
                logger.warning("Tidying up: %s", type(error).__name__)
            await self.sleep(_LOOK_S)

    async def say_withdrawn(self) -> None:
        """Say so in each message that quotes a document which is gone; each is told once."""
        for shown in await asyncio.to_thread(self._to_withdraw):
            await self.withdraw(shown)
            await asyncio.to_thread(self.preferences.drop_message, shown.message_id)

    def _snapshot(self) -> str:
        return self.engine.collection().index.snapshot_id

    def _drop_old(self) -> None:
        self.engine.drop_old()
        self.preferences.drop_old()

    def _to_withdraw(self) -> Sequence[Shown]:
        self.engine.withdraw()
        found: list[Shown] = []
        for answer_id in self.preferences.answers():
            try:
                self.engine.saved(answer_id)
            except AnswerWithdrawn:
                found.extend(self.preferences.showing(answer_id))
            except AnswerNotFound:
                continue  # its time has come, no more
        return found
