"""Articles that a question may not see, as if they had never been indexed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, log

from index.lexical import terms_of
from index.retrieve import LexicalSearch, Retriever
from index.store import Filters
from index.vectors import Neighbour
from index.words import Near, WordSearch, words_of


def without(retriever: Retriever, hidden: Sequence[str], ids: Sequence[str]) -> Retriever:
    """Return `retriever` with words, and weights of them, that know nothing of `hidden` articles.

    `filters_without` keeps them from being found, but the weight of a word counts passages, and a
    word that only a hidden passage has would count less than one that none has: the question
    would look better covered than it is. BM25 itself still counts the hidden passages.
    """
    if not hidden:
        return retriever
    rows = retriever.articles.matching_rows(Filters(document_ids=tuple(hidden)))
    having, spelt = Counter[str](), Counter[str]()
    for passage in retriever.articles.passages(rows):
        article = retriever.articles.article(passage.article_id)
        text = f"{article.title}\n{article.text[passage.start : passage.end]}"
        having.update(set(terms_of(text)))
        spelt.update(words_of(text))
    words = _Without(retriever.lexical, retriever.info.passages, len(rows), having)
    info = replace(
        retriever.info,
        documents=len(ids) - len(hidden),
        passages=retriever.info.passages - len(rows),
    )
    known = retriever.spelling
    spelling = known and replace(known, words=_WordsWithout(known.words, spelt))
    return replace(retriever, lexical=words, info=info, spelling=spelling)


def filters_without(hidden: Sequence[str], ids: Sequence[str]) -> Filters:
    """Return the filters that let all of `ids` but `hidden` pass; none where nothing is hidden."""
    if not hidden:
        return Filters()
    return Filters(document_ids=tuple(name for name in ids if name not in hidden))


@dataclass(frozen=True, slots=True)
class _Without:
    """A `LexicalSearch` whose weights are those of a collection of fewer passages.

    `having` counts, for each stemmed term, the hidden passages that have it.
    """

    lexical: LexicalSearch
    passages: int
    hidden: int
    having: Counter[str]

    def search(self, text: str, k: int, *, rows: Sequence[int] | None = None) -> list[Neighbour]:
        return self.lexical.search(text, k, rows=rows)

    def weight(self, term: str) -> float:
        weight = self.lexical.weight(term)
        if not weight:
            return weight
        return log((self.passages - self.hidden + 1) / (self._left(weight, term) + 0.5))

    def has(self, term: str) -> bool:
        return self.lexical.has(term) and self._left(self.lexical.weight(term), term) > 0

    def _left(self, weight: float, term: str) -> int:
        # ln(1 + (N - n + 0.5) / (n + 0.5)) is ln((N + 1) / (n + 0.5)): solved for n.
        count = round((self.passages + 1) / exp(weight) - 0.5)
        return max(0, count - self.having[term])


@dataclass(frozen=True, slots=True)
class _WordsWithout:
    """A `WordSearch` of what is left of a collection: `hidden` counts the words of the rest."""

    words: WordSearch
    hidden: Counter[str]

    def near(self, word: str, edits: int) -> list[Near]:
        found = self.words.near(word, edits)
        left = [replace(one, count=one.count - self.hidden[one.word]) for one in found]
        return [one for one in left if one.count > 0]
