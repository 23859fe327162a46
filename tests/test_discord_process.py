"""`citewire discord` as a process, against a Discord and a Citewire server on this machine."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yarl

from bot.database import FILE, Database
from bot.discord_bot.preferences import Preferences, ServerSettings
from bot.http_api.service import Service
from tests.bot_fakes import NOW
from tests.discord_rig import CHANNEL, SERVER, TIMEOUT_S, TOKEN, Discord, discord_here
from tests.http_fakes import serving_here

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended and what it said."""

    status: int
    out: str
    err: str


class Processes:
    """Starts `citewire discord` over a folder and a server; its mentions are answered."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self._folder, self._endpoint = folder, endpoint
        database = Database(folder / FILE)
        settings = ServerSettings(channels=(CHANNEL,))
        Preferences(database, lambda: NOW, 30).set_server(SERVER, settings)
        database.close()

    @asynccontextmanager
    async def started(
        self, rig: Discord, *options: str, token: str = TOKEN
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        """A process; it is killed at the end, if it has not ended."""
        others = {k: v for k, v in os.environ.items() if not k.startswith("CITEWIRE_")}
        others |= {"CITEWIRE_DISCORD_TOKEN": token, "CITEWIRE_LOG_LEVEL": "INFO"}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.discord_driver", str(yarl.URL(rig.url).port or 1),
            "discord", "--data", str(self._folder), "--endpoint", self._endpoint, *options,
            cwd=self._folder, env=others | {"PYTHONPATH": str(ROOT)},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def ended(self, rig: Discord, *options: str, token: str = TOKEN) -> Ended:
        """Run it to its end."""
        async with self.started(rig, *options, token=token) as process:
            return await end_of(process)


async def said_until(process: asyncio.subprocess.Process, line: str) -> str:
    """What it says up to this."""
    assert process.stderr is not None
    said = ""
    async with asyncio.timeout(TIMEOUT_S):
        while line not in said:
            said += (await process.stderr.readline()).decode()
    return said


async def end_of(process: asyncio.subprocess.Process) -> Ended:
    """Wait for it."""
    async with asyncio.timeout(TIMEOUT_S):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


@pytest.fixture
def processes(parts: Service, tmp_path: Path) -> Iterator[Processes]:
    folder = tmp_path / "bot"
    with serving_here(parts) as url:
        yield Processes(folder, url)


def test_it_answers_until_it_is_told_to_leave(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check() -> Ended:
        rig = Discord()
        async with discord_here(monkeypatch, rig), processes.started(rig) as process:
            await rig.until(lambda: rig.identified == 1)
            await rig.ask("<@100> Tea moon?")
            await rig.until(lambda: any("Tea moon." in str(sent) for sent in rig.messages))
            assert len(rig.messages) == 1
            assert len(rig.commands) == 1
            said = await said_until(process, "Connected to Discord as application 101; servers: 1")
            process.send_signal(signal.SIGTERM)
            ended = await end_of(process)
            assert rig.closed_with == 1000
        async with discord_here(monkeypatch, rig), processes.started(rig) as process:
            await rig.until(lambda: rig.identified == 2)
            process.send_signal(signal.SIGINT)
            assert (await end_of(process)).status == 0
            assert len(rig.commands) == 1, "Discord knows the commands"
        return replace(ended, err=said + ended.err)

    ended = asyncio.run(check())
    assert (ended.status, ended.out) == (0, "")
    for secret in ("moon", "user400", "Rig", TOKEN):
        assert secret not in ended.err


def test_a_bad_token_is_one_line_and_1(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check() -> Ended:
        rig = Discord()
        async with discord_here(monkeypatch, rig):
            return await processes.ended(rig, token="wrong")  # noqa: S106  (of nobody)

    ended = asyncio.run(check())
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith("Error: Discord: the token is not valid. Copy a new token:")
    assert ended.err.count("\n") == 1


def test_check_prints_what_is_found_and_the_link(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check() -> tuple[Ended, ...]:
        rig = Discord()
        async with discord_here(monkeypatch, rig):
            fine = await processes.ended(rig, "--check")
            rig.permissions = 0
            lacking = await processes.ended(rig, "--check")
            unknown = await processes.ended(rig, "--check", token="wrong")  # noqa: S106
            assert not rig.identified, "the gateway is left alone"
            assert not rig.commands
            return fine, lacking, unknown

    fine, lacking, unknown = asyncio.run(check())
    assert [ended.status for ended in (fine, lacking, unknown)] == [0, 1, 1]
    lines = fine.out.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "ok    token",
        "ok    application",
        "ok    intents",
        "ok    server Rig (200)",
        "ok    link that adds the bot to a server",
        "ok    articles",
    ]
    assert "https://discord.com/oauth2/authorize?client_id=101" in lines[4]
    assert lines[5].endswith("2 to answer from")
    assert "WRONG server Rig (200): lacks View Channels, Send Messages," in lacking.out
    assert "WRONG token: Discord does not know it." in unknown.out


def test_without_a_token_it_says_where_to_get_one(processes: Processes) -> None:
    ended = asyncio.run(processes.ended(Discord(), token=""))
    assert (ended.status, ended.out) == (2, "")
    assert "CITEWIRE_DISCORD_TOKEN is not set (docs/discord.md)" in ended.err
