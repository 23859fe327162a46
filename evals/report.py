"""A run as one page that needs nothing else: `report.html`, and `report.md` in short.

The articles' texts and the questions are whatever somebody wrote: the template escapes them all,
and the page's own policy lets nothing in from elsewhere and no script run.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evals.abstention import reliability, risk_coverage
from evals.charts import (
    Series,
    bar_chart,
    curve_chart,
    latency_chart,
    reliability_chart,
    risk_chart,
)
from evals.failures import Failure, failures_of
from evals.figures import ALL, BY_NAME, MEASURES, judged
from evals.metrics import RETRIEVAL
from evals.report_markdown import markdown
from evals.report_rows import Row, bar_of, score_rows
from evals.runs import Run
from evals.suites import Suite
from evals.tables import title_of

HTML_FILE, MARKDOWN_FILE = "report.html", "report.md"
_TEMPLATE = Path(__file__).with_name("report_template.html")
# Some 3 kB each: the page stays near a megabyte whatever the suite.
MAX_FAILURES = 300
_ONE = 2  # all, and the only one: no choice
_TILES = (
    "passage_success@1", "evidence_first", "answered_with_evidence", "refusal_recall",
    "citation_exactness",
)  # fmt: skip
_RETRIEVAL_TILES = ("document_success@1", "document_recall@10", "document_ndcg@10", "document_mrr")
_SLICES = {"kind": "kind", "tag": "tag", "why": "reason why it is unanswerable"}


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart as SVG, with what stands above and below it."""

    title: str
    svg: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The charts of one sort of slices."""

    title: str
    charts: tuple[Chart, ...]


@dataclass(frozen=True, slots=True)
class Option:
    """What the failures can be filtered by, and how many are left then."""

    name: str
    count: int


def write_report(run: Run, suite: Suite, folder: Path) -> Path:
    """Write `report.html` and `report.md` of a run; the folder is made if it isn't there.

    Args:
        run: What to tell.
        suite: What was asked: the questions' histories and the articles' texts.
        folder: Where to.

    Returns:
        The page's path.
    """
    cases = {case.id: case for case in suite.cases}
    failures = failures_of(run.outcomes, cases, suite.articles)
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / HTML_FILE
    page.write_text(html(run, failures), encoding="utf-8")
    (folder / MARKDOWN_FILE).write_text(markdown(run, failures), encoding="utf-8")
    return page


def html(run: Run, failures: Sequence[Failure]) -> str:
    """Return the page."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    shown = failures[:MAX_FAILURES]
    by_kind, kinds = _options("k", "every kind", [failure.outcome.kind for failure in shown])
    by_fault, faults = _options("f", "all that went wrong", [f.fault.value for f in shown])
    return template.render(
        setup=run.setup,
        began_at=run.circumstances.began_at,
        has_answers=any(outcome.answered is not None for outcome in run.outcomes),
        tiles=_tiles(run),
        curves=_curves(run),
        scores=score_rows(run),
        slices=_slices(run),
        failed=len(failures),
        failures=shown,
        classes=[f"{kind} {fault}" for kind, fault in zip(kinds, faults, strict=True)],
        filters=[(p, some) for p, some in (("f", by_fault), ("k", by_kind)) if len(some) > _ONE],
    )


def _options(prefix: str, every: str, names: Sequence[str]) -> tuple[list[Option], list[str]]:
    """Return the choices, the first of which is all, and the class of each of `names`."""
    distinct = list(dict.fromkeys(names))
    options = [Option(every, len(names)), *(Option(n, names.count(n)) for n in distinct)]
    return options, [f"{prefix}{distinct.index(name) + 1}" for name in names]


def _tiles(run: Run) -> list[Row]:
    rows = {row.measure: row for _, rows in score_rows(run) for row in rows}
    answers = any(name in rows for name in _TILES[1:])
    wanted = _TILES if answers else _RETRIEVAL_TILES
    return [replace(rows[name], title=title_of(BY_NAME[name])) for name in wanted if name in rows]


def _curves(run: Run) -> list[Chart]:
    """Return the charts of a run that have something to show."""
    charts = []
    if series := _recall(run):
        note = "Share of what is relevant among the first k that a search finds."
        svg = curve_chart("recall", "Recall at k", series)
        charts.append(Chart("Recall at k", svg, note))
    charts += _confidence(run)
    if ms := list(run.circumstances.ms.values()):
        note = "How many questions took how long, one at a time."
        charts.append(Chart("Latency", latency_chart(ms), note))
    return charts


def _confidence(run: Run) -> list[Chart]:
    """Return what confidence is worth; nothing where no answers were asked for."""
    of = judged(run.outcomes)
    asked = len(of.confidence)
    if not asked:
        return []
    threshold = run.setup.threshold
    coverage, risk = risk_coverage(of.confidence, of.correct)
    given = of.confidence >= threshold
    note = (
        "Share of wrong answers when only the most confident are given; the dotted line answers "
        "all. "
    )
    mark = None
    if answered := int(given.sum()):
        mark = answered / asked, float((given & ~of.correct).sum() / answered)
        note += "The dot is the threshold of this run."
    else:
        note += "Nothing reaches the threshold of this run."
    points = list(zip(coverage.tolist(), risk.tolist(), strict=True))
    risks = Chart("Risk by coverage", risk_chart(points, mark), note)
    said, held, count = (bins.tolist() for bins in reliability(of.confidence, of.correct))
    note = "Share right by stated confidence; on the diagonal it would be honest."
    svg = reliability_chart(said, held, count, threshold)
    return [risks, Chart("Reliability of confidence", svg, note)]


def _recall(run: Run) -> list[Series]:
    """Return recall at k by passage and by document, as far as there is such a thing."""
    found = {figure.measure: figure for figure in run.figures if figure.slice == ALL}
    series = []
    for family in ("passage", "document"):
        at = {
            int(name.rpartition("@")[2]): f"{family}_{name}"
            for name in RETRIEVAL
            if "recall" in name
        }
        points = tuple(
            (float(k), bar_of(found[name], str(k))) for k, name in at.items() if name in found
        )
        if points:
            series.append(Series(f"by {family}", points))
    return series


def _slices(run: Run) -> list[Group]:
    """Return the main measures by kind, tag and reason."""
    groups = []
    for prefix, title in _SLICES.items():
        charts = []
        for measure in (m for m in MEASURES if m.main):
            bars = [
                bar_of(figure, figure.slice.partition(":")[2])
                for figure in run.figures
                if figure.measure == measure.name and figure.slice.startswith(f"{prefix}:")
            ]
            if bars:
                # Ids have no blanks; the measures' names have none.
                name = f"{prefix}-{measure.name}"
                charts.append(
                    Chart(
                        title_of(measure), bar_chart(name, f"{title_of(measure)} by {prefix}", bars)
                    )
                )
        if charts:
            groups.append(Group(title, tuple(charts)))
    return groups
