"""Which articles are copies of one story."""

from collections.abc import Sequence

from corpus.article import Article
from index.lexical import terms_of

_SHINGLE = 4
# Two rewrites of one event share a few percent of their shingles, a wire story under two outlets
# more than half.
_COPY_SHARE = 0.4


def clusters(articles: Sequence[Article]) -> dict[str, str]:
    """Return, for each article's id, the cluster id: the first id among it and its copies.

    Articles are copies when the resemblance (Broder 1997: the shared part of all runs of
    four terms) of their texts is at least 0.4; copies of copies are one cluster.
    """
    runs = {article.id: _shingles(article.text) for article in articles}
    cluster: dict[str, str] = {}
    for article in articles:
        mine = runs[article.id]
        copies = {
            cluster[other] for other in cluster if _resemblance(mine, runs[other]) >= _COPY_SHARE
        }
        first = min(copies, default=article.id, key=list(cluster).index)
        cluster = {other: first if c in copies else c for other, c in cluster.items()}
        cluster[article.id] = first
    return cluster


def _shingles(text: str) -> set[tuple[str, ...]]:
    terms = terms_of(text)
    return {tuple(terms[i : i + _SHINGLE]) for i in range(max(1, len(terms) - _SHINGLE + 1))}


def _resemblance(a: set[tuple[str, ...]], b: set[tuple[str, ...]]) -> float:
    return len(a & b) / len(a | b) if a | b else 1.0
