"""A run: what was asked, what came back, how it scored, and what it takes to repeat it."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from bot.answerer import PASSAGES
from evals.benchmark_processes import Memory
from evals.cases import reasons
from evals.errors import InputUnusable, at

FORMAT = 1
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Quote:
    """A stretch of an article that is gold, or was cited; then `right` tells whether it is gold."""

    document_id: str
    start: int
    end: int
    text: str
    right: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One question, what came back, and its scores.

    `why` names the reason why it is unanswerable. `scores` has the measures that apply to it.
    `answered` and `confidence` are None where only retrieval is judged. `fault` says why there is
    no answer: a citation that did not hold.
    """

    id: str
    digest: str
    kind: str
    tags: tuple[str, ...]
    why: str
    question: str
    standalone: str
    answerable: bool
    gold: tuple[Quote, ...] = ()
    expected: tuple[str, ...] = ()
    note: str = ""
    answered: bool | None = None
    confidence: float | None = None
    answer: str = ""
    citations: tuple[Quote, ...] = ()
    documents: tuple[str, ...] = ()
    fault: str | None = None
    scores: Mapping[str, float] = field(default_factory=dict)

    @property
    def slices(self) -> tuple[str, ...]:
        """Return the slices that it counts in, besides all questions."""
        why = (f"why:{self.why}",) if self.why else ()
        return (f"kind:{self.kind}", *(f"tag:{tag}" for tag in self.tags), *why)


@dataclass(frozen=True, slots=True)
class Figure:
    """The score of one measure over a slice of `n` questions, with its 95 % interval.

    A bound is None where no resample has the score.
    """

    measure: str
    slice: str
    value: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What made the outcomes what they are."""

    suite: str
    suite_sha256: str
    asked: int
    skipped: int
    stale: tuple[str, ...]
    broken: str | None
    threshold: float
    words_weight: float
    answer_passages: int = PASSAGES
    settings: Mapping[str, str | int | float | None]
    encoder: Mapping[str, str | int]
    splitter: Mapping[str, str | int]
    content_sha256: str
    articles: int
    passages: int
    packages: Mapping[str, str]
    python: str
    git_revision: str | None
    seed: int
    resamples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What differs between two runs of the same: times, and names with times in them.

    `ms` is the time that each question took, by id; `figures` is what these come to, whole and by
    stage. `memory` is that of this process, in MiB, None where the system does not tell: its peak
    has the build of the index in it if there was one.
    """

    began_at: str
    snapshot_id: str
    platform: str
    figures: tuple[Figure, ...]
    ms: Mapping[str, float]
    memory: Memory | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A whole run; equal but for `circumstances` when it is repeated."""

    format: int
    setup: Setup
    figures: tuple[Figure, ...]
    outcomes: tuple[Outcome, ...]
    circumstances: Circumstances


_RUNS = TypeAdapter(Run)


def summary(run: Run) -> dict[str, object]:
    """Return a run without its questions as what `json.dumps` takes."""
    record = asdict(run)
    del record["outcomes"], record["circumstances"]["ms"]
    return {name: plain(value) for name, value in record.items()}


def write_run(run: Run, path: Path) -> None:
    """Write a run as JSON; the folder is made if it isn't there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = json.dumps(plain(asdict(run)), ensure_ascii=False, indent=1, allow_nan=False)
    path.write_text(content + "\n", encoding="utf-8")


def read_run(path: Path) -> Run:
    """Return the run that `write_run` wrote.

    Raises:
        InputUnusable: The file can't be read, or is something else.
    """
    return _read(path, _RUNS, "`citewire eval --out DIR` writes one")


def _read(path: Path, adapter: TypeAdapter[Run], hint: str) -> Run:
    try:
        run = adapter.validate_json(path.read_bytes())
    except OSError as error:
        raise InputUnusable((at(path, None, error.strerror or str(error)),), hint) from error
    except ValidationError as error:
        first = next(reasons(error))
        raise InputUnusable((at(path, None, f"no run ({first})"),), hint) from error
    if run.format != FORMAT:
        reason = f"it has format {run.format}, this version reads {FORMAT}"
        raise InputUnusable((at(path, None, reason),), hint)
    return run


def plain(value: object) -> object:
    """Return `value` with floats to six digits: what follows is noise of the machine."""
    if isinstance(value, float):
        return round(value, DIGITS) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
