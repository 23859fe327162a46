"""Questions asked of a small library, and the library broken on purpose."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.conversation import Turn
from bot.spelling import Speller
from corpus.article import Article
from evals.breaks import Break, broken, threshold_of
from evals.cases import Case
from evals.hidden import without
from evals.outcomes import outcomes_of
from evals.runner import ask_all
from evals.runs import Outcome
from evals.suites import Suite
from index.build import Silent
from index.lexical import terms_of
from index.retrieve import ArticleReader, Retriever
from tests.bot_fakes import TEA, WHALE, answerer, library
from tests.eval_fakes import gold, suite_of

ROBOT = Article("robot.txt", "On robots", "Robot robot. Robot bank. Robots drink tea.")
RAIN = Case(id="rain", kind="fact", text="tea rain", gold=(gold(TEA, "Tea rain."),))
NONE = Case(id="none", kind="unanswerable", text="whale robot")

pytest.importorskip("ir_measures", reason="no wheel for this machine")


def outcomes(
    suite: Suite, retriever: Retriever, *, threshold: float = 0.0, which: Break | None = None
) -> list[Outcome]:
    """Ask everything, by a library that may be broken."""
    how = answerer(retriever, threshold=threshold_of(threshold, which))
    asked = ask_all(suite, broken(retriever, which), how, Silent())
    return list(outcomes_of(asked, suite.articles, retriever.articles))


def test_an_answer_is_scored_and_kept(tmp_path: Path) -> None:
    (one,) = outcomes(suite_of(RAIN), library(tmp_path, TEA, WHALE))
    assert one.answered
    assert one.citations[0].text == "Tea rain."
    assert one.citations[0].right
    assert [quote.text for quote in one.gold] == ["Tea rain."]
    assert one.documents == (TEA.id, WHALE.id)
    wanted = {
        "evidence_first": 1, "evidence_anywhere": 1, "citation_exactness": 1, "answer_rate": 1,
        "document_success@1": 1, "document_recall@10": 1, "passage_success@1": 1,
    }  # fmt: skip
    assert wanted.items() <= one.scores.items()
    assert "refusal_recall" not in one.scores
    assert "answer_found" not in one.scores


def test_an_unanswerable_question_counts_for_refusals_only(tmp_path: Path) -> None:
    retriever = library(tmp_path, TEA, WHALE)
    (answered,) = outcomes(suite_of(NONE), retriever)
    (refused,) = outcomes(suite_of(NONE), retriever, which=Break.ALWAYS_ABSTAIN)
    assert answered.scores == {"citation_exactness": 1, "refusal_recall": 0}
    assert refused.scores == {
        "citation_exactness": 1, "refusal_recall": 1, "refusal_precision": 1
    }  # fmt: skip


def test_a_refusal_of_what_could_be_answered_is_a_wrong_refusal(tmp_path: Path) -> None:
    (one,) = outcomes(suite_of(RAIN), library(tmp_path, TEA, WHALE), which=Break.ALWAYS_ABSTAIN)
    assert (one.scores["answer_rate"], one.scores["refusal_precision"]) == (0, 0)
    assert one.scores["evidence_first"] == 1


def test_a_follow_up_is_searched_with_what_came_before(tmp_path: Path) -> None:
    case = replace(RAIN, text="and rain?", history=(Turn("user", "tea?"),))
    (one,) = outcomes(suite_of(case), library(tmp_path, TEA, WHALE))
    assert one.standalone == "Tea? Rain?"


def test_where_only_documents_are_judged_nothing_is_answered(tmp_path: Path) -> None:
    case = Case(id="q", kind="query", text="whale", grades=((WHALE.id, 2),))
    (one,) = outcomes(suite_of(case, answers=False), library(tmp_path, TEA, WHALE))
    assert one.answered is None
    assert one.confidence is None
    assert one.scores["document_success@1"] == 1
    assert not any(name.startswith("passage") for name in one.scores)


def test_the_hidden_article_is_not_found(tmp_path: Path) -> None:
    case = replace(NONE, hidden=(WHALE.id,))
    (one,) = outcomes(suite_of(case), library(tmp_path, TEA, WHALE))
    assert one.documents == (TEA.id,)
    assert {quote.document_id for quote in one.citations} <= {TEA.id}


def test_words_weigh_as_if_the_hidden_article_had_never_been_there(tmp_path: Path) -> None:
    """The same weights as in an index that was built without it."""
    ids = (TEA.id, WHALE.id, ROBOT.id)
    with_it = library(tmp_path / "with", TEA, WHALE, ROBOT)
    built_without = library(tmp_path / "without", TEA, WHALE)
    hidden = without(with_it, (ROBOT.id,), ids)
    for term in terms_of("tea robot whale moon drink unknown"):
        assert hidden.lexical.weight(term) == pytest.approx(built_without.lexical.weight(term))
    assert with_it.lexical.weight("robot") < hidden.lexical.weight("robot")
    assert hidden.info.passages == built_without.info.passages
    assert hidden.info.documents == built_without.info.documents


def test_words_are_spelt_as_if_the_hidden_article_had_never_been_there(tmp_path: Path) -> None:
    """`robots` is only in the hidden one, `moon` in others."""
    with_it = library(tmp_path, TEA, WHALE, ROBOT)
    hidden = without(with_it, (ROBOT.id,), (TEA.id, WHALE.id, ROBOT.id))
    for retriever, want in ((with_it, "robots moon"), (hidden, "robats moon")):
        assert retriever.spelling is not None
        assert Speller(retriever.spelling, retriever.lexical).corrected("robats mooon") == want


def test_without_words_nothing_is_found_by_them(tmp_path: Path) -> None:
    lexical = broken(library(tmp_path, TEA), Break.LEXICAL)
    assert [hit.words for hit in lexical.search("tea", 5)] == [0] * len(lexical.search("tea", 5))
    assert lexical.lexical.weight("tea") == 0


def test_without_vectors_words_alone_find(tmp_path: Path) -> None:
    dense = broken(library(tmp_path, TEA, WHALE), Break.DENSE)
    assert {hit.passage.article_id for hit in dense.search("whale", 5)} == {WHALE.id}
    assert {hit.cosine for hit in dense.search("whale", 5)} == {0}


def test_with_broken_ranges_the_wrong_passage_is_quoted_exactly(tmp_path: Path) -> None:
    (one,) = outcomes(suite_of(RAIN), library(tmp_path, TEA, WHALE), which=Break.RANGES)
    assert one.scores["passage_success@1"] == 0
    assert one.scores["citation_exactness"] == 1


class Forgetful:
    """A reader of articles that finds them changed from the `last` look on."""

    def __init__(self, articles: ArticleReader, last: int) -> None:
        self._articles, self._last = articles, last
        self.looks = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._articles, name)

    def article(self, article_id: str) -> Article:
        """In capitals, in the end."""
        self.looks += 1
        found = self._articles.article(article_id)
        return replace(found, text=found.text.upper()) if self.looks >= self._last else found


def test_a_citation_that_does_not_hold_is_a_fault_not_a_crash(tmp_path: Path) -> None:
    """The answerer looks at an article last when it verifies what it cited."""
    retriever = library(tmp_path, TEA, WHALE)
    found = list[Forgetful]()
    for last in (1000, 0):
        reader = Forgetful(retriever.articles, last or found[0].looks)
        changing = replace(retriever, articles=reader)  # type: ignore[arg-type]  # __getattr__
        replies = ask_all(suite_of(RAIN), changing, answerer(changing, threshold=0.0), Silent())
        found.append(reader)
    (one,) = outcomes_of(replies, {TEA.id: TEA}, retriever.articles)
    assert one.fault is not None
    assert one.answered is None
    assert one.scores["citation_exactness"] == 0


def test_an_index_of_another_text_is_caught(tmp_path: Path) -> None:
    """Citations are held against what was read, not against the index that they came from."""
    changed = replace(TEA, text="Tea car. Tea moon. Tea Rain.")
    (one,) = outcomes(suite_of(RAIN, articles=(changed,)), library(tmp_path, TEA, WHALE))
    assert one.fault is None
    assert one.scores["citation_exactness"] == 0
