"""`citewire eval` as it is typed, and the gate on the bundled questions with the real encoder."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from bot.settings import read_settings
from evals.breaks import Break
from evals.eval_commands import Broken
from evals.gate import check, read_baseline
from evals.runner import evaluate
from evals.runs import Run, read_run, write_run
from evals.suites import load_suite
from index.build import Silent
from tests.bot_fakes import run
from tests.eval_fakes import outcome, run_of

BASELINE = Path(__file__).parent.parent / "evals" / "baseline.json"
# What each break must be caught by, whatever else falls with it.
CAUGHT_BY = {
    Break.LEXICAL: {"passage_success@1", "passage_ndcg@10", "evidence_first", "evidence_anywhere"},
    Break.DENSE: {"passage_success@1", "passage_ndcg@10", "answer_rate"},
    Break.RANGES: {"passage_success@1", "passage_ndcg@10", "evidence_first", "evidence_anywhere"},
    Break.ALWAYS_ANSWER: {"refusal_recall"},
    Break.ALWAYS_ABSTAIN: {"answer_rate"},
}


@pytest.fixture
def own(tmp_path: Path) -> tuple[str, ...]:
    """The options for one question of one's own on one article."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "tea.txt").write_text("Tea is hot. Robots drink oil.", "utf-8")
    span = {"document_id": "tea.txt", "start": 0, "end": 11}
    line = {"id": "q", "kind": "fact", "question": "How is tea?", "evidence": [span]}
    (tmp_path / "mine.jsonl").write_text(json.dumps(line) + "\n", "utf-8")
    names = ("--suite", str(tmp_path / "mine.jsonl"), "--corpus", str(tmp_path / "in"))
    return (*names, "--data", str(tmp_path / "data"))


def test_a_wrong_question_file_gets_line_and_reason_and_status_2(
    tmp_path: Path, own: tuple[str, ...]
) -> None:
    with (tmp_path / "mine.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"id": "r", "kind": "fact", "question": "Why?"}\n')
    ran = run("eval", *own)
    assert ran.status == 2
    assert "mine.jsonl:2: its gold is missing" in ran.err
    assert not ran.out


@pytest.mark.parametrize(
    "options",
    [
        ("--suite", "none.jsonl"),
        ("--limit", "3", "--baseline", "b.json"),
        ("--break", "dense", "--update-baseline", "b.json"),
        ("--break", "everything"),
        ("--limit", "0"),
        ("--suite", "squad:none.json"),
        ("--baseline", "none.json"),
    ],
)
def test_wrong_usage_gets_status_2(options: tuple[str, ...]) -> None:
    assert run("eval", *options).status == 2


def test_the_program_lists_the_command() -> None:
    assert "Measure answers on fixed questions" in run("--help").out


def test_every_break_can_be_typed() -> None:
    assert [one.value for one in Broken] == [one.value for one in Break]


def test_the_help_waits_for_no_heavy_library() -> None:
    """`citewire --help` loads this module for its one line."""
    import subprocess

    code = "import sys, evals.eval_commands; print({'scipy', 'ir_measures'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_two_runs_are_compared(tmp_path: Path) -> None:
    for name, value in (("a", 1.0), ("b", 0.0)):
        write_run(run_of(outcome("q", {"evidence_first": value})), tmp_path / f"{name}.json")
    ran = run("eval", "compare", str(tmp_path / "a.json"), str(tmp_path / "b.json"))
    assert ran.status == 0
    assert "evidence cited first" in ran.out
    assert "-1.000" in ran.out
    machine = run("eval", "compare", str(tmp_path / "a.json"), str(tmp_path / "b.json"), "--json")
    assert json.loads(machine.out)["pairs"][0]["change"] == -1


def test_what_is_no_run_can_not_be_compared(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}", "utf-8")
    ran = run("eval", "compare", str(tmp_path / "a.json"), str(tmp_path / "a.json"))
    assert ran.status == 2
    assert "a.json: no run" in ran.err


@pytest.fixture(scope="module")
def evaluated(
    exported_encoder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Break | None], Run]:
    """Runs the bundled questions on one index, whole or broken, once each."""
    pytest.importorskip("ir_measures", reason="no wheel for this machine")
    data = tmp_path_factory.mktemp("data")
    suite = load_suite("fixed")

    @cache
    def ran(which: Break | None) -> Run:
        settings = read_settings({}, data=data, models=exported_encoder.parent)
        return evaluate(suite, settings, Silent(), which=which)

    return ran


@pytest.mark.slow
def test_the_gate_is_green_on_main(evaluated: Callable[[Break | None], Run]) -> None:
    """If the change was meant: citewire eval --update-baseline evals/baseline.json."""
    assert check(evaluated(None), read_baseline(BASELINE)).reasons == ()


@pytest.mark.slow
@pytest.mark.parametrize("which", Break)
def test_the_gate_is_red_for_every_break(
    evaluated: Callable[[Break | None], Run], which: Break
) -> None:
    verdict = check(evaluated(which), read_baseline(BASELINE))
    assert not verdict.passed
    assert CAUGHT_BY[which] <= {one.measure for one in verdict.checks if one.failed}


@pytest.mark.slow
def test_every_citation_is_exact(evaluated: Callable[[Break | None], Run]) -> None:
    (figure,) = [f for f in evaluated(None).figures if f.measure == "citation_exactness"]
    assert (figure.value, figure.n) == (1, len(evaluated(None).outcomes))


@pytest.mark.slow
def test_a_run_repeats_but_for_its_circumstances(
    evaluated: Callable[[Break | None], Run], exported_encoder: Path, tmp_path: Path
) -> None:
    """Even with an index that is built anew."""
    first = evaluated(None)
    settings = read_settings({}, data=tmp_path, models=exported_encoder.parent)
    again = evaluate(load_suite("fixed"), settings, Silent())
    assert replace(again, circumstances=first.circumstances) == first


@pytest.mark.slow
def test_a_run_reads_back_as_it_was_written(
    evaluated: Callable[[Break | None], Run], tmp_path: Path
) -> None:
    write_run(evaluated(None), tmp_path / "run.json")
    assert read_run(tmp_path / "run.json").outcomes == evaluated(None).outcomes


@pytest.mark.slow
def test_a_suite_of_ones_own_runs_and_is_gated(
    tmp_path: Path, own: tuple[str, ...], exported_encoder: Path
) -> None:
    pytest.importorskip("ir_measures", reason="no wheel for this machine")
    environment = {"CITEWIRE_MODELS": str(exported_encoder.parent)}
    baseline = str(tmp_path / "b.json")
    ran = run("eval", *own, "--update-baseline", baseline, environment=environment)
    assert ran.status == 0
    assert "Suite file:mine: 1 questions, 1 articles" in ran.out
    assert (tmp_path / "data" / "evals" / "file-mine" / "out" / "run.json").is_file()
    gated = ("--baseline", baseline, "--json", "--out", str(tmp_path / "out"))
    again = run("eval", *own, *gated, environment=environment)
    assert again.status == 0
    assert json.loads(again.out)["gate"]["passed"]
    (tmp_path / "in" / "tea.txt").write_text("Tea is hot, they say.", "utf-8")
    changed = run("eval", *own, *gated, environment=environment)
    assert changed.status == 0  # gold without a revision is as good as its place
    text = (tmp_path / "b.json").read_text("utf-8")
    (tmp_path / "b.json").write_text(text.replace('"q": ["', '"q": ["0'), "utf-8")
    failed = run("eval", *own, *gated, environment=environment)
    assert failed.status == 1
    assert "Gate: the questions are not those of the baseline" in failed.err
