"""What a calibration found, as tables for a terminal."""

from collections.abc import Sequence
from math import isnan

from rich.console import Group

from evals.abstention import ece
from evals.calibrate import Asked, Fit, balanced, choices, pooled_error, separation
from evals.tables import grid, number

# Of the thresholds so many are passed over from one that is shown to the next.
_EVERY = 5


def calibration_tables(asked: Sequence[Asked], found: Fit) -> Group:
    """Return how well confidence tells, by suite, and what thresholds there are to choose from."""
    title = f"Confidence, {found.kind.replace('_', ' ')}; of questions that were not fitted on"
    by_suite = grid("suite", "questions", "AUROC", "calibration error", title=title)
    for one, judged in zip(asked, found.unseen, strict=True):
        error = ece(judged, one.right)
        by_suite.add_row(
            one.suite, str(len(judged)), number(separation(one, judged)), number(error)
        )
    total = sum(len(one.right) for one in asked)
    by_suite.add_row("all", str(total), "", number(pooled_error(asked, found.unseen)))
    counted = grid("signal", "weight", title="\nWhat counts")
    for name, weight in {**found.weights.signals, "intercept": found.weights.intercept}.items():
        counted.add_row(name, f"{weight:+.3f}")
    some = choices(asked, found.unseen)
    best = balanced(some)
    title = "\nThresholds: answer more, or be wrong less"
    listed = grid("CITEWIRE_THRESHOLD", "answered", "refused", "wrong answers", title=title)
    for place, choice in enumerate(some, start=1):
        if place % _EVERY and choice != best:
            continue
        mark = " (chosen)" if choice == best else ""
        wrong = None if isnan(choice.wrong) else choice.wrong  # nothing is answered
        shares = (number(x) for x in (choice.answered, choice.refused, wrong))
        listed.add_row(f"{choice.threshold:.2f}{mark}", *shares)
    return Group(by_suite, counted, listed)
