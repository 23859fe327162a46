"""Intervals and paired tests."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.bootstrap import difference, each, interval, mcnemar, mean_of

NAN = float("nan")
VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=20)


def floats(*values: float) -> np.ndarray:
    """A column."""
    return np.array(values, np.float64)


def test_equal_values_leave_no_doubt() -> None:
    found = interval(mean_of(floats(0.5, 0.5, 0.5)), 3)
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)


def test_a_score_that_does_not_apply_does_not_count() -> None:
    assert interval(mean_of(floats(1, NAN, 0)), 3).value == 0.5


def test_a_score_that_never_applies_has_no_bounds() -> None:
    found = interval(mean_of(floats(NAN, NAN)), 2)
    assert np.isnan([found.value, found.low, found.high]).all()


def test_the_interval_of_a_share_is_near_that_of_the_normal_distribution() -> None:
    """50 of 100: 0.5 ± 1.96 · sqrt(0.25 / 100) = 0.402 to 0.598."""
    found = interval(mean_of(np.repeat([0.0, 1.0], 50)), 100)
    assert (found.low, found.high) == pytest.approx((0.402, 0.598), abs=0.015)


@given(VALUES)
def test_an_interval_holds_its_value_and_is_the_same_each_time(values: list[float]) -> None:
    statistic = mean_of(floats(*values))
    found = interval(statistic, len(values))
    assert min(values) - 1e-9 <= found.low <= found.high <= max(values) + 1e-9
    assert found == interval(statistic, len(values))


def test_a_function_of_columns_is_a_statistic_too() -> None:
    statistic = each(lambda values: float(values.max()), floats(1, 5, 2))
    assert interval(statistic, 3).value == 5


def test_a_difference_is_paired() -> None:
    """Hard and easy questions vary far more than the tenth that each gained."""
    before = np.linspace(0, 0.9, 30)
    found = difference(mean_of(before), mean_of(before + 0.1), 30)
    assert (found.value, found.low, found.high) == pytest.approx((0.1, 0.1, 0.1))
    assert found.p == pytest.approx(2 / 2001)
    assert found.p_fall == 1


def test_no_difference_is_no_finding() -> None:
    same = mean_of(floats(0, 1, 1))
    found = difference(same, same, 3)
    assert (found.value, found.p, found.p_fall) == (0, 1, 1)


@given(VALUES)
def test_a_difference_the_other_way_round_has_the_other_sign(
    values: list[float],
) -> None:
    before = floats(*values)
    after = floats(*reversed(values))
    there = difference(mean_of(before), mean_of(after), len(values))
    back = difference(mean_of(after), mean_of(before), len(values))
    assert back.value == pytest.approx(-there.value)
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low))
    assert back.p == pytest.approx(there.p)


@pytest.mark.parametrize(
    ("before", "after", "two_sided", "fall"),
    [
        pytest.param([1] * 5, [0] * 5, 2 / 32, 1 / 32, id="five lost: (1/2)^5"),
        pytest.param([0] * 5, [1] * 5, 2 / 32, 1, id="five won"),
        pytest.param([1, 0], [0, 1], 1, 3 / 4, id="one each: 1 - (1/2)^2 lose one or more"),
        pytest.param([1, 0], [1, 0], 1, 1, id="nothing changed"),
        pytest.param([1, NAN], [0, 0], 1, 1 / 2, id="a missing one does not count"),
    ],
)
def test_mcnemar_worked_out_by_hand(
    before: list[float], after: list[float], two_sided: float, fall: float
) -> None:
    assert mcnemar(floats(*before), floats(*after)) == pytest.approx((two_sided, fall))
