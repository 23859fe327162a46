import asyncio
from pathlib import Path
from typing import Any

import discord
import pytest
from discord import app_commands

from bot.database import FILE, Database
from bot.discord_bot.syncing import definition_of, sync_commands
from tests.discord_rig import TOKEN, Discord, discord_here


class Bot(discord.Client):
    """A bot with these commands."""

    def __init__(self, database: Database, *names: str) -> None:
        super().__init__(intents=discord.Intents.none())
        self._database, self.told = database, list[bool]()
        self.tree = app_commands.CommandTree(self)
        for name in names:
            self.tree.add_command(command(name))

    async def setup_hook(self) -> None:
        """Tell Discord the commands."""
        self.told.append(await sync_commands(self.tree, self._database))


def command(name: str, description: str = "x") -> app_commands.Command[Any, [], None]:
    """A command that does nothing."""

    async def nothing(_: discord.Interaction) -> None:
        """Do nothing."""

    return app_commands.Command(name=name, description=description, callback=nothing)


def test_discord_is_told_the_commands_when_they_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig, database = Discord(), Database(tmp_path / FILE)

    async def started(*names: str) -> list[bool]:
        async with discord_here(monkeypatch, rig), Bot(database, *names) as bot:
            await bot.login(TOKEN)
            return bot.told

    assert asyncio.run(started("ask", "help")) == [True]
    assert asyncio.run(started("help", "ask")) == [False], "their order makes no difference"
    assert asyncio.run(started("ask")) == [True]
    assert [[known["name"] for known in told] for told in rig.commands] == [
        ["ask", "help"],
        ["ask"],
    ]
    database.close()


def test_every_part_of_a_definition_counts(tmp_path: Path) -> None:
    database = Database(tmp_path / FILE)

    def definition(one: app_commands.Command[Any, [], None]) -> str:
        bot = Bot(database)
        bot.tree.add_command(one)
        return definition_of(bot.tree)

    assert definition(command("ask")) == definition(command("ask"))
    assert definition(command("ask")) != definition(command("ask", "y"))
    limited = command("ask")
    limited.default_permissions = discord.Permissions(manage_guild=True)
    assert definition(command("ask")) != definition(limited)
