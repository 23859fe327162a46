"""How well confidence tells what is answerable: scores of a whole set of questions."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
BINS = 10


def auroc(confidence: Floats, answerable: Flags) -> float:
    """Return the probability that an answerable question gets more confidence than another.

    Ties count half (Mann & Whitney 1947; Fawcett 2006). NaN where one side is missing.
    """
    positives, negatives = int(answerable.sum()), int((~answerable).sum())
    if not positives or not negatives:
        return float("nan")
    _, place, count = np.unique(confidence, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    mean_rank = (last - (count - 1) / 2)[place]
    above = mean_rank[answerable].sum() - positives * (positives + 1) / 2
    return float(above / (positives * negatives))


def risk_coverage(confidence: Floats, correct: Flags) -> tuple[Floats, Floats]:
    """Return the coverages and, for each, the share of wrong answers among those given.

    Questions are answered in order of falling confidence; equal ones come together, each with the
    share of wrong ones among its equals. Shape `(questions,)` each; coverage from 1/n to 1.
    """
    _, place, count = np.unique(-confidence, return_inverse=True, return_counts=True)
    wrong = np.bincount(place, weights=~correct, minlength=len(count)) / np.maximum(count, 1)
    answered = np.arange(1, len(confidence) + 1)
    return answered / len(confidence), np.cumsum(np.repeat(wrong, count)) / answered


def aurc(confidence: Floats, correct: Flags) -> float:
    """Return the area under the risk–coverage curve, 0 to 1, lower is better.

    The mean of the risks at every coverage 1/n … 1 (Geifman, Uziel & El-Yaniv 2019). An answer
    is correct when its first citation is gold; every answer to an unanswerable question is wrong.
    NaN where there is no question.
    """
    return float(risk_coverage(confidence, correct)[1].mean()) if len(confidence) else float("nan")


def reliability(confidence: Floats, correct: Flags) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Return, for 10 bins of equal width, mean confidence, share correct, and how many.

    A confidence on a border counts in the upper bin, 1 in the last. The means of an empty bin
    are 0. Shape `(10,)` each.
    """
    bins = np.minimum((confidence * BINS).astype(np.intp), BINS - 1)
    count = np.bincount(bins, minlength=BINS)
    of = np.maximum(count, 1)
    said = np.bincount(bins, weights=confidence, minlength=BINS) / of
    held = np.bincount(bins, weights=correct, minlength=BINS) / of
    return said, held, count


def ece(confidence: Floats, correct: Flags) -> float:
    """Return the expected calibration error, 0 to 1, lower is better.

    The mean gap between confidence and share correct over 10 bins of equal width, each weighed
    by its questions (Naeini, Cooper & Hauskrecht 2015). Correct is what it is for `aurc`.
    NaN where there is no question.
    """
    if not len(confidence):
        return float("nan")
    said, held, count = reliability(confidence, correct)
    return float(np.abs(said - held) @ count / len(confidence))
