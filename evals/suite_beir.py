"""BEIR's layout: corpus, queries and judged documents; retrieval only."""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.answerer import MAX_QUESTION_CHARS
from evals.cases import Case, reasons
from evals.errors import InputUnusable, at
from evals.suites import Suite, read_collection


class _Query(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True, populate_by_name=True)

    id: Annotated[str, Field(alias="_id", min_length=1)]
    text: Annotated[str, Field(pattern=r"\S", max_length=MAX_QUESTION_CHARS)]


def load_beir(folder: Path) -> Suite:
    """Return the suite in a folder with `corpus.jsonl`, `queries.jsonl` and `qrels/*.tsv`.

    The first two may end in `.gz`. Queries without a relevant document are left out, as BEIR's own
    evaluation does; a grade of 0 or less is not relevant. Of the corpus, what the reader can't use
    is left out, and a judged document among it then counts as not found.

    Raises:
        InputUnusable: A file is missing or a line is wrong.
    """
    corpus, queries = _file(folder, "corpus.jsonl"), _file(folder, "queries.jsonl")
    grades = _grades(folder)
    found, skipped = read_collection([corpus])
    cases = []
    seen: dict[str, int] = {}
    for number, query in _queries(queries):
        if query.id in seen:
            reason = f"the id {query.id!r} is taken by line {seen[query.id]}"
            raise InputUnusable((at(queries, number, reason),))
        seen[query.id] = number
        if judged := grades.get(query.id):
            cases.append(Case(id=query.id, kind="query", text=query.text, grades=tuple(judged)))
    if unknown := sorted(grades.keys() - seen.keys()):
        raise InputUnusable((at(folder / "qrels", None, f"there is no query {unknown[0]!r}"),))
    if not cases:
        raise InputUnusable((at(folder, None, "no query has a relevant document"),))
    return Suite(
        name=f"beir:{folder.resolve().name}",
        found=found,
        skipped=skipped,
        cases=tuple(cases),
        answers=False,
    )


def _file(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise InputUnusable((at(folder, None, f"there is no {name} or {name}.gz in it"),))


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
        return (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InputUnusable((at(path, None, str(error)),)) from error


def _queries(path: Path) -> Iterator[tuple[int, _Query]]:
    for number, line in enumerate(_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield number, _Query.model_validate_json(line)
        except ValidationError as error:
            problems = tuple(at(path, number, reason) for reason in reasons(error))
            raise InputUnusable(problems) from error


def _grades(folder: Path) -> dict[str, list[tuple[str, int]]]:
    """Return, by query, the relevant documents and their grades, of all `qrels/*.tsv`."""
    files = sorted((folder / "qrels").glob("*.tsv"))
    if not files:
        raise InputUnusable((at(folder / "qrels", None, "there is no .tsv in it"),))
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for path in files:
        rows = csv.reader(_text(path).splitlines(), delimiter="\t")
        for number, row in enumerate(rows, start=1):
            if row == ["query-id", "corpus-id", "score"] or not row:
                continue
            try:
                query, document, grade = row
                value = int(grade)
            except ValueError as error:
                reason = "not query-id, corpus-id and a whole number, with tabs between"
                raise InputUnusable((at(path, number, reason),)) from error
            if value > 0:
                grades[query][document] = value
    return {query: sorted(judged.items()) for query, judged in grades.items()}
