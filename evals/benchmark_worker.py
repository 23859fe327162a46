"""Citewire's side of the benchmark, in a process of its own.

python -m evals.benchmark_worker build SOURCE
python -m evals.benchmark_worker ask QUESTIONS.jsonl

The settings come from the environment. What it imports is what `citewire index` and
`citewire ask` import.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time

from bot import wire
from bot.answerer import Question
from bot.settings import read_settings

HITS = 10
# What the build calls its stages. Snapshot and fsync belong to the last, the indexing of words.
_READING, _COMPARING, _EMBEDDING = "Reading articles", "Comparing articles", "Embedding passages"


class Stopwatch:
    """An `index.build.Progress` that notes when each stage began."""

    def __init__(self) -> None:
        self.began: dict[str, float] = {}

    def stage(self, name: str, total: int) -> None:  # noqa: ARG002
        """Note the time."""
        self.began[name] = perf_counter()

    def advance(self, steps: int) -> None:
        """Do nothing."""

    def seconds_of(self, name: str, end: float) -> float:
        """Return how long a stage took: to the next one's beginning, or to `end`."""
        moments = sorted([*self.began.values(), end])
        return moments[moments.index(self.began[name]) + 1] - self.began[name]


def build(source: Path) -> dict[str, object]:
    """Index `source` and return how long it took from the end of reading."""
    watch = Stopwatch()
    report = wire.update_index(read_settings(os.environ), [source], watch)
    end = perf_counter()
    return {
        "passages": report.passages,
        "snapshot_id": report.snapshot_id,
        "build_s": end - watch.began[_COMPARING],
        "embed_s": watch.seconds_of(_EMBEDDING, end),
        "stages_s": {name: watch.seconds_of(name, end) for name in watch.began if name != _READING},
    }


def ask(questions: Path) -> dict[str, object]:
    """Ask every question twice, for passages and for an answer; return milliseconds of each."""
    texts = [json.loads(line)["text"] for line in questions.read_text("utf-8").splitlines()]
    answerer = wire.answerer(read_settings(os.environ))
    retriever, _ = answerer.live()
    search_ms, search_cpu_ms = _timed(lambda text: retriever.search(text, HITS), texts)
    answer_ms, answer_cpu_ms = _timed(lambda text: answerer.ask(Question(text)), texts)
    return {
        "search_ms": search_ms,
        "search_cpu_ms": search_cpu_ms,
        "answer_ms": answer_ms,
        "answer_cpu_ms": answer_cpu_ms,
    }


def _timed(work: Callable[[str], object], texts: list[str]) -> tuple[list[float], list[float]]:
    """Do the work with each text; return the milliseconds, and those of all threads together."""
    wall, processor = list[float](), list[float]()
    for text in texts:
        began, used = perf_counter(), process_time()
        work(text)
        wall.append(1000 * (perf_counter() - began))
        processor.append(1000 * (process_time() - used))
    return wall, processor


def main(what: str, path: str) -> None:
    """Do what is asked and print its figures as JSON, with this process's memory and modules."""
    figures = build(Path(path)) if what == "build" else ask(Path(path))
    status = Path("/proc/self/status")
    figures["memory"] = status.read_text() if status.exists() else ""
    figures["modules"] = sorted({name.split(".")[0] for name in sys.modules})
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
