"""Charts: where things are drawn, worked out by hand."""

from xml.etree import ElementTree as ET

import pytest

from evals.charts import (
    Axis,
    Bar,
    Series,
    bar_chart,
    curve_chart,
    histogram,
    latency_chart,
    reliability_chart,
    risk_chart,
    thinned,
    ticks,
)

HARM = "</svg><script>alert(1)</script>\"'&"


@pytest.mark.parametrize(
    ("axis", "value", "want"),
    [
        pytest.param(Axis(0, 1, 40, 340), 0.5, 190, id="half way"),
        pytest.param(Axis(0, 1, 200, 20), 0.25, 155, id="falling: 200 - 180 / 4"),
        pytest.param(Axis(1, 100, 0, 300, log=True), 10, 150, id="10 is half way from 1 to 100"),
        pytest.param(Axis(0, 10, 0, 100), 20, 100, id="what is beyond stops at the end"),
        pytest.param(Axis(3, 3, 0, 100), 3, 0, id="no range"),
    ],
)
def test_where_a_value_is_drawn(axis: Axis, value: float, want: float) -> None:
    assert axis.at(value) == pytest.approx(want)


@pytest.mark.parametrize(
    ("high", "want"),
    [
        (1, (0, 0.2, 0.4, 0.6, 0.8, 1)),
        (17.3, (0, 5, 10, 15, 20)),
        (111, (0, 50, 100, 150)),
        (0.03, (0, 0.01, 0.02, 0.03)),
    ],
)
def test_ticks_are_round_and_reach_the_highest(high: float, want: tuple[float, ...]) -> None:
    """At most five steps: 17.3 / 5 is 3.5, so 5; 111 / 5 is 22, so 50; 0.03 / 5 is 6e-3: 0.01."""
    assert ticks(high) == pytest.approx(want)


def test_a_border_counts_in_the_upper_bin_and_the_last_takes_the_rest() -> None:
    assert histogram([0, 0.9, 1, 2, 99], [0, 1, 2]) == (2, 3)


def test_a_thinned_curve_keeps_its_ends() -> None:
    points = [(float(i), 0.0) for i in range(1001)]
    kept = thinned(points, 5)
    assert [x for x, _ in kept] == [0, 250, 500, 750, 1000]
    assert thinned(points[:4], 5) == tuple(points[:4])


def test_a_bar_is_as_long_as_its_value() -> None:
    """The axis goes from 118 to 286: 0.25 of 168 is 42, its interval from 134.8 to 218.8."""
    svg = ET.fromstring(bar_chart("b", "Bars", [Bar("<fact>", 0.25, 0.1, 0.6, 8)]))  # noqa: S314  (our own)
    (bar,) = svg.findall("rect")
    assert (bar.get("x"), bar.get("width")) == ("118", "42")
    (whisker,) = [line for line in svg.findall("polyline") if "whisker" in line.get("class", "")]
    assert whisker.get("points") == "134.8,14 218.8,14"
    assert "<fact>" in [text.text for text in svg.findall("text")]


@pytest.mark.parametrize(
    "svg",
    [
        bar_chart("a", HARM, [Bar(HARM, 0.5, None, None, 1)]),
        curve_chart("b", "Recall", [Series(HARM, ((1.0, Bar("", 0.5, 0.4, 0.6, 2)),))]),
        risk_chart([(0.5, 0.0), (1.0, 0.5)], (1.0, 0.5)),
        risk_chart([(1.0, 1.0)], None),
        reliability_chart([0.0, 0.8], [0.0, 1.0], [0, 3], 0.5),
        latency_chart([5.0]),
        latency_chart([0.0, 0.0]),
    ],
)
def test_a_chart_is_well_formed_and_says_what_it_shows(svg: str) -> None:
    root = ET.fromstring(svg)  # noqa: S314  (our own)
    ids = [root.find(tag).get("id") for tag in ("title", "desc")]  # type: ignore[union-attr]  # both are there
    assert root.get("aria-labelledby") == " ".join(map(str, ids))
    assert root.findtext("desc")
