"""Questions in other words: what a reader must understand though the passage says it otherwise.

Words near one another in the encoder's own table of embeddings mean nearly the same ("bought",
"purchased"): they stand in for words that question and passage share. Others are left out, or
become "it"; and questions are written as somebody in a chat may write them.
"""

import random
import re
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from index.lexical import terms_of
from index.reader import TOKENIZER

_TABLE = "embeddings.word_embeddings.weight"
# The least cosine of two words that say nearly the same, and how many stand in for one at most.
_NEAR, _MOST = 0.55, 3
# Words that begin alike are forms of one, as a rule.
_ALIKE = 4
_WORD = re.compile(r"[a-z]{4,}")
# How often a question is reworded, each word that the passage has too, and how.
_REWORDED, _EACH, _SWAPPED = 0.55, 0.6, 0.65
# A question keeps so many words that say what it is about.
_KEPT = 2
_IN_PLACE = ("", "it", "that", "something", "they")
_UNMARKED, _MISTYPED, _TERSE, _LOWER = 0.3, 0.08, 0.08, 0.2
_SHORT = 3
_SMALL_WORDS = re.compile(
    r"\b(?:the|a|an|did|does|do|is|was|were|are|of|in|on|to|that|which|has|have|had)\b ?", re.I
)


class Thesaurus:
    """Words that say nearly the same, by the embeddings table of a model."""

    def __init__(self, folder: Path) -> None:
        """Read the table of a BERT-like sentence-transformers model in `folder`."""
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        words = [(word, i) for word, i in tokenizer.get_vocab().items() if _WORD.fullmatch(word)]
        self._words = sorted(words, key=lambda pair: pair[1])
        self._folder = folder

    @cached_property
    def _vectors(self) -> NDArray[np.float32]:
        from safetensors.numpy import load_file  # of the extra `export`, as is what it reads

        table = load_file(self._folder / "model.safetensors")[_TABLE]
        vectors = table[[i for _, i in self._words]] - table.mean(axis=0)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {word: row for row, (word, _) in enumerate(self._words)}

    def near(self, word: str) -> tuple[str, ...]:
        """Return the words nearest to one, nearest first; forms of it, and forms of those, not."""
        row = self._rows.get(word)
        if row is None:
            return ()
        cosines = self._vectors @ self._vectors[row]
        found = list[str]()
        for other in np.argsort(-cosines)[:12]:
            name = self._words[other][0]
            alike = any(name[:_ALIKE] == known[:_ALIKE] for known in (word, *found))
            if cosines[other] >= _NEAR and not alike and len(found) < _MOST:
                found.append(name)
        return tuple(found)


def reworded(question: str, text: str, thesaurus: Thesaurus, chance: random.Random) -> str:
    """Return a question, at times with fewer words in common with a text."""
    if chance.random() >= _REWORDED:
        return question
    words, there = question.split(), set(terms_of(text))
    terms = [set(terms_of(word)) for word in words]
    shared = [i for i, some in enumerate(terms) if some & there]
    spared = sum(map(bool, terms)) - _KEPT
    chance.shuffle(shared)
    for i in shared:
        if chance.random() < _EACH:
            near = thesaurus.near(words[i].strip("?,.'\""))
            if near and chance.random() < _SWAPPED:
                words[i] = chance.choice(near)
            elif spared > 0:
                words[i] = chance.choice(_IN_PLACE)
                spared -= 1
    return " ".join(word for word in words if word)


def worse(question: str, chance: random.Random) -> str:
    """Return a question as somebody in a chat may write it."""
    if chance.random() < _UNMARKED:
        question = question.rstrip(" ?")
    if chance.random() < _TERSE:
        question = _SMALL_WORDS.sub("", question) or question
    if chance.random() < _LOWER:
        question = question.lower()
    if chance.random() < _MISTYPED and len(question) > _SHORT:
        place = chance.randrange(1, len(question) - 1)
        swapped = question[place + 1] + question[place]
        question = (
            question[:place] + chance.choice(["", swapped[0], swapped]) + question[place + 2 :]
        )
    return question
