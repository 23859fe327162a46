"""Citewire broken on purpose: a gate that none of these fails is worth nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from corpus.article import Passage
from evals.articles import PassingOn
from index.encoder import Vectors
from index.retrieve import Retriever
from index.vectors import Neighbour

_NEVER = 1.01  # no confidence reaches it


class Break(StrEnum):
    """What is broken."""

    LEXICAL = "lexical"
    DENSE = "dense"
    RANGES = "ranges"
    ALWAYS_ANSWER = "always-answer"
    ALWAYS_ABSTAIN = "always-abstain"


def broken(retriever: Retriever, which: Break | None) -> Retriever:
    """Return `retriever` with that part of it broken.

    `lexical`: the words find nothing and weigh nothing. `dense`: no vector is near any question,
    and no token near any other. `ranges`: every passage has the place of the next one.
    """
    if which is Break.LEXICAL:
        return replace(retriever, lexical=_NoWords())
    if which is Break.DENSE:
        return replace(retriever, dense=_NoVectors(), tokens=None)
    if which is Break.RANGES:
        moved = _NextPassage(retriever.articles, retriever.info.passages)
        # Late interaction would notice that sentences are not those that it has tokens of.
        return replace(retriever, articles=moved, tokens=None)
    return retriever


def threshold_of(threshold: float | None, which: Break | None) -> float | None:
    """Return the confidence to abstain below: 0 always answers, more than 1 never does."""
    if which is Break.ALWAYS_ANSWER:
        return 0.0
    return _NEVER if which is Break.ALWAYS_ABSTAIN else threshold


class _NoWords:
    """A `LexicalSearch` that finds nothing."""

    def search(self, text: str, k: int, *, rows: Sequence[int] | None = None) -> list[Neighbour]:  # noqa: ARG002  (the protocol's)
        return []

    def weight(self, term: str) -> float:  # noqa: ARG002  (likewise)
        return 0.0

    def has(self, term: str) -> bool:  # noqa: ARG002  (likewise)
        return True  # no word is misspelt: that is not what is broken


class _NoVectors:
    """A `DenseSearch` to which everything is equally far."""

    def search(
        self,
        query: Vectors,  # noqa: ARG002  (the protocol's)
        k: int,  # noqa: ARG002
        *,
        rows: Sequence[int] | None = None,  # noqa: ARG002
    ) -> list[Neighbour]:
        return []

    def scores(self, query: Vectors, rows: Sequence[int]) -> list[float]:  # noqa: ARG002  (likewise)
        return [0.0] * len(rows)


@dataclass(frozen=True, slots=True)
class _NextPassage(PassingOn):
    """Articles that are off by one passage; the last one's next is the first."""

    count: int

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        return self.articles.passages([(row + 1) % self.count for row in rows])
