"""The server process: a socket, uvicorn, and a graceful end."""

import errno
import importlib.util
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from tempfile import TemporaryDirectory

import uvicorn
from starlette.types import ASGIApp
from uvicorn.supervisors import Multiprocess

from bot import wire
from bot.errors import CannotListen, ExtraMissing
from bot.http_api.app import WATCH_S, build, is_loopback, parts
from bot.http_api.metrics import FOLDER_VARIABLE
from bot.http_api.protocol import GuardedConfig
from bot.keys import Keys
from bot.leaving import leave_soon
from bot.live import Watch
from bot.settings import Settings

# Requests in flight have eight seconds, threads that nobody waits for any more one (`leave_soon`):
# with what uvicorn takes to notice, an end within ten.
GRACE_S = 8
_BACKLOG = 2048
_FILES = 65_536
_QUIETER = {
    "uvicorn.error": logging.ERROR,  # a warning for every stranger who speaks no HTTP
    "bot.answerer": logging.WARNING,  # the ids of answers: who has one may read it
}


def serve(settings: Settings, say: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT, then let requests in flight finish, for ten seconds at most.

    Args:
        settings: Where, and over which data folder.
        say: Told, in one line, what it listens on.

    Raises:
        CannotListen: The address is taken, unknown or not allowed.
        OSError: A TLS file can't be read.
    """
    _allow_files()
    config = _config(settings)
    with _listen(settings.host, settings.port) as listener:
        for name in (signal.SIGINT, signal.SIGTERM):
            # uvicorn raises the signal again when it has ended; by default that would kill us.
            signal.signal(name, _ignore)
        say(f"Listening on {_address(settings, listener)}")
        if settings.workers > 1:
            with TemporaryDirectory(prefix="citewire-metrics-") as folder:
                os.environ[FOLDER_VARIABLE] = folder  # the workers', which are yet to be started
                Multiprocess(config, [listener]).run()
        else:
            uvicorn.Server(config).run([listener])


def serve_pipe(settings: Settings) -> None:
    """Serve the tools of the Model Context Protocol over stdin and stdout, until stdin ends.

    Raises:
        ExtraMissing: The protocol's library is not installed.
    """
    if importlib.util.find_spec("mcp") is None:
        raise ExtraMissing("mcp")
    from bot.http_api.mcp_tools import mcp_server

    service = parts(settings)
    watch = Watch(service.kept, WATCH_S)
    watch.start()
    try:
        mcp_server(service).run("stdio")
    finally:
        watch.stop()
        service.close()


def worker_app(settings: Settings) -> ASGIApp:
    """Return the application of one worker process, which logs as the settings say."""
    logging.basicConfig(
        level=settings.log_level, format="%(levelname)s %(message)s", stream=sys.stderr
    )
    if settings.log_level != "DEBUG":
        for name, level in _QUIETER.items():
            logging.getLogger(name).setLevel(level)
    return build(settings, leave_soon)


def _config(settings: Settings) -> GuardedConfig:
    return GuardedConfig(
        partial(worker_app, settings),
        head_timeout_s=settings.read_timeout_s,
        connections=settings.connections,
        workers=settings.workers,
        root_path=settings.root_path,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        loop="asyncio",
        timeout_graceful_shutdown=GRACE_S,
        backlog=_BACKLOG,
    )


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens."""
    with ExitStack() as undo:
        try:
            # With the protocol named: asyncio sends small replies at once (TCP_NODELAY) only
            # where the socket says that it is TCP; else each waits 40 ms for the client's kernel.
            family, kind, protocol, _, address = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            listener = undo.enter_context(socket.socket(family, kind, protocol))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.set_inheritable(True)
            listener.bind(address)
            listener.listen(_BACKLOG)  # from here on nobody is turned away
        except OSError as error:
            raise CannotListen(host, port, _reason(error)) from error
        undo.pop_all()
    return listener


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "something else listens there"
    return (error.strerror or str(error)).lower()


def _address(settings: Settings, listener: socket.socket) -> str:
    scheme = "https" if settings.tls_cert else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    where = f"{scheme}://{host}:{listener.getsockname()[1]}{settings.root_path}"
    return f"{where} ({_reach(settings)}; process {os.getpid()}). Ctrl-C stops."


def _reach(settings: Settings) -> str:
    """Return who may ask, for the owner to see before a stranger does."""
    where = "this machine" if is_loopback(settings.host) else "the network"
    memory = wire.memory(settings)
    try:
        keyed = bool(Keys(memory.database, memory.now).ring())
    finally:
        memory.database.close()
    if keyed and not settings.public_read:
        return f"{where}, with an API key"
    return f"no API key needed: anyone on {where} may ask"


def _allow_files() -> None:
    """Raise the limit on open files, a socket each, as far as may be."""
    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if most == resource.RLIM_INFINITY else min(_FILES, most)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _ignore(*_: object) -> None:
    """Do nothing about a signal."""
