import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import discord
import pytest

from bot.discord_bot.delivery import PATIENCE_S, Delivery, nonce_of


class Time:
    """Time that passes only when it is slept away."""

    def __init__(self) -> None:
        self.now, self.slept = 0.0, list[float]()

    def clock(self) -> float:
        """As it is now."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Sleep at once."""
        self.now += seconds
        self.slept.append(seconds)


class Response:
    """As much of a reply as discord.py reads of one."""

    reason = ""

    def __init__(self, status: int, headers: dict[str, str]) -> None:
        self.status, self.headers = status, headers


def refusal(status: int, code: int = 0, **headers: str) -> discord.HTTPException:
    """What discord.py raises for a reply."""
    kind = discord.DiscordServerError if status >= 500 else discord.HTTPException
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response: Any = Response(status, named)
    return kind(response, {"code": code, "message": "x"})


def failing(*errors: Exception) -> Callable[[], Awaitable[int]]:
    """A call that raises these, one each time, then returns how often it was made."""
    left, calls = list(errors), 0

    async def call() -> int:
        nonlocal calls
        calls += 1
        if left:
            raise left.pop(0)
        return calls

    return call


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(refusal(503), id="503, which discord.py does not repeat"),
        pytest.param(refusal(500), id="500, which it gave up on"),
        pytest.param(ConnectionResetError(104, "reset"), id="reset, by Linux's number"),
        pytest.param(aiohttp.ServerDisconnectedError(), id="closed instead of a reply"),
        pytest.param(TimeoutError(), id="no reply"),
    ],
)
def test_what_passes_is_done_again(error: Exception) -> None:
    time = Time()
    delivery = Delivery(time.sleep, time.clock)
    assert asyncio.run(delivery.again(failing(error, error))) == 3
    assert time.slept == [0.5, 1.0]


def test_a_429_of_cloudflare_is_waited_for_as_long_as_it_says() -> None:
    time = Time()
    again = Delivery(time.sleep, time.clock).again(failing(refusal(429, Retry_After="7.5")))
    assert asyncio.run(again) == 2
    assert time.slept == [7.5]


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_is_raised_at_once(status: int) -> None:
    time = Time()
    with pytest.raises(discord.HTTPException):
        asyncio.run(Delivery(time.sleep, time.clock).again(failing(refusal(status))))
    assert time.slept == []


def test_it_is_given_up_before_discord_forgets_the_nonce() -> None:
    time = Time()
    with pytest.raises(discord.DiscordServerError):
        asyncio.run(Delivery(time.sleep, time.clock).again(failing(*[refusal(503)] * 100)))
    assert PATIENCE_S - 15 < time.now <= PATIENCE_S
    late = failing(refusal(429, Retry_After="3600"))
    with pytest.raises(discord.HTTPException):
        asyncio.run(Delivery(time.sleep, time.clock).again(late))


def test_one_thing_has_one_nonce_which_discord_takes() -> None:
    time, nonces = Time(), list[str]()

    async def send(nonce: str) -> None:
        nonces.append(nonce)
        if len(nonces) == 1:
            raise ConnectionResetError

    asyncio.run(Delivery(time.sleep, time.clock).once(12345, send))
    assert nonces == [nonce_of(12345)] * 2
    assert len(nonce_of(2**64)) <= 25
    assert nonce_of(12345) != nonce_of(12346) != nonce_of("12346")


def test_an_acknowledgement_that_was_taken_unnoticed_is_done() -> None:
    time = Time()
    delivery = Delivery(time.sleep, time.clock)
    errors = (ConnectionResetError(), refusal(400, 40060))
    asyncio.run(delivery.acknowledge(failing(*errors)))
    with pytest.raises(discord.HTTPException):
        asyncio.run(delivery.acknowledge(failing(refusal(400, 10062))))
