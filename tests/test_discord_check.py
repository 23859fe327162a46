import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import discord
import pytest

from bot.database import FILE, Database
from bot.discord_bot.check import PERMISSIONS, Finding, examine, invite_link
from bot.discord_bot.preferences import Preferences, ServerSettings
from tests.bot_fakes import NOW
from tests.discord_rig import (
    APPLICATION,
    CHANNEL,
    SERVER,
    TOKEN,
    Discord,
    discord_here,
    status,
)


@pytest.fixture
def preferences(tmp_path: Path) -> Preferences:
    return Preferences(Database(tmp_path / FILE), lambda: NOW, 30)


Check = Callable[..., Sequence[Finding]]


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, preferences: Preferences) -> Check:
    """What is found of a rig with this token."""

    def checked(rig: Discord, token: str = TOKEN) -> list[Finding]:
        async def found() -> list[Finding]:
            intents = discord.Intents(guilds=True)
            async with discord_here(monkeypatch, rig):
                return [finding async for finding in examine(intents, token, preferences)]

        return asyncio.run(found())

    return checked


def test_all_is_well(check: Check, preferences: Preferences) -> None:
    preferences.set_server(SERVER, ServerSettings(channels=(CHANNEL,)))
    found = check(Discord())
    assert [finding.fine for finding in found] == [True] * 5
    assert [finding.about for finding in found] == [
        "token",
        "application",
        "intents",
        "server Rig (200)",
        "link that adds the bot to a server",
    ]
    assert found[-2].says.endswith("channels where it answers mentions: 1")
    assert found[-1].says == invite_link(APPLICATION)


def test_a_token_that_discord_does_not_know(check: Check) -> None:
    found = check(Discord(), "wrong")
    assert [(finding.fine, finding.about) for finding in found] == [(False, "token")]
    assert "Reset Token" in found[0].says
    assert "wrong" not in found[0].says


def test_a_discord_that_cant_be_reached(check: Check) -> None:
    rig = Discord()
    rig.login_faults.append(status(503))
    found = check(rig)
    assert [(finding.fine, finding.about) for finding in found] == [(False, "Discord")]


def test_what_a_server_does_not_allow_is_named_as_the_menus_do(check: Check) -> None:
    rig = Discord()
    rig.permissions = PERMISSIONS.value & ~discord.Permissions(send_messages=True).value
    found = check(rig)
    assert not found[-2].fine
    assert "lacks Send Messages." in found[-2].says


def test_a_channel_where_mentions_are_answered_is_looked_at(
    check: Check, preferences: Preferences
) -> None:
    denied = str(discord.Permissions(read_message_history=True).value)
    rig = Discord()
    rig.overwrites = [{"id": str(SERVER), "type": 0, "allow": "0", "deny": denied}]
    assert check(rig)[-2].fine, "nothing is answered there"
    preferences.set_server(SERVER, ServerSettings(channels=(CHANNEL,)))
    found = check(rig)
    assert not found[-2].fine
    assert "lacks Read Message History in #general" in found[-2].says


def test_an_endpoint_for_interactions_takes_the_commands_away(check: Check) -> None:
    rig = Discord()
    rig.application["interactions_endpoint_url"] = "https://example.org/"
    found = check(rig)
    assert not found[1].fine
    assert "Interactions Endpoint URL" in found[1].says


def test_a_privileged_intent_is_told_of(preferences: Preferences) -> None:
    async def found(monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
        intents = discord.Intents.all()
        async with discord_here(monkeypatch, Discord()):
            return [finding async for finding in examine(intents, TOKEN, preferences)]

    with pytest.MonkeyPatch.context() as patch:
        intents = asyncio.run(found(patch))[2]
    assert not intents.fine
    assert "members, presences, message_content" in intents.says


def test_the_link_asks_for_what_is_needed_and_no_more() -> None:
    link = invite_link(APPLICATION)
    assert f"client_id={APPLICATION}" in link
    assert "scope=bot+applications.commands" in link
    assert f"permissions={PERMISSIONS.value}" in link
    assert not PERMISSIONS.administrator
    assert not PERMISSIONS.manage_messages
