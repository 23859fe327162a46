"""`.jsonl` and `.json`: articles as JSON objects."""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from corpus.decode import Decoded, declared_by_mark, decode
from corpus.draft import Draft
from corpus.errors import Unreadable
from corpus.limits import Limits

_SURROGATE = re.compile(r"\\u[dD][89abAB]|\\u[dD][c-fC-F]")


def _as_text(value: object) -> object:
    """Let numbers pass for text, and `["A", "B"]` for `A, B`."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return value


_Text = Annotated[str | None, BeforeValidator(_as_text)]


class _Record(BaseModel):
    """One JSON object, as far as it is an article; other keys are ignored."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    id: _Text = Field(None, validation_alias=AliasChoices("id", "_id"))
    title: _Text = None
    text: str = Field(validation_alias=AliasChoices("text", "body"))
    url: _Text = None
    source: _Text = None
    author: _Text = None
    published_at: _Text = Field(None, validation_alias=AliasChoices("published_at", "date"))
    updated_at: _Text = None
    language: _Text = None


@dataclass(frozen=True, slots=True)
class Line:
    """What one line of a JSON lines file holds: an article, or the reason why not."""

    number: int
    content: Draft | Unreadable


def read_json_lines(stream: io.BufferedReader, limits: Limits) -> Iterator[Line]:
    """Yield what the lines of a file hold, one at a time; blank lines are passed over.

    Raises:
        Unreadable: The stream itself cannot be read on.
    """
    for number, data in enumerate(_lines(stream, limits), start=1):
        if data is None:
            reason = f"the line is longer than {limits.max_line_bytes / 1e6:g} MB"
            yield Line(number, Unreadable(reason))
        elif data.strip():
            yield Line(number, _line_draft(data))


def read_json(decoded: Decoded) -> Iterator[Line]:
    """Yield the articles of a JSON document: one object, an array, or `{"articles": […]}`.

    `number` counts the items of an array from 1; it is 0 for a single object.

    Raises:
        Unreadable: The document is not valid JSON.
    """
    value = _parsed(decoded.text)
    if isinstance(value, dict) and isinstance(value.get("articles"), list):
        value = value["articles"]
    if not isinstance(value, list):
        yield Line(0, _draft(value))
        return
    for number, item in enumerate(value, start=1):
        try:
            yield Line(number, _draft(item))
        except Unreadable as error:
            yield Line(number, Unreadable(f"item {number}: {error.reason}"))


def _line_draft(data: bytes) -> Draft | Unreadable:
    """Return what one line holds, or why it cannot be read."""
    try:
        return _draft(_parsed(decode(data.rstrip(b"\r\n")).text))
    except Unreadable as error:
        return error


def _lines(stream: io.BufferedReader, limits: Limits) -> Iterator[bytes | None]:
    """Yield the lines of `stream` as bytes, None for one that is too long."""
    source: io.BufferedReader | _Recoded = stream
    encoding = declared_by_mark(stream.peek(4)[:4])
    if encoding is not None and encoding != "utf-8-sig":
        source = _Recoded(stream, encoding)
    bound = limits.max_line_bytes + 2  # the line's end may take two
    while line := source.readline(bound):
        if len(line) < bound or line.endswith(b"\n"):
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = source.readline(1 << 16)
        yield None


class _Recoded:
    """The lines of a UTF-16 or UTF-32 stream, in UTF-8."""

    def __init__(self, stream: io.BufferedReader, encoding: str) -> None:
        self._text = io.TextIOWrapper(stream, encoding, errors="replace", newline="\n")

    def readline(self, size: int) -> bytes:
        return self._text.readline(size).encode("utf-8", "replace")


def _parsed(text: str) -> object:
    """Return the value that JSON `text` spells, without lone surrogates.

    Raises:
        Unreadable: It is not JSON.
    """
    try:
        value: object = json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, " if error.lineno > 1 else ""
        what = error.msg.removesuffix(" at")
        raise Unreadable(f"not valid JSON ({what} at {where}column {error.colno})") from error
    except RecursionError as error:
        raise Unreadable("not valid JSON (nested too deeply)") from error
    except ValueError as error:  # a number of more than 4300 digits
        raise Unreadable("not valid JSON (a number is too long)") from error
    return _mended(value) if _SURROGATE.search(text) else value


def _mended(value: object) -> object:
    """Return `value` with the surrogates in its strings paired or replaced by `�`."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return value


def _draft(value: object) -> Draft:
    """Return one JSON value as an article.

    Raises:
        Unreadable: It is no object, has no text, or a field of another type.
    """
    if not isinstance(value, dict):
        raise Unreadable("not a JSON object")
    try:
        record = _Record.model_validate(value)
    except ValidationError as error:
        raise Unreadable(_explained(error)) from error
    return Draft(**record.model_dump())


def _explained(error: ValidationError) -> str:
    """Return the first thing that pydantic found wrong, as a user would say it."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = str(first["loc"][0])
    if first["type"] == "missing":
        return "no text: neither a `text` nor a `body`"
    return f"`{field}` is not text"
