"""What several commands share: options, settings, and where output goes."""

import logging
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from bot.render import printable
from bot.settings import Settings, read_settings

DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="The folder that holds the index.", show_default="./data"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
BatchOption = Annotated[
    Path | None,
    typer.Option("--batch", help="Read JSON lines from this file ('-': standard input)."),
]
_DATES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]
AfterOption = Annotated[
    datetime | None,
    typer.Option(
        "--after",
        formats=_DATES,
        metavar="DATE",
        help="Only articles published then (2026-01-31, or with a time) or later.",
    ),
]
BeforeOption = Annotated[
    datetime | None,
    typer.Option(
        "--before", formats=_DATES, metavar="DATE", help="Only articles published before then."
    ),
]
SourceOption = Annotated[
    list[str] | None, typer.Option("--source", help="Only articles of this outlet; repeatable.")
]
DocumentOption = Annotated[
    list[str] | None, typer.Option("--document", help="Only the article with this id; repeatable.")
]


_FILE_WIDTH = 160


def settings_with(data: Path | None = None, **flags: object) -> Settings:
    """Return the settings with these flags on top, and log as they say."""
    settings = read_settings(os.environ, data=data, **flags)
    logging.basicConfig(
        level=settings.log_level, format="%(levelname)s %(message)s", stream=sys.stderr
    )
    return settings


def as_text(argument: str) -> str:
    """Return an argument with � where its bytes are not UTF-8: Python keeps these as surrogates."""
    return argument.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def counted(count: int, what: str) -> str:
    """Return "1 article" or "2 articles"."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def stdout() -> Console:
    """Return the console for data: no colour when piped or with `NO_COLOR`, no wrapped words."""
    if sys.stdout.isatty():
        return Console(highlight=False)
    # A file has no width: words are not wrapped, and a table is as wide as it needs to be.
    return Console(highlight=False, soft_wrap=True, width=_FILE_WIDTH)


def indented(text: Text) -> RenderableType:
    """Return `text` four columns in: every line of it in a terminal, where it is wrapped."""
    return Padding(text, (0, 0, 0, 4)) if sys.stdout.isatty() else Text("    ") + text


def stderr() -> Console:
    """Return the console for talk."""
    return Console(stderr=True, highlight=False)


def complain(message: str) -> None:
    """Say on stderr that something is wrong."""
    stderr().print(printable(message), style="red", markup=False, soft_wrap=True)
