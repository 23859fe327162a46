"""How sure a score, or a difference of two, is: bootstrap intervals and paired tests."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evals.abstention import Floats

SEED = 20261121
RESAMPLES = 2000
_DIGITS = 12
_CHUNK = 200  # resamples at a time: 40 MB for 25 000 questions
_ENDS = (2.5, 97.5)  # per cent

Rows = NDArray[np.intp]
# From rows of questions, shape (resamples, n), to one score each, shape (resamples,); NaN where a
# resample has none.
Statistic = Callable[[Rows], Floats]


@dataclass(frozen=True, slots=True)
class Interval:
    """A score and its 95 % interval; the bounds are NaN where no resample has the score."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """How much a score grew, its 95 % interval, and the paired tests.

    `p` is two-sided; `p_fall` one-sided, small when the score has fallen.
    """

    value: float
    low: float
    high: float
    p: float
    p_fall: float


def mean_of(values: Floats) -> Statistic:
    """Return the statistic "mean of the values that are there": NaN means does not apply."""
    there = ~np.isnan(values)
    filled = np.where(there, values, 0.0)

    def statistic(rows: Rows) -> Floats:
        counts = there[rows].sum(axis=1)
        sums = filled[rows].sum(axis=1)
        return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)

    return statistic


def each(function: Callable[..., float], *columns: NDArray[np.generic]) -> Statistic:
    """Return the statistic of a function of whole columns, one value a question in each."""

    def statistic(rows: Rows) -> Floats:
        return np.array([function(*(column[row] for column in columns)) for row in rows])

    return statistic


def interval(statistic: Statistic, n: int) -> Interval:
    """Return the score of `n` questions with its percentile bootstrap interval.

    Questions are drawn with replacement, `RESAMPLES` times, from a seeded generator (Efron &
    Tibshirani 1993, chapter 13).
    """
    value = float(statistic(np.arange(n)[None, :])[0])
    return Interval(value, *_ends(_resampled(statistic, n)))


def difference(before: Statistic, after: Statistic, n: int) -> Difference:
    """Return by how much `after` is more than `before` on the same `n` questions.

    Both are computed on each resample of questions, so what makes a question hard cancels out.
    p is the share of resamples on the other side of 0, ties included and one added, doubled for
    the two-sided one (Efron & Tibshirani 1993, chapter 15).
    """

    def both(rows: Rows) -> Floats:
        # Equal scores may differ in the last bit, by the order of a sum: that is a tie.
        return np.round(after(rows) - before(rows), _DIGITS)

    value = float(both(np.arange(n)[None, :])[0])
    resampled = _resampled(both, n)
    grew = (np.count_nonzero(resampled <= 0) + 1) / (len(resampled) + 1)
    fell = (np.count_nonzero(resampled >= 0) + 1) / (len(resampled) + 1)
    return Difference(value, *_ends(resampled), p=min(1.0, 2 * min(grew, fell)), p_fall=fell)


def mcnemar(before: Floats, after: Floats) -> tuple[float, float]:
    """Return McNemar's exact p, two-sided and for a fall, of paired zeros and ones.

    Only questions that changed count: under no difference each is as likely to get better as
    worse, a binomial of one half (McNemar 1947, in its exact form). Pairs with a NaN are left out;
    1 where nothing changed.
    """
    from scipy.stats import binomtest

    lost = int(np.count_nonzero(after < before))
    changed = lost + int(np.count_nonzero(after > before))
    if not changed:
        return 1.0, 1.0
    two_sided = binomtest(lost, changed, 0.5).pvalue
    return float(two_sided), float(binomtest(lost, changed, 0.5, alternative="greater").pvalue)


def _resampled(statistic: Statistic, n: int) -> Floats:
    """Return the score on every resample that has one."""
    generator = np.random.default_rng(SEED)
    drawn = [
        statistic(generator.integers(n, size=(min(_CHUNK, RESAMPLES - done), n)))
        for done in range(0, RESAMPLES, _CHUNK)
    ]
    scores = np.concatenate(drawn)
    return scores[~np.isnan(scores)]


def _ends(scores: Floats) -> tuple[float, float]:
    if not len(scores):
        return float("nan"), float("nan")
    low, high = np.percentile(scores, _ENDS)
    return float(low), float(high)
