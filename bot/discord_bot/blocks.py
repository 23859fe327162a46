"""Texts on pages that Discord takes: what belongs together stays together."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.discord_bot.neutral import cut, length

# A page of an answer. Discord takes 4000 characters in all texts of a message; the rest is for
# the question, neutralised and as it was understood, and the page's number.
MOST_TEXT = 3000
# Gaps.
LINE, PARAGRAPH = "\n", "\n\n"


@dataclass(frozen=True, slots=True)
class Block:
    """What stays on one page; `gap` is between it and the block before."""

    text: str
    gap: str = PARAGRAPH


def pages_of(blocks: Iterable[Block], most: int = MOST_TEXT) -> list[str]:
    """Return the blocks as pages of at most `most` characters.

    A block stands on one page; one that fits on none goes on over several, between words.
    """
    pages: list[str] = []
    for block in blocks:
        for part in _fitting(block.text, most):
            if pages and length(pages[-1]) + length(block.gap) + length(part) <= most:
                pages[-1] += block.gap + part
            else:
                pages.append(part)
    return pages


def _fitting(block: str, most: int) -> Iterator[str]:
    """Yield a block, in parts where it is longer than `most`."""
    rest = block
    while length(rest) > most:
        part = cut(rest, most)
        words = part.rsplit(" ", 1)[0]
        part = words if len(words) > len(part) // 2 else part
        # An escape and what it escapes stay together.
        part = part[: len(part) - (len(part) - len(part.rstrip("\\"))) % 2]
        yield part
        rest = rest[len(part) :].lstrip(" ")
    yield rest
