"""`citewire discord --check`: is all set up that the bot needs, before it starts?"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import discord

from bot.discord_bot.delivery import BROKEN, named
from bot.discord_bot.preferences import Preferences

# Servers that are looked at: each takes three requests.
MOST_SERVERS = 25
_SCOPES = ("bot", "applications.commands")
# As Discord's menus name them.
NEEDED = {
    "view_channel": "View Channels",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "create_public_threads": "Create Public Threads",
    "read_message_history": "Read Message History",
}
PERMISSIONS = discord.Permissions(**dict.fromkeys(NEEDED, True))
_REPLACE = (
    "Discord does not know it. Developer Portal > your application > Bot > Reset Token, and set "
    "CITEWIRE_DISCORD_TOKEN to what it shows."
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: whether it is as it must be, and what to do if not."""

    fine: bool
    about: str
    says: str


def invite_link(application_id: int) -> str:
    """Return the link that adds the bot to a server, with what it needs there and no more."""
    return discord.utils.oauth_url(application_id, permissions=PERMISSIONS, scopes=_SCOPES)


async def examine(
    intents: discord.Intents, token: str, preferences: Preferences
) -> AsyncIterator[Finding]:
    """Yield what is found: token, application, intents, servers, and the link that invites the bot.

    Less where it can't go on.

    Args:
        intents: What the bot asks to hear of.
        token: What it logs in with.
        preferences: Know where mentions are answered: there channels are looked at too.
    """
    async with discord.Client(intents=intents) as client:  # not the bot: that tells commands
        try:
            await client.login(token)
        except discord.LoginFailure:
            yield Finding(fine=False, about="token", says=_REPLACE)
            return
        except (discord.HTTPException, *BROKEN) as error:
            says = f"Discord can't be reached ({named(error)}). Try again later."
            yield Finding(fine=False, about="Discord", says=says)
            return
        yield Finding(fine=True, about="token", says="Discord knows it")
        yield _application(client)
        yield _intents(client.intents)
        async for finding in _servers(client, preferences):
            yield finding
        if client.application_id is not None:
            link = invite_link(client.application_id)
            yield Finding(fine=True, about="link that adds the bot to a server", says=link)


def _application(client: discord.Client) -> Finding:
    application = client.application
    assert application is not None  # noqa: S101  (for the type checker; it is logged in)
    if application.interactions_endpoint_url:
        says = (
            "commands go to the Interactions Endpoint URL, not to the bot. Developer Portal > your "
            "application > General Information > Interactions Endpoint URL: empty it."
        )
        return Finding(fine=False, about="application", says=says)
    reach = "anyone may add it" if application.bot_public else "only you may add it"
    says = f"{application.name} ({application.id}); {reach} to a server"
    return Finding(fine=True, about="application", says=says)


def _intents(intents: discord.Intents) -> Finding:
    privileged = [name for name in ("members", "presences", "message_content") if
                  getattr(intents, name)]  # fmt: skip
    if privileged:
        says = f"asks for {', '.join(privileged)}, which Discord must allow"
        return Finding(fine=False, about="intents", says=says)
    return Finding(
        fine=True, about="intents", says="no privileged one is asked for, none is needed"
    )


async def _servers(client: discord.Client, preferences: Preferences) -> AsyncIterator[Finding]:
    try:
        found = [server.id async for server in client.fetch_guilds(limit=200)]
        if not found:
            yield Finding(fine=True, about="servers", says="in none yet: open the link below")
        for server_id in found[:MOST_SERVERS]:
            yield await _server(client, server_id, preferences.server(server_id).channels)
    except (discord.HTTPException, *BROKEN) as error:
        says = f"can't be looked at ({named(error)}). Try again later."
        yield Finding(fine=False, about="servers", says=says)
        return
    if len(found) > MOST_SERVERS:
        says = f"{len(found) - MOST_SERVERS} more were not looked at"
        yield Finding(fine=True, about="servers", says=says)


async def _server(client: discord.Client, server_id: int, channels: Sequence[int]) -> Finding:
    """Return what the bot lacks in a server, or in a channel where it answers mentions."""
    assert client.user is not None  # noqa: S101  (for the type checker; it is logged in)
    server = await client.fetch_guild(server_id, with_counts=False)
    me = await server.fetch_member(client.user.id)
    about = f"server {server.name} ({server.id})"
    missing = _missing(me.guild_permissions)
    if missing:
        says = f"lacks {missing}. Server Settings > Roles, or add the bot anew with the link below."
        return Finding(fine=False, about=about, says=says)
    for channel in await server.fetch_channels() if channels else ():
        if channel.id in channels and (missing := _missing(channel.permissions_for(me))):
            says = f"lacks {missing} in #{channel.name}. Edit Channel > Permissions."
            return Finding(fine=False, about=about, says=says)
    says = f"may do what it must; channels where it answers mentions: {len(channels)}"
    return Finding(fine=True, about=about, says=says)


def _missing(granted: discord.Permissions) -> str:
    """Return the names of what is needed and not granted, with commas between."""
    if granted.administrator:
        return ""
    return ", ".join(says for name, says in NEEDED.items() if not getattr(granted, name))
