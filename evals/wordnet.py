"""WordNet, Princeton's dictionary of meanings: which words say the same, and which another thing.

Its database files are read as wndb(5WN) describes them; Debian has them in `wordnet-base`. No
library that is kept up reads those: NLTK asks for a file more, `wn` for another format.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from evals.errors import InputUnusable

FOLDER = Path("/usr/share/wordnet")
_NOUN, _VERB, _ADJECTIVE = "noun", "verb", "adj"
_OF_LETTER = {"n": _NOUN, "v": _VERB, "a": _ADJECTIVE, "s": _ADJECTIVE}
# The commonest meanings come first.
_SENSES = 2
_ABOVE, _BELOW, _OPPOSITE, _ALIKE = ("@", "@i"), ("~",), ("!",), ("&",)
# Endings that a form has, what its base has instead, and what a base gets, by its last letters.
_ENDINGS = {
    _NOUN: (("ies", "y"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("ses", "s"), ("s", "")),
    _VERB: (
        ("ies", "y"),
        ("ied", "y"),
        ("es", "e"),
        ("s", ""),
        ("ed", "e"),
        ("ed", ""),
        ("ing", "e"),
        ("ing", ""),
    ),
    _ADJECTIVE: (),
}
_MARKER = re.compile(r"\(\w+\)$")


@dataclass(frozen=True, slots=True)
class _Base:
    word: str
    sort: str
    ending: str
    places: tuple[int, ...]
    known: int


@dataclass(frozen=True, slots=True)
class _Sense:
    words: tuple[str, ...]
    links: tuple[tuple[str, int, str], ...]


class WordNet:
    """The dictionary in a folder."""

    def __init__(self, folder: Path) -> None:
        """Read its lists of words.

        Raises:
            InputUnusable: A file of the database is missing.
        """
        try:
            self._index = {sort: _words(folder / f"index.{sort}") for sort in _ENDINGS}
            self._data = {sort: (folder / f"data.{sort}").read_bytes() for sort in _ENDINGS}
        except OSError as error:
            raise InputUnusable((str(error),), "Run: apt-get install wordnet-base") from error

    def same(self, word: str) -> tuple[str, ...]:
        """Return words that say the same as one, or the kind of thing it is, in its form."""
        base = self._base(word)
        found = list[str]()
        for sense in self._senses(base, _SENSES):
            for one in (sense, *self._linked(sense, (*_ABOVE, *_ALIKE))):
                found += one.words
        return _inflected(found, base)

    def opposites(self, word: str) -> tuple[str, ...]:
        """Return words that say the opposite of one, in its form."""
        base = self._base(word)
        found = list[str]()
        for sense in self._senses(base, _SENSES):
            for one in (sense, *self._linked(sense, _ALIKE)):
                for other in self._linked(one, _OPPOSITE):
                    found += other.words[:1]
        return _inflected(found, base)

    def siblings(self, word: str) -> tuple[str, ...]:
        """Return nouns for other things of the kind that one is, in its form."""
        base = self._base(word)
        if base.sort != _NOUN:
            return ()
        found = list[str]()
        for sense in self._senses(base, 1):
            for kind in self._linked(sense, _ABOVE):
                for other in self._linked(kind, _BELOW):
                    if other != sense:
                        found += other.words[:1]
        return _inflected(found, base)

    def _base(self, word: str) -> _Base:
        """Return the best known word that one may be a form of; one without meaning if none."""
        found = list[_Base]()
        for sort, endings in _ENDINGS.items():
            for ending, instead in (("", ""), *endings):
                if word.endswith(ending):
                    base = word.removesuffix(ending) + instead
                    known, places = self._index[sort].get(base, (0, ()))
                    if places:
                        found.append(_Base(base, sort, ending, places, known))
        unknown = _Base(word, _NOUN, "", (), 0)
        return max(found, key=lambda base: base.known, default=unknown)

    def _senses(self, base: _Base, most: int) -> Iterator[_Sense]:
        for place in base.places[:most]:
            yield self._sense(base.sort, place)

    def _linked(self, sense: _Sense, symbols: tuple[str, ...]) -> Iterator[_Sense]:
        for symbol, place, sort in sense.links:
            if symbol in symbols and sort in self._data:
                yield self._sense(sort, place)

    @lru_cache(maxsize=100_000)  # noqa: B019  (one dictionary a run)
    def _sense(self, sort: str, place: int) -> _Sense:
        data = self._data[sort]
        fields = data[place : data.index(b"|", place)].decode().split()
        count = int(fields[3], 16)
        words = fields[4 : 4 + 2 * count : 2]
        first = 4 + 2 * count
        links = fields[first + 1 : first + 1 + 4 * int(fields[first])]
        return _Sense(
            tuple(_MARKER.sub("", word).replace("_", " ") for word in words),
            tuple(
                (links[i], int(links[i + 1]), _OF_LETTER.get(links[i + 2], ""))
                for i in range(0, len(links), 4)
            ),
        )


def _words(path: Path) -> dict[str, tuple[int, tuple[int, ...]]]:
    """Return of each word how many of its meanings were met in texts, and where all stand."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith(" "):
            word, _, count, _, *rest = line.split()
            places = tuple(map(int, rest[-int(count) :]))
            found[word.replace("_", " ")] = int(rest[-int(count) - 1]), places
    return found


def _inflected(words: list[str], base: _Base) -> tuple[str, ...]:
    """Return words other than a base, each once, with the ending of its form."""
    others = dict.fromkeys(word for word in words if word.islower() and word != base.word)
    if base.sort == _NOUN:  # "heavenly bodies", but "went across"
        parts = (word.rpartition(" ") for word in others)
        return tuple(f"{before}{gap}{_with(last, base.ending)}" for before, gap, last in parts)
    split = (word.partition(" ") for word in others)
    return tuple(f"{_with(first, base.ending)}{gap}{after}" for first, gap, after in split)


def _with(word: str, ending: str) -> str:
    """Return a word in a form, as if all were regular."""
    if not ending:
        return word
    if ending.endswith("s"):
        if word.endswith(("s", "x", "z", "ch", "sh")):
            return f"{word}es"
        return f"{word[:-1]}ies" if re.search(r"[^aeiou]y$", word) else f"{word}s"
    if ending == "ing":
        return f"{word.removesuffix('e')}ing"
    return f"{word[:-1]}ied" if re.search(r"[^aeiou]y$", word) else f"{word.removesuffix('e')}ed"
