"""What stands in for something named before, in words: `the red one`, `the first of the two`."""

import re
from collections.abc import Sequence
from itertools import pairwise

from bot.english import DETERMINERS, FUNCTION_WORDS, GENERIC
from bot.phrases import names_of, words_of

PAIR = 2
_ONE = re.compile(
    r"\b(?:the|an?|another) (?P<sort>[^\W\d_]+(?:-[^\W\d_]+)*) (?P<one>ones?)\b", re.IGNORECASE
)
# What no adjective is, and what counts: `the first one` is one of several, not a sort.
_NO_SORTS = FUNCTION_WORDS | {"first", "second", "third", "last", "next", "only", "right", "wrong"}
_OF_THE_TWO = r" of (?:the two|them|those(?: two)?|these(?: two)?)"
_CHOSEN = (
    re.compile(rf"\bthe (?:former|first(?: one)?{_OF_THE_TWO})\b", re.IGNORECASE),
    re.compile(rf"\bthe (?:latter|(?:second|last)(?: one)?{_OF_THE_TWO})\b", re.IGNORECASE),
)

_JOINS = re.compile(
    r"(?:['’]s?)?,? (?:and|or) (?:(?:the|an?|about|at|by|for|from|in|of|on|to|with) ){0,2}",
    re.IGNORECASE,
)


def with_noun(text: str, topic: str) -> str:
    """Return a question with the topic's noun for `one` after an adjective.

    After `What does the long-range Plover cost?`, `the normal one` is `the normal Plover`. One word
    alone is a name or a noun that has no sorts, and stays out of it, as does a name of several.
    """
    found = _ONE.search(text)
    if not found or found["sort"].lower() in _NO_SORTS or not _has_sorts(topic):
        return text
    return text[: found.start("one")] + topic.rsplit(maxsplit=1)[-1] + text[found.end() :]


def _has_sorts(topic: str) -> bool:
    words = words_of(topic)
    if not words or words[-1].low in GENERIC:
        return False
    return words[0].low in DETERMINERS or topic not in names_of(topic)


def with_chosen(text: str, pair: Sequence[str]) -> str:
    """Return a question with the name that `the former` or `the second of the two` means.

    Args:
        text: The question.
        pair: The two names in the order in which they were said; fewer leave it as it is.
    """
    if len(pair) < PAIR:
        return text
    for chosen, name in zip(_CHOSEN, pair, strict=True):
        text = name.join(chosen.split(text))
    return text


def pair_of(text: str) -> tuple[str, ...]:
    """Return the first two names that a text joins (`Audi and the Heron`); empty if there are none.

    A comma alone joins nothing: it stands in a dateline (`DUNMERE, Marrenland`), too.
    """
    for one, other in pairwise(names_of(text)):
        ends = text.find(one) + len(one)
        begins = text.find(other, ends)
        if begins > ends and _JOINS.fullmatch(text, ends, begins):
            return one, other
    return ()
