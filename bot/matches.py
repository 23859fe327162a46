"""Which words of a quote match those of the question: by its tokens, or by the words alone."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from bot.answer import Annotation
from bot.english import DATES, FUNCTION_WORDS
from corpus.article import Span
from index.late_interaction import Floats
from index.lexical import terms_of
from index.retrieve import TokenMatches

# The least MaxSim of two words that match: docs/decisions/0009.
ALIKE = 0.65
_CLITIC = r"['’](?:s|t|d|m|ll|re|ve)\b"
_WORD = re.compile(rf"(?P<word>\w+(?:[.,]\d+)*)|{_CLITIC}", re.IGNORECASE)
# What may stand between two words that are marked as one.
_BETWEEN = re.compile(rf"(?:{_CLITIC})?[\s/'’\-\u2010\u2011]*", re.IGNORECASE)


class _Word(NamedTuple):
    """A word that says something by itself, and where it stands."""

    text: str
    span: Span

    @property
    def exact(self) -> str:
        """Return the number in it, or the first letters of a month or day; mostly nothing."""
        if number := re.sub(r"[^\d.]", "", self.text):
            return number
        return self.text.lower()[:3] if self.text.lower() in DATES else ""


def matched(
    question: str, begins: int, quote: str, tokens: TokenMatches | None
) -> tuple[Annotation, ...]:
    """Return which words of a quote match words of a question, in order, neighbours as one range.

    Each word of the question that says something by itself marks one: the word that its tokens
    match best, if they match it well enough; else the first with its stem, if any.

    Args:
        question: What was searched.
        begins: Where in it the question itself begins; what stands before is context.
        quote: A sentence.
        tokens: How its tokens match the question's; None without late interaction, where stems
            alone count.
    """
    asked = [word for word in _words(question) if word.span.start >= begins]
    said = list(_words(quote))
    if not asked or not said:
        return ()
    found = _by_tokens(asked, said, tokens) if tokens else [None] * len(asked)
    if None in found:
        stems = {_stem(word): number for number, word in reversed(list(enumerate(said)))}
        found = [
            stems.get(_stem(word)) if number is None else number
            for word, number in zip(asked, found, strict=True)
        ]
    return _ranges(quote, [said[number].span for number in sorted({*found} - {None})])


def _words(text: str) -> Iterator[_Word]:
    for match in _WORD.finditer(text):
        word = match["word"]
        if word and word.lower() not in FUNCTION_WORDS:
            yield _Word(word, Span(match.start(), match.end()))


def _stem(word: _Word) -> tuple[str, ...]:
    return tuple(terms_of(word.text))


def _by_tokens(
    asked: Sequence[_Word], said: Sequence[_Word], tokens: TokenMatches
) -> list[int | None]:
    """Return, for each word that is asked, the number of the one that matches it best, if well."""
    scores = _maxsim(asked, said, tokens)
    exact = [word.exact for word in said]
    for number, word in enumerate(asked):
        if wanted := word.exact:
            scores[[_differ(wanted, other) for other in exact], number] = -1
    best = scores.argmax(axis=0).tolist()
    return [row if scores[row, number] >= ALIKE else None for number, row in enumerate(best)]


def _differ(a: str, b: str) -> bool:
    """Tell whether these are two numbers, or two months or days, and not the same."""
    return bool(b) and a != b and a.isalpha() == b.isalpha()


def _maxsim(asked: Sequence[_Word], said: Sequence[_Word], tokens: TokenMatches) -> Floats:
    """Return MaxSim of each word that is asked and each that is said, shape `(said, asked)`.

    Each token of the former takes its best cosine in the latter; they count by their weights, and
    alike where none has any.
    """
    best = np.full((len(said), len(tokens.question)), -1, np.float32)
    for number, word in enumerate(said):
        own = _within(word.span, tokens.sentence)
        best[number] = tokens.cosines[own].max(axis=0, initial=-1)
    shares = np.zeros((len(tokens.question), len(asked)), np.float32)
    for number, word in enumerate(asked):
        own = _within(word.span, tokens.question)
        weights = tokens.weights[own]
        total = weights.sum()
        shares[own, number] = weights / total if total else 1 / max(1, len(weights))
    return np.asarray(best @ shares, np.float32)


def _within(word: Span, tokens: Sequence[Span]) -> slice:
    """Return which tokens, in order, are of a word: those with a character in common."""
    first = bisect_right(tokens, word.start, key=attrgetter("end"))
    return slice(first, bisect_left(tokens, word.end, lo=first, key=attrgetter("start")))


def _ranges(text: str, spans: Sequence[Span]) -> tuple[Annotation, ...]:
    """Return words, in order, as ranges; what joins neighbours is in between."""
    ranges: list[Annotation] = []
    for span in spans:
        start = span.start
        if ranges and _BETWEEN.fullmatch(text, ranges[-1].end_index, start):
            start = ranges.pop().start_index
        ranges.append(Annotation(start, span.end))
    return tuple(ranges)
