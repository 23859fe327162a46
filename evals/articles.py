"""An `ArticleReader` that passes everything on: what wraps one says only what it changes."""

from collections.abc import Sequence
from dataclasses import dataclass

from corpus.article import Article, Passage
from index.retrieve import ArticleReader
from index.store import Filters


@dataclass(frozen=True, slots=True)
class PassingOn:
    """The articles of another reader."""

    articles: ArticleReader

    def article(self, article_id: str) -> Article:
        """Return what the other returns."""
        return self.articles.article(article_id)

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """Return what the other returns."""
        return self.articles.passages(rows)

    def matching_rows(self, filters: Filters) -> list[int]:
        """Return what the other returns."""
        return self.articles.matching_rows(filters)

    def cluster_id(self, article_id: str) -> str:
        """Return what the other returns."""
        return self.articles.cluster_id(article_id)

    def copies(self, article_id: str, filters: Filters) -> tuple[str, ...]:
        """Return what the other returns."""
        return self.articles.copies(article_id, filters)
