"""One question, five wires, one set of citations: with the official clients."""

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from tests.bot_fakes import run
from tests.http_fakes import PROGRAM, TIMEOUT_S, Server, events_of, serving

pytestmark = pytest.mark.slow

QUESTIONS_FILE = Path(__file__).parent.parent / "evals" / "questions" / "articles.jsonl"
COUNT = 30


@pytest.fixture(scope="module")
def models(exported_encoder: Path) -> Path:
    return exported_encoder.parent


@pytest.fixture(scope="module")
def data(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the bundled articles."""
    found = tmp_path_factory.mktemp("conformance") / "data"
    ran = run("index", "--data", str(found), environment={"CITEWIRE_MODELS": str(models)})
    assert ran.status == 0
    return found


@pytest.fixture(scope="module")
def server(data: Path, models: Path) -> Iterator[Server]:
    with serving(data, models) as found:
        yield found


@pytest.fixture(scope="module")
def questions() -> list[str]:
    """Thirty of the fixed questions, from all over."""
    lines = QUESTIONS_FILE.read_text("utf-8").splitlines()
    found = [json.loads(line)["question"] for line in lines]
    return found[:: len(found) // COUNT][:COUNT]


@pytest.fixture(scope="module")
def wanted(
    questions: list[str], data: Path, models: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[Any]:
    """What the command line cites for each."""
    batch = tmp_path_factory.mktemp("batch") / "batch.jsonl"
    lines = [json.dumps({"id": n, "question": text}) for n, text in enumerate(questions)]
    batch.write_text("\n".join(lines), "utf-8")
    ran = run(
        "ask", "--batch", str(batch), "--data", str(data),
        environment={"CITEWIRE_MODELS": str(models)},
    )  # fmt: skip
    found = [json.loads(line)["answer"]["citations"] for line in ran.out.splitlines()]
    assert sum(map(bool, found)) == COUNT
    return found


def test_json_and_events_cite_the_same(
    server: Server, questions: list[str], wanted: list[Any]
) -> None:
    with httpx2.Client(base_url=server.url, timeout=TIMEOUT_S) as asking:
        for question, want in zip(questions, wanted, strict=True):
            found = asking.post("/v1/answer", json={"question": question}).json()
            assert found["citations"] == want
            body = {"question": question, "stream": True}
            events = events_of(asking.post("/v1/answer", json=body).text)
            assert events[-1]["answer"]["citations"] == want
            added = [e["citation"] for e in events if e["type"] == "answer.citation.added"]
            assert sorted(added, key=lambda citation: citation["number"]) == want


def test_batches_cite_the_same(server: Server, questions: list[str], wanted: list[Any]) -> None:
    body = {"requests": [{"question": question} for question in questions]}
    reply = httpx2.post(f"{server.url}/v1/answers:batch", json=body, timeout=TIMEOUT_S)
    assert [item["answer"]["citations"] for item in reply.json()["data"]] == wanted


def test_chat_completions_cite_the_same(
    server: Server, questions: list[str], wanted: list[Any]
) -> None:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="none") as asking:
        for question, want in zip(questions, wanted, strict=True):
            messages: Any = [{"role": "user", "content": question}]
            found: Any = asking.chat.completions.create(model="citewire", messages=messages)
            message = found.choices[0].message
            assert found.citewire["citations"] == want
            assert [
                (note.url_citation.title, note.url_citation.start_index)
                for note in message.annotations
            ] == [
                (citation["document_title"], place["start_index"])
                for citation in want
                for place in citation["annotations"]
            ]
            chunks: list[Any] = list(
                asking.chat.completions.create(model="citewire", messages=messages, stream=True)
            )
            assert chunks[-1].citewire["citations"] == want


async def cited(client: Any, questions: list[str]) -> list[Any]:  # noqa: ANN401
    """What the tool cites for each."""
    async with client as asking:
        results = [await asking.call_tool("answer", {"question": text}) for text in questions]
    return [result.structured_content["citations"] for result in results]


def test_the_tool_cites_the_same_over_http(
    server: Server, questions: list[str], wanted: list[Any]
) -> None:
    assert asyncio.run(cited(Client(f"{server.url}/mcp"), questions)) == wanted


def test_the_tool_cites_the_same_over_a_pipe(
    data: Path, models: Path, questions: list[str], wanted: list[Any]
) -> None:
    environment = {**os.environ, "CITEWIRE_MODELS": str(models)}
    command = StdioServerParameters(
        command=PROGRAM[0], args=[*PROGRAM[1:], "mcp", "--data", str(data)], env=environment
    )
    assert asyncio.run(cited(Client(stdio_client(command)), questions)) == wanted


def test_tools_link_to_this_server(server: Server) -> None:
    async def find() -> Any:  # noqa: ANN401
        async with Client(f"{server.url}/mcp") as asking:
            return await asking.call_tool("search", {"query": "Huawei smart car"})

    results = asyncio.run(find()).structured_content["results"]
    local = [result["url"] for result in results if result["id"].startswith("real/")]
    assert local
    for url in local:
        assert httpx2.get(url).status_code == 200
