"""Articles that a question may not see, as if they had never been indexed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, log

from index.lexical import terms_of
from index.retrieve import LexicalSearch, Retriever
from index.store import Filters
from index.vectors import Neighbour


def without(retriever: Retriever, hidden: Sequence[str], ids: Sequence[str]) -> Retriever:
    """Return `retriever` with word weights that know nothing of the articles `hidden`.

    `filters_without` keeps them from being found, but the weight of a word counts passages, and a
    word that only a hidden passage has would count less than one that none has: the question
    would look better covered than it is. BM25 itself still counts the hidden passages.
    """
    if not hidden:
        return retriever
    rows = retriever.articles.matching_rows(Filters(document_ids=tuple(hidden)))
    having: Counter[str] = Counter()
    for passage in retriever.articles.passages(rows):
        article = retriever.articles.article(passage.article_id)
        having.update(
            set(terms_of(f"{article.title}\n{article.text[passage.start : passage.end]}"))
        )
    words = _Without(retriever.lexical, retriever.info.passages, len(rows), having)
    info = replace(
        retriever.info,
        documents=len(ids) - len(hidden),
        passages=retriever.info.passages - len(rows),
    )
    return replace(retriever, lexical=words, info=info)


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
        # ln(1 + (N - n + 0.5) / (n + 0.5)) is ln((N + 1) / (n + 0.5)): solved for n.
        weight = self.lexical.weight(term)
        if not weight:
            return weight
        count = round((self.passages + 1) / exp(weight) - 0.5)
        left = max(0, count - self.having[term])
        return log((self.passages - self.hidden + 1) / (left + 0.5))
