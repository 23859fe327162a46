"""Files and folders in; articles out, with every problem named."""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from corpus.article import Article
from corpus.decode import Decoded, decode
from corpus.draft import Draft, to_article
from corpus.errors import Problem, SourceNotFound, Unreadable
from corpus.files import Opener, open_bytes, open_regular, read_whole, too_large
from corpus.formats import Kind
from corpus.formats.html import declared_encoding, read_html
from corpus.formats.json_lines import Line, read_json, read_json_lines
from corpus.formats.markdown import read_markdown
from corpus.formats.plain import read_text
from corpus.limits import DEFAULT, Limits
from corpus.walk import InputFile, list_files

__all__ = [
    "DEFAULT",
    "Found",
    "InputFile",
    "Limits",
    "Problem",
    "SourceNotFound",
    "list_files",
    "read_files",
    "read_sources",
]


@dataclass(frozen=True, slots=True)
class Found:
    """An article and where it was read.

    Attributes:
        article: The article, in its canonical form.
        path: The resolved path of the input file.
        line: Its line in a JSON lines file, counted from 1; None elsewhere.
    """

    article: Article
    path: str
    line: int | None


def read_sources(
    sources: Sequence[Path],
    *,
    limits: Limits = DEFAULT,
    on_read: Callable[[int], None] | None = None,
) -> Iterator[Found | Problem]:
    """Return an iterator over the articles of files and folders, and what could not be read.

    What cannot be listed comes first, then files in the order of `list_files`, each read as it is
    reached. For a progress bar call `list_files` and `read_files` instead.

    Args:
        sources: Files and folders.
        limits: What is too large to read.
        on_read: Called with the number of bytes on disk that were read since the last call.

    Raises:
        SourceNotFound: A source does not exist; raised at once, before anything is read.
    """
    files, problems = list_files(sources)
    return _chained(problems, read_files(files, limits=limits, on_read=on_read))


def _chained(
    problems: tuple[Problem, ...], articles: Iterator[Found | Problem]
) -> Iterator[Found | Problem]:
    yield from problems
    yield from articles


def read_files(
    files: Sequence[InputFile],
    *,
    limits: Limits = DEFAULT,
    on_read: Callable[[int], None] | None = None,
    opener: Opener = open_regular,
) -> Iterator[Found | Problem]:
    """Yield the articles of `files` in order, and a `Problem` for all that is not read as it is.

    Nothing that a file holds raises: reading goes on with the next line or file. Of two articles
    with one id the first stays. The calls of `on_read` add up to `file.size` for each file that
    is read whole.

    Args:
        files: What `list_files` returned.
        limits: What is too large to read.
        on_read: Called with the number of bytes on disk that were read since the last call.
        opener: Opens a path for reading.
    """
    ids: dict[str, str] = {}
    for file in files:
        open_file = partial(
            open_bytes,
            file.path,
            gzipped=file.gzipped,
            limits=limits,
            opener=opener,
            on_read=on_read,
        )
        try:
            if file.size > limits.max_file_bytes and file.kind is not Kind.JSON_LINES:
                raise too_large(limits)
            with open_file() as stream:
                for line in _lines(file, stream, limits):
                    yield from _finished(file, line, ids, limits)
        except Unreadable as error:
            yield Problem(file.shown, error.line, error.reason)


def _lines(file: InputFile, stream: io.BufferedReader, limits: Limits) -> Iterator[Line]:
    """Yield what `file` holds; a format of one article yields one line, number 0."""
    if file.kind is Kind.JSON_LINES:
        yield from read_json_lines(stream, limits)
        return
    decoded = _decoded(read_whole(stream, limits), file.kind)
    if file.kind is Kind.JSON:
        yield from read_json(decoded)
        return
    draft = _ONE_ARTICLE[file.kind](decoded)
    if decoded.damaged:
        note = f"{decoded.damaged} stretches of bytes are damaged and read as �"
        draft = replace(draft, note=note)
    yield Line(0, draft)


def _decoded(data: bytes, kind: Kind) -> Decoded:
    """Return the text of a one-document file.

    Raises:
        Unreadable: It is empty, or no text.
    """
    if not data.strip(b"\xef\xbb\xbf \t\r\n"):
        raise Unreadable("the file is empty")
    return decode(data, declared_encoding(data) if kind is Kind.HTML else None)


_ONE_ARTICLE: dict[Kind, Callable[[Decoded], Draft]] = {
    Kind.TEXT: read_text,
    Kind.MARKDOWN: read_markdown,
    Kind.HTML: read_html,
}


def _finished(
    file: InputFile, line: Line, ids: dict[str, str], limits: Limits
) -> Iterator[Found | Problem]:
    """Yield the article of one line, or its problem; `ids` remembers where each id was seen."""
    number = line.number if file.kind is Kind.JSON_LINES else None
    place = file.shown if number is None else f"{file.shown}:{number}"
    try:
        article, notes = _article(file, line, limits)
    except Unreadable as error:
        yield Problem(file.shown, number or error.line, error.reason)
        return
    if article.id in ids:
        reason = f"the id {article.id} is taken by {ids[article.id]}, which stays"
        yield Problem(file.shown, number, reason)
        return
    ids[article.id] = place
    yield Found(article, str(file.path), number)
    for note in notes:
        yield Problem(file.shown, number, note, skipped=False)


def _article(file: InputFile, line: Line, limits: Limits) -> tuple[Article, tuple[str, ...]]:
    """Return the article of one line and what about it was ignored.

    Raises:
        Unreadable: It is none, or cannot be one.
    """
    if isinstance(line.content, Unreadable):
        raise line.content
    fallback_id = f"{file.name}#{line.number}" if line.number else file.name
    return to_article(line.content, fallback_id, limits)
