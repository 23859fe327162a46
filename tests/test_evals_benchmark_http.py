"""What the benchmark over HTTP reads, adds up, prints and refuses."""

import json
import os
import shutil
import socket
import stat
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from evals.benchmark_contenders import missing_for_plain_script
from evals.benchmark_errors import BenchmarkFailed, ToolMissing
from evals.benchmark_http import HttpPlan, questions_of
from evals.benchmark_http_report import CLIENTS, HttpReport, Round, Timed, render_http, report_of
from evals.benchmark_load import Load, Requests, crowd, find_wrk, press, read_load, write_bodies
from evals.benchmark_servers import PLAIN_SERVER, Server, free_port, running
from evals.benchmark_stats import Spread
from evals.suites import FIXED_QUESTIONS
from tests.test_evals_benchmark import citewire
from tests.test_evals_benchmark_report import SETTING

FIGURES = '{"requests": 50, "took_us": 2000000, "p50_us": 4500, "p99_us": 9000, "failed": 0}'


def load(clients: int, per_second: float, p99_ms: float) -> Load:
    return Load(clients, per_second, 10.0, p99_ms, 100)


def one_round(per_second: float, quiet_ms: float, crowded_ms: float) -> Round:
    """The same for any number of clients, but for sockets in the way."""
    loads = {clients: Timed(load(clients, per_second, quiet_ms), 5.0) for clients in CLIENTS}
    search = Timed(load(16, 4 * per_second, quiet_ms), 2.0)
    return Round(loads, search, load(16, per_second, crowded_ms))


OURS = [one_round(120, 20, 24), one_round(90, 20, 20), one_round(100, 40, 60)]
THEIRS = [one_round(40, 80, 80), one_round(45, 80, 80), one_round(20, 80, 80)]


def report(*rounds: list[Round], missing: tuple[str, ...] = ()) -> HttpReport:
    return report_of(SETTING, rounds, seconds=5, missing=missing)


def printed(found: HttpReport) -> str:
    console = Console(width=110, color_system=None)
    with console.capture() as capture:
        console.print(render_http(found))
    return capture.get()


def test_what_wrk_prints_last_is_read() -> None:
    """50 requests in two seconds are 25 a second; 4500 and 9000 µs are 4.5 and 9 ms."""
    found = read_load("It", f"Running 2s test\n  Latency  4.50ms\n{FIGURES}\n", 16)
    assert found == Load(16, 25.0, 4.5, 9.0, 50)


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        pytest.param("", "no figures", id="nothing"),
        pytest.param("Running 2s test\n", "no figures", id="no JSON"),
        pytest.param(FIGURES.replace('"failed": 0', '"failed": 3'),
                     "3 of 50 requests of 16 clients failed", id="a refusal is soon given"),
        pytest.param(FIGURES.replace("50,", "0,", 1), "no request of 16", id="no reply at all"),
    ],
)  # fmt: skip
def test_figures_that_tell_nothing_are_refused(output: str, reason: str) -> None:
    with pytest.raises(BenchmarkFailed, match=reason):
        read_load("It", output, 16)


def test_without_wrk_the_command_that_installs_it_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match=r"wrk is not installed\. On Debian: apt-get install wrk"):
        find_wrk()


def test_a_wrk_that_fails_is_quoted(tmp_path: Path) -> None:
    broken = tmp_path / "wrk"
    broken.write_text("#!/bin/sh\necho unable to connect >&2\nexit 1\n")
    broken.chmod(broken.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(BenchmarkFailed, match="It: wrk, exit status 1: unable to connect"):
        press(str(broken), Requests("It", "http://127.0.0.1:1", tmp_path), clients=1, seconds=1)


def test_a_body_stays_on_its_line(tmp_path: Path) -> None:
    questions = ["two\nlines", "U+2028 \u2028 ends a line for some", 'a "quote"']
    for field in ("question", "query"):
        lines = write_bodies(tmp_path / "b.jsonl", questions, field).read_bytes().splitlines()
        assert [json.loads(line) for line in lines] == [{field: text} for text in questions]


def test_the_bundled_articles_are_asked_the_fixed_questions() -> None:
    asked = questions_of(HttpPlan(), ["A sentence."])
    assert len(asked) == len(FIXED_QUESTIONS.read_text("utf-8").splitlines())


def test_other_articles_are_asked_their_sentences_or_a_file(tmp_path: Path) -> None:
    assert questions_of(HttpPlan(source=tmp_path), ["A sentence."]) == ("A sentence.",)
    file = tmp_path / "q.jsonl"
    file.write_text('{"id": "1", "question": "Who?"}\n{"id": "2", "text": "When?"}\n')
    assert questions_of(HttpPlan(source=tmp_path, ask=file), []) == ("Who?", "When?")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param('{"id": "1"}\n', r"q\.jsonl:1", id="no question in a line"),
        pytest.param("", "it holds no question", id="empty"),
        pytest.param(None, "it can't be read", id="missing"),
    ],
)
def test_a_file_without_questions_is_refused(
    content: str | None, reason: str, tmp_path: Path
) -> None:
    file = tmp_path / "q.jsonl"
    if content is not None:
        file.write_text(content)
    with pytest.raises(BenchmarkFailed, match=reason):
        questions_of(HttpPlan(ask=file), [])


def test_the_advantage_is_the_median_of_the_rounds_ratios() -> None:
    """120/40, 90/45 and 100/20 are 3, 2 and 5; the p99 80/20, 80/20 and 80/40 are 4, 4 and 2."""
    figures = {figure.key: figure for figure in report(OURS, THEIRS).figures}
    assert figures["rate_64"].advantage == Spread(median=3.0, least=2.0, greatest=5.0)
    assert figures["p99_16"].advantage == Spread(median=4.0, least=2.0, greatest=4.0)
    assert figures["rate_16"].ours == (120, 90, 100)
    assert figures["cpu"].theirs == (5.0, 5.0, 5.0)


def test_sockets_in_the_way_are_set_beside_the_quiet_p99_of_their_round() -> None:
    """24/20, 20/20 and 60/40 are 1.2, 1 and 1.5."""
    found = report(OURS, THEIRS)
    assert (found.crowded.least, found.crowded.median, found.crowded.greatest) == (1.0, 1.2, 1.5)
    assert "200 half-sent sockets Citewire's p99 is 1.20 × the quiet one (1.00–1.50)" in printed(
        found
    )


def test_where_the_system_tells_no_processor_time_its_row_is_left_out() -> None:
    silent = [replace(one, search=replace(one.search, cpu_ms=None)) for one in OURS]
    assert not {"cpu", "search_cpu"} & {figure.key for figure in report(silent, THEIRS).figures}


def test_without_the_plain_server_only_ours_is_shown_and_why() -> None:
    found = report(OURS, missing=("torch",))
    assert all(figure.theirs == () for figure in found.figures)
    assert "Not installed: torch; so the plain server did not run." in printed(found)


def test_json_has_every_round() -> None:
    record = json.loads(json.dumps(report(OURS, THEIRS).record()))
    assert record["figures"][0]["key"] == "rate_1"
    assert record["figures"][0]["ours"] == [120, 90, 100]
    assert record["crowded"]["median"] == 1.2


def test_a_crowd_is_there_until_it_is_left() -> None:
    """One idle, one half-sent; both hang up at the end."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        with crowd(listener.getsockname()[1], idle=1, half_sent=1):
            half, idle = (listener.accept()[0] for _ in range(2))
            assert half.recv(1000).startswith(b"POST /v1/answer HTTP/1.1\r\n")
        with closing(half), closing(idle):
            assert half.recv(1) == idle.recv(1) == b""


def start(tmp_path: Path, program: str) -> Server:
    """Run a server of a line, and leave it when it answers."""
    port = free_port()
    command = ["-c", program.replace("PORT", str(port))]
    with running("It", command, port, folder=tmp_path, environment=os.environ) as server:
        return server


def test_a_server_that_ends_is_named_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkFailed, match="It: exit status 1: ValueError: no such luck"):
        start(tmp_path, "raise ValueError('no such luck')")


ANSWERS = """
from http.server import BaseHTTPRequestHandler, HTTPServer
class H(BaseHTTPRequestHandler):
    def do_POST(self):
        self.send_response(200); self.end_headers()
HTTPServer(("127.0.0.1", PORT), H).serve_forever()
"""


def test_a_server_runs_until_it_is_left(tmp_path: Path) -> None:
    server = start(tmp_path, ANSWERS)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux tells")
def test_processor_time_is_that_of_the_process() -> None:
    """Burn some of our own."""
    me = Server("me", 0, os.getpid())
    before = me.cpu_s()
    sum(range(3_000_000))
    after = me.cpu_s()
    assert before is not None
    assert after is not None
    assert after > before


def test_the_server_stays_plain() -> None:
    """It is what people write: no more than it takes, and nothing of ours."""
    source = PLAIN_SERVER.read_text()
    assert len(source.splitlines()) < 60
    assert not any(f"from {ours}" in source for ours in ("bot", "corpus", "evals", "index"))


@pytest.mark.parametrize("arguments", [["--seconds", "0"], ["--seconds", "9"]])
def test_loads_too_short_or_longer_than_half_sent_sockets_live_are_refused(
    arguments: list[str], tmp_path: Path
) -> None:
    done = citewire("--http", *arguments, folder=tmp_path)
    assert done.returncode == 2
    assert "--seconds" in done.stderr


@pytest.mark.slow
def test_a_benchmark_over_http_reports_every_figure_of_both(tmp_path: Path) -> None:
    """Its shape: how fast a machine is, is no test's business."""
    if missing := missing_for_plain_script():
        pytest.skip(f"not installed: {', '.join(missing)}")
    if shutil.which("wrk") is None:
        pytest.skip("wrk is not installed")
    # In a second a busy machine may not answer one of 64 clients.
    done = citewire("--http", "--runs", "1", "--seconds", "4", "--json", "--keep", "kept",
                    folder=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    figures = {figure["key"]: figure for figure in record["figures"]}
    assert figures.keys() >= {
        f"{what}_{clients}" for what in ("rate", "p50", "p99") for clients in CLIENTS
    }
    assert {"crowded_p99", "search_rate"} <= figures.keys()
    assert all(figure["ours"][0] > 0 and figure["theirs"][0] > 0 for figure in figures.values())
    assert record["setting"]["questions"] == 336
    assert (tmp_path / "kept" / "data" / "bot.sqlite").is_file()
