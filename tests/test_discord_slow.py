"""Slow and broken engines: acknowledged at once, and one final message all the same."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import simcord

from bot.answer import Answer
from bot.answerer import Question
from bot.contents import Collection
from bot.errors import DatabaseUnusable, EndpointFailed
from bot.work import DeadlineExceeded
from corpus.article import Article
from index.errors import NoSnapshot
from tests.discord_fakes import Scene, played, reply, text_of

QUESTION = "Tea moon?"
ANSWER = "**Tea moon.** [1]"
BUSY = "Many are asking just now. Try again in a minute."


class Gated:
    """An engine that answers when its gate is opened."""

    def __init__(self, engine: Any) -> None:  # noqa: ANN401
        self._engine = engine
        self.asked, self.gate = threading.Event(), threading.Event()

    def ask(self, question: Question, asker: str) -> Answer:
        """Wait, and answer."""
        self.asked.set()
        assert self.gate.wait(30)
        answer: Answer = self._engine.ask(question, asker)
        return answer

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._engine, name)


class Broken(Gated):
    """An engine that breaks."""

    error: Exception = RuntimeError("secret")

    def ask(self, question: Question, asker: str) -> Answer:
        """Break."""
        del question, asker
        raise self.error


@asynccontextmanager
async def gated(scene: Scene, act: Any) -> AsyncIterator[Gated]:  # noqa: ANN401
    """Let somebody ask; inside the block the engine has been asked and has not answered."""
    engine = Gated(scene.desk.engine)
    scene.desk.engine = engine
    task = asyncio.create_task(act)
    assert await asyncio.to_thread(engine.asked.wait, 30)
    try:
        yield engine
    finally:
        engine.gate.set()
        await task


def last_interaction(scene: Scene) -> Any:  # noqa: ANN401
    """What Discord knows of the last command."""
    return list(scene.env.backend.interactions.values())[-1]


@pytest.mark.parametrize("seconds", [0, 2, 5, 60, 590])
@pytest.mark.parametrize("private", [False, True])
@played
async def test_a_command_is_acknowledged_before_a_slow_engine_answers(
    scene: Scene,
    seconds: int,
    private: bool,  # noqa: FBT001
) -> None:
    """Discord gives up after three seconds without a word, and after a quarter of an hour."""
    act = scene.ada.slash(scene.channel, "ask", question=QUESTION, private=private)
    async with gated(scene, act):
        interaction = last_interaction(scene)
        assert interaction.responded
        assert interaction.ephemeral is private
        scene.env.backend.advance_clock(seconds)
    message = scene.env.backend.get_message(interaction.channel_id, interaction.message_id)
    assert ANSWER in text_of(simcord.ResponseMessage(scene.env, message))
    assert not interaction.followup_ids
    assert len(scene.channel.history()) == (0 if private else 1)


@pytest.mark.parametrize("seconds", [0, 2, 5, 60, 590])
@played
async def test_a_mention_is_acknowledged_before_a_slow_engine_answers(
    scene: Scene, seconds: int
) -> None:
    act = scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    async with gated(scene, act):
        assert text_of(scene.channel.last_message) == "-# Searching the articles …"
        scene.env.backend.advance_clock(seconds)
    assert ANSWER in text_of(scene.channel.last_message)
    assert len(scene.channel.history()) == 2


@played
async def test_a_question_that_is_deleted_meanwhile_leaves_no_answer(scene: Scene) -> None:
    act = scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    async with gated(scene, act):
        asked = scene.channel.history()[0]
        scene.env.backend.delete_message(scene.channel.id, asked.id)
        async with asyncio.timeout(30):
            while asked.id not in scene.client._mentions._deleted:
                await asyncio.sleep(0.01)
    assert not scene.channel.history()


@played
async def test_settings_and_passages_do_not_wait_for_slow_answers(scene: Scene) -> None:
    first = reply(await scene.ada.slash(scene.channel, "ask", question=QUESTION))
    engine = Gated(scene.desk.engine)
    scene.desk.engine = engine
    for _ in range(8):  # twice as many as there are threads
        say(scene, scene.bob, f"{scene.mention} {QUESTION}")
    try:
        assert await asyncio.to_thread(engine.asked.wait, 30)
        found = await scene.desk.found("ans_1")
        assert found.answer.id == "ans_1"
        assert await scene.desk.settings(scene.guild.id)
    finally:
        engine.gate.set()
        await scene.env.settle()
    assert ANSWER in text_of(first)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (DeadlineExceeded(), "That took too long. Try again, perhaps with a shorter question."),
        (RuntimeError("secret"), "Something went wrong; the log has it as "),
        (EndpointFailed("https://a.example", "", 503), "The articles can't be searched just now."),
        (NoSnapshot(Path("data")), "The articles can't be searched just now. Try again later."),
        (DatabaseUnusable(Path("x"), "y"), "What I keep can't be read or written just now."),
    ],
)
@played
async def test_a_broken_engine_is_told_once_and_politely(
    scene: Scene, caplog: pytest.LogCaptureFixture, error: Exception, line: str
) -> None:
    caplog.set_level(logging.INFO)
    engine = Broken(scene.desk.engine)
    engine.error = error
    scene.desk.engine = engine
    for private in (False, True):
        result = await scene.ada.slash(scene.channel, "ask", question=QUESTION, private=private)
        assert text_of(reply(result)).startswith(line)
        assert reply(result).ephemeral is private
        assert not result.followups
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    assert len(scene.channel.history()) == 3
    assert text_of(scene.channel.last_message).startswith(line)
    assert "secret" not in text_of(scene.channel.last_message)
    assert not [record for record in caplog.records if "Tea moon" in record.getMessage()]


class Halting(Gated):
    """An engine that answers, and then has no articles any more."""

    def ask(self, question: Question, asker: str) -> Answer:
        """Answer."""
        answer: Answer = self._engine.ask(question, asker)
        return answer

    def article(self, document_id: str) -> Article:
        """Break."""
        raise EndpointFailed("https://a.example", document_id, 503)

    def collection(self) -> Collection:
        """Break."""
        raise NoSnapshot(Path("data"))


@played
async def test_an_answer_is_told_whatever_breaks_after_it(scene: Scene) -> None:
    scene.desk.engine = Halting(scene.desk.engine)
    result = await scene.ada.slash(scene.channel, "ask", question=QUESTION)
    assert ANSWER in text_of(result.response)
    result = await scene.ada.slash(scene.channel, "ask", question="Who won the cup?")
    assert "**Not in the articles**" in text_of(result.response)
    result = await scene.ada.slash(scene.channel, "help")
    assert "`/ask`" in text_of(result.response)


@played
async def test_many_ask_at_once_and_each_gets_one_answer(scene: Scene) -> None:
    members = [scene.guild.add_member(scene.env.create_user(f"m{n}")) for n in range(30)]
    asked = [say(scene, member, f"{scene.mention} {QUESTION}") for member in members]
    await scene.env.settle()
    replies = [m for m in scene.channel.history() if m.author.bot]
    answered = [m.reference.message_id for m in replies if m.reference]
    assert len(answered) == len(asked)
    assert set(answered) == set(asked)
    assert all(ANSWER in text_of(message) for message in replies)


@played
async def test_more_than_can_wait_are_told_so(scene: Scene) -> None:
    engine = Gated(scene.desk.engine)
    scene.client = scene.bot(engine, threads=1)
    await scene.env.restart_bot(scene.client)
    for number in range(70):
        member = scene.guild.add_member(scene.env.create_user(f"m{number}"))
        say(scene, member, f"{scene.mention} {QUESTION}")
    async with asyncio.timeout(30):
        while texts_in(scene).count(BUSY) < 5:  # one is answered, 64 wait
            await asyncio.sleep(0.01)
    engine.gate.set()
    await scene.env.settle(timeout=30)
    texts = texts_in(scene)
    assert texts.count(BUSY) == 5
    assert sum(ANSWER in text for text in texts) == 65


def texts_in(scene: Scene) -> list[str]:
    """What the bot has said in the channel."""
    return [text_of(message) for message in scene.channel.history() if message.author.bot]


def say(scene: Scene, member: simcord.MemberActor, content: str) -> int:
    """Let somebody write without waiting for the bot; return the message's id."""
    return scene.env.backend.create_message(scene.channel.id, member.id, content).id
