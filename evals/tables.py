"""Figures as tables for a terminal."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bot.render import printable
from evals.figures import ALL, BY_NAME, MEASURES, Measure, slices_of
from evals.gate import Verdict
from evals.runs import Figure, Run

_MIN_WIDTH = 8
# Headers of narrow columns.
_SHORT = {
    "passage_success@1": "passage first",
    "passage_ndcg@10": "passage nDCG",
    "evidence_first": "cited first",
    "evidence_anywhere": "all cited",
    "answer_found": "answer cited",
    "answer_rate": "answer rate",
    "refusal_recall": "refused",
}
_STAGES = {
    "ms": "ms a question",
    "encode_ms": "ms to encode it",
    "search_ms": "ms to search",
    "answer_ms": "ms for evidence and answer",
}
_TIMES = {
    f"{name}_{key}": f"{title}, {of}"
    for name, title in _STAGES.items()
    for key, of in (("p50", "median"), ("p95", "95th percentile"))
}


def run_tables(run: Run) -> Group:
    """Return a run's figures: every measure over all questions, then the main ones by slice."""
    parts: list[RenderableType] = [_headline(run), _overall(run)]
    if any(figure.slice != ALL for figure in run.figures):
        parts.append(_by_slice(run))
    return Group(*parts)


def title_of(measure: Measure) -> str:
    """Return how a measure is called where its family is not told otherwise."""
    if measure.family in {"documents", "passages"}:
        return f"{measure.title} by {measure.family[:-1]}"
    return measure.title


def number(value: float | None, *, sign: bool = False) -> str:
    """Return a score with three digits; a dash where there is none."""
    if value is None:
        return "–"
    return f"{value:+.3f}" if sign else f"{value:.3f}"


def grid(*headers: str, title: str | None = None) -> Table:
    """Return an empty table, its first column for words and the others for numbers."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, title_style="bold")
    for place, header in enumerate(headers):
        table.add_column(header, justify="right" if place else "left", no_wrap=bool(place))
    return table


def _headline(run: Run) -> Text:
    setup = run.setup
    told = [
        (
            f"Suite {setup.suite}: {setup.asked} questions, {setup.articles} articles, "
            f"{setup.passages} passages; {setup.encoder['model']} {setup.encoder['quantization']}."
        ),
    ]
    if setup.broken:
        told.append(f"Broken on purpose: {setup.broken}.")
    if setup.skipped:
        told.append(f"{setup.skipped} files or lines of the collection could not be read.")
    if setup.stale:
        told.append(
            f"Stale gold, not scored ({len(setup.stale)}): {', '.join(setup.stale)}. "
            "Their articles have changed: mark their evidence anew."
        )
    return Text(printable("\n".join(told)) + "\n")


def _overall(run: Run) -> Table:
    figures = {figure.measure: figure for figure in run.figures if figure.slice == ALL}
    table = grid("measure", "value", "95 % interval", "n")
    family = ""
    for measure in MEASURES:
        if measure.name not in figures:
            continue
        if family != measure.family:
            family = measure.family
            table.add_row(Text(family, style="bold"))
        title = measure.title if measure.rises else f"{measure.title} (less is better)"
        table.add_row(f"  {title}", *_cells(figures[measure.name]))
    table.add_row(Text("cost", style="bold"))
    for figure in run.circumstances.figures:
        interval = f"{figure.low:.1f} – {figure.high:.1f}"
        table.add_row(f"  {_TIMES[figure.measure]}", f"{figure.value:.1f}", interval, str(figure.n))
    if memory := run.circumstances.memory:
        table.add_row("  MiB in memory, at the end", f"{memory.resident:.0f}")
        table.add_row("  MiB in memory, at most", f"{memory.peak:.0f}")
    return table


def _by_slice(run: Run) -> Table:
    """Return the main measures of every slice; their intervals are in run.json."""
    figures = [figure for figure in run.figures if figure.slice != ALL]
    main = [m for m in MEASURES if m.main and any(f.measure == m.name for f in figures)]
    title = "\nBy kind, tag and reason (n: questions, and how many of them can be answered)"
    table = grid("", "n", "can", *(_SHORT.get(m.name, m.title) for m in main), title=title)
    for column in table.columns[3:]:
        column.no_wrap, column.min_width = False, _MIN_WIDTH
    table.columns[0].no_wrap = True
    found = {(figure.slice, figure.measure): figure.value for figure in figures}
    for name, some in slices_of(run.outcomes).items():
        values = [found.get((name, measure.name)) for measure in main]
        table.add_row(
            Text(printable(name)),
            str(len(some)),
            str(sum(outcome.answerable for outcome in some)),
            *("" if value is None else f"{value:.2f}" for value in values),
        )
    return table


def _cells(figure: Figure) -> tuple[str, str, str]:
    digits = 4 if BY_NAME[figure.measure].name == "citation_exactness" else 3
    interval = f"{number(figure.low)} – {number(figure.high)}"
    return f"{figure.value:.{digits}f}", interval, str(figure.n)


def gate_table(verdict: Verdict) -> Group:
    """Return what the gate looked at and what it says."""
    table = grid("gated", "baseline", "now", "may fall", "p of fall", "", title="\nGate")
    for check in verdict.checks:
        table.add_row(
            title_of(BY_NAME[check.measure]),
            number(check.before),
            number(check.now),
            f"{check.margin:g}",
            f"{check.p:.3g}",
            Text("FELL", style="red") if check.failed else Text("ok", style="green"),
        )
    word = Text("passed", style="green") if verdict.passed else Text("FAILED", style="red")
    return Group(table, *(Text(note) for note in verdict.notes), Text("Gate: ") + word)
