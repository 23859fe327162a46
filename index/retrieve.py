"""Questions to ranked passages: dense and lexical scores fused."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from corpus.article import Article, Passage, Span, spans_within
from corpus.sentences import split_sentences
from index.encoder import Vectors
from index.lexical import terms_of
from index.store import Filters
from index.vectors import Neighbour

# Candidates from each half. With fewer, a passage that only one half finds is lost.
CANDIDATES = 100
# What the words count against the cosine; see docs/decisions/0003.
WORDS_WEIGHT = 0.8
# BM25's k1 + 1: no passage scores more than this times the summed weights of a question's terms.
_BM25_CEILING = 2.2


class DenseSearch(Protocol):
    """Nearest vectors; the embedded snapshot's FAISS is one, an engine elsewhere may be another."""

    def search(
        self, query: Vectors, k: int, *, rows: Sequence[int] | None = None
    ) -> list[Neighbour]:
        """Return the `k` nearest of `rows` (all when None), best first."""

    def scores(self, query: Vectors, rows: Sequence[int]) -> list[float]:
        """Return the cosine with each of `rows`, in their order."""


class LexicalSearch(Protocol):
    """Passages by their words."""

    def search(self, text: str, k: int, *, rows: Sequence[int] | None = None) -> list[Neighbour]:
        """Return the `k` best of `rows` (all when None) by BM25, best first."""

    def weight(self, term: str) -> float:
        """Return the inverse document frequency of a stemmed term."""


class ArticleReader(Protocol):
    """The articles behind the rows."""

    def article(self, article_id: str) -> Article:
        """Return one article; raise `ArticleNotFound` where there is none."""

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """Return the passages at `rows`, in their order."""

    def sentence_rows(self, rows: Sequence[int]) -> list[range]:
        """Return, for each passage row, the rows of its sentences among all sentences."""

    def matching_rows(self, filters: Filters) -> list[int]:
        """Return the ascending rows of the passages whose article passes."""


class SentenceSearch(Protocol):
    """The vectors of the passages' sentences, each encoded within its passage."""

    def scores(self, query: Vectors, rows: Sequence[int]) -> list[float]:
        """Return the cosine with each sentence row, in their order."""


class QuestionEncoder(Protocol):
    """The half of an encoder that a search needs."""

    def encode_question(self, question: str) -> Vectors:
        """Return one unit vector, shape `(dimension,)`."""

    def fits(self, question: str) -> bool:
        """Tell whether the encoder sees the question whole."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a question.

    `score` ranks: cosine + `WORDS_WEIGHT` · words, so from -1 to 1.8. `cosine` is the dense half,
    `words` the lexical half: BM25 as a share, 0 to 1, of the highest score that the question's
    terms could give any passage.
    """

    row: int
    passage: Passage
    score: float
    cosine: float
    words: float


class _Scored(NamedTuple):
    """A passage row and its scores, before the passage itself is read."""

    score: float
    row: int
    cosine: float
    words: float


@dataclass(frozen=True, slots=True)
class SentenceHit:
    """A sentence of a passage that was found.

    `span` is its place in the article's text, inside the passage; `cosine` is that of the
    question and the sentence's tokens as encoded within the passage.
    """

    hit: Hit
    span: Span
    cosine: float


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """Which snapshot answers: what an answer says about where it comes from."""

    snapshot_id: str
    built_at: datetime
    documents: int
    passages: int
    encoder: str


@dataclass(frozen=True, slots=True)
class Retriever:
    """Searches one snapshot; safe to share between threads."""

    info: IndexInfo
    encoder: QuestionEncoder
    dense: DenseSearch
    lexical: LexicalSearch
    sentences: SentenceSearch
    articles: ArticleReader
    words_weight: float = WORDS_WEIGHT

    def search(self, question: str, k: int, *, filters: Filters | None = None) -> list[Hit]:
        """Return the `k` best passages for a question, best first, ties in passage order.

        Args:
            question: Plain words.
            k: How many; fewer come back when the collection, or the filters, leave fewer.
            filters: Only passages of the articles that pass.
        """
        query = self.encoder.encode_question(question)
        scored = self._scored(question, query, max(CANDIDATES, 2 * k), filters)
        return self._hits(scored[:k])

    def search_documents(
        self, question: str, k: int, *, filters: Filters | None = None
    ) -> list[Hit]:
        """Return the best passage of each of the `k` best articles, best first."""
        query = self.encoder.encode_question(question)
        depth = max(CANDIDATES, 2 * k)
        while True:
            scored = self._scored(question, query, depth, filters)
            best: dict[str, Hit] = {}
            for hit in self._hits(scored):
                best.setdefault(hit.passage.article_id, hit)
            if len(best) >= k or len(scored) < depth:
                return list(best.values())[:k]
            depth *= 4

    def search_sentences(
        self, question: str, k: int, *, filters: Filters | None = None
    ) -> list[SentenceHit]:
        """Return every sentence of the `k` best passages, in passage then reading order."""
        query = self.encoder.encode_question(question)
        hits = self._hits(self._scored(question, query, max(CANDIDATES, 2 * k), filters)[:k])
        rows = self.articles.sentence_rows([hit.row for hit in hits])
        cosines = self.sentences.scores(query, [row for some in rows for row in some])
        places = [(hit, span) for hit in hits for span in self._spans(hit.passage)]
        return [SentenceHit(*place, cosine) for place, cosine in zip(places, cosines, strict=True)]

    def _spans(self, passage: Passage) -> tuple[Span, ...]:
        article = self.articles.article(passage.article_id)
        sentences = split_sentences(article.text, article.language)
        return spans_within(sentences, passage.start, passage.end)

    def _scored(
        self, question: str, query: Vectors, depth: int, filters: Filters | None
    ) -> list[_Scored]:
        """Return what is among the `depth` best of either half, best first."""
        rows = self.articles.matching_rows(filters) if filters else None
        cosines = {near.row: near.score for near in self.dense.search(query, depth, rows=rows)}
        words = {near.row: near.score for near in self.lexical.search(question, depth, rows=rows)}
        only_words = sorted(words.keys() - cosines.keys())
        cosines.update(zip(only_words, self.dense.scores(query, only_words), strict=True))
        ceiling = self._ceiling(question)
        scored = []
        for row, cosine in cosines.items():
            share = words[row] / ceiling if row in words else 0.0
            scored.append(_Scored(cosine + self.words_weight * share, row, cosine, share))
        return sorted(scored, key=lambda s: (-s.score, s.row))

    def _ceiling(self, question: str) -> float:
        """Return what BM25 could at most give a passage for the question's terms."""
        terms = Counter(terms_of(question))
        return _BM25_CEILING * sum(self.lexical.weight(t) * n for t, n in terms.items())

    def _hits(self, scored: Sequence[_Scored]) -> list[Hit]:
        passages = self.articles.passages([s.row for s in scored])
        return [
            Hit(s.row, passage, s.score, s.cosine, s.words)
            for s, passage in zip(scored, passages, strict=True)
        ]
