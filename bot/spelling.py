"""Misspelt words of a question, put right by the words that the collection has.

Whatever may be a word stays: what a passage has, what the encoder knows whole, and what is formed
of such words. What the rules cost and gain is in docs/decisions/0014.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal, NamedTuple

from bot.conversation import Completed
from bot.formed import is_formed
from bot.phrases import is_named, words_of
from index.lexical import terms_of
from index.retrieve import LexicalSearch
from index.words import WORD, Near, Spelling
from index.words import words_of as words_in

# Letters of a word that may be misspelt; of a name; with two edits; and with two in consonants.
_SHORTEST, _SHORTEST_NAME, _LONG, _LONGER = 4, 5, 8, 9
# A name with fewer letters may lack one, or have two swapped, but no other.
_LONG_NAME = 6
# With so many words that neither passages nor the encoder have, and most of all, a question is of
# another language.
_FOREIGN = 3
# What it counts that only vowels, or doubled letters, differ.
_SOUNDS_ALIKE = 3
_VOWELS = re.compile("[aeiouyæøœ]")
_DOUBLED = re.compile(r"(.)\1+")
# A vowel that is not heard: `capitol` and `stationary` are misspelt, though they are words.
_UNHEARD = re.compile(r"(.{2,}[^aeiouy])[aeiou]((?:l|r|nt|nce|ncy|ry)s?)")
_LEAST_UNHEARD = 6


class _Edit(NamedTuple):
    """What happened to a word: a letter is missing, too many, another, or two are swapped."""

    kind: Literal["missing", "extra", "other", "swapped"]
    place: int


@dataclass(frozen=True, slots=True)
class Speller:
    """Puts words right; what is right, or may be, it leaves alone."""

    spelling: Spelling
    lexical: LexicalSearch

    def understood(self, question: Completed) -> Completed:
        """Return a completed question with its words put right."""
        before = question.standalone[: len(question.standalone) - len(question.focus)]
        focus = self.corrected(question.focus)
        return Completed(self.corrected(before) + focus, focus)

    def corrected(self, text: str) -> str:
        """Return a text with its words put right; the very same where there is nothing to do."""
        composed = unicodedata.normalize("NFC", text)
        words = list(words_in(composed))
        unknown = {word for word in words if not self._is_known(word)}
        strange = sum(word in unknown and not self.spelling.is_common(word) for word in words)
        if strange >= _FOREIGN and 2 * strange > len(words):
            return text

        def meant(match: re.Match[str]) -> str:
            return (match[0].lower() in unknown and self._meant(match, composed)) or match[0]

        right = WORD.sub(meant, composed)
        return text if right == composed else right

    def _meant(self, match: re.Match[str], text: str) -> str | None:
        word = match.group()
        # `XXXII` and `PPARy` are no words that one could misspell.
        if not (word.islower() or word.istitle()):
            return None
        named = any(
            one.start <= match.start() < one.end and is_named(one, text) for one in words_of(text)
        )
        meant = self.correct(word.lower(), named=named)
        return meant.capitalize() if meant and word.istitle() else meant

    def _is_known(self, word: str) -> bool:
        """Tell whether passages have a word, in this or another form, or it is a stop word."""
        return all(map(self.lexical.has, terms_of(word)))

    def correct(self, word: str, *, named: bool = False) -> str | None:
        """Return the collection's word that one which it lacks stands for; None: it stays.

        Args:
            word: In lower case.
            named: Whether it is a name, of which there are others nearby: then one edit at most,
                and only one word may be meant.
        """
        if len(word) < (_SHORTEST_NAME if named else _SHORTEST):
            return None
        if is_formed(word, self.spelling.is_common):
            return None if named else self._heard_alike(word)
        edits = 2 if len(word) >= _LONG and not named else 1
        near = [
            one for one in self.spelling.words.near(word, edits) if _fits(word, one, named=named)
        ]
        if not near:
            return None
        least = min(one.edits for one in near)
        best = sorted((one for one in near if one.edits == least), key=lambda n: _order(word, n))
        if named and len({tuple(terms_of(one.word)) for one in best}) > 1:
            return None
        return best[0].word

    def _heard_alike(self, word: str) -> str | None:
        """Return the collection's word that sounds as another which is a word as well."""
        said = _UNHEARD.fullmatch(word) if len(word) >= _LEAST_UNHEARD else None
        if said is None:
            return None
        for one in self.spelling.words.near(word, 1):
            other = _UNHEARD.fullmatch(one.word)
            if other and other.groups() == said.groups():
                return one.word
        return None


def _order(word: str, near: Near) -> tuple[float, str]:
    alike = _skeleton(word) == _skeleton(near.word)
    return -near.count * (_SOUNDS_ALIKE if alike else 1), near.word


def _fits(word: str, near: Near, *, named: bool) -> bool:
    """Tell whether a word is likely to have become another by mistake.

    The first letter is seldom wrong, and what differs in the last is, as a rule, another form of
    the word, or another word.
    """
    meant = near.word
    if near.edits > 1:
        ends = word[0] == meant[0] and word[-1] == meant[-1]
        return ends and _differ_little(_skeleton(word), _skeleton(meant), len(word))
    edit = _edit(word, meant)
    if edit is None or (edit.place == 0 and edit.kind != "swapped"):
        return False
    if edit.kind == "other" and edit.place == len(word) - 1:
        return False
    if edit.kind == "missing" and edit.place == len(word) and meant[-1] in "sd":
        return False
    if len(word) == _SHORTEST:
        return edit.kind in {"missing", "swapped"} and edit.place < len(word) - 1
    return not named or len(word) >= _LONG_NAME or edit.kind in {"missing", "swapped"}


def _differ_little(consonants: str, others: str, letters: int) -> bool:
    """Tell whether the consonants of two words are the same or, in long words, one edit apart."""
    return consonants == others or (letters >= _LONGER and _edit(consonants, others) is not None)


def _edit(word: str, meant: str) -> _Edit | None:
    """Return the one edit that made `word` of `meant`; None where it took more, or none."""
    pairs = zip(word, meant, strict=False)
    least = min(len(word), len(meant))
    place = next((n for n, (one, other) in enumerate(pairs) if one != other), least)
    rest, wanted = word[place:], meant[place:]
    if rest == wanted[1:]:
        return _Edit("missing", place) if wanted else None
    if rest[1:] == wanted:
        return _Edit("extra", place)
    if rest[1:] == wanted[1:]:
        return _Edit("other", place)
    if rest[:2] == wanted[1::-1] and rest[2:] == wanted[2:]:
        return _Edit("swapped", place)
    return None


def _skeleton(word: str) -> str:
    """Return a word's consonants, no accents and none doubled."""
    bare = unicodedata.normalize("NFKD", word)
    plain = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return _DOUBLED.sub(r"\1", _VOWELS.sub("", plain))
