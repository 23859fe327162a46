"""Numbers and dates in a sentence: what they measure, how exactly, and whether two differ."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import floor, inf, log10
from typing import Literal, TypeAlias

from text_to_num import text2num

from bot.units import CURRENCIES, DAYS, MEASURES, SCALES

Kind: TypeAlias = Literal["count", "money", "percent", "duration", "measure", "score", "date"]
Bound: TypeAlias = Literal["exact", "about", "least", "most", "limit"]

# Two exact figures this close are one, told with more or fewer digits, or converted.
_SLACK = 0.005
_CONVERTED_SLACK = 0.03
# What "about" allows, and what a figure that is round may be off.
_ABOUT_SLACK = 0.08
_ROUND_SLACK = 0.05


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number or a date at `[start, end)` of a sentence.

    Attributes:
        kind: What sort of thing it counts or measures.
        unit: What can be compared: a currency, "day", "kg"; empty for counts, percents, scores.
        low: The value in that unit; of a range its lower end. Of a score the first number.
        high: As `low`, or the upper end. Of a score the second number.
        bound: "least" for "more than", "most" for "less than", "limit" for "up to".
        date: Year, month and day where it is a date, None for what is not said.
    """

    kind: Kind
    unit: str
    low: float
    high: float
    bound: Bound
    start: int
    end: int
    date: tuple[int | None, int | None, int | None] = (None, None, None)


_ONES = "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
_TEENS = "sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_NUMERAL = "|".join(f"one {_ONES} {_TEENS} {_TENS} hundred thousand".split())
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
MONTH += r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
_YEAR = r"(?:1[5-9]|20)\d\d"
_DATE = re.compile(
    rf"\b(?:(?P<m1>{MONTH})\s(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s(?P<y1>{_YEAR})\b)?"
    rf"|(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?(?:\sof)?\s(?P<m2>{MONTH})(?:,?\s(?P<y2>{_YEAR})\b)?"
    rf"|(?P<m3>{MONTH})(?:\sof)?,?\s(?P<y3>{_YEAR})\b"
    rf"|(?P<y4>{_YEAR})-(?P<m4>\d\d)-(?P<d4>\d\d)\b"
    # A month alone may be a verb or a name.
    rf"|\b(?:in|since|until|by|from|early|late|last|next)\s(?P<m5>{MONTH})(?:,?\s(?P<y5>{_YEAR})\b)?"
    rf"|(?<![\w$€£.,-])(?P<y6>{_YEAR})(?![\w%]|,\d|\.\d|-\w))",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"(?P<before>(?:US)?[$€£¥₹]\s?)?"
    r"(?<![\w.,/:])(?<![^\W\d_]-)(?:(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?![\d:]|st\b|[nr]d\b|th\b)"
    rf"|(?P<words>\b(?:{_NUMERAL})(?:[ -](?:and )?(?:{_NUMERAL}))*\b(?!-th|-quarter|-half|-fifth)))"
    r"(?:[ -]?(?P<scale>hundred|thousand|million|billion|trillion|mn|bn|tn)\b"
    r"|(?<=\d)(?P<letter>[mkb])\b)?"
    r"(?P<percent>\s?%|[ -](?:per ?cent|percent|pct)\b(?! points?))?"
    r"(?:[ -]?(?P<unit>(?:square |cubic )?[^\W\d_]+(?:/h|-hours?)?))?",
    re.IGNORECASE,
)
_SCORE = re.compile(
    r"(?<![\w.,$€£-])(\d{1,3})[-–](\d{1,3})(?![\w,%–-]|\.\d)(?!\s?(?:per|year|month|day))"
)
_ANY = re.compile(rf"\d|\b(?:{_NUMERAL}|{MONTH})", re.IGNORECASE)
_RANGE = re.compile(r"\s?(?:-|–|to|and|or)\s?", re.IGNORECASE)
_BETWEEN = re.compile(r"\b(?:between|from)\s*(?:\w+\s)?$", re.IGNORECASE)
_BEFORE: dict[Bound, str] = {
    "about": "about|around|roughly|approximately|nearly|almost|some|close to|estimated|circa"
    "|just over|just under",
    "least": "more than|over|at least|upwards of|exceeding|above|no fewer than|no less than"
    "|not less than|topped|surpassed|in excess of|beyond|minimum of|passed",
    "limit": "up to|at most|no more than|as many as|as much as|maximum of|capped at",
    "most": "less than|fewer than|under|below",
}
_BOUNDS = {
    bound: re.compile(rf"\b(?:{words})\s(?:an?\s|the\s|some\s|US)?$", re.IGNORECASE)
    for bound, words in _BEFORE.items()
}
_AFTER_LEAST = re.compile(r"^\s(?:or more|plus)\b|^\+", re.IGNORECASE)
# Before a small number, a name that it belongs to; at the beginning only what is no common word.
_NAMED = re.compile(r"(?:[a-z,;:]\s|^)(?P<name>[A-Z][\w’'-]*\s)+$")
_COMMON = frozenset(
    ("a", "about", "after", "all", "almost", "an", "and", "another", "around", "as", "at", "before",
     "but", "by", "during", "even", "every", "exactly", "for", "from", "however", "in", "just",
     "last", "meanwhile", "more", "most", "nearly", "next", "of", "on", "only", "or", "other",
     "over", "some", "still", "than", "that", "the", "their", "then", "there", "these", "they",
     "this", "those", "under", "until", "up", "when", "while", "with", "within")
)  # fmt: skip
_MILLION = 1e6
# Larger numbers are no part of a name.
_LARGEST_NAMED = 99
# Sentences that are not read again: an answer looks at some hundred, some of them three times.
_KEPT = 8192


@lru_cache(_KEPT)
def quantities(sentence: str) -> tuple[Quantity, ...]:
    """Return the numbers and dates of a sentence in reading order; none overlap.

    Numbers in digits or English words, with what makes them an amount of something: currency,
    percent, length of time, measure. Any other number is a count, but for the number in a name
    ("Tiller 5"). A four-digit number that may be a year is one. "One" alone is a pronoun.
    """
    if not _ANY.search(sentence):  # most sentences: a tenth of the time
        return ()
    found = list(_dates(sentence))
    found += _free(_scores(sentence), found)
    found += _ranged(sentence, _free(_amounts(sentence), found))
    return tuple(sorted(found, key=lambda quantity: quantity.start))


def comparable(a: Quantity, b: Quantity) -> bool:
    """Tell whether two quantities are of one sort and unit."""
    return (a.kind, a.unit) == (b.kind, b.unit)


def differ(a: Quantity, b: Quantity) -> bool:
    """Tell whether two comparable quantities can't both be right.

    Rounding (41,300 and 41,000), "about", "more than", ranges that meet, and dates of which one
    says more than the other do not count as a difference.
    """
    if a.kind == "date":
        return _dates_differ(a, b)
    if a.kind == "score":
        return {a.low, a.high} != {b.low, b.high}
    if a.bound == b.bound == "limit":
        return not _close(a.high, b.high, _SLACK)
    slack = _slack(a, b)
    (low, high), (other_low, other_high) = _reach(a), _reach(b)
    return low > other_high * (1 + slack) or other_low > high * (1 + slack)


def _reach(quantity: Quantity) -> tuple[float, float]:
    """Return the least and the most that the words allow."""
    if quantity.bound == "least":
        return quantity.low, inf
    if quantity.bound in {"most", "limit"}:
        return 0.0, quantity.high
    return quantity.low, quantity.high


def _slack(a: Quantity, b: Quantity) -> float:
    if "about" in {a.bound, b.bound}:
        return _ABOUT_SLACK
    if _rounds_to(a.low, b.low) or _rounds_to(b.low, a.low):
        return _ROUND_SLACK
    return _CONVERTED_SLACK if a.kind == "measure" else _SLACK


def _rounds_to(exact: float, rounded: float) -> bool:
    """Tell whether `rounded` is `exact` with fewer digits."""
    if exact <= 0 or rounded <= 0:
        return False
    step = 10.0 ** floor(log10(rounded))
    while step > 1e-3 * rounded and not _close(round(rounded / step) * step, rounded, 1e-9):
        step /= 10
    return step > 1 and _close(round(exact / step) * step, rounded, 1e-9)


def _close(a: float, b: float, slack: float) -> bool:
    return abs(a - b) <= slack * max(abs(a), abs(b))


def _dates_differ(a: Quantity, b: Quantity) -> bool:
    """Tell whether two dates disagree in a part that both have; the day only in a month."""
    pairs = list(zip(a.date, b.date, strict=True))
    (year, month, day) = ((x is not None and y is not None) for x, y in pairs)
    if year and pairs[0][0] != pairs[0][1]:
        return True
    if not month:
        return False
    return pairs[1][0] != pairs[1][1] or (day and pairs[2][0] != pairs[2][1])


def _free(some: Iterator[Quantity], taken: Sequence[Quantity]) -> list[Quantity]:
    return [q for q in some if not any(q.start < t.end and t.start < q.end for t in taken)]


def _dates(sentence: str) -> Iterator[Quantity]:
    for match in _DATE.finditer(sentence):
        parts = {name[0]: text for name, text in match.groupdict().items() if text}
        month = parts.get("m")
        date = (
            int(parts["y"]) if "y" in parts else None,
            _month(month) if month else None,
            int(parts["d"]) if "d" in parts else None,
        )
        start = match.start("m5") if match["m5"] else match.start()
        yield Quantity("date", "", 0, 0, "exact", start, match.end(), date)


def _month(text: str) -> int:
    return int(text) if text.isdigit() else _MONTHS.index(text[:3].lower()) + 1


def _scores(sentence: str) -> Iterator[Quantity]:
    for match in _SCORE.finditer(sentence):
        low, high = float(match[1]), float(match[2])
        yield Quantity("score", "", low, high, "exact", match.start(), match.end())


def _amounts(sentence: str) -> Iterator[Quantity]:
    for match in _AMOUNT.finditer(sentence):
        before = sentence[: match.start()]
        value = _value(match)
        if value is None or (value <= _LARGEST_NAMED and _is_named(before)):
            continue
        kind, unit, factor, end = _unit(match)
        amount = value * factor
        bound = _bound(before, sentence[end:])
        yield Quantity(kind, unit, amount, amount, bound, match.start(), end)


def _bound(before: str, after: str) -> Bound:
    if _AFTER_LEAST.search(after):
        return "least"
    return next((bound for bound, words in _BOUNDS.items() if words.search(before)), "exact")


def _is_named(before: str) -> bool:
    found = _NAMED.search(before)
    return found is not None and found["name"].strip().lower() not in _COMMON


def _value(match: re.Match[str]) -> float | None:
    """Return the number; None for "one", which is most often a pronoun, and for what is none."""
    # A bare letter may be a metre; after a currency it is a million.
    letter = match["letter"] if match["before"] else None
    scale = SCALES.get((match["scale"] or letter or "").lower(), 1.0)
    if match["digits"]:
        return float(match["digits"].replace(",", "")) * scale
    words = match["words"].lower().replace("-", " ")
    if words in {"one", "hundred", "thousand"} and scale == 1.0:
        return None
    try:
        return float(text2num(words, "en")) * scale
    except ValueError:
        return None


def _unit(match: re.Match[str]) -> tuple[Kind, str, float, int]:
    """Return the kind, the unit, what one of it is in that unit, and where the quantity ends."""
    number_end = max(match.end(name) for name in ("digits", "words", "scale", "letter"))
    if match["before"]:
        return "money", CURRENCIES[match["before"].strip().lower()], 1, number_end
    if match["percent"]:
        return "percent", "", 1, match.end("percent")
    word = (match["unit"] or "").lower()
    stem = word if word in MEASURES else word.removesuffix("s")
    if stem in CURRENCIES:
        return "money", CURRENCIES[stem], 1, match.end("unit")
    if stem in DAYS:
        return "duration", "day", DAYS[stem], match.end("unit")
    if stem in MEASURES:
        unit, factor = MEASURES[stem]
        return "measure", unit, factor, match.end("unit")
    return "count", "", 1, number_end


def _ranged(sentence: str, found: Sequence[Quantity]) -> list[Quantity]:
    """Return the quantities, the two ends of a range as one: "4 to 6 percent"."""
    joined: list[Quantity] = []
    for quantity in found:
        last = joined[-1] if joined else None
        if last and _is_range(sentence, last, quantity):
            # "4 to 6 million": the scale is said once.
            low = last.low * _MILLION if last.low < _MILLION <= quantity.high else last.low
            if last.kind != "count" or last.low > _LARGEST_NAMED:
                low = last.low
            joined[-1] = replace(quantity, low=low, start=last.start)
        else:
            joined.append(quantity)
    return joined


def _is_range(sentence: str, a: Quantity, b: Quantity) -> bool:
    between = sentence[a.end : b.start]
    if not _RANGE.fullmatch(between) or a.low >= b.high:
        return False
    if a.kind not in {"count", b.kind}:
        return False
    return between.strip() not in {"and"} or bool(_BETWEEN.search(sentence[: a.start]))
