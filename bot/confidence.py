"""How probable it is that the evidence answers the question."""

from math import exp

from bot.evidence import Evidence

# Logistic regression on four sets, each set and each side counted alike; how it was fitted, and
# how little similarity tells on questions made to defeat it, is in docs/decisions/0004.
_COSINE = 7.6
_COVERAGE = 2.5
_INTERCEPT = -5.1
# Where answering what can be answered and refusing what can't suffer alike on those sets.
THRESHOLD = 0.38
# Expected calibration error is 0.07 on the pooled sets, far more on adversarial questions.
CALIBRATED = False


def judge(best: Evidence) -> float:
    """Return the probability, 0 to 1, that an answer resting on `best` answers the question.

    The logistic function of a weighted sum of the best sentence's cosine and of the share of the
    question's weighted terms that it has.
    """
    return 1 / (1 + exp(-(_INTERCEPT + _COSINE * best.cosine + _COVERAGE * best.coverage)))
