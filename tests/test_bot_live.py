from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from bot.live import Kept, Opened, Watch
from index.errors import NoSnapshot
from tests.bot_fakes import TEA, library
from tests.http_fakes import as_opened


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    return as_opened(library(tmp_path / "data", TEA))


def giving(*results: Opened | Exception) -> Callable[[], Opened]:
    """An opener that gives these in turn."""
    left: Iterator[Opened | Exception] = iter(results)

    def give() -> Opened:
        result = next(left)
        if isinstance(result, Exception):
            raise result
        return result

    return give


def test_it_opens_once_and_again_when_told(opened: Opened, tmp_path: Path) -> None:
    other = as_opened(library(tmp_path / "other", TEA))
    kept = Kept(giving(opened, other))
    assert kept.current() is kept.current() is opened
    assert kept.refresh() is kept.current() is other


def test_what_is_held_goes_on_when_the_next_cant_be_opened(opened: Opened) -> None:
    kept = Kept(giving(opened, NoSnapshot(Path("x"))))
    kept.current()
    with pytest.raises(NoSnapshot):
        kept.refresh()
    assert kept.current() is opened


def test_without_anything_each_question_tries_again(opened: Opened) -> None:
    kept = Kept(giving(NoSnapshot(Path("x")), opened))
    with pytest.raises(NoSnapshot):
        kept.current()
    assert kept.current() is opened


def test_a_watch_goes_on_after_any_error_and_says_each_once(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    done = Event()

    def last() -> Opened:
        done.set()
        return opened

    gives = giving(RuntimeError("broke"), RuntimeError("broke"), opened)
    left = iter([gives, gives, gives])

    def give() -> Opened:
        return next(left, last)()

    watch = Watch(Kept(give), 0.001)
    watch.start()
    assert done.wait(30)
    watch.stop()
    watch.stop()
    assert [record.getMessage() for record in caplog.records] == ["broke"]


def test_a_watch_that_never_began_can_be_stopped(opened: Opened) -> None:
    Watch(Kept(lambda: opened), 1).stop()
