"""Sentences with exact offsets: sentencex finds them, a short list of repairs mends them."""

import re
from collections.abc import Iterator

import sentencex  # type: ignore[import-untyped]  # ships no types

from corpus.article import Span

_LINE = re.compile(r"[^\n]+")
# sentencex pairs quotes in quadratic time within a paragraph: 1.5 MB of quotes took two minutes.
_MAX_PIECE = 10_000
_LOOK_BACK = 200  # characters of a sentence that show how it ends

_MARKER = re.compile(r"(?:\(?(?:\d{1,3}|[A-Za-z]|[ivx]{1,4})[.)]|[^\w\s]*[A-Z]\.|[\W_]+)$")
_CLOSERS = re.compile(r"[\s)\]}\"'”\u2019»\u203a」』\uff09]*(?:\[\d{1,3}\]\s*)*$")
# the U.S. economy; well... maybe; 5 a.m. on Monday; Jeopardy! is; "Was it so?" survey
_BEFORE_LOWER_CASE = re.compile(
    r"(?:\b(?:[^\W\d_]\.)+|\.\.\.|…|\b[A-Z][a-z]{0,4}\.|[!?])['\"”\u2019)]*$"
)
# Each pair: how a sentence seems to end, and what then shows that it goes on.
_GOES_ON = tuple(
    (re.compile(left + r"$"), re.compile(right))
    for left, right in (
        # 9:30 p.m. Tuesday; 2 P.M. ET
        (r"\b[aApP]\.[mM]\.", r"(?:(?:Sun|Mon|Tues|Wednes|Thurs|Fri|Satur)day|[A-Z]{2,4}\b)"),
        (r"\b(?:Mr|Mrs|Ms|Dr|Prof)\.", r"[A-Z]"),
        # Vol. 2; approx. 5 km
        (r"\b(?:[Nn]os?|[Vv]ol|pp?|[Ff]igs?|[Cc]h|[Ss]ec|[Aa]rt|approx|ca?|Rs|Nr)\.", r"\d"),
        (r"[「『].*[」』]", r"と"),  # a quotation, and the particle that says who spoke
    )
)
# Inside a word that only looks like an end: U.S. after a dash, Data.gov, .DS_Store.
_GLUED = re.compile(r"(?:[A-Z]\.|(?i:gov|com|org|net|edu|mil|io)\b)")
_CLOSING = "\"'”’»)]"
_ENDS_SENTENCE = frozenset(".!?…。！？")
# How a line ends that states something, or leads on to a list: no heading does.
_ENDS_STATEMENT = frozenset(".!…。！:：")
_LIST_ITEM = re.compile(r"[-*+•●◦▪>–|]")
_HEADING_WORDS = 15


def split_sentences(text: str, language: str | None = None) -> tuple[Span, ...]:
    """Return the sentences of `text`, in order.

    The spans do not overlap, have no blanks at either end, and together cover every character that
    is not a blank. A line end always ends a sentence, so headings and list items stand alone
    (hard-wrapped text was unwrapped when it became canonical).

    Args:
        text: Any text, usually `Article.text`.
        language: A language code such as `en` or `pt-BR`; English rules when None. sentencex
            falls back to a related language for codes that it does not know.
    """
    code = (language or "en").lower().split("-")[0]
    return tuple(
        sentence
        for line in _LINE.finditer(text)
        for start, end in _pieces(text, line.start(), line.end())
        for sentence in _sentences(text, start, end, code)
    )


def ends_as_sentence(text: str) -> bool:
    """Tell whether a text ends as a sentence does; a heading or a list item may not."""
    return _last(text) in _ENDS_SENTENCE


def _last(text: str) -> str:
    """Return the last character but for closing quotes and brackets; `""` where there is none."""
    return text.rstrip(_CLOSING)[-1:]


def is_heading(text: str, sentence: Span) -> bool:
    """Tell whether a sentence of `text` is on a line that heads what is below it.

    The line is short and apart from what is above it; by its end it states nothing (a question may
    head what answers it); it is no list item, and a sentence stands on the next line that is there.
    """
    start = text.rfind("\n", 0, sentence.start) + 1
    if start and not text.endswith("\n\n", 0, start):
        return False
    lines = _LINE.finditer(text, start)
    line = next(lines)[0].rstrip()
    short = len(line.split()) <= _HEADING_WORDS
    if not short or _last(line) in _ENDS_STATEMENT or _LIST_ITEM.match(line):
        return False
    below = next(lines, None)
    return below is not None and _last(below[0].rstrip()) in _ENDS_SENTENCE | _ENDS_STATEMENT


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the line `[start, end)` in pieces that sentencex takes in reasonable time."""
    while end - start > _MAX_PIECE:
        cut = text.rfind(" ", start + _MAX_PIECE // 2, start + _MAX_PIECE) + 1
        cut = cut or start + _MAX_PIECE
        yield start, cut
        start = cut
    yield start, end


def _sentences(text: str, start: int, end: int, code: str) -> Iterator[Span]:
    """Yield the sentences of `text[start:end]`, which has no line ends."""
    found = sentencex.get_sentence_boundaries(code, text[start:end])
    cuts = [start + boundary["start_index"] for boundary in found[1:]]
    for cut in [*cuts, end]:
        if cut < end and not _breaks(text[start:cut], text[cut:end]):
            continue
        if span := _stripped(text, start, cut):
            yield span
        start = cut


def _stripped(text: str, start: int, end: int) -> Span | None:
    """Return `[start, end)` without the blanks at its ends, or None if nothing is left."""
    part = text[start:end]
    bare = part.strip()
    if not bare:
        return None
    start += len(part) - len(part.lstrip())
    return Span(start, start + len(bare))


def _breaks(left: str, right: str) -> bool:
    """Return whether a sentence really ends between `left` and `right`."""
    glued = not (left[-1:].isspace() or right[:1].isspace())
    left, right = left.strip(), right.lstrip()
    if not left or _MARKER.fullmatch(left) or _CLOSERS.fullmatch(right):
        return False
    if glued and _GLUED.match(right):
        return False
    end = left[-_LOOK_BACK:]
    if right[:1].islower() and _BEFORE_LOWER_CASE.search(end):
        return False
    return not any(before.search(end) and after.match(right) for before, after in _GOES_ON)
