"""Messages that arrive once, whatever happens to the connection.

discord.py repeats a request after 500, 502, 504 and a rate limit, but not after 503, nor after a
connection that broke (it knows the error numbers of macOS and Windows only), nor after a 429 of
Cloudflare, which stands before Discord. Who simply sent again would send twice where only the reply
was lost. Discord knows a message by its nonce for some minutes and then returns the first one.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import blake2b
from time import monotonic
from typing import TypeVar

import aiohttp
import discord

T = TypeVar("T")

# Shorter than Discord remembers a nonce.
PATIENCE_S = 100.0
FIRST_DELAY_S = 0.5
MOST_DELAY_S = 15.0
_NONCE_BYTES = 12  # 24 hex digits: Discord takes 25 characters
_TOO_MANY = 429
_SERVER_ERROR = 500
_ALREADY_ACKNOWLEDGED = 40060
# TimeoutError is aiohttp's too, an OSError a connection that was refused or reset.
BROKEN = (aiohttp.ClientError, OSError)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Repeats what Discord did not take, for at most `PATIENCE_S` seconds.

    Attributes:
        sleep: Waits so many seconds.
        clock: Returns monotonic seconds.
    """

    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    clock: Callable[[], float] = monotonic

    async def once(self, key: object, send: Callable[[str], Awaitable[T]]) -> T:
        """Return what `send` returns; the message is there exactly once.

        Args:
            key: What the message is for: the id of the message that asked, say. Two messages for
                one thing need two keys.
            send: Sends a message with the nonce that it is given.

        Raises:
            discord.HTTPException: Discord refuses the message, or has failed for too long.
            aiohttp.ClientError: The connection has.
            OSError: Likewise.
        """
        nonce = nonce_of(key)
        return await self.again(lambda: send(nonce))

    async def again(self, call: Callable[[], Awaitable[T]]) -> T:
        """Return what `call` returns: an edit or a deletion, which may well be done twice.

        Raises:
            discord.HTTPException: Discord refuses it, or has failed for too long.
            aiohttp.ClientError: The connection has.
            OSError: Likewise.
        """
        until, delay = self.clock() + PATIENCE_S, FIRST_DELAY_S
        while True:
            try:
                return await call()
            except (discord.HTTPException, *BROKEN) as error:
                wait = max(delay, retry_after(error))
                if not passes(error) or self.clock() + wait > until:
                    raise
                logger.warning("Discord: %s; again in %.1f s", named(error), wait)
            await self.sleep(wait)
            delay = min(2 * delay, MOST_DELAY_S)

    async def acknowledge(self, call: Callable[[], Awaitable[object]]) -> None:
        """Do the first reply to an interaction; one that was taken unnoticed before is done too.

        Raises:
            discord.HTTPException: Discord refuses it, or has failed for too long.
            aiohttp.ClientError: The connection has.
            OSError: Likewise.
        """
        try:
            await self.again(call)
        except discord.HTTPException as error:
            if error.code != _ALREADY_ACKNOWLEDGED:
                raise


def nonce_of(key: object) -> str:
    """Return the nonce of the message for `key`: the same after a restart too."""
    return blake2b(repr(key).encode(), digest_size=_NONCE_BYTES).hexdigest()


def passes(error: Exception) -> bool:
    """Tell whether an error of a request to Discord may be gone when it is made again."""
    if isinstance(error, discord.HTTPException):
        return error.status == _TOO_MANY or error.status >= _SERVER_ERROR
    return isinstance(error, BROKEN)


def retry_after(error: Exception) -> float:
    """Return how many seconds Discord, or what stands before it, asks to wait; 0 where it does not.

    A date is not read: neither sends one.
    """
    if not isinstance(error, discord.HTTPException):
        return 0.0
    text = error.response.headers.get("Retry-After", "")
    return float(text) if text.replace(".", "", 1).isdigit() else 0.0


def named(error: Exception) -> str:
    """Return what an error is, without what it says: that may hold names and links with secrets."""
    if isinstance(error, discord.HTTPException):
        return f"{type(error).__name__} {error.status}, code {error.code}"
    return type(error).__name__
