from datetime import UTC, datetime, timedelta

import pytest

from bot.conflicts import disagreement
from bot.statements import source, statement

DAY = datetime(2025, 3, 1, tzinfo=UTC)
# Title and sentences of articles on two events; a sentence is called by its number.
LIBRARY = (
    "City of Brill approves library plan",
    "The council of Brill approved a new central library on Mill Street.",
    "The building will cost 42 million euros, mayor Ada Renn said.",
)
AUDIT = (
    "Auditors of Brill doubt library figures",
    "The new central library on Mill Street will cost 58 million euros, the auditors say.",
    "The library in Halden cost 9 million euros.",
)
MARCH = (
    "March fills Linden Square",
    "Some 25,000 people marched in Linden Square on Sunday, organisers said.",
    "Two people were arrested.",
)
POLICE = (
    "Police count marchers",
    "Police estimated that 8,000 people took part in the march in Linden Square on Sunday.",
    "Forty people were hurt.",
)


def said(
    question: str,
    one: tuple[str, ...],
    other: tuple[str, ...],
    *sentences: int,
    later: timedelta = timedelta(days=3),
) -> tuple[str, str] | None:
    """What two sentences disagree on, each with its article around it."""
    first = source(one[0], " ".join(one[1:]), DAY)
    second = source(other[0], " ".join(other[1:]), DAY + later)
    a, b = statement(one[sentences[0]], first), statement(other[sentences[1]], second)
    return disagreement(question, a, b)


def test_two_answers_to_one_question_are_one_thing_whatever_else_the_sentences_say() -> None:
    question = "How much will the new central library in Brill cost?"
    assert said(question, LIBRARY, AUDIT, 2, 1) == ("42 million euros", "58 million euros")
    question = "How many people marched in Linden Square?"
    assert said(question, MARCH, POLICE, 1, 1) == ("25,000", "8,000")


@pytest.mark.parametrize(
    ("question", "sentences"),
    [
        ("How much will the new central library in Brill cost?", (2, 2)),  # Halden's
        ("How much will the theatre in Brill cost?", (2, 1)),
        ("Who approved the library in Brill?", (2, 1)),
    ],
)
def test_answers_to_another_question_are_not(question: str, sentences: tuple[int, int]) -> None:
    assert said(question, LIBRARY, AUDIT, *sentences) is None


def test_people_arrested_and_people_hurt_are_two_things() -> None:
    assert said("How many people were arrested in Linden Square?", MARCH, POLICE, 2, 2) is None


def test_after_months_a_figure_in_other_words_may_have_changed() -> None:
    question = "How much will the new central library in Brill cost?"
    later = timedelta(days=400)
    assert said(question, LIBRARY, AUDIT, 2, 1, later=later) is None
