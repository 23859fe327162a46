"""What a question takes for granted and the evidence may not know: years, numbers, names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.phrases import names_of
from bot.quantities import Quantity, comparable, differ, quantities
from index.lexical import terms_of


@dataclass(frozen=True, slots=True)
class Presupposed:
    """A year, number or name of a question, as it stands there."""

    kind: Literal["year", "number", "name"]
    text: str


def lacking(question: str, text: str, published_at: datetime | None) -> tuple[Presupposed, ...]:
    """Return the years, numbers and names of a question that a text does not have, in that order.

    Args:
        question: What is asked, by itself.
        text: The evidence around what would be quoted, its article's title included.
        published_at: Its article's day: a text of 2025 need not name the year.
    """
    asked = quantities(question)
    there = quantities(text)
    years = [(q, q.date[0]) for q in asked if q.date[0] is not None]
    known = {q.date[0] for q in there} | ({published_at.year} if published_at else set())
    missing = [
        Presupposed("year", str(year))
        for _, year in years
        if year not in known and str(year) not in text
    ]
    missing += [
        Presupposed("number", question[q.start : q.end])
        for q in asked
        if q.kind != "date" and _is_unheard(question[q.start : q.end], text, q, there)
    ]
    words = set(terms_of(text))
    missing += [
        Presupposed("name", name) for name in names_of(question) if words.isdisjoint(terms_of(name))
    ]
    return tuple(dict.fromkeys(missing))


def _is_unheard(told: str, text: str, quantity: Quantity, others: Sequence[Quantity]) -> bool:
    """Tell whether a text lacks a number; "two" in words counts what is asked for, as a rule."""
    if told in text or not any(character.isdigit() for character in told):
        return False
    return not any(comparable(quantity, other) and not differ(quantity, other) for other in others)
