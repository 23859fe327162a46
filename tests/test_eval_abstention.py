"""Scores of confidence over a set of questions, worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.abstention import aurc, auroc, ece, reliability, risk_coverage

CONFIDENCES = st.lists(
    st.tuples(st.sampled_from([0, 0.25, 0.5, 0.75, 1]), st.booleans()), min_size=1, max_size=30
)


def columns(rows: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    """Confidences and flags."""
    return np.array([c for c, _ in rows], np.float64), np.array([f for _, f in rows], np.bool_)


def test_auroc_counts_the_pairs_in_order() -> None:
    """Answerable 0.9 and 0.4, not 0.4 and 0.1: of four pairs three in order, one a tie."""
    assert auroc(*columns([(0.9, True), (0.4, True), (0.4, False), (0.1, False)])) == 3.5 / 4


def test_auroc_needs_both_sides() -> None:
    assert np.isnan(auroc(*columns([(0.9, True)])))
    assert np.isnan(auroc(*columns([(0.9, False)])))


@given(CONFIDENCES)
def test_auroc_agrees_with_counting_every_pair(rows: list[tuple[float, bool]]) -> None:
    positives = [c for c, flag in rows if flag]
    negatives = [c for c, flag in rows if not flag]
    pairs = [(p > n) + (p == n) / 2 for p in positives for n in negatives]
    if pairs:
        assert auroc(*columns(rows)) == pytest.approx(sum(pairs) / len(pairs))


def test_risk_and_coverage_worked_out_by_hand() -> None:
    """By confidence: right, wrong, right. Risks 0/1, 1/2, 1/3."""
    confidence, correct = columns([(0.2, True), (0.9, True), (0.5, False)])
    coverage, risk = risk_coverage(confidence, correct)
    assert list(coverage) == pytest.approx([1 / 3, 2 / 3, 1])
    assert list(risk) == pytest.approx([0, 1 / 2, 1 / 3])
    assert aurc(confidence, correct) == pytest.approx((0 + 1 / 2 + 1 / 3) / 3)


def test_equal_confidences_come_together() -> None:
    """One right and one wrong, equally sure: half is wrong at any coverage, in either order."""
    assert aurc(*columns([(0.5, True), (0.5, False)])) == 0.5
    assert aurc(*columns([(0.5, False), (0.5, True)])) == 0.5


@given(CONFIDENCES)
def test_the_risk_at_full_coverage_is_the_share_of_wrong_answers(
    rows: list[tuple[float, bool]],
) -> None:
    confidence, correct = columns(rows)
    _, risk = risk_coverage(confidence, correct)
    assert risk[-1] == pytest.approx(1 - correct.mean())
    assert 0 <= aurc(confidence, correct) <= 1


def test_calibration_error_worked_out_by_hand() -> None:
    """Bin 0.2-0.3: 0.2 said, 1 of 2 right; bin 0.9-1: 1.0 said, right. 2/3·0.3 + 1/3·0."""
    confidence, correct = columns([(0.2, True), (0.2, False), (1.0, True)])
    assert ece(confidence, correct) == pytest.approx(2 / 3 * 0.3)
    said, held, count = reliability(confidence, correct)
    assert list(count) == [0, 0, 2, 0, 0, 0, 0, 0, 0, 1]
    assert (said[2], held[2], said[9], held[9]) == pytest.approx((0.2, 0.5, 1, 1))


@given(CONFIDENCES)
def test_calibration_error_is_a_share(rows: list[tuple[float, bool]]) -> None:
    assert 0 <= ece(*columns(rows)) <= 1


def test_no_question_no_score() -> None:
    assert np.isnan(aurc(*columns([])))
    assert np.isnan(ece(*columns([])))
