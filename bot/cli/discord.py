"""The command of the Discord bot."""

from typing import Annotated

import typer

from bot.cli.options import DataOption, settings_with, stderr, stdout
from bot.render import printable


def discord(
    data: DataOption = None,
    endpoint: Annotated[
        str | None,
        typer.Option(
            "--endpoint", metavar="URL", help="Ask this Citewire server, not the data folder."
        ),
    ] = None,
    key: Annotated[str | None, typer.Option("--key", help="The API key that it wants.")] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Look whether all is set up, print the invite link, leave."),
    ] = False,
) -> None:
    """Answer on Discord until SIGTERM or Ctrl-C; CITEWIRE_DISCORD_TOKEN holds the bot's token."""
    settings = settings_with(data, discord_endpoint=endpoint, discord_key=key)
    from bot.discord_bot.running import check as look
    from bot.discord_bot.running import serve

    if not check:
        serve(settings, lambda line: stderr().print(line, markup=False, soft_wrap=True))
    elif not look(settings, lambda line: stdout().print(printable(line), markup=False)):
        raise typer.Exit(1)
