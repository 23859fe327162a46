"""The reader: is the answer in this passage, and which words is it? Served by ONNX Runtime alone.

A cross-encoder that `citewire eval train reader` makes of the packaged encoder: question
and passage are read together, which tells what no similarity can (docs/decisions/0013).
"""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import exp
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from corpus.article import Span
from index.encoder import file_sha256
from index.errors import ReaderDamaged

READER_FOLDER = Path(__file__).parent / "reader_model"
RECORD, MODEL, TOKENIZER = "reader.json", "model.onnx", "tokenizer.json"
MAX_TOKENS = 320
# A longer question's end is not read: as many tokens stay for the passage.
_MAX_QUESTION_TOKENS = 128
# What two windows of a passage that is longer than one have in common.
_STRIDE = 64
# No short answer has more tokens.
_LONGEST = 30
_FORBIDDEN = -1e4

Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader makes of one passage.

    Attributes:
        there: The logit of the answer being in it.
        span: The likeliest words of the answer, code points of the text that was read.
        sure: The probability, 0 to 1, of exactly these words, were the answer there.
        starts: Where each token begins in the text, ascending.
        begins: The probability that the answer begins at each of them; they sum to 1.
    """

    there: float
    span: Span
    sure: float
    starts: tuple[int, ...]
    begins: tuple[float, ...]

    @property
    def probability(self) -> float:
        """Return the probability, 0 to 1, that the answer is in the passage."""
        return 1 / (1 + exp(-self.there))

    def within(self, start: int, end: int) -> float:
        """Return the probability, 0 to 1, that the answer, if it is there, begins in a range."""
        return sum(
            share
            for place, share in zip(self.starts, self.begins, strict=True)
            if start <= place < end
        )


class Reads(Protocol):
    """What the bot asks of a reader; tests put a ten-line one in its place."""

    def read(self, question: str, texts: Sequence[str]) -> list[Reading]:
        """Return what it makes of each text, in their order."""


class Reader:
    """The packaged reader, or another that `citewire eval train reader` made."""

    def __init__(self, folder: Path = READER_FOLDER, *, threads: int = 2) -> None:
        """Load it.

        Args:
            folder: Holds `reader.json` and the files that it names.
            threads: How many texts are read at once, of all questions together; 1: each question
                in its own thread, side by side with others. A text takes one core: on two, the
                last digits of what is made of it would be others.

        Raises:
            ReaderDamaged: A file is missing, or is not the one that was made.
        """
        _check(folder)
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS, stride=_STRIDE, strategy="only_second")
        self._questions = Tokenizer.from_file(str(folder / TOKENIZER))
        self._questions.no_padding()
        self._questions.no_truncation()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        # By its path: read from bytes, it would keep 14 MiB more.
        self._session = onnxruntime.InferenceSession(
            str(folder / MODEL), options, providers=["CPUExecutionProvider"]
        )
        self._threads = ThreadPoolExecutor(threads) if threads > 1 else None

    def read(self, question: str, texts: Sequence[str]) -> list[Reading]:
        """Return what it makes of each text, in their order.

        A text too long for one look is read in windows that overlap; the best of them counts.
        Texts are read one by one: beside others, the int8 model would read each a little otherwise.
        """
        asked = self._shortened(question)
        at_once = self._threads.map if self._threads else map
        return list(at_once(partial(self._best_window, asked), texts))

    def _best_window(self, question: str, text: str) -> Reading:
        return max(map(self._read, self._windows(question, text)), key=_there)

    def _shortened(self, question: str) -> str:
        offsets = self._questions.encode(question, add_special_tokens=False).offsets
        cut = offsets[:_MAX_QUESTION_TOKENS]
        return question[: cut[-1][1]] if cut else question

    def _windows(self, question: str, text: str) -> list[Encoding]:
        first = self._tokenizer.encode(question, text)
        return [first, *first.overflowing]

    def _read(self, window: Encoding) -> Reading:
        feed = {
            "input_ids": np.array([window.ids], np.int64),
            "attention_mask": np.ones((1, len(window.ids)), np.int64),
            "token_type_ids": np.array([window.type_ids], np.int64),
        }
        there, ends = self._session.run(None, feed)
        places = [i for i, part in enumerate(window.sequence_ids) if part == 1]
        if not places:  # a text of nothing that the tokenizer knows
            return Reading(float(there[0]), Span(0, 0), 0.0, (), ())
        offsets = [window.offsets[i] for i in places]
        begins, closes = (_shares(ends[0, places, i]) for i in (0, 1))
        first, last = _best(begins, closes)
        return Reading(
            there=float(there[0]),
            span=Span(offsets[first][0], offsets[last][1]),
            sure=float(begins[first] * closes[last]),
            starts=tuple(a for a, _ in offsets),
            begins=tuple(float(share) for share in begins),
        )


def _there(reading: Reading) -> float:
    return reading.there


def _shares(logits: Logits) -> Logits:
    shares = np.exp(logits - logits.max())
    return np.asarray(shares / shares.sum(), np.float32)


def _best(begins: Logits, closes: Logits) -> tuple[int, int]:
    """Return the first and last token of the likeliest span of at most `_LONGEST` tokens."""
    joint = np.triu(np.outer(begins, closes)) - np.triu(np.outer(begins, closes), _LONGEST)
    first, last = np.unravel_index(int(joint.argmax()), joint.shape)
    return int(first), int(last)


def _check(folder: Path) -> None:
    """Raise `ReaderDamaged` where the model or the tokenizer is not the file that was recorded."""
    try:
        files = json.loads((folder / RECORD).read_bytes())["files"]
        found = {name: file_sha256(folder / name) for name in (MODEL, TOKENIZER)}
        damaged = [name for name, digest in found.items() if files.get(name) != digest]
    except OSError as error:
        raise ReaderDamaged(folder, f"{Path(error.filename).name} can't be read") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReaderDamaged(folder, f"{RECORD} is not what was written") from error
    if damaged:
        raise ReaderDamaged(folder, f"{damaged[0]} is not the file that was made")
