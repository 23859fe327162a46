"""`citewire discord`: the parts put together, and the process that runs them."""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

from bot import wire
from bot.discord_bot.check import Finding, examine
from bot.discord_bot.client import Client, intents
from bot.discord_bot.desk import Desk
from bot.discord_bot.logs import quieten
from bot.discord_bot.preferences import Preferences, Shown
from bot.discord_bot.serving import Supervisor, until_told
from bot.discord_bot.syncing import sync_commands
from bot.discord_bot.tidying import Tidying
from bot.engine import Engine
from bot.errors import BotError, SettingsError
from bot.leaving import leave_soon
from bot.memory import Memory
from bot.settings import Settings
from index.errors import IndexingError

_LOOK_S = 0.2
Say = Callable[[str], None]


@dataclass(slots=True)
class _Bot:
    """What outlives a client: the parts, and the client that there is now."""

    memory: Memory
    preferences: Preferences
    engine: Engine
    desk: Desk
    client: Client | None = None

    def make(self) -> Client:
        """Return a new client, in place of the one before."""

        async def sync(client: Client) -> None:
            await sync_commands(client.tree, self.memory.database)

        self.client = Client(self.desk, sync, now=wire.utc_now)
        return self.client

    async def attend(self, say: Say) -> None:
        """Say when it is connected, and tidy up from then on."""
        client = await self._connected()
        say(
            f"Connected to Discord as application {client.application_id}; servers: "
            f"{len(client.guilds)} (process {os.getpid()}). Ctrl-C stops."
        )
        await Tidying(self.engine, self.preferences, self.withdraw).run()

    async def withdraw(self, shown: Shown) -> None:
        """Edit a message of the bot to say that its source was withdrawn."""
        await (await self._connected()).withdraw(shown)

    async def _connected(self) -> Client:
        while (client := self.client) is None or not client.is_ready():
            await asyncio.sleep(_LOOK_S)
        return client

    def close(self) -> None:
        """End. Closing twice does nothing more."""
        self.desk.close()
        self.engine.close()


def serve(settings: Settings, say: Say) -> None:
    """Answer on Discord until SIGTERM or SIGINT; answers in the making have five seconds then.

    Args:
        settings: The token, and where answers come from.
        say: Told, in one line, when it is connected.

    Raises:
        SettingsError: There is no token.
        DiscordRefused: Discord does not let the bot do what it must.
    """
    token = _token(settings)
    quieten()
    bot = _bot(settings)
    try:
        asyncio.run(_run(bot, token, say))
    finally:
        bot.close()


async def _run(bot: _Bot, token: str, say: Say) -> None:
    async def work() -> None:
        attending = asyncio.create_task(bot.attend(say))
        try:
            await Supervisor(bot.make).run(token)
        finally:
            attending.cancel()
            with suppress(asyncio.CancelledError):
                await attending

    await until_told(work())
    leave_soon()  # answers that nobody waits for any more don't hold it up


def check(settings: Settings, say: Say) -> bool:
    """Say what is set up for the bot and what is not; return whether all is.

    Raises:
        SettingsError: There is no token.
    """
    token = _token(settings)
    quieten()
    bot = _bot(settings)

    async def look() -> bool:
        fine = True
        async for finding in examine(intents(), token, bot.preferences):
            say(_line(finding))
            fine = fine and finding.fine
        return fine

    try:
        fine = asyncio.run(look())
        articles = _articles(bot.engine)
        say(_line(articles))
    finally:
        bot.close()
    return fine and articles.fine


def _line(finding: Finding) -> str:
    return f"{'ok' if finding.fine else 'WRONG':<6}{finding.about}: {finding.says}"


def _articles(engine: Engine) -> Finding:
    try:
        index = engine.collection().index
    except (BotError, IndexingError) as error:
        return Finding(fine=False, about="articles", says=str(error))
    return Finding(fine=True, about="articles", says=f"{index.documents} to answer from")


def _bot(settings: Settings) -> _Bot:
    memory = wire.memory(settings)
    preferences = Preferences(memory.database, memory.now, memory.days)
    engine = wire.engine(settings, memory, preferences.answers_in)
    threads = settings.threads or wire.cores()
    desk = Desk(engine, preferences, monotonic, threads=threads)
    return _Bot(memory, preferences, engine, desk)


def _token(settings: Settings) -> str:
    if settings.discord_token is None:
        raise SettingsError(("CITEWIRE_DISCORD_TOKEN is not set (docs/discord.md)",))
    return settings.discord_token.get_secret_value()
