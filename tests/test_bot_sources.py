from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.answer import Answer
from bot.answerer import Question
from bot.citations import verify
from bot.errors import CitationBroken
from bot.sources import carries, gathered, of_first, same_wording
from corpus.article import Article, Passage, Span
from index.retrieve import Hit, Retriever, SentenceHit
from index.store import Filters
from tests.bot_fakes import answerer, evidence, library

FILLER = " ".join(f"w{n}" for n in range(40)) + "."
TEA = "Tea rain moon."
POST = Article("post.txt", "On tea", f"{TEA} {FILLER}", source="Post")
COURIER = Article("courier.txt", "Tea again", f"{TEA} {FILLER}\n\nWhale whale.", source="Courier")
EDITED = Article("edited.txt", "Edited", f"Tea rain car. {FILLER}", source="Edited")
OTHER = Article("other.txt", "Other", "Robot robot. Bank bank.", source="Other")


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> Retriever:
    """One story in three papers, one of which changed a word, and another article."""
    return library(tmp_path_factory.mktemp("data"), POST, COURIER, EDITED, OTHER)


def ids(answer: Answer) -> list[str]:
    return [document.id for document in answer.documents]


def cited(answer: Answer) -> list[tuple[str, str]]:
    return [(citation.document_id, citation.cited_text) for citation in answer.citations]


def test_one_copy_is_cited_and_the_others_that_carry_the_quote_are_listed(
    retriever: Retriever,
) -> None:
    """`edited.txt` is a copy too, but has not that sentence."""
    answer = answerer(retriever).ask(Question("tea rain moon", max_citations=1))
    assert cited(answer) == [("post.txt", TEA)]
    assert ids(answer) == ["post.txt", "courier.txt"]
    assert {document.cluster_id for document in answer.documents} == {"courier.txt"}
    assert (answer.corroboration.documents, answer.corroboration.independent_sources) == (2, 1)


def test_copies_that_the_filters_leave_out_are_not_listed(retriever: Retriever) -> None:
    for source, name in (("Post", "post.txt"), ("courier", "courier.txt")):
        question = Question("tea rain moon", filters=Filters(sources=(source,)), max_citations=1)
        answer = answerer(retriever).ask(question)
        assert (cited(answer), ids(answer)) == ([(name, TEA)], [name])


def test_what_only_a_copy_has_is_cited_from_it(retriever: Retriever) -> None:
    answer = answerer(retriever).ask(Question("whale", max_citations=1))
    assert (cited(answer), ids(answer)) == ([("courier.txt", "Whale whale.")], ["courier.txt"])


def test_a_listed_document_that_has_no_quote_breaks_the_answer(retriever: Retriever) -> None:
    answer = answerer(retriever).ask(Question("tea rain moon", max_citations=1))
    post, courier = answer.documents
    articles = retriever.articles.article
    for listed, reason in (
        (replace(courier, id="edited.txt", revision=EDITED.revision), "no quote of the answer"),
        (replace(courier, cluster_id="other"), "no quote of the answer"),
        (replace(courier, revision="sha256:0"), "the article is now"),
        (replace(courier, id="gone.txt"), "not in the index"),
    ):
        with pytest.raises(CitationBroken, match=reason):
            verify(replace(answer, documents=(post, listed)), articles)


def test_sources_are_counted_as_they_are_listed(retriever: Retriever) -> None:
    answer = answerer(retriever).ask(Question("tea rain moon", max_citations=1))
    boasted = replace(answer.corroboration, independent_sources=2)
    with pytest.raises(CitationBroken, match="counts other sources than it lists"):
        verify(replace(answer, corroboration=boasted), retriever.articles.article)


def test_the_newest_evidence_is_what_is_cited_not_a_later_copy(tmp_path: Path) -> None:
    day = answerer(library(tmp_path / "x", POST)).now()
    dated = [replace(POST, published_at=day.replace(day=1)), replace(COURIER, published_at=day)]
    answer = answerer(library(tmp_path / "data", *dated)).ask(Question("tea", max_citations=1))
    assert len(answer.documents) == 2
    assert answer.freshness.newest_published_at == answer.citations[0].published_at


NONE = np.empty(0, np.float32)


def hits(*places: tuple[str, str, int]) -> tuple[list[SentenceHit], dict[str, Article]]:
    """A passage a text, of the article named, with one sentence; and the articles."""
    found, texts = [], dict[str, str]()
    for row, (name, text, start) in enumerate(places):
        texts[name] = texts.get(name, "").ljust(start) + text
        passage = Passage(name, start, start + len(text), 0)
        span = Span(start, start + len(text))
        found.append(SentenceHit(Hit(row, passage, 1, 1, 0), span, NONE, NONE, NONE))
    return found, {name: Article(name, "", text) for name, text in texts.items()}


@pytest.mark.parametrize(
    ("places", "kept"),
    [
        ((("a", "tea rain moon car", 0), ("b", "tea rain moon car", 0)), [0, 1, 2]),
        # three of four terms in common are 0.75, two of four 0.5
        ((("a", "tea rain moon car", 0), ("b", "tea rain moon bank", 0)), [0, 1, 2]),
        ((("a", "tea rain moon car", 0), ("b", "tea rain bank whale", 0)), [0, 1]),
        ((("a", "tea rain moon car", 0), ("z", "tea rain moon car", 0)), [0, 1]),
        ((("a", "tea rain moon car", 0), ("a", "tea rain moon car", 20)), [0, 1]),
    ],
    ids=["a copy", "an edited copy", "another passage", "an independent article", "one article"],
)
def test_of_two_passages_a_copy_does_not_count(
    places: Sequence[tuple[str, str, int]], kept: list[int]
) -> None:
    found, articles = hits(*places, ("y", "robot", 0), ("x", "bank", 0))
    first, count = of_first(found, 2, articles, lambda name: name.replace("b", "a"))
    assert [sentence.hit.row for sentence in first] == kept
    assert count == 2


def test_fewer_passages_than_wanted_are_counted() -> None:
    found, articles = hits(("a", "tea", 0), ("b", "tea", 0))
    first, count = of_first(found, 5, articles, lambda _: "a")
    assert ([sentence.hit.row for sentence in first], count) == ([0, 1], 1)
    assert of_first([], 5, {}, str) == ([], 0)


def test_a_story_is_quoted_from_one_of_its_copies_as_far_as_that_goes() -> None:
    articles = {
        "a": Article("a", "", "Tea is hot. So is rain."),
        "b": Article("b", "", "He said: Tea is hot. And moon."),
    }
    ranked = [
        evidence("Tea is hot.", 3, article="b", start=9),
        evidence("So is rain.", 2, article="a", start=12),
        evidence("Tea is hot.", 1, article="a"),
    ]
    places = [
        (item.hit.passage.article_id, item.span, item.score)
        for item in gathered(ranked, articles, lambda _: "a")
    ]
    assert places == [("b", Span(9, 20), 3), ("a", Span(12, 23), 2)]


def test_line_ends_are_blanks_where_a_quote_is_looked_for() -> None:
    assert carries(Article("a", "", "Tea\nis  hot."), ["x", "Tea is\nhot."])
    assert not carries(Article("a", "", "Tea is cold."), ["Tea is hot."])


QUOTE = "About 740 engineers will transfer to Tillerway, which will sit in Dunmere."


@pytest.mark.parametrize(
    ("sentence", "same"),
    [
        (QUOTE.replace("engineers", "engineers, most of them old,"), True),
        ("About 740 engineers will transfer to Tillerway, that will sit in Dunmere.", True),
        ("About 470 engineers will transfer to Tillerway, which will sit in Dunmere.", False),
        ("About 740 engineers will transfer to Tillerway, which will sit in Larkspur.", False),
        ("About 740 engineers will not transfer to Tillerway, which will sit in Dunmere.", False),
        ("To Tillerway, which will sit in Dunmere, will transfer about 740 engineers.", False),
        (f"{QUOTE[:-1]}, said the unions, that had asked for a hall in another town.", False),
    ],
    ids=["words put in", "a small word changed", "a figure changed", "a name changed", "denied",
         "turned around", "much more said"],
)  # fmt: skip
def test_an_edited_quote_is_one_as_long_as_it_says_the_same(
    sentence: str, same: bool  # noqa: FBT001  (a table's column)
) -> None:  # fmt: skip
    assert same_wording(QUOTE, sentence) == same
    assert carries(Article("a", "", f"Rain. {sentence} Moon."), ["Tea.", QUOTE]) == same
