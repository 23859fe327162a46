"""Questions in other words: what a reader must understand though the passage says it otherwise.

Words that say the same in WordNet, or the kind of thing ("stars", "heavenly bodies"), stand in for
words that question and passage share. Others are left out, or become "it"; and questions are
written as somebody in a chat may write them. A word for the opposite, or for another thing of the
same kind ("oxygen", "nitrogen"), makes another question of it.
"""

import random
import re
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from evals.wordnet import WordNet
from index.lexical import terms_of
from index.reader import TOKENIZER

_TABLE = "embeddings.word_embeddings.weight"
# The least cosine, in the encoder's table of embeddings, of words that say nearly the same and of
# things of one kind, so that those of other meanings stay out; and how many stand in for one.
_LEAST, _MOST = 0.2, 6
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "last")
# Words that begin alike are forms of one, as a rule.
_ALIKE = 4
_WORD = re.compile(r"[a-z]{4,}")
# How often a question is reworded, each word that the passage has too, and how.
_REWORDED, _EACH, _SWAPPED = 0.55, 0.6, 0.8
# A question keeps so many words that say what it is about.
_KEPT = 2
_MARKS = "?,.'\"()"
_IN_PLACE = ("", "", "it", "that", "something")
_UNMARKED, _MISTYPED, _TERSE, _LOWER = 0.3, 0.08, 0.08, 0.2
_SHORT = 3
_SMALL_WORDS = re.compile(
    r"\b(?:the|a|an|did|does|do|is|was|were|are|of|in|on|to|that|which|has|have|had)\b ?", re.I
)


class Thesaurus:
    """Which words say nearly the same and which another thing, of those that are in use."""

    def __init__(self, wordnet: WordNet, folder: Path) -> None:
        """Take a dictionary, and the embeddings of a BERT-like sentence-transformers model."""
        self._wordnet, self._folder = wordnet, folder
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._tokenizer.no_padding()

    @cached_property
    def _table(self) -> NDArray[np.float32]:
        from safetensors.numpy import load_file  # of the extra `export`, as is what it reads

        table = load_file(self._folder / "model.safetensors")[_TABLE]
        return np.asarray(table - table.mean(axis=0), np.float32)

    @lru_cache(maxsize=100_000)  # noqa: B019  (one a run)
    def near(self, word: str) -> tuple[str, ...]:
        """Return words that say nearly the same as one, nearest first; no forms of it."""
        others = {*self._wordnet.opposites(word), *self._wordnet.siblings(word)}
        same = [one for one in self._wordnet.same(word) if one not in others]
        return self._nearest(word, same)

    @lru_cache(maxsize=100_000)  # noqa: B019
    def other(self, word: str) -> tuple[str, ...]:
        """Return words for the opposite of what one says, or for a thing of the same kind.

        Of the latter, those that are most like it.
        """
        if word in _ORDINALS:
            return tuple(one for one in _ORDINALS if one != word)
        same = set(self._wordnet.same(word))
        opposites = self._wordnet.opposites(word)
        common = self._tokenizer.token_to_id
        siblings = [s for s in self._wordnet.siblings(word) if s not in same and common(s)]
        nearest = self._nearest(word, siblings)
        return tuple(dict.fromkeys((*opposites[:_MOST], *nearest)))

    def _nearest(self, word: str, others: Sequence[str]) -> tuple[str, ...]:
        """Return those of other words that are nearest to one and no forms of it."""
        other = [one for one in others if one[:_ALIKE] != word[:_ALIKE]]
        if not other:
            return ()
        vectors = np.stack([self._vector(one) for one in (word, *other)])
        cosines = vectors[1:] @ vectors[0]
        order = np.argsort(-cosines, kind="stable")[:_MOST]
        return tuple(other[i] for i in order if cosines[i] >= _LEAST)

    def _vector(self, word: str) -> NDArray[np.float32]:
        ids = self._tokenizer.encode(word, add_special_tokens=False).ids
        vector = self._table[ids].mean(axis=0)
        return np.asarray(vector / np.linalg.norm(vector), np.float32)


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
            bare = words[i].strip(_MARKS)
            near = thesaurus.near(bare) if _WORD.fullmatch(bare) else ()
            if near and chance.random() < _SWAPPED:
                words[i] = words[i].replace(bare, chance.choice(near))
            elif spared > 0:
                words[i] = chance.choice(_IN_PLACE)
                spared -= 1
    return " ".join(word for word in words if word)


def mistaken(question: str, text: str, thesaurus: Thesaurus, chance: random.Random) -> str | None:
    """Return a question on another thing: one of the words that a text has too is another.

    None where no word has an opposite, or another of its kind, that the text does not have.
    """
    words, there = question.split(), set(terms_of(text))
    places = [i for i, word in enumerate(words) if set(terms_of(word)) & there]
    chance.shuffle(places)
    for i in places:
        bare = words[i].strip(_MARKS)
        if _WORD.fullmatch(bare):
            others = [o for o in thesaurus.other(bare) if not set(terms_of(o)) & there]
            if others:
                words[i] = words[i].replace(bare, chance.choice(others))
                return " ".join(words)
    return None


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
