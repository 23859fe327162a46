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
from evals.benchmark_http_report import CLIENTS, HALF_SENT, IDLE, MANY, HttpReport, Round, report_of
from evals.benchmark_inputs import write_texts
from evals.benchmark_load import Load, crowd, find_wrk, press, write_bodies
from evals.benchmark_servers import (
    Server,
    answers,
    citewire_command,
    free_port,
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
    bodies = write_bodies(folder / "bodies.jsonl", questions)
    progress.stage("Building", 0)
    built = Citewire(place.inputs, BUNDLED_ARTICLES, folder, place.environment).build()
    with ExitStack() as stack:
        progress.stage("Starting the servers", 0)
        servers = [stack.enter_context(server) for server in _servers(place, folder)]
        rounds = _run(servers, _Wrk(wrk, bodies, plan.seconds), plan.rounds, progress)
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
class _Wrk:
    """wrk, what it asks and how long."""

    program: str
    bodies: Path
    seconds: int

    def press(self, server: Server, clients: int) -> Load:
        """Have so many clients ask a server."""
        arguments = (self.program, server.name, server.address, self.bodies)
        return press(*arguments, clients=clients, seconds=self.seconds)


def _run(
    servers: Sequence[Server], wrk: _Wrk, rounds: int, progress: "Progress"
) -> list[list[Round]]:
    """Return the rounds of each server; every load goes to all of them before the next does."""
    progress.stage("Warming up", len(servers))
    for server in servers:
        wrk.press(server, MANY)
        progress.advance(1)
    progress.stage("Asking", rounds * (len(CLIENTS) + 1) * len(servers))
    results: list[list[Round]] = [[] for _ in servers]
    for _ in range(rounds):
        loads: list[dict[int, Load]] = [{} for _ in servers]
        cpu_ms: list[float | None] = [None for _ in servers]
        for clients in CLIENTS:
            for at, server in enumerate(servers):
                before = server.cpu_s()
                loads[at][clients] = wrk.press(server, clients)
                if clients == MANY:
                    cpu_ms[at] = _cpu_ms(before, server.cpu_s(), loads[at][clients].requests)
                progress.advance(1)
        for at, server in enumerate(servers):
            with crowd(server.port, idle=IDLE, half_sent=HALF_SENT):
                answers(server.port)  # all of them have been let in then
                crowded = wrk.press(server, MANY)
            results[at].append(Round(loads[at], cpu_ms[at], crowded))
            progress.advance(1)
    return results


def _cpu_ms(before: float | None, after: float | None, requests: int) -> float | None:
    return None if before is None or after is None else 1000 * (after - before) / requests
