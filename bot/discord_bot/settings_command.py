"""`/settings`: what a server's moderators decide, and shown back plainly."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

import discord
from discord import app_commands

from bot.answerer import MAX_CITATIONS
from bot.discord_bot.commands import Tree, source_suggester, suggest_ages
from bot.discord_bot.desk import Desk
from bot.discord_bot.layout import note
from bot.discord_bot.moments import moment_of
from bot.discord_bot.neutral import one_line, short
from bot.discord_bot.preferences import ServerSettings
from bot.discord_bot.problems import Told
from bot.discord_bot.questions import server_of
from bot.discord_bot.saying import Interaction, Voice

_MOST_COOLDOWN_S = 3600
_MOST_CHANNELS = 50
_MOST_SOURCES = 20
_MOST_NAME = 60
_ANY = "any"
_LIST_CHANNELS = 20
_OPTIONS = {
    "channel": "A channel, with `answer`: whether I answer mentions there",
    "answer": "Whether I answer mentions in `channel`, by default this one",
    "mentions": "Whether I answer mentions and replies at all",
    "threads": "Whether I answer each mention in a thread of its own",
    "private": "Whether only the asker sees answers to /ask, unless they choose",
    "source": "Add an outlet to those that count; any: all count",
    "since": "Only articles from then on count: 2025-01-31, or 1 year; any: all count",
    "before": "Only articles from before then count; any: all count",
    "citations": "How many quotes an answer has at most",
    "cooldown": "Seconds between two questions of one member",
    "server_cooldown": "Seconds between two questions in the server",
    "delete_with_question": "Whether my answer goes when its question is deleted",
    "keep_questions": "Whether I keep the text of questions; else only a hash",
}

T = TypeVar("T")

Channel = discord.TextChannel | discord.Thread | discord.VoiceChannel | discord.ForumChannel
Cooldown = app_commands.Range[int, 0, _MOST_COOLDOWN_S]


def add_settings(tree: Tree, desk: Desk, voice: Voice, now: Callable[[], datetime]) -> None:
    """Add the command to a tree; `now` is the clock that ages are counted from."""

    @tree.command(description="How I answer in this server; without options they are shown")
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.describe(**_OPTIONS)
    async def settings(  # noqa: PLR0913, PLR0917  (Discord's options are arguments)
        interaction: Interaction,
        channel: Channel | None = None,
        answer: bool | None = None,  # noqa: FBT001  (likewise)
        mentions: bool | None = None,  # noqa: FBT001
        threads: bool | None = None,  # noqa: FBT001
        private: bool | None = None,  # noqa: FBT001
        source: str | None = None,
        since: str | None = None,
        before: str | None = None,
        citations: app_commands.Range[int, 1, MAX_CITATIONS] | None = None,
        cooldown: Cooldown | None = None,
        server_cooldown: Cooldown | None = None,
        delete_with_question: bool | None = None,  # noqa: FBT001
        keep_questions: bool | None = None,  # noqa: FBT001
    ) -> None:
        async with voice.apologising(interaction):
            server_id = _server(interaction)
            desk.count_press(interaction.user.id, server_id)
            await voice.think(interaction, private=True)
            # Not the defaults that stand in where settings can't be read: they would be kept.
            held = await desk.read(lambda: desk.preferences.server(server_id))
            changed = replace(
                held,
                mentions=_or(mentions, held.mentions),
                threads=_or(threads, held.threads),
                private=_or(private, held.private),
                citations=_or(citations, held.citations),
                cooldown_s=_or(cooldown, held.cooldown_s),
                server_cooldown_s=_or(server_cooldown, held.server_cooldown_s),
                delete_with_question=_or(delete_with_question, held.delete_with_question),
                keep_questions=_or(keep_questions, held.keep_questions),
            )
            changed = _with_filters(changed, source, (since, before), now())
            if channel is not None or answer is not None:
                place = channel.id if channel else interaction.channel_id
                changed = _with_channel(changed, place, answer is not False)
            if changed != held:
                await desk.set_settings(server_id, changed)
            await voice.finish(interaction, note("\n".join(described(changed))))

    settings.autocomplete("source")(source_suggester(desk))
    settings.autocomplete("since")(suggest_ages)


def _server(interaction: Interaction) -> int:
    """Return the server whose settings the member may see and change.

    Raises:
        Told: There is none, or they may not.
    """
    server_id = server_of(interaction)
    if server_id is None:
        raise Told("I have settings only in servers that I was added to.")
    if not interaction.permissions.manage_guild:
        raise Told("That is for members with *Manage Server*.")
    return server_id


def _with_filters(
    settings: ServerSettings,
    source: str | None,
    dates: tuple[str | None, str | None],
    now: datetime,
) -> ServerSettings:
    """Return the settings with other filters; `dates` are since when, and until when.

    Raises:
        Told: A date is none, or there are too many outlets.
    """
    if source is not None:
        names = () if _clears(source) else (*settings.sources, source.strip())
        names = tuple({name.casefold(): name for name in names}.values())
        if len(names) > _MOST_SOURCES:
            raise Told(f"At most {_MOST_SOURCES} outlets can be named. `source: any` clears them.")
        settings = replace(settings, sources=names)
    since, before = dates
    return replace(
        settings,
        published_after=_date(since, settings.published_after, now),
        published_before=_date(before, settings.published_before, now),
    )


def _date(text: str | None, held: datetime | None, now: datetime) -> datetime | None:
    """Return the date that was chosen, or the one that holds."""
    if text is None:
        return held
    return None if _clears(text) else moment_of(text, now)


def _or(chosen: T | None, held: T) -> T:
    return held if chosen is None else chosen


def _clears(text: str) -> bool:
    return text.strip().casefold() == _ANY


def _with_channel(
    settings: ServerSettings,
    channel_id: int | None,
    answer: bool,  # noqa: FBT001  (what is set)
) -> ServerSettings:
    """Return the settings with a channel where mentions are answered, or are not any more.

    Raises:
        Told: There are too many.
    """
    others = tuple(known for known in settings.channels if known != channel_id)
    channels = (*others, channel_id) if answer and channel_id else others
    if len(channels) > _MOST_CHANNELS:
        raise Told(f"I answer mentions in {_MOST_CHANNELS} channels at most.")
    return replace(settings, channels=channels)


def described(settings: ServerSettings) -> Iterator[str]:
    """Yield the settings as lines that a moderator reads."""
    yield "**How I answer in this server**"
    yield "- Commands such as `/ask`: in every channel"
    yield f"- Mentions and replies: {_places(settings)}"
    yield f"- Each mention in a thread of its own: {_yes(settings.threads)}"
    yield f"- `/ask` answers only the asker unless told otherwise: {_yes(settings.private)}"
    names = [one_line(short(name, _MOST_NAME)) for name in settings.sources]
    yield f"- Outlets that count: {', '.join(names) or 'all'}"
    yield f"- Articles that count: {_dates(settings)}"
    yield f"- Quotes in an answer: at most {settings.citations}"
    member, server = settings.cooldown_s, settings.server_cooldown_s
    yield f"- Between two questions: {member} s for a member, {server} s for the server"
    yield f"- Answers go with their deleted questions: {_yes(settings.delete_with_question)}"
    kept = "kept" if settings.keep_questions else "not kept, only a salted hash"
    yield f"- The text of questions: {kept}"


def _places(settings: ServerSettings) -> str:
    if not settings.mentions:
        return "nowhere"
    channels = [f"<#{channel_id}>" for channel_id in settings.channels]
    more = len(channels) - _LIST_CHANNELS
    shown = ", ".join(channels[:_LIST_CHANNELS]) + (f" and {more} more" if more > 0 else "")
    return shown or "in no channel yet; `/settings channel:` adds one"


def _dates(settings: ServerSettings) -> str:
    after, before = settings.published_after, settings.published_before
    parts = [
        f"from {after:%Y-%m-%d} on" if after else "",
        f"before {before:%Y-%m-%d}" if before else "",
    ]
    return ", ".join(filter(None, parts)) or "of all dates"


def _yes(value: bool) -> str:  # noqa: FBT001  (what is said)
    return "yes" if value else "no"
