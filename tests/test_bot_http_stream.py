import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from bot.answer import Annotation, Answer, Citation
from bot.answerer import Question
from bot.http_api.asking import Answered
from bot.http_api.events import Delta, deltas, in_order
from bot.http_api.service import Service
from bot.http_api.streaming import follow
from bot.work import QueueFull, Work
from index.errors import NoSnapshot
from tests.bot_fakes import TEA, answerer, library
from tests.http_fakes import check_headers, client, error_of, events_of

ASK = {"question": "tea moon?", "stream": True}


def test_a_stream_is_the_answer_in_events(http: TestClient) -> None:
    reply = http.post("/v1/answer", json=ASK)
    check_headers(reply.headers)
    assert reply.headers["content-type"].startswith("text/event-stream")
    found = events_of(reply.text)
    assert [event["sequence_number"] for event in found] == list(range(len(found)))
    types = [event["type"] for event in found]
    assert types[:2] == ["answer.created", "answer.retrieval.completed"]
    assert set(types[2:-1]) == {"answer.text.delta", "answer.citation.added"}
    assert types[-1] == "answer.completed"
    whole = found[-1]["answer"]
    assert found[0]["answer"]["id"] == whole["id"]
    assert found[1]["index"] == whole["index"]
    assert "".join(e["delta"] for e in found if e["type"] == "answer.text.delta") == whole["answer"]
    added = [e["citation"] for e in found if e["type"] == "answer.citation.added"]
    assert added == whole["citations"]
    again = http.post("/v1/answer", json={"question": ASK["question"]}).json()
    assert {**whole, "id": ""} == {**again, "id": ""}


def test_accepting_events_is_asking_for_them(http: TestClient) -> None:
    body = {"question": "tea?"}
    reply = http.post("/v1/answer", json=body, headers={"Accept": "text/event-stream"})
    assert events_of(reply.text)[-1]["type"] == "answer.completed"


def test_an_abstention_streams_the_closest_passages_too(http: TestClient) -> None:
    found = events_of(http.post("/v1/answer", json={**ASK, "question": "robots?"}).text)
    whole = found[-1]["answer"]
    assert whole["status"] == "abstained"
    added = [e["citation"] for e in found if e["type"] == "answer.citation.added"]
    assert added == whole["citations"]


def test_what_can_be_said_before_the_stream_is_a_status(parts: Service, http: TestClient) -> None:
    assert error_of(http.post("/v1/answer", json={**ASK, "question": ""}), 422)
    release = Event()
    held = [parts.work.submit(release.wait) for _ in range(10)]
    assert error_of(http.post("/v1/answer", json=ASK), 503)["code"] == "overloaded"
    release.set()
    assert all(future.result() for future in held)


def test_what_goes_wrong_later_is_the_last_event(parts: Service) -> None:
    def fail() -> str:
        raise NoSnapshot(Path("/secret"))

    def clock() -> Any:  # noqa: ANN401  (it never returns)
        fail()

    with client(replace(parts, answerer=replace(parts.answerer, now=clock))) as asking:
        reply = asking.post("/v1/answer", json=ASK)
    found = events_of(reply.text)
    assert [event["type"] for event in found] == ["answer.created", "error"]
    error = found[-1]["error"]
    assert (error["code"], error["request_id"]) == ("no_index", reply.headers["x-request-id"])
    assert "secret" not in reply.text


def streamed(work: Work, future: Any, ping_s: float) -> AsyncIterator[bytes]:  # noqa: ANN401
    return follow(
        future, work, lambda _: iter([b"done"]), lambda e: repr(e).encode(), ping_s=ping_s
    )


def test_comments_are_sent_while_nothing_else_is() -> None:
    work, release = Work(threads=1, waiting=0, deadline_s=30), Event()

    async def collect() -> list[bytes]:
        found = []
        async for part in streamed(work, work.submit(release.wait), 0.001):
            found.append(part)
            if len(found) == 3:
                release.set()
        return found

    found = asyncio.run(collect())
    assert found[:3] == [b": ping\n\n"] * 3
    assert found[-1] == b"done"


def test_a_late_answer_is_the_last_event() -> None:
    work, release = Work(threads=1, waiting=0, deadline_s=0.01), Event()

    async def collect() -> list[bytes]:
        return [part async for part in streamed(work, work.submit(release.wait), 30)]

    assert asyncio.run(collect()) == [b"DeadlineExceeded()"]
    release.set()


def test_a_client_that_leaves_takes_its_question_out_of_the_queue() -> None:
    work, release = Work(threads=1, waiting=1, deadline_s=30), Event()

    async def leave() -> int:
        running = work.submit(release.wait)
        task = asyncio.ensure_future(anext(streamed(work, work.submit(release.wait), 30)))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        while work.taken > 1:
            await asyncio.sleep(0)
        left = work.taken
        release.set()
        running.result()
        return left

    assert asyncio.run(leave()) == 1


@given(st.text(alphabet="ab \n🐋", max_size=300))
def test_deltas_are_the_text(text: str) -> None:
    assert "".join(text[delta.start : delta.end] for delta in deltas(text)) == text
    assert all(delta.end - delta.start > 0 for delta in deltas(text))


@cache
def answer_of_one() -> Answer:
    """An answer with a citation."""
    with TemporaryDirectory() as folder:
        return answerer(library(Path(folder) / "data", TEA)).ask(Question("tea moon?"))


@settings(deadline=None)  # the first example makes the answer
@given(st.text(alphabet="ab .", min_size=1, max_size=200), st.data())
def test_a_citation_comes_no_later_than_the_delta_that_ends_its_sentence(
    text: str, data: st.DataObject
) -> None:
    ends = data.draw(st.lists(st.integers(1, len(text)), max_size=4))
    citation = answer_of_one().citations[0]
    citations = tuple(
        replace(citation, id=f"c{n}", annotations=(Annotation(0, end),))
        for n, end in enumerate(ends)
    )
    sent, seen = 0, set[str]()
    for part in in_order(replace(answer_of_one(), answer=text, citations=citations)):
        if isinstance(part, Citation):
            assert sent < part.annotations[0].end_index
            seen.add(part.id)
        elif isinstance(part, Delta):
            sent = part.end
    assert sent == len(text)
    assert seen == {citation.id for citation in citations}


def test_the_record_of_a_stream_is_json(http: TestClient) -> None:
    reply = http.post("/v1/answer", json={**ASK, "include": ["passages"]})
    last = events_of(reply.text)[-1]
    assert json.dumps(last)
    assert last["answer"]["passages"]


def test_a_record_has_no_more_than_was_asked_for() -> None:
    assert "timings" not in Answered(answer_of_one(), None, None).record()


def test_work_that_is_closed_takes_no_more() -> None:
    work = Work(threads=1, waiting=1, deadline_s=30)
    work.close()
    with pytest.raises(QueueFull):
        work.submit(lambda: 1)
    assert work.taken == 0
