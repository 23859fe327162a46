"""The gate: what passes, what fails, and why."""

from pathlib import Path

import pytest

from evals.errors import InputUnusable
from evals.gate import MARGINS, Verdict, check, read_baseline, write_baseline
from evals.runs import Outcome
from tests.eval_fakes import outcome, run_of


def questions(right: int, *, total: int = 40, measure: str = "evidence_first") -> list[Outcome]:
    """The first `right` of `total` questions have 1, the others 0."""
    return [outcome(f"q{n}", {measure: float(n < right)}) for n in range(total)]


def verdict(folder: Path, before: list[Outcome], now: list[Outcome]) -> Verdict:
    """What the gate says of `now` against a baseline of `before`."""
    write_baseline(run_of(*before), folder / "baseline.json")
    return check(run_of(*now), read_baseline(folder / "baseline.json"))


def test_the_same_run_passes(tmp_path: Path) -> None:
    found = verdict(tmp_path, questions(30), questions(30))
    assert found.passed
    (one,) = [check for check in found.checks if check.measure == "evidence_first"]
    assert (one.before, one.now, one.p, one.n) == (0.75, 0.75, 1, 40)


@pytest.mark.parametrize("measure", MARGINS)
def test_a_fall_of_any_gated_measure_beyond_margin_and_chance_fails(
    tmp_path: Path, measure: str
) -> None:
    """Ten of 40 lost, none won: far beyond the margins, and p is below 0.001."""
    before, now = (questions(right, measure=measure) for right in (30, 20))
    (reason,) = verdict(tmp_path, before, now).reasons
    assert reason.startswith(f"{measure} fell from 0.750 to 0.500")


def test_a_rise_passes(tmp_path: Path) -> None:
    assert verdict(tmp_path, questions(20), questions(30)).passed


def test_a_fall_that_chance_explains_passes(tmp_path: Path) -> None:
    """Four of 40 lost: 0.1, but p = 1/16."""
    found = verdict(tmp_path, questions(30), questions(26))
    assert found.passed
    assert min(one.p for one in found.checks) == 1 / 16


def test_a_fall_within_the_margin_passes_however_sure_it_is(tmp_path: Path) -> None:
    """Seven of 400 lost: p = 1/128, but only 0.0175."""
    found = verdict(tmp_path, questions(300, total=400), questions(293, total=400))
    assert found.passed
    assert min(one.p for one in found.checks) == 1 / 128


def test_a_citation_that_does_not_hold_fails_whatever_else(tmp_path: Path) -> None:
    now = [*questions(30)[:-1], outcome("q39", {"evidence_first": 0, "citation_exactness": 0})]
    (reason,) = verdict(tmp_path, questions(30), now).reasons
    assert reason == "citations do not hold for 1 questions: q39"


@pytest.mark.parametrize(
    ("now", "told"),
    [
        pytest.param(questions(30, total=41), "1 are new, 0 gone, 0 changed", id="a new one"),
        pytest.param(questions(30, total=39), "0 are new, 1 gone, 0 changed", id="one gone"),
        pytest.param(
            [outcome("q0", digest="other"), *questions(30)[1:]],
            "0 are new, 0 gone, 1 changed",
            id="another gold",
        ),
    ],
)
def test_other_questions_can_not_be_paired(tmp_path: Path, now: list[Outcome], told: str) -> None:
    (reason,) = verdict(tmp_path, questions(30), now).reasons
    assert told in reason
    assert "--update-baseline" in reason


def test_stale_gold_is_named_as_the_cause(tmp_path: Path) -> None:
    write_baseline(run_of(*questions(30)), tmp_path / "b.json")
    now = run_of(*questions(30, total=39), stale=("q39",))
    assert "1 gone (1 with stale gold)" in check(now, read_baseline(tmp_path / "b.json")).reasons[0]


def test_another_suite_has_another_baseline(tmp_path: Path) -> None:
    write_baseline(run_of(*questions(30), suite="squad:x"), tmp_path / "b.json")
    assert (
        "of suite squad:x"
        in check(run_of(*questions(30)), read_baseline(tmp_path / "b.json")).reasons[0]
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "no baseline"),
        ("{}", "no baseline .*field required"),
        (None, "No such file"),
    ],
)
def test_a_baseline_that_is_none_is_refused(tmp_path: Path, content: str | None, told: str) -> None:
    path = tmp_path / "b.json"
    if content is not None:
        path.write_text(content, "utf-8")
    with pytest.raises(InputUnusable, match=told):
        read_baseline(path)


def test_a_row_of_a_baseline_that_lacks_a_value_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    write_baseline(run_of(*questions(30)), path)
    path.write_text(path.read_text("utf-8").replace('"q7": ["d", ', '"q7": ['), "utf-8")
    with pytest.raises(InputUnusable, match="'q7' has not 7 values"):
        read_baseline(path)


def test_a_baseline_has_a_line_a_question(tmp_path: Path) -> None:
    write_baseline(run_of(*questions(30)), tmp_path / "b.json")
    lines = (tmp_path / "b.json").read_text("utf-8").splitlines()
    assert '  "q0": ["d", null, null, 1.0, null, null, null],' in lines
