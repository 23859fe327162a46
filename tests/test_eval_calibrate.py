"""Fits on questions made of two numbers, whose right model is known."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.confidence import WITH_LATE, WITH_READER, Signals, judge, read_weights
from evals.calibrate import (
    Asked,
    Choice,
    balanced,
    choices,
    fit,
    pooled_error,
    separation,
    write_weights,
)

NAMES = [field.name for field in fields(Signals)]
N = 4000


def made(seed: int, **weights: float) -> Asked:
    """Questions that are right as a logistic model of their signals says, with -1 as intercept."""
    chance = np.random.default_rng(seed)
    signals = np.zeros((N, len(NAMES)))
    for name in weights:
        signals[:, NAMES.index(name)] = chance.normal(size=N)
    total = sum(w * signals[:, NAMES.index(name)] for name, w in weights.items()) - 1
    right = chance.random(N) < 1 / (1 + np.exp(-total))
    return Asked(f"made {seed}", signals, right, right, np.arange(N) % 5)


def given(right: list[int], answerable: list[int]) -> Asked:
    """Questions of which nothing is known but how they came out."""
    n = len(right)
    flags = np.array([right, answerable], np.bool_)
    return Asked("s", np.zeros((n, len(NAMES))), flags[0], flags[1], np.zeros(n, np.intp))


def test_the_weights_that_made_the_answers_right_are_found() -> None:
    found = fit(WITH_READER, [made(1, there=2.0, year=-1.5)]).weights
    assert found.signals["there"] == pytest.approx(2.0, abs=0.2)
    assert found.signals["year"] == pytest.approx(-1.5, abs=0.2)
    assert found.intercept == pytest.approx(-1.0, abs=0.15)
    assert found.calibrated


def test_a_good_sign_never_gets_a_weight_below_nothing() -> None:
    """Similarity is inverted on questions that were written to defeat it."""
    found = fit(WITH_LATE, [made(2, late=-2.0)]).weights
    assert "late" not in found.signals


def test_suites_count_alike_whatever_their_sizes() -> None:
    large, small = made(3, there=3.0), made(4, there=0.5)
    few = Asked(
        "few", small.signals[:400], small.right[:400], small.answerable[:400], small.fold[:400]
    )
    both = fit(WITH_READER, [large, few]).weights.signals["there"]
    even = fit(WITH_READER, [large, small]).weights.signals["there"]
    assert both == pytest.approx(even, abs=0.25)


def test_each_question_is_judged_by_a_model_that_has_not_seen_its_fold() -> None:
    """Fold 0 alone is right: who has not seen it gives it nothing, who has gives it something."""
    n = 500
    fold = np.arange(n) % 5
    right = fold == 0
    signals = np.zeros((n, len(NAMES)))
    found = fit(WITH_READER, [Asked("s", signals, right, right, fold)])
    assert found.unseen[0][right].max() < 0.05
    assert found.unseen[0][~right].min() > 0.15


def judged(*values: float) -> NDArray[np.float64]:
    return np.array(values)


def test_a_threshold_is_described_by_what_it_answers_refuses_and_gets_wrong() -> None:
    """At 0.5: of two answerable one is answered, of two others one; of the two answers one errs."""
    asked = given([1, 0, 0, 0], [1, 1, 0, 0])
    at = {c.threshold: c for c in choices([asked], [judged(0.9, 0.2, 0.6, 0.1)])}
    assert at[0.5] == Choice(0.5, 0.5, 0.5, 0.5)
    assert at[0.7] == Choice(0.7, 0.5, 1.0, 0.0)


def test_the_balanced_threshold_is_best_on_its_worse_side() -> None:
    some = [Choice(0.2, 1.0, 0.4, 0.3), Choice(0.4, 0.8, 0.7, 0.2), Choice(0.6, 0.3, 0.9, 0.1)]
    assert balanced(some).threshold == 0.4


def test_errors_and_separation_are_those_of_the_judged() -> None:
    """Confidence 0.5 for one right and one wrong answer is no error; 1 for the wrong one is."""
    asked = given([1, 0], [1, 0])
    assert pooled_error([asked], [judged(0.5, 0.5)]) == 0.0
    assert pooled_error([asked], [judged(1.0, 1.0)]) == 0.5
    assert separation(asked, judged(0.2, 0.1)) == 1.0


def test_what_is_written_can_be_read_and_leaves_the_other_models(tmp_path: Path) -> None:
    found = fit(WITH_READER, [made(5, there=1.0)])
    path = tmp_path / "new" / "weights.json"
    write_weights(found, {"made 5": "0" * 64}, path)
    read = read_weights(path)
    assert read[WITH_READER] == found.weights
    assert read[WITH_LATE] == read_weights()[WITH_LATE]
    nothing = Signals(*[0.0] * len(NAMES))
    assert judge(nothing, read[WITH_READER]) < 0.5
