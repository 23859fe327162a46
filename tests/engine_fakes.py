"""An engine over a small library."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

from bot.database import FILE, Database
from bot.engine import LocalEngine
from bot.live import Kept
from bot.memory import Memory
from tests.bot_fakes import NOW, answerer, opened
from tests.http_fakes import as_opened


@contextmanager
def engine(data: Path, answers: Sequence[str] = (), *, days: int = 30) -> Iterator[LocalEngine]:
    """One over a folder's index; every conversation holds these answers."""
    kept = Kept(lambda: as_opened(opened(data)))
    numbers = count(1)
    made = replace(answerer(kept.current().retriever), new_id=lambda: f"ans_{next(numbers)}")
    memory = Memory(Database(data / FILE), lambda: NOW, days)
    local = LocalEngine(made, kept, memory, lambda _: answers)
    try:
        yield local
    finally:
        local.close()
