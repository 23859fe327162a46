"""The application over a small library, asked in this process; and a server process."""

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import uvicorn
from httpx2 import Response
from starlette.testclient import TestClient

from bot.database import FILE, Database
from bot.http_api.app import create_app
from bot.http_api.metrics import Metrics
from bot.http_api.service import Service
from bot.live import Kept, Opened
from bot.memory import Memory
from bot.settings import Settings
from bot.work import Work
from index.retrieve import Retriever
from tests.bot_fakes import NOW, answerer, opened
from tests.fakes import Desk

TIMEOUT_S = 30
PROGRAM = [sys.executable, "-c", "from bot.cli import main; main()"]


def service(
    data: Path, *, threads: int = 2, waiting: int = 8, deadline_s: float = TIMEOUT_S
) -> Service:
    """The parts over an index that `FakeEncoder` made, a new snapshot opened at each refresh."""

    def open_current() -> Opened:
        return as_opened(opened(data))

    kept = Kept(open_current)
    work = Work(threads=threads, waiting=waiting, deadline_s=deadline_s)
    numbers = count(1)

    def delete(article_id: str) -> None:
        Desk(data, first=1000).builder().delete(frozenset({article_id}))

    asked = replace(answerer(kept_retriever(kept)), new_id=lambda: f"ans_{next(numbers)}")
    return Service(
        asked, kept, work, Memory(Database(data / FILE), lambda: NOW, 30), Metrics(), delete
    )


def kept_retriever(kept: Kept) -> Retriever:
    """What an `Answerer` is made with; each question brings its own."""
    return kept.current().retriever


def as_opened(retriever: Retriever) -> Opened:
    """What searches, as a door holds it."""
    catalogue: Any = retriever.articles
    return Opened(retriever, (), catalogue)


@contextmanager
def client(parts: Service, **settings: object) -> Iterator[TestClient]:
    """Ask the application around these parts, in this process."""
    parts = replace(parts, metrics=Metrics())
    app = create_app(parts, Settings.model_validate({"hosts": "testserver"} | settings))
    with TestClient(app, raise_server_exceptions=False) as asking:
        yield asking


def error_of(response: Response, status: int) -> dict[str, Any]:
    """The error in the envelope, which every error has."""
    assert response.status_code == status, response.text
    record = response.json()
    assert list(record) == ["error"]
    error: dict[str, Any] = record["error"]
    assert list(error) == ["type", "code", "message", "param", "request_id"]
    assert error["request_id"] == response.headers["x-request-id"]
    assert error["message"].endswith(".")
    check_headers(response.headers)
    return error


def check_headers(headers: Mapping[str, str]) -> None:
    """The headers that every reply has."""
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy


class Server:
    """A `citewire serve` process on a port of its own, on this machine only."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process, self.said = process, _first_line(process)
        found = re.search(r"Listening on (https?)://[^ ]*?:(\d+)", self.said)
        assert found, self.said
        self.port = int(found[2])
        self.url = f"{found[1]}://127.0.0.1:{self.port}"

    def connect(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection(("127.0.0.1", self.port), TIMEOUT_S)

    def stop(self) -> int:
        """Send SIGTERM and return the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(TIMEOUT_S)


@contextmanager
def serving(data: Path, models: Path, *options: str, **settings: object) -> Iterator[Server]:
    """A server process over a data folder; it is stopped at the end, whatever happens."""
    others = {k: v for k, v in os.environ.items() if not k.startswith("CITEWIRE_")}
    others |= {"CITEWIRE_DATA": str(data), "CITEWIRE_MODELS": str(models)}
    others |= {"CITEWIRE_REQUESTS_PER_MINUTE": "0"}
    others |= {f"CITEWIRE_{name.upper()}": str(value) for name, value in settings.items()}
    with subprocess.Popen(
        [*PROGRAM, "serve", "--port", "0", *options],
        env=others, cwd=data.parent, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            yield Server(process)
        finally:
            process.kill()


@contextmanager
def serving_here(parts: Service) -> Iterator[str]:
    """A server over these parts in a thread; its address."""
    app = create_app(parts, Settings.model_validate({}))
    config = uvicorn.Config(app, port=0, log_config=None, ws="none", lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.should_exit = True
        thread.join()


def _first_line(process: subprocess.Popen[str]) -> str:
    """What it says first: where it listens."""
    assert process.stderr is not None
    ready, _, _ = select.select([process.stderr], [], [], TIMEOUT_S)
    assert ready, "nothing was said"
    return process.stderr.readline()


def wait_until(true: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    until = time.monotonic() + TIMEOUT_S
    while not true():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.02)


def events_of(body: str) -> list[dict[str, Any]]:
    """The events of a stream: `event:` says what the data's `type` says."""
    found = []
    for block in body.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line[0] != ":")
        if fields:
            event = json.loads(fields["data"])
            assert fields["event"] == event["type"]
            found.append(event)
    return found
