"""Load from another process: wrk's clients, and sockets that are only in the way."""

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from evals.benchmark_errors import BenchmarkFailed, ToolMissing

_SCRIPT = Path(__file__).parent / "benchmarks" / "ask.lua"
# A client waits no longer: what takes longer counts as failed.
_TIMEOUT_S = 30
_HALF = b"POST /v1/answer HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Le"


@dataclass(frozen=True, slots=True)
class Requests:
    """What a server is asked.

    Attributes:
        name: Who is asked, for errors.
        url: Where to.
        bodies: The bodies, a line each, as `write_bodies` wrote them.
    """

    name: str
    url: str
    bodies: Path


@dataclass(frozen=True, slots=True)
class Load:
    """What some clients, each asking as soon as it has its reply, saw of a server."""

    clients: int
    per_second: float
    p50_ms: float
    p99_ms: float
    requests: int


@dataclass(frozen=True, slots=True)
class _Printed:
    """What the script prints."""

    requests: int
    took_us: int
    p50_us: float
    p99_us: float
    failed: int


_PRINTED = TypeAdapter(_Printed)


def find_wrk() -> str:
    """Return the path of wrk.

    Raises:
        ToolMissing: It is not installed.
    """
    found = shutil.which("wrk")
    if found is None:
        raise ToolMissing("wrk", "On Debian: apt-get install wrk")
    return found


def write_bodies(path: Path, questions: Sequence[str], field: str = "question") -> Path:
    """Write the body of a request a line, ASCII, the question in `field`; return the file."""
    lines = (json.dumps({field: question}) + "\n" for question in questions)
    path.write_text("".join(lines), "ascii")
    return path


def press(wrk: str, requests: Requests, *, clients: int, seconds: int) -> Load:
    """Have `clients` send requests, in turn, for so long.

    Args:
        wrk: The program.
        requests: What is asked.
        clients: Connections at once.
        seconds: How long.

    Raises:
        BenchmarkFailed: wrk failed, or any request did: a refusal is soon given.
    """
    command = [wrk, "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", f"{_TIMEOUT_S}s"]
    done = subprocess.run(  # noqa: S603  (found on the path, our own arguments)
        [*command, "-s", str(_SCRIPT), requests.url, "--", str(requests.bodies)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise BenchmarkFailed(requests.name, f"wrk, exit status {done.returncode}: {last}")
    return read_load(requests.name, done.stdout, clients)


def read_load(name: str, output: str, clients: int) -> Load:
    """Return the figures in what wrk printed.

    Raises:
        BenchmarkFailed: They are not there, nothing was answered, or a request failed.
    """
    try:
        printed = _PRINTED.validate_json((output.strip().splitlines() or [""])[-1])
    except ValidationError as error:
        raise BenchmarkFailed(name, "wrk printed no figures") from error
    if printed.failed:
        reason = f"{printed.failed} of {printed.requests} requests of {clients} clients failed"
        raise BenchmarkFailed(name, reason)
    if not printed.requests:
        reason = f"no request of {clients} clients was answered in time; try more --seconds"
        raise BenchmarkFailed(name, reason)
    return Load(
        clients,
        printed.requests / printed.took_us * 1e6,
        printed.p50_us / 1000,
        printed.p99_us / 1000,
        printed.requests,
    )


@contextmanager
def crowd(port: int, *, idle: int, half_sent: int) -> Iterator[None]:
    """Hold so many connections on which nothing comes, and so many on which half a head did."""
    with ExitStack() as held:
        for number in range(idle + half_sent):
            connection = held.enter_context(socket.create_connection(("127.0.0.1", port)))
            if number < half_sent:
                connection.sendall(_HALF)
        yield
