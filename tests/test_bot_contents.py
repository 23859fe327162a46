from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from bot import contents as module
from bot.contents import ArticleLine, Page, Shelf, SourceLine
from index.retrieve import IndexInfo
from tests.bot_fakes import NOW

INFO = IndexInfo("s1", NOW, 0, 0, "fake")


@dataclass
class Library:
    """Articles, in pages; it counts how often one is read."""

    lines: Sequence[ArticleLine]
    index: IndexInfo = INFO
    reads: list[tuple[str, int]] = field(default_factory=list)

    def page(self, after: str, limit: int) -> Page:
        """Some of them."""
        self.reads.append((after, limit))
        return Page([line for line in self.lines if line.id > after][:limit], self.index)


def line(number: int) -> ArticleLine:
    """An article of one of two outlets."""
    return ArticleLine(f"{number:04}", f"Title {number}", "Post" if number % 3 else "Sea", None)


class Clock:
    """Monotonic seconds, set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """As set."""
        return self.now


def test_all_are_counted_and_so_many_suggested(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 0 to 449 every third is of Sea: 150."""
    monkeypatch.setattr(module, "MAX_LINES", 10)
    library = Library([line(number) for number in range(450)])
    contents = Shelf(library.page, Clock()).contents()
    assert contents.sources == (SourceLine("Post", 300, None), SourceLine("Sea", 150, None))
    assert [found.id for found in contents.lines] == [f"{number:04}" for number in range(10)]
    assert [limit for _, limit in library.reads] == [200] * 4


def test_titles_that_begin_with_the_words_come_before_those_that_hold_them() -> None:
    library = Library([ArticleLine(name, title, None, None) for name, title in (
        ("1", "On the rain"), ("2", "Rain again"), ("3", "Snow"), ("rain.txt", "No title"),
    )])  # fmt: skip
    contents = Shelf(library.page, Clock()).contents()
    assert [found.id for found in contents.matching("RAIN ", 9)] == ["rain.txt", "2", "1"]
    assert [found.id for found in contents.matching("rain", 1)] == ["rain.txt"]


def test_the_same_snapshot_is_read_once_and_looked_at_after_ten_seconds() -> None:
    clock, library = Clock(), Library([line(1)])
    shelf = Shelf(library.page, clock)
    held = shelf.contents()
    clock.now += 9
    assert shelf.contents() is held
    assert len(library.reads) == 2  # all, and that there are no more
    clock.now += 1
    assert shelf.contents() is held
    assert library.reads[2:] == [("", 1)]
    clock.now += 10
    library.index = replace(INFO, snapshot_id="s2")
    library.lines = [line(2)]
    assert [found.id for found in shelf.contents().lines] == ["0002"]


def test_while_another_snapshot_is_read_the_old_one_is_given() -> None:
    clock, library = Clock(), Library([line(1)])
    shelf = Shelf(library.page, clock)
    held = shelf.contents()
    clock.now += 10
    with shelf._lock:  # as the thread that reads it does
        assert shelf.contents() is held


def test_a_collection_that_cant_be_read_is_tried_again() -> None:
    library = Library([line(1)])
    failing = [ConnectionResetError()]

    def page(after: str, limit: int) -> Page:
        if failing:
            raise failing.pop()
        return library.page(after, limit)

    shelf = Shelf(page, Clock())
    with pytest.raises(ConnectionResetError):
        shelf.contents()
    assert shelf.contents().lines == (line(1),)
