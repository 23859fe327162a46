"""Boilerplate off an article: comment forms, share lines, author boxes; the byline kept apart.

The rule is to leave a line in when in doubt. Lines go in three ways only: a whole line of page
furniture anywhere; lines peeled off the head or the tail as long as each is boilerplate; and an
author box at the tail, which must show two signs of being one. Nothing is cut inside a line.
"""

from dataclasses import dataclass

from corpus.boilerplate import (
    ABOUT_AUTHOR,
    ANYWHERE,
    ARTICLE_COUNT,
    BYLINE,
    COMMENT_FORM,
    COMMENT_HEAD,
    CONTACT_STUB,
    MARGIN,
    NAME_LINE,
    NOT_NAMES,
    RELATED_HEAD,
)
from corpus.canonical import canonical

_MAX_LINE = 400  # no pattern matches a longer line; skipping them keeps cleaning fast
_MAX_BIO = 1200
_MAX_LINK = 150
_MAX_NAME = 60
_HEAD_LINES = 4
_MAX_SECTION = 15
_MIN_SIGNS = 2


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A canonical text without boilerplate.

    Attributes:
        text: What is left.
        author: The given author, or else the one that a byline or an author box names.
        removed: Each line that was taken out, in the order of the text.
    """

    text: str
    author: str | None
    removed: tuple[str, ...] = ()


def clean(text: str, *, title: str = "", author: str | None = None) -> Cleaned:
    """Return `text` in canonical form and without what a web page put around it.

    Args:
        text: Any text.
        title: The title, on one line; the text's first line goes when it repeats it.
        author: The author where metadata names one; it wins over a byline.
    """
    page = _Page(canonical(text).split("\n"), title, author)
    page.drop_furniture()
    page.peel_head()
    page.peel_tail()
    if not page.gone:
        return Cleaned("\n".join(page.lines), page.author)
    kept = [line for n, line in enumerate(page.lines) if n not in page.gone]
    removed = tuple(page.lines[n] for n in sorted(page.gone))
    return Cleaned(canonical("\n".join(kept)), page.author, removed)


class _Page:
    """The lines of one text, and which of them are gone."""

    def __init__(self, lines: list[str], title: str, author: str | None) -> None:
        self.lines = lines
        self.title = title
        self.author = author
        self.gone: set[int] = set()

    def drop_furniture(self) -> None:
        """Take out the lines that are boilerplate wherever they stand."""
        for n, line in enumerate(self.lines):
            if len(line) <= _MAX_LINE and ANYWHERE.fullmatch(line.strip()):
                self.gone.add(n)

    def peel_head(self) -> None:
        """Take the repeated title, the byline and share lines off the head."""
        peeling = True
        for n, line in self._left()[:_HEAD_LINES]:
            if name := _byline(line):
                self.author = self.author or name
                self.gone.add(n)
            elif peeling and (line in (self.title, self.author) or _is_margin(line)):
                self.gone.add(n)
            else:
                peeling = False  # a byline may still stand below the standfirst

    def peel_tail(self) -> None:
        """Take lines off the tail as long as each is boilerplate."""
        while left := self._left():
            n, line = left[-1]
            if _is_margin(line):
                self.gone.add(n)
            elif not (self._peel_section(left) or self._peel_author(left)):
                return

    def _left(self) -> list[tuple[int, str]]:
        """Return the lines that are neither blank nor gone, each with its number."""
        numbered = enumerate(self.lines)
        return [(n, line.strip()) for n, line in numbered if line and n not in self.gone]

    def _peel_section(self, left: list[tuple[int, str]]) -> bool:
        """Take a comment form, or a list of other articles, off the end of `left`."""
        for place in range(len(left) - 1, max(-1, len(left) - _MAX_SECTION - 1), -1):
            below = [line for _, line in left[place + 1 :]]
            head = left[place][1]
            form = COMMENT_HEAD.fullmatch(head) and all(map(_is_form, below))
            links = RELATED_HEAD.fullmatch(head) and all(map(_is_link, below))
            if form or links:
                self.gone.update(n for n, _ in left[place:])
                return True
        return False

    def _peel_author(self, left: list[tuple[int, str]]) -> bool:
        """Take an author box off the end of `left`.

        A box is a name, often twice, and a paragraph about that person, with a heading or a count
        of articles. One sign alone is not enough: a story may end with a portrait.
        """
        rest = [line for _, line in left]
        counted = bool(ARTICLE_COUNT.fullmatch(rest[-1]))
        if counted:
            rest.pop()
        bio = rest.pop() if len(rest) > 1 and len(rest[-1]) <= _MAX_BIO else ""
        name = next((line for line in (*rest[-1:], bio) if _is_name(line)), self.author or "")
        if not name or not (bio == name or bio.startswith((name + " ", name + ","))):
            return False
        names = int(bio == name)
        while rest and rest[-1] == name:
            names += 1
            rest.pop()
        headed = bool(rest and ABOUT_AUTHOR.fullmatch(rest[-1]))
        if headed:
            rest.pop()
        signs = names + counted + headed + (name == self.author) + bool(CONTACT_STUB.search(bio))
        if signs < _MIN_SIGNS or not rest:
            return False
        self.author = self.author or name
        self.gone.update(n for n, _ in left[len(rest) :])
        return True


def _is_margin(line: str) -> bool:
    return len(line) <= _MAX_LINE and bool(MARGIN.fullmatch(line))


def _is_form(line: str) -> bool:
    return _is_margin(line) or (len(line) <= _MAX_LINE and bool(COMMENT_FORM.fullmatch(line)))


def _is_link(line: str) -> bool:
    """Return whether a line could be the title of another article: short, no sentence."""
    return len(line) <= _MAX_LINK and not line.endswith((".", "!", ":", ";", ",", '"', "”"))


def _is_name(line: str) -> bool:
    return len(line) <= _MAX_NAME and bool(NAME_LINE.fullmatch(line))


def _byline(line: str) -> str | None:
    """Return the names in a byline, or None when `line` is none."""
    found = BYLINE.fullmatch(line) if len(line) <= _MAX_LINE else None
    if found is None or NOT_NAMES.intersection(found["name"].split()):
        return None
    return found["name"]
