from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot import talks as module
from bot.answer import Answer
from bot.answerer import Question
from bot.conversation import Turn
from bot.memory import CONVERSATION_S, MAX_TURNS
from bot.talks import Talks
from tests.bot_fakes import NOW, TEA, answerer, library


class Clock:
    """One that is set by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        """As set."""
        return self.now


@pytest.fixture
def answer(tmp_path: Path) -> Answer:
    return answerer(library(tmp_path, TEA)).ask(Question("tea moon?"))


def test_what_was_said_is_known_for_a_day(answer: Answer) -> None:
    clock = Clock()
    talks = Talks(clock)
    assert talks.history("conv_1") == ()
    talks.add("conv_1", (), answer)
    said = (Turn("user", answer.standalone_question), Turn("assistant", answer.answer))
    assert talks.history("conv_1") == said
    clock.now += timedelta(seconds=CONVERSATION_S)
    assert talks.history("conv_1") == said
    clock.now += timedelta(seconds=1)
    assert talks.history("conv_1") == ()


def test_a_long_conversation_loses_its_beginning(answer: Answer) -> None:
    talks = Talks(lambda: NOW)
    for number in range(MAX_TURNS):
        asked = replace(answer, standalone_question=str(number))
        talks.add("conv_1", talks.history("conv_1"), asked)
    history = talks.history("conv_1")
    assert len(history) == MAX_TURNS
    assert history[0].content == str(MAX_TURNS // 2)


def test_so_many_conversations_are_held_and_no_old_ones(
    answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_CONVERSATIONS", 2)
    clock = Clock()
    talks = Talks(clock)
    for name in ("a", "b", "a", "c"):
        talks.add(name, (), answer)
    assert [bool(talks.history(name)) for name in "abc"] == [True, False, True]
    clock.now += timedelta(days=2)
    talks.add("d", (), answer)
    assert list(talks._held) == ["d"]
