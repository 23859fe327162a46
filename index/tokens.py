"""The tokens of passages: written with a snapshot, read from it, or encoded when needed."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self

import numpy as np

from corpus.article import Article, Passage
from corpus.passages import Splitter
from index.encoder import Encoder
from index.late_interaction import PassageTokens, TokenCodec, TokenStore
from index.passage_texts import passage_texts
from index.snapshot import ENDS_FILE, TOKENS_FILE

LateInteraction = Literal["auto", "off", "query-time", "stored"]
# Some 7 GB; beyond, `auto` encodes the candidates of each question again.
MOST_STORED = 1_000_000
# Passages of which it is kept where their tokens are and how long, a KB each.
_KEPT = 16_384


class SentenceRows(Protocol):
    """The half of `index.store.ArticleStore` that finds a passage's tokens."""

    def sentence_rows(self, rows: Sequence[int]) -> list[range]:
        """Return, for each passage row, the rows of its sentences among all sentences."""


class Passages(Protocol):
    """The half of `index.store.ArticleStore` that finds a passage's text."""

    def article(self, article_id: str) -> Article:
        """Return one article."""

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """Return the passages at `rows`, in their order."""


def stores_tokens(mode: LateInteraction, passages: int) -> bool:
    """Tell whether a snapshot of so many passages is built with their tokens."""
    return mode == "stored" or (mode == "auto" and passages <= MOST_STORED)


class TokenWriter:
    """Writes the tokens of passages, in passage order, as `TokenStore` reads them."""

    def __init__(self, folder: Path | None) -> None:
        """Write to two files in `folder`; to none where it is None."""
        self._folder = folder
        self._files = ExitStack()
        self._written = 0

    def __enter__(self) -> Self:
        if self._folder:
            self._codes = self._files.enter_context((self._folder / TOKENS_FILE).open("wb"))
            self._ends = self._files.enter_context((self._folder / ENDS_FILE).open("wb"))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._files.close()

    def add(self, passages: Sequence[PassageTokens]) -> None:
        """Write the tokens of the next passages.

        Raises:
            OSError: The disk is full, say.
        """
        if self._folder is None:
            return
        for passage in passages:
            ends = self._written + np.cumsum(passage.counts, dtype="<u8")
            self._codes.write(passage.codes.tobytes())
            self._ends.write(ends.astype("<u8").tobytes())
            self._written += len(passage.codes)


@dataclass(frozen=True, slots=True)
class StoredTokens:
    """Tokens as they were stored with the snapshot."""

    store: TokenStore
    sentences: SentenceRows
    codec: TokenCodec
    _kept: dict[int, PassageTokens] = field(default_factory=dict, repr=False, compare=False)

    def tokens(self, rows: Sequence[int]) -> list[PassageTokens]:
        """Return the tokens of the passages at `rows`, in their order."""
        self.store.release()  # what was read before
        kept = ((row, self._kept.get(row)) for row in rows)  # which another thread may empty
        found = {row: tokens for row, tokens in kept if tokens}
        if missing := [row for row in rows if row not in found]:
            read = dict(zip(missing, self._read(missing), strict=True))
            found.update(read)
            if len(self._kept) + len(read) > _KEPT:
                self._kept.clear()
            self._kept.update(read)
        return [found[row] for row in rows]

    def _read(self, rows: Sequence[int]) -> list[PassageTokens]:
        # Every passage before has a segment for its title, and this one too.
        segments = [
            range(row + own.start, row + own.stop + 1)
            for row, own in zip(rows, self.sentences.sentence_rows(rows), strict=True)
        ]
        found = self.store.tokens(segments)
        lengths = self.codec.lengths(np.concatenate([tokens.codes for tokens in found]))
        ends = accumulate(len(tokens.codes) for tokens in found)
        return [
            replace(tokens, lengths=lengths[end - len(tokens.codes) : end].copy())
            for tokens, end in zip(found, ends, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class EncodedTokens:
    """Tokens encoded again for each question: no room on the disk, some 5 ms a passage."""

    encoder: Encoder
    splitter: Splitter
    articles: Passages

    def tokens(self, rows: Sequence[int]) -> list[PassageTokens]:
        """Return the tokens of the passages at `rows`, in their order."""
        texts = []
        for passage in self.articles.passages(rows):
            article = self.articles.article(passage.article_id)
            texts += passage_texts(self.splitter, article, [passage])
        found: dict[int, PassageTokens] = {}
        for batch in self.encoder.encode_batches(texts):
            found.update(zip(batch.positions, batch.tokens, strict=True))
        return [found[place] for place in range(len(texts))]
