from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.quantities import Quantity, comparable, differ, quantities


def read(text: str) -> list[tuple[str, str, str, float, float]]:
    """Each quantity's words, kind, unit and values."""
    return [(text[q.start : q.end], q.kind, q.unit, q.low, q.high) for q in quantities(text)]


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("It got 41,300 orders.", [("41,300", "count", "", 41300, 41300)]),
        ("thirty-nine people", [("thirty-nine", "count", "", 39, 39)]),
        ("two hundred and forty seats", [("two hundred and forty", "count", "", 240, 240)]),
        ("1.8 billion florins", [("1.8 billion florins", "money", "florin", 1.8e9, 1.8e9)]),
        ("$1.2bn and €900 million", [
            ("$1.2bn", "money", "dollar", 1.2e9, 1.2e9),
            ("€900 million", "money", "euro", 9e8, 9e8),
        ]),
        ("48.2% of voters", [("48.2%", "percent", "", 48.2, 48.2)]),
        ("Some 57 per cent", [("57 per cent", "percent", "", 57, 57)]),
        ("4 to 6 percent", [("4 to 6 percent", "percent", "", 4, 6)]),
        ("between 9.5 billion and 11 billion yuan",
         [("9.5 billion and 11 billion yuan", "money", "yuan", 9.5e9, 11e9)]),
        ("between 4 and 6 million votes", [("4 and 6 million", "count", "", 4e6, 6e6)]),
        ("two weeks", [("two weeks", "duration", "day", 14, 14)]),
        ("a 14-day trial", [("14-day", "duration", "day", 14, 14)]),
        ("511 kilometres", [("511 kilometres", "measure", "m", 511000, 511000)]),
        ("82 kWh", [("82 kWh", "measure", "kWh", 82, 82)]),
        ("won 3-1", [("3-1", "score", "", 3, 1)]),
        ("12 and 14 boats", [("12", "count", "", 12, 12), ("14", "count", "", 14, 14)]),
        ("at 9:20 a.m.", []),
        ("the 14th car", []),
        ("Two-thirds of it", []),
        ("one of them", []),
        ("COVID-19 and the T9 chip", []),
        ("It runs Tiller 5.", []),
        ("Only 12 came", [("12", "count", "", 12, 12)]),
        ("a race over 100m", [("100m", "count", "", 100, 100)]),
    ],
)  # fmt: skip
def test_numbers_are_read_with_what_they_measure(
    text: str, want: list[tuple[str, str, str, float, float]]
) -> None:
    assert read(text) == want


@pytest.mark.parametrize(
    ("text", "words", "date"),
    [
        ("on May 19, 2025", "May 19, 2025", (2025, 5, 19)),
        ("on 19 May 2025", "19 May 2025", (2025, 5, 19)),
        ("on Sept. 22", "Sept. 22", (None, 9, 22)),
        ("June 2027", "June 2027", (2027, 6, None)),
        ("in October", "October", (None, 10, None)),
        ("by October 2027", "October 2027", (2027, 10, None)),
        ("in 1887", "1887", (1887, None, None)),
        ("2025-06-27", "2025-06-27", (2025, 6, 27)),
    ],
)
def test_dates_are_read_as_far_as_they_are_said(
    text: str, words: str, date: tuple[int | None, ...]
) -> None:
    (found,) = quantities(text)
    assert (found.kind, text[found.start : found.end], found.date) == ("date", words, date)


@pytest.mark.parametrize("text", ["They may go.", "a march of 2,000", "1887 francs", "2,019 cars"])
def test_what_only_looks_like_a_date_is_none(text: str) -> None:
    assert "date" not in {q.kind for q in quantities(text) if q.date[1]}


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("12 cars", "exact"),
        ("about 12 cars", "about"),
        ("just over 12 cars", "about"),
        ("more than 12 cars", "least"),
        ("at least 12 cars", "least"),
        ("12 or more", "least"),
        ("up to 12 cars", "limit"),
        ("fewer than 12 cars", "most"),
    ],
)
def test_how_exact_a_number_is_stands_before_it(text: str, bound: str) -> None:
    (found,) = quantities(text)
    assert found.bound == bound


def only(text: str) -> Quantity:
    (found,) = quantities(text)
    return found


@pytest.mark.parametrize(
    ("one", "other", "want"),
    [
        ("41,300 cars", "36,800 cars", True),
        ("41,300 cars", "41,000 cars", False),  # rounded, 0.7 % off
        ("36,800 cars", "40,000 cars", True),  # rounded too, but 8 % off
        ("about 50 cars", "54 cars", False),  # 50 · 1.08 = 54
        ("about 12 cars", "14 cars", True),
        ("more than 40,000 cars", "41,300 cars", False),
        ("more than 40,000 cars", "36,800 cars", True),
        ("more than 40,000 cars", "more than 36,000 cars", False),
        ("up to 20 percent", "up to 25 percent", True),
        ("up to 20 percent", "15 percent", False),
        ("fewer than 20 cars", "24 cars", True),
        ("4 to 6 percent", "5 percent", False),
        ("4 to 6 percent", "7 percent", True),
        ("20 miles", "32 km", False),
        ("1.8 billion yuan", "1,800 million yuan", False),
        ("2 weeks", "14 days", False),
        ("3-1", "1-3", False),
        ("3-1", "2-1", True),
        ("May 19, 2025", "in May", False),
        ("May 19, 2025", "May 20", True),
        ("in 2025", "May 19, 2025", False),
        ("in 2025", "in 2026", True),
        ("May 19", "in 2025", False),
    ],
)
def test_two_values_differ_when_both_can_t_be_right(one: str, other: str, *, want: bool) -> None:
    a, b = only(one), only(other)
    assert comparable(a, b)
    assert differ(a, b) is want
    assert differ(b, a) is want


def test_other_units_are_not_compared() -> None:
    assert not comparable(only("12 dollars"), only("12 euros"))
    assert not comparable(only("12 km"), only("12 kg"))


@given(st.text(max_size=200))
def test_any_text_is_read_without_overlaps_and_agrees_with_itself(text: str) -> None:
    found = quantities(text)
    for a, b in pairwise(found):
        assert a.end <= b.start
    for quantity in found:
        assert 0 <= quantity.start < quantity.end <= len(text)
        assert not differ(quantity, quantity)


@given(st.integers(2, 10**12))
def test_a_whole_number_reads_back_as_it_was_written(number: int) -> None:
    found = only(f"It has {number:,} cars")
    year = found.kind == "date"
    assert year or found.low == number
