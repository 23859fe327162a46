"""Pronouns that lean on the conversation, put in words."""

import re
from collections.abc import Sequence

from bot.english import (
    CLAUSE,
    FUNCTION_WORDS,
    PERSON_PRONOUNS,
    POSSESSIVES,
    PREPOSITIONS,
    SOME_THEY,
    THING_PRONOUNS,
)
from bot.phrases import Word, is_named, says_much, words_of

# A possessive this many words into a question means one of them, as a rule.
_FEW_BEFORE = 2
_EMPTY_IT = re.compile(
    r"\b(?:is|was|'s|be|been|become|became|makes?) it (?:not )?(?:possible|true|certain|likely"
    r"|legal|illegal|necessary|important|hard|easy|difficult|worth|ok|okay|common|known|better|called"
    r"|considered|only) (?:to|that|when|if|for)\b"
    r"|\bit (?:takes?|took|means?|snows?|rains?)\b"
    r"|\bdoes it (?:take|mean)\b.*\b(?:to|for|when)\b"
    r"|\b(?:is|was) it\b.*\b(?:or|who|that)\b"
    r"|\bhow (?:far|long|late|early) (?:is|was) it (?:to|from)\b",
    re.IGNORECASE,
)


def free_pronouns(text: str) -> list[Word]:
    """Return the pronouns of a question that nothing in it explains, in order.

    `his` in `What did Ada do for his team?` is explained, and so is a pronoun in a later clause
    (`when he left`) or an `it` that means nothing (`is it possible to`). A question of many words
    has none: it says itself what they mean, as a rule.
    """
    if says_much(text):
        return []
    words = words_of(text)
    return [
        word
        for number, word in enumerate(words)
        if word.low in PERSON_PRONOUNS | THING_PRONOUNS
        and not is_named(word, text)
        and not _is_bound(number, words, text)
    ]


def resolve(text: str, person: str, thing: str) -> str:
    """Return a question with its free pronouns replaced.

    Args:
        text: The question.
        person: What `he` and `she` mean; empty leaves them.
        thing: What `it` and `they` mean; empty leaves them.
    """
    parts, at, told = list[str](), 0, set[str]()
    free = free_pronouns(text)
    # `Why did they close it?`: what was spoken of is `it`, and `they` are whoever.
    whoever = SOME_THEY if any(word.low in {"it", "its"} for word in free) else frozenset[str]()
    for word in free:
        if word.low in whoever:
            continue
        meant = person if word.low in PERSON_PRONOUNS else thing
        # Said once: `where did they catch it from` would else get the same name twice.
        if meant and meant not in told:
            told.add(meant)
            parts += [text[at : word.start], _inflected(meant, word, text)]
            at = word.end
    return "".join(parts) + text[at:]


def _inflected(meant: str, pronoun: Word, text: str) -> str:
    """Return what a pronoun means in the form that its place asks for."""
    after = words_of(text[pronoun.end :])[:1]
    alone = not after or after[0].low in FUNCTION_WORDS
    if pronoun.low in POSSESSIVES and not (pronoun.low == "her" and alone):
        return f"{meant}’" if meant.endswith("s") else f"{meant}’s"
    partitive = text[: pronoun.start].lower().endswith("of ") and meant.endswith("s")
    return f"the {meant}" if partitive and not meant.lower().startswith("the ") else meant


def _is_bound(number: int, words: Sequence[Word], text: str) -> bool:
    """Tell whether the question itself says what its pronoun number `number` means."""
    pronoun, before = words[number], words[:number]
    own = number + 1 < len(words) and words[number + 1].low == "own"
    if own or (pronoun.low == "it" and _EMPTY_IT.search(text)):
        return True
    nouns = [place for place, word in enumerate(before) if not word.is_function]
    if not nouns:
        return False
    if pronoun.low in POSSESSIVES:
        named = any(is_named(word, text) for word in before)
        # `the reason for their split`: a noun and its own preposition explain nothing.
        beside = nouns[-1] == number - 2 and words[number - 1].low in PREPOSITIONS
        return named or len(nouns) > _FEW_BEFORE or not beside
    opened = any(word.low in CLAUSE for word in before[nouns[0] :])
    return opened or "," in text[: pronoun.start]
