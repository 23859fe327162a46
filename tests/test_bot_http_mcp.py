"""By the official client, in this process; tests of the server process do it over HTTP."""

import asyncio
import importlib.util
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mcp.client.client import Client

from bot.http_api.mcp_tools import mcp_server
from bot.http_api.service import Service
from bot.keys import Keys
from index.errors import NoSnapshot
from tests.bot_fakes import TEA, WHALE, library, run
from tests.http_fakes import client, error_of, service


@pytest.fixture
def parts(tmp_path: Path) -> Service:
    library(tmp_path / "data", TEA, WHALE)
    return service(tmp_path / "data")


def with_client(parts: Service, work: Callable[[Client], Awaitable[None]]) -> None:
    """Do something as a client."""

    async def go() -> None:
        async with Client(mcp_server(parts)) as asking:
            await work(asking)

    asyncio.run(go())


async def called(asking: Client, tool: str, **arguments: object) -> Any:  # noqa: ANN401
    """What a tool returns: one text of JSON, and the same as an object."""
    found = await asking.call_tool(tool, dict(arguments))
    assert not found.is_error
    (content,) = found.content
    assert content.type == "text"
    assert json.loads(content.text) == found.structured_content
    return found.structured_content


def test_the_tools_are_read_only(parts: Service) -> None:
    async def check(asking: Client) -> None:
        tools = (await asking.list_tools()).tools
        assert [tool.name for tool in tools] == ["search", "fetch", "answer", "list_sources"]
        for tool in tools:
            assert tool.annotations is not None
            assert tool.annotations.read_only_hint
            assert tool.description
            assert "ctx" not in tool.input_schema["properties"]
        assert tools[0].input_schema["required"] == ["query"]
        assert tools[1].input_schema["required"] == ["id"]

    with_client(parts, check)


def test_search_and_fetch_keep_the_connectors_contract(parts: Service) -> None:
    async def check(asking: Client) -> None:
        found = await called(asking, "search", query="tea")
        assert list(found) == ["results"]
        assert found["results"][0] == {"id": "tea.txt", "title": "On tea", "url": TEA.url}
        article = await called(asking, "fetch", id="tea.txt")
        assert list(article) == ["id", "title", "text", "url", "metadata"]
        assert (article["text"], article["url"]) == (TEA.text, TEA.url)
        assert article["metadata"]["revision"] == TEA.revision
        local = await called(asking, "fetch", id="whale.txt")
        assert local["url"] == "citewire:whale.txt"

    with_client(parts, check)


def test_an_answer_is_the_answer_object(parts: Service) -> None:
    with client(parts) as http:
        want = http.post("/v1/answer", json={"question": "tea moon?"}).json()
    fresh = service(parts.memory.database.path.parent)
    fresh = replace(fresh, answerer=replace(fresh.answerer, new_id=lambda: "ans_x"))

    async def check(asking: Client) -> None:
        found = await called(asking, "answer", question="tea moon?", max_citations=3)
        assert {**found, "id": ""} == {**want, "id": ""}

    with_client(fresh, check)


def test_sources_are_listed_in_pages(parts: Service) -> None:
    async def check(asking: Client) -> None:
        first = await called(asking, "list_sources", limit=1)
        assert ([s["id"] for s in first["sources"]], first["next"]) == (["tea.txt"], "tea.txt")
        assert first["total"] == 2
        last = await called(asking, "list_sources", after="tea.txt")
        assert ([s["id"] for s in last["sources"]], last["next"]) == (["whale.txt"], None)

    with_client(parts, check)


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        ("fetch", {"id": "nothing"}, "No document has this id."),
        ("answer", {"question": "tea?", "max_citations": 11}, "less than or equal to 10"),
        ("answer", {"question": ""}, "at least 1 character"),
        ("answer", {"question": " "}, "The question is empty"),
        ("search", {"query": "x" * 2001}, "at most 2000"),
    ],
)
def test_what_cant_be_done_is_said(
    parts: Service, tool: str, arguments: dict[str, object], message: str
) -> None:
    async def check(asking: Client) -> None:
        found = await asking.call_tool(tool, arguments)
        assert found.is_error
        text: Any = found.content[0]
        assert message in text.text

    with_client(parts, check)


def test_no_internals_are_told(parts: Service) -> None:
    def fail() -> Any:  # noqa: ANN401  (it never returns)
        raise NoSnapshot(Path("/secret"))

    async def check(asking: Client) -> None:
        text: Any = (await asking.call_tool("answer", {"question": "tea?"})).content[0]
        assert text.text.endswith(": There is no index to search yet.")
        assert "secret" not in text.text

    with_client(replace(parts, answerer=replace(parts.answerer, now=fail)), check)


def test_the_door_is_behind_the_gate(parts: Service) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    accept = {"Accept": "application/json, text/event-stream"}
    with client(parts) as http:
        assert http.post("/mcp", json=body, headers=accept).status_code == 200
        assert error_of(http.get("/mcp"), 405)
    _, text = Keys(parts.memory.database, parts.memory.now).add("a", "read")
    with client(service(parts.memory.database.path.parent)) as http:
        assert error_of(http.post("/mcp", json=body, headers=accept), 401)
        keyed = accept | {"Authorization": f"Bearer {text}"}
        reply = http.post("/mcp", json=body, headers=keyed)
        assert reply.status_code == 200
        assert "ratelimit-limit" in reply.headers


def test_without_the_library_all_else_is_there(
    parts: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with client(parts) as http:
        assert error_of(http.post("/mcp", json={}), 404)["code"] == "unknown_endpoint"
        assert http.post("/v1/answer", json={"question": "tea?"}).status_code == 200
    ran = run("mcp", "--data", "nowhere")
    assert ran.status == 1
    assert "pip install 'citewire[mcp]'" in ran.err
