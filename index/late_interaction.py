"""Late interaction: token vectors, compressed, and how well a question's tokens find theirs.

MaxSim (Khattab & Zaharia 2020, ColBERT): each token of the question takes the highest cosine that
any token of a text has with it; a text's score is the mean of these, here weighted by what each
token of the question counts. The token vectors are those of the encoder that is there anyway.
"""

import mmap
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import DTypeLike, NDArray

from corpus.article import Span

Floats = NDArray[np.float32]
Codes = NDArray[np.uint8]

CODEC_FILE = "late_interaction.npz"
# The codec of the packaged model, trained by `evals/train_codec.py`: see docs/decisions/0009.
PACKAGED_CODEC = Path(__file__).parent / CODEC_FILE
REDUCED = 128
_LEVELS = 15  # four bits
_NOTHING = -1.0  # the cosine with no token at all
# Tokens that are decoded and matched at a time: they stay in the processor's cache. All at once,
# they also drove the encoder's weights out of the next larger one (5 % of an answer).
_AT_ONCE = 512
# What numpy and zipfile say of bytes that are no archive of arrays.
_NO_ARCHIVE = (
    BadZipFile, EOFError, KeyError, OSError, RuntimeError, TypeError, ValueError, zlib.error
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class QuestionTokens:
    """A question's tokens, special ones left out.

    Attributes:
        vectors: Unit rows, shape `(tokens, reduced)`.
        importance: What each counts by what the encoder made of it, above 0, shape `(tokens,)`.
        spans: Where they stand in the question, in code points.
    """

    vectors: Floats
    importance: Floats
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class PassageTokens:
    """A passage's tokens, special ones left out, four bits a dimension.

    Attributes:
        codes: Two dimensions a byte, shape `(tokens, reduced / 2)`.
        counts: How many of them are the title's, then each sentence's, in order.
        lengths: Those of the tokens as decoded, before they are scaled to 1, shape `(tokens, 1)`;
            None where they were not worked out yet.
    """

    codes: Codes
    counts: tuple[int, ...]
    lengths: Floats | None = None


@dataclass(frozen=True, slots=True)
class TokenCodec:
    """Makes token vectors small.

    A vector is projected to `reduced` dimensions and scaled to length 1; each dimension is then
    cut into 16 equal steps from `low` to `high`, what is beyond counting as the end.

    Attributes:
        projection: Shape `(dimension, reduced)`; `reduced` is even.
        low: Shape `(reduced,)`.
        high: Shape `(reduced,)`.
        focus: Shape `(dimension,)`: the direction in which a question's tokens matter.
        bias: What is added to a token's part in that direction.
    """

    projection: Floats
    low: Floats
    high: Floats
    focus: Floats
    bias: float

    @classmethod
    def from_bytes(cls, content: bytes) -> "TokenCodec":
        """Return the codec that `to_bytes` wrote.

        Raises:
            ValueError: It is something else.
        """
        try:
            with np.load(BytesIO(content), allow_pickle=False) as file:
                parts = {name: file[name].astype(np.float32) for name in file.files}
            bias = float(parts.pop("bias"))
            codec = cls(**parts, bias=bias)
            whole = codec._is_whole()
        except _NO_ARCHIVE as error:
            raise ValueError("this is no codec") from error
        if not whole:
            raise ValueError("the parts of this codec do not fit together")
        return codec

    def _is_whole(self) -> bool:
        """Tell whether the shapes are those described, and every range goes upwards."""
        dimension, reduced = self.projection.shape
        shapes = (self.low.shape, self.high.shape, self.focus.shape)
        numbers = (self.projection, self.low, self.high, self.focus, self.bias)
        return (
            shapes == ((reduced,), (reduced,), (dimension,))
            and reduced > 0
            and reduced % 2 == 0
            and all(bool(np.isfinite(part).all()) for part in numbers)
            and bool((self.high > self.low).all())
        )

    def to_bytes(self) -> bytes:
        """Return the codec as an archive of float16 arrays."""
        file = BytesIO()
        np.savez(
            file,
            projection=self.projection.astype(np.float16),
            low=self.low.astype(np.float16),
            high=self.high.astype(np.float16),
            focus=self.focus.astype(np.float16),
            bias=np.float32(self.bias),
        )
        return file.getvalue()

    @property
    def width(self) -> int:
        """Return the bytes of one token."""
        return int(self.projection.shape[1]) // 2

    def reduce(self, vectors: Floats) -> Floats:
        """Return token vectors, shape `(tokens, dimension)`, projected, unit rows."""
        return unit(unit(vectors) @ self.projection)

    def importance(self, vectors: Floats) -> Floats:
        """Return what each token of a question counts, above 0: softplus, as it was trained."""
        return np.asarray(np.logaddexp(0, unit(vectors) @ self.focus + self.bias), np.float32)

    def encode(self, vectors: Floats) -> Codes:
        """Return token vectors, shape `(tokens, dimension)`, as bytes, `(tokens, width)`."""
        steps = (self.reduce(vectors) - self.low) / (self.high - self.low) * _LEVELS
        levels = np.clip(np.rint(steps), 0, _LEVELS).astype(np.uint8)
        return np.asarray(levels[:, ::2] << 4 | levels[:, 1::2], np.uint8)

    def decode(self, codes: Codes, lengths: Floats | None = None) -> Floats:
        """Return unit vectors, shape `(tokens, reduced)`, about as `reduce` made them.

        Args:
            codes: Shape `(tokens, width)`.
            lengths: What `lengths` returns of them, where that is known.
        """
        vectors = self._unscaled(codes)
        vectors /= _lengths(vectors) if lengths is None else lengths
        return vectors

    def lengths(self, codes: Codes) -> Floats:
        """Return how long the tokens are before they are scaled to 1, shape `(tokens, 1)`."""
        found = np.empty((len(codes), 1), np.float32)
        for start in range(0, len(codes), _AT_ONCE):
            some = slice(start, start + _AT_ONCE)
            found[some] = _lengths(self._unscaled(codes[some]))
        return found

    def _unscaled(self, codes: Codes) -> Floats:
        vectors = np.empty((len(codes), 2 * codes.shape[1]), np.float32)
        vectors[:, ::2], vectors[:, 1::2] = codes >> 4, codes & _LEVELS
        vectors *= (self.high - self.low) / _LEVELS
        vectors += self.low
        return vectors


def unit(vectors: Floats) -> Floats:
    """Return rows scaled to length 1; a row of zeros stays one."""
    return np.asarray(vectors / _lengths(vectors), np.float32)


def _lengths(vectors: Floats) -> Floats:
    """Return what each row is divided by to be of length 1, shape `(rows, 1)`."""
    lengths = np.sqrt(np.add.reduce(vectors * vectors, axis=1, keepdims=True))
    return np.asarray(np.maximum(lengths, 1e-9))


def pca_codec(vectors: Floats, reduced: int = REDUCED) -> TokenCodec:
    """Return the codec for a model that none was trained for: its principal directions.

    Args:
        vectors: Token vectors of some text, shape `(tokens, dimension)`.
        reduced: To how many dimensions at most.
    """
    rows = unit(vectors).astype(np.float64)
    _, directions = np.linalg.eigh(rows.T @ rows)
    kept = min(reduced, rows.shape[1]) // 2 * 2
    # The sign of an eigenvector is the library's whim: its largest part is positive here.
    chosen = directions[:, ::-1][:, :kept]
    chosen = chosen * np.sign(chosen[np.abs(chosen).argmax(axis=0), np.arange(kept)])
    return ranged(np.asarray(chosen, np.float32), vectors, np.zeros(rows.shape[1], np.float32), 1.0)


def ranged(projection: Floats, vectors: Floats, focus: Floats, bias: float) -> TokenCodec:
    """Return a codec with the ranges that hold all but one in a hundred of each dimension."""
    rows = unit(unit(vectors) @ projection)
    low, high = np.quantile(rows, [0.005, 0.995], axis=0).astype(np.float32)
    return TokenCodec(projection, low, np.maximum(high, low + 1e-3), focus, bias)


class TokenStore:
    """The tokens of every passage, read from the disk only where they are needed."""

    def __init__(self, codes: Path, ends: Path, width: int) -> None:
        """Map the two files that a build left; check their hashes first.

        Args:
            codes: `width` bytes a token, passage after passage.
            ends: For each segment - a passage's title, then each of its sentences - how many
                tokens there are up to its end, as little-endian 64-bit numbers.
            width: That of the codec that made them.
        """
        self._maps = _mapped(codes), _mapped(ends)
        self._codes = _rows(self._maps[0], np.uint8, width)
        self._ends = _rows(self._maps[1], np.dtype("<u8"), 1)[:, 0]

    @property
    def segments(self) -> int:
        """Return how many titles and sentences there are; 0 where the two files disagree."""
        whole = len(self._ends) and self._ends[-1] == len(self._codes)
        return len(self._ends) if whole else 0

    def tokens(self, segments: Sequence[range]) -> list[PassageTokens]:
        """Return the tokens of passages, in order.

        Args:
            segments: For each passage, the row of its title among all segments and those of its
                sentences, which follow it.
        """
        found = []
        for rows in segments:
            first = self._ends.item(rows.start - 1) if rows.start else 0
            ends = self._ends[rows.start : rows.stop].tolist()
            counts = tuple(b - a for a, b in pairwise((first, *ends)))
            found.append(PassageTokens(self._codes[first : ends[-1]], counts))
        return found

    def release(self) -> None:
        """Let go of the pages that were read; whoever holds tokens reads them again unawares.

        With each page that is read the kernel maps those around it, so what a process holds grows
        with every question, though none of it is needed again soon. They stay in the file cache.
        """
        for mapped in self._maps:
            if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):  # Windows has none
                mapped.madvise(mmap.MADV_DONTNEED)


def _mapped(path: Path) -> mmap.mmap | None:
    """Map a file; None where it is empty, which can't be mapped."""
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size else None


def _rows(mapped: mmap.mmap | None, dtype: DTypeLike, width: int) -> NDArray[Any]:
    """Return rows of numbers; none where the last one is cut."""
    if mapped is None or len(mapped) % (width * np.dtype(dtype).itemsize):
        return np.empty((0, width), dtype)
    return np.frombuffer(mapped, dtype).reshape(-1, width)


def matches(
    question: QuestionTokens, passages: Sequence[PassageTokens], codec: TokenCodec
) -> list[Floats]:
    """Return how well each segment of each passage matches each token of the question.

    Returns:
        For each passage, shape `(segments, question tokens)`: the highest cosine of any of the
        segment's tokens; -1 where it has none.
    """
    if not passages:
        return []
    codes = np.concatenate([passage.codes for passage in passages])
    lengths = np.concatenate(
        [codec.lengths(p.codes) if p.lengths is None else p.lengths for p in passages]
    )
    cosines = np.empty((len(codes), len(question.vectors)), np.float32)
    for start in range(0, len(codes), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        np.matmul(codec.decode(codes[some], lengths[some]), question.vectors.T, out=cosines[some])
    counts = np.array([count for passage in passages for count in passage.counts], np.int64)
    best = np.full((len(counts), cosines.shape[1]), _NOTHING, np.float32)
    filled = counts > 0
    starts = (np.cumsum(counts) - counts)[filled]
    if len(starts):
        best[filled] = np.maximum.reduceat(cosines, starts, axis=0)
    borders = np.cumsum([0, *(len(passage.counts) for passage in passages)])
    return [best[a:b] for a, b in pairwise(borders.tolist())]
