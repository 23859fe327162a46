"""Pieces of questions (`And Audi?`), put into the question before them."""

import re

from bot.english import (
    ASKING,
    AUXILIARIES,
    DETERMINERS,
    PERSON_PRONOUNS,
    PREPOSITIONS,
    THING_PRONOUNS,
)
from bot.phrases import Phrase, is_named, names_of, phrases_of, says_much, sentences_of, words_of

_MAX_WORDS = 6
_FEW_WORDS = 2
_WHAT_ABOUT = re.compile(r"^(?:what|how) about\b\s*", re.IGNORECASE)
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]|^\W*\d+\W*$")
_YEAR = re.compile(r"(?:1\d|20)\d\d")


def has_verb(core: str) -> bool:
    """Tell whether a text is a question of its own: has an auxiliary verb or a question word."""
    return any(word.low in AUXILIARIES | ASKING for word in words_of(core))


def is_fragment(core: str) -> bool:
    """Tell whether a text is a piece of a question only: `Audi?`, `in Paris`, `what about tea`."""
    words = words_of(core)
    if _WHAT_ABOUT.match(core):
        return not says_much(core)
    if not 1 <= len(words) <= _MAX_WORDS or not _LATIN.search(core):
        return False
    if len(words) <= _FEW_WORDS:
        return not any(word.low in AUXILIARIES for word in words)
    return words[0].low in PREPOSITIONS | DETERMINERS and not has_verb(core)


def swapped(core: str, question: str) -> str:
    """Return the last question with a fragment in the place of its like; empty when unsure."""
    piece = _WHAT_ABOUT.sub("", core).rstrip(" ?.!")
    words = words_of(piece)
    if not is_fragment(core) or len(words) > _MAX_WORDS or has_verb(piece):
        return ""
    last = sentences_of(question)[-1]
    new = next(iter(phrases_of(piece)), None)
    like = _likes(new, piece, last) if new else []
    # `the round` after `the divisional round` says less, not something else.
    if new is None or len(like) != 1 or _says_less(new, like[0]):
        return ""
    tail = piece[new.end :].removeprefix("'s").removeprefix("’s")
    if any(w.low in PERSON_PRONOUNS | THING_PRONOUNS | {"that", "this"} for w in words_of(tail)):
        tail = ""
    old = like[0]
    before, text = last[: old.start], new.text
    if old.article and new.article:
        before = before[: before.lower().rindex(old.article)]
        text = f"{new.article} {new.text}"
    return (before + text + last[old.end :]).rstrip(" ?.!") + tail + "?"


def _says_less(new: Phrase, old: Phrase) -> bool:
    return set(new.text.lower().split()) < set(old.text.lower().split())


def _likes(new: Phrase, piece: str, last: str) -> list[Phrase]:
    """Return the phrases of the last question that a fragment's phrase may stand in for.

    An owner for an owner, what has the same preposition, a year for a year, what ends in the same
    word, a name for a name.
    """
    phrases = phrases_of(last)
    if piece[new.end : new.end + 2] in {"'s", "’s"}:
        return [
            Phrase(word.text[:-2], word.start, word.end - 2, named=True, lead="", article="")
            for word in words_of(last)
            if word.low.endswith("'s") and is_named(word, last)
        ]
    if new.lead in PREPOSITIONS:
        return [phrase for phrase in phrases if phrase.lead == new.lead]
    if _YEAR.fullmatch(new.text):
        return [phrase for phrase in phrases if _YEAR.fullmatch(phrase.text)]
    head = new.text.lower().split()[-1]
    same = [phrase for phrase in phrases if phrase.text.lower().split()[-1] == head]
    names = names_of(last)
    named = [p for p in phrases if p.named and not re.search(r"['’]s\b", p.text)]
    whole = named if len(named) == 1 and named[0].text in names else []
    return same or (whole if new.named else [])
