"""Charts as SVG: numbers in, markup out; colours and type are the page's, by class.

Each is 360 units wide, so that it fits a phone unscaled, and says in `title` and `desc` what it
shows. The markup is made by ElementTree, which escapes every label.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

WIDTH, HEIGHT = 360, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 350, 14, 200
_ROW = 20
_LABEL_CHARS = 17
_STEPS = (1, 2, 5, 10)
_MAX_POINTS = 300

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    """From values in `[low, high]` to units in `[start, end]`, which may fall.

    A logarithmic axis needs a `low` above 0.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        """Return where `value` is drawn, to a tenth; what is outside stops at the end."""
        low, high, value = self.low, self.high, min(max(value, self.low), self.high)
        if self.log:
            low, high, value = math.log(low), math.log(high), math.log(value)
        share = (value - low) / (high - low) if high > low else 0.0
        return round(self.start + share * (self.end - self.start), 1)


@dataclass(frozen=True, slots=True)
class Bar:
    """A value in 0 to 1 of `n` questions with its interval, whose bounds may be None."""

    label: str
    value: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Series:
    """A line of `(x, bar)`, rising by x; the bars' labels are not shown."""

    name: str
    points: tuple[tuple[float, Bar], ...]


def ticks(high: float, about: int = 5) -> tuple[float, ...]:
    """Return round values from 0 to the first that reaches `high`, steps of 1, 2 or 5 times 10^n.

    `about` is how many steps there are at most, but for the last one; `high` is above 0.
    """
    power = 10.0 ** math.floor(math.log10(high / about))
    step = next(power * s for s in _STEPS if power * s * about >= high * (1 - 1e-9))
    count = math.ceil(high / step - 1e-9)
    return tuple(round(step * i, 12) for i in range(count + 1))


def histogram(values: Sequence[float], edges: Sequence[float]) -> tuple[int, ...]:
    """Return how many values are in each `[edge, next)`; the last takes all that is above too."""
    counts = [0] * (len(edges) - 1)
    for value in values:
        place = sum(value >= edge for edge in edges[1:-1])
        counts[place] += 1
    return tuple(counts)


def thinned(points: Sequence[Point], most: int = _MAX_POINTS) -> tuple[Point, ...]:
    """Return at most `most` of the points, evenly chosen, the first and the last among them."""
    if len(points) <= most:
        return tuple(points)
    last = len(points) - 1
    return tuple(points[round(i * last / (most - 1))] for i in range(most))


def curve_chart(name: str, title: str, series: Sequence[Series]) -> str:
    """Return scores by depth k, on a logarithmic axis, each with its interval."""
    depths = sorted({x for one in series for x, _ in one.points})
    told = "; ".join(
        f"{one.name}: " + ", ".join(f"{bar.value:.3f} at {x:g}" for x, bar in one.points)
        for one in series
    )
    svg = _svg(name, title, told)
    x = Axis(depths[0], depths[-1], _LEFT + 8, _RIGHT - 8, log=True)
    y = _unit_axis(svg)
    _x_labels(svg, [(x.at(k), f"{k:g}") for k in depths], "depth k")
    for order, one in enumerate(series):
        kind = f"s{order}"
        shift = 4 * order  # or the whiskers of two lines would hide each other
        _line(svg, [(x.at(k) + shift, y.at(bar.value)) for k, bar in one.points], kind)
        for k, bar in one.points:
            at = x.at(k) + shift
            if bar.low is not None and bar.high is not None:
                _line(svg, [(at, y.at(bar.low)), (at, y.at(bar.high))], f"whisker {kind}")
            _add(svg, "circle", kind, cx=at, cy=y.at(bar.value), r=3)
    _legend(svg, [(f"s{order}", one.name) for order, one in enumerate(series)])
    return _markup(svg)


def risk_chart(points: Sequence[Point], mark: Point | None) -> str:
    """Return the risk–coverage curve; `mark` is where the run's threshold puts it."""
    end = points[-1]
    told = f"Risk {end[1]:.3f} when all is answered"
    if mark:
        told += f", {mark[1]:.3f} at coverage {mark[0]:.3f}, the threshold of the run"
    svg = _svg("risk", "Risk by coverage", f"{told}.")
    x, y = Axis(0, 1, _LEFT, _RIGHT), _unit_axis(svg)
    _x_labels(svg, [(x.at(v), f"{v:g}") for v in ticks(1)], "coverage: share of questions answered")
    _line(svg, [(x.at(0), y.at(end[1])), (x.at(1), y.at(end[1]))], "guide")
    _line(svg, [(x.at(a), y.at(b)) for a, b in thinned(points)], "s0")
    if mark:
        _add(svg, "circle", "s0 mark", cx=x.at(mark[0]), cy=y.at(mark[1]), r=4.5)
    return _markup(svg)


def reliability_chart(
    said: Sequence[float], held: Sequence[float], count: Sequence[int], threshold: float
) -> str:
    """Return, for each bin of confidence, the share that was right, and how many it holds."""
    bins = len(count)
    told = "; ".join(
        f"said {said[i]:.2f}, right {held[i]:.2f}, {count[i]} questions"
        for i in range(bins)
        if count[i]
    )
    svg = _svg("reliability", "Reliability of confidence", told)
    x, y = Axis(0, 1, _LEFT, _RIGHT), _unit_axis(svg)
    _x_labels(svg, [(x.at(v), f"{v:g}") for v in ticks(1)], "confidence; above the bars: questions")
    width = (_RIGHT - _LEFT) / bins
    for i in range(bins):
        if not count[i]:
            continue
        left, top = x.at(i / bins) + 1, y.at(held[i])
        _add(svg, "rect", "soft", x=left, y=top, width=width - 2, height=_BOTTOM - top)
        _line(svg, [(left, top), (left + width - 2, top)], "s0")
    _line(svg, [(x.at(0), y.at(0)), (x.at(1), y.at(1))], "guide")
    if 0 < threshold < 1:
        _line(svg, [(x.at(threshold), _TOP), (x.at(threshold), _BOTTOM)], "guide")
        _text(svg, x.at(threshold) - 4, _TOP + 8, "refused", "end")
        _text(svg, x.at(threshold) + 4, _TOP + 8, "answered", "start")
    for i in range(bins):
        if count[i]:  # last, so that the lines don't cross them out
            above = max(y.at(held[i]) - 4, _TOP + 20)
            _text(svg, x.at(i / bins) + width / 2, above, str(count[i]), "middle", "tick halo")
    return _markup(svg)


def latency_chart(ms: Sequence[float]) -> str:
    """Return how many questions took how long; the slowest 1 % are in the last bar."""
    ranked = sorted(ms)
    median, slow = (ranked[min(len(ranked) - 1, len(ranked) * p // 100)] for p in (50, 95))
    limit = max(ranked[min(len(ranked) - 1, len(ranked) * 99 // 100)], 1e-3)
    marks = ticks(limit)
    edges = [marks[-1] * i / 24 for i in range(25)]
    counts = histogram(ms, edges)
    beyond = sum(value > marks[-1] for value in ms)
    told = f"Median {median:.1f} ms, 95th percentile {slow:.1f} ms, longest {ranked[-1]:.1f} ms."
    svg = _svg("latency", "Milliseconds a question", told)
    high = ticks(max(counts))
    x, y = Axis(0, marks[-1], _LEFT, _RIGHT), Axis(0, high[-1], _BOTTOM, _TOP + 28)
    _y_labels(svg, [(y.at(v), f"{v:g}") for v in high if v == int(v)])
    more = f", {beyond} longer in the last bar" if beyond else ""
    _x_labels(svg, [(x.at(v), f"{v:g}") for v in marks], f"ms a question{more}")
    for i, n in enumerate(counts):
        left, top = x.at(edges[i]) + 0.5, y.at(n)
        if n:
            wide = x.at(edges[i + 1]) - x.at(edges[i]) - 1
            _add(svg, "rect", "bar", x=left, y=top, width=wide, height=_BOTTOM - top)
    for value, label, height in ((median, "median", 8), (slow, "95 %", 22)):
        at = x.at(value)
        _line(svg, [(at, _TOP), (at, _BOTTOM)], "guide")
        anchor, shift = ("start", 4) if at < (_LEFT + _RIGHT) / 2 else ("end", -4)
        _text(svg, at + shift, _TOP + height, f"{label} {value:.1f}", anchor, "tick halo")
    return _markup(svg)


def bar_chart(name: str, title: str, bars: Sequence[Bar]) -> str:
    """Return a bar a row with its interval, its value and how many questions it is of."""
    told = "; ".join(f"{bar.label} {bar.value:.2f} of {bar.n}" for bar in bars)
    bottom = 6 + _ROW * len(bars)
    svg = _svg(name, title, told, bottom + 22)
    x = Axis(0, 1, 118, 286)
    for value in (0, 0.5, 1):
        _line(svg, [(x.at(value), 2), (x.at(value), bottom)], "grid")
        _text(svg, x.at(value), bottom + 14, f"{value:g}", "middle")
    for order, bar in enumerate(bars):
        middle = 6 + _ROW * order + _ROW / 2 - 2
        _text(svg, 112, middle + 4, _shortened(bar.label), "end", "label")
        wide = round(x.at(bar.value) - x.at(0), 1)
        _add(svg, "rect", "bar", x=x.at(0), y=middle - 5, width=wide, height=10)
        if bar.low is not None and bar.high is not None:
            _line(svg, [(x.at(bar.low), middle), (x.at(bar.high), middle)], "whisker over")
        _text(svg, 322, middle + 4, f"{bar.value:.2f}", "end", "label")
        _text(svg, 356, middle + 4, str(bar.n), "end")
    return _markup(svg)


def whisker(bar: Bar) -> str:
    """Return a score and its interval on a line from 0 to 1, for a row of a table."""
    svg = ET.Element("svg", {"viewBox": "0 0 128 14", "class": "inline", "aria-hidden": "true"})
    x = Axis(0, 1, 4, 124)
    _line(svg, [(4, 7), (124, 7)], "grid")
    if bar.low is not None and bar.high is not None:
        _line(svg, [(x.at(bar.low), 7), (x.at(bar.high), 7)], "whisker s0")
    _add(svg, "circle", "s0", cx=x.at(bar.value), cy=7, r=3)
    return _markup(svg)


def _svg(name: str, title: str, told: str, height: int = HEIGHT) -> ET.Element:
    """Return an empty chart; `name` makes its ids, unique in the page."""
    names = f"{name}-title {name}-desc"
    box = f"0 0 {WIDTH} {height}"
    svg = ET.Element("svg", {"viewBox": box, "role": "img", "aria-labelledby": names})
    ET.SubElement(svg, "title", {"id": f"{name}-title"}).text = title
    ET.SubElement(svg, "desc", {"id": f"{name}-desc"}).text = told
    return svg


def _unit_axis(svg: ET.Element) -> Axis:
    y = Axis(0, 1, _BOTTOM, _TOP)
    _y_labels(svg, [(y.at(value), f"{value:g}") for value in ticks(1)])
    return y


def _y_labels(svg: ET.Element, labels: Iterable[tuple[float, str]]) -> None:
    for at, label in labels:
        _line(svg, [(_LEFT, at), (_RIGHT, at)], "grid")
        _text(svg, _LEFT - 6, at + 4, label, "end")


def _x_labels(svg: ET.Element, labels: Iterable[tuple[float, str]], title: str) -> None:
    _line(svg, [(_LEFT, _BOTTOM), (_RIGHT, _BOTTOM)], "axis")
    for at, label in labels:
        _text(svg, at, _BOTTOM + 15, label, "middle")
    _text(svg, (_LEFT + _RIGHT) / 2, _BOTTOM + 33, title, "middle")


def _legend(svg: ET.Element, names: Sequence[tuple[str, str]]) -> None:
    for order, (kind, name) in enumerate(reversed(names)):
        y = _BOTTOM - 14 - 16 * order
        _line(svg, [(_RIGHT - 108, y), (_RIGHT - 88, y)], kind)
        _text(svg, _RIGHT - 82, y + 4, name, "start", "label")


def _shortened(label: str) -> str:
    return label if len(label) <= _LABEL_CHARS else label[: _LABEL_CHARS - 1] + "…"


def _line(svg: ET.Element, points: Iterable[Point], kind: str) -> None:
    told = " ".join(f"{x:g},{y:g}" for x, y in points)
    ET.SubElement(svg, "polyline", {"points": told, "class": f"line {kind}"})


def _text(
    svg: ET.Element, x: float, y: float, content: str, anchor: str, kind: str = "tick"
) -> None:
    places = {"x": f"{x:g}", "y": f"{y:g}", "text-anchor": anchor, "class": kind}
    ET.SubElement(svg, "text", places).text = content


def _add(svg: ET.Element, tag: str, kind: str, **places: float) -> None:
    numbers = {name: f"{round(value, 1):g}" for name, value in places.items()}
    ET.SubElement(svg, tag, {"class": kind, **numbers})


def _markup(svg: ET.Element) -> str:
    return ET.tostring(svg, encoding="unicode")
