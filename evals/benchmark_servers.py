"""The two servers that are measured, each a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from evals.benchmark_errors import BenchmarkFailed

PLAIN_SERVER = Path(__file__).parent / "benchmarks" / "plain_server.py"
_CITEWIRE = "from bot.cli import main; main()"  # what the console script does
# Torch alone takes ten; then the other server embeds all passages.
_START_S, _STOP_S, _LOOK_S = 600.0, 15.0, 0.2
_OK = 200


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers."""

    name: str
    port: int
    pid: int

    @property
    def address(self) -> str:
        """Return its URL."""
        return f"http://127.0.0.1:{self.port}"

    def cpu_s(self) -> float | None:
        """Return the processor time that it has had, in seconds; None off Linux."""
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text("ascii", "replace")
        except OSError:
            return None
        # After the name, which may hold blanks: the 12th and 13th are user and system time.
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def citewire_command(port: int) -> list[str]:
    """Return what starts `citewire serve`; its data folder is in the environment."""
    return ["-c", _CITEWIRE, "serve", "--host", "127.0.0.1", "--port", str(port)]


def plain_command(model: Path, passages: Path, port: int) -> list[str]:
    """Return what starts the plain server."""
    return [str(PLAIN_SERVER), str(model), str(passages), str(port)]


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as some:
        some.bind(("127.0.0.1", 0))
        return int(some.getsockname()[1])


@contextmanager
def running(
    name: str, command: Sequence[str], port: int, *, folder: Path, environment: Mapping[str, str]
) -> Iterator[Server]:
    """Run a server until it is left; it has answered a question when it comes back.

    Args:
        name: What it is called.
        command: For this Python.
        port: Where it will listen.
        folder: Its working folder; what it says goes to a file there.
        environment: All of its environment.

    Raises:
        BenchmarkFailed: It ended, or did not answer in time.
    """
    words = folder / f"{name.split(maxsplit=1)[0].lower()}-server.log"
    with words.open("wb") as said:
        process = subprocess.Popen(  # noqa: S603  (our own interpreter and programs)
            # -P: what lies in `folder` must not be taken for a module.
            [sys.executable, "-P", *command],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
        try:
            _wait(name, process, port, words)
            yield Server(name, port, process.pid)
        finally:
            _stop(process)


def _wait(name: str, process: subprocess.Popen[bytes], port: int, words: Path) -> None:
    until = time.monotonic() + _START_S
    while not is_answering(port):
        if process.poll() is not None:
            last = (words.read_text("utf-8", "replace").strip().splitlines() or ["no word"])[-1]
            raise BenchmarkFailed(name, f"exit status {process.returncode}: {last}")
        if time.monotonic() > until:
            raise BenchmarkFailed(name, f"no answer within {_START_S:.0f} s of its start")
        time.sleep(_LOOK_S)


def is_answering(port: int) -> bool:
    """Ask a question and wait; tell whether a 200 came back."""
    connection = HTTPConnection("127.0.0.1", port, timeout=_START_S)
    try:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/v1/answer", b'{"question": "Who?"}', headers)
        return connection.getresponse().status == _OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
