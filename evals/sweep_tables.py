"""A sweep as a table with a plot, for a terminal."""

from rich.console import Group
from rich.text import Text

from bot.answerer import PASSAGES
from bot.render import printable
from bot.settings import Settings
from evals.figures import BY_NAME
from evals.runs import Figure
from evals.sweep import Point, Sweep
from evals.tables import grid, number, title_of
from index.retrieve import WORDS_WEIGHT
from index.snapshot import SplitterSpec

_WIDTH = 33
_MIN_WIDTH = 7
_ROOM = 128  # columns that the table takes with its plot
_SHOWN = {
    "document_ndcg@10": "doc nDCG",
    "document_success@1": "doc first",
    "passage_success@1": "passage first",
    "evidence_first": "cited first",
}


def sweep_tables(found: Sweep, settings: Settings, width: int = _ROOM) -> Group:
    """Return the settings of a sweep, best first, with the intervals of what ranks them drawn.

    The setting that answers without a sweep is marked. Where `width` columns have no room for the
    drawing, it is left away.
    """
    measures = [name for name in _SHOWN if any(point.figure(name) for point in found.points)]
    low, high = _range(found)
    head = f"{low:.3f}".ljust(_WIDTH - 5) + f"{high:.3f}"
    titles = [_SHOWN[name] for name in measures]
    plotted = [head] if width >= _ROOM else []
    table = grid("tokens", "overlap", "weight", "k", "passages", *titles, "n", "p", "", *plotted)
    table.columns[-1].justify = "left"
    table.columns[0].no_wrap = True
    if not plotted:  # 80 columns are enough then
        table.padding = (0, 1, 0, 0)
        for column in table.columns[5 : 5 + len(titles)]:
            column.no_wrap, column.min_width = False, _MIN_WIDTH
    for point in found.points:
        drawn = [_drawn(point, found, low, high)] if plotted else []
        now = "now" if _is_now(point, settings) else ""
        table.add_row(*_cells(point, found.ranked_by, measures), now, *drawn)
    setup = found.points[0].setup
    told = (
        f"Suite {found.suite}: {setup.asked} questions, {len(found.points)} settings, "
        f"{found.embedded} passages embedded; {setup.encoder['model']} "
        f"{setup.encoder['quantization']}.\nBest first by {title_of(BY_NAME[found.ranked_by])} "
        "(drawn with its 95 % interval; p: that it differs from the best's).\n"
    )
    return Group(Text(printable(told)), table)


def _cells(point: Point, by: str, measures: list[str]) -> list[str]:
    setup = point.setup
    figures = [point.figure(name) for name in measures]
    ranking = point.figure(by)
    return [
        str(setup.splitter["passage_tokens"]),
        str(setup.splitter["overlap_sentences"]),
        f"{setup.words_weight:g}",
        str(setup.answer_passages),
        str(setup.passages),
        *(number(one.value if one else None) for one in figures),
        str(ranking.n if ranking else 0),
        "–" if point.p is None else f"{point.p:.2g}",
    ]


def _range(found: Sweep) -> tuple[float, float]:
    """Return the lowest and the highest end of the intervals that are drawn."""
    drawn = [one for point in found.points if (one := point.figure(found.ranked_by))]
    ends = [end for one in drawn for end in _ends(one)]
    return min(ends), max(ends)


def _drawn(point: Point, found: Sweep, low: float, high: float) -> str:
    """Return a figure's interval as a line, its value as a dot, on the scale `low` to `high`."""
    figure = point.figure(found.ranked_by)
    if figure is None:
        return ""
    first, last = (_column(end, low, high) for end in _ends(figure))
    line = " " * first + "─" * (last - first + 1)
    place = _column(figure.value, low, high)
    return f"{line[:place]}●{line[place + 1 :]}"


def _ends(figure: Figure) -> tuple[float, float]:
    low = figure.value if figure.low is None else figure.low
    return low, figure.value if figure.high is None else figure.high


def _column(value: float, low: float, high: float) -> int:
    return round((_WIDTH - 1) * (value - low) / (high - low)) if high > low else 0


def _is_now(point: Point, settings: Settings) -> bool:
    now = (settings.passage_tokens, SplitterSpec().overlap_sentences, WORDS_WEIGHT, PASSAGES)
    setup = point.setup
    cut = (setup.splitter["passage_tokens"], setup.splitter["overlap_sentences"])
    return (*cut, setup.words_weight, setup.answer_passages) == now
