"""discord.py as it is against a Discord on this machine: each answer arrives once."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import discord
import pytest
import yarl
from aiohttp import web
from discord.gateway import DiscordWebSocket

from bot.discord_bot.delivery import Delivery
from bot.discord_bot.serving import BackOff, Supervisor
from bot.errors import DiscordRefused
from tests.discord_rig import (
    TIMEOUT_S,
    TOKEN,
    Discord,
    Fault,
    discord_here,
    limited,
    lost,
    no_access,
    status,
    taken_unnoticed,
)


class Naps:
    """Sleeps at once, and remembers for how long; `meanwhile` is done then."""

    def __init__(self, meanwhile: Callable[[], Awaitable[None]] | None = None) -> None:
        self.slept: list[float] = []
        self._meanwhile = meanwhile

    async def __call__(self, seconds: float) -> None:
        """Sleep."""
        self.slept.append(seconds)
        if self._meanwhile is not None:
            await self._meanwhile()
        await asyncio.sleep(0)


class Answering(discord.Client):
    """Answers every message but its own, with one."""

    def __init__(self, rig: Discord, naps: Naps) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True)
        super().__init__(intents=intents, max_messages=None)
        self._rig, self._delivery = rig, Delivery(naps)
        self.done: list[int] = []

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Identify again at once, where discord.py waits for five seconds."""

    async def on_message(self, message: discord.Message) -> None:
        """Answer."""
        if message.author == self.user:
            return
        text = f"Answer to {message.id}"
        await self._delivery.once(message.id, lambda nonce: message.channel.send(text, nonce=nonce))
        self.done.append(message.id)
        await self._rig.changed()


class Running:
    """A supervised bot on the rig."""

    def __init__(self, rig: Discord, naps: Naps) -> None:
        self.rig, self.naps = rig, naps
        self.clients: list[Answering] = []
        self.supervisor = Supervisor(self._make, sleep=naps, chance=max)

    def _make(self) -> Answering:
        self.clients.append(Answering(self.rig, self.naps))
        return self.clients[-1]

    async def answered(self, *asked: int) -> None:
        """Wait until the bot has done with these messages; hold that each was answered once."""
        await self.rig.until(lambda: sorted(self.done()) == sorted(asked))
        sent = [message["content"] for message in self.rig.messages]
        assert sorted(sent) == sorted(f"Answer to {number}" for number in asked)

    def done(self) -> list[int]:
        """The messages that the bot has done with."""
        return [number for client in self.clients for number in client.done]


@pytest.fixture
def rig() -> Discord:
    return Discord()


@asynccontextmanager
async def running(rig: Discord, naps: Naps | None = None) -> AsyncIterator[Running]:
    """Run a bot until it is connected, and meanwhile."""
    bot = Running(rig, naps or Naps())
    task = asyncio.create_task(bot.supervisor.run(TOKEN))
    try:
        connected = asyncio.create_task(rig.until(lambda: rig.identified > 0))
        await asyncio.wait({task, connected}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        yield bot
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=TIMEOUT_S)


@pytest.mark.parametrize(
    ("faults", "attempts"),
    [
        pytest.param([], 1, id="nothing"),
        pytest.param([lost], 2, id="reset during send"),
        pytest.param([taken_unnoticed], 2, id="reset after send"),
        pytest.param([taken_unnoticed, lost, taken_unnoticed], 4, id="several resets"),
        pytest.param([status(503), status(503)], 3, id="503"),
        pytest.param([limited], 2, id="429 of Discord"),
        pytest.param([status(429, Retry_After="3")], 2, id="429 of Cloudflare"),
    ],
)
def test_a_fault_of_a_request_neither_loses_nor_doubles_an_answer(
    rig: Discord, monkeypatch: pytest.MonkeyPatch, faults: list[Fault], attempts: int
) -> None:
    async def check() -> None:
        rig.faults.extend(faults)
        async with discord_here(monkeypatch, rig), running(rig) as bot:
            first = await rig.ask()
            await bot.answered(first)
            assert rig.attempts == attempts
            await bot.answered(first, await rig.ask())

    asyncio.run(check())


@pytest.mark.parametrize(
    ("op", "data", "resumed"),
    [
        pytest.param(7, None, 1, id="op 7: reconnect"),
        pytest.param(9, True, 1, id="op 9: invalid, to be resumed"),
        pytest.param(9, False, 0, id="op 9: invalid"),
    ],
)
def test_a_new_connection_neither_loses_nor_doubles_an_answer(
    rig: Discord, monkeypatch: pytest.MonkeyPatch, op: int, data: object, resumed: int
) -> None:
    """A question before, one while the bot is away that it hears when it resumes, one after."""

    async def check() -> None:
        async with discord_here(monkeypatch, rig), running(rig) as bot:
            asked = [await rig.ask()]
            await rig.say(op, data)
            if resumed:
                asked.append(await rig.ask())
            await rig.until(lambda: (rig.resumed, rig.identified) == (resumed, 2 - resumed))
            asked.append(await rig.ask())
            await bot.answered(*asked)
            assert len(bot.clients) == 1

    asyncio.run(check())


def test_an_answer_in_the_making_survives_a_lost_connection(
    rig: Discord, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check() -> None:
        async with discord_here(monkeypatch, rig), running(rig) as bot:

            async def hang_up(_: Discord, __: web.Request) -> web.Response:
                await rig.hang_up(1006 + 3000)
                return web.Response(status=503)

            rig.faults.append(hang_up)
            first = await rig.ask()
            await rig.until(lambda: rig.resumed == 1)
            await bot.answered(first)

    asyncio.run(check())


def test_a_refused_first_connection_is_tried_again(
    rig: Discord, monkeypatch: pytest.MonkeyPatch
) -> None:
    """discord.py alone ends with an AttributeError."""
    reserved = socket.socket()
    reserved.bind(("127.0.0.1", 0))  # and does not listen: who connects is refused
    port = reserved.getsockname()[1]

    async def check() -> None:
        async def listen() -> None:
            if len(naps.slept) == 3:
                runner = web.AppRunner(rig.app(), shutdown_timeout=0.1)
                await runner.setup()
                runners.append(runner)
                await web.SockSite(runner, reserved).start()

        runners: list[web.AppRunner] = []
        naps = Naps(listen)
        async with discord_here(monkeypatch, rig):
            gateway = yarl.URL(f"ws://127.0.0.1:{port}/")
            monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", gateway)
            async with running(rig, naps) as bot:
                await bot.answered(await rig.ask())
            assert naps.slept == [1, 2, 4]
            await runners[0].cleanup()

    asyncio.run(check())


def test_a_gateway_that_opens_only_later_is_waited_for(
    rig: Discord, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is a first connection; one that is lost aiohttp itself tries twice."""

    async def check() -> None:
        rig.gateway_faults.extend([status(429, Retry_After="9"), status(503), lost, lost])
        async with discord_here(monkeypatch, rig), running(rig) as bot:
            await bot.answered(await rig.ask())
            assert bot.naps.slept == [1, 2, 4]
            assert len(bot.clients) == 1

    asyncio.run(check())


def test_an_event_that_cant_be_read_ends_nothing(
    rig: Discord, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check() -> None:
        async with discord_here(monkeypatch, rig), running(rig) as bot:
            first = await rig.ask()
            await bot.answered(first)
            await rig.dispatch("MESSAGE_CREATE", {"no": "message"})
            await rig.until(lambda: rig.identified == 2)
            await bot.answered(first, await rig.ask())

    asyncio.run(check())


@pytest.mark.parametrize(
    ("faults", "slept"),
    [
        pytest.param([lost] * 4, [1, 2], id="the connection is reset (aiohttp tries twice)"),
        pytest.param([status(503)], [1], id="503"),
        pytest.param([status(429, Retry_After="45")], [45], id="429 of Cloudflare"),
    ],
)
def test_a_login_that_fails_is_tried_again(
    rig: Discord, monkeypatch: pytest.MonkeyPatch, faults: list[Fault], slept: list[float]
) -> None:
    async def check() -> None:
        rig.login_faults.extend(faults)
        async with discord_here(monkeypatch, rig), running(rig) as bot:
            await bot.answered(await rig.ask())
            assert bot.naps.slept == slept

    asyncio.run(check())


def test_a_bad_token_or_a_missing_permission_ends_it_with_one_line(
    rig: Discord, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(token: str, *faults: Fault) -> str:
        rig.login_faults.extend(faults)
        with pytest.raises(DiscordRefused) as caught:
            await Supervisor(lambda: Answering(rig, Naps())).run(token)
        return str(caught.value)

    async def check() -> None:
        async with discord_here(monkeypatch, rig):
            assert "the token is not valid" in await refused("wrong")
            assert "a permission is missing (403)" in await refused(TOKEN, status(403))
            assert "a permission is missing (Missing Access)" in await refused(TOKEN, no_access)
            assert "does not let the bot start" in await refused(TOKEN, status(404))

    asyncio.run(check())


@pytest.mark.parametrize("code", [4004, 4014])
def test_a_gateway_that_refuses_the_bot_ends_it(
    rig: Discord, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    async def check() -> None:
        async with discord_here(monkeypatch, rig), running(rig) as bot:
            task = asyncio.create_task(bot.supervisor.run(TOKEN))
            await rig.until(lambda: rig.identified == 2)
            await rig.hang_up(code)
            with pytest.raises(DiscordRefused):
                await task

    asyncio.run(check())


def test_told_to_leave_it_finishes_the_answer_and_closes_the_gateway(
    rig: Discord, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check() -> None:
        async with discord_here(monkeypatch, rig):
            bot = Running(rig, Naps())
            task = asyncio.create_task(bot.supervisor.run(TOKEN))
            await rig.until(lambda: rig.identified == 1)

            async def leave(_: Discord, __: web.Request) -> None:
                task.cancel()
                await asyncio.sleep(0)

            rig.faults.append(leave)
            asked = await rig.ask()
            await asyncio.wait({task}, timeout=TIMEOUT_S)
            assert task.cancelled()
            assert rig.closed_with == 1000
            assert bot.done() == [asked]

    asyncio.run(check())


def test_nothing_that_was_said_is_logged_at_info(
    rig: Discord, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def check() -> None:
        rig.faults.extend([lost, status(503)])
        async with discord_here(monkeypatch, rig), running(rig) as bot:
            await bot.answered(await rig.ask("<@100> about apricots?"))

    with caplog.at_level(logging.INFO):
        asyncio.run(check())
    said = "\n".join(record.getMessage() for record in caplog.records)
    assert "again in" in said
    for secret in ("apricots", "user400", TOKEN, "Answer to"):
        assert secret not in said


def test_waiting_grows_and_is_forgotten_after_a_calm_time() -> None:
    now = 0.0
    back_off = BackOff(lambda: now, max)
    waits = [back_off.next(OSError()) for _ in range(10)]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 150, 150]
    now = 300.0
    assert back_off.next(OSError()) == 1
    assert BackOff(lambda: now, min).next(OSError()) == 0.5
