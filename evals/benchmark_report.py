"""What a benchmark found: as a table for people, as JSON for programs."""

import importlib.metadata
import os
import platform
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from evals.benchmark_stats import Spread, advantages, spread

_PACKAGES = (
    "citewire", "faiss-cpu", "numpy", "onnxruntime", "sentence-transformers", "tantivy",
    "tokenizers", "torch", "transformers",
)  # fmt: skip
_TENTHS_BELOW = 100  # numbers from here on are shown without decimals


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured, a number a round.

    `theirs` is the plain script's, round by round beside ours; empty where it did not run.
    """

    key: str
    name: str
    unit: str
    ours: tuple[float, ...]
    theirs: tuple[float, ...] = ()
    more_is_better: bool = False

    @property
    def advantage(self) -> Spread | None:
        """Return how many times better ours is, round by round; None without the other."""
        if not self.theirs:
            return None
        return spread(advantages(self.ours, self.theirs, more_is_better=self.more_is_better))

    def record(self) -> dict[str, object]:
        """Return the figure as JSON."""
        advantage = self.advantage
        ratio = asdict(advantage) if advantage else None
        return asdict(self) | {"ours": self.ours, "theirs": self.theirs, "advantage": ratio}


@dataclass(frozen=True, slots=True)
class Setting:
    """What was measured on: machine, versions, model, collection."""

    cpu: str
    cores: int
    load: float | None
    python: str
    packages: dict[str, str]
    model: str
    quantization: str
    encoder: str
    snapshot_id: str
    source: str
    articles: int
    passages: int
    questions: int


@dataclass(frozen=True, slots=True)
class Report:
    """All that one benchmark found.

    `stages_s` are the medians of the parts of Citewire's build, `imports` the heavy modules that
    each process had imported after it answered.
    """

    setting: Setting
    figures: tuple[Figure, ...]
    stages_s: dict[str, float]
    export_s: float | None
    imports: dict[str, tuple[str, ...]]
    notes: tuple[str, ...]

    def record(self) -> dict[str, object]:
        """Return the report as JSON."""
        return asdict(self) | {"figures": [figure.record() for figure in self.figures]}


def render(report: Report) -> RenderableType:
    """Return the report as a table with what it was measured on, and how."""
    stages = " · ".join(f"{name} {_number(s)} s" for name, s in report.stages_s.items())
    imports = "; ".join(f"{who} {', '.join(m) or 'none'}" for who, m in report.imports.items())
    lines: list[RenderableType] = [
        Text(describe(report.setting), "dim"),
        Text(),
        table_of(report.figures, "Plain script"),
        Text(),
        Text(f"Citewire's build, median, the snapshot in its last part: {stages}"),
        Text(f"Imported by the processes that answered, of torch and its like: {imports}"),
        *(Text(note, "dim") for note in report.notes),
    ]
    return Group(*lines)


def table_of(figures: Sequence[Figure], other: str) -> Table:
    """Return the medians of Citewire and of the `other`, and how many times better ours is."""
    table = Table("", "Citewire", other, "Citewire is better by", box=None)
    for column in table.columns:
        column.no_wrap = True
    for column in table.columns[1:]:
        column.justify = "right"
    for figure in figures:
        table.add_row(*_row(figure))
    return table


def _row(figure: Figure) -> tuple[str, str, str, str]:
    advantage = figure.advantage
    theirs = f"{_number(spread(figure.theirs).median)} {figure.unit}" if figure.theirs else "–"
    times = (
        f"{advantage.median:.1f} × ({advantage.least:.1f}–{advantage.greatest:.1f})"
        if advantage
        else "–"
    )
    return (figure.name, f"{_number(spread(figure.ours).median)} {figure.unit}", theirs, times)


def _number(value: float) -> str:
    """Return three figures or so: 0.412, 4.12, 41.2, 412."""
    if value >= _TENTHS_BELOW:
        return f"{value:.0f}"
    return f"{value:#.3g}".rstrip(".")


def describe(setting: Setting) -> str:
    """Return what was measured on, in four lines."""
    load = "" if setting.load is None else f", load {setting.load:.1f} at the start"
    versions = ", ".join(f"{name} {version}" for name, version in setting.packages.items())
    return (
        f"{setting.cpu}, {setting.cores} cores{load}\n"
        f"Python {setting.python}, {versions}\n"
        f"{setting.model} ({setting.quantization}, encoder {setting.encoder}), "
        f"snapshot {setting.snapshot_id}\n"
        f"{setting.source}: {setting.articles} articles, {setting.passages} passages, "
        f"{setting.questions} questions"
    )


def installed() -> dict[str, str]:
    """Return the versions of the packages that matter, those that are installed."""
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def cpu_name(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Return the processor's name, where the system tells."""
    try:
        found = re.search(r"model name\s*:\s*(.+)", cpuinfo.read_text("utf-8", "replace"))
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor() or platform.machine()


def core_count() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load_average() -> float | None:
    """Return how many processes wanted a core in the last minute, where the system tells."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None
