"""Stand-ins of a few lines whose results can be worked out by hand."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import numpy as np

from corpus.article import Article, Span
from corpus.read import Found, Problem
from index.build import Builder, Report, Silent
from index.encoder import Batch, EncodedQuestion, EncoderSpec, PassageText, Vectors
from index.late_interaction import PassageTokens, QuestionTokens, TokenCodec
from index.snapshot import SplitterSpec
from index.tokens import LateInteraction

AXES = ("bank", "car", "moon", "rain", "robot", "tea", "whale")  # and an eighth for all others
_SIZE = len(AXES) + 1
# Axes stay axes, and 0 and 1 are kept exactly.
CODEC = TokenCodec(
    projection=np.eye(_SIZE, dtype=np.float32),
    low=np.zeros(_SIZE, np.float32),
    high=np.ones(_SIZE, np.float32),
    focus=np.zeros(_SIZE, np.float32),
    bias=0.0,
)
SPLITTER = SplitterSpec(passage_tokens=8, title_tokens=4)
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class FakeEncoder:
    """Words to axes: a text's vector counts its words, one axis a word, scaled to length 1.

    A word is a token, and its vector is its axis. `seen` are the passages that were encoded, in
    order; after `batches` batches of `size` passages the encoder breaks.
    """

    special_tokens = 2
    codec = CODEC

    def __init__(self, *, size: int = 2, batches: int | None = None) -> None:
        self.spec = EncoderSpec("fake", "1", "", _SIZE, 32, "mean", "fp32", "axes")
        self.seen: list[str] = []
        self._size, self._batches = size, batches

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """A token a word."""
        return [len(text.split()) for text in texts]

    def token_places(self, text: str) -> tuple[Span, ...]:
        """Those of the words."""
        return tuple(Span(*match.span()) for match in re.finditer(r"\S+", text))

    def encode_batches(self, passages: Sequence[PassageText]) -> Iterator[Batch]:
        """In the order given."""
        for number, i in enumerate(range(0, len(passages), self._size)):
            if number == self._batches:
                raise RuntimeError("the encoder broke")
            some = passages[i : i + self._size]
            self.seen += [passage.text for passage in some]
            yield Batch(
                tuple(range(i, i + len(some))),
                np.stack([self.vector(passage.text) for passage in some]),
                tuple(map(self._tokens, some)),
            )

    def encode_question(self, question: str) -> EncodedQuestion:
        """A vector; that of other words for no word at all."""
        vectors, spans = _axes(question), self.token_places(question)
        tokens = QuestionTokens(vectors, np.ones(len(vectors), np.float32), spans)
        return EncodedQuestion(self.vector(question), tokens)

    def vector(self, text: str) -> Vectors:
        """The unit vector of a text."""
        total = _axes(text or "other").sum(axis=0)
        return np.asarray(total / np.linalg.norm(total), np.float32)

    def _tokens(self, passage: PassageText) -> PassageTokens:
        title = passage.text[: passage.sentences[0].start] if passage.sentences else passage.text
        parts = [title, *(passage.text[s.start : s.end] for s in passage.sentences)]
        vectors = [_axes(part) for part in parts]
        counts = tuple(len(rows) for rows in vectors)
        return PassageTokens(CODEC.encode(np.concatenate(vectors)), counts)

    def is_word(self, word: str) -> bool:
        """Those that have an axis."""
        return word in AXES

    def fits(self, question: str) -> bool:
        """By the words."""
        return len(question.split()) + self.special_tokens <= self.spec.max_tokens


def _axes(text: str) -> Vectors:
    """A row for each word, 1 on its axis."""
    words = [word.strip(".,;?!").lower() for word in text.split()]
    places = [AXES.index(word) if word in AXES else len(AXES) for word in words]
    return np.eye(_SIZE, dtype=np.float32)[places]


class Desk:
    """A data folder and a clock: every build is a second after the one before."""

    def __init__(self, data: Path, *, first: int = 1) -> None:
        self.data = data
        self.moments = (START + timedelta(seconds=n) for n in count(first))

    def builder(
        self, encoder: FakeEncoder | None = None, late_interaction: LateInteraction = "auto"
    ) -> Builder:
        """A builder that is used once."""
        return Builder(
            self.data,
            encoder or FakeEncoder(),
            SPLITTER,
            progress=Silent(),
            now=next(self.moments),
            late_interaction=late_interaction,
        )

    def update(self, *items: Found | Problem, encoder: FakeEncoder | None = None) -> Report:
        """Make the index mirror `items`."""
        return self.builder(encoder).update(items, ("tests",))


def found(article_id: str, text: str, *, title: str = "") -> Found:
    """An article as if read from the file `/in/<id>`."""
    return Found(Article(article_id, title, text), f"/in/{article_id}", None)


def files_below(folder: Path) -> set[str]:
    """Every file below a folder, as paths with `/`."""
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def resident(file: Path) -> int:
    """How much of a mapped file this process holds, in KiB; Linux tells."""
    lines = Path("/proc/self/smaps").read_text("utf-8").split("\n")
    places = [place for place, line in enumerate(lines) if line.endswith(str(file))]
    sizes = [next(line for line in lines[p:] if line.startswith("Rss:")) for p in places]
    return sum(int(size.split()[1]) for size in sizes)
