"""The passages' words, searched by tantivy with BM25."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from math import log
from pathlib import Path

import tantivy

from index.tantivy_files import fill, os_errors
from index.vectors import Neighbour, best_of

_ANALYZER = "citewire_en"


@cache
def _analyzer() -> tantivy.TextAnalyzer:
    """Return words as they are indexed: letters and digits, lower case, no accents, stemmed."""
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(64))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .filter(tantivy.Filter.stopword("english"))
        .filter(tantivy.Filter.stemmer("english"))
        .build()
    )


def terms_of(text: str) -> list[str]:
    """Return the stemmed terms of `text` in order, stop words left out, repeats kept."""
    return list(_analyzer().analyze(text))


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("text", tokenizer_name=_ANALYZER, index_option="freq")
    builder.add_unsigned_field("row", indexed=True, fast=True)
    return builder.build()


def _document(row: int, text: str) -> tantivy.Document:
    document = tantivy.Document()
    document.add_text("text", text)
    document.add_unsigned("row", row)
    return document


class LexicalStore:
    """The words of all passages, in a folder of their own."""

    def __init__(self, store: tantivy.Index) -> None:
        """Wrap a tantivy index; use `open`."""
        self._schema = store.schema
        self._searcher = store.searcher()

    @classmethod
    def open(cls, folder: Path) -> "LexicalStore":
        """Return the store in `folder`, as `write` left it; check its files' hashes first.

        Raises:
            OSError: A file is gone, or the folder can't be written: tantivy puts a lock there.
        """
        with os_errors():
            store = tantivy.Index.open(str(folder))
            store.register_tokenizer(_ANALYZER, _analyzer())
            return cls(store)

    @staticmethod
    def write(folder: Path, texts: Iterable[str]) -> None:
        """Index `texts`, row 0 first, into the empty folder `folder`.

        Raises:
            OSError: The disk is full, say.
        """
        with os_errors():
            store = tantivy.Index(_schema(), path=str(folder), reuse=False)
            store.register_tokenizer(_ANALYZER, _analyzer())
            fill(store, (_document(row, text) for row, text in enumerate(texts)))

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def search(self, text: str, k: int, *, rows: Sequence[int] | None = None) -> list[Neighbour]:
        """Return the `k` passages with the highest BM25 score, best first, ties in passage order.

        A passage comes back when it has any term of `text`; none does when `text` has only
        stop words.

        Args:
            text: A question in plain words; no character in it is query syntax.
            k: At most so many.
            rows: Search only these rows; all when None.
        """
        terms = Counter(terms_of(text))
        if not terms:
            return []
        wanted = [
            (tantivy.Occur.Should, self._boosted(term, count)) for term, count in terms.items()
        ]
        query = tantivy.Query.boolean_query(wanted)
        if rows is not None:
            among = tantivy.Query.term_set_query(self._schema, "row", list(rows))
            query = tantivy.Query.boolean_query(
                [
                    (tantivy.Occur.Must, query),
                    (tantivy.Occur.Must, tantivy.Query.const_score_query(among, 0.0)),
                ]
            )

        def ask(count: int) -> list[Neighbour]:
            hits = self._searcher.search(query, limit=count, count=False).hits
            found = self._searcher.fast_field_values("row", [address for _, address in hits])
            pairs = zip(found, (score for score, _ in hits), strict=True)
            return [Neighbour(int(row), float(score)) for row, score in pairs if row is not None]

        return best_of(ask, k, len(self))

    def weight(self, term: str) -> float:
        """Return the inverse document frequency of a stemmed term, natural log, above 0.

        ln(1 + (N - n + 0.5) / (n + 0.5)) for N passages of which n have the term: Lucene's
        variant of Robertson & Spärck Jones (1976), which tantivy's BM25 uses too.
        """
        having = int(self._searcher.doc_freq("text", term))
        return log(1 + (len(self) - having + 0.5) / (having + 0.5))

    def has(self, term: str) -> bool:
        """Tell whether any passage has a stemmed term."""
        return bool(self._searcher.doc_freq("text", term))

    def _boosted(self, term: str, count: int) -> tantivy.Query:
        query = tantivy.Query.term_query(self._schema, "text", term, index_option="freq")
        return tantivy.Query.boost_query(query, float(count)) if count > 1 else query
