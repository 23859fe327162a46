"""The few words that answer: the reader's, where they are likely and of the sort that was asked."""

import re
from collections.abc import Sequence

from bot.asked import AMOUNTS, asked_kinds, asks_whether
from bot.evidence import Evidence
from bot.quantities import quantities
from bot.reading import PassageRead

# The least probability that the answer is there and is these words: what lies above it was right
# for 85 in 100 (docs/decisions/0013).
SURE = 0.75
_MAX_CHARS = 120
_EDGES = " \t\n,;:.\"'“”‘’«»()[]"


def short_answer(question: str, read: PassageRead, cited: Sequence[Evidence]) -> str | None:
    """Return the words of a cited sentence that answer; None where it is not plain which do.

    Args:
        question: What is asked, by itself.
        read: What the reader made of the passage of the first citation.
        cited: The sentences that are cited.
    """
    if read.reading.sure * read.reading.probability < SURE or asks_whether(question):
        return None
    article = read.hit.passage.article_id
    for one in cited:
        inside = one.span.start <= read.span.start and read.span.end <= one.span.end
        if one.hit.passage.article_id == article and inside:
            begin = one.span.start
            words = one.text[read.span.start - begin : read.span.end - begin].strip(_EDGES)
            return words if words and len(words) <= _MAX_CHARS and _fits(question, words) else None
    return None


def _fits(question: str, words: str) -> bool:
    """Tell whether words are of the sort that a question asks for, where that is plain."""
    kinds = asked_kinds(question)
    if kinds and kinds != AMOUNTS and not re.search(r"\d", words):
        return bool(kinds & {quantity.kind for quantity in quantities(words)})
    return True
