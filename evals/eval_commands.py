"""`citewire eval`: each command imports what it needs when it runs."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import DataOption, JsonOption, complain, settings_with, stderr, stdout
from evals.train_commands import app as train_commands
from evals.usage import usage_errors

if TYPE_CHECKING:
    from evals.gate import Verdict
    from evals.runs import Run

_FAILED = 1
_RUN_FILE = "run.json"
_SWEEP_FILE = "sweep.json"

SuiteOption = Annotated[
    str,
    typer.Option(metavar="SUITE", help="fixed, beir:DIR, squad:FILE, or FILE.jsonl with --corpus."),
]
CorpusOption = Annotated[
    Path | None,
    typer.Option("--corpus", metavar="DIR", help="The articles of a FILE.jsonl of your own."),
]
LimitOption = Annotated[
    int | None, typer.Option(min=1, help="Ask only the first so many questions.")
]

app = typer.Typer(
    name="eval",
    add_completion=False,
    invoke_without_command=True,
    rich_markup_mode="markdown",
    help="Measure answers on fixed questions, and fail where they got worse.",
)


app.add_typer(train_commands)


class Broken(StrEnum):
    """What `--break` takes: `evals.breaks.Break`, which is too heavy to load for a help text."""

    LEXICAL = "lexical"
    DENSE = "dense"
    RANGES = "ranges"
    ALWAYS_ANSWER = "always-answer"
    ALWAYS_ABSTAIN = "always-abstain"


@app.callback()
def evaluate(
    context: typer.Context,
    suite: SuiteOption = "fixed",
    corpus: CorpusOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Where run.json goes.", show_default="DATA/evals/SUITE/out"
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write report.html and report.md there."),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Leave with 1 if a gated measure fell since this."),
    ] = None,
    update_baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write this run as the baseline.")
    ] = None,
    broken: Annotated[
        Broken | None,
        typer.Option("--break", help="Break Citewire on purpose: the gate must notice."),
    ] = None,
    limit: LimitOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure answers on fixed questions, and fail where they got worse.

    Builds an index of the suite's articles with your settings in DATA/evals, asks every question,
    prints the scores with their 95 % intervals and writes run.json.
    """
    if context.invoked_subcommand is not None:
        _refuse_options_of(context)
        return
    if limit is not None and (baseline or update_baseline):
        raise typer.BadParameter("a baseline is of all questions", param_hint="--limit")
    if broken is not None and update_baseline:
        raise typer.BadParameter("a broken run makes no baseline", param_hint="--break")
    with usage_errors():
        from bot.cli.progress import Bars
        from evals import gate, runner
        from evals.breaks import Break
        from evals.report import write_report
        from evals.runs import write_run
        from evals.suites import load_suite

        settings = settings_with(data)
        before = gate.read_baseline(baseline) if baseline else None
        chosen = load_suite(suite, corpus)
        chosen = chosen if limit is None else chosen.first(limit)
        with Bars(stderr()) as bars:
            which = Break(broken.value) if broken else None
            run = runner.evaluate(chosen, settings, bars, which=which)
        verdict = gate.check(run, before) if before else None
        file = (out or runner.folder_of(chosen, settings) / "out") / _RUN_FILE
        write_run(run, file)
        page = write_report(run, chosen, report) if report else None
        if update_baseline:
            gate.write_baseline(run, update_baseline)
    _print(run, verdict, file, as_json=as_json)
    if page:
        stderr().print(f"Written: {page}", markup=False, soft_wrap=True)
    if verdict and not verdict.passed:
        raise typer.Exit(_FAILED)


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(metavar="A.json", help="A run.json.")],
    after: Annotated[Path, typer.Argument(metavar="B.json", help="Another of the same suite.")],
    limit: Annotated[
        int, typer.Option(min=0, help="Show so many of the questions that changed.")
    ] = 20,
    as_json: JsonOption = False,
) -> None:
    """Compare two runs question by question: what changed, and is it more than noise?"""
    with usage_errors():
        from evals.compare import compare_runs
        from evals.runs import read_run

        comparison = compare_runs(read_run(before), read_run(after))
    if as_json:
        typer.echo(json.dumps(comparison.record(), ensure_ascii=False))
    else:
        from evals.compare_tables import comparison_tables

        stdout().print(comparison_tables(comparison, limit))


@app.command()
def sweep(
    suite: SuiteOption = "fixed",
    corpus: CorpusOption = None,
    passage_tokens: Annotated[
        str, typer.Option(metavar="N,N", help="How long passages get, in tokens.")
    ] = "96,128,192",
    overlap: Annotated[
        str, typer.Option(metavar="N,N", help="How many sentences a passage repeats.")
    ] = "0,1",
    words_weight: Annotated[
        str, typer.Option(metavar="X,X", help="What words count against the cosine.")
    ] = "0.4,0.8,1.2",
    k: Annotated[
        str,
        typer.Option(
            "--passages", "-k", metavar="N,N", help="Of how many passages an answer is made."
        ),
    ] = "8",
    limit: LimitOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Where sweep.json goes.", show_default="DATA/evals/SUITE/out"
        ),
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask a suite with each of a grid of settings, every text embedded once: which is best?"""
    with usage_errors():
        from bot.cli.progress import Bars
        from evals import runner, sweep_inputs
        from evals import sweep as sweeps
        from evals.suites import load_suite

        grid = sweep_inputs.read_grid(passage_tokens, overlap, words_weight, k)
        settings = settings_with(data)
        chosen = load_suite(suite, corpus)
        chosen = chosen if limit is None else chosen.first(limit)
        with Bars(stderr()) as bars:
            encoder = sweep_inputs.encoder_of(settings, bars)
            found = sweeps.sweep(chosen, settings, grid, encoder, bars)
        file = (out or runner.folder_of(chosen, settings) / "out") / _SWEEP_FILE
        sweeps.write_sweep(found, file)
    if as_json:
        typer.echo(json.dumps(found.record(), ensure_ascii=False))
    else:
        from evals.sweep_tables import sweep_tables

        console = stdout()
        console.print(sweep_tables(found, settings, console.width))
    stderr().print(f"Written: {file}", markup=False, soft_wrap=True)


@app.command()
def calibrate(
    suite: Annotated[
        list[str] | None,
        typer.Option(metavar="SUITE", help="As for `eval`; repeatable.", show_default="fixed"),
    ] = None,
    corpus: CorpusOption = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the weights, for CITEWIRE_CONFIDENCE."),
    ] = None,
    data: DataOption = None,
) -> None:
    """Fit confidence to questions of your own, and show which thresholds there are to choose."""
    with usage_errors():
        from bot.cli.progress import Bars
        from evals import calibrate as calibration
        from evals.calibrate_tables import calibration_tables
        from evals.suites import load_suite

        settings = settings_with(data)
        # Only questions in a file of their own want articles.
        chosen = [
            load_suite(name, corpus if name.endswith(".jsonl") else None)
            for name in suite or ["fixed"]
        ]
        with Bars(stderr()) as bars:
            kinds, asked = zip(
                *(calibration.ask(one, settings, bars) for one in chosen), strict=True
            )
        found = calibration.fit(kinds[0], asked)
    stdout().print(calibration_tables(asked, found))
    if out:
        calibration.write_weights(found, {one.name: one.sha256 for one in chosen}, out)
        stderr().print(f"Written: {out}", markup=False, soft_wrap=True)


@app.command()
def new(
    corpus: Annotated[
        Path, typer.Option("--corpus", metavar="DIR", help="Your articles.", show_default=False)
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="FILE.jsonl", help="Where questions go, one at once.", show_default=False
        ),
    ],
    search: Annotated[
        str | None, typer.Option(metavar="WORDS", help="Begin with the passages that say this.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Which random passages come first.")] = 1,
) -> None:
    """Draft questions on your own articles, passage by passage, for `--suite FILE.jsonl`."""
    with usage_errors():
        from evals.drafting import open_drafts
        from evals.new_questions import Session, read_line

        drafts = open_drafts(corpus, out, search, seed)
        Session(drafts, stdout(), read_line).run()


def _refuse_options_of(context: typer.Context) -> None:
    """Refuse options before the name of a subcommand: it would never see them."""
    for name in context.params:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            command = context.invoked_subcommand
            raise typer.BadParameter(f"write options after `{command}`, not before", ctx=context)


def _print(run: "Run", verdict: "Verdict | None", file: Path, *, as_json: bool) -> None:
    from dataclasses import asdict

    from evals.runs import summary
    from evals.tables import gate_table, run_tables

    if as_json:
        gated = None if verdict is None else {"passed": verdict.passed, **asdict(verdict)}
        typer.echo(json.dumps({**summary(run), "gate": gated}, ensure_ascii=False))
    else:
        stdout().print(run_tables(run))
        if verdict:
            stdout().print(gate_table(verdict))
    for reason in verdict.reasons if verdict else ():
        complain(f"Gate: {reason}.")
    stderr().print(f"Written: {file}", markup=False, soft_wrap=True)
