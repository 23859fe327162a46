"""`.md`: front matter, and a body whose mark-up is taken out."""

import re

import yaml
from frontmatter.default_handlers import YAMLHandler
from markdown_it import MarkdownIt
from markdown_it.token import Token

from corpus.decode import Decoded
from corpus.draft import Draft
from corpus.errors import Unreadable

_TAG = re.compile(r"<!--.*?(?:-->|\Z)|<[^<>]*>", re.DOTALL)
_FIELDS = ("title", "url", "source", "author", "updated_at", "language")


def read_markdown(decoded: Decoded) -> Draft:
    """Return the article of a Markdown file.

    The title is the front matter's, or else the first heading. Paragraphs stand apart by an empty
    line; headings, list items and table rows are lines of their own. Links leave their text,
    images their description; ordered lists keep their numbers.

    Raises:
        Unreadable: The front matter is not valid YAML.
    """
    meta, body = _front_matter(decoded.text.lstrip("\ufeff"))
    heading, text = _plain(body)
    fields = {name: meta[name] for name in _FIELDS if meta.get(name)}
    published = meta.get("published_at") or meta.get("date")
    return Draft(text, **{"title": heading, **fields}, published_at=published)


def _front_matter(text: str) -> tuple[dict[str, str], str]:
    """Return the front matter's plain values as they are written, and the rest of the file."""
    handler = YAMLHandler()
    start = len(text) - len(text.lstrip())
    if not handler.detect(text[start:]):
        return {}, text
    try:
        block, body = handler.split(text[start:])
        # BaseLoader leaves every value a string: a title `2019` or `yes` stays what it is.
        values = handler.load(block, Loader=yaml.BaseLoader)
    except ValueError:  # no second `---`: a rule at the top, not front matter
        return {}, text
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = text[:start].count("\n") + 1 + mark.line if mark else 1
        problem = getattr(error, "problem", None) or "cannot be parsed"
        raise Unreadable(f"the front matter is not valid YAML ({problem})", line) from error
    if not isinstance(values, dict):
        return {}, text
    return {str(key): _as_text(value) for key, value in values.items()}, body


def _as_text(value: object) -> str:
    """Return a front matter value as text: a list of authors as `A, B`, a mapping as nothing."""
    if isinstance(value, list):
        return ", ".join(item for item in value if isinstance(item, str))
    return value if isinstance(value, str) else ""


def _plain(body: str) -> tuple[str | None, str]:
    """Return the first heading of a Markdown text, and the text without mark-up."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(body)
    outline = _Outline()
    for token in tokens:
        outline.take(token)
    heading = next((text for kind, text in outline.blocks if kind == "heading"), None)
    return heading, "".join(_GLUE.get(kind, "\n\n") + text for kind, text in outline.blocks)


_GLUE = {"item": "\n", "row": "\n", "cell": " | "}
_KIND_AFTER = {
    "heading_open": "heading",
    "heading_close": "paragraph",
    "list_item_open": "item",
    "tr_open": "row",
    "table_close": "paragraph",
}


class _Outline:
    """The blocks of a document in order: what kind each is, and its text."""

    def __init__(self) -> None:
        self.blocks: list[tuple[str, str]] = []
        self._kind = "paragraph"
        self._marker = ""
        self._next_numbers: list[int | None] = []  # of the lists around; None for bullets

    def take(self, token: Token) -> None:
        self._kind = _KIND_AFTER.get(token.type, self._kind)
        if token.type in ("ordered_list_open", "bullet_list_open"):
            ordered = token.type == "ordered_list_open"
            self._next_numbers.append(int(token.attrGet("start") or 1) if ordered else None)
        elif token.type in ("ordered_list_close", "bullet_list_close"):
            self._next_numbers.pop()
            self._kind = "item" if self._next_numbers else "paragraph"
        elif token.type == "list_item_open":
            self._number_item()
        elif token.content:
            self._add(_inline(token))

    def _number_item(self) -> None:
        number = self._next_numbers[-1]
        self._marker = "" if number is None else f"{number}. "
        self._next_numbers[-1] = None if number is None else number + 1

    def _add(self, text: str) -> None:
        if text.strip():
            self.blocks.append((self._kind, self._marker + text))
            self._marker = ""
        if self._kind == "row":
            self._kind = "cell"


def _inline(token: Token) -> str:
    """Return the text of a block without its mark-up."""
    if token.type == "html_block":
        return _TAG.sub("", token.content).strip()
    if token.children is None:
        return token.content.rstrip("\n")
    return "".join(_run(child) for child in token.children)


def _run(token: Token) -> str:
    if token.type == "softbreak":
        return " "
    if token.type == "hardbreak":
        return "\n"
    if token.type == "html_inline":
        return ""
    return token.content
