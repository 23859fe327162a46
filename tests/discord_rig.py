"""A Discord on this machine, for discord.py as it is: the REST API and the gateway, with faults.

Messages, commands and replies to them are kept as Discord does: a nonce is taken once, an
interaction is acknowledged once.
"""

import asyncio
import json
import socket
import struct
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import yarl
from aiohttp import web
from discord.gateway import DiscordWebSocket
from discord.http import Route

BOT, APPLICATION, SERVER, CHANNEL, ASKER = 100, 101, 200, 300, 400
TOKEN = "MTAw.rig.token"  # noqa: S105  (of nobody)
TIMEOUT_S = 60
_DAY = "2026-01-01T00:00:00+00:00"
# View Channels, Send Messages, Read Message History, threads: create, send.
PERMISSIONS = 1 << 10 | 1 << 11 | 1 << 16 | 1 << 35 | 1 << 38

Reply = web.StreamResponse
Fault = Callable[["Discord", web.Request], Awaitable[Reply | None]]


def _json(record: object, *, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    """As Discord sends it: without a charset, else discord.py does not read it."""
    body = json.dumps(record).encode()
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")


def _user(number: int, *, bot: bool) -> dict[str, Any]:
    name = f"user{number}"
    return {
        "id": str(number), "username": name, "discriminator": "0", "avatar": None, "bot": bot,
        "global_name": None,
    }  # fmt: skip


def _application() -> dict[str, Any]:
    return {
        "id": str(APPLICATION), "name": "Rig", "icon": None, "description": "", "summary": "",
        "bot_public": True, "bot_require_code_grant": False, "verify_key": "", "flags": 0,
        "owner": _user(1, bot=False),
    }  # fmt: skip


def _member(number: int) -> dict[str, Any]:
    return {"user": _user(number, bot=number == BOT), "roles": [], "joined_at": _DAY, "deaf": False,
            "mute": False, "flags": 0}  # fmt: skip


class Discord:
    """One server with one channel, where one person asks; it keeps what the bot sends.

    Attributes:
        faults: What goes wrong with the next requests of the bot for a message, one each.
        edit_faults: Likewise when it edits one.
        login_faults: Likewise when it logs in.
        gateway_faults: Likewise when it connects to the gateway.
        permissions: What everybody may do in the server.
        overwrites: What is different in its channel.
    """

    def __init__(self) -> None:
        self.faults: deque[Fault] = deque()
        self.edit_faults: deque[Fault] = deque()
        self.login_faults: deque[Fault] = deque()
        self.gateway_faults: deque[Fault] = deque()
        self.messages: list[dict[str, Any]] = []
        self.acknowledged: dict[str, int] = {}
        self.finished: dict[str, dict[str, Any]] = {}
        self.commands: list[Any] = []
        self.attempts = self.identified = self.resumed = 0
        self.permissions = PERMISSIONS
        self.overwrites: list[dict[str, Any]] = []
        self.application = _application()
        self.closed_with: int | None = None
        self.intents = -1
        self._events: list[dict[str, Any]] = []
        self._socket: web.WebSocketResponse | None = None
        self._changed = asyncio.Condition()
        self._number = 1000
        self.url = ""

    def app(self) -> web.Application:
        """The REST API and the gateway."""
        app = web.Application()
        api = "/api/v10"
        app.add_routes(
            [
                web.get(f"{api}/users/@me", self._me),
                web.get(f"{api}/oauth2/applications/@me", self._about),
                web.get(f"{api}/users/@me/guilds", self._servers),
                web.get(f"{api}/guilds/{SERVER}", self._server),
                web.get(f"{api}/guilds/{SERVER}/members/{BOT}", self._membership),
                web.get(f"{api}/guilds/{SERVER}/channels", self._channels),
                web.put(f"{api}/applications/{APPLICATION}/commands", self._take_commands),
                web.post(f"{api}/channels/{CHANNEL}/messages", self._take_message),
                web.patch(f"{api}/channels/{CHANNEL}/messages/{{message}}", self._edit_message),
                web.post(f"{api}/interactions/{{id}}/{{token}}/callback", self._acknowledge),
                web.patch(
                    f"{api}/webhooks/{APPLICATION}/{{token}}/messages/@original", self._finish
                ),
                web.get("/", self._gateway),
            ]
        )
        return app

    async def ask(self, text: str = "<@100> What is it about tea?") -> int:
        """Somebody mentions the bot; return the id of the message."""
        self._number += 1
        message = self._message(_user(ASKER, bot=False), text)
        message |= {"member": _member(ASKER), "guild_id": str(SERVER)}
        message["mentions"] = [_user(BOT, bot=True)]
        await self.dispatch("MESSAGE_CREATE", message)
        return int(message["id"])

    async def again(self) -> None:
        """Tell the bot the last event once more."""
        await self.dispatch(self._events[-1]["t"], self._events[-1]["d"])

    async def command(self, question: str) -> int:
        """Somebody uses `/ask`; return the id of the interaction."""
        self._number += 1
        option = {"type": 3, "name": "question", "value": question}
        data = {"id": "1", "name": "ask", "type": 1, "options": [option]}
        interaction = {
            "id": str(self._number), "application_id": str(APPLICATION), "type": 2, "version": 1,
            "token": f"token{self._number}", "data": data, "guild_id": str(SERVER),
            "channel_id": str(CHANNEL), "channel": {"id": str(CHANNEL), "type": 0},
            "member": _member(ASKER) | {"permissions": str(PERMISSIONS)}, "locale": "en-US",
            "app_permissions": str(PERMISSIONS), "entitlements": [],
            "attachment_size_limit": 10_000_000,
            "authorizing_integration_owners": {"0": str(SERVER)}, "context": 0,
        }  # fmt: skip
        await self.dispatch("INTERACTION_CREATE", interaction)
        return self._number

    async def dispatch(self, name: str, data: object) -> None:
        """Tell the bot of an event; one that is not connected hears of it when it resumes."""
        event = {"op": 0, "t": name, "s": len(self._events) + 1, "d": data}
        self._events.append(event)
        if self._socket is not None and not self._socket.closed:
            await self._socket.send_json(event)

    async def say(self, op: int, data: object = None) -> None:
        """Tell the bot what is no event: 7 to reconnect, 9 that its session is not valid."""
        assert self._socket is not None
        await self._socket.send_json({"op": op, "d": data})

    async def hang_up(self, code: int) -> None:
        """Close the gateway."""
        assert self._socket is not None
        await self._socket.close(code=code)

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for what the bot does."""
        async with asyncio.timeout(TIMEOUT_S), self._changed:
            await self._changed.wait_for(true)

    async def changed(self) -> None:
        """Let those who wait look again."""
        async with self._changed:
            self._changed.notify_all()

    def _message(self, author: dict[str, Any], text: str) -> dict[str, Any]:
        self._number += 1
        return {
            "id": str(self._number), "channel_id": str(CHANNEL), "author": author, "content": text,
            "timestamp": _DAY, "edited_timestamp": None, "tts": False, "mention_everyone": False,
            "mentions": [], "mention_roles": [], "attachments": [], "embeds": [], "pinned": False,
            "type": 0, "components": [], "flags": 0,
        }  # fmt: skip

    async def _me(self, request: web.Request) -> Reply:
        if self.login_faults and (reply := await self.login_faults.popleft()(self, request)):
            return reply
        if request.headers["Authorization"] != f"Bot {TOKEN}":
            return _json({"message": "401: Unauthorized", "code": 0}, status=401)
        return _json(_user(BOT, bot=True))

    async def _about(self, _: web.Request) -> Reply:
        return _json(self.application)

    async def _servers(self, request: web.Request) -> Reply:
        first = "after" not in request.query and "before" not in request.query
        return _json([self._guild()] if first else [])

    async def _server(self, _: web.Request) -> Reply:
        return _json(self._guild())

    async def _channels(self, _: web.Request) -> Reply:
        return _json(self._guild()["channels"])

    async def _membership(self, _: web.Request) -> Reply:
        return _json(_member(BOT))

    async def _take_commands(self, request: web.Request) -> Reply:
        commands = await request.json()
        self.commands.append(commands)
        own = {"application_id": str(APPLICATION), "version": "1", "id": "1"}
        return _json([{"description": ""} | command | own for command in commands])

    async def _take_message(self, request: web.Request) -> Reply:
        self.attempts += 1
        if self.faults and (reply := await self.faults.popleft()(self, request)):
            return reply
        return _json(await self.keep(request))

    async def _edit_message(self, request: web.Request) -> Reply:
        if self.edit_faults and (reply := await self.edit_faults.popleft()(self, request)):
            return reply
        wanted = request.match_info["message"]
        message = next(one for one in self.messages if one["id"] == wanted)
        message |= await request.json()
        message["edits"] += 1
        await self.changed()
        return _json(message)

    async def _acknowledge(self, request: web.Request) -> Reply:
        if self.faults and (reply := await self.faults.popleft()(self, request)):
            return reply
        return await self.acknowledge(request)

    async def acknowledge(self, request: web.Request) -> Reply:
        """Take the first reply to an interaction, and no second."""
        token = request.match_info["token"]
        if token in self.acknowledged:
            record = {"message": "Interaction has already been acknowledged.", "code": 40060}
            return _json(record, status=400)
        self.acknowledged[token] = (await request.json())["type"]
        resource = {"interaction": {"id": request.match_info["id"], "type": 2}}
        return _json(resource)

    async def _finish(self, request: web.Request) -> Reply:
        if self.edit_faults and (reply := await self.edit_faults.popleft()(self, request)):
            return reply
        token = request.match_info["token"]
        if token not in self.acknowledged:
            return _json({"message": "Unknown Webhook", "code": 10015}, status=404)
        if token not in self.finished:
            self.finished[token] = self._message(_user(BOT, bot=True), "") | {"edits": 0}
        self.finished[token] |= await request.json()
        self.finished[token]["edits"] += 1
        await self.changed()
        return _json(self.finished[token])

    async def keep(self, request: web.Request) -> dict[str, Any]:
        """Keep a message, or return the one with this nonce, as Discord does."""
        sent = await request.json()
        if sent.get("enforce_nonce"):
            for message in self.messages:
                if message["nonce"] == sent["nonce"]:
                    return message
        message = self._message(_user(BOT, bot=True), sent.get("content") or "")
        message |= {"nonce": sent.get("nonce"), "components": sent.get("components", [])}
        message |= {"flags": sent.get("flags", 0), "edits": 0}
        self.messages.append(message)
        await self.changed()
        return message

    async def _gateway(self, request: web.Request) -> Reply:
        """Speak as the gateway does; what is not compressed discord.py reads too."""
        if self.gateway_faults and (reply := await self.gateway_faults.popleft()(self, request)):
            return reply
        self._socket = ws = web.WebSocketResponse()
        await ws.prepare(request)
        await ws.send_json({"op": 10, "d": {"heartbeat_interval": 45000}})
        async for frame in ws:
            said = json.loads(frame.data)
            if said["op"] == 1:
                await ws.send_json({"op": 11})
            elif said["op"] == 2:
                await self._begin(said["d"])
            elif said["op"] == 6:
                await self._resume(ws, said["d"]["seq"])
        if ws is self._socket:
            self.closed_with = ws.close_code
        return ws

    async def _begin(self, identity: dict[str, Any]) -> None:
        self.identified += 1
        self.intents = identity["intents"]
        self._events.clear()
        ready = {
            "v": 10, "user": _user(BOT, bot=True),
            "session_id": "s", "resume_gateway_url": self.url,
            "guilds": [{"id": str(SERVER), "unavailable": True}],
            "application": {"id": str(APPLICATION), "flags": 0},
        }  # fmt: skip
        await self.dispatch("READY", ready)
        await self.dispatch("GUILD_CREATE", self._guild())
        await self.changed()

    async def _resume(self, ws: web.WebSocketResponse, seen: int) -> None:
        self.resumed += 1
        for event in self._events[seen:]:
            await ws.send_json(event)
        await self.dispatch("RESUMED", {})
        await self.changed()

    def _guild(self) -> dict[str, Any]:
        role = {
            "id": str(SERVER), "name": "@everyone", "permissions": str(self.permissions),
            "position": 0, "color": 0, "hoist": False, "managed": False, "mentionable": False,
            "flags": 0, "colors": {"primary_color": 0, "secondary_color": None,
                                   "tertiary_color": None},
        }  # fmt: skip
        channel = {
            "id": str(CHANNEL), "type": 0, "name": "general", "position": 0, "parent_id": None,
            "permission_overwrites": self.overwrites, "nsfw": False,
        }  # fmt: skip
        return {
            "id": str(SERVER), "name": "Rig", "icon": None, "owner_id": "1", "region": "",
            "afk_channel_id": None, "afk_timeout": 0, "verification_level": 0, "features": [],
            "default_message_notifications": 0, "explicit_content_filter": 0, "mfa_level": 0,
            "roles": [role], "emojis": [], "stickers": [], "system_channel_id": None,
            "system_channel_flags": 0, "rules_channel_id": None, "premium_tier": 0,
            "preferred_locale": "en-US", "nsfw_level": 0, "premium_progress_bar_enabled": False,
            "channels": [channel], "threads": [], "members": [_member(BOT)], "member_count": 2,
            "voice_states": [], "presences": [], "stage_instances": [], "large": False,
            "guild_scheduled_events": [], "soundboard_sounds": [], "joined_at": _DAY,
            "unavailable": False,
        }  # fmt: skip


async def lost(_: Discord, request: web.Request) -> Reply:
    """The connection is reset before the message is taken."""
    return _reset(request)


async def taken_unnoticed(discord: Discord, request: web.Request) -> Reply:
    """The connection is reset after the message is taken: its reply is lost."""
    await (discord.acknowledge(request) if "token" in request.match_info else discord.keep(request))
    return _reset(request)


def status(code: int, **headers: str) -> Fault:
    """Nothing but a status, as from what stands before Discord."""

    async def fault(_: Discord, __: web.Request) -> Reply:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=code, text="<html>no</html>", headers=named)

    return fault


async def no_access(_: Discord, __: web.Request) -> Reply:
    """Discord itself does not allow it."""
    return _json({"message": "Missing Access", "code": 50001}, status=403)


async def limited(_: Discord, __: web.Request) -> Reply:
    """Discord's own rate limit."""
    record = {"message": "You are being rate limited.", "retry_after": 0.01, "global": False}
    headers = {"Via": "1.1 google", "Retry-After": "1"}
    return _json(record, status=429, headers=headers)


def _reset(request: web.Request) -> Reply:
    """Send a reset in place of a reply."""
    assert request.transport is not None
    raw: socket.socket = request.transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()
    return web.Response()


@asynccontextmanager
async def discord_here(monkeypatch: pytest.MonkeyPatch, rig: Discord) -> AsyncIterator[None]:
    """Let discord.py talk to the rig; its addresses are all that is changed."""
    runner = web.AppRunner(rig.app(), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    rig.url = f"ws://127.0.0.1:{port}/"
    monkeypatch.setattr(Route, "BASE", f"http://127.0.0.1:{port}/api/v10")
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(rig.url))
    try:
        yield
    finally:
        await runner.cleanup()
