"""Buttons that go on working after a restart: what each does stands in its id."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Literal, Self

import discord
from discord import ui

# page: of an answer. passages, view: the article around a quote. article, sources: other lists.
Action = Literal["page", "passages", "view", "follow", "share", "up", "down", "article", "sources"]
_PREFIX = "citewire"
PATTERN = re.compile(_PREFIX + r":(?P<action>[a-z]+):(?P<place>[\w.]*):(?P<name>.+)", re.DOTALL)

Pressed = Callable[["discord.Interaction[Any]", str, str, str], Awaitable[None]]


def button_id(action: Action, name: str, place: str = "") -> str:
    """Return the id of a button or modal; Discord takes 100 characters.

    Args:
        action: What it does.
        name: Of the answer or article that it is about.
        place: Where in it: a page, or a quote and a page.
    """
    return f"{_PREFIX}:{action}:{place}:{name}"


def dynamic_button(pressed: Pressed) -> "type[ui.DynamicItem[ui.Button[Any]]]":
    """Return what discord.py makes of a press on any of our buttons: a call of `pressed`.

    It is told the interaction, the action, the name and the place.
    """

    class AnyButton(ui.DynamicItem[ui.Button[Any]], template=PATTERN):
        """One press."""

        def __init__(self, item: "ui.Button[Any]", match: re.Match[str]) -> None:
            super().__init__(item)
            self._match = match

        @classmethod
        async def from_custom_id(
            cls,
            interaction: "discord.Interaction[Any]",
            item: "ui.Item[Any]",
            match: re.Match[str],
            /,
        ) -> Self:
            """Return the press; any message will do, since the id says all."""
            del interaction
            assert isinstance(item, ui.Button)  # noqa: S101  (our ids are on buttons only)
            return cls(item, match)

        async def callback(self, interaction: "discord.Interaction[Any]") -> None:
            """Pass it on."""
            await pressed(
                interaction, self._match["action"], self._match["name"], self._match["place"]
            )

    return AnyButton
