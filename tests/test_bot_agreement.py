from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.agreement import READ, Told, agree, find_agreeing, same_value, with_agreeing
from bot.answerer import Question
from bot.conflicts import sought
from bot.evidence import Evidence
from bot.quantities import comparable, quantities
from bot.reading import PassageRead
from bot.statements import source, statement
from corpus.article import Article, Span
from index.reader import Reading
from tests.bot_fakes import answerer, evidence, library
from tests.conflict_pairs import AGREE, CONFLICTS, OTHER_THINGS


def both_ways(question: str, a: str, b: str) -> set[bool]:
    wanted = sought(question)
    return {
        agree(wanted, statement(a), statement(b)),
        agree(wanted, statement(b), statement(a)),
    }


@pytest.mark.parametrize(("question", "a", "b", "values"), CONFLICTS)
def test_sentences_that_would_disagree_agree_once_their_figures_are_one(
    question: str, a: str, b: str, values: tuple[str, str]
) -> None:
    assert both_ways(question, a, b) == {False}
    assert both_ways(question, a, b.replace(values[1], values[0])) == {True}


def same_figures(a: str, b: str) -> list[str]:
    """Each way to put a figure of `a` in the place of one of `b` of its sort."""
    return [
        b[: y.start] + a[x.start : x.end] + b[y.end :]
        for x in quantities(a)
        for y in quantities(b)
        if comparable(x, y)
    ]


# With one figure these say one thing.
NOW_ONE = {"Who runs Vantor?", "Why did the plant close?"}


@pytest.mark.parametrize(
    ("question", "a", "b"), [pair for pair in OTHER_THINGS if pair[0] not in NOW_ONE]
)
def test_another_thing_is_no_second_source_though_the_figure_be_the_same(
    question: str, a: str, b: str
) -> None:
    for other in [b, *same_figures(a, b)]:
        assert both_ways(question, a, other) == {False}


# Of the pairs that can both be right, those that leave it at that.
OPEN = {
    "Zephyr got more than 40,000 orders for the scooter in its first week.",
    "The flight took one and a half hours.",
    "Vantor wants a stake of 5 percent in Lumio.",
    "The storm left fewer than 20,000 homes without power.",
    "The ferry accident killed 47 people.",
    "The stadium cost nearly half a billion dollars.",
    "Orsk, a city of some 212,000 people, lies on the Ural.",
}


@pytest.mark.parametrize(("question", "a", "b"), AGREE)
def test_a_value_that_may_be_the_same_is_not_yet_the_same(question: str, a: str, b: str) -> None:
    assert both_ways(question, a, b) == {b not in OPEN}


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("12 cars", "twelve cars", True),
        ("about 41,000 cars", "41,300 cars", True),
        ("at least 39 cars", "39 cars", True),
        ("at least 39 cars", "47 cars", False),
        ("up to 20 percent", "20 percent", False),
        ("up to 20 percent", "up to 20 percent", True),
        ("4 to 6 percent", "5 percent", False),
        ("March 14, 2026", "in March 2026", True),
        ("March 14", "14 March 2026", True),
        ("March 14, 2026", "March 14, 2025", False),
        ("3-1", "3-1", True),
    ],
)
def test_one_value(a: str, b: str, same: bool) -> None:  # noqa: FBT001  (a table's column)
    (x,), (y,) = quantities(a), quantities(b)
    assert same_value(x, y) == same_value(y, x) == same


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("The Sorrel plant closed because of falling demand.",
         "Falling demand led the firm to close its plant in Sorrel.", True),
        ("The Sorrel plant closed because of falling demand.",
         "The union said the Sorrel plant did not close because of falling demand.", False),
        # alike, but for the reason
        ("Vantor will close its glass plant in Sorrel because energy is too dear.",
         "The glass plant in Sorrel, which Vantor will close, has shaped the town.", False),
    ],
)  # fmt: skip
def test_what_has_no_figure_is_said_again_or_is_not(
    a: str, b: str, same: bool  # noqa: FBT001  (a table's column)
) -> None:  # fmt: skip
    assert both_ways("Why did the plant in Sorrel close?", a, b) == {same}


def test_what_has_another_number_in_its_name_is_another_thing() -> None:
    a = "This is the first post of the series on the design of trams."
    b = "This is Part 2, a post of the series on the design of trams."
    question = "What is the series on trams about?"
    assert both_ways(question, a, b) == {False}
    assert both_ways(question, a, b.replace("Part 2, ", "")) == {True}


DAY = datetime(2025, 5, 19, tzinfo=UTC)
QUESTION = "Who is the chief of Lumio?"
FIRST = "Oda Wick has been the chief of Lumio since May."
ARTICLES = {
    "a": Article("a", "Lumio", FIRST, source="Post"),
    "b": Article(
        "b",
        "Lamps of Lumio",
        "Its chief, Oda Wick, spoke to staff about the move.",
        source="Herald",
    ),
    "c": Article(
        "c",
        "Brandt",
        "Its chief, Oda Wick, spoke to staff about the move.",
        source="Mail",
    ),
    "d": Article(
        "d", "Lumio", "The chief of Lumio, Oda Wick, spoke to staff about the move.", source="Post"
    ),
    "e": Article("e", "Lumio", f"{FIRST}", source="Herald"),
}


def of(name: str, text: str = "") -> Evidence:
    text = text or ARTICLES[name].text
    return evidence(text, article=name, start=ARTICLES[name].text.index(text))


class Reads:
    """Finds `words` where a sentence has them, sure that the answer is there or not."""

    def __init__(self, words: str, there: float = 2.0) -> None:
        self.words, self.there, self.seen = words, there, list[str]()

    def __call__(self, one: Evidence) -> PassageRead:
        """Read."""
        self.seen.append(one.text)
        at = one.span.start + max(0, one.text.find(self.words))
        span = Span(at, at + len(self.words))
        return PassageRead(one.hit, Reading(self.there, span, 0.9, (at,), (1.0,)), 0)


def second(*others: Evidence, reads: Reads | None = None, apart: bool = True) -> str | None:
    """The article of the sentence that agrees."""
    told = Told("Oda Wick", reads) if reads else None
    found = find_agreeing(sought(QUESTION), of("a"), others, ARTICLES, lambda *_: apart, told=told)
    return found.hit.passage.article_id if found else None


def test_the_reader_finds_the_same_words_in_an_independent_article() -> None:
    assert second(of("b"), reads=Reads("Oda Wick")) == "b"
    assert second(of("b"), reads=Reads("Wick")) == "b"


@pytest.mark.parametrize(
    "reads",
    [None, Reads("Oda Wick", there=-1.0), Reads("staff")],
    ids=["nothing reads", "no answer there", "another answer"],
)
def test_the_same_words_alone_are_no_second_source(reads: Reads | None) -> None:
    assert second(of("b"), reads=reads) is None


@pytest.mark.parametrize(
    ("other", "apart"),
    [(of("b"), False), (of("c"), True), (of("d"), True), (of("e"), True)],
    ids=["a copy", "an article without the name asked about", "one outlet", "the same sentence"],
)
def test_what_is_no_independent_statement_of_it_is_not_even_read(
    other: Evidence, apart: bool  # noqa: FBT001  (a table's column)
) -> None:  # fmt: skip
    reads = Reads("Oda Wick")
    assert second(other, reads=reads, apart=apart) is None
    assert reads.seen == []


def test_few_are_read() -> None:
    reads = Reads("Oda Wick", there=-1.0)
    assert second(*[of("b")] * 9, reads=reads) is None
    assert len(reads.seen) == READ


# A question, what answers it, and the end of another article that is on something else, or is not.
TRAPS = [
    pytest.param(
        "How many people does Brandt employ?",
        "Brandt itself employs 900 people.",
        "At Lumio the day begins early. Lumio employs 900 people.",
        "At Brandt the day begins early. Brandt employs 900 people.",
        id="it begins with another name",
    ),
    pytest.param(
        "How much did Rovers pay for Marsh?",
        "Rovers paid 12 million crowns for the striker Marsh.",
        "Then Rovers sold Marsh and Harbour paid 12 million crowns for Amar.",
        "Then Rovers bought Marsh and paid 12 million crowns.",
        id="it names some of whom the other article knows nothing",
    ),
    pytest.param(
        "How much did the new plant of Brandt cost?",
        "The new plant of Brandt cost 40 million crowns.",
        "Unlike Brandt, its rival Lumio has yet to build a plant. It will cost 40 million crowns.",
        "The workers of Brandt waited long for a plant. It will cost 40 million crowns.",
        id="the sentence that it leans on does",
    ),
    pytest.param(
        "How many houses did the flood destroy?",
        "The flood destroyed 85 houses.",
        "Water of the flood of 1997 destroyed 85 houses.",
        "Water of the flood destroyed 85 houses in all.",
        id="it is of another year",
    ),
]


@pytest.mark.parametrize(("question", "first", "on_another", "on_the_same"), TRAPS)
def test_the_same_figure_for_another_is_no_second_source(
    question: str, first: str, on_another: str, on_the_same: str
) -> None:
    """The titles have all that is asked for, and both articles are of 2025."""
    one = Article("a", "Brandt, Rovers, Marsh and the flood", first, published_at=DAY)
    for text, agrees in ((on_another, False), (on_the_same, True)):
        start = text.find(". ") + 2 if ". " in text else 0
        articles = {"a": one, "b": replace(one, id="b", text=text)}
        said = evidence(text[start:], article="b", start=start)
        found = find_agreeing(sought(question), evidence(first), [said], articles, lambda *_: True)
        assert found is (said if agrees else None)


@pytest.mark.parametrize(
    ("chosen", "limit", "want"),
    [("a", 3, "ax"), ("abc", 3, "abx"), ("ab", 2, "ax"), ("axb", 3, "axb")],
)
def test_it_is_quoted_last_in_place_of_another_if_need_be(
    chosen: str, limit: int, want: str
) -> None:
    made = {name: evidence(name, article=name) for name in "abcx"}
    got: Sequence[Evidence] = with_agreeing([made[n] for n in chosen], made["x"], limit)
    assert "".join(one.text for one in got) == want


SEA = Article("sea.txt", "", "Twelve robots crossed the car bank.", source="Sea", published_at=DAY)
SKY = Article("sky.txt", "", "At the car bank, 12 robots crossed.", source="Sky")
TAIL = " ".join(f"w{n}" for n in range(40)) + "."
ASKED = Question("How many robots crossed the car bank?")


def test_both_sources_are_cited_and_counted(tmp_path: Path) -> None:
    """The words are the same, but turned around; as a repeat the second would be left out."""
    asked = answerer(library(tmp_path / "data", SEA, SKY), threshold=0.0)
    answer = asked.ask(ASKED)
    assert {citation.document_id for citation in answer.citations} == {"sea.txt", "sky.txt"}
    assert (answer.corroboration.documents, answer.corroboration.independent_sources) == (2, 2)
    assert answer.conflicts == ()
    assert len(asked.ask(replace(ASKED, max_citations=1)).citations) == 1


def test_an_edited_copy_is_listed_and_counts_with_its_original(tmp_path: Path) -> None:
    """The words put in make it another string, not another source."""
    edited = replace(
        SEA, id="edited.txt", source="Sky", text="Twelve robots, all new, crossed the car bank."
    )
    story = [replace(article, text=f"{article.text} {TAIL}") for article in (SEA, edited)]
    answer = answerer(library(tmp_path / "data", *story), threshold=0.0).ask(ASKED)
    assert len({document.id for document in answer.documents}) == 2
    assert len({citation.document_id for citation in answer.citations}) == 1
    assert answer.corroboration.independent_sources == 1


def test_surroundings_decide_where_the_sentence_does_not() -> None:
    question = "How many orders did the Heron get?"
    a = statement("The Heron got 41,300 orders in May.")
    b = "Orvane got 41,300 orders for it in May."
    assert not agree(sought(question), a, statement(b))
    assert agree(sought(question), a, statement(b, source("The Heron, counted anew", b)))
