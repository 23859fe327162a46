r"""Hard-wrapped paragraphs back on one line.

A text that was wrapped at a column ("… recruited from the\nprivate sector …") is unwrapped when it
becomes canonical, not in the sentence splitter: so a line end always means something (a heading, a
list item, a paragraph), a quoted sentence has no line ends inside, and the splitter needs no guess.

A wrapped text gives itself away in one of two ways. The first word of the next line would not have
fitted: a pair of lines of `a` and `b` (its first word) characters says that the column lies in
`[a, a + b]`, and one column satisfies most pairs. Or, where links were taken out after wrapping
and the lines are ragged, most lines stop in mid-sentence and the next goes on in lower case.
"""

import re
from itertools import pairwise

_MIN_COLUMN, _MAX_COLUMN = 50, 100
_MIN_PAIRS = 4
_MIN_SHARE = 0.6
_MIN_BROKEN = 0.4  # the rest ends a sentence, or goes on with a name
_MIN_PROSE = 40  # lines of verse and of code are shorter, mostly
# A line that starts something of its own: list items, quotes, headings, tables, `key: value`.
_STARTS_ANEW = re.compile(
    r"\s*(?:[*+•▪◦·>|#=~`{}<]|[-\u2013\u2014](?:\s|-)|\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{2,4})[.)]\s"
    r"|\[\w+\]:|https?://|[\w-]+:\s)"
)
_CLOSES = re.compile(r"[.!?:;…]['\"”\u2019)\]*_]*$")


def unwrap(lines: list[str]) -> list[str]:
    """Return `lines` with the paragraphs of a hard-wrapped text on one line each.

    A text that shows no wrapping comes back as it is: verse, lists and headings keep their line
    ends, and so does what stands between code fences. Lines have no blanks at their end; an empty
    line separates paragraphs.
    """
    column = _column(lines)
    if column is None:
        return lines
    joined: list[str] = []
    last, fenced, inside = "", False, False
    for line in lines:
        fence = line.lstrip().startswith("```")
        inside = not (fence or fenced) and _continues(last, line, column, inside=inside)
        if inside:
            joined[-1] += " " + line.lstrip()
        else:
            joined.append(line)
        fenced ^= fence
        last = "" if fence else line
    return joined


def _column(lines: list[str]) -> int | None:
    """Return the column at which `lines` were wrapped, or None when they were not."""
    pairs = [
        (line, following)
        for line, following in pairwise(lines)
        if line and following and not _STARTS_ANEW.match(following)
    ]
    if len(pairs) < _MIN_PAIRS:
        return None
    best, count = _peak(_votes(pairs))
    if count >= _MIN_SHARE * len(pairs):
        return best
    broken = [line for line, following in pairs if _runs_on(line, following)]
    if len(broken) < _MIN_BROKEN * len(pairs) or sum(map(len, broken)) < _MIN_PROSE * len(broken):
        return None
    return best or _MAX_COLUMN


def _votes(pairs: list[tuple[str, str]]) -> list[int]:
    """Return how many more pairs allow each column than allow the one before it."""
    steps = [0] * (_MAX_COLUMN + 2)
    for line, following in pairs:
        low = max(len(line), _MIN_COLUMN)
        high = min(len(line) + len(_first_word(following)), _MAX_COLUMN)
        if low <= high:
            steps[low] += 1
            steps[high + 1] -= 1
    return steps


def _peak(steps: list[int]) -> tuple[int, int]:
    """Return where the running sum of `steps` is largest (the first such place), and the sum."""
    best, most, total = 0, 0, 0
    for place, step in enumerate(steps):
        total += step
        if total > most:
            best, most = place, total
    return best, most


def _continues(line: str, following: str, column: int, *, inside: bool) -> bool:
    """Return whether `following` goes on with the paragraph that `line` is in.

    `inside` says that `line` itself went on with one: then it is no heading, short as it may be.
    """
    if not line or not following or _STARTS_ANEW.match(following):
        return False
    if _runs_on(line, following):
        return True
    if _CLOSES.search(line):  # a full line may happen to end with a sentence
        return column // 2 < len(line) <= column <= len(line) + len(_first_word(following))
    return inside or len(line) > column // 3


def _runs_on(line: str, following: str) -> bool:
    """Return whether `line` stops in mid-sentence and `following` goes on in lower case."""
    return following.lstrip()[:1].islower() and not _CLOSES.search(line)


def _first_word(line: str) -> str:
    return line.split(maxsplit=1)[0]
