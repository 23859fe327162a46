"""Questions with their passages to train on: JSON lines as SQuAD has them, a paragraph a line.

A line may name a paragraph of another file by its SHA-256 instead of having its text, and its
answers by `start` and `end`: so questions can be kept where the text that they ask about can't be.
"""

import gzip
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from corpus.article import Article, Span
from corpus.canonical import canonical
from corpus.read import Found
from evals.cases import reasons
from evals.errors import InputUnusable, at


class _Answer(BaseModel):
    start: int = Field(ge=0)
    text: str | None = None
    end: int | None = None

    @model_validator(mode="after")
    def _is_somewhere(self) -> Self:
        if (self.text is None) == (self.end is None):
            raise ValueError("either `text` or `end`")
        if self.end is not None and self.end <= self.start:
            raise ValueError("`end` is not after `start`")
        return self

    def text_in(self, context: str) -> str:
        return context[self.start : self.end] if self.text is None else self.text


class _Question(BaseModel):
    question: str
    answers: tuple[_Answer, ...] = ()


class _Paragraph(BaseModel):
    title: str
    qas: tuple[_Question, ...]
    context: str = ""
    paragraph: str = ""
    source: str = ""

    @model_validator(mode="after")
    def _has_one_text(self) -> Self:
        if bool(self.context) == bool(self.paragraph):
            raise ValueError("either `context` or `paragraph`")
        return self


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the article that it was asked about, and where that answers it; or nowhere."""

    question: str
    article_id: str
    spans: tuple[Span, ...]

    def answered_by(self, article_id: str, start: int, end: int) -> bool:
        """Tell whether a stretch of an article shares a character with an answer."""
        return article_id == self.article_id and any(
            start < span.end and span.start < end for span in self.spans
        )


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Paragraphs as a collection of articles, and questions that they answer."""

    name: str
    sha256: str
    found: tuple[Found, ...]
    asked: tuple[Asked, ...]


def load_training(paths: Sequence[Path], *, unanswerable: bool = False) -> tuple[TrainingSet, ...]:
    """Return the training sets in `.jsonl` and `.jsonl.gz` files, in order.

    Left out are answers that the canonical text of their paragraph does not have at their place,
    and questions that have no others; and questions that have none, unless they are asked for.

    Args:
        paths: The files; a paragraph that one names by its hash is looked up in all of them.
        unanswerable: Give questions without an answer too.

    Raises:
        InputUnusable: A file can't be read, a line is wrong, or a paragraph is in none of the
            files; it names file, line and reason.
    """
    files = [_File.read(path) for path in paths]
    texts = {_hash(p.context.encode()): p.context for f in files for _, p in f.lines if p.context}
    return tuple(file.training(texts, unanswerable=unanswerable) for file in files)


@dataclass(frozen=True, slots=True)
class _File:
    """A file with its paragraphs by their line, from 1."""

    path: Path
    sha256: str
    lines: tuple[tuple[int, _Paragraph], ...]

    @classmethod
    def read(cls, path: Path) -> Self:
        try:
            raw = path.read_bytes()
            text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
        except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
            raise InputUnusable((at(path, None, str(error)),)) from error
        lines = enumerate(text.split("\n"), start=1)
        read = tuple((number, _read(path, number, line)) for number, line in lines if line.strip())
        return cls(path, _hash(raw), read)

    def training(self, texts: Mapping[str, str], *, unanswerable: bool) -> TrainingSet:
        """Return what it has; `texts` are the paragraphs of all files by their hash."""
        found, asked = list[Found](), list[Asked]()
        for number, paragraph in self.lines:
            context = paragraph.context or texts.get(paragraph.paragraph)
            if context is None:
                named = f"{paragraph.paragraph} of {paragraph.source or 'an unnamed source'}"
                told = f"no file that was named has its paragraph {named}"
                raise InputUnusable((at(self.path, number, told),), "Name that file too")
            if any((a.end or 0) > len(context) for one in paragraph.qas for a in one.answers):
                told = f"an answer ends behind the paragraph, which has {len(context)} characters"
                raise InputUnusable((at(self.path, number, told),))
            article = Article(f"{number}", _title(paragraph.title), canonical(context))
            found.append(Found(article, str(self.path), number))
            asked += _asked(paragraph.qas, context, article, unanswerable=unanswerable)
        name = self.path.name.removesuffix(".gz").removesuffix(".jsonl")
        return TrainingSet(name, self.sha256, tuple(found), tuple(asked))


def _hash(raw: bytes) -> str:
    return sha256(raw).hexdigest()


def _read(path: Path, number: int, line: str) -> _Paragraph:
    try:
        return _Paragraph.model_validate_json(line)
    except ValidationError as error:
        raise InputUnusable(tuple(at(path, number, reason) for reason in reasons(error))) from error


def _title(name: str) -> str:
    """Return a title in words; nothing for what only numbers a text, such as `wikipedia:16016`."""
    if ":" in name and " " not in name:
        return ""
    return (name if " " in name else name.replace("-", " ")).replace("_", " ")


def _asked(
    questions: Sequence[_Question], context: str, article: Article, *, unanswerable: bool
) -> Iterator[Asked]:
    for question in questions:
        told = [(a.start, text) for a in question.answers if (text := a.text_in(context))]
        places = ((Span(start, start + len(text)), text) for start, text in told)
        spans = tuple(s for s, text in places if article.text[s.start : s.end] == text)
        if spans or (unanswerable and not told):
            yield Asked(question.question, article.id, spans)
