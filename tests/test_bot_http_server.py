"""What only a real server process shows."""

import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest

from bot.http_api.serving import _listen
from corpus.article import Article
from corpus.read import Found
from index.build import Builder, Silent
from index.encoder import OnnxEncoder
from index.lock import build_lock
from index.snapshot import SplitterSpec
from tests.bot_fakes import run
from tests.http_fakes import (
    PROGRAM,
    TIMEOUT_S,
    Server,
    check_headers,
    error_of,
    events_of,
    serving,
    wait_until,
)

pytestmark = pytest.mark.slow

QUESTION = {"question": "How much is Huawei's smart car unit worth?"}


@pytest.fixture(scope="module")
def models(exported_encoder: Path) -> Path:
    return exported_encoder.parent


@pytest.fixture(scope="module")
def data(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the bundled articles."""
    found = tmp_path_factory.mktemp("server") / "data"
    assert run("index", "--data", str(found), environment={"CITEWIRE_MODELS": str(models)})
    return found


@pytest.fixture(scope="module")
def server(data: Path, models: Path) -> Iterator[Server]:
    with serving(data, models, read_timeout_s=1, max_body_kib=8, connections=500) as found:
        yield found


def raw(server: Server, *pieces: bytes) -> bytes:
    """All that comes back when these bytes are sent, until the server closes."""
    with closing(server.connect()) as connection:
        for piece in pieces:
            connection.sendall(piece)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def envelope(reply: bytes) -> dict[str, str]:
    """The error in a reply as it came over the wire."""
    head, _, body = reply.partition(b"\r\n\r\n")
    headers = dict(line.decode().lower().split(": ", 1) for line in head.split(b"\r\n")[1:])
    assert headers["connection"] == "close"
    check_headers(headers)
    error: dict[str, str] = json.loads(body)["error"]
    return error


def test_it_answers_as_the_command_line_does(server: Server, data: Path, models: Path) -> None:
    found = httpx2.post(f"{server.url}/v1/answer", json=QUESTION)
    check_headers(found.headers)
    assert "server" not in found.headers
    said = run(
        "ask", QUESTION["question"], "--json", "--data", str(data),
        environment={"CITEWIRE_MODELS": str(models)},
    )  # fmt: skip
    assert found.json()["citations"] == json.loads(said.out)["citations"]


def test_ids_come_decoded_once(server: Server) -> None:
    reply = httpx2.get(f"{server.url}/v1/documents/{quote('real/huawei-%41', safe='')}")
    assert error_of(reply, 404)["code"] == "document_not_found"
    found = "real/huawei-audi-mercedes-stake-talks.md"
    for path in (found, quote(found, safe="")):
        assert httpx2.get(f"{server.url}/v1/documents/{path}").json()["id"] == found


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(b"", 408, id="nothing"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Y: ", 408, id="half a head"),
        pytest.param(b"\r\n\r\n", 408, id="line ends"),
        pytest.param(b"NONSENSE\r\n\r\n", 400, id="no HTTP"),
        pytest.param(b"GET /\xff HTTP/1.1\r\n\r\n", 400, id="a path that is no path"),
        pytest.param(b"GET / HTTP/1.1\r\nX: " + b"y" * 70_000, 431, id="an endless head"),
        pytest.param(
            b"POST /v1/answer HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 9\r\n\r\n{", 408, id="half a body",
        ),
        pytest.param(
            b"POST /v1/answer HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n" + b"1000\r\n" + b" " * 0x1000 + b"\r\n2000\r\n"
            + b" " * 0x2000 + b"\r\n", 413, id="a body without end",
        ),
    ],
)  # fmt: skip
def test_what_is_no_request_is_answered_and_closed(
    server: Server, sent: bytes, status: int
) -> None:
    reply = raw(server, sent)
    assert reply.startswith(b"HTTP/1.1 %d " % status)
    assert envelope(reply)["request_id"].startswith("req_")


def test_no_bytes_whatever_end_it(server: Server) -> None:
    """Pieces of requests put together anyhow, by a fixed seed."""
    dice = random.Random(5)  # noqa: S311  (a test)
    pieces = [
        b"GET ", b"POST ", b"/v1/answer", b"*", b" HTTP/1.1", b" HTTP/9", b"\r\n", b"\n",
        b"\r\n\r\n", b"Host: localhost", b"Content-Length: ", b"-1", b"99999999999999999999", b"5",
        b"Transfer-Encoding: chunked", b"ffffffffffffffffff", b"0", b"{}", b"\x00", b"\xff",
        b"Expect: 100-continue", b"Upgrade: websocket", b"Connection: upgrade", b": ", b"%", b"%00",
    ]  # fmt: skip
    for _ in range(300):
        with closing(server.connect()) as connection:
            connection.sendall(b"".join(dice.choices(pieces, k=dice.randrange(1, 12))))
    assert httpx2.get(f"{server.url}/healthz").status_code == 200
    assert server.process.poll() is None


def test_hundreds_of_idle_and_half_sent_sockets_keep_nobody_out(data: Path, models: Path) -> None:
    half = b"POST /v1/answer HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n"
    with ExitStack() as stack:
        server = stack.enter_context(serving(data, models, read_timeout_s=60))
        for number in range(400):
            connection = stack.enter_context(closing(server.connect()))
            if number % 2:
                connection.sendall(half + (b"\r\n{" if number % 4 == 1 else b""))
        with httpx2.Client(base_url=server.url, timeout=TIMEOUT_S) as asking:
            for _ in range(20):
                assert asking.post("/v1/answer", json=QUESTION).status_code == 200


def test_a_client_that_does_not_read_its_reply_is_cut_off(data: Path, models: Path) -> None:
    requests = {"requests": [{**QUESTION, "max_citations": 10, "include": ["passages"]}] * 32}
    body = json.dumps(requests).encode()
    head = b"POST /v1/answers:batch HTTP/1.1\r\nHost: localhost\r\n"
    head += b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    with serving(data, models, read_timeout_s=0.5) as server, socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(TIMEOUT_S)
        connection.connect(("127.0.0.1", server.port))
        for _ in range(40):  # more than the buffers in between take
            connection.sendall(head + body)
        wait_until(lambda: not connected(server, connection))
        assert httpx2.get(f"{server.url}/healthz").status_code == 200


def connected(server: Server, connection: socket.socket) -> bool:
    """Tell whether the server still has its end."""
    ours = f":{connection.getsockname()[1]:04X}"
    theirs = f":{server.port:04X}"
    rows = [line.split()[1:4] for line in Path("/proc/net/tcp").read_text("ascii").splitlines()]
    return any(
        local.endswith(theirs) and remote.endswith(ours) and state == "01"
        for local, remote, state in rows
    )


def test_a_client_that_leaves_a_stream_leaves_nothing_behind(data: Path, models: Path) -> None:
    with serving(data, models, streams=1) as server:
        body = {**QUESTION, "stream": True}
        for _ in range(20):
            with httpx2.stream("POST", f"{server.url}/v1/answer", json=body) as reply:
                assert reply.status_code in {200, 429}
        url = f"{server.url}/v1/answer"
        wait_until(lambda: httpx2.post(url, json=body).status_code == 200)
        assert "citewire_work 0.0" in httpx2.get(f"{server.url}/metrics").text


@pytest.mark.parametrize("trusted", [True, False])
def test_only_a_trusted_proxy_says_who_asks(data: Path, models: Path, *, trusted: bool) -> None:
    options = ["--proxy-headers", "127.0.0.1" if trusted else "10.0.0.1"]
    with serving(data, models, *options, requests_per_minute=1) as server:
        statuses = [
            httpx2.get(
                f"{server.url}/v1/documents", headers={"X-Forwarded-For": f"192.0.2.{number}"}
            ).status_code
            for number in range(3)
        ]
    assert statuses == ([200, 200, 200] if trusted else [200, 429, 429])


def test_what_is_logged_at_info_names_no_question_answer_or_address(
    data: Path, models: Path
) -> None:
    with serving(data, models, log_level="INFO") as server:
        answer = httpx2.post(f"{server.url}/v1/answer", json=QUESTION).json()
        httpx2.get(f"{server.url}/v1/answers/{answer['id']}")
        raw(server, b"NONSENSE\r\n\r\n")
        assert server.stop() == 0
        assert server.process.stderr is not None
        lines = server.process.stderr.read().splitlines()
    assert [line.split()[1:4] for line in lines] == [
        ["POST", "/v1/answer", "200"],
        ["GET", "/v1/answers/{answer_id}", "200"],
    ]
    assert all(re.search(r" \d+ ms req_[0-9a-f]{16}$", line) for line in lines)


def test_beyond_the_limit_a_connection_is_refused(data: Path, models: Path) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(serving(data, models, connections=3, read_timeout_s=60))
        with httpx2.Client(base_url=server.url) as asking:
            assert asking.get("/healthz").status_code == 200
            for _ in range(2):
                stack.enter_context(closing(server.connect()))
            assert raw(server).startswith(b"HTTP/1.1 503 ")
            assert asking.get("/healthz").status_code == 200


class Load(threading.Thread):
    """Asks over and over until it is told to stop or the server is gone; keeps every reply."""

    def __init__(self, url: str, *, stream: bool = False) -> None:
        super().__init__()
        self.url, self.statuses, self.bodies = url, list[int](), list[str]()
        self.question = {**QUESTION, "stream": stream}
        self.truncated = 0
        self.stopped, self.began = threading.Event(), threading.Event()

    def run(self) -> None:
        """Ask."""
        with httpx2.Client(timeout=TIMEOUT_S) as asking:
            while not self.stopped.is_set():
                try:
                    reply = asking.post(f"{self.url}/v1/answer", json=self.question)
                except (httpx2.ConnectError, httpx2.ReadError):
                    return  # refused, or closed before it was read: the server has ended
                except httpx2.RemoteProtocolError as error:
                    self.truncated += "without sending" not in str(error)
                    return
                self.statuses.append(reply.status_code)
                self.bodies.append(reply.text)
                self.began.set()


def whole(body: str) -> bool:
    """Tell whether a reply is all there."""
    if body.startswith("event:"):
        return bool(events_of(body)[-1]["type"] == "answer.completed")
    return bool(json.loads(body)["object"] == "answer")


def refused(body: str) -> bool:
    """Tell whether a reply says, whole, that the server stops."""
    return json.loads(body)["error"]["code"] in {"stopping", "overloaded"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_signal_under_load_ends_it_with_0_and_no_reply_cut_short(
    data: Path, models: Path, number: signal.Signals, workers: int
) -> None:
    with serving(data, models, workers=workers) as server:
        loads = [Load(server.url, stream=bool(n % 2)) for n in range(4)]
        for load in loads:
            load.start()
        for load in loads:
            assert load.began.wait(TIMEOUT_S)
        server.process.send_signal(number)
        assert server.process.wait(TIMEOUT_S) == 0
        for load in loads:
            load.join(TIMEOUT_S)
            assert not load.truncated
            # A second worker may be starting just then: whom it can't answer it tells so.
            assert set(load.statuses) <= ({200} if workers == 1 else {200, 503})
            replies = zip(load.statuses, load.bodies, strict=True)
            assert all(whole(body) if status == 200 else refused(body) for status, body in replies)


HANGING = """
import sys
from pathlib import Path
from threading import Event
from unittest.mock import patch

from bot.answerer import Answerer
from bot.cli import main

sys.argv = ["citewire", "serve", "--port", "0"]
with patch.object(Answerer, "ask", lambda *_: Event().wait()):
    main()
"""


def test_a_question_that_never_ends_does_not_keep_it_from_ending(data: Path, models: Path) -> None:
    environment = {"CITEWIRE_DATA": str(data), "CITEWIRE_MODELS": str(models)}
    with subprocess.Popen(
        [PROGRAM[0], "-c", HANGING], env={**os.environ, **environment},
        stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            server = Server(process)
            asking = Load(server.url)
            asking.start()
            url = f"{server.url}/metrics"
            wait_until(lambda: "citewire_work 1.0" in httpx2.get(url).text)
            assert server.stop() == 0
            asking.join(TIMEOUT_S)
            assert asking.statuses == [503]
            assert json.loads(asking.bodies[0])["error"]["code"] == "stopping"
        finally:
            process.kill()


def test_idle_connections_do_not_delay_the_end(data: Path, models: Path) -> None:
    with serving(data, models, read_timeout_s=60) as server, ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(closing(server.connect())).sendall(b"GET / HTTP/1.1\r\n")
        assert httpx2.get(f"{server.url}/healthz").status_code == 200
        assert server.stop() == 0


def test_half_a_body_does_not_delay_the_end_nor_is_it_an_error(data: Path, models: Path) -> None:
    half = b"POST /v1/answer HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n"
    half += b"Content-Type: application/json\r\n\r\n{"
    with serving(data, models, read_timeout_s=60) as server, closing(server.connect()) as stays:
        stays.sendall(half)
        with closing(server.connect()) as leaves:
            leaves.sendall(half)
        url = f"{server.url}/metrics"
        wait_until(lambda: 'route="/v1/answer",status="400"} 1.0' in httpx2.get(url).text)
        assert server.stop() == 0
        assert server.process.stderr is not None
        assert server.process.stderr.read() == ""


def test_snapshots_are_swapped_under_load_without_a_failed_request(
    exported_encoder: Path, tmp_path: Path
) -> None:
    data, encoder = tmp_path / "data", OnnxEncoder(exported_encoder)

    snapshots: dict[str, Article] = {}

    def build(number: int) -> None:
        text = f"Huawei's smart car unit is worth {number} dollars."
        found = Found(Article("unit.txt", "Huawei's car unit", text), "/unit.txt", None)
        now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
        with build_lock(data):
            builder = Builder(data, encoder, SplitterSpec(), progress=Silent(), now=now)
            snapshots[builder.update([found], ()).snapshot_id] = found.article

    build(0)
    with serving(data, exported_encoder.parent) as server:
        load = Load(server.url)
        load.start()
        assert load.began.wait(TIMEOUT_S)
        for number in range(1, 21):
            build(number)
        with httpx2.Client(base_url=server.url, timeout=TIMEOUT_S) as asking:
            while "20 dollars" not in asking.post("/v1/answer", json=QUESTION).text:
                assert load.is_alive()
        load.stopped.set()
        load.join(TIMEOUT_S)
    assert set(load.statuses) == {200}
    answers = [json.loads(body) for body in load.bodies]
    assert len(snapshots) == 21
    assert len({answer["index"]["snapshot_id"] for answer in answers}) > 1
    for answer in answers:
        article = snapshots[answer["index"]["snapshot_id"]]
        for citation in answer["citations"]:
            start, end = citation["start_char_index"], citation["end_char_index"]
            assert article.text[start:end] == citation["cited_text"]
            assert citation["revision"] == article.revision


def test_metrics_are_those_of_all_workers(data: Path, models: Path) -> None:
    count = 'citewire_requests_total{method="POST",route="/v1/answer",status="200"} 20.0'
    with serving(data, models, workers=2) as server:
        for _ in range(20):  # a connection each: both workers get some
            # The second one may have been starting still: longer than five seconds, at times.
            url = f"{server.url}/v1/answer"
            assert httpx2.post(url, json=QUESTION, timeout=TIMEOUT_S).status_code == 200
        for _ in range(8):
            found = httpx2.get(f"{server.url}/metrics", timeout=TIMEOUT_S).text
            assert count in found
            assert found.count("\ncitewire_snapshot_age_seconds ") == 1
        assert server.stop() == 0


def test_an_address_that_is_taken_is_named(server: Server, data: Path) -> None:
    ran = run("serve", "--port", str(server.port), "--data", str(data))
    assert ran.status == 1
    assert f"port {server.port}: something else listens there" in ran.err


def test_a_server_without_an_index_says_so_and_finds_one_later(
    models: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    with serving(data, models) as server:
        with httpx2.Client(base_url=server.url, timeout=TIMEOUT_S) as asking:
            assert error_of(asking.get("/readyz"), 503)["code"] == "no_index"
            environment = {"CITEWIRE_MODELS": str(models)}
            assert run("index", "--data", str(data), environment=environment).status == 0
            assert asking.get("/readyz").json()["status"] == "ready"
        assert server.stop() == 0


def test_behind_a_proxy_it_knows_its_path_and_speaks_tls(
    data: Path, models: Path, tmp_path: Path
) -> None:
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", key, "-out", cert, "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1"],
        check=False, capture_output=True,
    )  # fmt: skip
    if made.returncode:
        pytest.skip("openssl can't make a certificate here")
    options = ["--root-path", "/cite", "--tls-cert", str(cert), "--tls-key", str(key)]
    with serving(data, models, *options) as server:
        import ssl

        context = ssl.create_default_context(cafile=str(cert))
        with httpx2.Client(verify=context) as asking:
            assert asking.get(f"{server.url}/healthz").status_code == 200
            document = asking.get(f"{server.url}/openapi.json").json()
            assert document["servers"] == [{"url": "/cite"}]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--tls-cert", "x"], "set both CITEWIRE_TLS_CERT and CITEWIRE_TLS_KEY"),
        (["--root-path", "x"], "CITEWIRE_ROOT_PATH"),
        (["--port", "70000"], "CITEWIRE_PORT"),
    ],
)
def test_settings_that_make_no_sense_are_wrong_usage(arguments: list[str], complaint: str) -> None:
    ran = run("serve", *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert complaint in ran.err


@pytest.mark.parametrize(
    ("options", "keyed", "said"),
    [
        ({}, False, "no API key needed: anyone on this machine may ask"),
        ({"host": "0.0.0.0"}, False, "no API key needed: anyone on the network may ask"),  # noqa: S104
        ({"host": "0.0.0.0"}, True, "(the network, with an API key;"),  # noqa: S104
        ({"public_read": True}, True, "no API key needed: anyone on this machine may ask"),
    ],
)
def test_it_says_at_the_start_who_may_ask(
    data: Path, models: Path, tmp_path: Path, options: dict[str, object], *, keyed: bool, said: str
) -> None:
    copy = tmp_path / "data"
    shutil.copytree(data, copy, ignore=shutil.ignore_patterns("bot.sqlite*"))
    if keyed:
        assert run("keys", "add", "a", "--data", str(copy)).status == 0
    with serving(copy, models, **options) as server:
        assert said in server.said


def test_the_command_line_does_not_import_the_server() -> None:
    dump = "import sys; import bot.cli; print(*sys.modules)"
    ran = subprocess.run([PROGRAM[0], "-c", dump], capture_output=True, text=True, check=True)
    assert not {"fastapi", "starlette", "uvicorn", "mcp"} & set(ran.stdout.split())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_socket_says_that_it_is_tcp(host: str) -> None:
    """Only then asyncio sends small replies at once; else each waits 40 ms."""
    with _listen(host, 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_it_listens_on_this_machine_only(server: Server) -> None:
    addresses = socket.getaddrinfo(socket.gethostname(), server.port, socket.AF_INET)
    for *_, address in addresses:
        if not str(address[0]).startswith("127."):
            with pytest.raises(OSError, match="refused"), socket.socket() as connection:
                connection.connect(address)
