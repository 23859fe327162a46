import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.answerer import Question
from bot.database import FILE, Database
from bot.discord_bot.preferences import Preferences, Shown
from bot.discord_bot.tidying import Tidying
from bot.engine import LocalEngine
from bot.live import Kept
from bot.memory import Memory
from tests.bot_fakes import NOW, TEA, WHALE, answerer, library, opened
from tests.fakes import Desk
from tests.http_fakes import as_opened

SHOWN = Shown(1, 5, 7, None, "ans_1", None, "ada")


Nap = Callable[[], object]


class Enough(Exception):
    """Raised when a test has slept enough."""


@dataclass
class Tidied:
    """Tidying over a folder with one answer on tea, and what it was told to withdraw."""

    data: Path
    now: datetime = NOW
    withdrawn: list[int] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    slept: float = 0.0

    def __post_init__(self) -> None:
        library(self.data, TEA, WHALE)
        database = Database(self.data / FILE)
        self.preferences = Preferences(database, lambda: self.now, 30)
        kept = Kept(lambda: as_opened(opened(self.data)))
        made = answerer(kept.current().retriever)
        memory = Memory(database, lambda: self.now, 30)
        self.engine = LocalEngine(made, kept, memory, lambda _: ())
        self.answer = self.engine.ask(Question("tea moon?"), "ada")
        self.preferences.add_message(replace(SHOWN, answer_id=self.answer.id))

    async def withdraw(self, shown: Shown) -> None:
        """Note it, unless something is wrong."""
        if self.faults:
            raise self.faults.pop()
        self.withdrawn.append(shown.message_id)

    def tidying(self, *naps: Nap) -> Tidying:
        """What does these things in the pauses, one each, and ends then."""
        left = list(naps)

        async def sleep(seconds: float) -> None:
            self.slept += seconds
            if not left:
                raise Enough
            left.pop(0)()

        return Tidying(self.engine, self.preferences, self.withdraw, sleep, lambda: self.slept)

    def run(self, *naps: Nap) -> Sequence[int]:
        """Tidy up; which messages were withdrawn."""
        with pytest.raises(Enough):
            asyncio.run(self.tidying(*naps).run())
        return self.withdrawn

    def delete(self) -> None:
        """Delete the article that is quoted."""
        Desk(self.data, first=1000).builder().delete(frozenset({"tea.txt"}))
        self.engine._kept.refresh()
        self.engine._shelf._checked = -1000.0


def test_a_message_that_quotes_a_deleted_article_says_so_once(tmp_path: Path) -> None:
    tidied = Tidied(tmp_path)
    assert tidied.run(int, int) == []
    assert tidied.run(tidied.delete, int, int) == [1]
    assert tidied.preferences.message(1) is None
    tidied.engine.close()


def test_a_message_that_could_not_be_edited_is_tried_again(tmp_path: Path) -> None:
    tidied = Tidied(tmp_path, faults=[ConnectionResetError()])
    tidied.delete()
    assert tidied.run() == []
    assert tidied.run(int) == [1]
    tidied.engine.close()


def test_what_is_old_goes_without_a_question(tmp_path: Path) -> None:
    tidied = Tidied(tmp_path)
    tidied.now += timedelta(days=31)
    assert tidied.run() == []
    assert tidied.preferences.answers() == ()
    assert Database(tmp_path / FILE).all("SELECT id FROM answers") == []
    tidied.engine.close()
