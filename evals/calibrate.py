"""Fits confidence: logistic regression of being right on what an answer rests on.

Right is an answer whose first citation is gold, so none to an unanswerable question is. Suites
count alike, whatever their sizes. All that is told of a fit is told of questions whose articles it
had not seen: the questions are dealt, by article, into folds (cross-validation).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot import wire
from bot.answerer import Question
from bot.confidence import (
    PLAIN,
    WITH_LATE,
    WITH_READER,
    Signals,
    Weights,
    kind_of,
    read_weights,
)
from bot.settings import Settings
from evals.abstention import Flags, Floats, auroc, ece
from evals.cases import Case
from evals.errors import InputUnusable
from evals.hidden import filters_without, without
from evals.metrics import evidence_first
from evals.runner import fixed, prepare
from evals.suites import Suite
from index.build import Progress

FOLDS = 5
RIDGE = 1e-3
# What each model may look at. Late interaction says what cosine and words can't; with the reader,
# they say how far it may be believed.
USED = {
    WITH_READER: ("there", "elsewhere", "sure", "placed", "late", "coverage",
                  "year", "number", "name"),
    WITH_LATE: ("late", "cosine", "year", "number", "name"),
    PLAIN: ("cosine", "coverage", "year", "number", "name"),
}  # fmt: skip
# Of these, more is never a worse sign: a weight below 0 would be a habit of the questions.
_RISING = {"there", "sure", "placed", "late", "cosine", "coverage"}
# A fit this close to what came, on each suite, is called calibrated: over all of them too high here
# and too low there would even out.
CALIBRATED = 0.05
_STEPS = 100
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """The questions of a suite that something was found for, a row each.

    Attributes:
        suite: Its name.
        signals: Shape `(questions, signals)`, in the order of `Signals`.
        right: Whether the first citation is gold.
        answerable: Whether the articles answer it.
        fold: From 0; questions on one article are in one.
    """

    suite: str
    signals: Floats
    right: Flags
    answerable: Flags
    fold: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted model, and what it gives each question of each suite when it has not seen it."""

    kind: str
    weights: Weights
    unseen: tuple[Floats, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A threshold, and its shares over all suites, each counted alike.

    `answered` is of the answerable questions, `refused` of the others; `wrong` of the answers.
    """

    threshold: float
    answered: float
    refused: float
    wrong: float


def ask(suite: Suite, settings: Settings, progress: Progress) -> tuple[str, Asked]:
    """Ask a suite; return which model judges its answers, and what they rest on.

    Raises:
        IndexingError: Its index could not be built.
    """
    retriever = prepare(suite, settings, progress).retriever
    answerer = wire.answerer(settings)
    kind = kind_of(reader=answerer.reader is not None, late=retriever.tokens is not None)
    progress.stage("Asking", len(suite.cases))
    ids = tuple(suite.articles)
    rows, right, answerable, groups = [], [], [], []
    for case in suite.cases:
        own = fixed(answerer, without(retriever, case.hidden, ids), case)
        filters = filters_without(case.hidden, ids)
        answer, signals = own.consider(Question(case.text, case.history, filters=filters))
        progress.advance(1)
        if signals is None:
            continue
        rows.append(astuple(signals))
        right.append(case.answerable and evidence_first(case, answer) > 0)
        answerable.append(case.answerable)
        groups.append(_article(case) or answer.citations[0].document_id)
    return kind, Asked(
        suite.name,
        np.array(rows, np.float64).reshape(len(rows), len(fields(Signals))),
        np.array(right, np.bool_),
        np.array(answerable, np.bool_),
        _folds(groups),
    )


def fit(kind: str, asked: Sequence[Asked]) -> Fit:
    """Return the model of a kind that fits the suites, and how it judges what it has not seen.

    Raises:
        InputUnusable: The suites have no answerable question, or no other.
    """
    answerable = np.concatenate([one.answerable for one in asked])
    if answerable.all() or not answerable.any():
        which = "unanswerable" if answerable.all() else "answerable"
        raise InputUnusable((f"{', '.join(one.suite for one in asked)}: no {which} question",))
    parts = [np.full(len(one.right), np.nan) for one in asked]
    for fold in range(FOLDS):
        seen = [one.fold != fold for one in asked]
        model = _fitted(kind, asked, seen)
        for part, one, kept in zip(parts, asked, seen, strict=True):
            part[~kept] = _judged(kind, one.signals[~kept], model)
    found = _fitted(kind, asked, [np.ones(len(one.right), np.bool_) for one in asked])
    signals = dict(zip(USED[kind], map(_short, found[:-1]), strict=True))
    errors = [ece(part, one.right) for part, one in zip(parts, asked, strict=True)]
    weights = Weights(
        _short(found[-1]),
        {name: weight for name, weight in signals.items() if weight},
        balanced(choices(asked, parts)).threshold,
        calibrated=max(errors) <= CALIBRATED,
    )
    return Fit(kind, weights, tuple(parts))


def pooled_error(asked: Sequence[Asked], judged: Sequence[Floats]) -> float:
    """Return the expected calibration error over the questions of all suites."""
    return ece(np.concatenate(judged), np.concatenate([one.right for one in asked]))


def separation(one: Asked, judged: Floats) -> float:
    """Return the AUROC of confidence on a suite: what is answerable against what is not."""
    return auroc(judged, one.answerable)


def choices(asked: Sequence[Asked], judged: Sequence[Floats]) -> list[Choice]:
    """Return what thresholds from 0.01 to 0.99 would do."""
    return [_choice(step / _STEPS, asked, judged) for step in range(1, _STEPS)]


def balanced(some: Sequence[Choice]) -> Choice:
    """Return the choice that answers and refuses best: whose lower share is highest."""
    return max(some, key=lambda choice: (min(choice.answered, choice.refused), -choice.threshold))


def write_weights(found: Fit, suites: Mapping[str, str], path: Path) -> None:
    """Write a fit, beside the packaged models of the other kinds, for CITEWIRE_CONFIDENCE.

    Args:
        found: What was fitted.
        suites: The sha256 of each suite's articles and questions, by its name.
        path: A file.
    """
    models = read_weights() | {found.kind: found.weights}
    record = {
        "made_by": "citewire eval calibrate",
        "fitted": {found.kind: dict(suites)},
        "models": {
            kind: {
                "intercept": one.intercept,
                "signals": dict(one.signals),
                "threshold": one.threshold,
                "calibrated": one.calibrated,
            }
            for kind, one in models.items()
        },
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _fitted(kind: str, asked: Sequence[Asked], seen: Sequence[Flags]) -> Floats:
    """Return the weights of the signals of a kind, and the intercept."""
    from scipy.optimize import minimize

    used = _columns(kind)
    rows = np.concatenate(
        [one.signals[kept][:, used] for one, kept in zip(asked, seen, strict=True)]
    )
    right = np.concatenate([one.right[kept] for one, kept in zip(asked, seen, strict=True)])
    counts = [int(kept.sum()) for kept in seen]
    shares = np.concatenate([np.full(n, 1 / (n * len(counts))) for n in counts if n])
    spread = rows.std(axis=0) + 1e-9
    table = np.hstack([rows / spread, np.ones((len(rows), 1))])

    def loss(scaled: Floats) -> tuple[float, Floats]:
        logits = table @ scaled
        given = np.where(right, logits, -logits)
        slope = table.T @ (shares * (1 / (1 + np.exp(-logits)) - right))
        held = RIDGE * np.append(scaled[:-1], 0.0)
        return float(shares @ np.logaddexp(0, -given) + held @ scaled / 2), slope + held

    least = [0.0 if name in _RISING else None for name in USED[kind]]
    most = [None if name in _RISING else 0.0 for name in USED[kind]]
    bounds = [*zip(least, most, strict=True), (None, None)]
    start = np.zeros(table.shape[1])
    best = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return np.asarray(best / np.append(spread, 1.0), np.float64)


def _judged(kind: str, signals: Floats, model: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-(signals[:, _columns(kind)] @ model[:-1] + model[-1]))))


def _columns(kind: str) -> list[int]:
    names = [field.name for field in fields(Signals)]
    return [names.index(name) for name in USED[kind]]


def _choice(threshold: float, asked: Sequence[Asked], judged: Sequence[Floats]) -> Choice:
    answered, refused, wrong = list[float](), list[float](), list[float]()
    for one, part in zip(asked, judged, strict=True):
        given = part >= threshold
        answered += _share(given[one.answerable])
        refused += _share(~given[~one.answerable])
        wrong += _share(~one.right[given])
    return Choice(
        threshold, *(float(np.mean(some or [np.nan])) for some in (answered, refused, wrong))
    )


def _share(flags: Flags) -> list[float]:
    """Return the share of flags that are set; nothing where there are none."""
    return [float(flags.mean())] if len(flags) else []


def _article(case: Case) -> str:
    """Return the article that a question is on, as far as the suite says; its parts are one."""
    documents = [gold.document_id for gold in case.gold] or list(case.hidden)
    return documents[0].rpartition("/")[0] or documents[0] if documents else ""


def _folds(groups: Sequence[str]) -> NDArray[np.intp]:
    order = {group: place for place, group in enumerate(sorted(set(groups)))}
    return np.array([order[group] % FOLDS for group in groups], np.intp)


def _short(value: float) -> float:
    return round(float(value), _DIGITS)
