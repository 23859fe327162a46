"""Follow-up questions, completed from what was asked before."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from index.lexical import terms_of

_LEANING = re.compile(
    r"^(and|but|so|what about|how about|who else|what else)\b"
    r"|\b(it|its|they|them|their|he|him|his|she|her|hers)\b"
    r"|\b(this|that|these|those)\W*$",
    re.IGNORECASE,
)
# A question with fewer terms of its own than this can hardly be searched alone.
_FEW_TERMS = 2


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation."""

    role: Literal["user", "assistant"]
    content: str


def complete(question: str, history: Sequence[Turn]) -> str:
    """Return the question to search for: with the user's last one before it, if it leans on that.

    It leans when it has a pronoun, begins as a continuation does, or has hardly a term of its own.
    """
    asked = [turn.content for turn in history if turn.role == "user"]
    if not asked:
        return question
    leans = _LEANING.search(question) or len(set(terms_of(question))) < _FEW_TERMS
    return f"{asked[-1]} {question}" if leans else question
