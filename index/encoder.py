"""The encoder: texts to unit vectors, served by ONNX Runtime alone (no torch)."""

import json
import os
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from corpus.article import Span
from index.errors import EncoderMissing

Vectors = NDArray[np.float32]
SentenceVectors = NDArray[np.float16]

MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
SPEC_FILE = "encoder.json"

# Tokens in one batch, padding included: the trials found 1024 faster than 4096 here,
# since the activations of a larger batch leave the cache.
BATCH_TOKENS = 1024


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """Everything that decides which vector a text gets."""

    model: str
    revision: str
    weights_sha256: str
    dimension: int
    max_tokens: int
    pooling: str
    quantization: str
    query_prompt: str = ""
    passage_prompt: str = ""

    @property
    def fingerprint(self) -> str:
        """Return 16 hex digits that change with any field: the name of the models folder."""
        return sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class PassageText:
    """What the encoder sees of a passage, and where its sentences are in that text."""

    text: str
    sentences: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Vectors of some of the passages of one `encode_batches` call.

    `positions[i]` is the place in the call's passages that row `i` of `vectors` and
    `sentences[i]` belong to. `vectors` has shape `(len(positions), dimension)`, float32;
    `sentences[i]` has shape `(sentences of that passage, dimension)`, float16: a sentence's
    tokens as encoded within its passage, pooled. All rows have length 1.
    """

    positions: tuple[int, ...]
    vectors: Vectors
    sentences: tuple[SentenceVectors, ...]


class Encoder(Protocol):
    """What the rest of Citewire asks of an encoder; tests put a ten-line one in its place."""

    @property
    def spec(self) -> EncoderSpec:
        """Return what identifies the encoder."""

    @property
    def special_tokens(self) -> int:
        """Return how many tokens are added to every text (two for BERT: [CLS] and [SEP])."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text, special tokens not counted."""

    def encode_batches(self, passages: Sequence[PassageText]) -> Iterator[Batch]:
        """Yield the passages' vectors batch by batch, in the order that is fastest."""

    def encode_question(self, question: str) -> Vectors:
        """Return one unit vector, shape `(dimension,)`, float32."""

    def fits(self, question: str) -> bool:
        """Tell whether the encoder sees the question whole."""


class OnnxEncoder:
    """An exported sentence-transformers model in a folder of its own (see `index.export`)."""

    def __init__(self, folder: Path, *, threads: int | None = None) -> None:
        """Load the encoder.

        Args:
            folder: Holds `encoder.json`, `model.onnx` and `tokenizer.json`.
            threads: How many cores one call may use; all that this process may run on by default.

        Raises:
            EncoderMissing: A file is missing, or is not the one that was exported.
        """
        self._spec = read_spec(folder)
        # The packaged tokenizer.json pads and truncates at 128 tokens although the model takes
        # 256, so both are switched off here and done by this class.
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or _cores()
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(folder / MODEL_FILE), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = [field.name for field in self._session.get_inputs()]

    @property
    def spec(self) -> EncoderSpec:
        """Return what identifies the encoder."""
        return self._spec

    @property
    def special_tokens(self) -> int:
        """Return how many tokens are added to every text."""
        return int(self._tokenizer.num_special_tokens_to_add(is_pair=False))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text, special tokens not counted."""
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encodings]

    def encode_batches(self, passages: Sequence[PassageText]) -> Iterator[Batch]:
        """Yield the passages' vectors, longest first, `BATCH_TOKENS` tokens at a time.

        A text beyond the model's window is cut at its end; the splitter makes none such.
        """
        prompt = self._spec.passage_prompt
        encoded = self._tokenize([prompt + passage.text for passage in passages])
        order = sorted(range(len(encoded)), key=lambda i: (-len(encoded[i].ids), i))
        start = 0
        while start < len(order):
            size = max(1, BATCH_TOKENS // len(encoded[order[start]].ids))
            positions = tuple(order[start : start + size])
            tokens, mask = self._run([encoded[i] for i in positions])
            vectors = pool(tokens, mask, self._spec.pooling)
            sentences = tuple(
                _sentence_vectors(tokens[row], vectors[row], encoded[i], passages[i], len(prompt))
                for row, i in enumerate(positions)
            )
            yield Batch(positions, vectors, sentences)
            start += size

    def encode_question(self, question: str) -> Vectors:
        """Return one unit vector, shape `(dimension,)`; words beyond the window don't count."""
        tokens, mask = self._run(self._tokenize([self._spec.query_prompt + question]))
        return np.ascontiguousarray(pool(tokens, mask, self._spec.pooling)[0])

    def fits(self, question: str) -> bool:
        """Tell whether the question is within the model's window."""
        prompted = self._spec.query_prompt + question
        return self.count_tokens([prompted])[0] + self.special_tokens <= self._spec.max_tokens

    def _tokenize(self, texts: list[str]) -> list["_Tokens"]:
        window = self._spec.max_tokens
        tokens = [_Tokens(e.ids, e.offsets) for e in self._tokenizer.encode_batch(texts)]
        # The last token of a cut text stays: it is [SEP], or the model's like.
        return [
            t
            if len(t.ids) <= window
            else _Tokens(
                [*t.ids[: window - 1], t.ids[-1]], [*t.offsets[: window - 1], t.offsets[-1]]
            )
            for t in tokens
        ]

    def _run(self, batch: list["_Tokens"]) -> tuple[Vectors, NDArray[np.int64]]:
        """Return token vectors, shape `(texts, width, dimension)`, and which are no padding."""
        width = max(len(tokens.ids) for tokens in batch)
        token_ids = np.zeros((len(batch), width), np.int64)
        mask = np.zeros((len(batch), width), np.int64)
        for row, tokens in enumerate(batch):
            token_ids[row, : len(tokens.ids)] = tokens.ids
            mask[row, : len(tokens.ids)] = 1
        feed = {
            "input_ids": token_ids,
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(token_ids),
        }
        output = self._session.run(None, {name: feed[name] for name in self._inputs})[0]
        return np.asarray(output, np.float32), mask


@dataclass(frozen=True, slots=True)
class _Tokens:
    """A text's token ids and the half-open ranges of code points that they stand for."""

    ids: list[int]
    offsets: list[tuple[int, int]]


def _sentence_vectors(
    tokens: Vectors, whole: Vectors, text: _Tokens, passage: PassageText, shift: int
) -> SentenceVectors:
    """Return one unit vector a sentence; the passage's own for one without a token."""
    starts = [start for start, end in text.offsets[1:-1]]
    vectors = np.empty((len(passage.sentences), len(whole)), np.float32)
    for row, sentence in enumerate(passage.sentences):
        first = bisect_left(starts, sentence.start + shift) + 1
        last = bisect_left(starts, sentence.end + shift) + 1
        vectors[row] = tokens[first:last].mean(axis=0) if first < last else whole
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float16)


def pool(tokens: Vectors, mask: NDArray[np.int64], pooling: str) -> Vectors:
    """Return one unit vector a text from its token vectors.

    Args:
        tokens: Shape `(texts, width, dimension)`.
        mask: Shape `(texts, width)`; 1 where there is a token, 0 where there is padding.
        pooling: `mean` over the tokens (special ones too, as sentence-transformers does) or
            `cls`, the first token.

    Returns:
        Shape `(texts, dimension)`, float32, rows of length 1.
    """
    if pooling == "cls":
        pooled = tokens[:, 0]
    else:
        weights = mask[:, :, None].astype(np.float32)
        pooled = (tokens * weights).sum(axis=1) / weights.sum(axis=1)
    return np.asarray(pooled / np.linalg.norm(pooled, axis=1, keepdims=True), np.float32)


def _cores() -> int:
    """Return how many cores this process may use, which in a container is fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def read_spec(folder: Path) -> EncoderSpec:
    """Return the spec of the encoder in `folder`, its files checked against their hashes.

    Raises:
        EncoderMissing: A file is missing, unreadable, or not the one that was exported.
    """
    try:
        record = json.loads((folder / SPEC_FILE).read_bytes())
        spec, files = EncoderSpec(**record["spec"]), dict(record["files"])
        for name in (MODEL_FILE, TOKENIZER_FILE):
            if file_sha256(folder / name) != files[name]:
                raise EncoderMissing(folder, f"{name} is not the file that was exported")
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise EncoderMissing(folder, f"{type(error).__name__}: {error}") from error
    return spec


def file_sha256(path: Path) -> str:
    """Return the hex digest of a file's bytes, read in pieces."""
    digest = sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
