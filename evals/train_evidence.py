"""Learns the weights by which sentences are chosen: nine numbers, by conditional logit.

For each question the sentences of the passages found for it, as the product finds them, compete;
the weights make the evidence likely (McFadden 1974), with a little ridge.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bot.answerer import PASSAGES
from bot.evidence import Features, features_of
from evals.abstention import Flags, Floats
from evals.training_sets import TrainingSet
from index.lexical import terms_of
from index.retrieve import Retriever

if TYPE_CHECKING:
    from index.build import Progress

RIDGE = 1e-3
# What being a sentence counts can't be learned where there are no headings.
# As much as 0.2 of MaxSim: a heading is quoted only where nothing else is near.
SENTENCE = 4.0
_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Choice:
    """The features of the sentences found, shape `(sentences, features)`, and which are right."""

    features: Floats
    right: Flags


def choices_of(
    training: TrainingSet, retriever: Retriever, progress: "Progress"
) -> Iterator[Choice]:
    """Yield the choice of each question whose evidence is among the sentences found."""
    progress.stage(f"Asking {training.name}", len(training.asked))
    for asked in training.asked:
        progress.advance(1)
        found = retriever.search_sentences(asked.question, PASSAGES)
        terms = {term: retriever.lexical.weight(term) for term in terms_of(asked.question)}
        rows, right = [], []
        for one in found.sentences:
            name = one.hit.passage.article_id
            text = retriever.articles.article(name).text[one.span.start : one.span.end]
            rows.append(astuple(features_of(one, text, found.weights, terms)))
            right.append(asked.answered_by(name, one.span.start, one.span.end))
        if any(right) and not all(right):
            yield Choice(np.array(rows, np.float64), np.array(right, np.bool_))


def fit(choices: Sequence[Choice]) -> tuple[dict[str, float], float]:
    """Return the weights by feature, and the share of choices whose best sentence is right."""
    from scipy.optimize import minimize

    spread = np.concatenate([choice.features for choice in choices]).std(axis=0) + 1e-9

    def loss(scaled: Floats) -> tuple[float, Floats]:
        total, slope = RIDGE * float(scaled @ scaled), 2 * RIDGE * scaled
        for choice in choices:
            rows = choice.features / spread
            logits = rows @ scaled
            shares = np.exp(logits - logits.max())
            of_right = np.where(choice.right, shares, 0.0)
            total -= float(np.log(of_right.sum() / shares.sum())) / len(choices)
            change = shares / shares.sum() - of_right / of_right.sum()
            slope = slope + rows.T @ change / len(choices)
        return total, slope

    found = minimize(loss, np.zeros(len(spread)), jac=True, method="L-BFGS-B").x / spread
    names = [field.name for field in fields(Features)]
    weights = {n: round(float(w), _DIGITS) for n, w in zip(names, found, strict=True)}
    weights["sentence"] = SENTENCE
    final = np.array([weights[name] for name in names])
    first = np.mean([c.right[int((c.features @ final).argmax())] for c in choices])
    return weights, float(first)


def write_weights(
    learned: Mapping[str, tuple[dict[str, float], float]],
    sets: Sequence[TrainingSet],
    count: int,
    path: Path,
) -> None:
    """Write what `fit` returned, with and without late interaction, and what it was made of."""
    record = {
        "weights": {name: weights for name, (weights, _) in learned.items()},
        "made_by": "citewire eval train evidence",
        "ridge": RIDGE,
        "data": {one.name: one.sha256 for one in sets},
        "questions": count,
        "evidence_first_on_these": {
            name: round(first, _DIGITS) for name, (_, first) in learned.items()
        },
    }
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
