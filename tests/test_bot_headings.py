from dataclasses import replace
from math import exp
from pathlib import Path

import pytest

from bot.answerer import Question
from bot.evidence import Evidence, chances
from bot.headings import without_headings
from corpus.article import Article, Passage
from tests.bot_fakes import answerer, evidence, library

PRICE = "What it is worth"
ASKED = "What is it worth?"
VALUE = "It is valued at $28 billion."
TALKS = "Talks go on."
OTHER = "It was founded in 2019."


def article(*lines: str) -> Article:
    """One whose lines are paragraphs."""
    return Article("a", "", "\n\n".join(lines))


def found(text: Article, *scored: tuple[str, float]) -> list[Evidence]:
    """Sentences of one passage with their scores and the probabilities that come of them."""
    shares = chances([score for _, score in scored])
    return [
        evidence(line, score, start=text.text.index(line), probability=share)
        for (line, score), share in zip(scored, shares, strict=True)
    ]


def left(text: Article, *scored: tuple[str, float]) -> list[tuple[str, float]]:
    """What is left of them."""
    return [(one.text, one.score) for one in without_headings(found(text, *scored), {"a": text})]


def test_the_best_sentence_below_takes_the_place_of_a_heading() -> None:
    text = article(OTHER, PRICE, TALKS, VALUE)
    ranked = [(PRICE, 6.0), (VALUE, 5.0), (OTHER, 4.5), (TALKS, 4.0)]
    assert left(text, *ranked) == [(VALUE, 6.0), (OTHER, 4.5), (TALKS, 4.0)]


def test_a_heading_takes_no_place_beside_what_it_heads() -> None:
    text = article(OTHER, PRICE, VALUE)
    assert left(text, (VALUE, 6.0), (PRICE, 5.0), (OTHER, 1.0)) == [(VALUE, 6.0), (OTHER, 1.0)]


@pytest.mark.parametrize(
    ("heading", "want"),
    [
        pytest.param(PRICE, [(PRICE, 6.0), (VALUE, 3.9)], id="a heading may say more"),
        pytest.param(ASKED, [(VALUE, 6.0)], id="a question says nothing"),
    ],
)
def test_where_nothing_below_comes_near(heading: str, want: list[tuple[str, float]]) -> None:
    assert left(article(heading, VALUE), (heading, 6.0), (VALUE, 3.9)) == want


def test_a_heading_that_is_not_best_goes_where_nothing_below_comes_near() -> None:
    text = article(OTHER, PRICE, VALUE)
    assert left(text, (OTHER, 6.0), (PRICE, 5.0), (VALUE, 1.0)) == [(OTHER, 6.0), (VALUE, 1.0)]


def test_a_heading_does_not_speak_for_the_next_ones_text() -> None:
    text = article(PRICE, TALKS, "When it began", OTHER)
    ranked = [(PRICE, 6.0), (OTHER, 5.5), ("When it began", 5.0), (TALKS, 4.5)]
    assert left(text, *ranked) == [(TALKS, 6.0), (OTHER, 5.5)]


@pytest.mark.parametrize(
    ("ordinal", "first"),
    [pytest.param(1, VALUE, id="the next"), pytest.param(2, PRICE, id="the one after that")],
)
def test_a_heading_may_end_its_passage(ordinal: int, first: str) -> None:
    text = article(PRICE, VALUE)
    heading, value = found(text, (PRICE, 6.0), (VALUE, 5.0))
    hit = replace(value.hit, row=7, passage=Passage("a", 0, 1, ordinal))
    ranked = [heading, replace(value, hit=hit)]
    assert without_headings(ranked, {"a": text})[0].text == first


def test_probabilities_are_those_of_what_is_left() -> None:
    """The odds of two sentences are e to the difference of their scores: 2."""
    text = article(OTHER, PRICE, VALUE)
    ranked = found(text, (PRICE, 6.0), (VALUE, 5.0), (OTHER, 4.0))
    value, other = without_headings(ranked, {"a": text})
    assert value.probability + other.probability == pytest.approx(1)
    assert value.probability / other.probability == pytest.approx(exp(2))


@pytest.mark.parametrize("lines", [(OTHER, VALUE), (ASKED, VALUE)])
def test_what_has_no_heading_or_nothing_else_stays_as_it_is(lines: tuple[str, ...]) -> None:
    text = article(*lines)
    ranked = found(text, (lines[0], 1.0))
    assert without_headings(ranked, {"a": text}) == ranked


def test_an_answer_begins_with_what_answers_not_with_the_question_above_it(tmp_path: Path) -> None:
    text = "Rain fell.\n\nIs tea a whale?\n\nTea moon. Car car."
    library_of_one = library(tmp_path, Article("t.txt", "", text))
    answer = answerer(library_of_one, threshold=0.0).ask(Question("Is tea a whale?"))
    assert answer.citations[0].cited_text == "Tea moon."
