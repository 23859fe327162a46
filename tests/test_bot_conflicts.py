from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bot.answer import Answer, Conflict, Corroboration
from bot.answerer import Answerer, Question
from bot.asked import AMOUNTS, NOTHING, asked_kinds, asks_whether, is_keywords
from bot.citations import newest_of, verify
from bot.conflicts import Disagreement, disagreement, find_disagreement, leads, sought, with_both
from bot.errors import CitationBroken
from bot.render import render
from bot.statements import source, statement
from corpus.article import Article
from index.store import Filters
from tests.bot_fakes import answerer, evidence, library
from tests.conflict_pairs import AGREE, CONFLICTS, MISSED, OTHER_THINGS


def both_ways(question: str, a: str, b: str) -> set[tuple[str, str] | None]:
    """What is found whichever of the two stands first, as if it always were the first."""
    backwards = disagreement(question, statement(b), statement(a))
    return {
        disagreement(question, statement(a), statement(b)),
        backwards and (backwards[1], backwards[0]),
    }


@pytest.mark.parametrize(("question", "a", "b", "values"), CONFLICTS)
def test_two_figures_for_one_thing_disagree(
    question: str, a: str, b: str, values: tuple[str, str]
) -> None:
    assert both_ways(question, a, b) == {values}


@pytest.mark.parametrize(("question", "a", "b"), AGREE)
def test_figures_that_can_both_be_right_do_not(question: str, a: str, b: str) -> None:
    assert both_ways(question, a, b) == {None}


@pytest.mark.parametrize(("question", "a", "b"), OTHER_THINGS)
def test_figures_for_two_things_do_not(question: str, a: str, b: str) -> None:
    assert both_ways(question, a, b) == {None}


@pytest.mark.xfail(strict=True, reason="paraphrased beyond shared words")
@pytest.mark.parametrize(("question", "a", "b", "values"), MISSED)
def test_a_disagreement_in_other_words_is_seen(
    question: str, a: str, b: str, values: tuple[str, str]
) -> None:
    assert both_ways(question, a, b) == {values}


def test_the_pairs_are_many_and_of_all_sorts() -> None:
    assert len(CONFLICTS) >= 35
    assert len(AGREE) + len(OTHER_THINGS) >= 50


@given(st.sampled_from(CONFLICTS), st.sampled_from(CONFLICTS))
def test_a_sentence_never_disagrees_with_itself(
    one: tuple[str, str, str, tuple[str, str]], other: tuple[str, str, str, tuple[str, str]]
) -> None:
    for text in one[1:3]:
        assert disagreement(other[0], statement(text), statement(text)) is None


def test_the_title_tells_what_it_is() -> None:
    question = "How many orders did the Heron get?"
    a, b = "The Heron got 41,300 orders in May.", "Orvane got 36,800 orders for it in May."
    assert disagreement(question, statement(a), statement(b)) is None
    titled = statement(b, source("The Heron, counted anew", b))
    assert disagreement(question, statement(a), titled) == ("41,300", "36,800")


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        ("How many people came?", {"count", "percent"}),
        ("how mny people came", {"count", "percent"}),
        ("How many hours did it take?", {"duration"}),
        ("How many million dollars did it cost?", {"money"}),
        ("How much is it?", AMOUNTS - {"score"}),
        ("When was that?", {"date"}),
        ("In which year was it built?", {"date"}),
        ("What share of voters came?", {"percent"}),
        ("What is the price of the car?", {"money", "percent"}),
        ("heron price", {"money", "percent"}),
        ("What was the score?", {"score"}),
        ("heron orders first month?", AMOUNTS),
        ("Did more than 40,000 people come?", {"count"}),
        ("Did people come?", NOTHING),
        ("Who came?", NOTHING),
        ("Why did 12 people come?", NOTHING),
        ("What is it made of?", NOTHING),
        ("How does it work?", NOTHING),
    ],
)
def test_the_question_says_what_sort_of_value_it_wants(question: str, kinds: set[str]) -> None:
    assert asked_kinds(question) == kinds


def test_a_question_wants_yes_or_no_or_is_keywords_or_neither() -> None:
    assert asks_whether("Is it true that 12 came?")
    assert not asks_whether("Do you know how many came?")
    assert is_keywords("heron orders first month?")
    assert not is_keywords("How many orders?")
    assert not is_keywords("Did 12 come?")


QUESTION = "How many people crossed the bridge?"
TWELVE = "Twelve people crossed the bridge."
NINE = "Nine people crossed the bridge."
ARTICLES = {name: Article(name, "", "") for name in "abc"}


def test_only_independent_articles_disagree() -> None:
    one, other = evidence(TWELVE, article="a"), evidence(NINE, article="b")
    for independent, want in (
        (True, Disagreement(one, other, ("Twelve", "Nine"))),
        (False, None),
    ):
        found = find_disagreement(
            sought(QUESTION), [one], [one, other], ARTICLES, lambda *_, yes=independent: yes
        )
        assert found == want


def test_a_lead_states_a_value_of_the_sort_and_ranks_high() -> None:
    silent = evidence("People crossed the bridge.")
    one = evidence(TWELVE)
    assert leads(sought(QUESTION), [silent, one]) == [one]
    assert leads(sought(QUESTION), [*[silent] * 8, one]) == []
    assert leads(sought("Who crossed the bridge?"), [one]) == []


def test_keywords_must_be_in_the_lead() -> None:
    one = evidence(TWELVE)
    assert leads(sought("people bridge"), [one]) == [one]
    assert leads(sought("people bridge stone paint"), [one]) == []  # two of four


@pytest.mark.parametrize(
    ("limit", "want"),
    [(2, "xy"), (3, "axy"), (4, "axyb"), (9, "axybc")],
)
def test_both_sides_are_quoted_side_by_side_after_what_ranks_higher(limit: int, want: str) -> None:
    names = dict(zip("abcxy", (9, 5, 4, 7, 1), strict=True))
    made = {name: evidence(name, score, article=name) for name, score in names.items()}
    found = Disagreement(made["x"], made["y"], ("1", "2"))
    chosen = [made[name] for name in "axbc"]
    assert "".join(e.text for e in with_both(chosen, found, limit)) == want


SEA = Article(
    "sea.txt", "", "Twelve robots crossed the car bank.", source="Sea",
    published_at=datetime(2025, 5, 19, tzinfo=UTC),
)  # fmt: skip
SKY = Article(
    "sky.txt", "", "Nine robots crossed the car bank.", source="Sky",
    published_at=datetime(2025, 6, 27, tzinfo=UTC),
)  # fmt: skip
ASKED = Question("How many robots crossed the car bank?")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Answerer:
    """Over two articles that disagree."""
    return answerer(library(tmp_path_factory.mktemp("data"), SEA, SKY), threshold=0.0)


def test_the_answer_says_who_says_what_and_when(asked: Answerer) -> None:
    answer = asked.ask(ASKED)
    assert answer.answer == (
        "Twelve robots crossed the car bank. [1] Nine robots crossed the car bank. [2] "
        "Sources disagree: Twelve [1] (2025-05-19), Nine [2] (2025-06-27)."
    )
    assert answer.conflicts == (Conflict(("Twelve", "Nine"), ("c1", "c2"), "c2"),)
    assert answer.corroboration == Corroboration(documents=2, independent_sources=2)


def test_the_last_line_says_that_the_sources_disagree(asked: Answerer) -> None:
    retriever, _ = asked.live()
    console = Console(file=StringIO(), width=100)
    console.print(render(asked.ask(ASKED), retriever.articles.article))
    assert isinstance(console.file, StringIO)
    assert "2 independent sources · they disagree · newest" in console.file.getvalue()


def test_a_disagreement_needs_room_for_two_and_both_to_pass_the_filters(asked: Answerer) -> None:
    assert asked.ask(replace(ASKED, max_citations=1)).conflicts == ()
    assert asked.ask(replace(ASKED, filters=Filters(sources=("sea",)))).conflicts == ()


def test_an_abstention_shows_both_and_claims_nothing(asked: Answerer) -> None:
    answer = replace(asked, threshold=1.0).ask(ASKED)
    assert (answer.status, answer.conflicts) == ("abstained", ())
    assert [citation.document_id for citation in answer.citations] == ["sea.txt", "sky.txt"]


def test_copies_of_one_story_do_not_disagree(tmp_path: Path) -> None:
    tail = " ".join(f"w{n}" for n in range(40)) + "."
    twins = [replace(article, text=f"{article.text} {tail}") for article in (SEA, SKY)]
    answer = answerer(library(tmp_path / "data", *twins), threshold=0.0).ask(ASKED)
    assert answer.conflicts == ()


def broken(answer: Answer, reason: str) -> None:
    texts = {"sea.txt": SEA, "sky.txt": SKY}
    with pytest.raises(CitationBroken, match=reason):
        verify(answer, texts.__getitem__)


def test_a_disagreement_that_does_not_hold_is_named(asked: Answerer) -> None:
    answer = asked.ask(ASKED)
    (conflict,) = answer.conflicts
    for changed, reason in (
        (replace(conflict, values=("Twelve", "Ten")), "a value that its citation does not"),
        (replace(conflict, values=("Twelve",)), "lacks a value or a citation"),
        (replace(conflict, citation_ids=("c1", "c9")), "lacks a value or a citation"),
        (replace(conflict, newest="c1"), "the wrong newest side"),
    ):
        broken(replace(answer, conflicts=(changed,)), reason)
    broken(replace(answer, conflicts=()), "something else than its quotes")
    said = answer.answer.replace("disagree", "agree")
    broken(replace(answer, answer=said), "something else than its quotes")
    one = tuple(replace(document, cluster_id="x") for document in answer.documents)
    broken(replace(answer, documents=one), "between copies of one story")


def test_no_side_is_newest_where_dates_are_missing_or_equal(asked: Answerer) -> None:
    one, other = asked.ask(ASKED).citations
    assert newest_of([one, other]) == "c2"
    assert newest_of([other, one]) == "c2"
    assert newest_of([one, replace(other, published_at=None)]) is None
    assert newest_of([one, replace(other, published_at=one.published_at)]) is None
