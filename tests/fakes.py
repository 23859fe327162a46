"""Stand-ins of a few lines whose results can be worked out by hand."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import numpy as np

from corpus.article import Article
from corpus.read import Found, Problem
from index.build import Builder, Report, Silent
from index.encoder import Batch, EncoderSpec, PassageText, Vectors
from index.snapshot import SplitterSpec

AXES = ("bank", "car", "moon", "rain", "robot", "tea", "whale")  # and an eighth for all others
SPLITTER = SplitterSpec(passage_tokens=8, title_tokens=4)
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class FakeEncoder:
    """Words to axes: a text's vector counts its words, one axis a word, scaled to length 1.

    `seen` are the passages that were encoded, in order; after `batches` batches of `size` passages
    the encoder breaks.
    """

    special_tokens = 2

    def __init__(self, *, size: int = 2, batches: int | None = None) -> None:
        self.spec = EncoderSpec("fake", "1", "", len(AXES) + 1, 32, "mean", "fp32")
        self.seen: list[str] = []
        self._size, self._batches = size, batches

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """A token a word."""
        return [len(text.split()) for text in texts]

    def encode_batches(self, passages: Sequence[PassageText]) -> Iterator[Batch]:
        """In the order given."""
        for number, i in enumerate(range(0, len(passages), self._size)):
            if number == self._batches:
                raise RuntimeError("the encoder broke")
            some = passages[i : i + self._size]
            self.seen += [passage.text for passage in some]
            sentences = [
                [self.encode_question(p.text[s.start : s.end]) for s in p.sentences] for p in some
            ]
            yield Batch(
                tuple(range(i, i + len(some))),
                np.stack([self.encode_question(passage.text) for passage in some]),
                tuple(np.array(rows, np.float16).reshape(-1, len(AXES) + 1) for rows in sentences),
            )

    def encode_question(self, question: str) -> Vectors:
        """A vector; that of other words for no word at all."""
        words = [word.strip(".,;?!").lower() for word in question.split()]
        places = [AXES.index(word) if word in AXES else len(AXES) for word in words]
        counts = np.bincount(places or [len(AXES)], minlength=len(AXES) + 1)
        return (counts / np.linalg.norm(counts)).astype(np.float32)

    def fits(self, question: str) -> bool:
        """By the words."""
        return len(question.split()) + self.special_tokens <= self.spec.max_tokens


class Desk:
    """A data folder and a clock: every build is a second after the one before."""

    def __init__(self, data: Path, *, first: int = 1) -> None:
        self.data = data
        self.moments = (START + timedelta(seconds=n) for n in count(first))

    def builder(self, encoder: FakeEncoder | None = None) -> Builder:
        """A builder that is used once."""
        encoder = encoder or FakeEncoder()
        return Builder(self.data, encoder, SPLITTER, progress=Silent(), now=next(self.moments))

    def update(self, *items: Found | Problem, encoder: FakeEncoder | None = None) -> Report:
        """Make the index mirror `items`."""
        return self.builder(encoder).update(items, ("tests",))


def found(article_id: str, text: str, *, title: str = "") -> Found:
    """An article as if read from the file `/in/<id>`."""
    return Found(Article(article_id, title, text), f"/in/{article_id}", None)


def files_below(folder: Path) -> set[str]:
    """Every file below a folder, as paths with `/`."""
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
