"""Runs on disk, and two of them side by side."""

from pathlib import Path

import pytest
from rich.console import Console

from evals.compare import Change, Comparison, compare_runs
from evals.compare_tables import comparison_tables
from evals.errors import InputUnusable
from evals.figures import figures_of
from evals.runs import Figure, Quote, read_run, write_run
from tests.eval_fakes import outcome, run_of

RIGHT, WRONG = {"evidence_first": 1.0, "answer_rate": 1.0}, {"evidence_first": 0.0}
QUOTE = Quote("a.txt", 0, 3, "Tea\n is hot", right=False)


def change(comparison: Comparison, measure: str, name: str = "all") -> Change:
    """The change of one measure over one slice."""
    (found,) = [c for c in comparison.changes if (c.measure, c.slice) == (measure, name)]
    return found


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    run = run_of(outcome("a", RIGHT, citations=(QUOTE,), confidence=0.5, answered=True))
    write_run(run, tmp_path / "new" / "run.json")
    assert read_run(tmp_path / "new" / "run.json") == run


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "No such file"), ("{", "no run"), ("{}", "no run .*field required")],
)
def test_a_run_that_is_none_is_refused(tmp_path: Path, content: str | None, told: str) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content, "utf-8")
    with pytest.raises(InputUnusable, match=told):
        read_run(tmp_path / "run.json")


def test_a_run_of_another_format_is_refused(tmp_path: Path) -> None:
    write_run(run_of(outcome("a")), tmp_path / "run.json")
    text = (tmp_path / "run.json").read_text("utf-8")
    (tmp_path / "run.json").write_text(text.replace('"format": 1', '"format": 9'), "utf-8")
    with pytest.raises(InputUnusable, match="format 9, this version reads 1"):
        read_run(tmp_path / "run.json")


def test_figures_are_over_all_then_by_kind_and_tag() -> None:
    """Of two answerable questions one is right; the third has no evidence to cite."""
    found = figures_of(
        [
            outcome("a", RIGHT, tags=("terse",)),
            outcome("b", WRONG),
            outcome("c", {"refusal_recall": 1.0}, kind="unanswerable", why="not-reported"),
        ]
    )
    first = [figure for figure in found if figure.measure == "evidence_first"]
    assert [(f.slice, f.value, f.n) for f in first] == [
        ("all", 0.5, 2),
        ("kind:fact", 0.5, 2),
        ("tag:terse", 1, 1),
    ]
    assert Figure("refusal_recall", "why:not-reported", 1, 1, 1, 1) in found
    assert "auroc" not in {figure.measure for figure in found}


def test_a_comparison_pairs_questions_by_id_in_whatever_order() -> None:
    """Of a, b, c: a lost; McNemar's p of one of one is 1."""
    before = run_of(outcome("a", RIGHT), outcome("b", RIGHT), outcome("c", WRONG))
    after = run_of(outcome("c", WRONG), outcome("b", RIGHT), outcome("a", WRONG))
    comparison = compare_runs(before, after)
    found = change(comparison, "evidence_first")
    assert (found.before, found.after, found.n) == pytest.approx((2 / 3, 1 / 3, 3))
    assert found.difference == pytest.approx(-1 / 3)
    assert (found.p, found.test) == (1, "mcnemar")
    assert [pair.before.id for pair in comparison.pairs] == ["a"]
    assert change(comparison, "evidence_first", "kind:fact").n == 3


def test_changed_questions_come_worst_first() -> None:
    lost, won = outcome("lost", RIGHT | {"answer_found": 1}), outcome("won", WRONG)
    worse = outcome("lost", WRONG | {"answer_found": 0, "answer_rate": 1})
    comparison = compare_runs(run_of(won, lost), run_of(outcome("won", RIGHT), worse))
    assert [(pair.before.id, pair.change) for pair in comparison.pairs] == [
        ("lost", -2),
        ("won", 1),
    ]


def test_where_only_documents_are_judged_they_tell_what_changed() -> None:
    before, after = ({"document_success@1": value} for value in (1.0, 0.0))
    comparison = compare_runs(run_of(outcome("a", before)), run_of(outcome("a", after)))
    assert [pair.change for pair in comparison.pairs] == [-1]


def test_questions_that_differ_are_left_out_and_named() -> None:
    before = run_of(outcome("a", RIGHT), outcome("b", RIGHT), outcome("old", RIGHT))
    after = run_of(outcome("a", WRONG), outcome("b", RIGHT, digest="x"), outcome("new", RIGHT))
    comparison = compare_runs(before, after)
    assert comparison.paired == 1
    assert comparison.unpaired == ("b", "old", "new")


def test_runs_without_a_question_in_common_are_refused() -> None:
    with pytest.raises(InputUnusable, match="no question in common"):
        compare_runs(run_of(outcome("a")), run_of(outcome("b")))


def test_a_comparison_shows_both_answers_side_by_side() -> None:
    right = Quote("b.txt", 5, 9, "whale")
    before = outcome("a", RIGHT, citations=(right,), gold=(right,), answered=True, confidence=0.9)
    after = outcome("a", WRONG, citations=(QUOTE,), gold=(right,), answered=False, confidence=0.2)
    console = Console(width=110)
    with console.capture() as captured:
        console.print(comparison_tables(compare_runs(run_of(before), run_of(after)), 5))
    text = captured.get()
    (line,) = [line for line in text.splitlines() if "✓" in line]
    assert "✓ whale (b.txt 5–9)" in line
    assert "✗ Tea is hot (a.txt 0–3)" in line
    assert "abstained, confidence 0.20" in text
    assert "1 questions changed, worst first." in text
