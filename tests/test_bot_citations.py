import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answer import Annotation, Answer
from bot.answerer import Question
from bot.citations import (
    age_days,
    as_written,
    cite,
    fragment_url,
    short_answer_place,
    verify,
    write_answer,
)
from bot.errors import AnswersUnreadable, CitationBroken
from bot.json_lines import read_answers, to_json
from corpus.article import Article
from index.errors import ArticleNotFound
from tests.bot_fakes import NOW, TEA, WHALE, answerer, evidence, library

Tamper = Callable[[Answer], Answer]


def articles(article_id: str) -> Article:
    """The library."""
    for article in (TEA, WHALE):
        if article.id == article_id:
            return article
    raise ArticleNotFound(article_id)


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> Answer:
    """Three quotes: `[0, 8)`, `[9, 18)` and `[19, 28)` of the article on tea."""
    retriever = library(tmp_path_factory.mktemp("library") / "data", TEA, WHALE)
    return answerer(retriever).ask(Question("tea"))


def test_each_quote_is_followed_by_its_number_and_placed() -> None:
    text, places = write_answer([evidence("Tea is hot."), evidence("So is\nrain!")])
    assert text == "Tea is hot. [1] So is rain! [2]"
    assert places == [Annotation(0, 11), Annotation(16, 27)]


def test_the_text_has_an_article_s_quotes_in_reading_order_and_the_best_is_1() -> None:
    quotes = [
        evidence("B2.", article="b", start=50),
        evidence("A1.", article="a", start=0),
        evidence("B3.", article="b", start=70),
        evidence("B1.", article="b", start=10),
    ]
    text, places = write_answer(quotes)
    assert text == "B1. [4] B2. [1] B3. [3] A1. [2]"
    said = [text[place.start_index : place.end_index] for place in places]
    assert said == ["B2.", "A1.", "B3.", "B1."]


def test_citations_are_found_as_the_text_has_them_those_it_lacks_last(answer: Answer) -> None:
    one, two, three = answer.citations
    unused, late = replace(one, annotations=()), replace(two, annotations=(Annotation(90, 99),))
    assert as_written([unused, late, three]) == [three, late, unused]


def test_no_evidence_writes_nothing() -> None:
    assert write_answer([]) == ("", [])


def test_a_citation_names_the_revision_and_the_range() -> None:
    found = cite(
        evidence("Tea moon.", 0.87654, article="tea.txt", start=9), 2, TEA, [Annotation(1, 2)], NOW
    )
    assert (found.id, found.number, found.type) == ("c2", 2, "char_location")
    assert TEA.text[found.start_char_index : found.end_char_index] == found.cited_text
    assert (found.document_title, found.source, found.author) == ("On tea", "The Post", "Ada")
    assert (found.revision, found.score, found.verified) == (TEA.revision, 0.8765, False)
    assert found.annotations == (Annotation(1, 2),)
    assert (found.published_at, found.age_days) == (TEA.published_at, 2)
    assert found.fragment_url == "https://post.example/tea#:~:text=Tea%20moon."


@pytest.mark.parametrize(
    ("published", "days"),
    [
        (None, None),
        (datetime(2026, 1, 3, tzinfo=UTC), 0),
        (datetime(2026, 1, 2, 12, 0, 1, tzinfo=UTC), 0),
        (datetime(2026, 1, 2, 12, tzinfo=UTC), 1),
        (datetime(2025, 1, 3, 12, tzinfo=UTC), 365),
        (datetime(2027, 1, 1, tzinfo=UTC), 0),
    ],
)
def test_age_counts_whole_days_and_never_below_none(
    published: datetime | None, days: int | None
) -> None:
    assert age_days(published, NOW) == days


LONG = " ".join(f"word{n}" for n in range(60))  # 50 of 6 and 10 of 5 characters, 59 blanks: 409


@pytest.mark.parametrize(
    ("url", "text", "want"),
    [
        pytest.param(None, "Tea.", None, id="no address"),
        pytest.param("https://x.example", "Tea.", "https://x.example#:~:text=Tea.", id="plain"),
        pytest.param(
            "https://x.example", "a-b, c & d", "https://x.example#:~:text=a%2Db%2C%20c%20%26%20d",
            id="what the directive's own syntax uses",
        ),
        pytest.param(
            "https://x.example", "50 % #1 é", "https://x.example#:~:text=50%20%25%20%231%20%C3%A9",
            id="what an address may not hold",
        ),
        pytest.param(
            "https://x.example", "Tea\nis  hot.", "https://x.example#:~:text=Tea%20is%20hot.",
            id="any blanks become one",
        ),
        pytest.param(
            "https://x.example#top", "Tea.", "https://x.example#top:~:text=Tea.",
            id="behind a fragment of its own",
        ),
        pytest.param(
            "https://x.example", LONG,
            "https://x.example#:~:text=word0%20word1%20word2%20word3%20word4%20word5,"
            "word54%20word55%20word56%20word57%20word58%20word59",
            id="a long one by its ends",
        ),
        pytest.param(
            "https://x.example", "x" * 301, f"https://x.example#:~:text={'x' * 301}",
            id="a long one of few words",
        ),
    ],
)  # fmt: skip
def test_a_link_marks_the_quote(url: str | None, text: str, want: str | None) -> None:
    assert fragment_url(url, text) == want


@settings(deadline=None)
@given(st.text(min_size=1).filter(str.strip))
def test_a_link_holds_the_quote_and_nothing_of_the_syntax(text: str) -> None:
    link = fragment_url("https://x.example", text[:100])
    assert link is not None
    directive = link.removeprefix("https://x.example#:~:text=")
    assert unquote(directive) == " ".join(text[:100].split())
    assert not set(directive) & set("-,&# ")


def test_an_answer_s_citations_hold(answer: Answer) -> None:
    assert len(answer.citations) == 3
    assert all(citation.verified for citation in answer.citations)
    assert verify(answer, articles) == 3


def first(**changes: object) -> Tamper:
    """What changes fields of the first citation."""

    def tamper(answer: Answer) -> Answer:
        changed = replace(answer.citations[0], **changes)  # type: ignore[arg-type]
        return replace(answer, citations=(changed, *answer.citations[1:]))

    return tamper


def listed(answer: Answer) -> Answer:
    documents = tuple(replace(document, revision="sha256:0") for document in answer.documents)
    return replace(answer, documents=documents)


@pytest.mark.parametrize(
    ("tamper", "reason"),
    [
        pytest.param(first(cited_text="Tea cat."), "reads 'Tea car.', not 'Tea cat.'", id="quote"),
        pytest.param(first(cited_text=""), "not ''", id="no quote"),
        pytest.param(first(start_char_index=1), "[1, 8) reads 'ea car.'", id="start"),
        pytest.param(first(end_char_index=9), "[0, 9) reads 'Tea car. '", id="end"),
        pytest.param(first(start_char_index=-28), "[-28, 8) is no range", id="below 0"),
        pytest.param(first(end_char_index=29), "no range of a text of 28", id="behind the text"),
        pytest.param(first(start_char_index=8), "[8, 8) is no range", id="empty"),
        pytest.param(first(revision=WHALE.revision), "the article is now", id="revision"),
        pytest.param(first(document_id="whale.txt"), "the article is now", id="another article"),
        pytest.param(first(document_id="gone.txt"), "not in the index", id="unknown article"),
        pytest.param(listed, "list of documents", id="the document's revision"),
        pytest.param(lambda a: replace(a, documents=()), "list of documents", id="no document"),
        pytest.param(
            first(annotations=(Annotation(0, 7),)), "the answer's [0, 7)", id="annotation"
        ),
        pytest.param(
            first(annotations=(Annotation(0, 8), Annotation(12, 20))), "[12, 20)", id="a second one"
        ),
        pytest.param(
            # The answer has 40 characters, so that text[-40:-32] reads as text[0:8] does.
            first(annotations=(Annotation(-40, -32),)), "[-40, -32)", id="annotation from the end"
        ),
        pytest.param(
            first(matches=(Annotation(0, 9),)), "match [0, 9) is no range", id="match behind"
        ),
        pytest.param(first(matches=(Annotation(-1, 3),)), "match [-1, 3)", id="match before"),
        pytest.param(first(matches=(Annotation(3, 3),)), "match [3, 3)", id="empty match"),
        pytest.param(
            first(matches=(Annotation(4, 7), Annotation(0, 3))), "match [0, 3)", id="out of order"
        ),
        pytest.param(
            first(matches=(Annotation(0, 7), Annotation(4, 7))), "match [4, 7)", id="overlapping"
        ),
        pytest.param(first(matches=(Annotation(0, 2),)), "cuts a word", id="half a word"),
        pytest.param(first(matches=(Annotation(5, 7),)), "cuts a word", id="its other half"),
        pytest.param(
            lambda a: replace(a, answer=a.answer.replace("car", "cat")), "is not the quote",
            id="the answer's words",
        ),
        pytest.param(
            lambda a: replace(a, answer=" " + a.answer), "is not the quote", id="the answer moved"
        ),
    ],
)  # fmt: skip
def test_whatever_is_changed_is_named(answer: Answer, tamper: Tamper, reason: str) -> None:
    broken = tamper(answer)
    with pytest.raises(CitationBroken) as caught:
        verify(broken, articles)
    error = caught.value
    assert reason in error.reason
    assert (error.answer_id, error.citation_id) == ("ans_1", "c1")
    assert error.document_id == broken.citations[0].document_id
    assert f"Answer ans_1, citation c1 of {error.document_id}: " in str(error)


def test_an_article_that_was_edited_since_breaks_its_citations(answer: Answer) -> None:
    with pytest.raises(CitationBroken, match="the article is now sha256:"):
        verify(answer, lambda name: replace(articles(name), title="On green tea"))


def test_the_first_that_does_not_hold_is_named(answer: Answer) -> None:
    one, two, three = answer.citations
    bad = [replace(citation, end_char_index=99) for citation in (two, three)]
    with pytest.raises(CitationBroken) as caught:
        verify(replace(answer, citations=(one, *bad)), articles)
    assert caught.value.citation_id == "c2"


@pytest.mark.parametrize(
    ("tamper", "reason"),
    [
        pytest.param(first(document_title="On milk"), "it gives the title as On milk", id="title"),
        pytest.param(first(url="https://y.example"), "the url as https://y.example", id="url"),
        pytest.param(first(source="The Daily Cup"), "the source as The Daily Cup", id="outlet"),
        pytest.param(first(author="A. Leaf"), "the author as A. Leaf", id="author"),
        pytest.param(
            first(published_at=datetime(2020, 1, 1, tzinfo=UTC)),
            "the date as 2020-01-01",
            id="date",
        ),
    ],
)
def test_whatever_a_citation_says_of_its_article_must_be_so(
    answer: Answer, tamper: Tamper, reason: str
) -> None:
    with pytest.raises(CitationBroken, match=reason):
        verify(tamper(answer), articles)


@pytest.mark.parametrize(
    ("tamper", "reason"),
    [
        pytest.param(
            lambda a: replace(a, answer=a.answer + " And it is free."), "something else than its",
            id="words behind the quotes",
        ),
        pytest.param(
            lambda a: replace(a, citations=()), "answers without a citation", id="no citation"
        ),
        pytest.param(first(annotations=()), "no part of the answer rests on", id="no annotation"),
    ],
)  # fmt: skip
def test_an_answer_says_its_quotes_and_nothing_else(
    answer: Answer, tamper: Tamper, reason: str
) -> None:
    with pytest.raises(CitationBroken, match=reason) as caught:
        verify(tamper(answer), articles)
    assert str(caught.value).startswith("Answer ans_1: ")


GUARDED = ("cited_text", "start_char_index", "end_char_index", "revision", "annotations")


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_character_flipped_in_a_saved_answer_s_proof_is_caught(
    answer: Answer, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """In a quote, in the digits of a range, or in a revision, of any citation or document."""
    record = json.loads(to_json(answer))
    number = data.draw(st.integers(0, 2))
    field = data.draw(st.sampled_from([*GUARDED, "document"]))
    target = record["documents"][0] if field == "document" else record["citations"][number]
    name = "revision" if field == "document" else field
    if field == "annotations":
        target, name = (
            target["annotations"][0],
            data.draw(st.sampled_from(["start_index", "end_index"])),
        )
    target[name] = flipped(target[name], data)
    path = tmp_path_factory.getbasetemp() / "flipped.json"
    path.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises((CitationBroken, AnswersUnreadable)):
        [verify(saved, articles) for saved in read_answers(path)]


def flipped(value: int | str, data: st.DataObject) -> int | str:
    """The value with one of its characters (a digit by a digit) replaced by another."""
    text = str(value)
    place = data.draw(st.integers(0, len(text) - 1))
    others = (
        st.sampled_from("0123456789") if isinstance(value, int) else st.characters(codec="utf-8")
    )
    other = data.draw(others.filter(lambda character: character != text[place]))
    return type(value)(text[:place] + other + text[place + 1 :])


def test_a_saved_answer_reads_back_as_it_was(answer: Answer, tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    path.write_text(to_json(answer, indent=2), encoding="utf-8")
    assert list(read_answers(path)) == [answer]


def test_an_answer_of_before_there_were_matches_reads_back_without(
    answer: Answer, tmp_path: Path
) -> None:
    record = json.loads(to_json(answer))
    for citation in record["citations"]:
        del citation["matches"]
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(record), encoding="utf-8")
    [found] = read_answers(path)
    assert [citation.matches for citation in found.citations] == [(), (), ()]
    assert verify(found, articles) == 3


def test_a_short_answer_is_marked_where_its_quote_has_it(answer: Answer) -> None:
    found = replace(answer, short_answer="moon")
    place = short_answer_place(found)
    assert place is not None
    assert found.answer[place.start_index : place.end_index] == "moon"
    assert short_answer_place(answer) is None


@pytest.mark.parametrize(
    ("short", "reason"),
    [
        pytest.param("zebra", "its short answer is in no quote", id="in no quote"),
        pytest.param("", "its short answer is in no quote", id="empty"),
    ],
)
def test_a_short_answer_that_no_quote_has_is_refused(
    answer: Answer, short: str, reason: str
) -> None:
    with pytest.raises(CitationBroken, match=reason):
        verify(replace(answer, short_answer=short), articles)
    assert verify(replace(answer, short_answer="moon"), articles) == len(answer.citations)


def test_an_abstention_has_no_short_answer(answer: Answer) -> None:
    with pytest.raises(CitationBroken, match="abstains"):
        verify(replace(answer, status="abstained", short_answer="moon"), articles)
