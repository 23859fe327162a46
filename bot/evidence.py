"""Evidence selection: the sentences that answer, out of the passages that were found."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from corpus.article import Article, Span
from index.lexical import terms_of
from index.retrieve import Hit, SentenceHit

# What a sentence's own cosine, its share of the question's words and its passage's score count:
# see docs/decisions/0004.
WORDS_WEIGHT = 0.3
PASSAGE_WEIGHT = 0.5
# A heading names a topic and states nothing: it is quoted only where nothing else is near.
HEADING_COST = 0.3
# Further sentences are quoted while they score within this of the best.
MARGIN = 0.1
# Two sentences with this share of terms in common say the same.
SAME_SHARE = 0.7
_ENDS_SENTENCE = re.compile(r"""[.!?…。！？]["'”’»)\]]*$""")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that may be quoted.

    `score` ranks it; `cosine` is the sentence's and `coverage` the share, 0 to 1, of the question's
    weighted terms that it has.
    """

    hit: Hit
    span: Span
    text: str
    score: float
    cosine: float
    coverage: float


def rank(
    found: Sequence[SentenceHit], articles: Mapping[str, Article], weights: Mapping[str, float]
) -> list[Evidence]:
    """Return the sentences found as evidence, best first, ties in the order found.

    Args:
        found: Sentences of the retrieved passages.
        articles: The articles that they are from, by id.
        weights: The question's stemmed terms and what each counts.
    """
    ranked = [
        _weigh(sentence, articles[sentence.hit.passage.article_id], weights) for sentence in found
    ]
    return sorted(ranked, key=lambda evidence: -evidence.score)


def select(ranked: Sequence[Evidence], limit: int) -> list[Evidence]:
    """Return the one to `limit` sentences to quote, best first; none when there are none.

    After the best, a sentence is taken when it scores within `MARGIN` of it and does not repeat
    one that was taken.
    """
    chosen: list[Evidence] = []
    for evidence in ranked:
        if len(chosen) == limit or evidence.score < ranked[0].score - MARGIN:
            break
        if not any(_repeats(evidence, other) for other in chosen):
            chosen.append(evidence)
    return chosen


def share_of(terms: set[str], weights: Mapping[str, float]) -> float:
    """Return which share, 0 to 1, of the weight of a question's terms is among `terms`."""
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in terms) / total if total else 0


def _weigh(sentence: SentenceHit, article: Article, weights: Mapping[str, float]) -> Evidence:
    text = article.text[sentence.span.start : sentence.span.end]
    coverage = share_of(set(terms_of(text)), weights)
    score = sentence.cosine + WORDS_WEIGHT * coverage + PASSAGE_WEIGHT * sentence.hit.score
    if not _ENDS_SENTENCE.search(text):
        score -= HEADING_COST
    return Evidence(sentence.hit, sentence.span, text, score, sentence.cosine, coverage)


def _repeats(evidence: Evidence, other: Evidence) -> bool:
    mine, theirs = set(terms_of(evidence.text)), set(terms_of(other.text))
    return len(mine & theirs) >= SAME_SHARE * min(len(mine), len(theirs))
