"""Arithmetic on repeated timings."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from statistics import median


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, least and greatest of some numbers."""

    median: float
    least: float
    greatest: float


def spread(values: Sequence[float]) -> Spread:
    """Return the spread of at least one number.

    Raises:
        ValueError: There is none.
    """
    if not values:
        raise ValueError("there is nothing to take a median of")
    return Spread(median(values), min(values), max(values))


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value below which `percent` of `values` lie, 0 to 100.

    Between two values it is interpolated linearly: Hyndman & Fan (1996), definition 7, the one
    that numpy uses too.

    Raises:
        ValueError: There is no value, or `percent` is out of range.
    """
    if not values or not 0 <= percent <= 100:  # noqa: PLR2004  (per cent)
        raise ValueError(f"no percentile {percent} of {len(values)} values")
    ranked = sorted(values)
    place = (len(ranked) - 1) * percent / 100
    below = floor(place)
    above = min(below + 1, len(ranked) - 1)
    return ranked[below] + (place - below) * (ranked[above] - ranked[below])


def advantages(
    ours: Sequence[float], theirs: Sequence[float], *, more_is_better: bool
) -> list[float]:
    """Return, round by round, how many times better ours is: 2.0 is twice as good.

    Neighbouring runs are compared, so that a machine that slows down meanwhile slows down both.

    Raises:
        ValueError: The two did not run equally often.
    """
    pairs = zip(ours, theirs, strict=True)
    return [mine / other if more_is_better else other / mine for mine, other in pairs]
