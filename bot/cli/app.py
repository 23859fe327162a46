"""The program: its commands, and errors to exit statuses."""

import importlib.metadata
import io
import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from bot.cli import asking, collection, discord, keys, serving
from bot.cli.options import complain, stderr
from bot.errors import BotError, QuestionRefused, SettingsError
from corpus.errors import CorpusError
from index.errors import IndexingError

# Commands of packages above this one, which it must not import: evals brings some.
_PLUGINS = "citewire.commands"
_NAME = "citewire"
_FAILED, _USAGE, _INTERRUPTED = 1, 2, 130


class _Commands(TyperGroup):
    """Our own commands and those that installed packages announce, loaded when they are named."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401  (typer's class is private)
        return [*super().list_commands(ctx), *sorted(_plugins().names)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401  (likewise)
        own = super().get_command(ctx, cmd_name)
        if own is not None or cmd_name not in _plugins().names:
            return own
        loaded = _plugins()[cmd_name].load()
        if isinstance(loaded, typer.Typer):  # a command with commands of its own
            return typer.main.get_command(loaded)
        plugin = typer.Typer(add_completion=False)
        plugin.command(name=cmd_name)(loaded)
        return typer.main.get_command(plugin)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401  (likewise)
        """Run the command; typer itself would leave without a word when it is interrupted."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            if sys.stderr.isatty():
                stderr().print()  # the cursor stands behind ^C
            complain("Interrupted.")
            raise typer.Exit(_INTERRUPTED) from None


def _plugins() -> importlib.metadata.EntryPoints:
    return importlib.metadata.entry_points(group=_PLUGINS)


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Answers questions over a collection of articles with cited, verbatim passages.",
    epilog="Settings come from flags, CITEWIRE_* variables and .env; the README lists them.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{_NAME} {importlib.metadata.version(_NAME)}")
        raise typer.Exit


@app.callback()
def _global(
    version: bool = typer.Option(
        False,
        "--version",
        callback=_version,
        is_eager=True,
        help="Print the version and leave.",
    ),
) -> None:
    pass


for command in (
    collection.index,
    asking.ask,
    asking.search,
    asking.chat,
    collection.list_articles,
    collection.show,
    collection.delete,
    asking.verify,
    collection.doctor,
    serving.serve,
    serving.mcp,
    discord.discord,
):
    name = "list" if command is collection.list_articles else command.__name__
    app.command(name)(command)

app.add_typer(keys.app, name="keys")


def main() -> None:
    """Run the program and leave with 0 for ok, 1 for failed, 2 for wrong usage."""
    _speak_utf8()
    try:
        app(prog_name=_NAME)
    except (QuestionRefused, SettingsError) as error:
        complain(f"Error: {error}")
        sys.exit(_USAGE)
    except (BotError, IndexingError, CorpusError) as error:
        complain(f"Error: {error}")
        sys.exit(_FAILED)
    except BrokenPipeError:
        # Whoever read the output has gone; Python would complain again when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(_FAILED)
    except OSError as error:
        complain(f"Error: {error}. Check the path and its permissions.")
        sys.exit(_FAILED)


def _speak_utf8() -> None:
    """Make files and pipes UTF-8, as JSON is, and no character a reason to fail."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = None if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="replace")
