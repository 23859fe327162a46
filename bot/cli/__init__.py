"""The command line: `citewire`."""

from bot.cli.app import main

__all__ = ["main"]
