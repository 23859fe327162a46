import json
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from bot.answer import Notice
from bot.answerer import Answerer, Question
from bot.http_api.service import Service
from bot.json_lines import to_record
from bot.live import Kept, Opened
from index.errors import EncoderMissing, NoSnapshot
from tests.bot_fakes import TEA, WHALE, library
from tests.http_fakes import check_headers, client, error_of, service

ASK = {"question": "tea moon?"}


def test_an_answer_is_the_answer_object(http: TestClient, parts: Service) -> None:
    reply = http.post("/v1/answer", json=ASK)
    assert reply.status_code == 200
    check_headers(reply.headers)
    found = reply.json()
    assert found["status"] == "answered"
    assert found["citations"][0]["cited_text"] == "Tea moon."
    assert found["citations"][0]["verified"] is True
    again = replace(parts.answerer, new_id=lambda: "ans_1")
    assert found == to_record(again.ask(Question("tea moon?")))


def test_an_abstention_is_a_200(http: TestClient) -> None:
    found = http.post("/v1/answer", json={"question": "robots?"}).json()
    assert found["status"] == "abstained"
    assert found["abstention"]["reason"] == "insufficient_evidence"


def test_everything_that_can_be_asked_for_is_heeded(http: TestClient) -> None:
    body = {
        "question": "and its moon?",
        "history": [{"role": "user", "content": "tea?"}, {"role": "assistant", "content": "Hm."}],
        "mode": "extractive",
        "max_citations": 1,
        "filters": {
            "published_after": "2026-01-01", "published_before": "2026-01-02T00:00:00+01:00",
            "sources": ["the post"], "document_ids": ["tea.txt", "whale.txt"],
        },
        "include": ["passages", "timings"],
    }  # fmt: skip
    found = http.post("/v1/answer", json=body).json()
    assert found["standalone_question"] == "Tea? Tea’s moon?"
    assert {citation["document_id"] for citation in found["citations"]} == {"tea.txt"}
    assert len(found["citations"]) == 1
    assert found["passages"][0]["text"] == TEA.text
    assert set(found["timings"]) == {"queued_ms", "answering_ms"}


def test_search_ranks_passages_and_documents(http: TestClient) -> None:
    found = http.post("/v1/search", json={"query": "whale", "k": 1}).json()
    assert found["hits"][0]["document_id"] == "whale.txt"
    hit = found["hits"][0]
    assert WHALE.text[hit["start"] : hit["end"]] == hit["text"]
    assert hit["revision"] == WHALE.revision
    documents = http.post("/v1/search", json={"query": "moon", "by": "document"}).json()["hits"]
    assert sorted(hit["document_id"] for hit in documents) == ["tea.txt", "whale.txt"]


def test_documents_come_in_pages_and_whole(http: TestClient) -> None:
    first = http.get("/v1/documents", params={"limit": 1}).json()
    assert ([d["id"] for d in first["data"]], first["next"]) == (["tea.txt"], "tea.txt")
    assert first["total"] == 2
    last = http.get("/v1/documents", params={"limit": 1, "after": first["next"]}).json()
    assert ([d["id"] for d in last["data"]], last["next"]) == (["whale.txt"], None)
    whole = http.get("/v1/documents/tea.txt", params={"revision": TEA.revision}).json()
    assert whole["text"] == TEA.text
    assert whole["published_at"] == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "document_id", ["a/b/c.txt", "https://post.example/a?b=1#c", "ü é/ü.md", "a//b"]
)
def test_any_id_can_be_read(tmp_path: Path, document_id: str) -> None:
    library(tmp_path / "odd", replace(TEA, id=document_id))
    with client(service(tmp_path / "odd")) as asking:
        found = asking.get(f"/v1/documents/{quote(document_id)}")
        assert found.json()["id"] == document_id


def test_health_and_readiness(http: TestClient) -> None:
    assert http.get("/healthz").json() == {"status": "ok"}
    found = http.get("/readyz").json()
    assert (found["status"], found["index"]["documents"]) == ("ready", 2)
    assert found["warnings"] == []


def test_readiness_tells_of_an_older_snapshot(parts: Service) -> None:
    notice = Notice("older_snapshot", "The newest is damaged.")
    kept = Kept(lambda: replace(parts.kept.current(), notices=(notice,)))
    with client(replace(parts, kept=kept)) as asking:
        found = asking.get("/readyz").json()
        assert [warning["code"] for warning in found["warnings"]] == ["older_snapshot"]
        answer = asking.post("/v1/answer", json=ASK).json()
        assert [warning["code"] for warning in answer["warnings"]] == ["older_snapshot"]


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        pytest.param({}, "question", "missing_field", id="no question"),
        pytest.param({"question": " "}, "question", "invalid_value", id="a blank question"),
        pytest.param({"question": "x" * 2001}, "question", "invalid_value", id="a long question"),
        pytest.param({"question": 1}, "question", "invalid_value", id="a number"),
        pytest.param({"question": "\ud800"}, "question", "invalid_value", id="half a character"),
        pytest.param({**ASK, "colour": 1}, "colour", "unknown_field", id="an unknown field"),
        pytest.param({**ASK, "max_citations": 11}, "max_citations", "invalid_value", id="eleven"),
        pytest.param({**ASK, "max_citations": "3"}, "max_citations", "invalid_value", id="'3'"),
        pytest.param({**ASK, "mode": "llm"}, "mode", "mode_unavailable", id="no model"),
        pytest.param({**ASK, "mode": "x"}, "mode", "invalid_value", id="no mode"),
        pytest.param({**ASK, "stream": "yes"}, "stream", "invalid_value", id="not a boolean"),
        pytest.param(
            {**ASK, "filters": {"colour": 1}}, "filters.colour", "unknown_field", id="no filter"
        ),
        pytest.param(
            {**ASK, "filters": {"published_after": "0001-01-01T00:00:00+14:00"}},
            "filters.published_after", "invalid_value", id="before time began",
        ),
        pytest.param(
            {**ASK, "history": [{"role": "system", "content": ""}]},
            "history.0.role", "invalid_value", id="no such role",
        ),
    ],
)  # fmt: skip
def test_a_bad_question_is_a_422_that_names_the_field(
    http: TestClient, body: dict[str, Any], param: str, code: str
) -> None:
    reply = http.post(
        "/v1/answer", content=json.dumps(body), headers={"content-type": "application/json"}
    )
    error = error_of(reply, 422)
    assert (error["param"], error["code"]) == (param, code)
    assert error["type"] == "invalid_request_error"


def test_no_reply_repeats_what_was_sent(http: TestClient) -> None:
    reply = http.post("/v1/answer", json={"question": {"secret": "hunter2"}, "hunter3": 1})
    assert "hunter2" not in reply.text


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b'{"question"', "application/json", 422, "invalid_json"),
        (b"", "application/json", 422, "missing_field"),
        (b'{"question": "tea"}', "text/plain", 422, "invalid_value"),
        (b'{"question": "\xff"}', "application/json", 400, "bad_request"),
        (b"[" * 100_000, "application/json", 400, "bad_request"),
    ],
)
def test_a_body_that_is_no_json(
    http: TestClient, content: bytes, kind: str, status: int, code: str
) -> None:
    reply = http.post("/v1/answer", content=content, headers={"content-type": kind})
    assert error_of(reply, status)["code"] == code


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "unknown_endpoint"),
        ("GET", "/v1/answer", 405, "method_not_allowed"),
        ("PUT", "/healthz", 405, "method_not_allowed"),
        ("GET", "/v1/documents/nothing", 404, "document_not_found"),
        ("GET", "/v1/documents/tea.txt?revision=sha256:0", 404, "revision_not_found"),
        ("GET", "/v1/documents?limit=0", 422, "invalid_value"),
        ("GET", "/v1/documents?limit=x", 422, "invalid_value"),
    ],
)
def test_other_errors_have_the_envelope(
    http: TestClient, method: str, path: str, status: int, code: str
) -> None:
    assert error_of(http.request(method, path), status)["code"] == code


def test_a_path_with_the_wrong_method_names_the_right_ones(http: TestClient) -> None:
    assert http.put("/v1/documents/a/b").headers["allow"] == "DELETE, GET"
    assert http.get("/v1/answer").headers["allow"] == "POST"


def test_a_body_that_says_it_is_too_large_is_not_read(parts: Service) -> None:
    with client(parts, max_body_kib=1) as asking:
        reply = asking.post("/v1/answer", json={"question": "x" * 2000})
        assert error_of(reply, 413)["code"] == "body_too_large"


def test_a_body_that_does_not_say_its_size_is_counted(parts: Service) -> None:
    def pieces() -> Iterator[bytes]:
        yield from [b" " * 600] * 2

    with client(parts, max_body_kib=1) as asking:
        reply = asking.post(
            "/v1/answer", content=pieces(), headers={"content-type": "application/json"}
        )
        assert error_of(reply, 413)["code"] == "body_too_large"


def failing(parts: Service, error: Exception) -> Service:
    """One whose index can't be opened any more."""

    def fail() -> Opened:
        raise error

    return replace(parts, kept=Kept(fail))


@pytest.mark.parametrize("path", ["/v1/answer", "/v1/search"])
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NoSnapshot(Path("/secret")), "no_index"),
        (EncoderMissing(Path("/secret"), "gone"), "index_unusable"),
    ],
)
def test_without_an_index_it_is_unavailable(
    parts: Service, path: str, error: Exception, code: str
) -> None:
    with client(failing(parts, error)) as asking:
        body = {"question" if path == "/v1/answer" else "query": "tea"}
        assert error_of(reply := asking.post(path, json=body), 503)["code"] == code
        assert "secret" not in reply.text
        assert error_of(asking.get("/readyz"), 503)["code"] == code
        assert asking.get("/healthz").status_code == 200


def test_an_error_of_ours_is_a_500_that_says_nothing_and_is_logged(
    parts: Service, caplog: pytest.LogCaptureFixture
) -> None:
    with client(failing(parts, RuntimeError("hunter2"))) as asking:
        reply = asking.post("/v1/answer", json=ASK)
        assert error_of(reply, 500)["code"] == "internal_error"
        assert "hunter2" not in reply.text
    assert any(record.exc_info for record in caplog.records)


def test_a_full_queue_is_a_503_and_a_late_answer_a_504(tmp_path: Path) -> None:
    library(tmp_path / "data", TEA)
    parts = service(tmp_path / "data", threads=1, waiting=0, deadline_s=0.05)
    release = Event()
    with client(parts) as asking:
        held = parts.work.submit(release.wait)
        reply = asking.post("/v1/answer", json=ASK)
        assert error_of(reply, 503)["code"] == "overloaded"
        assert reply.headers["retry-after"] == "1"
        release.set()
        held.result()
    parts = service(tmp_path / "data", threads=1, waiting=1, deadline_s=0.05)
    release = Event()
    with client(parts) as asking:
        parts.work.submit(release.wait)
        assert error_of(asking.post("/v1/answer", json=ASK), 504)["code"] == "deadline_exceeded"
        assert parts.work.taken == 1  # what was given up on while it waited has left the queue
        release.set()


def test_an_answer_is_wholly_of_one_snapshot(tmp_path: Path, parts: Service) -> None:
    """The snapshot is replaced after the question was begun: the old one answers it to the end."""
    data = tmp_path / "data"
    before = parts.kept.current().retriever.info.snapshot_id
    asked: list[str] = []

    def swap_then_now() -> datetime:
        library(data, replace(TEA, text="Tea rain."))
        asked.append(parts.kept.refresh().retriever.info.snapshot_id)
        return parts.answerer.now()

    slow = replace(parts.answerer, now=swap_then_now)
    with client(replace(parts, answerer=slow)) as asking:
        first = asking.post("/v1/answer", json=ASK).json()
    with client(replace(service(data), kept=parts.kept)) as asking:
        second = asking.post("/v1/answer", json=ASK).json()
    assert (first["index"]["snapshot_id"], first["citations"][0]["cited_text"]) == (
        before, "Tea moon.",
    )  # fmt: skip
    assert asked == [second["index"]["snapshot_id"]] != [before]
    assert second["citations"][0]["cited_text"] == "Tea rain."


def test_a_request_is_logged_without_question_key_address_or_id(
    http: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "bot.http_api"):
        http.post("/v1/answer?secret=hunter2", json={"question": "tea hunter3?"})
        http.get("/v1/documents/hunter4")
        http.get("/hunter5%0AINFO")
    lines = [r.getMessage() for r in caplog.records if r.name.startswith("bot.http_api")]
    assert [line.split()[:3] for line in lines] == [
        ["POST", "/v1/answer", "200"],
        ["GET", "/v1/documents/{document_id:path}", "404"],
        ["GET", "(none)", "404"],
    ]
    assert not [line for line in lines if "hunter" in line or "testclient" in line]


@pytest.mark.parametrize(
    ("given", "kept"), [("abc-123_X", True), ("a b", False), ("x" * 65, False), ("é", False)]
)
def test_a_request_id_is_taken_over_where_it_is_harmless(
    http: TestClient, given: str, *, kept: bool
) -> None:
    reply = http.get("/healthz", headers=[(b"X-Request-ID", given.encode())])
    assert (reply.headers["x-request-id"] == given) is kept


def test_the_document_describes_every_error_as_the_envelope(http: TestClient) -> None:
    document = http.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for operation in methods.values():
            for status, reply in operation["responses"].items():
                if status != "200":
                    schema = reply["content"]["application/json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/Envelope"}, (path, status)


def test_answerers_are_made_for_one_question(parts: Service) -> None:
    made = parts.answerer_of(parts.kept.current(), "ans_x")
    assert isinstance(made, Answerer)
    assert made.new_id() == "ans_x"
    assert made.live()[0] is parts.kept.current().retriever


def test_the_documentation_needs_no_other_host_and_no_inline_script(http: TestClient) -> None:
    page = http.get("/docs")
    check_headers(page.headers)
    sources = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert sources == [
        "data:,", "docs/swagger-ui.css", "docs/swagger-ui-bundle.js", "docs/start.js",
    ]  # fmt: skip
    assert "<style" not in page.text
    assert not re.search(r"<script[^>]*>[^<]", page.text)
    for source in sources[1:]:
        found = http.get(f"/{source}")
        assert found.status_code == 200
        check_headers(found.headers)
        assert found.content
