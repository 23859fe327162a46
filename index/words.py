"""The collection's own words, by tantivy: which of them are an edit or two away from another."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import tantivy

from index.tantivy_files import fill, os_errors

# A run of letters, without an owner's `'s`; `we're`, `T9` and what addresses are made of are none.
WORD = re.compile(r"(?<![\w'’@/.])[^\W\d_]+(?=['’]s?(?!\w)|(?![\w'’@/]|\.\w))")
_SHORTEST, _LONGEST = 3, 40
# Of more words that are near, the most frequent count.
_MOST = 64


def words_of(text: str) -> Iterator[str]:
    """Yield the words of a text in order, those that `is_spelt`: in lower case, composed (NFC)."""
    for match in WORD.finditer(unicodedata.normalize("NFC", text).lower()):
        if is_spelt(match.group()):
            yield match.group()


def is_spelt(word: str) -> bool:
    """Tell whether a word in lower case is of usual length and of letters that have two cases.

    Latin, Greek and Cyrillic have. Of others, one edit makes another syllable or another word as
    a rule, and many put no blanks between words.
    """
    return _SHORTEST <= len(word) <= _LONGEST and word.islower()


@dataclass(frozen=True, slots=True)
class Near:
    """A word of the collection: how many edits it is away, and how often it is there."""

    word: str
    edits: int
    count: int


class WordSearch(Protocol):
    """The words of a collection."""

    def near(self, word: str, edits: int) -> list[Near]:
        """Return the words that are at most `edits` away, nearest, then most frequent, first."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """What tells how words are spelt.

    Attributes:
        words: The collection's.
        is_common: Whether the encoder has a word, in lower case, whole: then it is one.
    """

    words: WordSearch
    is_common: Callable[[str], bool]


class WordStore:
    """The words of all passages, in a folder of their own.

    Each is a document, the most frequent first; a Levenshtein automaton over the dictionary finds
    those that are near: 1 ms among 300 000, and nothing of it is kept in memory.
    """

    def __init__(self, store: tantivy.Index) -> None:
        """Wrap a tantivy index; use `open`."""
        self._schema = store.schema
        self._searcher = store.searcher()

    @classmethod
    def open(cls, folder: Path) -> "WordStore":
        """Return the store in `folder`, as `write` left it; check its files' hashes first.

        Raises:
            OSError: A file is gone, or the folder can't be written: tantivy puts a lock there.
        """
        with os_errors():
            return cls(tantivy.Index.open(str(folder)))

    @staticmethod
    def write(folder: Path, counts: Mapping[str, int]) -> None:
        """Write words, and how often each is there, into the empty folder `folder`.

        Raises:
            OSError: The disk is full, say.
        """
        with os_errors():
            store = tantivy.Index(_schema(), path=str(folder), reuse=False)
            frequent_first = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
            fill(store, (_document(word, count) for word, count in frequent_first))

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def near(self, word: str, edits: int) -> list[Near]:
        """Return the words that are at most `edits` away, nearest, then most frequent, first.

        An edit adds, drops or changes a letter, or swaps two neighbours. At most `_MOST` of each
        number of edits come back; the word itself, if it is there, does not.

        Args:
            word: In lower case.
            edits: 1 or 2.
        """
        found: dict[str, Near] = {}
        for distance in range(1, edits + 1):
            for other, count in self._within(word, distance):
                found.setdefault(other, Near(other, distance, count))
        found.pop(word, None)
        return list(found.values())

    def _within(self, word: str, edits: int) -> list[tuple[str, int]]:
        """Return words and counts, the most frequent first."""
        query = tantivy.Query.fuzzy_term_query(
            self._schema, "word", word, distance=edits, transposition_cost_one=True
        )
        hits = self._searcher.search(query, limit=_MOST, count=False).hits
        documents = [self._searcher.doc(address) for _, address in hits]
        pairs = [(str(d["word"][0]), int(d["count"][0])) for d in documents]
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


def _document(word: str, count: int) -> tantivy.Document:
    document = tantivy.Document()
    document.add_text("word", word)
    document.add_unsigned("count", count)
    return document


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("word", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("count", stored=True)
    return builder.build()
