from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from starlette.testclient import TestClient

from bot.http_api.app import is_loopback
from bot.http_api.rates import MAX_CLIENTS, Rates, Streams, network_of
from bot.http_api.service import Service
from bot.keys import Keys, Scope
from index.errors import BuildFailed, BuildLocked
from tests.bot_fakes import TEA, library
from tests.http_fakes import client, error_of, service

ASK = {"question": "tea moon?"}


def key(parts: Service, scope: Scope = "read") -> dict[str, str]:
    """The header of a new key."""
    _, text = Keys(parts.memory.database, parts.memory.now).add("test", scope)
    return {"Authorization": f"Bearer {text}"}


READING = [
    ("POST", "/v1/answer"),
    ("POST", "/v1/answers:batch"),
    ("GET", "/v1/answers/x"),
    ("POST", "/v1/answers/x/feedback"),
    ("POST", "/v1/search"),
    ("GET", "/v1/documents"),
    ("GET", "/v1/documents/tea.txt"),
    ("GET", "/metrics"),
]
CHANGING = [("DELETE", "/v1/documents/tea.txt"), ("POST", "/v1/reload")]


@pytest.mark.parametrize(("method", "path"), READING + CHANGING)
def test_once_there_is_a_key_one_is_needed(parts: Service, method: str, path: str) -> None:
    headers = key(parts, "admin")
    with client(parts) as asking:
        reply = asking.request(method, path)
        assert error_of(reply, 401)["code"] == "key_missing"
        assert reply.headers["www-authenticate"] == "Bearer"
        for wrong in ("cw_x_y", headers["Authorization"][7:-1] + "_", "ü", "x" * 10_000):
            reply = asking.request(
                method, path, headers=[(b"authorization", b"Bearer " + wrong.encode())]
            )
            assert error_of(reply, 401)["code"] == "key_invalid"
        assert asking.request(method, path, headers=headers).status_code not in {401, 403}


@pytest.mark.parametrize(("method", "path"), CHANGING)
def test_changing_takes_an_admin_key(parts: Service, method: str, path: str) -> None:
    with client(parts) as asking:
        assert error_of(asking.request(method, path), 403)["code"] == "admin_key_needed"
    headers = key(parts, "read")
    with client(parts) as asking:
        reply = asking.request(method, path, headers=headers)
        assert error_of(reply, 403)["code"] == "admin_key_needed"


def test_health_and_the_document_need_none(parts: Service) -> None:
    key(parts)
    with client(parts) as asking:
        for path in ("/healthz", "/readyz", "/openapi.json"):
            assert asking.get(path).status_code == 200


def test_reading_may_be_public(parts: Service) -> None:
    headers = key(parts)
    with client(parts, public_read=True) as asking:
        assert asking.post("/v1/answer", json=ASK).status_code == 200
        assert asking.post("/v1/answer", json=ASK, headers=headers).status_code == 200
        wrong = {"Authorization": "Bearer cw_x_y"}
        assert error_of(asking.post("/v1/answer", json=ASK, headers=wrong), 401)
        assert error_of(asking.post("/v1/reload"), 401)


def test_two_keys_count_during_a_rotation_and_a_revoked_one_no_more(parts: Service) -> None:
    keys = Keys(parts.memory.database, parts.memory.now)
    (old, old_text), (_, new_text) = keys.add("app", "read"), keys.add("app", "read")
    with client(parts) as asking:
        for text in (old_text, new_text):
            headers = {"Authorization": f"Bearer {text}"}
            assert asking.get("/v1/documents", headers=headers).status_code == 200
    keys.revoke(old.id)
    with client(service(parts.memory.database.path.parent)) as asking:
        headers = {"Authorization": f"Bearer {old_text}"}
        assert error_of(asking.get("/v1/documents", headers=headers), 401)


def test_revoking_the_last_key_does_not_open_the_door(parts: Service) -> None:
    keys = Keys(parts.memory.database, parts.memory.now)
    keys.revoke(keys.add("app", "read")[0].id)
    with client(parts) as asking:
        assert error_of(asking.post("/v1/answer", json=ASK), 401)["code"] == "key_missing"


def test_keys_that_cant_be_read_let_nobody_in(parts: Service) -> None:
    parts.memory.database.path.write_bytes(b"no database " * 1000)
    with client(parts) as asking:
        assert error_of(asking.post("/v1/answer", json=ASK), 503)["code"] == "storage_unusable"


def test_conversations_are_their_keys(parts: Service) -> None:
    mine, other = key(parts), key(parts)
    with client(parts) as asking:
        body = {**ASK, "conversation_id": "new"}
        given = asking.post("/v1/answer", json=body, headers=mine).json()["conversation_id"]
        body = {**ASK, "conversation_id": given}
        assert asking.post("/v1/answer", json=body, headers=mine).status_code == 200
        assert error_of(asking.post("/v1/answer", json=body, headers=other), 404)


def test_a_deleted_document_is_gone_everywhere(parts: Service) -> None:
    headers = key(parts, "admin")
    with client(parts) as asking:
        given = asking.post("/v1/answer", json=ASK, headers=headers).json()
        gone = asking.delete("/v1/documents/tea.txt", headers=headers).json()
        assert (gone["object"], gone["id"]) == ("document.deleted", "tea.txt")
        assert gone["index"]["documents"] == 1
        assert error_of(asking.get("/v1/documents/tea.txt", headers=headers), 404)
        saved = asking.get(f"/v1/answers/{given['id']}", headers=headers)
        assert error_of(saved, 410)["code"] == "answer_withdrawn"
        again = asking.post("/v1/answer", json=ASK, headers=headers).json()
        assert {document["id"] for document in again["documents"]} <= {"whale.txt"}
        assert error_of(asking.delete("/v1/documents/tea.txt", headers=headers), 404)


def test_deleting_again_finishes_what_was_cut_short(parts: Service) -> None:
    headers = key(parts, "admin")
    with client(parts) as asking:
        given = asking.post("/v1/answer", json=ASK, headers=headers).json()
        parts.delete("tea.txt")  # and then the power went
        assert error_of(asking.delete("/v1/documents/tea.txt", headers=headers), 404)
        assert error_of(asking.get(f"/v1/answers/{given['id']}", headers=headers), 410)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (BuildLocked(Path("/secret"), "1"), 409, "build_in_progress"),
        (BuildFailed(Path("/secret"), "full"), 500, "index_error"),
    ],
)
def test_a_deletion_that_fails(parts: Service, error: Exception, status: int, code: str) -> None:
    headers = key(parts, "admin")

    def fail(_: str) -> None:
        raise error

    with client(replace(parts, delete=fail)) as asking:
        reply = asking.delete("/v1/documents/tea.txt", headers=headers)
        assert error_of(reply, status)["code"] == code
        assert "secret" not in reply.text


def test_reload_takes_the_new_snapshot(parts: Service, tmp_path: Path) -> None:
    headers = key(parts, "admin")
    with client(parts) as asking:
        library(tmp_path / "data", TEA)
        reply = asking.post("/v1/reload", headers=headers).json()
        assert (reply["object"], reply["index"]["documents"]) == ("reload", 1)
        assert asking.get("/readyz").json()["index"] == reply["index"]


def test_too_many_requests_are_a_429(parts: Service) -> None:
    with client(parts, requests_per_minute=2) as asking:
        first = asking.get("/v1/documents")
        assert first.headers["ratelimit-limit"] == "2"
        assert first.headers["ratelimit-remaining"] == "1"
        assert asking.get("/v1/documents").headers["ratelimit-remaining"] == "0"
        refused = asking.get("/v1/documents")
        assert error_of(refused, 429)["code"] == "rate_limited"
        assert 0 < int(refused.headers["retry-after"]) <= 30
        assert asking.get("/healthz").status_code == 200


def test_a_batch_costs_as_many_as_it_asks(parts: Service) -> None:
    with client(parts, requests_per_minute=3) as asking:
        body = {"requests": [ASK] * 3}
        assert asking.post("/v1/answers:batch", json=body).status_code == 200
        assert error_of(asking.post("/v1/answers:batch", json=body), 429)


def test_guessing_keys_is_limited_by_address(parts: Service) -> None:
    headers = key(parts)
    with client(parts, requests_per_minute=2) as asking:
        wrong = {"Authorization": "Bearer cw_x_y"}
        statuses = [asking.get("/v1/documents", headers=wrong).status_code for _ in range(3)]
        assert statuses == [401, 401, 429]
        assert asking.get("/v1/documents", headers=headers).status_code == 200


def test_keys_have_limits_of_their_own(parts: Service) -> None:
    one, other = key(parts), key(parts)
    with client(parts, key_requests_per_minute=1) as asking:
        assert asking.get("/v1/documents", headers=one).status_code == 200
        assert error_of(asking.get("/v1/documents", headers=one), 429)
        assert asking.get("/v1/documents", headers=other).status_code == 200


def test_a_client_has_only_so_many_streams(parts: Service) -> None:
    body = {**ASK, "stream": True}
    with client(parts, streams=1) as asking:
        for _ in range(3):  # one after another is one at a time
            assert asking.post("/v1/answer", json=body).status_code == 200
        app: Any = asking.app
        streams = app._inner.state.gate.streams
        assert streams.enter("unknown")
        refused = asking.post("/v1/answer", json=body)
        assert error_of(refused, 429)["code"] == "too_many_streams"
        assert asking.post("/v1/answer", json=ASK).status_code == 200
        streams.leave("unknown")
        assert asking.post("/v1/answer", json=body).status_code == 200


def test_a_stream_that_is_refused_by_the_queue_is_not_counted(tmp_path: Path) -> None:
    library(tmp_path / "data", TEA)
    parts = service(tmp_path / "data", threads=1, waiting=0)
    release = Event()
    body = {**ASK, "stream": True}
    with client(parts, streams=1) as asking:
        held = parts.work.submit(release.wait)
        for _ in range(2):
            assert error_of(asking.post("/v1/answer", json=body), 503)["code"] == "overloaded"
        release.set()
        held.result()
        assert asking.post("/v1/answer", json=body).status_code == 200


def test_a_host_that_is_not_ours_is_refused(parts: Service) -> None:
    with client(parts, hosts="cite.example,other.example") as asking:
        for host, status in (("cite.example:80", 200), ("OTHER.example", 200), ("evil", 421)):
            assert asking.get("/healthz", headers={"Host": host}).status_code == status
        reply = asking.get("/healthz", headers={"Host": "evil"})
        assert error_of(reply, 421)["code"] == "unknown_host"


@pytest.mark.parametrize(
    ("settings", "status"),
    [({}, 421), ({"host": "0.0.0.0"}, 200), ({"proxies": "10.0.0.1"}, 200)],  # noqa: S104
)
def test_on_a_loopback_address_only_its_own_names_count(
    parts: Service, settings: dict[str, str], status: int
) -> None:
    with client(parts, **{"hosts": "", **settings}) as asking:
        assert asking.get("/healthz").status_code == status
        ours = {"Host": "localhost:8000"}
        assert asking.get("/healthz", headers=ours).status_code == 200


def test_other_origins_are_allowed_by_name_only(parts: Service, http: TestClient) -> None:
    preflight = {
        "Origin": "https://a.example", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }  # fmt: skip
    reply = http.options("/v1/answer", headers=preflight)
    assert error_of(reply, 405)
    assert "access-control-allow-origin" not in reply.headers
    with client(parts, origins="https://a.example") as asking:
        reply = asking.options("/v1/answer", headers=preflight)
        assert reply.headers["access-control-allow-origin"] == "https://a.example"
        other = {**preflight, "Origin": "https://b.example"}
        reply = asking.options("/v1/answer", headers=other)
        assert error_of(reply, 403)["code"] == "origin_not_allowed"
        assert "access-control-allow-origin" not in reply.headers
        reply = asking.post("/v1/answer", json=ASK, headers={"Origin": "https://a.example"})
        assert reply.headers["access-control-allow-origin"] == "https://a.example"


def test_metrics_count_requests_stages_and_abstentions(http: TestClient) -> None:
    http.post("/v1/answer", json=ASK)
    http.post("/v1/answer", json={"question": "robots?"})
    http.get("/v1/documents/secret")
    reply = http.get("/metrics")
    assert reply.headers["content-type"].startswith("text/plain")
    for line in (
        'citewire_requests_total{method="POST",route="/v1/answer",status="200"} 2.0',
        'citewire_answers_total{reason="",status="answered"} 1.0',
        'citewire_answers_total{reason="insufficient_evidence",status="abstained"} 1.0',
        'citewire_stage_seconds_count{stage="answering"} 2.0',
        "citewire_work 0.0",
    ):
        assert line in reply.text
    assert "citewire_snapshot_age_seconds " in reply.text
    assert "secret" not in reply.text


def test_an_allowance_comes_back_evenly() -> None:
    """6 a minute: one every 10 s; after 6 at once, 5 s are not enough and 10 are."""
    now = 0.0
    rates = Rates(6, lambda: now)
    assert [rates.spend("a").allowed for _ in range(7)] == [True] * 6 + [False]  # type: ignore[union-attr]
    now = 5.0
    refused = rates.spend("a")
    assert refused is not None
    assert (refused.allowed, refused.remaining, refused.retry_after_s) == (False, 0, 5)
    now = 10.0
    allowed = rates.spend("a")
    assert allowed is not None
    assert (allowed.allowed, allowed.remaining, allowed.reset_s) == (True, 0, 60)
    other = rates.spend("b", 4)
    assert other is not None
    assert (other.allowed, other.remaining) == (True, 2)


def test_who_asks_most_at_once_may_when_rested() -> None:
    rates = Rates(6, lambda: 0.0)
    allowance = rates.spend("a", 32)
    assert allowance is not None
    assert (allowance.allowed, allowance.remaining) == (True, 0)


def test_only_so_many_clients_are_remembered() -> None:
    rates = Rates(6, lambda: 0.0)
    for number in range(MAX_CLIENTS + 10):
        rates.spend(str(number))
    assert len(rates._whole_at) == MAX_CLIENTS
    streams = Streams(1)
    assert streams.enter("a")
    assert not streams.enter("a")
    streams.leave("a")
    assert not streams._open


def test_no_limit_is_none() -> None:
    assert Rates(0, lambda: 0.0).spend("a") is None


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8::1", "2001:db8::"),
        ("2001:db8::ffff:0:0:1", "2001:db8::"),
        ("2001:db8:0:1::1", "2001:db8:0:1::"),
        ("testclient", "unknown"),
    ],
)
def test_an_ipv6_customer_is_one_client(address: str, counts_as: str) -> None:
    assert network_of(address) == counts_as


@pytest.mark.parametrize(
    ("host", "only"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("a", False)],  # noqa: S104
)
def test_loopback_is_known(host: str, *, only: bool) -> None:
    assert is_loopback(host) is only
