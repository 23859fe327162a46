"""Evidence selection: the sentences that answer, out of the passages that were found."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from math import exp, log
from operator import attrgetter
from pathlib import Path

import numpy as np

from corpus.article import Article, Span
from index.late_interaction import Floats
from index.lexical import terms_of
from index.retrieve import Hit, SentenceHit, SentenceHits

# Learned by `citewire eval train evidence`; see docs/decisions/0009.
WEIGHTS_FILE = Path(__file__).with_name("evidence.json")
WITH_LATE, WITHOUT_LATE = "with_late_interaction", "without_late_interaction"
# Sentences are quoted until it is so probable that the evidence is among them.
ENOUGH = 0.95
# What it counts that a further sentence matches what those before do not.
GAIN_WEIGHT = 5.0
# Two sentences with this share of terms in common say the same.
SAME_SHARE = 0.7
# What ranks lower is never quoted.
_CANDIDATES = 40
_ENDS_SENTENCE = re.compile(r"""[.!?…。！？]["'”’»)\]]*$""")
_FEWEST_WORDS = 3


@dataclass(frozen=True, slots=True)
class Features:
    """What is known of a sentence, in the order of the weights.

    Attributes:
        late: MaxSim of the question's tokens and the sentence's, weighted; -1 to 1.
        with_title: What `late` gains when the tokens of the article's title count too.
        with_neighbours: What it gains with the sentences before and after.
        passage: MaxSim of the passage.
        cosine: Of the question and the passage.
        words: The passage's share of what BM25 could give it.
        coverage: The share, 0 to 1, of the question's weighted terms that the sentence has.
        sentence: 1 where it ends as a sentence does, 0 for a heading.
        length: The natural logarithm of its number of words, at least 3.
    """

    late: float
    with_title: float
    with_neighbours: float
    passage: float
    cosine: float
    words: float
    coverage: float
    sentence: float
    length: float


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """A sentence that may be quoted.

    `score` ranks it and `probability` is that of its being the evidence rather than another
    sentence that was found, 0 to 1. `matches` has, for each token of the question, how well the
    sentence matches it.
    """

    hit: Hit
    span: Span
    text: str
    score: float
    probability: float
    features: Features
    matches: Floats

    @property
    def place(self) -> tuple[str, Span]:
        """Return the article and where in it: what makes two of them the same sentence."""
        return self.hit.passage.article_id, self.span


def rank(
    found: SentenceHits, articles: Mapping[str, Article], weights: Mapping[str, float]
) -> list[Evidence]:
    """Return the sentences found as evidence, best first, ties in the order found.

    Args:
        found: Sentences of the retrieved passages.
        articles: The articles that they are from, by id.
        weights: The question's stemmed terms and what each counts.
    """
    texts = [
        articles[one.hit.passage.article_id].text[one.span.start : one.span.end]
        for one in found.sentences
    ]
    features = [
        features_of(one, text, found.weights, weights)
        for one, text in zip(found.sentences, texts, strict=True)
    ]
    late = bool(len(found.weights))
    scores = [score_of(one, late=late) for one in features]
    # Luce's choice: the scores were learned as the logits of this.
    shares = [exp(score - max(scores)) for score in scores]
    ranked = [
        Evidence(one.hit, one.span, text, score, share / sum(shares), feature, one.matches)
        for one, text, score, share, feature in zip(
            found.sentences, texts, scores, shares, features, strict=True
        )
    ]
    return sorted(ranked, key=lambda evidence: -evidence.score)


def features_of(
    sentence: SentenceHit, text: str, token_weights: Floats, term_weights: Mapping[str, float]
) -> Features:
    """Return what is known of a sentence; without late interaction what rests on it is 0."""
    late = float(sentence.matches @ token_weights)
    with_title = float(np.maximum(sentence.matches, sentence.title) @ token_weights)
    with_neighbours = float(np.maximum(sentence.matches, sentence.around) @ token_weights)
    return Features(
        late=late,
        with_title=with_title - late,
        with_neighbours=with_neighbours - late,
        passage=sentence.hit.late,
        cosine=sentence.hit.cosine,
        words=sentence.hit.words,
        coverage=share_of(set(terms_of(text)), term_weights),
        sentence=float(bool(_ENDS_SENTENCE.search(text))),
        length=log(max(_FEWEST_WORDS, len(text.split()))),
    )


def score_of(features: Features, *, late: bool) -> float:
    """Return the weighted sum of a sentence's features; `late`: whether tokens were matched."""
    return float(np.dot(_weights()[WITH_LATE if late else WITHOUT_LATE], _values(features)))


# dataclasses.astuple copies every value: a tenth of an answer's time.
_values = attrgetter(*(field.name for field in fields(Features)))


@cache
def _weights() -> dict[str, tuple[float, ...]]:
    learned = json.loads(WEIGHTS_FILE.read_bytes())["weights"]
    return {
        name: tuple(float(learned[name][field.name]) for field in fields(Features))
        for name in (WITH_LATE, WITHOUT_LATE)
    }


def select(ranked: Sequence[Evidence], weights: Floats, limit: int) -> list[Evidence]:
    """Return the one to `limit` sentences to quote, best first; none when there are none.

    After the best, sentences are taken until it is `ENOUGH` probable that the evidence is among
    them: those that score high and match what the ones before leave open. One that repeats another
    is not.

    Args:
        ranked: The sentences found, best first.
        weights: What each token of the question weighs, as in `SentenceHits`.
        limit: At most so many.
    """
    chosen: list[Evidence] = []
    rest, sure = list(ranked[:_CANDIDATES]), 0.0
    while rest and len(chosen) < limit and sure < ENOUGH:
        best = max(rest, key=lambda evidence: _worth(evidence, chosen, weights))
        rest.remove(best)
        sure += best.probability
        if not any(_repeats(best, other) for other in chosen):
            chosen.append(best)
    return chosen


def _worth(evidence: Evidence, chosen: Sequence[Evidence], weights: Floats) -> float:
    """Return what a sentence adds to those that were chosen."""
    if not chosen:
        return evidence.score
    matched = np.max([other.matches for other in chosen], axis=0)
    gain = np.maximum(evidence.matches - matched, 0) @ weights
    return evidence.score + GAIN_WEIGHT * float(gain)


def share_of(terms: set[str], weights: Mapping[str, float]) -> float:
    """Return which share, 0 to 1, of the weight of a question's terms is among `terms`."""
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in terms) / total if total else 0


def _repeats(evidence: Evidence, other: Evidence) -> bool:
    mine, theirs = set(terms_of(evidence.text)), set(terms_of(other.text))
    return len(mine & theirs) >= SAME_SHARE * min(len(mine), len(theirs))
