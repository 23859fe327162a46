"""Questions with their passages to train on: JSON lines as SQuAD has them, a paragraph a line."""

import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel, ValidationError

from corpus.article import Article, Span
from corpus.canonical import canonical
from corpus.read import Found
from evals.cases import reasons
from evals.errors import InputUnusable, at


class _Answer(BaseModel):
    text: str
    start: int


class _Question(BaseModel):
    question: str
    answers: tuple[_Answer, ...] = ()


class _Paragraph(BaseModel):
    title: str
    context: str
    qas: tuple[_Question, ...]


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
    """Return the training sets in `.jsonl.gz` files, in order.

    Left out are answers that the canonical text of their paragraph does not have at their place,
    and questions that have no others; and questions that have none, unless they are asked for.

    Args:
        paths: The files.
        unanswerable: Give questions without an answer too.

    Raises:
        InputUnusable: A file can't be read, or a line is wrong; it names file, line and reason.
    """
    return tuple(_load(path, unanswerable=unanswerable) for path in paths)


def _load(path: Path, *, unanswerable: bool) -> TrainingSet:
    try:
        raw = path.read_bytes()
        lines = gzip.decompress(raw).decode().split("\n")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InputUnusable((at(path, None, str(error)),)) from error
    found, asked = list[Found](), list[Asked]()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            paragraph = _Paragraph.model_validate_json(line)
        except ValidationError as error:
            problems = tuple(at(path, number, reason) for reason in reasons(error))
            raise InputUnusable(problems) from error
        title = _title(paragraph.title)
        article = Article(f"{number}", title, canonical(paragraph.context))
        found.append(Found(article, str(path), number))
        asked += _asked(paragraph, article, unanswerable=unanswerable)
    name = path.name.removesuffix(".gz").removesuffix(".jsonl")
    return TrainingSet(name, sha256(raw).hexdigest(), tuple(found), tuple(asked))


def _title(name: str) -> str:
    """Return a title in words; nothing for what only numbers a text, such as `wikipedia:16016`."""
    if ":" in name and " " not in name:
        return ""
    return (name if " " in name else name.replace("-", " ")).replace("_", " ")


def _asked(paragraph: _Paragraph, article: Article, *, unanswerable: bool) -> Iterator[Asked]:
    for question in paragraph.qas:
        places = (Span(a.start, a.start + len(a.text)) for a in question.answers if a.text)
        texts = [a.text for a in question.answers if a.text]
        spans = tuple(
            span
            for span, text in zip(places, texts, strict=True)
            if article.text[span.start : span.end] == text
        )
        if spans or (unanswerable and not texts):
            yield Asked(question.question, article.id, spans)
