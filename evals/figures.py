"""What is measured, and outcomes to figures: every measure over every slice, with its interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evals.abstention import Flags, Floats, aurc, auroc, ece
from evals.bootstrap import Statistic, each, interval, mean_of
from evals.metrics import RETRIEVAL
from evals.runs import Figure, Outcome

ALL = "all"


@dataclass(frozen=True, slots=True)
class Measure:
    """A score that runs are judged by.

    Attributes:
        name: In files and tables.
        family: Under which it is listed.
        title: For people.
        rises: Whether more is better.
        binary: Whether a question's score is 0 or 1.
        main: Whether it is shown for every slice.
        whole: Whether it is a score of a whole set, with no score a question.
    """

    name: str
    family: Literal["documents", "passages", "answers", "abstention"]
    title: str
    rises: bool = True
    binary: bool = False
    main: bool = False
    whole: bool = False


_MAIN_RETRIEVAL = {"success@1", "ndcg@10"}
MEASURES = (
    *(
        Measure(
            f"{family[:-1]}_{name}",
            family,
            f"{name.replace('ndcg', 'nDCG').replace('mrr', 'MRR').replace('map', 'MAP')}",
            binary=name.startswith("success"),
            main=name in _MAIN_RETRIEVAL and family == "passages",
        )
        for family in ("documents", "passages")
        for name in RETRIEVAL
    ),
    Measure("evidence_first", "answers", "evidence cited first", binary=True, main=True),
    Measure("evidence_anywhere", "answers", "all evidence cited", binary=True, main=True),
    Measure("citation_precision", "answers", "citation precision"),
    Measure("answer_found", "answers", "answer in a citation", binary=True, main=True),
    Measure("answered_with_evidence", "answers", "answered, all evidence cited", binary=True),
    Measure("short_answer_shown", "answers", "short answer shown, of answers", binary=True),
    Measure("short_answer_exact", "answers", "short answer exact, of shown", binary=True),
    Measure("short_answer_f1", "answers", "short answer F1, of shown"),
    Measure("citation_exactness", "answers", "citation exactness", binary=True),
    Measure("answer_rate", "abstention", "answer rate, answerable", binary=True, main=True),
    Measure("refusal_recall", "abstention", "refusals, unanswerable", binary=True, main=True),
    Measure("refusal_precision", "abstention", "refusals that were right"),
    Measure("auroc", "abstention", "AUROC of confidence", whole=True),
    Measure("aurc", "abstention", "area under risk–coverage", rises=False, whole=True),
    Measure("ece", "abstention", "expected calibration error", rises=False, whole=True),
)
BY_NAME = {measure.name: measure for measure in MEASURES}


@dataclass(frozen=True, slots=True)
class Judged:
    """Confidence, and whether the answers are there and right, one row a question."""

    confidence: Floats
    answerable: Flags
    correct: Flags


def column(outcomes: Sequence[Outcome], measure: str) -> Floats:
    """Return the score of each question, NaN where the measure does not apply."""
    return np.array([outcome.scores.get(measure, np.nan) for outcome in outcomes], np.float64)


def judged(outcomes: Sequence[Outcome]) -> Judged:
    """Return what `aurc` and the like need, of the questions that were asked for an answer.

    An answer is right when its first citation is gold, so none to an unanswerable question is.
    """
    asked = [outcome for outcome in outcomes if outcome.confidence is not None]
    return Judged(
        np.array([outcome.confidence for outcome in asked], np.float64),
        np.array([outcome.answerable for outcome in asked], np.bool_),
        np.array([outcome.scores.get("evidence_first", 0.0) > 0 for outcome in asked], np.bool_),
    )


def statistic_of(measure: Measure, outcomes: Sequence[Outcome]) -> Statistic:
    """Return the measure as a statistic of rows of `outcomes`."""
    if not measure.whole:
        return mean_of(column(outcomes, measure.name))
    of = judged(outcomes)
    if measure.name == "auroc":
        return each(auroc, of.confidence, of.answerable)
    return each(aurc if measure.name == "aurc" else ece, of.confidence, of.correct)


def count_of(measure: Measure, outcomes: Sequence[Outcome]) -> int:
    """Return how many of `outcomes` the measure applies to; 0 where it can't be computed."""
    if not measure.whole:
        return int(np.count_nonzero(~np.isnan(column(outcomes, measure.name))))
    of = judged(outcomes)
    if measure.name == "auroc" and (of.answerable.all() or not of.answerable.any()):
        return 0
    return len(of.confidence)


def slices_of(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """Return the questions of every slice, kinds before tags, by name."""
    slices: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        for name in outcome.slices:
            slices.setdefault(name, []).append(outcome)
    return dict(sorted(slices.items()))


def figures_of(outcomes: Sequence[Outcome]) -> tuple[Figure, ...]:
    """Return every measure over all questions, then the main ones over every slice."""
    figures = [_figure(measure, ALL, outcomes) for measure in MEASURES]
    for name, some in slices_of(outcomes).items():
        figures += [_figure(measure, name, some) for measure in MEASURES if measure.main]
    return tuple(figure for figure in figures if figure.n)


def latency_figures(ms: Sequence[float], name: str = "ms") -> tuple[Figure, ...]:
    """Return the median and the 95th percentile of milliseconds a question."""
    times = np.array(ms, np.float64)

    def percentile(percent: int) -> Statistic:
        return lambda rows: np.percentile(times[rows], percent, axis=1)

    return tuple(_with_interval(f"{name}_p{at}", ALL, percentile(at), len(ms)) for at in (50, 95))


def _figure(measure: Measure, name: str, outcomes: Sequence[Outcome]) -> Figure:
    applicable = outcomes
    if not measure.whole:  # fewer rows to draw, the same interval
        applicable = [outcome for outcome in outcomes if measure.name in outcome.scores]
    n = count_of(measure, applicable)
    if not n:
        return Figure(measure.name, name, 0.0, None, None, 0)
    return _with_interval(measure.name, name, statistic_of(measure, applicable), n)


def _with_interval(measure: str, name: str, statistic: Statistic, n: int) -> Figure:
    found = interval(statistic, n)
    bounds = [None if np.isnan(bound) else bound for bound in (found.low, found.high)]
    return Figure(measure, name, found.value, bounds[0], bounds[1], n)
