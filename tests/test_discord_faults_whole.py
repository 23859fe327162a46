"""The whole bot against a Discord on this machine that fails: one answer to each question."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import pytest

from bot.database import FILE, Database
from bot.discord_bot.client import Client
from bot.discord_bot.delivery import Delivery
from bot.discord_bot.desk import Desk
from bot.discord_bot.preferences import Preferences, ServerSettings
from bot.discord_bot.serving import Supervisor
from bot.discord_bot.tidying import Tidying
from bot.engine import LocalEngine
from tests.bot_fakes import NOW, TEA, WHALE, library
from tests.discord_rig import (
    CHANNEL,
    SERVER,
    TIMEOUT_S,
    TOKEN,
    Discord,
    Fault,
    discord_here,
    limited,
    lost,
    status,
    taken_unnoticed,
)
from tests.engine_fakes import engine
from tests.fakes import Desk as IndexDesk

FAULTS = [
    pytest.param([], id="nothing"),
    pytest.param([lost], id="reset during send"),
    pytest.param([taken_unnoticed], id="reset after send"),
    pytest.param([limited], id="429 of Discord"),
    pytest.param([status(429, Retry_After="3")], id="429 of Cloudflare"),
]
# Webhooks repeat a 503 themselves, a second later.
MESSAGE_FAULTS = [*FAULTS, pytest.param([status(503), status(503)], id="503")]


async def nap(_: float) -> None:
    """Sleep at once."""
    await asyncio.sleep(0)


@dataclass(frozen=True, slots=True)
class Running:
    """The parts of a bot, and the clients that it had."""

    engine: LocalEngine
    preferences: Preferences
    clients: list[Client]


@asynccontextmanager
async def running(rig: Discord, folder: Path) -> AsyncIterator[Running]:
    """The bot over a small library; its mentions are answered, and nobody has to wait."""
    library(folder, TEA, WHALE)
    preferences = Preferences(Database(folder / FILE), lambda: NOW, 30)
    settings = ServerSettings(channels=(CHANNEL,), cooldown_s=0, server_cooldown_s=0)
    preferences.set_server(SERVER, settings)

    async def no_sync(_: Client) -> None:
        """Discord knows the commands."""

    with engine(folder) as local:
        desk = Desk(local, preferences, monotonic)
        clients: list[Client] = []

        def make() -> Client:
            clients.append(Client(desk, no_sync, now=lambda: NOW, delivery=Delivery(nap)))
            return clients[-1]

        supervisor = Supervisor(make, grace_s=0.05, sleep=nap)
        task = asyncio.create_task(supervisor.run(TOKEN))
        try:
            await rig.until(lambda: rig.identified > 0)
            yield Running(local, preferences, clients)
        finally:
            task.cancel()
            await asyncio.wait({task}, timeout=TIMEOUT_S)
            desk.close()


async def until(true: Callable[[], bool]) -> None:
    """Wait for what the bot does in a thread."""
    async with asyncio.timeout(TIMEOUT_S):
        while not true():
            await asyncio.sleep(0.01)


def faulty(faults: list[Fault]) -> Discord:
    """A Discord with these faults; an edit that is taken unnoticed is none."""
    rig = Discord()
    rig.faults.extend(faults)
    rig.edit_faults.extend(fault for fault in faults if fault is not taken_unnoticed)
    return rig


def answered(message: dict[str, object]) -> bool:
    """Whether a message shows the answer."""
    return "Tea moon." in str(message["components"])


@pytest.mark.parametrize("faults", MESSAGE_FAULTS)
def test_a_mention_is_answered_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, faults: list[Fault]
) -> None:
    async def check() -> None:
        rig = faulty(faults)
        async with discord_here(monkeypatch, rig), running(rig, tmp_path):
            for count in (1, 2):
                await rig.ask("<@100> Tea moon?")
                await rig.until(lambda: sum(map(answered, rig.messages)) == count)  # noqa: B023
                assert len(rig.messages) == count

    asyncio.run(check())


def test_no_privileged_intent_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By what the gateway is sent: members, presences and message content are bits 1, 8 and 15."""

    async def check() -> None:
        rig = Discord()
        async with discord_here(monkeypatch, rig), running(rig, tmp_path):
            assert rig.intents & (1 << 1 | 1 << 8 | 1 << 15) == 0
            assert rig.intents == 1 << 0 | 1 << 9 | 1 << 12, "servers, messages, direct messages"

    asyncio.run(check())


def test_no_privileged_intent_is_asked_for_by_one_line_of_python() -> None:
    line = (
        "from bot.discord_bot.client import intents; asked = intents(); "
        "assert not (asked.members or asked.presences or asked.message_content); print('none')"
    )
    printed = subprocess.check_output([sys.executable, "-W", "ignore", "-c", line], text=True)
    assert printed == "none\n"


@pytest.mark.parametrize("faults", FAULTS)
def test_a_command_is_answered_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, faults: list[Fault]
) -> None:
    async def check() -> None:
        rig = faulty(faults)
        async with discord_here(monkeypatch, rig), running(rig, tmp_path):
            for count in (1, 2):
                await rig.command("Tea moon?")
                await rig.until(lambda: sum(map(answered, rig.finished.values())) == count)  # noqa: B023
        assert list(rig.acknowledged.values()) == [5, 5], "thinking, then the answer in its place"
        assert rig.finished.keys() == rig.acknowledged.keys()
        assert rig.messages == []

    asyncio.run(check())


@pytest.mark.parametrize(
    ("op", "data"), [pytest.param(7, None, id="op 7"), pytest.param(9, True, id="op 9")]
)
def test_what_is_asked_while_it_reconnects_is_answered_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, op: int, data: object
) -> None:
    async def check() -> None:
        rig = Discord()
        async with discord_here(monkeypatch, rig), running(rig, tmp_path):
            await rig.ask("<@100> Tea moon?")
            await rig.say(op, data)
            await rig.ask("<@100> Tea moon?")
            await rig.command("Tea moon?")
            await rig.until(lambda: rig.resumed == 1)
            await rig.until(lambda: sum(map(answered, rig.finished.values())) == 1)
            await rig.until(lambda: sum(map(answered, rig.messages)) == 2)
            assert len(rig.messages) == 2

    asyncio.run(check())


def test_a_message_says_that_its_source_was_withdrawn_when_the_article_is_deleted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def check() -> None:
        rig = Discord()
        async with discord_here(monkeypatch, rig), running(rig, tmp_path) as bot:
            await rig.ask("<@100> Tea moon?")
            await rig.until(lambda: sum(map(answered, rig.messages)) == 1)
            await until(lambda: bool(bot.preferences.answers()))  # what it shows is remembered
            IndexDesk(tmp_path, first=1000).builder().delete(frozenset({"tea.txt"}))
            bot.engine._kept.refresh()
            tidying = Tidying(bot.engine, bot.preferences, bot.clients[0].withdraw)
            for _ in range(2):
                await tidying.say_withdrawn()
                shown = str(rig.messages[0]["components"])
                assert "withdrawn" in shown
                assert "Tea moon." not in shown
            assert rig.messages[0]["edits"] == 2, "the answer, and that it was withdrawn: once"

    asyncio.run(check())


def test_an_event_that_comes_twice_is_answered_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A gateway may tell again what was told before it was resumed."""

    async def check() -> None:
        rig = Discord()
        async with discord_here(monkeypatch, rig), running(rig, tmp_path):
            await rig.ask("<@100> Tea moon?")
            await rig.until(lambda: sum(map(answered, rig.messages)) == 1)
            await rig.again()
            await rig.ask("<@100> Tea moon?")
            await rig.until(lambda: sum(map(answered, rig.messages)) == 2)
        assert len(rig.messages) == 2

    asyncio.run(check())


def test_no_question_is_on_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def check() -> None:
        rig = Discord()
        async with discord_here(monkeypatch, rig), running(rig, tmp_path) as bot:
            await rig.ask("<@100> Tea moon, apricots?")
            await rig.command("Tea moon and quinces?")
            await until(lambda: len(bot.preferences.answers()) == 2)  # remembered last
            stored = b"".join(path.read_bytes() for path in tmp_path.glob(f"{FILE}*"))
            assert TEA.title.encode() in stored, "what was cited is"
            assert b"apricots" not in stored
            assert b"quinces" not in stored

    asyncio.run(check())


def test_who_waits_for_an_answer_is_told_when_the_process_ends(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One message each, however it was asked; the engine has not answered then."""
    never = threading.Event()

    async def check() -> None:
        rig = Discord()
        async with discord_here(monkeypatch, rig):
            async with running(rig, tmp_path) as bot:
                monkeypatch.setattr(bot.engine, "answer", lambda _: never.wait(TIMEOUT_S))
                await rig.ask("<@100> Tea moon?")
                await rig.command("Tea moon?")
                await until(lambda: len(rig.messages) == len(rig.acknowledged) == 1)
            said = [str(one["components"]) for one in (*rig.messages, *rig.finished.values())]
            assert ["I was restarted" in text for text in said] == [True, True]

    try:
        asyncio.run(check())
    finally:
        never.set()
