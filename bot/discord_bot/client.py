"""The Discord client: no privileged intent, commands, mentions and buttons."""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

import discord
from discord import app_commands

from bot.discord_bot.buttons import dynamic_button
from bot.discord_bot.commands import add_commands
from bot.discord_bot.delivery import Delivery, named
from bot.discord_bot.desk import Desk
from bot.discord_bot.layout import note
from bot.discord_bot.lists import Lists
from bot.discord_bot.preferences import Shown
from bot.discord_bot.presses import Presses
from bot.discord_bot.problems import WITHDRAWN, Told
from bot.discord_bot.questions import Questions
from bot.discord_bot.saying import NO_PINGS, Interaction, Voice
from bot.discord_bot.settings_command import add_settings
from bot.discord_bot.triggers import Mentions

Tree = app_commands.CommandTree["Client"]
Sync = Callable[["Client"], Awaitable[object]]

logger = logging.getLogger(__name__)


def intents() -> discord.Intents:
    """Return what the bot hears of: servers it is in, and messages, without their content.

    Discord sends the content of mentions, replies that ping, and direct messages all the same.
    """
    wanted = discord.Intents.none()
    wanted.guilds = wanted.guild_messages = wanted.dm_messages = True
    return wanted


class _Tree(app_commands.CommandTree["Client"]):
    """Commands whose errors are told to the asker."""

    async def on_error(
        self, interaction: Interaction, error: app_commands.AppCommandError, /
    ) -> None:
        """Say what went wrong; to suggestions while somebody types there is nothing to say."""
        if interaction.type is discord.InteractionType.autocomplete:
            logger.warning("no suggestions: %s", type(error).__name__)
        else:
            await self.client.voice.apologise(interaction, _told(error))


def _told(error: app_commands.AppCommandError) -> BaseException:
    if isinstance(error, app_commands.CommandInvokeError):
        return error.original
    if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
        return Told("That command has changed. Restart Discord, and it is up to date.")
    return error


class Client(discord.Client):
    """Answers in Discord.

    Attributes:
        desk: Asks the engine, in threads.
        voice: Says things.
        tree: The commands.
    """

    def __init__(
        self,
        desk: Desk,
        sync: Sync,
        *,
        now: Callable[[], datetime],
        delivery: Delivery | None = None,
    ) -> None:
        """Prepare; nothing is connected.

        Args:
            desk: Where answers come from.
            sync: Tells Discord of the commands, where they have changed.
            now: The clock, timezone-aware UTC.
            delivery: Repeats what Discord does not take at once.
        """
        # No message is kept in memory: what is said in a server is none of our business.
        super().__init__(intents=intents(), allowed_mentions=NO_PINGS, max_messages=None)
        self.desk, self.voice, self._sync = desk, Voice(delivery or Delivery()), sync
        self.tree: Tree = _Tree(
            self,
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=True
            ),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
        )
        questions, lists = Questions(desk, self.voice), Lists(desk, self.voice)
        self._presses = Presses(desk, self.voice, questions, lists)
        self._mentions = Mentions(self, desk, self.voice)
        add_commands(self.tree, desk, self.voice, questions, lists, now)
        add_settings(self.tree, desk, self.voice, now)

    async def withdraw(self, shown: Shown) -> None:
        """Edit a message to say that a source of its answer was withdrawn.

        Raises:
            discord.HTTPException: Discord does not let us, for now.
        """
        channel = self.get_partial_messageable(shown.channel_id, guild_id=shown.server_id)
        message = channel.get_partial_message(shown.message_id)
        view = note(WITHDRAWN)
        try:
            await self.voice.delivery.again(
                lambda: message.edit(view=view, allowed_mentions=NO_PINGS)
            )
        except (discord.NotFound, discord.Forbidden) as error:  # it is gone, or one reader's own
            logger.info("an answer was not edited: %s", named(error))

    async def setup_hook(self) -> None:
        """Take up the buttons of messages from before, and tell Discord of the commands."""
        self.add_dynamic_items(dynamic_button(self._presses.pressed))
        await self._sync(self)

    async def on_message(self, message: discord.Message) -> None:
        """Answer what is asked of the bot."""
        await self._mentions.heard(message)

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        """Take back the answer to a question that is gone."""
        await self._mentions.deleted(event.message_id, event.guild_id)

    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        """Take back the answers to questions that are gone."""
        for message_id in event.message_ids:
            await self._mentions.deleted(message_id, event.guild_id)

    async def on_interaction(self, interaction: Interaction) -> None:
        """Take what was written into a modal, also into one from before a restart."""
        await self._presses.submitted(interaction)

    async def on_error(self, event_method: str, /, *args: object, **kwargs: object) -> None:
        """Log what nobody foresaw, without what was said."""
        del args, kwargs
        logger.exception("error in %s", event_method)
