"""What goes out to Discord: nothing that we send pings, and each asker is told one thing."""

import logging
from typing import Any

import discord
from discord import ui

from bot.discord_bot.layout import note
from bot.discord_bot.problems import line_for

Interaction = discord.Interaction[Any]
NO_PINGS = discord.AllowedMentions.none()
# In `Interaction.extras`: whether a reply in the making is seen by the asker alone.
_PRIVATE = "private"

logger = logging.getLogger(__name__)


async def think(interaction: Interaction, *, private: bool) -> None:
    """Tell Discord that an answer is on its way; `private`: to the asker alone."""
    interaction.extras[_PRIVATE] = private
    await interaction.response.defer(ephemeral=private, thinking=True)


async def finish(interaction: Interaction, view: ui.LayoutView) -> discord.InteractionMessage:
    """Put the answer where `think` announced it."""
    return await interaction.edit_original_response(view=view, allowed_mentions=NO_PINGS)


async def whisper(interaction: Interaction, view: ui.LayoutView) -> None:
    """Show something to the asker alone, as the first reply or after it."""
    if interaction.response.is_done():
        await interaction.followup.send(view=view, ephemeral=True, allowed_mentions=NO_PINGS)
    else:
        await interaction.response.send_message(
            view=view, ephemeral=True, allowed_mentions=NO_PINGS
        )


async def apologise(interaction: Interaction, error: BaseException) -> None:
    """Tell the asker, and nobody else, why there is no answer; never raises."""
    view = note(line_for(error))
    try:
        private = interaction.extras.get(_PRIVATE)
        if private is True:
            await finish(interaction, view)
            return
        if private is False:  # everybody sees that it thinks, and must not be told
            await interaction.delete_original_response()
        await whisper(interaction, view)
    except discord.HTTPException as failure:
        logger.warning("nobody could be told: %s %s", failure.status, failure.code)


async def tell_in_private(user: discord.abc.User, text: str) -> None:
    """Write to somebody directly, who may not want that; never raises."""
    try:
        await user.send(view=note(text), allowed_mentions=NO_PINGS)
    except discord.HTTPException as failure:
        logger.info("no direct message: %s %s", failure.status, failure.code)
