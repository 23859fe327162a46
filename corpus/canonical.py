"""One spelling of a text: what `Article.text` is counted in."""

import re
import unicodedata

from corpus.unwrap import unwrap

_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_BLANK = re.compile("[\t\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Controls, soft hyphen, zero-width space and BOM, word joiner, bidi marks (they let a text read
# differently from what it says). The zero-width joiners stay: emoji and Persian need them.
_DROPPED = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\xad\u180e\u200b\u200e\u200f\u2060\u202a-\u202e\u2066-\u2069\ufeff]"
)


def canonical(text: str) -> str:
    r"""Return `text` in the one form that citations count.

    NFC; `\n` line ends; tabs and every other blank as a plain space; no control characters, soft
    hyphens, zero-width blanks or bidi marks; lone surrogates as `�`; no blanks at the end of a
    line, at most one blank line in a row, none around the text. Hard-wrapped paragraphs are
    unwrapped (see `corpus.unwrap`). The result is a fixed point: doing it twice changes nothing.
    """
    text = _LINE_END.sub("\n", text)
    text = _DROPPED.sub("", _SURROGATE.sub("\ufffd", _BLANK.sub(" ", text)))
    text = unicodedata.normalize("NFC", text)
    lines = unwrap([line.rstrip(" ") for line in text.split("\n")])
    return "\n".join(_at_most_one_blank(lines)).strip()


def one_line(text: str) -> str:
    """Return the canonical form of `text` on one line, with single spaces between words."""
    return " ".join(canonical(text).split())


def _at_most_one_blank(lines: list[str]) -> list[str]:
    """Return `lines` without an empty line that follows another."""
    return [
        line for before, line in zip([None, *lines], lines, strict=False) if line or before != ""
    ]
