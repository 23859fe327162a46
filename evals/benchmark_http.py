"""`citewire serve` against the plain server: load by wrk, in turns."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.json_lines import BadLine, read_batch
from bot.settings import Settings
from bot.wire import BUNDLED_ARTICLES
from evals.benchmark import Plan, Workplace, setting_of, workplace
from evals.benchmark_contenders import Citewire, packaged_model
from evals.benchmark_errors import BenchmarkFailed
from evals.benchmark_http_report import (
    CLIENTS,
    HALF_SENT,
    IDLE,
    MANY,
    HttpReport,
    Round,
    Timed,
    report_of,
)
from evals.benchmark_inputs import write_texts
from evals.benchmark_load import Load, Requests, crowd, find_wrk, press, write_bodies
from evals.benchmark_servers import (
    Server,
    citewire_command,
    free_port,
    is_answering,
    plain_command,
    running,
)
from evals.suites import FIXED_QUESTIONS

if TYPE_CHECKING:
    from index.build import Progress

# As many sentences are asked where there are no questions.
_MOST = 500
# Limits and addresses of one's own server are no part of this; all else is as it is set.
_OURS = {
    "host": "127.0.0.1", "hosts": (), "proxies": (), "root_path": "", "workers": 1,
    "tls_cert": None, "tls_key": None, "requests_per_minute": 0, "log_level": "WARNING",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class HttpPlan:
    """What to measure: see the options of `citewire benchmark`."""

    source: Path | None = None
    passages: int | None = None
    ask: Path | None = None
    rounds: int = 5
    seconds: int = 5


def measure_http(
    plan: HttpPlan, settings: Settings, folder: Path, progress: "Progress"
) -> HttpReport:
    """Measure what the plan says.

    Args:
        plan: What to measure.
        settings: As in `evals.benchmark.measure`; those of the server's threads, queue and saved
            answers count too.
        folder: An existing, empty folder for all files.
        progress: Told how far it is.

    Raises:
        ToolMissing: wrk is not installed.
        SourceNotFound: There is no such file or folder of articles.
        IndexingError: The encoder is not there and can't be exported.
        BenchmarkFailed: A process that is measured failed, or a request did.
    """
    wrk = find_wrk()
    settings = settings.model_copy(update=_OURS)
    place = workplace(Plan(plan.source, plan.passages, _MOST), settings, folder, progress)
    questions = questions_of(plan, place.inputs.questions)
    progress.stage("Building", 0)
    built = Citewire(place.inputs, BUNDLED_ARTICLES, folder, place.environment).build()
    with ExitStack() as stack:
        progress.stage("Starting the servers", 0)
        servers = [stack.enter_context(server) for server in _servers(place, folder)]
        contenders = _contenders(servers, questions, folder)
        rounds = _run(contenders, _Wrk(wrk, plan.seconds), plan.rounds, progress)
    setting = replace(setting_of(place, plan.source, built), questions=len(questions))
    return report_of(setting, rounds, seconds=plan.seconds, missing=place.missing)


def questions_of(plan: HttpPlan, sentences: Sequence[str]) -> tuple[str, ...]:
    """Return what is asked: the plan's questions, or the fixed ones of the bundled articles.

    Of other articles, their `sentences`.

    Raises:
        BenchmarkFailed: The plan's file can't be read, or has no question.
    """
    if plan.ask is None and plan.source is not None:
        return tuple(sentences)
    path = plan.ask or FIXED_QUESTIONS
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BenchmarkFailed(str(path), f"it can't be read: {error}") from error
    questions = []
    for item in read_batch(lines):
        if isinstance(item, BadLine):
            raise BenchmarkFailed(f"{path}:{item.line}", item.reason)
        questions.append(item.text)
    if not questions:
        raise BenchmarkFailed(str(path), "it holds no question")
    return tuple(questions)


def _servers(place: Workplace, folder: Path) -> Iterator[AbstractContextManager[Server]]:
    """Yield what runs Citewire, then the plain server where it can run."""
    environment = place.environment | {"CITEWIRE_DATA": str(folder / "data")}
    port = free_port()
    yield running("Citewire", citewire_command(port), port, folder=folder, environment=environment)
    if not place.missing:
        texts = write_texts(folder / "passages.jsonl", place.inputs.passages)
        port = free_port()
        command = plain_command(packaged_model(), texts, port)
        yield running("Plain server", command, port, folder=folder, environment=place.environment)


@dataclass(frozen=True, slots=True)
class _Contender:
    """A server, and what is sent to it for an answer and for a search."""

    server: Server
    answer: Requests
    search: Requests


def _contenders(
    servers: Sequence[Server], questions: Sequence[str], folder: Path
) -> list[_Contender]:
    """Return Citewire and, where it runs, the plain server: to that an answer is a search."""
    asked = write_bodies(folder / "bodies.jsonl", questions)
    sought = write_bodies(folder / "searches.jsonl", questions, "query")
    made = []
    for server in servers:
        answer = Requests(server.name, f"{server.address}/v1/answer", asked)
        made.append(_Contender(server, answer, answer))
    search = Requests(servers[0].name, f"{servers[0].address}/v1/search", sought)
    return [replace(made[0], search=search), *made[1:]]


@dataclass(frozen=True, slots=True)
class _Wrk:
    """wrk, and how long it asks."""

    program: str
    seconds: int

    def press(self, requests: Requests, clients: int) -> Load:
        """Have so many clients send requests."""
        return press(self.program, requests, clients=clients, seconds=self.seconds)

    def timed(self, server: Server, requests: Requests, clients: int) -> Timed:
        """Have so many clients send requests, and read the server's processor time."""
        before = server.cpu_s()
        load = self.press(requests, clients)
        return Timed(load, _cpu_ms(before, server.cpu_s(), load.requests))


def _run(
    contenders: Sequence[_Contender], wrk: _Wrk, rounds: int, progress: "Progress"
) -> list[list[Round]]:
    """Return the rounds of each server; every load goes to all of them before the next does."""
    progress.stage("Warming up", len(contenders))
    for one in contenders:
        wrk.press(one.answer, MANY)
        progress.advance(1)
    progress.stage("Asking", rounds * (len(CLIENTS) + 2) * len(contenders))
    results: list[list[Round]] = [[] for _ in contenders]
    for _ in range(rounds):
        answers: list[dict[int, Timed]] = [{} for _ in contenders]
        for clients in CLIENTS:
            for at, one in enumerate(contenders):
                answers[at][clients] = wrk.timed(one.server, one.answer, clients)
                progress.advance(1)
        searches = [wrk.timed(one.server, one.search, MANY) for one in contenders]
        progress.advance(len(contenders))
        for at, one in enumerate(contenders):
            with crowd(one.server.port, idle=IDLE, half_sent=HALF_SENT):
                is_answering(one.server.port)  # all of them have been let in then
                crowded = wrk.press(one.answer, MANY)
            results[at].append(Round(answers[at], searches[at], crowded))
            progress.advance(1)
    return results


def _cpu_ms(before: float | None, after: float | None, requests: int) -> float | None:
    return None if before is None or after is None else 1000 * (after - before) / requests
