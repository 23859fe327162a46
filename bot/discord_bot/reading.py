"""Articles in pages, with what an answer quotes of them emphasised."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.discord_bot.neutral import cut, length, plain
from corpus.article import Span, spans_within

# Of the article, on one page: neutralised it is at most twice as long.
PAGE_CHARS = 1300
_MOST_SHOWN = 2 * PAGE_CHARS
_PARAGRAPH = re.compile(r"\n\s*\n")
_SENTENCE = re.compile(r"[.!?…][\"'”’)\]]*\s")
_BLANK = re.compile(r"\s")
_NOT_BLANK = re.compile(r"\S")


@dataclass(frozen=True, slots=True)
class Reading:
    """A text in pages: spans that cover it but for blanks between them."""

    text: str
    pages: tuple[Span, ...]

    def page_with(self, position: int) -> int:
        """Return the number, from 0, of the page that a character of the text is on."""
        return next(
            (n for n, page in enumerate(self.pages) if position < page.end), len(self.pages) - 1
        )

    def shown(self, number: int, quotes: Sequence[Span]) -> str:
        """Return a page, neutralised, the `quotes` (ordered, not overlapping) in bold type."""
        page = self.pages[number]
        parts, at = [], page.start
        for quote in spans_within(quotes, page.start, page.end):
            parts += [plain(self.text[at : quote.start]), _bold(self.text[quote.start : quote.end])]
            at = quote.end
        text = "".join([*parts, plain(self.text[at : page.end])])
        # Thousands of lines of one letter have no room for marks.
        return text if length(text) <= _MOST_SHOWN else plain(self.text[page.start : page.end])


def reading(text: str, quotes: Sequence[Span] = (), most: int = PAGE_CHARS) -> Reading:
    """Return `text` in pages of at most `most` characters, at least one.

    They end with a paragraph where one ends in their second half, else with a sentence, else with
    a word; inside a quote only where that is longer than a page.
    """
    pages: list[Span] = []
    at = 0
    while True:
        at = _next(text, at)
        end = at + len(cut(text[at : at + most], most))
        if end < len(text):
            end = _outside(_break(text, at, end), at, quotes)
        if end > at or not pages:
            pages.append(Span(at, at + len(text[at:end].rstrip())))
        if end >= len(text):
            return Reading(text, tuple(pages))
        at = end


def _next(text: str, position: int) -> int:
    """Return where the next character stands that is not blank; the end where there is none."""
    found = _NOT_BLANK.search(text, position)
    return found.start() if found else len(text)


def _break(text: str, start: int, end: int) -> int:
    """Return the best place to end a page that begins at `start`, at most `end`."""
    half = start + (end - start) // 2
    for pattern in (_PARAGRAPH, _SENTENCE, _BLANK):
        ends = [match.end() for match in pattern.finditer(text, half, end)]
        if ends:
            return ends[-1]
    return end


def _outside(end: int, start: int, quotes: Sequence[Span]) -> int:
    for quote in quotes:
        if start < quote.start < end < quote.end:
            return quote.start
    return end


def _bold(text: str) -> str:
    """Return each line in bold type: marks don't reach over paragraphs."""
    lines = []
    for line in text.split("\n"):
        core = line.strip()
        lines.append(f"**{plain(core)}**" if core else line)
    return "\n".join(lines)
