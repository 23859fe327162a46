"""The Discord bot over a small library, against a Discord in memory."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from functools import wraps
from inspect import signature
from itertools import count
from pathlib import Path
from typing import Any

import discord
import simcord
from discord import ui
from simcord.backend.models import AllowedMentions

from bot.answer import Answer
from bot.database import FILE, Database
from bot.discord_bot.client import Client
from bot.discord_bot.desk import Desk
from bot.discord_bot.preferences import Preferences, ServerSettings, Shown
from bot.discord_bot.syncing import sync_commands
from bot.engine import LocalEngine
from bot.live import Kept
from bot.memory import Memory
from corpus.article import Article
from tests.bot_fakes import NOW, TEA, WHALE, answerer, library, opened
from tests.http_fakes import as_opened

# Nobody waits for anybody.
AT_ONCE = ServerSettings(cooldown_s=0, server_cooldown_s=0)


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        """Now."""
        return self.seconds


class Scene:
    """A server with a channel, two members and the bot, whose database outlives restarts."""

    def __init__(self, data: Path, *articles: Article) -> None:
        self.data, self.clock = data, Clock()
        library(data, *(articles or (TEA, WHALE)))
        self.database = Database(data / FILE)
        self.preferences = Preferences(self.database, lambda: NOW, 30)
        self._numbers = count(1)
        self.client = self.bot()

    def engine(self) -> LocalEngine:
        """One that answers in this process."""
        kept = Kept(lambda: as_opened(opened(self.data)))
        asked = replace(
            answerer(kept.current().retriever),
            live=lambda: (kept.current().retriever, ()),
            new_id=lambda: f"ans_{next(self._numbers)}",
        )
        memory = Memory(self.database, lambda: NOW, 30)
        return LocalEngine(asked, kept, memory, self.preferences.answers_in)

    def bot(self, engine: Any = None, threads: int = 4) -> Client:  # noqa: ANN401  (broken ones too)
        """A bot as after a start."""
        self.desk = Desk(engine or self.engine(), self.preferences, self.clock, threads=threads)
        return Client(self.desk, self._sync, now=lambda: NOW)

    async def _sync(self, client: Client) -> None:
        await sync_commands(client.tree, self.database)

    def add(self, *articles: Article) -> None:
        """Have these in place of the articles that there were."""
        library(self.data, *articles)
        self.desk.engine._kept.refresh()  # type: ignore[attr-defined]

    def shown(self, message: Any) -> Shown:  # noqa: ANN401
        """What is remembered of a message that shows an answer."""
        found = self.preferences.message(message.id)
        assert found
        return found

    def answer_in(self, message: Any) -> Answer:  # noqa: ANN401
        """The answer that a message shows."""
        return self.desk.engine.saved(self.shown(message).answer_id)

    def begin(self, env: simcord.Env) -> None:
        """Furnish the server; mentions are answered in its channel, without cooldowns."""
        self.env = env
        self.guild = env.create_guild()
        self.channel = self.guild.create_text_channel("general")
        self.ada = self.guild.add_member(env.create_user("ada"))
        self.bob = self.guild.add_member(env.create_user("bob"))
        manager = self.guild.create_role(
            "Moderators", permissions=discord.Permissions(manage_guild=True)
        )
        self.moderator = self.guild.add_member(env.create_user("moderator"), roles=[manager])
        self.settle(replace(AT_ONCE, channels=(self.channel.id,)))

    def settle(self, settings: ServerSettings) -> None:
        """Let the server have these settings."""
        self.preferences.set_server(self.guild.id, settings)
        self.desk._settings.clear()

    def channel_without(self, permission: str) -> simcord.ChannelHandle:
        """A channel in which the bot lacks a permission."""
        assert self.guild.me
        denied = discord.PermissionOverwrite.from_pair(
            discord.Permissions.none(), discord.Permissions(**{permission: True})
        )
        return self.guild.create_text_channel("quiet", overwrites={self.guild.me: denied})

    def last(self, channel: simcord.ChannelHandle) -> simcord.ResponseMessage:
        """The last message of a channel, as it is whenever it is looked at."""
        message = channel.last_message
        assert message
        return simcord.ResponseMessage(
            self.env, self.env.backend.get_message(channel.id, message.id)
        )

    async def reply_without_ping(self, message: discord.Message, content: str) -> None:
        """Let Ada reply with "mention off"; simcord's members always ping."""
        backend = self.env.backend
        reference = {"channel_id": str(message.channel.id), "message_id": str(message.id)}
        backend.create_message(
            message.channel.id,
            self.ada.id,
            content,
            reference=backend.normalize_message_reference(message.channel.id, reference),
            allowed_mentions=AllowedMentions(replied_user=False),
        )
        await self.env.settle()

    @property
    def mention(self) -> str:
        """What mentions the bot."""
        assert self.env.bot.user
        return f"<@{self.env.bot.user.id}>"


def played(story: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Make a test of a story that takes a scene, and other fixtures by their names.

    Whatever happens in it, nobody is pinged.
    """

    @wraps(story)
    def test(tmp_path: Path, **others: Any) -> None:  # noqa: ANN401
        async def play() -> None:
            scene = Scene(tmp_path / "data")
            async with simcord.run(scene.client) as env:
                scene.begin(env)
                await story(scene, **others)
                assert not pinged(scene)
            scene.desk.close()
            scene.desk.engine.close()

        asyncio.run(play())

    parameters = [p for name, p in signature(story).parameters.items() if name != "scene"]
    del test.__wrapped__  # pytest would ask for the scene
    own = signature(test)
    path = own.parameters["tmp_path"]
    test.__signature__ = own.replace(  # type: ignore[attr-defined]
        parameters=[path, *parameters]
    )
    return test


def reply(result: simcord.InteractionResult) -> simcord.ResponseMessage:
    """The reply that somebody got."""
    assert result.response
    return result.response


def text_of(message: Any) -> str:  # noqa: ANN401  (simcord's, or discord.py's)
    """All texts of a message, a line each."""
    return "\n".join(texts_of(message))


def texts_of(message: Any) -> list[str]:  # noqa: ANN401
    """All texts of a message."""
    return [item.content for item in _items(message) if isinstance(item, ui.TextDisplay)]


def buttons_of(message: Any) -> dict[str, str]:  # noqa: ANN401
    """The labels or emoji of a message's buttons that can be pressed, and their ids."""
    found = {}
    for item in _items(message):
        if isinstance(item, ui.Button) and not item.disabled and item.custom_id:
            found[item.label or str(item.emoji)] = item.custom_id
    return found


def _items(message: Any) -> Iterator[ui.Item[Any]]:  # noqa: ANN401
    real: discord.Message = getattr(message, "message", message)
    yield from ui.LayoutView.from_message(real, timeout=None).walk_children()


def pinged(scene: Scene) -> list[Any]:
    """What was sent that may ping somebody: nothing may."""
    found = []
    for request in scene.env.http_requests:
        body = request.json if isinstance(request.json, dict) else {}
        body = body.get("data") or body
        sends = request.method in {"POST", "PATCH"} and {"content", "components"} & body.keys()
        if sends and "title" not in body and body.get("allowed_mentions") != {"parse": []}:
            found.append(request)
    return found
