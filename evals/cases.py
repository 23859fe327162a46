"""Questions with their gold: read from JSON lines and checked against the articles."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.answerer import MAX_QUESTION_CHARS
from bot.conversation import Turn
from corpus.article import Article
from evals.errors import InputUnusable, at

UNANSWERABLE = "unanswerable"
_Kind = Literal["fact", "multi", "corroboration", "conflict", "time", "unanswerable", "follow_up"]
_Name = Annotated[str, Field(min_length=1)]
_DIGEST_CHARS = 12


@dataclass(frozen=True, slots=True)
class Gold:
    """A stretch `[start, end)` of an article's text that answers a question, or a part of it.

    Spans of one `group` are alternatives; an answer is complete with one of every group.
    """

    document_id: str
    start: int
    end: int
    group: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One question of a suite and all that is known about it.

    Attributes:
        id: Unique in the suite.
        kind: What sort of question.
        text: What is asked.
        tags: Further slices that it counts in.
        history: The conversation before it, oldest first.
        gold: The evidence; empty where the articles don't answer it, and where only whole
            documents are judged.
        answers: Strings any one of which is the answer; empty where none is known.
        grades: Relevant documents and their grades where documents are judged, not spans.
        hidden: Articles that it may not see.
        why: Why the articles don't answer it, in a word or two.
        note: For whoever reads the failures.
    """

    id: str
    kind: str
    text: str
    tags: tuple[str, ...] = ()
    history: tuple[Turn, ...] = ()
    gold: tuple[Gold, ...] = ()
    answers: tuple[str, ...] = ()
    grades: tuple[tuple[str, int], ...] = ()
    hidden: tuple[str, ...] = ()
    why: str = ""
    note: str = ""

    @property
    def answerable(self) -> bool:
        """Tell whether the articles answer it."""
        return bool(self.gold or self.grades)

    @property
    def digest(self) -> str:
        """Return 12 hex digits of all that decides its scores: equal digests can be paired."""
        parts = (
            self.kind, self.text, [(t.role, t.content) for t in self.history],
            [(g.document_id, g.start, g.end, g.group) for g in self.gold],
            self.answers, self.grades, self.hidden,
        )  # fmt: skip
        return sha256(repr(parts).encode()).hexdigest()[:_DIGEST_CHARS]

    def relevant_documents(self) -> dict[str, int]:
        """Return the relevant documents and their grades: those judged, else those with gold."""
        return dict(self.grades) or {gold.document_id: 1 for gold in self.gold}


@dataclass(frozen=True, slots=True)
class Cases:
    """The cases of a file; `stale` are those whose gold is of another revision of its article."""

    current: tuple[Case, ...]
    stale: tuple[Case, ...]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _Turn(_Strict):
    role: Literal["user", "assistant"]
    content: str


class _Gold(_Strict):
    document_id: _Name
    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=1)]
    revision: str | None = None
    group: int = 0


class _Line(_Strict):
    id: _Name
    kind: _Kind
    question: Annotated[str, Field(max_length=MAX_QUESTION_CHARS, pattern=r"\S")]
    tags: tuple[_Name, ...] = ()
    history: tuple[_Turn, ...] = ()
    standalone: str | None = None
    evidence: tuple[_Gold, ...] = ()
    answer: str | None = None
    aliases: tuple[_Name, ...] = ()
    why: str | None = None
    note: str | None = None


def read_cases(path: Path, articles: Mapping[str, Article]) -> Cases:
    """Return the questions of a JSON lines file, in order.

    Args:
        path: One JSON object a line; docs/evals.md has the fields.
        articles: What the gold points into, by id.

    Raises:
        InputUnusable: The file can't be read, a line is wrong, or there is no question.
    """
    problems: list[str] = []
    current, stale = list[Case](), list[Case]()
    first: dict[str, int] = {}
    for number, text in _lines(path):
        try:
            line = _Line.model_validate_json(text)
        except ValidationError as error:
            problems += [at(path, number, reason) for reason in reasons(error)]
            continue
        wrong = list(_faults(line, articles))
        if line.id in first:
            wrong.insert(0, f"the id {line.id!r} is taken by line {first[line.id]}")
        first.setdefault(line.id, number)
        problems += [at(path, number, reason) for reason in wrong]
        (stale if _is_stale(line, articles) else current).append(_case(line))
    if not first and not problems:
        problems.append(at(path, None, "no question in it"))
    if problems:
        raise InputUnusable(tuple(problems))
    return Cases(tuple(current), tuple(stale))


def reasons(error: ValidationError) -> Iterator[str]:
    """Yield what is wrong with a JSON line, a clause each."""
    for problem in error.errors():
        where = ".".join(str(part) for part in problem["loc"])
        what = problem["msg"][0].lower() + problem["msg"][1:]
        yield f"{where}: {what}" if where else what


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of `path` that are not blank, with their numbers from 1."""
    try:
        content = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputUnusable((at(path, None, error.strerror or str(error)),)) from error
    except UnicodeDecodeError as error:
        raise InputUnusable((at(path, None, f"not UTF-8 ({error.reason})"),)) from error
    # Not splitlines: a question may hold U+2028 and the like, which JSON leaves as they are.
    for number, line in enumerate(content.split("\n"), start=1):
        if line.strip():
            yield number, line


def _faults(line: _Line, articles: Mapping[str, Article]) -> Iterator[str]:
    """Yield what is wrong with a line whose fields are well-formed."""
    if line.kind == UNANSWERABLE and line.evidence:
        yield "an unanswerable question has no evidence"
    # A follow-up may be unanswerable too, but must say so: evidence is easily forgotten.
    said = line.kind == UNANSWERABLE or (line.kind == "follow_up" and line.why and not line.answer)
    if not said and not line.evidence:
        yield f"its gold is missing: a question of kind {line.kind} needs evidence"
    if line.kind == "follow_up" and not line.history:
        yield "a follow_up needs a history"
    for gold in line.evidence:
        article = articles.get(gold.document_id)
        if article is None:
            yield f"there is no article {gold.document_id!r}"
        elif gold.revision in {None, article.revision} and not _fits(gold, article):
            yield (
                f"[{gold.start}, {gold.end}) is no stretch of words in {gold.document_id!r}, "
                f"a text of {len(article.text)} characters"
            )


def _fits(gold: _Gold, article: Article) -> bool:
    inside = gold.start < gold.end <= len(article.text)
    return inside and bool(article.text[gold.start : gold.end].strip())


def _is_stale(line: _Line, articles: Mapping[str, Article]) -> bool:
    """Tell whether a gold span is of another revision than its article is now."""
    return any(
        gold.revision is not None
        and gold.document_id in articles
        and gold.revision != articles[gold.document_id].revision
        for gold in line.evidence
    )


def _case(line: _Line) -> Case:
    answers = (line.answer, *line.aliases) if line.answer else line.aliases
    return Case(
        id=line.id,
        kind=line.kind,
        text=line.question,
        tags=line.tags,
        history=tuple(Turn(turn.role, turn.content) for turn in line.history),
        gold=tuple(Gold(g.document_id, g.start, g.end, g.group) for g in line.evidence),
        answers=answers,
        why=line.why or "",
        note=line.note or "",
    )
