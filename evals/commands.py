"""The commands that this package adds to `citewire`; each imports what it needs when it runs."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from evals.benchmark_http_report import HttpReport
    from evals.benchmark_report import Report


def benchmark(
    articles: Annotated[
        Path | None,
        typer.Option(
            "--articles",
            metavar="SOURCE",
            help="A file or folder of articles.",
            show_default="the bundled articles",
        ),
    ] = None,
    passages: Annotated[
        int | None,
        typer.Option(min=1, help="Take articles until they have so many passages."),
    ] = None,
    questions: Annotated[
        int, typer.Option(min=1, help="How many sentences of the articles to ask.")
    ] = 50,
    runs: Annotated[int, typer.Option(min=1, help="Rounds of starting and asking.")] = 5,
    build_runs: Annotated[int, typer.Option(min=1, help="Rounds of building.")] = 3,
    http: Annotated[
        bool,
        typer.Option("--http", help="Measure servers under load instead; wrk must be installed."),
    ] = False,
    seconds: Annotated[
        # The server hangs up on half-sent requests after ten.
        int, typer.Option(min=1, max=8, help="With --http: how long each load is.")
    ] = 5,
    ask: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.jsonl",
            help='With --http: questions, {"id", "question"} a line.',
            show_default="the fixed ones; of other articles, sentences",
        ),
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Keep all files there; must be new or empty."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON for a program to read.")
    ] = False,
) -> None:
    """Measure speed and memory against a plain sentence-transformers and FAISS script.

    Both get the same passages and questions, in processes of their own and in turns: build,
    start to first answer, questions, memory. With --http, both as servers under load by 1, 16 and
    64 clients. Reports, never judges; takes minutes.
    """
    from bot.cli.options import stderr, stdout
    from bot.cli.progress import Bars
    from bot.settings import read_settings
    from evals.benchmark import Plan, measure
    from evals.benchmark_http import HttpPlan, measure_http
    from evals.benchmark_http_report import render_http
    from evals.benchmark_report import render

    settings = read_settings(os.environ)
    report: Report | HttpReport
    with _workplace(keep) as folder, Bars(stderr()) as bars:
        if http:
            load = HttpPlan(articles, passages, ask, runs, seconds)
            report = measure_http(load, settings, Path(folder), bars)
            shown = render_http(report)
        else:
            plan = Plan(articles, passages, questions, build_runs, runs)
            report = measure(plan, settings, Path(folder), bars)
            shown = render(report)
    if as_json:
        typer.echo(json.dumps(report.record(), ensure_ascii=False))
    else:
        stdout().print(shown)


def _workplace(keep: Path | None) -> "AbstractContextManager[str | Path]":
    """Return the folder for all files: a temporary one, or one that stays."""
    from contextlib import nullcontext
    from tempfile import TemporaryDirectory

    if keep is None:
        return TemporaryDirectory(prefix="citewire-benchmark-")
    if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise typer.BadParameter(f"{keep} is not an empty folder", param_hint="--keep")
    keep.mkdir(parents=True, exist_ok=True)
    return nullcontext(keep.resolve())
