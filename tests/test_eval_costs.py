"""What a question costs: by a clock that ticks as the test says, never by a real one."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from bot.answerer import Question
from evals.benchmark_processes import Memory
from evals.cases import Case
from evals.costs import Stopwatch, Times, cost_figures, memory_now
from evals.runner import ask_all
from evals.runs import Run, read_run, write_run
from evals.tables import run_tables
from index.build import Silent
from tests.bot_fakes import TEA, WHALE, answerer, library
from tests.eval_fakes import gold, outcome, run_of, suite_of

pytest.importorskip("ir_measures", reason="no wheel for this machine")


def test_an_answer_is_timed_stage_by_stage(tmp_path: Path) -> None:
    """Begun at 0 s; encoded from 1 to 3 s; found at 7 s; done at 12 s: 2, 4 and the rest, 6."""
    ticks = iter([0.0, 1.0, 3.0, 7.0, 12.0])
    watch = Stopwatch(library(tmp_path, TEA, WHALE), lambda: next(ticks))
    answerer(watch.retriever).ask(Question("tea rain"))
    times = watch.stop()
    assert times == Times(total=12000, encode=2000, search=4000)
    assert times.answer == 6000


def test_a_second_search_is_part_of_the_rest(tmp_path: Path) -> None:
    """As above, but encoded twice: 2, 4 and the rest, 6, all the same."""
    ticks = iter([0.0, 1.0, 3.0, 7.0, 12.0])
    watch = Stopwatch(library(tmp_path, TEA, WHALE), lambda: next(ticks))
    answerer(watch.retriever).ask(Question("tea rain"))
    watch.retriever.search_sentences("whale rain", 3)
    assert watch.stop() == Times(total=12000, encode=2000, search=4000)


def test_a_search_lasts_until_its_end(tmp_path: Path) -> None:
    """Begun at 0 s; encoded from 1 to 3 s; done at 10 s, and no sentence was looked up."""
    ticks = iter([0.0, 1.0, 3.0, 10.0])
    watch = Stopwatch(library(tmp_path, TEA, WHALE), lambda: next(ticks))
    watch.retriever.search_documents("tea", 2)
    assert watch.stop() == Times(total=10000, encode=2000, search=7000)


def test_what_is_timed_finds_the_same(tmp_path: Path) -> None:
    plain = library(tmp_path, TEA, WHALE)
    timed = Stopwatch(plain).retriever
    assert timed.search("tea rain", 3) == plain.search("tea rain", 3)
    spans = [
        [(one.hit, one.span) for one in retriever.search_sentences("tea rain", 3).sentences]
        for retriever in (timed, plain)
    ]
    assert spans[0] == spans[1]
    assert timed.encoder.fits("tea")


def test_a_question_that_was_never_encoded_has_no_stages(tmp_path: Path) -> None:
    ticks = iter([0.0, 5.0])
    watch = Stopwatch(library(tmp_path, TEA), lambda: next(ticks))
    assert watch.stop() == Times(total=5000, encode=0, search=0)


def test_the_stages_of_every_question_are_kept(tmp_path: Path) -> None:
    case = Case(id="rain", kind="fact", text="tea rain", gold=(gold(TEA, "Tea rain."),))
    retriever = library(tmp_path, TEA, WHALE)
    (reply,) = ask_all(suite_of(case), retriever, answerer(retriever, threshold=0.0), Silent())
    times = reply.times
    assert min(times.encode, times.search, times.answer) >= 0
    assert times.encode + times.search + times.answer == pytest.approx(times.total)


def test_figures_are_the_median_and_the_95th_percentile() -> None:
    """Of 0, 1, … 20 encoding milliseconds: 10, and 0.95 · 20 = 19."""
    times = [Times(total=50.0, encode=float(n), search=10.0) for n in range(21)]
    found = {figure.measure: figure for figure in cost_figures(times, answers=True)}
    assert found["encode_ms_p50"].value == 10
    assert found["encode_ms_p95"].value == pytest.approx(19)
    assert found["answer_ms_p50"].value == 30  # 50 - 10 - 10
    assert (found["ms_p50"].value, found["ms_p50"].n) == (50, 21)


def test_where_nothing_is_answered_no_answer_is_timed() -> None:
    found = cost_figures([Times(3.0, 1.0, 2.0)], answers=False)
    assert {figure.measure.rpartition("_")[0] for figure in found} == {
        "ms", "encode_ms", "search_ms"
    }  # fmt: skip


def test_memory_is_what_the_system_says() -> None:
    memory = memory_now()
    if not Path("/proc/self/status").exists():
        assert memory is None
    else:
        assert memory is not None
        assert 0 < memory.resident <= memory.peak


def _with_costs() -> Run:
    run = run_of(outcome("q", {"evidence_first": 1.0}))
    figures = cost_figures([Times(6.0, 1.0, 2.0)], answers=True)
    costs = replace(run.circumstances, figures=figures, memory=Memory(100.5, 200.25))
    return replace(run, circumstances=costs)


def test_costs_are_written_and_read(tmp_path: Path) -> None:
    write_run(_with_costs(), tmp_path / "run.json")
    assert read_run(tmp_path / "run.json") == _with_costs()


def test_a_run_from_before_there_were_costs_is_read(tmp_path: Path) -> None:
    write_run(_with_costs(), tmp_path / "run.json")
    record = json.loads((tmp_path / "run.json").read_text("utf-8"))
    del record["circumstances"]["memory"]
    (tmp_path / "run.json").write_text(json.dumps(record), "utf-8")
    assert read_run(tmp_path / "run.json").circumstances.memory is None


def test_the_table_has_stages_and_memory() -> None:
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(run_tables(_with_costs()))
    lines = [line.split() for line in console.export_text().splitlines()]
    assert ["ms", "to", "encode", "it,", "median", "1.0", "1.0", "–", "1.0", "1"] in lines
    assert ["MiB", "in", "memory,", "at", "most", "200"] in lines
