import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answer import Answer, Freshness, Notice
from bot.answerer import MAX_QUESTION_CHARS, Answerer, Question
from bot.conversation import Turn
from bot.errors import CitationBroken, QuestionRefused
from bot.json_lines import to_json
from corpus.article import Article, Span
from index.live import retriever_of
from index.reader import Reading
from index.snapshot import ARTICLES_FILE, open_current
from index.store import ArticleStore, Filters
from index.tokens import LateInteraction
from tests.bot_fakes import NOW, TEA, THRESHOLD, WHALE, answerer, library
from tests.fakes import FakeEncoder

CAR = replace(TEA, id="car.txt", text="Bank bank. Bank car.", published_at=None)
FIELDS = {
    "answer": "id object created_at status mode model question standalone_question conversation_id "
    "answer short_answer confidence abstention citations documents corroboration conflicts "
    "freshness index warnings",
    "confidence": "score threshold calibrated",
    "abstention": "reason message closest",
    "citation": "id number type document_id document_title url fragment_url source author "
    "published_at age_days cited_text start_char_index end_char_index revision annotations "
    "matches verified score",
    "annotation": "start_index end_index",
    "document": "id title url source published_at revision cluster_id",
    "corroboration": "documents independent_sources",
    "freshness": "newest_published_at newest_age_days",
    "index": "snapshot_id built_at documents passages encoder",
    "warning": "code message",
}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Answerer:
    """Over one article on tea, one on a whale and one on a car."""
    return answerer(library(tmp_path_factory.mktemp("library") / "data", TEA, WHALE, CAR))


def test_the_best_sentences_are_quoted_in_order_and_verified(asked: Answerer) -> None:
    answer = asked.ask(Question("tea"))
    assert (answer.status, answer.abstention, answer.mode) == ("answered", None, "extractive")
    assert answer.answer == "Tea car. [1] Tea moon. [2] Tea rain. [3]"
    for citation in answer.citations:
        quote = TEA.text[citation.start_char_index : citation.end_char_index]
        (place,) = citation.annotations
        assert quote == citation.cited_text == answer.answer[place.start_index : place.end_index]
        assert citation.verified
    assert [citation.id for citation in answer.citations] == ["c1", "c2", "c3"]


class EditedMeanwhile(ArticleStore):
    """Articles whose titles change once `edited` is set."""

    edited = False

    def article(self, article_id: str) -> Article:
        """Return the article as it is now."""
        found = super().article(article_id)
        return replace(found, title="Another") if self.edited else found


def test_no_answer_leaves_whose_citations_do_not_hold(tmp_path: Path) -> None:
    """The id of an answer is made when all is found and nothing is checked yet."""
    retriever = library(tmp_path / "data", TEA)
    articles = EditedMeanwhile(open_current(tmp_path / "data").folder / ARTICLES_FILE)

    def edit() -> str:
        articles.edited = True
        return "ans_1"

    asked = replace(answerer(replace(retriever, articles=articles)), new_id=edit)
    with pytest.raises(CitationBroken, match="the article is now sha256:"):
        asked.ask(Question("tea"))


def test_the_confidence_is_that_of_the_best_sentence(asked: Answerer) -> None:
    """The question's one token is matched by 1, and its passage has it twice and another once.

    The cosine is 2 / √5, as float16 0.8945: -7 + 8.4 + 3.5 * 0.8945 = 4.531, so 0.9893.
    """
    answer = asked.ask(Question("tea"))
    assert answer.confidence.score == pytest.approx(0.9893, abs=1e-4)
    assert (answer.confidence.threshold, answer.confidence.calibrated) == (THRESHOLD, False)


def test_rare_words_of_the_question_count_more(asked: Answerer) -> None:
    """Of three passages one has "whale", none "zebra": ln(8/3) = 0.9808, ln 8 = 2.0794.

    "Whale whale." matches 0.9808 / 3.0603 = 0.3205 of their weight. Its passage, title and all, has
    whale three times, moon once and two others: (3 + 2) / (√2 · √14) = 0.9449 is the cosine.
    -7 + 8.4 * 0.3205 + 3.5 * 0.9449 = -1.0007, 1 / (1 + e^1.0007) = 0.2688.
    """
    answer = asked.ask(Question("whale zebra"))
    assert answer.citations[0].cited_text == "Whale whale."
    assert answer.confidence.score == pytest.approx(0.2688, abs=1e-4)


def test_a_misspelt_question_is_answered_as_it_was_meant_and_says_so(asked: Answerer) -> None:
    """`tea` is too short to be put right; `whale` is not."""
    answer = asked.ask(Question("Whaale?"))
    assert (answer.question, answer.standalone_question) == ("Whaale?", "Whale?")
    assert answer.citations[0].cited_text == "Whale whale."
    unaided = replace(asked, spells=False).ask(Question("Whaale?"))
    assert unaided.standalone_question == "Whaale?"
    assert answer.confidence.score > unaided.confidence.score


def test_a_misspelt_follow_up_is_put_right_with_what_it_leans_on(asked: Answerer) -> None:
    history = (Turn("user", "What is the whalle?"), Turn("assistant", "Whale whale."))
    answer = asked.ask(Question("And why?", history))
    assert answer.standalone_question.startswith("What is the whale? ")


def test_where_and_how_old_the_evidence_is_stands_in_the_answer(asked: Answerer) -> None:
    answer = asked.ask(Question("tea"))
    (document,) = answer.documents
    assert (document.id, document.revision, document.cluster_id) == (
        "tea.txt", TEA.revision, "tea.txt",
    )  # fmt: skip
    assert (answer.corroboration.documents, answer.corroboration.independent_sources) == (1, 1)
    assert answer.freshness.newest_published_at == TEA.published_at
    assert answer.freshness.newest_age_days == 2  # noon of January 3 - January 1
    assert answer.created_at == int(NOW.timestamp())
    assert (answer.index.documents, answer.index.encoder) == (3, "fake fp32")


def test_undated_evidence_has_no_age(asked: Answerer) -> None:
    answer = asked.ask(Question("bank", max_citations=1))
    assert (answer.documents[0].id, answer.citations[0].age_days) == ("car.txt", None)
    assert answer.freshness == Freshness(None, None)


def matches_of(answer: Answer) -> list[list[str]]:
    """What is marked in each quote."""
    return [
        [citation.cited_text[m.start_index : m.end_index] for m in citation.matches]
        for citation in answer.citations
    ]


def test_the_words_that_the_question_matches_are_marked_in_each_quote(asked: Answerer) -> None:
    assert matches_of(asked.ask(Question("tea"))) == [["Tea"], ["Tea"], ["Tea"]]
    assert matches_of(asked.ask(Question("Is rain tea?"))) == [["Tea rain"]]


@pytest.mark.parametrize("mode", ["stored", "query-time", "off"])
def test_words_are_marked_however_tokens_are_kept(tmp_path: Path, mode: LateInteraction) -> None:
    library(tmp_path / "data", TEA, WHALE)
    retriever = retriever_of(open_current(tmp_path / "data"), FakeEncoder(), mode)
    found = answerer(retriever, threshold=0.0).ask(Question("moon?", max_citations=1))
    assert matches_of(found) == [["moon"]]


def test_an_abstention_marks_the_words_of_what_comes_closest(asked: Answerer) -> None:
    answer = replace(asked, threshold=1.0).ask(Question("tea"))
    assert (answer.status, matches_of(answer)) == ("abstained", [["Tea"], ["Tea"], ["Tea"]])


def test_a_follow_up_marks_no_word_of_what_was_asked_before(asked: Answerer) -> None:
    said = (Turn("user", "Is there tea?"), Turn("assistant", "Tea car."))
    answer = asked.ask(Question("And the moon?", history=said, max_citations=1))
    assert "tea" in answer.standalone_question
    assert answer.citations[0].cited_text == "Tea moon."
    assert matches_of(answer) == [["moon"]]


def abstained(answer: Answer) -> str:
    """The reason; what every abstention must have is checked on the way."""
    assert answer.status == "abstained"
    assert answer.abstention is not None
    assert answer.answer == answer.abstention.message
    assert answer.answer.endswith(".")
    assert answer.abstention.closest == tuple(citation.id for citation in answer.citations)
    assert all(citation.verified and not citation.annotations for citation in answer.citations)
    return answer.abstention.reason


def test_it_abstains_below_the_threshold_and_shows_what_comes_closest(asked: Answerer) -> None:
    strict = replace(asked, threshold=0.995)
    answer = strict.ask(Question("tea"))
    assert abstained(answer) == "insufficient_evidence"
    assert answer.citations[0].cited_text == "Tea car."
    assert answer.confidence.threshold == 0.995


def test_it_answers_at_the_threshold(asked: Answerer) -> None:
    score = asked.ask(Question("tea")).confidence.score
    assert replace(asked, threshold=score).ask(Question("tea")).status == "answered"


def test_a_word_of_no_article_is_not_enough(asked: Answerer) -> None:
    answer = asked.ask(Question("robot"))
    assert abstained(answer) == "insufficient_evidence"


def test_filters_that_leave_no_article_are_told(asked: Answerer) -> None:
    answer = asked.ask(Question("tea", filters=Filters(sources=("Nobody",))))
    assert abstained(answer) == "filtered_out"
    assert (answer.citations, answer.documents, answer.confidence.score) == ((), (), 0.0)


def test_articles_without_a_word_are_no_evidence(tmp_path: Path) -> None:
    blank = answerer(library(tmp_path / "data", Article("blank.txt", "Tea", " ")))
    assert abstained(blank.ask(Question("tea"))) == "no_evidence"


@pytest.mark.parametrize("filters", [Filters(), Filters(sources=("The Post",))])
def test_an_index_without_articles_is_told(filters: Filters, tmp_path: Path) -> None:
    nobody = answerer(library(tmp_path / "data", TEA, gone=["tea.txt"]))
    assert abstained(nobody.ask(Question("tea", filters=filters))) == "empty_index"


@pytest.mark.parametrize(
    ("filters", "documents"),
    [
        (Filters(document_ids=("whale.txt",)), {"whale.txt"}),
        (Filters(sources=("the post",)), {"tea.txt", "car.txt"}),
        (Filters(published_after=datetime(2026, 1, 1, tzinfo=UTC)), {"tea.txt"}),
        (Filters(published_before=datetime(2026, 1, 1, tzinfo=UTC)), set()),
    ],
)
def test_only_articles_that_pass_the_filters_are_cited(
    filters: Filters, documents: set[str], asked: Answerer
) -> None:
    for text in ("tea", "whale", "a car bank"):
        answer = asked.ask(Question(text, filters=filters, max_citations=10))
        assert {citation.document_id for citation in answer.citations} <= documents


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_no_more_is_cited_than_wanted(limit: int, asked: Answerer) -> None:
    answer = asked.ask(Question("tea", max_citations=limit))
    assert len(answer.citations) == limit
    assert answer.answer.endswith(f"[{limit}]")


def test_a_follow_up_is_searched_with_what_was_asked_before(asked: Answerer) -> None:
    history = (Turn("user", "tea"), Turn("assistant", "Tea car. [1]"))
    answer = asked.ask(Question(" And is it green? ", history, "conv_1"))
    assert answer.question == "And is it green?"
    assert answer.standalone_question == "Tea? Is tea green?"
    assert (answer.conversation_id, answer.citations[0].document_id) == ("conv_1", "tea.txt")


@pytest.mark.parametrize(
    ("question", "cited"),
    [
        ("Is tea a car that has moon, and which moon has rain?", ["a.txt", "b.txt"]),
        ("Is tea a car of the moon, of rain?", ["a.txt", "a.txt"]),
        (f"Is tea a car that has moon, and which moon has rain?{' tea' * 18}", ["a.txt", "a.txt"]),
    ],
    ids=["two things", "one thing", "two things with no room for a sentence before them"],
)
def test_a_question_about_two_things_gets_evidence_from_two_articles(
    question: str, cited: list[str], tmp_path: Path
) -> None:
    tea = Article("a.txt", "Tea", "Tea car. Tea moon rain. Tea moon car. Tea car rain.")
    rain = Article("b.txt", "Whale", "Rain moon. Whale rain.")
    answer = answerer(library(tmp_path, tea, rain)).ask(Question(question, max_citations=2))
    assert [citation.document_id for citation in answer.citations] == cited


class Listener:
    """A reader that finds nothing and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def read(self, question: str, texts: Sequence[str]) -> list[Reading]:
        """Read nothing."""
        self.asked.append(question)
        return [Reading(0.0, Span(0, 1), 0.0, (0,), (1.0,)) for _ in texts]


def test_the_reader_is_not_asked_what_was_asked_before(asked: Answerer) -> None:
    listener = Listener()
    history = (Turn("user", "tea"), Turn("assistant", "Tea car. [1]"))
    replace(asked, reader=listener).ask(Question("And is it green?", history))
    assert listener.asked == ["Is tea green?"]


@pytest.mark.parametrize(
    ("text", "length"), [("", 0), (" \n\t ", 0), ("x" * (MAX_QUESTION_CHARS + 1), 2001)]
)
def test_blank_and_endless_questions_are_refused(text: str, length: int, asked: Answerer) -> None:
    with pytest.raises(QuestionRefused) as caught:
        asked.ask(Question(text))
    assert (caught.value.length, caught.value.max_chars) == (length, 2000)


def test_the_longest_question_counts_without_the_blanks_around(asked: Answerer) -> None:
    assert asked.ask(Question(f"  {'x' * MAX_QUESTION_CHARS}\n")).status == "abstained"


def test_a_question_beyond_the_encoder_s_window_is_noted(asked: Answerer) -> None:
    """The window has 32 tokens, two of them the encoder's own: 30 words fit."""
    assert asked.ask(Question("tea " * 30)).warnings == ()
    (warning,) = asked.ask(Question("tea " * 31)).warnings
    assert warning.code == "question_truncated"


def test_what_is_to_be_known_of_the_index_comes_with_the_answer(asked: Answerer) -> None:
    retriever, _ = asked.live()
    notice = Notice("older_snapshot", "The newest is damaged.")
    assert answerer(retriever, notice).ask(Question("tea")).warnings == (notice,)


def test_copies_of_a_story_are_one_independent_source(tmp_path: Path) -> None:
    """All but the last of 13 words are the same: 9 of 11 runs of four are shared."""
    story = "Tea one two three four five six seven eight nine ten. Tea {}."
    twins = [Article(name, "", story.format(end)) for name, end in (("a", "moon"), ("b", "rain"))]
    answer = answerer(library(tmp_path / "data", *twins)).ask(Question("tea"))
    assert {document.cluster_id for document in answer.documents} == {answer.documents[0].id}
    assert (answer.corroboration.documents, answer.corroboration.independent_sources) == (2, 1)


def test_the_same_question_gets_the_same_bytes(asked: Answerer) -> None:
    assert len({to_json(asked.ask(Question("tea rain"))) for _ in range(3)}) == 1


def test_only_the_age_changes_with_time(asked: Answerer) -> None:
    later = replace(asked, now=lambda: NOW + timedelta(days=1)).ask(Question("tea"))
    assert [citation.age_days for citation in later.citations] == [3, 3, 3]
    assert later.answer == asked.ask(Question("tea")).answer


def names(record: object) -> str:
    assert isinstance(record, dict)
    return " ".join(record)


def test_the_answer_object_has_the_design_s_fields_in_their_order(asked: Answerer) -> None:
    record = json.loads(to_json(asked.ask(Question("tea " * 31))))
    assert names(record) == FIELDS["answer"]
    for field in ("confidence", "corroboration", "freshness", "index"):
        assert names(record[field]) == FIELDS[field]
    for one, many in (
        ("citation", "citations"),
        ("document", "documents"),
        ("warning", "warnings"),
    ):
        assert {names(item) for item in record[many]} == {FIELDS[one]}
    assert names(record["citations"][0]["annotations"][0]) == FIELDS["annotation"]
    refused = json.loads(to_json(replace(asked, threshold=1.0).ask(Question("tea"))))
    assert names(refused) == FIELDS["answer"]
    assert names(refused["abstention"]) == FIELDS["abstention"]


def test_the_answer_object_s_values_are_those_of_the_design(asked: Answerer) -> None:
    record = json.loads(to_json(asked.ask(Question("tea"))))
    assert {name: record[name] for name in ("id", "object", "model", "short_answer")} == {
        "id": "ans_1", "object": "answer", "model": None, "short_answer": None,
    }  # fmt: skip
    assert (record["created_at"], record["conflicts"], record["abstention"]) == (
        1767441600,
        [],
        None,
    )
    citation = record["citations"][0]
    assert (citation["type"], citation["published_at"]) == ("char_location", "2026-01-01T00:00:00Z")
    assert citation["revision"] == "sha256:" + TEA.revision.removeprefix("sha256:")
    assert citation["annotations"] == [{"start_index": 0, "end_index": 8}]
    assert citation["matches"] == [{"start_index": 0, "end_index": 3}]
    assert record["index"]["built_at"].endswith("Z")


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=80))
def test_any_question_gets_an_answer_that_is_json(asked: Answerer, text: str) -> None:
    if text.strip():
        answer = asked.ask(Question(text))
        assert json.loads(to_json(answer))["question"] == text.strip()
