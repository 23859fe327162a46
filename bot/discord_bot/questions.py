"""Questions asked by commands, buttons and modals: acknowledged at once, answered in place."""

import discord

from bot.discord_bot.desk import Desk, Found, Wish, filters_of
from bot.discord_bot.layout import Shape, header_of, message_of
from bot.discord_bot.preferences import ServerSettings, Shown
from bot.discord_bot.saying import Interaction, Voice


class Questions:
    """Answers interactions."""

    def __init__(self, desk: Desk, voice: Voice) -> None:
        """Prepare."""
        self._desk, self._voice = desk, voice

    async def answer(self, interaction: Interaction, wish: Wish, *, private: bool | None) -> None:
        """Answer a question.

        Args:
            interaction: Not replied to so far.
            wish: What is asked.
            private: Whether the asker alone sees the answer; None: as the server has it.

        Raises:
            Exception: There is no answer; see `Desk.ask`.
        """
        settings = await self._desk.settings(wish.server_id)
        filters = filters_of(wish, settings)
        self._desk.count_question(wish.user_id, wish.server_id, settings)
        alone = is_private(interaction, settings) if private is None else private
        await self._voice.think(interaction, private=alone)
        found = await self._desk.ask(wish, filters, settings.citations)
        shape = Shape(header=header_of(found.answer, wish.question), shareable=alone)
        message = await self._voice.finish(interaction, shown(found, shape))
        await self._desk.remember(
            lambda asker: Shown(
                message.id,
                message.channel.id,
                wish.server_id,
                None,
                found.answer.id,
                found.answer.conversation_id,
                asker,
            ),
            wish.user_id,
        )


def shown(found: Found, shape: Shape) -> "discord.ui.LayoutView":
    """Return the message that shows an answer."""
    return message_of(found.answer, found.articles.get, found.collection, shape)


def server_of(interaction: Interaction) -> int | None:
    """Return the server that an interaction is from; None: a direct message, or one without us."""
    guild_id = interaction.guild_id
    return guild_id if guild_id and interaction.client.get_guild(guild_id) else None


def is_private(interaction: Interaction, settings: ServerSettings) -> bool:
    """Tell whether a reply is for the asker alone where nobody chose: in others' servers it is."""
    foreign = interaction.guild_id is not None and server_of(interaction) is None
    return settings.private or foreign
