"""Commands that serve: serve, mcp."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import DataOption, settings_with, stderr


def serve(
    data: DataOption = None,
    host: Annotated[
        str | None,
        typer.Option("--host", help="Address to listen on.", show_default="127.0.0.1"),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", help="0: any free one.", show_default="8000"),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", help="Processes.", show_default="1")
    ] = None,
    root_path: Annotated[
        str | None, typer.Option("--root-path", help="Where a proxy mounts it: /citewire, say.")
    ] = None,
    proxies: Annotated[
        str | None,
        typer.Option(
            "--proxy-headers",
            metavar="HOSTS",
            help="Proxies whose X-Forwarded-* count: addresses with commas between.",
        ),
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option("--tls-cert", help="Certificate chain, PEM.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", help="Its key, PEM.")] = None,
) -> None:
    """Serve answers over HTTP until SIGTERM or Ctrl-C; requests in flight are finished."""
    settings = settings_with(
        data,
        host=host,
        port=port,
        workers=workers,
        root_path=root_path,
        proxies=proxies,
        tls_cert=tls_cert,
        tls_key=tls_key,
    )
    from bot.http_api.serving import serve as run

    run(settings, lambda line: stderr().print(line, markup=False, soft_wrap=True))


def mcp(data: DataOption = None) -> None:
    """Serve search, fetch and answer to an AI application over a pipe (MCP, stdio).

    Such applications start it themselves: give them this command.
    """
    settings = settings_with(data)
    from bot.http_api.serving import serve_pipe

    serve_pipe(settings)
