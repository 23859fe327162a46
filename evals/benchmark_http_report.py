"""What the benchmark over HTTP found: as a table for people, as JSON for programs."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from rich.console import Group, RenderableType
from rich.text import Text

from evals.benchmark_load import Load
from evals.benchmark_report import Figure, Setting, describe, table_of
from evals.benchmark_stats import Spread, spread

CLIENTS = (1, 16, 64)
# So many are also timed by the processor, and with sockets in the way.
MANY = 16
IDLE, HALF_SENT = 200, 200


@dataclass(frozen=True, slots=True)
class Timed:
    """A load, and the processor time of the server for one of its requests; None off Linux."""

    load: Load
    cpu_ms: float | None


@dataclass(frozen=True, slots=True)
class Round:
    """One server in one round.

    Attributes:
        answers: What it answered for 1, 16 and 64 clients.
        search: What it did for 16 clients that want passages only: all that the plain server gives.
        crowded: What it answered for 16 clients with sockets in the way.
    """

    answers: dict[int, Timed]
    search: Timed
    crowded: Load

    @property
    def slower(self) -> float:
        """Return how many times as long the p99 is with sockets in the way."""
        return self.crowded.p99_ms / self.answers[MANY].load.p99_ms


@dataclass(frozen=True, slots=True)
class HttpReport:
    """All that one benchmark over HTTP found.

    `crowded` is how many times as long Citewire's p99 was with sockets in the way, by rounds.
    """

    setting: Setting
    figures: tuple[Figure, ...]
    crowded: Spread
    notes: tuple[str, ...]

    def record(self) -> dict[str, object]:
        """Return the report as JSON."""
        return asdict(self) | {"figures": [figure.record() for figure in self.figures]}


def report_of(
    setting: Setting, rounds: Sequence[Sequence[Round]], *, seconds: int, missing: Sequence[str]
) -> HttpReport:
    """Return the report of the rounds of each server, Citewire's first.

    Args:
        setting: What was measured on.
        rounds: At least one of each server, equally many.
        seconds: How long each load was.
        missing: What the plain server would have needed.
    """
    return HttpReport(
        setting,
        tuple(_figures(rounds)),
        spread([one.slower for one in rounds[0]]),
        _notes(len(rounds[0]), seconds, missing),
    )


def render_http(report: HttpReport) -> RenderableType:
    """Return the report as a table with what it was measured on, and how."""
    slower = report.crowded
    lines: list[RenderableType] = [
        Text(describe(report.setting), "dim"),
        Text(),
        table_of(report.figures, "Plain server"),
        Text(),
        Text(
            f"With {IDLE} idle and {HALF_SENT} half-sent sockets Citewire's p99 is "
            f"{slower.median:.2f} × the quiet one ({slower.least:.2f}–{slower.greatest:.2f})."
        ),
        *(Text(note, "dim") for note in report.notes),
    ]
    return Group(*lines)


def _figures(rounds: Sequence[Sequence[Round]]) -> list[Figure]:
    figures = [
        _figure(f"{key}_{clients}", f"{name}, {_who(clients)}", unit, rounds, _of_load(of, clients))
        for clients in CLIENTS
        for key, name, unit, of in _OF_A_LOAD
    ]
    crowded = f"p99, {_who(MANY)}, sockets in the way"
    figures.append(_figure("crowded_p99", crowded, "ms", rounds, lambda one: one.crowded.p99_ms))
    searches = f"Searches a second, {_who(MANY)}"
    of_search = _figure(
        "search_rate", searches, "/s", rounds, lambda one: one.search.load.per_second
    )
    figures.append(of_search)
    if all(one.search.cpu_ms is not None for own in rounds for one in own):
        name = f"Processor time, {_who(MANY)}"
        figures += [
            _figure("cpu", name, "ms", rounds, lambda one: one.answers[MANY].cpu_ms or 0.0),
            _figure(
                "search_cpu",
                f"{name}, a search",
                "ms",
                rounds,
                lambda one: one.search.cpu_ms or 0.0,
            ),
        ]
    return figures


def _who(clients: int) -> str:
    return "1 client" if clients == 1 else f"{clients} clients"


def _of_load(of: Callable[[Load], float], clients: int) -> Callable[[Round], float]:
    return lambda one: of(one.answers[clients].load)


_OF_A_LOAD: tuple[tuple[str, str, str, Callable[[Load], float]], ...] = (
    ("rate", "Questions a second", "/s", lambda load: load.per_second),
    ("p50", "p50", "ms", lambda load: load.p50_ms),
    ("p99", "p99", "ms", lambda load: load.p99_ms),
)


def _figure(
    key: str,
    name: str,
    unit: str,
    rounds: Sequence[Sequence[Round]],
    of: Callable[[Round], float],
) -> Figure:
    ours, *others = [tuple(of(one) for one in own) for own in rounds]
    theirs = others[0] if others else ()
    return Figure(key, name, unit, ours, theirs, more_is_better=unit == "/s")


def _notes(rounds: int, seconds: int, missing: Sequence[str]) -> tuple[str, ...]:
    notes = (
        (
            f"{rounds} rounds in turns, {seconds} s a load, by wrk in a process of its own on the "
            "same machine; each client asks again as soon as it has its reply. Figures are "
            "medians, advantages medians of the rounds' ratios (least–greatest)."
        ),
        (
            "One server process each, answering one after the other's load. Citewire gives a "
            "verified, saved answer with citations and looks for disagreement; the plain server, "
            "FastAPI with sentence-transformers and FAISS, five passages. A search asks Citewire "
            "for passages too."
        ),
    )
    if not missing:
        return notes
    absent = f"Not installed: {', '.join(missing)}; so the plain server did not run."
    return (absent, *notes)
