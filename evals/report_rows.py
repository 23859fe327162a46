"""The lines of a report's table of scores, as its page and its Markdown both show them."""

from dataclasses import dataclass

from evals.charts import Bar, whisker
from evals.figures import ALL, MEASURES, Measure
from evals.runs import Figure, Run
from evals.tables import number

_EXACT = "citation_exactness"
_PERCENTILES = {"p50": "median", "p95": "95th percentile"}


@dataclass(frozen=True, slots=True)
class Row:
    """One score as it is printed; `svg` draws it on a line, "" where it is no share."""

    measure: str
    title: str
    value: str
    interval: str
    n: int
    svg: str


def score_rows(run: Run) -> list[tuple[str, list[Row]]]:
    """Return the scores over all questions by family, then what they cost."""
    found = {figure.measure: figure for figure in run.figures if figure.slice == ALL}
    families: dict[str, list[Row]] = {}
    for measure in MEASURES:
        if figure := found.get(measure.name):
            families.setdefault(measure.family, []).append(_row(measure, figure))
    costs = [_cost(figure) for figure in run.circumstances.figures]
    return [*families.items(), *([("cost", costs)] if costs else [])]


def bar_of(figure: Figure, label: str) -> Bar:
    """Return a figure as a bar."""
    return Bar(label, figure.value, figure.low, figure.high, figure.n)


def _row(measure: Measure, figure: Figure) -> Row:
    title = measure.title if measure.rises else f"{measure.title} (less is better)"
    # One in ten thousand that does not hold must show.
    value = f"{figure.value:.4f}" if measure.name == _EXACT else number(figure.value)
    interval = f"{number(figure.low)} – {number(figure.high)}"
    return Row(measure.name, title, value, interval, figure.n, whisker(bar_of(figure, "")))


def _cost(figure: Figure) -> Row:
    stage, _, percentile = figure.measure.rpartition("_")
    name = "ms a question" if stage == "ms" else f"ms to {stage.removesuffix('_ms')}"
    title = f"{name}, {_PERCENTILES.get(percentile, percentile)}"
    low, high = ("–" if b is None else f"{b:.1f}" for b in (figure.low, figure.high))
    return Row(figure.measure, title, f"{figure.value:.1f}", f"{low} – {high}", figure.n, "")
