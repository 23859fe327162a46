"""The encoder: texts to unit vectors, served by ONNX Runtime alone (no torch)."""

import json
import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from tokenizers import Tokenizer

from corpus.article import Span
from index.errors import EncoderMissing
from index.late_interaction import CODEC_FILE, PassageTokens, QuestionTokens, TokenCodec

Vectors = NDArray[np.float32]

MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
SPEC_FILE = "encoder.json"

# How many tokens' worth of passages is handed on, and so can be lost to a kill, at a time.
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
    codec: str
    query_prompt: str = ""
    passage_prompt: str = ""

    @property
    def fingerprint(self) -> str:
        """Return 16 hex digits that change with any field: the name of the models folder."""
        return sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class PassageText:
    """What the encoder sees of a passage, and where its sentences are in that text, in order."""

    text: str
    sentences: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Vectors of some of the passages of one `encode_batches` call.

    `positions[i]` is the place in the call's passages that row `i` of `vectors` and `tokens[i]`
    belong to. `vectors` has shape `(len(positions), dimension)`, float32, rows of length 1;
    `tokens[i]` are the passage's tokens as encoded within it, compressed.
    """

    positions: tuple[int, ...]
    vectors: Vectors
    tokens: tuple[PassageTokens, ...]


@dataclass(frozen=True, slots=True)
class EncodedQuestion:
    """A question as one unit vector, shape `(dimension,)`, float32, and as its tokens."""

    vector: Vectors
    tokens: QuestionTokens


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

    def token_places(self, text: str) -> tuple[Span, ...]:
        """Return where the tokens of a text stand in it, special tokens left out."""

    def encode_batches(self, passages: Sequence[PassageText]) -> Iterator[Batch]:
        """Yield the passages' vectors batch by batch, each passage in one of them."""

    @property
    def codec(self) -> TokenCodec:
        """Return what tokens are compressed with."""

    def encode_question(self, question: str) -> EncodedQuestion:
        """Return the question's vectors."""

    def fits(self, question: str) -> bool:
        """Tell whether the encoder sees the question whole."""

    def is_word(self, word: str) -> bool:
        """Tell whether a word, in lower case, is one token: it is frequent, and so spelt right."""


class OnnxEncoder:
    """An exported sentence-transformers model in a folder of its own (see `index.export`)."""

    def __init__(self, folder: Path, *, threads_per_run: int = 1) -> None:
        """Load the encoder.

        Args:
            folder: Holds `encoder.json` and the files that it names.
            threads_per_run: How many cores one text takes; the vectors are the same. 1 is best
                for many passages or questions side by side, 2 answers a lone question sooner
                (1.1 ms instead of 1.6).

        Raises:
            EncoderMissing: A file is missing, or is not the one that was exported.
        """
        self._spec = read_spec(folder)
        self._codec = _read_codec(folder)
        cores = _cores()
        threads_per_run = min(threads_per_run, cores)
        self._runs_at_once = cores // threads_per_run
        # The packaged tokenizer.json pads and truncates at 128 tokens although the model takes
        # 256, so both are switched off here and done by this class.
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        # What a word's token begins with: nothing, or what stands for the blank before it.
        the = "".join(self._tokenizer.encode(" the", add_special_tokens=False).tokens)
        self._word_mark = the.removesuffix("the") if the.endswith("the") else ""
        # numpy's products here are small, and its threads fight with those of ONNX Runtime: 2.4 to
        # 4.8 ms a question instead of 1.8 when those still spun from the run before.
        threadpool_limits(1, user_api="blas")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads_per_run
        # Threads that spin between the parts of a run, and after it, took as much of the processor
        # as the run, from whatever comes next: docs/decisions/0013.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
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
    def codec(self) -> TokenCodec:
        """Return what tokens are compressed with."""
        return self._codec

    @property
    def special_tokens(self) -> int:
        """Return how many tokens are added to every text."""
        return int(self._tokenizer.num_special_tokens_to_add(is_pair=False))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text, special tokens not counted."""
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encodings]

    def token_places(self, text: str) -> tuple[Span, ...]:
        """Return where the tokens of a text stand in it, special tokens left out."""
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        return tuple(Span(*offset) for offset in encoding.offsets)

    def encode_batches(self, passages: Sequence[PassageText]) -> Iterator[Batch]:
        """Yield the passages' vectors in order, about `BATCH_TOKENS` tokens at a time.

        Each text is run alone, one a core at once: dynamic int8 scales its activations by the whole
        run, so a text would get another vector beside other texts (cosine down to 0.987), and
        nothing is padded. Two cores are as fast so as with batches of 1024 tokens.

        A text beyond the model's window is cut at its end; the splitter makes none such.
        """
        prompt = self._spec.passage_prompt
        encoded = self._tokenize([prompt + passage.text for passage in passages])
        with ThreadPoolExecutor(self._runs_at_once) as threads:
            for positions in _batches([len(tokens.ids) for tokens in encoded]):
                work = threads.map(self._embed, [encoded[i] for i in positions])
                pairs = list(zip(positions, work, strict=True))
                tokens = tuple(
                    self._compressed(vectors, encoded[i], passages[i], len(prompt))
                    for i, (vectors, _) in pairs
                )
                yield Batch(tuple(positions), np.stack([whole for _, (_, whole) in pairs]), tokens)

    def encode_question(self, question: str) -> EncodedQuestion:
        """Return the question's vectors; words beyond the window don't count."""
        prompt = self._spec.query_prompt
        text = self._tokenize([prompt + question])[0]
        vectors, whole = self._embed(text)
        # A question's own tokens: not the special ones, nor the prompt's.
        own = slice(text.before(len(prompt)) + 1, len(text.ids) - 1)
        spans = tuple(Span(max(0, a - len(prompt)), b - len(prompt)) for a, b in text.offsets[own])
        own_vectors = vectors[own]
        importance = self._codec.importance(own_vectors)
        tokens = QuestionTokens(self._codec.reduce(own_vectors), importance, spans)
        return EncodedQuestion(whole, tokens)

    def token_vectors(self, text: str) -> tuple[Vectors, tuple[Span, ...]]:
        """Return a text's token vectors as the model makes them, and where its tokens stand.

        Special tokens are left out. For whoever trains a codec; the model's prompts don't count.
        """
        tokens = self._tokenize([text])[0]
        spans = tuple(Span(*offset) for offset in tokens.offsets[1:-1])
        return self._embed(tokens)[0][1:-1], spans

    def fits(self, question: str) -> bool:
        """Tell whether the question is within the model's window."""
        prompted = self._spec.query_prompt + question
        return self.count_tokens([prompted])[0] + self.special_tokens <= self._spec.max_tokens

    def is_word(self, word: str) -> bool:
        """Tell whether a word, in lower case, is one token: it is frequent, and so spelt right."""
        return self._tokenizer.token_to_id(self._word_mark + word) is not None

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

    def _compressed(
        self, vectors: Vectors, text: "_Tokens", passage: PassageText, shift: int
    ) -> PassageTokens:
        """Return a passage's tokens; `shift` is how long the prompt before its text is."""
        firsts = [text.before(sentence.start + shift) for sentence in passage.sentences]
        last = len(text.ids) - 2
        borders = [text.before(shift), *firsts, last]
        counts = tuple(b - a for a, b in pairwise(borders))
        # One on: the first token is a special one.
        return PassageTokens(self._codec.encode(vectors[borders[0] + 1 : last + 1]), counts)

    def _embed(self, tokens: "_Tokens") -> tuple[Vectors, Vectors]:
        """Return a text's token vectors, shape `(tokens, dimension)`, and its own unit vector."""
        ids = np.array([tokens.ids], np.int64)
        feed = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        output = self._session.run(None, {name: feed[name] for name in self._inputs})[0]
        vectors = np.asarray(output[0], np.float32)
        return vectors, pool(vectors, self._spec.pooling)


@dataclass(frozen=True, slots=True)
class _Tokens:
    """A text's token ids and the half-open ranges of code points that they stand for."""

    ids: list[int]
    offsets: list[tuple[int, int]]

    def before(self, place: int) -> int:
        """Return how many tokens but the special ones, first and last, end by a place.

        By their ends: with SentencePiece a token may start at the blank before its word.
        """
        return bisect_right(self.offsets, place, 1, len(self.offsets) - 1, key=itemgetter(1)) - 1


def pool(tokens: Vectors, pooling: str) -> Vectors:
    """Return the unit vector of a text, shape `(dimension,)`, from its token vectors.

    Args:
        tokens: Shape `(tokens, dimension)`, special tokens included.
        pooling: `mean` over all tokens, as sentence-transformers does, or `cls`, the first.
    """
    pooled = tokens[0] if pooling == "cls" else tokens.mean(axis=0)
    return np.asarray(pooled / np.linalg.norm(pooled), np.float32)


def _batches(lengths: Sequence[int]) -> Iterator[range]:
    """Yield ranges of texts of at most `BATCH_TOKENS` tokens together, at least one text each."""
    start = filled = 0
    for i, length in enumerate(lengths):
        if i > start and filled + length > BATCH_TOKENS:
            yield range(start, i)
            start, filled = i, 0
        filled += length
    if start < len(lengths):
        yield range(start, len(lengths))


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
        for name in (MODEL_FILE, TOKENIZER_FILE, CODEC_FILE):
            if file_sha256(folder / name) != files[name]:
                raise EncoderMissing(folder, f"{name} is not the file that was exported")
    except OSError as error:
        raise EncoderMissing(folder, f"{Path(error.filename).name} can't be read") from error
    except (ValueError, TypeError, KeyError) as error:
        raise EncoderMissing(folder, f"{SPEC_FILE} is not what was written") from error
    return spec


def _read_codec(folder: Path) -> TokenCodec:
    try:
        return TokenCodec.from_bytes((folder / CODEC_FILE).read_bytes())
    except (OSError, ValueError) as error:
        raise EncoderMissing(folder, f"{CODEC_FILE} can't be read") from error


def file_sha256(path: Path) -> str:
    """Return the hex digest of a file's bytes, read in pieces."""
    digest = sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
