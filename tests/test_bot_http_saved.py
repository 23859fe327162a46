import json
from pathlib import Path
from threading import Event

import pytest
from starlette.testclient import TestClient

from bot.http_api.service import Service
from tests.bot_fakes import NOW, TEA, library
from tests.http_fakes import client, error_of, events_of, service


def test_an_answer_can_be_had_again_by_its_id(http: TestClient) -> None:
    for body in ({"question": "tea?"}, {"question": "robots?"}):
        given = http.post("/v1/answer", json=body).json()
        assert http.get(f"/v1/answers/{given['id']}").json() == given
    streamed = events_of(http.post("/v1/answer", json={"question": "tea?", "stream": True}).text)
    given = streamed[-1]["answer"]
    assert http.get(f"/v1/answers/{given['id']}").json() == given
    assert error_of(http.get("/v1/answers/ans_x"), 404)["code"] == "answer_not_found"


def test_feedback_is_kept(http: TestClient, parts: Service) -> None:
    answer_id = http.post("/v1/answer", json={"question": "tea?"}).json()["id"]
    body = {"rating": "down", "reason": "wrong", "comment": "Cold."}
    found = http.post(f"/v1/answers/{answer_id}/feedback", json=body)
    assert found.json() == {"object": "feedback", "answer_id": answer_id, **body}
    rows = parts.memory.database.all("SELECT rating, reason, comment FROM feedback")
    assert rows == [("down", "wrong", "Cold.")]
    unknown = http.post("/v1/answers/ans_x/feedback", json=body)
    assert error_of(unknown, 404)["code"] == "answer_not_found"
    wrong = http.post(f"/v1/answers/{answer_id}/feedback", json={"rating": "so-so"})
    assert error_of(wrong, 422)["param"] == "rating"


def test_a_conversation_is_kept_by_the_server(http: TestClient) -> None:
    first = http.post("/v1/answer", json={"question": "tea?", "conversation_id": "new"}).json()
    assert first["conversation_id"].startswith("conv_")
    body = {"question": "and its moon?", "conversation_id": first["conversation_id"]}
    second = http.post("/v1/answer", json=body).json()
    assert second["standalone_question"] == "Tea? Tea’s moon?"
    assert second["conversation_id"] == first["conversation_id"]
    third = events_of(http.post("/v1/answer", json={**body, "stream": True}).text)
    assert third[0]["answer"]["conversation_id"] == first["conversation_id"]


@pytest.mark.parametrize("stream", [False, True])
def test_an_unknown_conversation_is_a_404(http: TestClient, *, stream: bool) -> None:
    body = {"question": "tea?", "conversation_id": "conv_x", "stream": stream}
    assert error_of(http.post("/v1/answer", json=body), 404)["code"] == "conversation_not_found"


def test_history_and_a_conversation_are_one_too_many(http: TestClient) -> None:
    history = [{"role": "user", "content": "tea?"}]
    body = {"question": "tea?", "conversation_id": "new", "history": history}
    error = error_of(http.post("/v1/answer", json=body), 422)
    assert error["message"] == "Give history or conversation_id, not both."


def test_what_is_not_to_be_saved_leaves_nothing(http: TestClient, parts: Service) -> None:
    body = {"question": "tea?", "save": False}
    one = http.post("/v1/answer", json=body).json()
    streamed = events_of(http.post("/v1/answer", json={**body, "stream": True}).text)
    several = http.post("/v1/answers:batch", json={"requests": [body]}).json()["data"]
    assert one["status"] == streamed[-1]["answer"]["status"] == several[0]["answer"]["status"]
    assert error_of(http.get(f"/v1/answers/{one['id']}"), 404)["code"] == "answer_not_found"
    assert parts.memory.database.all("SELECT id FROM answers") == []
    error = error_of(http.post("/v1/answer", json={**body, "conversation_id": "new"}), 422)
    assert error["message"] == "A conversation is kept: give history, or let it be saved."


def test_a_batch_has_a_status_for_each(http: TestClient) -> None:
    requests = [
        {"question": "tea?"},
        {"question": ""},
        {"question": "robots?"},
        {"question": "tea?", "conversation_id": "conv_x"},
        {"question": "tea?", "mode": "llm"},
        {"question": "tea?", "stream": True},
    ]
    reply = http.post("/v1/answers:batch", json={"requests": requests})
    items = reply.json()["data"]
    assert [item["index"] for item in items] == list(range(6))
    assert [item["status"] for item in items] == [200, 422, 200, 404, 422, 422]
    assert items[0]["answer"]["status"] == "answered"
    assert items[2]["answer"]["status"] == "abstained"
    assert items[1]["error"]["param"] == "question"
    assert items[5]["error"]["code"] == "unknown_field"
    assert items[3]["error"]["request_id"] == reply.headers["x-request-id"]
    assert http.get(f"/v1/answers/{items[0]['answer']['id']}").status_code == 200


@pytest.mark.parametrize("requests", [[], [{}] * 33, {}, [1]])
def test_a_batch_of_none_too_many_or_no_questions_is_a_422(
    http: TestClient, requests: object
) -> None:
    assert error_of(http.post("/v1/answers:batch", json={"requests": requests}), 422)


def test_a_batch_does_not_fill_the_queue(tmp_path: Path) -> None:
    library(tmp_path / "data", TEA)
    parts = service(tmp_path / "data", threads=1, waiting=0)
    with client(parts) as asking:
        reply = asking.post("/v1/answers:batch", json={"requests": [{"question": "tea?"}] * 32})
        assert {item["status"] for item in reply.json()["data"]} == {200}
        release = Event()
        parts.work.submit(release.wait)
        reply = asking.post("/v1/answers:batch", json={"requests": [{"question": "tea?"}]})
        assert reply.json()["data"][0]["error"]["code"] == "overloaded"
        release.set()


def test_a_withdrawn_answer_is_gone(http: TestClient, parts: Service) -> None:
    given = http.post("/v1/answer", json={"question": "tea moon?"}).json()
    parts.memory.forget("tea.txt", NOW)
    reply = http.get(f"/v1/answers/{given['id']}")
    assert error_of(reply, 410)["code"] == "answer_withdrawn"


def test_where_nothing_can_be_kept_answers_are_given_all_the_same(
    http: TestClient, parts: Service
) -> None:
    with parts.memory.database.transaction(write=True) as db:
        db.execute("DROP TABLE answers")
    given = http.post("/v1/answer", json={"question": "tea?"}).json()
    assert given["status"] == "answered"
    assert [warning["code"] for warning in given["warnings"]] == ["not_saved"]
    reply = http.get(f"/v1/answers/{given['id']}")
    assert error_of(reply, 503)["code"] == "storage_unusable"
    assert "bot.sqlite" not in json.dumps(reply.json())
