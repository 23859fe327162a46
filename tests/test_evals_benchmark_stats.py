"""The arithmetic of the benchmark, worked out by hand."""

import pytest

from evals.benchmark_stats import Spread, advantages, percentile, spread


@pytest.mark.parametrize(
    ("percent", "want"),
    [
        pytest.param(0, 10.0, id="the least"),
        pytest.param(50, 25.0, id="place 3 * 0.5 = 1.5: halfway from 20 to 30"),
        pytest.param(95, 38.5, id="place 3 * 0.95 = 2.85: 30 + 0.85 * 10"),
        pytest.param(100, 40.0, id="the greatest"),
    ],
)
def test_a_percentile_lies_between_its_neighbours(percent: float, want: float) -> None:
    assert percentile([40.0, 10.0, 30.0, 20.0], percent) == pytest.approx(want)


def test_every_percentile_of_one_value_is_that_value() -> None:
    assert [percentile([7.0], percent) for percent in (0, 50, 95, 100)] == [7.0] * 4


@pytest.mark.parametrize(
    ("values", "percent"),
    [
        pytest.param([], 50, id="no value"),
        pytest.param([1.0], -1, id="below 0"),
        pytest.param([1.0], 101, id="above 100"),
    ],
)
def test_a_percentile_that_makes_no_sense_is_refused(values: list[float], percent: float) -> None:
    with pytest.raises(ValueError, match="no percentile"):
        percentile(values, percent)


def test_a_spread_is_median_least_and_greatest() -> None:
    assert spread([3.0, 1.0, 8.0, 5.0]) == Spread(median=4.0, least=1.0, greatest=8.0)


def test_there_is_no_spread_of_nothing() -> None:
    with pytest.raises(ValueError, match="nothing"):
        spread([])


def test_more_passages_a_second_are_an_advantage() -> None:
    """60/20 = 3 and 90/18 = 5: each round against its own neighbour."""
    assert advantages([60.0, 90.0], [20.0, 18.0], more_is_better=True) == [3.0, 5.0]


def test_fewer_milliseconds_are_an_advantage() -> None:
    """12/3 = 4, and 5/10 = 0.5: there the other was twice as fast."""
    assert advantages([3.0, 10.0], [12.0, 5.0], more_is_better=False) == [4.0, 0.5]


def test_rounds_that_were_not_run_in_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        advantages([1.0, 2.0], [1.0], more_is_better=True)
