"""Scores of one question, worked out by hand."""

from dataclasses import replace
from math import log2
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answer import Answer
from evals.cases import Case
from evals.metrics import (
    RETRIEVAL,
    answer_found,
    answered_with_evidence,
    citation_exactness,
    citation_precision,
    evidence_anywhere,
    evidence_first,
    normalised,
    retrieval_scores,
    short_answer_exact,
    short_answer_f1,
)
from tests.bot_fakes import TEA, WHALE, library
from tests.eval_fakes import asked, gold

ITEMS = "abcdefghijklm"


@pytest.fixture
def answer(tmp_path: Path) -> Answer:
    """Quotes "Tea rain." first and "Whale moon." second."""
    found = asked(library(tmp_path, TEA, WHALE), "tea rain")
    tea = found.citations[0]
    assert tea.cited_text == "Tea rain."
    start = WHALE.text.index("Whale moon.")
    whale = replace(
        tea, id="c2", number=2, document_id=WHALE.id, start_char_index=start,
        end_char_index=start + 11, cited_text="Whale moon.", revision=WHALE.revision,
    )  # fmt: skip
    return replace(found, citations=(tea, whale))


def case(*spans: object, answers: tuple[str, ...] = ()) -> Case:
    """A question with these gold spans."""
    return Case(id="q", kind="fact", text="?", gold=spans, answers=answers)  # type: ignore[arg-type]


def ranking(relevant: dict[str, int], ranked: str) -> dict[str, float]:
    """The scores of one ranking."""
    pytest.importorskip("ir_measures", reason="no wheel for this machine")
    return retrieval_scores({"q": relevant}, {"q": list(ranked)})["q"]


def test_a_ranking_worked_out_by_hand() -> None:
    """Relevant: b of grade 2 at rank 2, d of grade 1 at rank 4, and z, never found.

    DCG = 2 / log2(3) + 1 / log2(5); ideal = 2 / log2(2) + 1 / log2(3) + 1 / log2(4).
    AP = (1/2 + 2/4 + 0) / 3.
    """
    scores = ranking({"b": 2, "d": 1, "z": 1}, "abcde")
    assert [scores[f"recall@{k}"] for k in (1, 3, 5, 10)] == pytest.approx([0, 1 / 3, 2 / 3, 2 / 3])
    assert [scores[f"success@{k}"] for k in (1, 3, 5)] == [0, 1, 1]
    assert scores["mrr"] == 1 / 2
    assert scores["map"] == pytest.approx(1 / 3)
    ideal = 2 + 1 / log2(3) + 1 / 2
    assert scores["ndcg@10"] == pytest.approx((2 / log2(3) + 1 / log2(5)) / ideal)


def test_a_question_for_which_nothing_is_found_scores_nothing() -> None:
    assert ranking({"b": 1}, "") == dict.fromkeys(RETRIEVAL, 0.0)


def test_a_question_without_anything_relevant_has_no_score() -> None:
    assert retrieval_scores({"q": {}}, {"q": ["a"]}) == {}


@given(
    st.dictionaries(st.sampled_from(ITEMS), st.integers(1, 3), min_size=1),
    st.lists(st.sampled_from(ITEMS), unique=True),
)
def test_scores_agree_with_the_formulas_written_out(
    relevant: dict[str, int], ranked: list[str]
) -> None:
    """And so do our names for the library's measures."""
    scores = ranking(relevant, "".join(ranked))
    ranks = [rank for rank, item in enumerate(ranked, 1) if item in relevant]
    gains = sum(relevant[ranked[rank - 1]] / log2(rank + 1) for rank in ranks if rank <= 10)
    best = sorted(relevant.values(), reverse=True)[:10]
    ideal = sum(grade / log2(rank + 1) for rank, grade in enumerate(best, 1))
    precisions = sum(found / rank for found, rank in enumerate(ranks, 1))
    wanted = {"mrr": 1 / ranks[0] if ranks else 0, "ndcg@10": gains / ideal}
    wanted |= {"map": precisions / len(relevant)}
    for k in (1, 3, 5, 10):
        inside = sum(rank <= k for rank in ranks)
        wanted |= {f"recall@{k}": inside / len(relevant), f"success@{k}": float(inside > 0)}
    wanted |= {"recall@100": len(ranks) / len(relevant)}
    assert scores == pytest.approx(wanted, abs=1e-9)


def test_evidence_first_and_anywhere(answer: Answer) -> None:
    tea, whale = gold(TEA, "rain"), gold(WHALE, "Whale moon")
    assert evidence_first(case(tea), answer) == 1
    assert evidence_first(case(whale), answer) == 0
    assert evidence_anywhere(case(whale), answer) == 1


def test_every_group_needs_a_citation_and_any_of_its_spans_will_do(answer: Answer) -> None:
    tea, missed = gold(TEA, "Tea rain."), gold(TEA, "Tea car.")
    second = gold(WHALE, "Whale moon.", group=1)
    assert evidence_anywhere(case(missed, tea, second), answer) == 1
    assert evidence_anywhere(case(tea, replace(missed, group=1)), answer) == 0


def test_a_citation_that_only_touches_gold_is_not_gold(answer: Answer) -> None:
    """The gold ends where the citation begins."""
    assert evidence_first(case(gold(TEA, "Tea moon. ")), answer) == 0


def test_precision_is_the_share_of_gold_citations(answer: Answer) -> None:
    assert citation_precision(case(gold(TEA, "Tea rain.")), answer) == 1 / 2
    assert citation_precision(case(gold(TEA, "Tea rain.")), replace(answer, citations=())) == 0


def test_without_citations_nothing_is_evidence(answer: Answer) -> None:
    empty = replace(answer, citations=())
    assert evidence_first(case(gold(TEA, "Tea")), empty) == 0
    assert evidence_anywhere(case(gold(TEA, "Tea")), empty) == 0


def test_an_abstention_shows_evidence_but_does_not_answer(answer: Answer) -> None:
    asked_for = case(gold(TEA, "Tea rain."))
    abstained = replace(answer, status="abstained")
    assert answered_with_evidence(asked_for, answer) == 1
    assert evidence_first(asked_for, abstained) == 1
    assert answered_with_evidence(asked_for, abstained) == 0


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        (("rain",), 1),
        (("coffee", "the WHALE, moon!"), 1),
        (("ain",), 0),
        (("rain whale",), 0),
    ],
)
def test_an_answer_is_found_as_whole_words_of_one_quote(
    answer: Answer, answers: tuple[str, ...], found: int
) -> None:
    assert answer_found(case(answers=answers), answer) == found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("The  “41,300” orders!", "41300 orders"),
        ("A theory of an ant", "theory of ant"),
        ("Huawei's", "huaweis"),
        ("…", ""),
    ],
)
def test_normalising_drops_case_punctuation_and_articles(text: str, wanted: str) -> None:
    assert normalised(text) == wanted


def test_citations_are_exact_only_where_the_articles_say_so(tmp_path: Path) -> None:
    answer = asked(library(tmp_path, TEA, WHALE), "tea rain")
    articles = {TEA.id: TEA, WHALE.id: WHALE}
    assert citation_exactness(answer, articles) == 1
    assert citation_exactness(answer, {}) == 0
    assert citation_exactness(answer, articles | {TEA.id: replace(TEA, text="Tea.")}) == 0
    unsaid = tuple(replace(citation, verified=False) for citation in answer.citations)
    assert citation_exactness(replace(answer, citations=unsaid), articles) == 0


@pytest.mark.parametrize(
    ("short", "answers", "exact", "f1"),
    [
        pytest.param("The whale", ("whale",), 1, 1, id="without articles"),
        pytest.param("whale", ("tea", "big whale"), 0, 2 / 3, id="1 of 1 and 1 of 2 words"),
        pytest.param("rain", ("whale",), 0, 0, id="nothing in common"),
        pytest.param(None, ("whale",), 0, 0, id="none"),
    ],
)
def test_a_short_answer_is_scored_as_squad_does(
    answer: Answer, short: str | None, answers: tuple[str, ...], exact: float, f1: float
) -> None:
    given = replace(answer, short_answer=short)
    assert short_answer_exact(case(answers=answers), given) == exact
    assert short_answer_f1(case(answers=answers), given) == pytest.approx(f1)
