import asyncio
import gc
import logging
from collections.abc import Iterator
from io import StringIO

import pytest

from bot.discord_bot.logs import Discreet


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What is logged, formatted."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Discreet())
    root = logging.getLogger()
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)


def test_an_error_is_told_without_what_it_says(log: StringIO) -> None:
    def inner() -> None:
        raise KeyError("about apricots?")

    try:
        try:
            inner()
        except KeyError as error:
            raise ValueError("apricots again") from error
    except ValueError:
        logging.getLogger("bot").exception("error %s", "5f0c")
    said = log.getvalue()
    assert said.startswith("ERROR error 5f0c\n")
    assert said.index("in inner") < said.index("KeyError") < said.index("ValueError")
    assert "apricots?" not in said.replace('raise KeyError("about apricots?")', "")


def test_a_task_that_nobody_waited_for_is_told_without_what_it_says(log: StringIO) -> None:
    async def forgotten() -> None:
        secret = "apri" + "cots"
        raise KeyError(secret)

    async def forget() -> None:
        task = asyncio.create_task(forgotten())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        del task
        gc.collect()

    asyncio.run(forget())
    said = log.getvalue()
    assert said.startswith("ERROR Task exception was never retrieved\n")
    assert said.rstrip().endswith("KeyError")
    assert "apricots" not in said


def test_an_error_that_names_itself_ends(log: StringIO) -> None:
    first, second = KeyError("a"), KeyError("b")
    first.__context__, second.__context__ = second, first
    logging.getLogger("bot").error("x", exc_info=first)
    assert log.getvalue().splitlines() == ["ERROR x", "KeyError", "KeyError"]
