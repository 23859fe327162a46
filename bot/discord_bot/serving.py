"""The bot's process: it connects, comes back after every fault, and leaves when it is told to."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from random import uniform
from time import monotonic

import discord

from bot.discord_bot.delivery import BROKEN, named, passes, retry_after
from bot.errors import DiscordRefused

# Answers in the making have so long when the process is told to leave; then, to say that there is
# none.
GRACE_S = 5.0
_GOODBYE_S = 3.0
# Discord takes a token away after a thousand new sessions in a day: 86 400 s / 112 s are fewer.
_FIRST_DELAY_S, _MOST_DELAY_S = 1.0, 150.0
# After so long without a fault the next one is waited for as the first.
_CALM_S = 120.0
_EVENTS = ("discord.py:", "discord-ui-", "CommandTree-")
_TOKEN = "Copy a new token: Developer Portal, your application, Bot, Reset Token."  # noqa: S105
_INVITE = "Add the bot anew with the link that --check prints."
_UPDATE = "Install the newest Citewire."
_REFUSALS = {
    4004: ("the token is not valid", _TOKEN),
    4010: ("the shard is not valid", _UPDATE),
    4011: ("the bot is in too many servers for one process", "Have it leave some."),
    4012: ("the gateway's version is not valid", _UPDATE),
    4013: ("the intents are not valid", _UPDATE),
    4014: ("a privileged intent is not allowed", _UPDATE),
}
_PASSING = (discord.HTTPException, discord.GatewayNotFound, discord.ConnectionClosed)

logger = logging.getLogger(__name__)


class BackOff:
    """How long to wait after each fault: twice as long each time, and less by chance."""

    def __init__(self, clock: Callable[[], float], chance: Callable[[float, float], float]) -> None:
        """Begin; `clock` returns monotonic seconds, `chance` a number between two."""
        self._clock, self._chance = clock, chance
        self._delay, self._last = _FIRST_DELAY_S, clock()

    def next(self, error: Exception) -> float:
        """Return the seconds to wait after an error, as many as Discord asks for at least."""
        now = self._clock()
        if now - self._last > self._delay + _CALM_S:
            self._delay = _FIRST_DELAY_S
        wait = self._chance(self._delay / 2, self._delay)
        self._delay, self._last = min(2 * self._delay, _MOST_DELAY_S), now
        return max(wait, retry_after(error))


@dataclass(frozen=True, slots=True)
class Supervisor:
    """Keeps a bot connected.

    Attributes:
        make: Makes a client; one that could not log in is not used again.
        grace_s: How long answers in the making are waited for at the end.
        sleep: Waits so many seconds.
        clock: Returns monotonic seconds.
        chance: Returns a number between two.
    """

    make: Callable[[], discord.Client]
    grace_s: float = GRACE_S
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    clock: Callable[[], float] = monotonic
    chance: Callable[[float, float], float] = uniform

    async def run(self, token: str) -> None:
        """Stay connected until cancelled; answers in the making are finished then.

        Raises:
            DiscordRefused: The token, or something that the bot must do, is refused.
        """
        back_off = BackOff(self.clock, self.chance)
        while True:
            client = self.make()
            try:
                async with client:
                    await self._log_in(client, token)
                    await self._stay(client, back_off)
                    return
            except (*_PASSING, *BROKEN) as error:
                await self._wait(back_off, error)

    async def _log_in(self, client: discord.Client, token: str) -> None:
        try:
            await client.login(token)
        except discord.LoginFailure as error:
            raise DiscordRefused("the token is not valid", _TOKEN) from error
        except discord.Forbidden as error:
            said = " ".join(error.text.split()) if error.code else "403"  # else it is a page
            raise DiscordRefused(f"a permission is missing ({said})", _INVITE) from error
        except discord.HTTPException as error:
            if passes(error):
                raise
            raise DiscordRefused(
                f"it does not let the bot start ({named(error)})", _UPDATE
            ) from error

    async def _stay(self, client: discord.Client, back_off: BackOff) -> None:
        """Connect again and again: discord.py gives up on a failed first connection, among others.

        It reads the state of the connection that there was, even if there was none; and an event
        that it can't read ends it too. The next connection then is a new session.
        """
        try:
            while not client.is_closed():
                try:
                    await client.connect()
                except discord.PrivilegedIntentsRequired as error:
                    raise DiscordRefused(*_REFUSALS[4014]) from error
                except Exception as error:
                    if isinstance(error, discord.ConnectionClosed) and error.code in _REFUSALS:
                        raise DiscordRefused(*_REFUSALS[error.code]) from error
                    if client.is_closed():
                        raise
                    await self._hang_up(client)
                    await self._wait(back_off, error)
        except asyncio.CancelledError:
            await self._hang_up(client, code=1000)
            await _finish_events(self.grace_s)
            raise

    async def _wait(self, back_off: BackOff, error: Exception) -> None:
        wait = back_off.next(error)
        logger.debug("Discord", exc_info=error)
        logger.warning("Discord: %s; connecting again in %.1f s", named(error), wait)
        await self.sleep(wait)

    async def _hang_up(self, client: discord.Client, code: int = 4000) -> None:
        """Close the gateway, whose heart beats on else; requests can still be made."""
        if client.ws is not None:  # before the first connection it is, whatever its type says
            with suppress(*BROKEN):
                await client.ws.close(code)


async def _finish_events(grace_s: float) -> None:
    """Wait for what began before the gateway was closed; what takes longer is told to end."""
    late = {task for task in asyncio.all_tasks() if task.get_name().startswith(_EVENTS)}
    if late:
        _, late = await asyncio.wait(late, timeout=grace_s)
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=_GOODBYE_S)


async def until_told(work: Awaitable[None]) -> None:
    """Do `work` until SIGTERM or SIGINT, which cancels it.

    Raises:
        Exception: What the work raises.
    """
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        logger.info("Told to leave.")
    finally:
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(name)
