"""What several commands share: options, settings, and where output goes."""

import logging
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

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
    typer.Option("--after", formats=_DATES, help="Only articles published then or later."),
]
BeforeOption = Annotated[
    datetime | None,
    typer.Option("--before", formats=_DATES, help="Only articles published before then."),
]
SourceOption = Annotated[
    list[str] | None, typer.Option("--source", help="Only articles of this outlet; repeatable.")
]
DocumentOption = Annotated[
    list[str] | None, typer.Option("--document", help="Only the article with this id; repeatable.")
]


def settings_with(data: Path | None = None, **flags: object) -> Settings:
    """Return the settings with these flags on top, and log as they say."""
    settings = read_settings(os.environ, data=data, **flags)
    logging.basicConfig(
        level=settings.log_level, format="%(levelname)s %(message)s", stream=sys.stderr
    )
    return settings


def stdout() -> Console:
    """Return the console for data: no colour when piped or with `NO_COLOR`, no wrapped words."""
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def stderr() -> Console:
    """Return the console for talk."""
    return Console(stderr=True, highlight=False)


def complain(message: str) -> None:
    """Say on stderr that something is wrong."""
    stderr().print(message, style="red", markup=False, soft_wrap=True)
