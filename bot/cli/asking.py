"""Commands that ask: ask, search, chat, verify."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.console import Console
from rich.text import Text

from bot import citations, wire
from bot.answer import Answer
from bot.answerer import DEFAULT_CITATIONS, MAX_CITATIONS, Answerer, Question
from bot.cli.options import (
    AfterOption,
    BatchOption,
    BeforeOption,
    DataOption,
    DocumentOption,
    JsonOption,
    SourceOption,
    as_text,
    complain,
    counted,
    indented,
    settings_with,
    stderr,
    stdout,
)
from bot.conversation import Turn
from bot.errors import QuestionRefused
from bot.json_lines import (
    Asked,
    BadLine,
    hit_record,
    read_answers,
    read_batch,
    to_json,
    to_record,
)
from bot.render import printable, render
from corpus.article import Article
from index.retrieve import Hit
from index.store import Filters

CitationsOption = Annotated[
    int,
    typer.Option("--citations", min=1, max=MAX_CITATIONS, help="At most so many quotes."),
]


class By(StrEnum):
    """What `search` ranks."""

    PASSAGE = "passage"
    DOCUMENT = "document"


def ask(
    question: Annotated[
        str | None, typer.Argument(metavar="QUESTION", help="In your own words.")
    ] = None,
    data: DataOption = None,
    after: AfterOption = None,
    before: BeforeOption = None,
    source: SourceOption = None,
    document: DocumentOption = None,
    max_citations: CitationsOption = DEFAULT_CITATIONS,
    as_json: JsonOption = False,
    batch: BatchOption = None,
) -> None:
    """Answer one question with cited, verbatim passages, or say that the articles don't.

    With --batch, each line {"id", "question", "history": [{"role", "content"}]} gives a line
    {"id", "answer"}, in order.
    """
    _one_of(question, batch)
    settings = settings_with(data)
    filters = _filters(after, before, source, document)
    answerer = wire.answerer(settings)
    if batch is not None:
        _ask_batch(answerer, batch, filters, max_citations)
        return
    asked = as_text(question or "")
    answer = answerer.ask(Question(asked, filters=filters, max_citations=max_citations))
    if as_json:
        typer.echo(to_json(answer, indent=2))
    else:
        _tell_searched(answer)
        _print(answer, answerer)


def _ask_batch(answerer: Answerer, batch: Path, filters: Filters, max_citations: int) -> None:
    def answered(asked: Asked) -> dict[str, object]:
        question = Question(asked.text, asked.history, filters=filters, max_citations=max_citations)
        return {"id": asked.id, "answer": to_record(answerer.ask(question))}

    _run_batch(batch, answered)


def search(
    query: Annotated[str | None, typer.Argument(metavar="QUERY", help="In your own words.")] = None,
    data: DataOption = None,
    k: Annotated[int, typer.Option("-k", min=1, help="How many.")] = 10,
    by: Annotated[By, typer.Option("--by", help="Rank passages, or articles by their best.")] = (
        By.PASSAGE
    ),
    after: AfterOption = None,
    before: BeforeOption = None,
    source: SourceOption = None,
    document: DocumentOption = None,
    as_json: JsonOption = False,
    batch: BatchOption = None,
) -> None:
    """Rank passages for a query.

    With --batch, each line {"_id" or "id", "text" or "query"} gives a line {"id", "hits"}, in
    order.
    """
    _one_of(query, batch)
    live = wire.live_index(settings_with(data))
    filters = _filters(after, before, source, document)

    def hits(text: str) -> list[tuple[Hit, Article]]:
        retriever = live.current().retriever
        find = retriever.search_documents if by is By.DOCUMENT else retriever.search
        found = find(text, k, filters=filters)
        return [(hit, retriever.articles.article(hit.passage.article_id)) for hit in found]

    if batch is not None:
        _run_batch(batch, lambda asked: {"id": asked.id, "hits": _hit_records(hits(asked.text))})
        return
    wanted = as_text(query or "")
    found = hits(wanted)
    if as_json:
        typer.echo(json.dumps({"query": wanted, "hits": _hit_records(found)}, ensure_ascii=False))
        return
    for rank, (hit, article) in enumerate(found, start=1):
        stdout().print(
            Text.assemble(
                (f"{rank:>3} ", "cyan"), (printable(article.title), "bold"), f"  {hit.score:.3f}"
            )
        )
        where = f"{printable(article.id)} [{hit.passage.start}, {hit.passage.end})"
        stdout().print(indented(Text(where, "dim")))
        passage = printable(" ".join(_passage(hit, article).split()))
        stdout().print(indented(Text(f"{passage}\n")))


def _hit_records(found: list[tuple[Hit, Article]]) -> list[object]:
    return [hit_record(hit, _passage(hit, article)) for hit, article in found]


def _passage(hit: Hit, article: Article) -> str:
    return article.text[hit.passage.start : hit.passage.end]


def chat(data: DataOption = None) -> None:
    """Ask in a conversation: follow-up questions are understood from what was asked before.

    /new begins another conversation, /quit or Ctrl-D ends it.
    """
    answerer = wire.answerer(settings_with(data))
    talk, history = stderr(), list[Turn]()
    info = answerer.live()[0].info
    talk.print(f"{info.documents} articles. /new begins anew, /quit or Ctrl-D ends.", style="dim")
    while True:
        try:
            asked = _next_line(talk).strip()
        except EOFError:
            talk.print()
            break
        if asked in {"/quit", "/exit"}:
            break
        if asked == "/new":
            history.clear()
        elif asked.startswith("/"):
            talk.print(f"No command {asked}; there are /new and /quit.", markup=False)
        elif asked:
            _say(answerer, asked, history)


def _next_line(talk: Console) -> str:
    """Return what is typed next, with the arrow keys at work where a person types."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        import readline  # noqa: F401  (input() uses it once it is there)

        return input("? ")
    return talk.input("? ", markup=False)


def _say(answerer: Answerer, asked: str, history: list[Turn]) -> None:
    try:
        answer = answerer.ask(Question(asked, tuple(history)))
    except QuestionRefused as error:
        complain(str(error))
        return
    _tell_searched(answer)
    _print(answer, answerer)
    history += [Turn("user", answer.standalone_question), Turn("assistant", answer.answer)]


def _tell_searched(answer: Answer) -> None:
    if answer.standalone_question != answer.question:
        searched = printable(answer.standalone_question)
        stderr().print(f"Searched: {searched}", style="dim", markup=False, soft_wrap=True)


def verify(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="What `ask --json` or `ask --batch` printed.")
    ],
    data: DataOption = None,
) -> None:
    """Re-check every citation of saved answers against the articles in the index.

    Exits with 1 at the first that does not hold.
    """
    articles = wire.articles(settings_with(data))
    answers = held = 0
    for answer in read_answers(file):
        held += citations.verify(answer, articles.article)
        answers += 1
    cited, saved = counted(held, "citation"), counted(answers, "answer")
    stdout().print(f"Verified: {cited} of {saved}.")


def _print(answer: Answer, answerer: Answerer) -> None:
    console = stdout()
    console.print(render(answer, _articles(answerer), marked=console.color_system is None))


def _articles(answerer: Answerer) -> Callable[[str], Article]:
    return answerer.live()[0].articles.article


def _one_of(question: str | None, batch: Path | None) -> None:
    if (question is None) == (batch is None):
        raise typer.BadParameter("give either a question or --batch FILE")


def _filters(
    after: datetime | None,
    before: datetime | None,
    sources: list[str] | None,
    documents: list[str] | None,
) -> Filters:
    return Filters(
        _aware(after),
        _aware(before),
        tuple(map(as_text, sources)) if sources else None,
        tuple(map(as_text, documents)) if documents else None,
    )


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


def _run_batch(batch: Path, work: Callable[[Asked], dict[str, object]]) -> None:
    """Print one JSON line a question as it is done; bad lines are named and cost exit status 1."""
    bad = 0
    with _opened(batch) as lines:
        for item in read_batch(lines):
            if isinstance(item, BadLine):
                complain(f"{batch}:{item.line}: {item.reason}")
                bad += 1
                continue
            try:
                record = work(item)
            except QuestionRefused as error:
                complain(f"{batch}:{item.line}: {error}")
                record = {"id": item.id, "error": str(error)}
                bad += 1
            sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
            sys.stdout.flush()
    if bad:
        complain(f"{counted(bad, 'line')} could not be used.")
        raise typer.Exit(1)


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    if str(path) == "-":
        yield sys.stdin
    else:
        with path.open(encoding="utf-8", errors="replace") as file:
            yield file
