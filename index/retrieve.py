"""Questions to ranked passages: dense and lexical scores fused, then late interaction."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple, Protocol

import numpy as np

from corpus.article import Article, Passage, Span, spans_within
from corpus.sentences import split_sentences
from index.encoder import EncodedQuestion, Vectors
from index.errors import SnapshotIncompatible
from index.late_interaction import Floats, PassageTokens, QuestionTokens, TokenCodec, matches
from index.lexical import terms_of
from index.store import Filters
from index.vectors import Neighbour
from index.words import Spelling

# Candidates from each half. With fewer, a passage that only one half finds is lost.
CANDIDATES = 100
# What the words count against the cosine; see docs/decisions/0003.
WORDS_WEIGHT = 0.8
# What late interaction counts against the cosine, and how many candidates it reranks:
# docs/decisions/0009.
LATE_WEIGHT = 2.0
RERANKED = 100
# As many where each must be encoded first, some 5 ms.
FEW_RERANKED = 20
# What a stop word and a punctuation mark of the question weigh; a rare word weighs some five times
# the former.
_STOP_WEIGHT, _MARK_WEIGHT = 1.0, 0.5
# What a token of the context before a question weighs when its sentences are judged.
_CONTEXT_WEIGHT = 0.3
# Whose sentences are kept: splitting them again took a third of an answer's time.
_KEPT_ARTICLES = 512
_KEPT_PASSAGES = 4096
_WORD = re.compile(r"\w+")
_NO_MATCHES = np.empty((1, 0), np.float32)
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

    def has(self, term: str) -> bool:
        """Tell whether any passage has a stemmed term."""


class ArticleReader(Protocol):
    """The articles behind the rows."""

    def article(self, article_id: str) -> Article:
        """Return one article; raise `ArticleNotFound` where there is none."""

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """Return the passages at `rows`, in their order."""

    def matching_rows(self, filters: Filters) -> list[int]:
        """Return the ascending rows of the passages whose article passes."""

    def cluster_id(self, article_id: str) -> str:
        """Return what an article and its copies have in common; `ArticleNotFound` without it."""

    def copies(self, article_id: str, filters: Filters) -> tuple[str, ...]:
        """Return the ids, ascending, of the other articles in its cluster that pass."""


class TokenReader(Protocol):
    """The passages' tokens, stored or encoded anew."""

    def tokens(self, rows: Sequence[int]) -> list[PassageTokens]:
        """Return the tokens of the passages at `rows`, in their order."""


class QuestionEncoder(Protocol):
    """The half of an encoder that a search needs."""

    @property
    def codec(self) -> TokenCodec:
        """Return what tokens are compressed with."""

    def encode_question(self, question: str) -> EncodedQuestion:
        """Return the question's vectors."""

    def token_places(self, text: str) -> tuple[Span, ...]:
        """Return where the tokens of a text stand in it, special tokens left out."""

    def fits(self, question: str) -> bool:
        """Tell whether the encoder sees the question whole."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a question.

    `score` ranks: cosine + `WORDS_WEIGHT` · words + `LATE_WEIGHT` · late. `cosine` is the dense
    half, `words` the lexical half: BM25 as a share, 0 to 1, of the highest score that the
    question's terms could give any passage. `late` is MaxSim, 0 to 1: 0 for what was not reranked,
    which has no `tokens` either.
    """

    row: int
    passage: Passage
    score: float
    cosine: float
    words: float
    late: float = 0.0
    tokens: PassageTokens | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class SentenceHit:
    """A sentence of a passage that was found.

    `span` is its place in the article's text, inside the passage. `matches` has, for each token of
    the question, the highest cosine of any of its tokens as encoded within the passage, -1 to 1;
    `title` the same of the article's title, `around` of the sentences before and after it.
    """

    hit: Hit
    span: Span
    matches: Floats
    title: Floats
    around: Floats


@dataclass(frozen=True, slots=True)
class SentenceHits:
    """Sentences in passage then reading order, and what each token of the question weighs.

    `weights` has shape `(question tokens,)` and sums to 1; where there is no late interaction it
    is empty, and so are all `matches`. `tokens` are the question's.
    """

    sentences: tuple[SentenceHit, ...]
    weights: Floats
    tokens: QuestionTokens | None = None


@dataclass(frozen=True, slots=True)
class TokenMatches:
    """How well each token of a sentence matches each token of a question.

    Attributes:
        question: Where the question's tokens stand in it.
        weights: What each of these weighs, at least 0.
        sentence: Where the sentence's tokens stand in it.
        cosines: Shape `(sentence tokens, question tokens)`, -1 to 1.
    """

    question: tuple[Span, ...]
    weights: Floats
    sentence: tuple[Span, ...]
    cosines: Floats


class _Scored(NamedTuple):
    """A passage row and its scores, before the passage itself is read.

    `matches` has shape `(title and sentences, question tokens)`, empty for what is not reranked.
    """

    score: float
    row: int
    cosine: float
    words: float
    late: float = 0.0
    matches: Floats = _NO_MATCHES
    tokens: PassageTokens | None = None


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
    """Searches one snapshot; safe to share between threads.

    Without `tokens` there is no late interaction: the fused order stays. `spelling` tells how the
    collection's words are spelt; None in a snapshot that was built before it could.
    """

    info: IndexInfo
    encoder: QuestionEncoder
    dense: DenseSearch
    lexical: LexicalSearch
    articles: ArticleReader
    tokens: TokenReader | None
    words_weight: float = WORDS_WEIGHT
    late_weight: float = LATE_WEIGHT
    reranked: int = RERANKED
    spelling: Spelling | None = None

    def search(self, question: str, k: int, *, filters: Filters | None = None) -> list[Hit]:
        """Return the `k` best passages for a question, best first, ties in passage order.

        Args:
            question: Plain words.
            k: How many; fewer come back when the collection, or the filters, leave fewer.
            filters: Only passages of the articles that pass.
        """
        ranked = self._ranked(question, max(CANDIDATES, 2 * k), filters)[0]
        return self._hits(ranked[:k])

    def search_documents(
        self, question: str, k: int, *, filters: Filters | None = None
    ) -> list[Hit]:
        """Return the best passage of each of the `k` best articles, best first."""
        depth = max(CANDIDATES, 2 * k)
        while True:
            ranked = self._ranked(question, depth, filters)[0]
            best: dict[str, Hit] = {}
            for hit in self._hits(ranked):
                best.setdefault(hit.passage.article_id, hit)
            if len(best) >= k or len(ranked) < depth:
                return list(best.values())[:k]
            depth *= 4

    def search_sentences(
        self,
        question: str,
        k: int,
        *,
        focus: str | None = None,
        filters: Filters | None = None,
    ) -> SentenceHits:
        """Return every sentence of the `k` best passages.

        Args:
            question: Ranks the passages.
            k: Of how many passages.
            focus: The end of `question` that sentences are to be judged by; what stands before is
                context and weighs less. All of it when None.
            filters: Only passages of the articles that pass.

        Raises:
            SnapshotIncompatible: Sentences are split otherwise than when the index was built.
        """
        ranked, weights, tokens = self._ranked(
            question, max(CANDIDATES, 2 * k), filters, focus=focus
        )
        best = ranked[: min(k, self.reranked)]
        sentences = []
        for scored, hit in zip(best, self._hits(best), strict=True):
            passage = hit.passage
            article = self.articles.article(passage.article_id)
            spans = _spans(article.text, article.language, passage.start, passage.end)
            found = scored.matches if len(weights) else np.repeat(_NO_MATCHES, len(spans) + 1, 0)
            title, own = found[0], found[1:]
            if len(own) != len(spans):
                raise SnapshotIncompatible(
                    self.info.snapshot_id, "sentence rules", "others", "those of this version"
                )
            sentences += [
                SentenceHit(hit, span, mine, title, around)
                for span, mine, around in zip(spans, own, _around(own), strict=True)
            ]
        return SentenceHits(tuple(sentences), weights, tokens)

    def token_matches(self, found: SentenceHits, hit: Hit, sentence: str) -> TokenMatches | None:
        """Return how a sentence's tokens match those of a question; None without late interaction.

        Where the tokens stand is not stored: the sentence is cut into the same ones again. None
        too where by itself it has others than in its passage; BERT's tokenizer makes none such.

        Args:
            found: What was found for the question.
            hit: The passage of the sentence, found for this question or another.
            sentence: What it reads.
        """
        if found.tokens is None or hit.tokens is None:
            return None
        counts = hit.tokens.counts
        number = 1 + self._sentences_of(hit.row).index(sentence)  # the title comes first
        places = self.encoder.token_places(sentence)
        if len(places) != counts[number]:
            return None
        first = sum(counts[:number])
        vectors = self.encoder.codec.decode(hit.tokens.codes[first : first + len(places)])
        cosines = vectors @ found.tokens.vectors.T
        return TokenMatches(found.tokens.spans, found.weights, places, cosines)

    def _sentences_of(self, row: int) -> list[str]:
        """Return what the sentences of a passage read."""
        [passage] = self.articles.passages([row])
        article = self.articles.article(passage.article_id)
        spans = _spans(article.text, article.language, passage.start, passage.end)
        return [article.text[span.start : span.end] for span in spans]

    def _ranked(
        self, question: str, depth: int, filters: Filters | None, *, focus: str | None = None
    ) -> tuple[list[_Scored], Floats, QuestionTokens | None]:
        """Return what either half finds, best first, and the question's tokens after their weights.

        The weights are those by which sentences are judged: of what stands before `focus` less.
        """
        encoded = self.encoder.encode_question(question)
        fused = self._fused(question, encoded.vector, depth, filters)
        if self.tokens is None:
            return fused, np.empty(0, np.float32), None
        weights = token_weights(question, encoded.tokens.spans, self.lexical)
        weights *= encoded.tokens.importance
        weights = _shares(weights)
        first = fused[: self.reranked]
        tokens = self.tokens.tokens([s.row for s in first])
        found = matches(encoded.tokens, tokens, self.encoder.codec)
        reranked = [
            self._reranked(scored, some, own, weights)
            for scored, some, own in zip(first, tokens, found, strict=True)
        ]
        # What is left is no better: its fused score is lower, and `late` is not below 0.
        reranked = sorted(reranked, key=_order)
        if focus:
            begins = len(question) - len(focus)
            before = np.array([span.end <= begins for span in encoded.tokens.spans], np.bool_)
            weights = _shares(np.where(before, _CONTEXT_WEIGHT * weights, weights))
        return reranked + fused[self.reranked :], weights, encoded.tokens

    def _reranked(
        self, scored: _Scored, tokens: PassageTokens, own: Floats, weights: Floats
    ) -> _Scored:
        # The ufunc itself: `own.max` takes three times as long, a hundred times a question.
        late = max(0.0, float(np.maximum.reduce(own) @ weights)) if own.size else 0.0
        score = scored.score + self.late_weight * late
        return _Scored(score, scored.row, scored.cosine, scored.words, late, own, tokens)

    def _fused(
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
        return sorted(scored, key=_order)

    def _ceiling(self, question: str) -> float:
        """Return what BM25 could at most give a passage for the question's terms."""
        terms = Counter(terms_of(question))
        return _BM25_CEILING * sum(self.lexical.weight(t) * n for t, n in terms.items())

    def _hits(self, scored: Sequence[_Scored]) -> list[Hit]:
        passages = self.articles.passages([s.row for s in scored])
        return [
            Hit(s.row, passage, s.score, s.cosine, s.words, s.late, s.tokens)
            for s, passage in zip(scored, passages, strict=True)
        ]


@lru_cache(_KEPT_ARTICLES)
def _sentences(text: str, language: str | None) -> Sequence[Span]:
    """Return the sentences of an article; of those asked for last they are kept."""
    return split_sentences(text, language)


@lru_cache(_KEPT_PASSAGES)
def _spans(text: str, language: str | None, start: int, end: int) -> tuple[Span, ...]:
    """Return the sentences of a passage; of those asked for last they are kept."""
    return spans_within(_sentences(text, language), start, end)


def token_weights(question: str, spans: Sequence[Span], lexical: LexicalSearch) -> Floats:
    """Return what the tokens of a question weigh by how rare their words are, above 0.

    Args:
        question: What is asked.
        spans: Where its tokens stand in it.
        lexical: Knows the words.
    """
    rarity = {match.span(): _rarity(match.group(), lexical) for match in _WORD.finditer(question)}
    weights = [
        next((w for (a, b), w in rarity.items() if a < s.end and s.start < b), _MARK_WEIGHT)
        for s in spans
    ]
    return np.array(weights, np.float32)


def _shares(weights: Floats) -> Floats:
    return np.asarray(weights / max(float(weights.sum()), 1e-9), np.float32)


def _rarity(word: str, lexical: LexicalSearch) -> float:
    terms = terms_of(word)
    return max(map(lexical.weight, terms)) if terms else _STOP_WEIGHT


def _around(rows: Floats) -> Floats:
    """Return, for each row, the best of those before and after it; itself where it is alone."""
    if len(rows) <= 1:
        return rows
    return np.vstack([rows[1:2], np.maximum(rows[:-2], rows[2:]), rows[-2:-1]])


def _order(scored: _Scored) -> tuple[float, int]:
    """Return what sorts best first, ties in passage order."""
    return -scored.score, scored.row
