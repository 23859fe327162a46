"""Messages that ask: mentions, replies to answers, threads that were opened, direct messages."""

import logging
import re
from dataclasses import dataclass
from typing import Literal

import discord

from bot.answer import Answer
from bot.discord_bot.delivery import named
from bot.discord_bot.desk import Desk, Wish, filters_of
from bot.discord_bot.layout import Shape, header_of, note
from bot.discord_bot.neutral import short
from bot.discord_bot.preferences import ServerSettings, Shown
from bot.discord_bot.problems import Told, line_for
from bot.discord_bot.questions import shown
from bot.discord_bot.recent import Recent
from bot.discord_bot.saying import FAILURES, NO_PINGS, Voice

SEARCHING = "-# Searching the articles …"
_USAGE = "Mention me with a question, or use `/ask`. `/help` says more."
_CANT_READ = (
    "I only get messages that mention me or reply to me with a ping: "
    "mention me, press *Ask a follow-up*, or use `/ask`."
)
_NOT_HERE = (
    "In {} I answer only commands such as `/ask`. Members with *Manage Server* can let me answer "
    "mentions there: `/settings channel:`."
)
_MOST_NAME = 90
_NAMELESS = "A question"

Place = discord.abc.GuildChannel | discord.Thread

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trigger:
    """What a message asks, the mention of us taken out, and why it counts as asking us.

    `answered` is the id of the message that it replies to, which may be ours or not. `ours` says
    that all of its channel is between us: it goes on with the last answer there.
    """

    kind: Literal["mention", "reply", "thread", "direct"]
    question: str
    answered: int | None
    ours: bool


def trigger_of(message: discord.Message, me: int) -> Trigger | None:
    """Return what a message asks of the user `me`, if anything."""
    if message.author.bot or message.webhook_id or message.type not in _SPOKEN:
        return None
    mention = re.compile(rf"<@!?{me}>")
    question = " ".join(mention.sub(" ", message.content).split(" ")).strip()
    answered = _answered(message, me)
    channel = message.channel
    opened = isinstance(channel, discord.Thread) and channel.owner_id == me
    if message.guild is None:
        return Trigger("direct", question, answered, ours=True)
    if mention.search(message.content):
        return Trigger("mention", question, answered, opened)
    if answered is not None:
        return Trigger("reply", question, answered, opened)
    return Trigger("thread", question, None, opened) if opened else None


_SPOKEN = {discord.MessageType.default, discord.MessageType.reply}


def _answered(message: discord.Message, me: int) -> int | None:
    """Return the message that this one replies to, unless that is known to be somebody else's."""
    reference = message.reference
    if message.type is not discord.MessageType.reply or reference is None:
        return None
    resolved = reference.resolved
    if isinstance(resolved, discord.Message) and resolved.author.id != me:
        return None
    return reference.message_id


class Mentions:
    """Answers messages, where their server lets it."""

    def __init__(self, client: discord.Client, desk: Desk, voice: Voice) -> None:
        """Prepare."""
        self._client, self._desk, self._voice = client, desk, voice
        self._deleted, self._hinted = Recent(), Recent()

    async def heard(self, message: discord.Message) -> None:
        """Answer a message if it asks; never raises what Discord or the engine do."""
        me = self._client.user
        trigger = trigger_of(message, me.id) if me else None
        if trigger is None:
            return
        try:
            await self._consider(message, trigger)
        except discord.Forbidden:
            await self._tell(
                message, f"I can't answer in <#{message.channel.id}>: I may not write there."
            )
        except FAILURES as failure:
            logger.warning("a message was not answered: %s", named(failure))
        except Exception as error:  # noqa: BLE001  (one bad message must not end the others)
            await self._tell(message, line_for(error))

    async def _tell(self, message: discord.Message, line: str) -> None:
        """Tell the asker alone, now and then."""
        if self._desk.may_write(message.author.id):
            await self._voice.tell(message.author, line)

    async def deleted(self, message_id: int, server_id: int | None) -> None:
        """Take back the answers to a message that was deleted, where its server wants that."""
        self._deleted.add(message_id)
        preferences = self._desk.preferences
        known = await self._desk.read(lambda: preferences.message(message_id))
        if known:
            await self._desk.read(lambda: preferences.drop_message(message_id))
            return
        settings = await self._desk.settings(server_id)
        if not settings.delete_with_question:
            return
        for reply in await self._desk.read(lambda: preferences.replies_to(message_id)):
            await self._take_back(reply.channel_id, reply.server_id, reply.message_id)

    async def _take_back(self, channel_id: int, server_id: int | None, message_id: int) -> None:
        """Delete a message of ours that answers what is gone."""
        channel = self._client.get_partial_messageable(channel_id, guild_id=server_id)
        try:
            await self._voice.delivery.again(channel.get_partial_message(message_id).delete)
        except discord.NotFound:
            logger.info("an answer to take back was gone already")
        await self._desk.read(lambda: self._desk.preferences.drop_message(message_id))

    async def _consider(self, message: discord.Message, trigger: Trigger) -> None:
        """Answer, unless the settings, the cooldown or Discord's permissions are against it."""
        preferences = self._desk.preferences
        before = None
        if trigger.answered is not None:
            answered = trigger.answered
            before = await self._desk.read(lambda: preferences.message(answered))
        elif trigger.ours:
            before = await self._desk.read(lambda: preferences.latest_in(message.channel.id))
        if trigger.kind == "reply" and before is None:
            return  # to something else of ours: a hint, a list
        server_id = message.guild.id if message.guild else None
        settings = await self._desk.settings(server_id)
        if not settings.mentions and server_id is not None:
            return
        if not trigger.question and trigger.kind == "reply":
            return  # without a ping Discord keeps its content from us
        if message.guild:
            place = await self._place(message)
            if trigger.kind == "thread" and not self._is_heard(place, trigger, settings):
                return
            self._desk.count_press(message.author.id, server_id)
            _check_place(place, settings)
        if not trigger.question:
            await self._send(message, _CANT_READ if trigger.kind == "thread" else _USAGE)
            return
        self._desk.count_question(message.author.id, server_id, settings)
        conversation = before.conversation_id if before else None
        wish = Wish(message.author.id, server_id, trigger.question, conversation)
        await self._answer(message, wish, settings)

    def _is_heard(self, thread: Place, trigger: Trigger, settings: ServerSettings) -> bool:
        """Tell whether there is anything to say to a message in a thread that we opened.

        That we can't read it is said once.
        """
        if not _is_answered(thread, settings):
            return False
        return bool(trigger.question) or self._hinted.add(thread.id)

    async def _place(self, message: discord.Message) -> Place:
        """Return where in a server a message stands; Discord is asked where we don't know yet.

        Raises:
            discord.HTTPException: It does not say.
        """
        channel: object = message.channel
        if not isinstance(channel, Place):
            channel = await self._client.fetch_channel(message.channel.id)
        assert isinstance(channel, Place)  # noqa: S101  (servers have no other channels)
        return channel

    async def _answer(self, message: discord.Message, wish: Wish, settings: ServerSettings) -> None:
        """Reply at once, and put the answer into the reply."""
        thread = await self._thread(message, wish) if settings.threads else None
        reply = await self._send(message, SEARCHING, thread)
        found = None
        try:
            filters = filters_of(wish, settings)
            found = await self._desk.ask(wish, filters, settings.citations)
            header = header_of(found.answer, wish.question if thread else "")
            view = shown(found, Shape(header=header))
        except Exception as error:  # noqa: BLE001  (whatever it is, the reply says so)
            view = note(line_for(error))
        await self._voice.delivery.again(lambda: reply.edit(view=view, allowed_mentions=NO_PINGS))
        if found:
            await self._remember(message, reply, wish, found.answer)
        if message.id in self._deleted and settings.delete_with_question:
            await self._take_back(reply.channel.id, wish.server_id, reply.id)

    async def _remember(
        self, message: discord.Message, reply: discord.Message, wish: Wish, answer: Answer
    ) -> None:
        await self._desk.remember(
            lambda asker: Shown(
                reply.id,
                reply.channel.id,
                wish.server_id,
                message.id,
                answer.id,
                answer.conversation_id,
                asker,
            ),
            wish.user_id,
        )

    async def _send(
        self, message: discord.Message, text: str, thread: discord.Thread | None = None
    ) -> discord.Message:
        """Reply to a message, or write in the thread opened for it; once, whatever happens."""
        view = note(text)
        if thread is not None:
            return await self._voice.delivery.once(
                ("thread", message.id),
                lambda nonce: thread.send(view=view, nonce=nonce, allowed_mentions=NO_PINGS),
            )
        reference = message.to_reference(fail_if_not_exists=False)
        return await self._voice.delivery.once(
            ("reply", message.id),
            lambda nonce: message.channel.send(
                view=view, nonce=nonce, reference=reference, allowed_mentions=NO_PINGS
            ),
        )

    async def _thread(self, message: discord.Message, wish: Wish) -> discord.Thread | None:
        """Open a thread for an answer; None where that can't be, then it stands in the channel."""
        channel = message.channel
        if message.guild is None or not isinstance(channel, discord.TextChannel):
            return None
        allowed = channel.permissions_for(message.guild.me)
        if not (allowed.create_public_threads and allowed.send_messages_in_threads):
            return None
        try:
            name = short(wish.question, _MOST_NAME) or _NAMELESS
            return await message.create_thread(name=name)
        except discord.HTTPException as failure:
            logger.info("no thread: %s", named(failure))
            return None


def _is_answered(channel: Place, settings: ServerSettings) -> bool:
    """Tell whether mentions are answered in a channel; in a thread they are as around it."""
    parent = channel.parent_id if isinstance(channel, discord.Thread) else None
    return bool({channel.id, parent} & set(settings.channels))


def _check_place(channel: Place, settings: ServerSettings) -> None:
    """Say, in private, why a message is not answered where it stands.

    Raises:
        Told: The channel is not one of those where we answer, or we lack permissions there.
    """
    if not _is_answered(channel, settings):
        raise Told(_NOT_HERE.format(f"<#{channel.id}>"))
    if missing := missing_permissions(channel):
        raise Told(f"I can't answer in <#{channel.id}>: there I lack {', '.join(missing)}.")


def missing_permissions(channel: Place) -> list[str]:
    """Return the names, as Discord's menus have them, of what we need in a channel and lack."""
    thread = isinstance(channel, discord.Thread)
    if isinstance(channel, discord.Thread) and channel.parent is None:
        return []
    allowed = channel.permissions_for(channel.guild.me)
    needed = {
        "View Channel": allowed.view_channel,
        "Send Messages in Threads": allowed.send_messages_in_threads or not thread,
        "Send Messages": allowed.send_messages or thread,
        "Read Message History": allowed.read_message_history,
    }
    return [f"*{name}*" for name, given in needed.items() if not given]
