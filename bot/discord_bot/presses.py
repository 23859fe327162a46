"""What happens when a button of ours is pressed, or a modal of ours is sent."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

import discord
from discord import ui

from bot.discord_bot.buttons import PATTERN, Action, button_id
from bot.discord_bot.desk import Desk, Wish
from bot.discord_bot.layout import note, shape_in
from bot.discord_bot.lists import Lists
from bot.discord_bot.neutral import one_line, short
from bot.discord_bot.passages import passages_of
from bot.discord_bot.problems import Told
from bot.discord_bot.questions import Questions, server_of, shown
from bot.discord_bot.recent import Recent
from bot.discord_bot.saying import NO_PINGS, Interaction, Voice
from bot.memory import Feedback

_THANKS = "Thank you: your 👍 counts. Another press changes it."
_SORRY = "Thank you: your 👎 counts. Another press changes it."
_MOST_QUESTION = 2000
_MOST_COMMENT = 1000
_MOST_ECHO = 1500
_REASONS = {
    "wrong": "It does not answer the question",
    "incomplete": "Something is missing",
    "outdated": "It is out of date",
    "source": "The source is not good",
}
Press = Callable[[Interaction, str, str], Awaitable[None]]


class Presses:
    """Serves buttons and modals by their ids: it makes no difference who sent them when."""

    def __init__(self, desk: Desk, voice: Voice, questions: Questions, lists: Lists) -> None:
        """Prepare."""
        self._desk, self._voice, self._questions = desk, voice, questions
        self._shared = Recent()
        self._presses: Mapping[str, Press] = {
            "page": self._page,
            "passages": self._passages,
            "view": self._view,
            "follow": self._follow,
            "share": self._share,
            "up": self._up,
            "down": self._down,
            "sources": lists.turn_sources,
            "article": lists.turn_article,
        }

    async def pressed(self, interaction: Interaction, action: str, name: str, place: str) -> None:
        """Serve a press; never raises what Discord or the engine do."""
        async with self._voice.apologising(interaction):
            self._desk.count_press(interaction.user.id, server_of(interaction))
            await self._presses.get(action, _unknown)(interaction, name, place)

    async def submitted(self, interaction: Interaction) -> None:
        """Serve a modal of ours; of other interactions nothing is done here."""
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        data: Any = interaction.data
        match = PATTERN.fullmatch(data["custom_id"])
        if match is None:
            return
        async with self._voice.apologising(interaction):
            values = dict(_values(data["components"]))
            if match["action"] == "follow":
                await self._asked(interaction, match["name"], values)
            elif match["action"] == "down":
                await self._voted_down(interaction, match["name"], values)

    async def _page(self, interaction: Interaction, name: str, place: str) -> None:
        await self._voice.turn(interaction)
        assert interaction.message is not None  # noqa: S101  (a button is on one)
        shape = shape_in(interaction.message, int(place))
        await self._voice.finish(interaction, shown(await self._desk.found(name), shape))

    async def _passages(self, interaction: Interaction, name: str, _: str) -> None:
        await self._voice.think(interaction, private=True)
        await self._voice.finish(interaction, passages_of(await self._desk.found(name)))

    async def _view(self, interaction: Interaction, name: str, place: str) -> None:
        await self._voice.turn(interaction)
        quote, _, page = place.partition(".")
        found = await self._desk.found(name)
        view = passages_of(found, int(quote), int(page) if page else None)
        await self._voice.finish(interaction, view)

    async def _follow(self, interaction: Interaction, name: str, _: str) -> None:
        field: ui.TextInput[Any] = ui.TextInput(
            style=discord.TextStyle.paragraph, max_length=_MOST_QUESTION, custom_id="question"
        )
        modal = _modal("Ask a follow-up", "follow", name)
        modal.add_item(ui.Label(text="Your question", component=field))
        await self._show(interaction, modal)

    async def _asked(self, interaction: Interaction, name: str, values: Mapping[str, str]) -> None:
        message = interaction.message
        before = None
        if message is not None:
            message_id = message.id
            before = await self._desk.read(lambda: self._desk.preferences.message(message_id))
        wish = Wish(
            interaction.user.id,
            server_of(interaction),
            values.get("question", ""),
            before.conversation_id if before and before.answer_id == name else None,
        )
        private = True if message is not None and message.flags.ephemeral else None
        try:
            await self._questions.answer(interaction, wish, private=private)
        except Told as told:  # what was typed is not lost
            typed = one_line(short(wish.question, _MOST_ECHO))
            raise Told(f"{told}\n\nYour question was: {typed}") from told

    async def _share(self, interaction: Interaction, name: str, _: str) -> None:
        message = interaction.message
        assert message is not None  # noqa: S101  (a button is on one)
        await self._voice.turn(interaction)
        found = await self._desk.found(name)
        if not self._shared.add(message.id):
            raise Told("That answer is shared already.")
        alone, public = (shown(found, shape_in(message, shared=True)) for _ in range(2))
        try:
            sent = await interaction.followup.send(
                view=public, ephemeral=False, allowed_mentions=NO_PINGS, wait=True
            )
        except BaseException:
            self._shared.discard(message.id)
            raise
        await self._voice.finish(interaction, alone)
        await self._desk.remember_copy(message.id, sent.id)

    async def _up(self, interaction: Interaction, name: str, _: str) -> None:
        await self._voice.think(interaction, private=True)
        await self._rate(interaction, name, Feedback("up"))
        await self._voice.finish(interaction, note(_THANKS))

    async def _down(self, interaction: Interaction, name: str, _: str) -> None:
        reasons: ui.Select[Any] = ui.Select(custom_id="reason", required=False)
        for value, label in _REASONS.items():
            reasons.add_option(label=label, value=value)
        comment: ui.TextInput[Any] = ui.TextInput(
            style=discord.TextStyle.paragraph,
            max_length=_MOST_COMMENT,
            required=False,
            custom_id="comment",
        )
        modal = _modal("What is wrong with it?", "down", name)
        modal.add_item(ui.Label(text="Reason", component=reasons))
        modal.add_item(ui.Label(text="Anything else", component=comment))
        await self._show(interaction, modal)

    async def _voted_down(
        self, interaction: Interaction, name: str, values: Mapping[str, str]
    ) -> None:
        await self._voice.think(interaction, private=True)
        feedback = Feedback("down", values.get("reason") or None, values.get("comment") or None)
        await self._rate(interaction, name, feedback)
        await self._voice.finish(interaction, note(_SORRY))

    async def _rate(self, interaction: Interaction, name: str, feedback: Feedback) -> None:
        def rate() -> None:
            asker = self._desk.preferences.hash_of(interaction.user.id)
            self._desk.engine.rate(name, feedback, asker)

        await self._desk.read(rate)

    async def _show(self, interaction: Interaction, modal: ui.Modal) -> None:
        """Show a modal; discord.py keeps nothing of it: `submitted` knows it by its id."""
        modal.stop()
        await self._voice.delivery.acknowledge(lambda: interaction.response.send_modal(modal))


async def _unknown(_: Interaction, __: str, ___: str) -> None:
    raise Told("That button is from another version of me. Ask the question again.")


def _modal(title: str, action: Action, name: str) -> ui.Modal:
    return ui.Modal(title=title, custom_id=button_id(action, name))


def _values(components: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield the id and the text, or the first choice, of each field of a modal."""
    for component in components:
        if "components" in component:
            yield from _values(component["components"])
        elif "component" in component:
            yield from _values([component["component"]])
        elif "value" in component:
            yield component["custom_id"], component["value"] or ""
        elif component.get("values"):
            yield component["custom_id"], component["values"][0]
