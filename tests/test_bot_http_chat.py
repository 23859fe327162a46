"""By the official client, over the application in this process."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from starlette.testclient import TestClient

from bot.http_api.service import Service
from bot.keys import Keys
from index.errors import NoSnapshot
from tests.bot_fakes import TEA, WHALE, library
from tests.http_fakes import client, error_of, service

ASK: Any = [{"role": "user", "content": "tea moon?"}]


@pytest.fixture
def parts(tmp_path: Path) -> Service:
    library(tmp_path / "data", TEA, replace(WHALE, url=None))
    return service(tmp_path / "data")


def official(asking: TestClient, key: str = "none") -> openai.OpenAI:
    """OpenAI's client, its requests handed to the application."""

    def hand_over(request: httpx2.Request) -> httpx2.Response:
        headers = [(k, v) for k, v in request.headers.raw if k.lower() != b"host"]
        reply = asking.request(
            request.method, str(request.url), content=request.read(), headers=headers
        )
        return httpx2.Response(
            reply.status_code, headers=reply.headers.multi_items(), content=reply.content
        )

    transport = httpx2.MockTransport(hand_over)
    return openai.OpenAI(
        base_url="http://testserver/v1", api_key=key, max_retries=0,
        http_client=httpx2.Client(transport=transport),
    )  # fmt: skip


def test_a_completion_is_the_answer_with_its_citations(http: TestClient) -> None:
    found = official(http).chat.completions.create(
        model="citewire", messages=ASK, temperature=0.3, max_tokens=5
    )
    answer = http.post("/v1/answer", json={"question": "tea moon?"}).json()
    message = found.choices[0].message
    assert (message.content, message.role) == (answer["answer"], "assistant")
    assert found.choices[0].finish_reason == "stop"
    notes = [note.url_citation for note in message.annotations or []]
    assert [(note.start_index, note.end_index, note.title) for note in notes] == [
        (place["start_index"], place["end_index"], citation["document_title"])
        for citation in answer["citations"]
        for place in citation["annotations"]
    ]
    assert notes[0].url == answer["citations"][0]["fragment_url"]
    extra: Any = found
    assert extra.citewire["citations"] == answer["citations"]


def test_a_source_without_a_url_is_linked_here(http: TestClient) -> None:
    messages: Any = [{"role": "user", "content": "whale?"}]
    found = official(http).chat.completions.create(model="citewire", messages=messages)
    urls = {note.url_citation.url for note in found.choices[0].message.annotations or []}
    assert urls == {"http://testserver/v1/documents/whale.txt"}
    assert http.get(urls.pop()).json()["id"] == "whale.txt"


def test_earlier_messages_are_the_history(http: TestClient) -> None:
    messages: Any = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "tea?"}]},
        {"role": "assistant", "content": "Hm."},
        {"role": "user", "content": "and its moon?"},
    ]
    found: Any = official(http).chat.completions.create(model="citewire", messages=messages)
    assert found.citewire["standalone_question"] == "Tea? Tea’s moon?"


def test_a_stream_is_the_same(http: TestClient) -> None:
    asking = official(http)
    whole: Any = asking.chat.completions.create(model="citewire", messages=ASK)
    chunks: list[Any] = list(
        asking.chat.completions.create(
            model="citewire", messages=ASK, stream=True, stream_options={"include_usage": True}
        )
    )
    text, notes = "", []
    for chunk in chunks[:-1]:
        delta = chunk.choices[0].delta
        text += delta.content or ""
        for note in getattr(delta, "annotations", None) or []:
            assert len(text) >= note["url_citation"]["end_index"]
            notes.append(note)
    assert text == whole.choices[0].message.content
    assert notes == [note.model_dump() for note in whole.choices[0].message.annotations]
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-2].citewire["citations"] == whole.citewire["citations"]
    assert (chunks[-1].choices, chunks[-1].usage.total_tokens) == ([], 0)


def test_an_abstention_says_so_and_cites_nothing(http: TestClient) -> None:
    messages: Any = [{"role": "user", "content": "robots?"}]
    found: Any = official(http).chat.completions.create(model="citewire", messages=messages)
    assert found.choices[0].message.annotations == []
    assert found.citewire["status"] == "abstained"


def test_errors_are_the_clients_own(parts: Service, http: TestClient) -> None:
    asking = official(http)
    with pytest.raises(openai.NotFoundError) as unknown:
        asking.chat.completions.create(model="gpt", messages=ASK)
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.UnprocessableEntityError) as long:
        asking.chat.completions.create(
            model="citewire", messages=[{"role": "user", "content": "x" * 2001}]
        )
    assert long.value.param == "messages"
    with pytest.raises(openai.UnprocessableEntityError):
        asking.chat.completions.create(model="citewire", messages=ASK, n=2)
    _, text = Keys(parts.memory.database, parts.memory.now).add("a", "read")
    with client(service(parts.memory.database.path.parent)) as keyed:
        with pytest.raises(openai.AuthenticationError):
            official(keyed, "cw_x_y").models.list()
        assert [model.id for model in official(keyed, text).models.list()] == ["citewire"]


def test_what_goes_wrong_in_a_stream_is_raised_by_the_client(parts: Service) -> None:
    def fail() -> Any:  # noqa: ANN401  (it never returns)
        raise NoSnapshot(Path("/secret"))

    with client(replace(parts, answerer=replace(parts.answerer, now=fail))) as asking:
        stream = official(asking).chat.completions.create(
            model="citewire", messages=ASK, stream=True
        )
        with pytest.raises(openai.APIError, match="no index"):
            list(stream)


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [{"role": "assistant", "content": "tea?"}],
        [{"role": "user", "content": ""}],
        [{"role": "user"}],
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}],
    ],
)
def test_without_a_question_it_is_a_422(http: TestClient, messages: object) -> None:
    reply = http.post("/v1/chat/completions", json={"model": "citewire", "messages": messages})
    assert error_of(reply, 422)


def test_the_models_are_one(http: TestClient) -> None:
    asking = official(http)
    assert asking.models.retrieve("citewire").owned_by == "citewire"
    assert error_of(http.get("/v1/models/gpt"), 404)["code"] == "model_not_found"
