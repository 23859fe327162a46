"""Commands on the collection: index, list, show, delete, doctor."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from bot import wire
from bot.cli.options import (
    DataOption,
    JsonOption,
    as_text,
    complain,
    counted,
    indented,
    settings_with,
    stderr,
    stdout,
)
from bot.cli.progress import Bars
from bot.render import printable
from corpus.article import Article
from index.errors import NothingRead, SnapshotError
from index.snapshot import current_id, read_manifest, snapshot_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corpus.errors import Problem
    from index.build import Report

# Problems printed in full; a collection of millions may have thousands.
_SHOWN_PROBLEMS = 20

YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]


def index(
    sources: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="SOURCE",
            help="Files and folders to read.",
            show_default="the bundled articles",
        ),
    ] = None,
    data: DataOption = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 if anything was skipped.")
    ] = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Bring the index up to date with articles from files and folders.

    Only what changed is embedded; what is gone from the sources is removed. Reads .txt, .md, .html,
    .json and .jsonl, also with .gz.
    """
    settings = settings_with(data)
    chosen = sources or [wire.BUNDLED_ARTICLES]
    if not yes and sys.stdin.isatty():
        _confirm_replacing(settings.data, chosen)
    try:
        with Bars(stderr()) as bars:
            report = wire.update_index(settings, chosen, bars)
    except NothingRead as error:
        _print_problems(error.problems)
        raise
    _print_problems(report.problems)
    if as_json:
        record = asdict(report) | {"problems": [asdict(p) for p in report.problems]}
        typer.echo(json.dumps(record | {"skipped": report.skipped}))
    else:
        stdout().print(_summary(report, settings.data))
    if strict and report.skipped:
        raise typer.Exit(1)


def _confirm_replacing(data: Path, sources: "Sequence[Path]") -> None:
    """Ask before an index of other articles is replaced as a whole."""
    try:
        manifest = read_manifest(snapshot_folder(data, current_id(data)))
    except SnapshotError:
        return
    before, after = set(manifest.sources), {str(source.resolve()) for source in sources}
    if before and before.isdisjoint(after):
        typer.confirm(
            f"{data} holds {counted(manifest.articles, 'article')} from "
            f"{', '.join(sorted(before))}. Replace?",
            abort=True,
            err=True,
        )


def _print_problems(problems: "Sequence[Problem]") -> None:
    for problem in problems[:_SHOWN_PROBLEMS]:
        complain(f"{'Skipped' if problem.skipped else 'Kept, but'} {problem}")
    if len(problems) > _SHOWN_PROBLEMS:
        complain(f"… and {len(problems) - _SHOWN_PROBLEMS} more (--json lists all)")


def _summary(report: "Report", data: Path) -> Text:
    articles = counted(report.articles, "article")
    passages = counted(report.passages, "passage")
    if not report.is_new:
        text = Text(f"Up to date: {articles}, {passages} in {data}")
    else:
        text = Text(
            f"Indexed {articles} as {passages} in {data}: "
            f"{report.added} new, {report.changed} changed, {report.removed} removed; "
            f"{counted(report.embedded, 'passage')} embedded"
        )
    if report.kept:
        text.append(f"; {report.kept} kept as before, since their files could not be read")
    if report.skipped:
        text.append(f"; {report.skipped} skipped", "yellow")
    return text.append(".")


def list_articles(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the articles: id, date, outlet and title."""
    articles = [stored.article for stored in wire.articles(settings_with(data)).articles()]
    if as_json:
        for article in articles:
            typer.echo(json.dumps(_record(article), ensure_ascii=False))
    elif sys.stdout.isatty():
        for article in articles:
            name, *known = map(printable, _row(article))
            stdout().print(Text(name, "cyan"), soft_wrap=True)  # whole, so that it can be copied
            stdout().print(indented(Text(" · ".join(filter(None, known)))))
        stderr().print(counted(len(articles), "article"), style="dim")
    else:
        for article in articles:
            typer.echo("\t".join(_row(article)))


def _row(article: Article) -> tuple[str, str, str, str]:
    date = f"{article.published_at:%Y-%m-%d}" if article.published_at else ""
    return (article.id, date, article.source or "", article.title)


def _record(article: Article, *, text: bool = False) -> dict[str, object]:
    record: dict[str, object] = {
        "id": article.id,
        "title": article.title,
        "url": article.url,
        "source": article.source,
        "author": article.author,
        "published_at": article.published_at and article.published_at.isoformat(),
        "updated_at": article.updated_at and article.updated_at.isoformat(),
        "language": article.language,
        "revision": article.revision,
    }
    return record | {"text": article.text} if text else record


def show(
    article_id: Annotated[str, typer.Argument(metavar="ID", help="As `citewire list` shows it.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one article: the text that citations point into."""
    article = wire.articles(settings_with(data)).article(as_text(article_id))
    if as_json:
        typer.echo(json.dumps(_record(article, text=True), ensure_ascii=False))
        return
    console = stdout()
    console.print(Text(printable(article.title), "bold"))
    date = f"{article.published_at:%Y-%m-%d}" if article.published_at else None
    known = [part for part in (article.source, article.author, date, article.url) if part]
    if known:
        console.print(Text(printable(" · ".join(known)), "dim"))
    console.print(Text(f"\n{printable(article.text)}"))


def delete(
    ids: Annotated[list[str], typer.Argument(metavar="ID", help="As `citewire list` shows them.")],
    data: DataOption = None,
    yes: YesOption = False,
) -> None:
    """Delete articles from the index, the snapshots before it and the cached vectors.

    The files they came from stay: the next `citewire index` reads them again.
    """
    settings = settings_with(data)
    chosen = [as_text(article_id) for article_id in ids]
    if not yes and sys.stdin.isatty():
        names = printable(", ".join(chosen))
        typer.confirm(f"Delete {names} from {settings.data}?", abort=True, err=True)
    with Bars(stderr()) as bars:
        report = wire.delete_articles(settings, chosen, bars)
    stdout().print(f"Deleted {counted(report.removed, 'article')}; {report.articles} left.")


def doctor(
    data: DataOption = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Remove what is damaged and fall back to what is not.")
    ] = False,
) -> None:
    """Check the data folder: every file against its hash, the stores against one another."""
    from index.doctor import examine
    from index.doctor import repair as repair_data

    settings = settings_with(data)
    if repair:
        for step in repair_data(settings.data, settings.models_folder):
            stdout().print(Text(f"repaired  {step}"))
    findings = examine(settings.data, settings.models_folder)
    for finding in findings:
        mark = Text("ok        ", "green") if finding.ok else Text("damaged   ", "red")
        stdout().print(mark + Text(finding.text))
    if not all(finding.ok for finding in findings):
        if not repair:
            complain("Run `citewire doctor --repair`, then `citewire index` with your sources.")
        raise typer.Exit(1)
