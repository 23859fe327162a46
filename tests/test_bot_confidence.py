from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.confidence import THRESHOLD, judge
from tests.bot_fakes import NOTHING_KNOWN, evidence

SHARES = st.floats(0, 1)


def confidence(late: float, cosine: float) -> float:
    """That of an answer whose best sentence has these, and matched one token."""
    found = evidence("Tea.", features=replace(NOTHING_KNOWN, late=late, cosine=cosine))
    return judge(replace(found, matches=np.zeros(1, np.float32)))


def plain(cosine: float, coverage: float) -> float:
    """The same without late interaction."""
    return judge(
        evidence("Tea.", features=replace(NOTHING_KNOWN, cosine=cosine, coverage=coverage))
    )


@pytest.mark.parametrize(
    ("late", "cosine", "want"),
    [
        pytest.param(0.0, 0.0, 0.00091, id="-7: 1 / (1 + e^7) = 1 / (1 + 1096.6)"),
        pytest.param(0.5, 0.8, 0.5, id="-7 + 4.2 + 2.8 = 0"),
        pytest.param(1.0, 1.0, 0.99261, id="-7 + 8.4 + 3.5 = 4.9: 1 / (1 + e^-4.9)"),
        pytest.param(0.25, 0.6, 0.05732, id="-7 + 2.1 + 2.1 = -2.8: 1 / (1 + e^2.8)"),
    ],
)
def test_confidence_is_the_logistic_function_of_both(
    late: float, cosine: float, want: float
) -> None:
    assert confidence(late, cosine) == pytest.approx(want, abs=5e-6)


def test_without_late_interaction_words_count_instead() -> None:
    """-4.4 + 6.2 * 0.5 + 3.1 * 1 = 1.8: 1 / (1 + e^-1.8)."""
    assert plain(0.5, 1.0) == pytest.approx(0.85815, abs=5e-6)
    assert plain(0, 0) < THRESHOLD < plain(1, 1)


@settings(deadline=None)
@given(SHARES, SHARES, SHARES)
def test_more_similarity_never_lowers_it(a: float, b: float, same: float) -> None:
    low, high = sorted((a, b))
    assert confidence(low, same) <= confidence(high, same)
    assert confidence(same, low) <= confidence(same, high)


@settings(deadline=None)
@given(st.floats(-1, 1), st.floats(-1, 1))
def test_it_is_a_probability(late: float, cosine: float) -> None:
    assert 0 < confidence(late, cosine) < 1


def test_the_threshold_lies_between_nothing_and_everything() -> None:
    assert confidence(0, 0) < THRESHOLD < confidence(1, 1)
