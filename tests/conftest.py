"""What tests of several modules share."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from index.errors import ExportUnavailable
from index.export import DEFAULT_MODEL, ensure_encoder

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from starlette.testclient import TestClient

    from bot.http_api.service import Service
    from tests.page_fakes import Watched


@pytest.fixture(scope="session")
def exported_encoder(request: pytest.FixtureRequest) -> Path:
    """The folder of the real encoder, exported once for all runs; in CITEWIRE_MODELS if set."""
    shared = os.environ.get("CITEWIRE_MODELS")
    models = Path(shared) if shared else request.config.cache.mkdir("models")
    try:
        return ensure_encoder(DEFAULT_MODEL, models)
    except ExportUnavailable as error:
        pytest.skip(str(error))


@pytest.fixture
def parts(tmp_path: Path) -> "Service":
    """The parts of a server over two articles, in this process."""
    from tests.bot_fakes import TEA, WHALE, library
    from tests.http_fakes import service

    library(tmp_path / "data", TEA, WHALE)
    return service(tmp_path / "data")


@pytest.fixture
def http(parts: "Service") -> "Iterator[TestClient]":
    """What asks them."""
    from tests.http_fakes import client

    with client(parts) as asking:
        yield asking


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """One for a module: while it is there, no other event loop can run."""
    from tests.page_fakes import browsing

    with browsing() as found:
        yield found


@pytest.fixture
def page(watched: "Watched") -> "Page":
    """That of a module's own `watched`."""
    return watched.page
