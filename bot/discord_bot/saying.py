"""What goes out to Discord: nothing that we send pings, and each asker is told one thing."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import discord
from discord import ui

from bot.discord_bot.delivery import BROKEN, Delivery, named
from bot.discord_bot.layout import note
from bot.discord_bot.problems import line_for

Interaction = discord.Interaction[Any]
NO_PINGS = discord.AllowedMentions.none()
FAILURES = (discord.HTTPException, *BROKEN)
# In `Interaction.extras`: that a reply is in the making.
_THINKING = "thinking"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Voice:
    """Says things; what Discord does not take at once is repeated."""

    delivery: Delivery = field(default_factory=Delivery)

    async def think(self, interaction: Interaction, *, private: bool) -> None:
        """Tell Discord that a reply is on its way; `private`: to the asker alone."""
        await self.delivery.acknowledge(
            lambda: interaction.response.defer(ephemeral=private, thinking=True)
        )
        interaction.extras[_THINKING] = True

    async def turn(self, interaction: Interaction) -> None:
        """Tell Discord that the message with the button is about to change."""
        await self.delivery.acknowledge(interaction.response.defer)

    async def finish(
        self, interaction: Interaction, view: ui.LayoutView
    ) -> discord.InteractionMessage:
        """Put the reply where `think` announced it, or in place of what `turn` did."""
        return await self.delivery.again(
            lambda: interaction.edit_original_response(view=view, allowed_mentions=NO_PINGS)
        )

    async def whisper(self, interaction: Interaction, view: ui.LayoutView) -> None:
        """Show something to the asker alone, as the first reply or after it."""
        if interaction.response.is_done():
            await interaction.followup.send(view=view, ephemeral=True, allowed_mentions=NO_PINGS)
            return
        await self.delivery.acknowledge(
            lambda: interaction.response.send_message(
                view=view, ephemeral=True, allowed_mentions=NO_PINGS
            )
        )

    @asynccontextmanager
    async def apologising(self, interaction: Interaction) -> AsyncIterator[None]:
        """Tell the asker of whatever goes wrong inside."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  (one bad press must not end the others)
            await self.apologise(interaction, error)

    async def apologise(self, interaction: Interaction, error: BaseException) -> None:
        """Tell the asker why there is no answer; never raises.

        Nobody else sees it, but where everybody saw a reply begin: that ends where it stands.
        """
        try:
            view = note(line_for(error))
            if interaction.extras.get(_THINKING):
                await self.finish(interaction, view)
            else:
                await self.whisper(interaction, view)
        except FAILURES as failure:
            logger.warning("nobody could be told: %s", named(failure))

    async def tell(self, user: discord.User | discord.Member, text: str) -> None:
        """Write to somebody directly, who may not want that; never raises."""
        try:
            await user.send(view=note(text), allowed_mentions=NO_PINGS)
        except FAILURES as failure:
            logger.info("no direct message: %s", named(failure))
