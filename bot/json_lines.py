"""Answers and questions as JSON: the edge where bytes become types."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bot.answer import Answer
from bot.conversation import Turn
from bot.errors import AnswersUnreadable
from index.retrieve import Hit

_ANSWERS = TypeAdapter(Answer)


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line of a batch that can't be used, with its number from 1."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of a batch; `id` comes back with its result."""

    id: str
    text: str
    history: tuple[Turn, ...]
    line: int


class _Message(BaseModel):
    role: Literal["user", "assistant"]
    content: str


class _Line(BaseModel):
    """`{"id"|"_id", "question"|"text"|"query", "history": […]}`; other fields are ignored."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    id: str = Field(validation_alias=AliasChoices("id", "_id"))
    text: str = Field(validation_alias=AliasChoices("question", "text", "query"))
    history: Annotated[tuple[_Message, ...], Field()] = ()


def to_json(answer: Answer, *, indent: int | None = None) -> str:
    """Return an answer as JSON, fields in the order of the answer object, times in RFC 3339."""
    return _ANSWERS.dump_json(answer, indent=indent).decode()


def from_json(text: str | bytes) -> Answer:
    """Return the answer that `to_json` wrote.

    Raises:
        pydantic.ValidationError: It is something else.
    """
    return _ANSWERS.validate_json(text)


def to_record(answer: Answer) -> object:
    """Return an answer as what `json.dumps` takes."""
    return _ANSWERS.dump_python(answer, mode="json")


def hit_record(hit: Hit, text: str) -> Mapping[str, object]:
    """Return a hit as what `json.dumps` takes; `text` is the passage's own."""
    return {
        "document_id": hit.passage.article_id,
        "start": hit.passage.start,
        "end": hit.passage.end,
        "text": text,
        "score": round(hit.score, 6),
    }


def read_batch(lines: Iterable[str]) -> Iterator[Asked | BadLine]:
    """Yield the question of each line, or what is wrong with it; blank lines are passed over."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            asked = _Line.model_validate_json(line)
        except ValidationError as error:
            yield BadLine(number, _reason(error))
        else:
            history = tuple(Turn(turn.role, turn.content) for turn in asked.history)
            yield Asked(asked.id, asked.text, history, number)


def read_answers(path: Path) -> Iterator[Answer]:
    """Yield the answers saved in a file: one JSON answer, or JSON lines of answers.

    A line may also be `{"id", "answer": {…}}`, as `citewire ask --batch` prints it. A line with an
    `error` in place of the answer holds no citation and is passed over.

    Raises:
        AnswersUnreadable: The file is missing, empty, or something else.
    """
    try:
        content = path.read_text(encoding="utf-8")
    except OSError as error:
        raise AnswersUnreadable(path, None, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise AnswersUnreadable(path, None, "not UTF-8") from error
    count = 0
    for line, record in _records(path, content):
        if isinstance(record, dict) and "error" in record and "answer" not in record:
            continue
        inner = record.get("answer") if isinstance(record, dict) else None
        try:
            yield _ANSWERS.validate_python(inner if isinstance(inner, dict) else record)
        except ValidationError as error:
            raise AnswersUnreadable(path, line, f"no answer object ({_reason(error)})") from error
        count += 1
    if not count:
        raise AnswersUnreadable(path, None, "no answer in it")


def _records(path: Path, content: str) -> Iterator[tuple[int | None, object]]:
    """Yield the JSON values of a file that is one value, or one a line, with their lines."""
    try:
        records: Iterator[tuple[int | None, object]] = iter([(None, json.loads(content))])
    except (ValueError, RecursionError):  # then it is lines; what is wrong is told of its line
        records = _lines(path, content)
    yield from records


def _lines(path: Path, content: str) -> Iterator[tuple[int, object]]:
    # Not splitlines: a question may hold U+2028 and the like, which JSON leaves as they are.
    for number, line in enumerate(content.split("\n"), start=1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                raise AnswersUnreadable(path, number, f"not valid JSON ({error})") from error


def _reason(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]
