"""How probable it is that the evidence answers the question."""

from math import exp

from bot.evidence import Evidence

# Logistic regression on four sets, each set and each side counted alike; how it was fitted, and
# how little similarity tells on questions made to defeat it, is in docs/decisions/0009.
_LATE, _COSINE, _INTERCEPT = 8.4, 3.5, -7.0
# The same without late interaction.
_PLAIN_COSINE, _PLAIN_COVERAGE, _PLAIN_INTERCEPT = 6.2, 3.1, -4.4
# Where answering what can be answered and refusing what can't suffer alike on those sets.
THRESHOLD = 0.36
# Expected calibration error is 0.08 on XQuAD and its twins, far more on adversarial questions.
CALIBRATED = False


def judge(best: Evidence) -> float:
    """Return the probability, 0 to 1, that an answer resting on `best` answers the question.

    The logistic function of a weighted sum of two: how well the best sentence matches the tokens
    of the question, and the cosine of its passage. Where no tokens were matched, of the passage's
    cosine and the share of the question's weighted terms that the sentence has.
    """
    known = best.features
    if best.matches.size:
        logit = _INTERCEPT + _LATE * known.late + _COSINE * known.cosine
    else:
        logit = _PLAIN_INTERCEPT + _PLAIN_COSINE * known.cosine + _PLAIN_COVERAGE * known.coverage
    return 1 / (1 + exp(-logit))
