"""Evidence selection: the sentences that answer, out of the passages that were found."""

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, fields, replace
from functools import cache, lru_cache
from math import exp, log
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.asked import asks_age, gives_age
from bot.phrases import names_of
from corpus.article import Article, Span
from corpus.sentences import ends_as_sentence
from index.late_interaction import Floats
from index.lexical import terms_of
from index.retrieve import Hit, SentenceHit, SentenceHits

# Learned by `citewire eval train evidence`; see docs/decisions/0009.
WEIGHTS_FILE = Path(__file__).with_name("evidence.json")
WITH_LATE, WITHOUT_LATE = "with_late_interaction", "without_late_interaction"
# Sentences are quoted until it is so probable that the evidence is among them.
ENOUGH = 0.97
# With this, as many are quoted as may be.
NEVER_ENOUGH = 1.0
# What it counts that a further sentence matches what those before do not.
GAIN_WEIGHT = 5.0
# What it counts that a sentence gives an age where one is asked: the logarithm of the odds ratio
# in 113 questions (docs/decisions/0009).
AGE_WEIGHT = 4.7
# Two sentences with this share of terms in common say the same.
SAME_SHARE = 0.7
# Sentences whose words are not counted again.
_KEPT = 8192
# What ranks lower is never quoted.
_CANDIDATES = 40
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
    ranked = [
        Evidence(one.hit, one.span, text, score, probability, feature, one.matches)
        for one, text, score, probability, feature in zip(
            found.sentences, texts, scores, chances(scores), features, strict=True
        )
    ]
    return sorted(ranked, key=lambda evidence: -evidence.score)


def with_ages(ranked: Sequence[Evidence], question: str) -> list[Evidence]:
    """Return sentences anew, best first: those that give an age, where one is asked, further up.

    Where somebody is named, the sentence must share a word of a name with the question.
    """
    if not asks_age(question):
        return list(ranked)
    named = {term for name in names_of(question) for term in terms_of(name)}
    scores = [one.score + AGE_WEIGHT * _gives_age_of(one.text, named) for one in ranked]
    return rescored(ranked, scores)


def _gives_age_of(text: str, named: Set[str]) -> bool:
    return gives_age(text) and (not named or not named.isdisjoint(_words_of(text).terms))


def rescored(ranked: Sequence[Evidence], scores: Sequence[float]) -> list[Evidence]:
    """Return the evidence with new scores, and the probabilities that come of them, best first."""
    anew = [
        replace(one, score=score, probability=probability)
        for one, score, probability in zip(ranked, scores, chances(scores), strict=True)
    ]
    return sorted(anew, key=lambda evidence: -evidence.score)


def chances(scores: Sequence[float]) -> list[float]:
    """Return the probability of each being the one, by Luce's choice (1959), in their order.

    The scores were learned as its logits.
    """
    best = max(scores, default=0.0)
    shares = [exp(score - best) for score in scores]
    total = sum(shares)
    return [share / total for share in shares]


def features_of(
    sentence: SentenceHit, text: str, token_weights: Floats, term_weights: Mapping[str, float]
) -> Features:
    """Return what is known of a sentence; without late interaction what rests on it is 0."""
    late = float(sentence.matches @ token_weights)
    with_title = float(np.maximum(sentence.matches, sentence.title) @ token_weights)
    with_neighbours = float(np.maximum(sentence.matches, sentence.around) @ token_weights)
    words = _words_of(text)
    return Features(
        late=late,
        with_title=with_title - late,
        with_neighbours=with_neighbours - late,
        passage=sentence.hit.late,
        cosine=sentence.hit.cosine,
        words=sentence.hit.words,
        coverage=share_of(words.terms, term_weights),
        sentence=words.sentence,
        length=words.length,
    )


class _Words(NamedTuple):
    """What is known of a sentence whatever is asked; the last two are those of `Features`."""

    terms: frozenset[str]
    sentence: float
    length: float


@lru_cache(_KEPT)
def _words_of(text: str) -> _Words:
    return _Words(
        frozenset(terms_of(text)),
        float(ends_as_sentence(text)),
        log(max(_FEWEST_WORDS, len(text.split()))),
    )


def score_of(features: Features, *, late: bool) -> float:
    """Return the weighted sum of a sentence's features; `late`: whether tokens were matched."""
    return float(np.dot(_weights()[WITH_LATE if late else WITHOUT_LATE], _values(features)))


# dataclasses.astuple copies every value: a tenth of an answer's time.
_values = attrgetter(*(field.name for field in fields(Features)))


@cache
def _weights() -> dict[str, NDArray[np.float64]]:
    learned = json.loads(WEIGHTS_FILE.read_bytes())["weights"]
    return {
        name: np.array([learned[name][field.name] for field in fields(Features)], np.float64)
        for name in (WITH_LATE, WITHOUT_LATE)
    }


def select(
    ranked: Sequence[Evidence], weights: Floats, limit: int, *, enough: float = ENOUGH
) -> list[Evidence]:
    """Return the one to `limit` sentences to quote, best first; none when there are none.

    After the best, sentences are taken until it is `enough` probable that the evidence is among
    them: those that score high and match what the ones before leave open. One that repeats another
    is not.

    Args:
        ranked: The sentences found, best first.
        weights: What each token of the question weighs, as in `SentenceHits`.
        limit: At most so many.
        enough: From 0 to 1; with `NEVER_ENOUGH`, as many are taken as there are.
    """
    chosen: list[Evidence] = []
    rest, sure = list(ranked[:_CANDIDATES]), 0.0
    while rest and len(chosen) < limit and (enough == NEVER_ENOUGH or sure < enough):
        worth = _worth(rest, chosen, weights)
        best = rest.pop(worth.index(max(worth)))
        sure += best.probability
        if not any(_repeats(best, other) for other in chosen):
            chosen.append(best)
    return chosen


def enough_for(ranked: Sequence[Evidence], question: str, *, leads_back: bool) -> float:
    """Return how probable the evidence must be among what is quoted.

    A question that leads back to an earlier one makes the answer to that probable, not its own; and
    a sentence that gives no age hardly answers how old somebody is.
    """
    ageless = asks_age(question) and not any(gives_age(one.text) for one in ranked[:1])
    return NEVER_ENOUGH if ageless or leads_back else ENOUGH


def _worth(rest: Sequence[Evidence], chosen: Sequence[Evidence], weights: Floats) -> list[float]:
    """Return what each sentence adds to those that were chosen."""
    if not chosen:
        return [evidence.score for evidence in rest]
    matched = np.maximum.reduce([other.matches for other in chosen])
    gained = np.maximum(np.stack([evidence.matches for evidence in rest]) - matched, 0)
    return [
        evidence.score + GAIN_WEIGHT * float(row @ weights)
        for evidence, row in zip(rest, gained, strict=True)
    ]


def share_of(terms: Set[str], weights: Mapping[str, float]) -> float:
    """Return which share, 0 to 1, of the weight of a question's terms is among `terms`."""
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in terms) / total if total else 0


def _repeats(evidence: Evidence, other: Evidence) -> bool:
    mine, theirs = _words_of(evidence.text).terms, _words_of(other.text).terms
    return len(mine & theirs) >= SAME_SHARE * min(len(mine), len(theirs))
