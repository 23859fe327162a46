import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.confidence import THRESHOLD, judge
from tests.bot_fakes import evidence

SHARES = st.floats(0, 1)


@pytest.mark.parametrize(
    ("cosine", "coverage", "want"),
    [
        pytest.param(0.0, 0.0, 0.00606, id="-5.1: 1 / (1 + e^5.1) = 1 / (1 + 164.02)"),
        pytest.param(0.5, 0.52, 0.5, id="-5.1 + 3.8 + 1.3 = 0"),
        pytest.param(1.0, 1.0, 0.99331, id="-5.1 + 7.6 + 2.5 = 5: 1 / (1 + e^-5)"),
        pytest.param(0.25, 0.08, 0.04743, id="-5.1 + 1.9 + 0.2 = -3: 1 / (1 + e^3)"),
    ],
)
def test_confidence_is_the_logistic_function_of_both(
    cosine: float, coverage: float, want: float
) -> None:
    found = judge(evidence("Tea.", cosine=cosine, coverage=coverage))
    assert found == pytest.approx(want, abs=5e-5)


@settings(deadline=None)
@given(SHARES, SHARES, SHARES)
def test_more_similarity_or_more_words_never_lower_it(a: float, b: float, same: float) -> None:
    low, high = sorted((a, b))
    assert judge(evidence("Tea.", cosine=low, coverage=same)) <= judge(
        evidence("Tea.", cosine=high, coverage=same)
    )
    assert judge(evidence("Tea.", cosine=same, coverage=low)) <= judge(
        evidence("Tea.", cosine=same, coverage=high)
    )


@settings(deadline=None)
@given(st.floats(-1, 1), SHARES)
def test_it_is_a_probability(cosine: float, coverage: float) -> None:
    assert 0 < judge(evidence("Tea.", cosine=cosine, coverage=coverage)) < 1


def test_the_passage_s_own_score_does_not_count() -> None:
    assert judge(evidence("Tea.", 0.1)) == judge(evidence("Tea.", 9.0))


def test_the_threshold_lies_between_nothing_and_everything() -> None:
    nothing, everything = evidence("Tea."), evidence("Tea.", cosine=1, coverage=1)
    assert judge(nothing) < THRESHOLD < judge(everything)
