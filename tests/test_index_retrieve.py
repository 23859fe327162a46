from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from math import log, sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.article import Article, Passage, Span
from corpus.read import Found
from index.encoder import Vectors
from index.errors import SnapshotIncompatible
from index.live import retriever_of as searching
from index.retrieve import CANDIDATES, Hit, IndexInfo, Retriever
from index.snapshot import open_current
from index.store import Filters
from index.tokens import StoredTokens
from index.vectors import Neighbour, VectorStore
from tests.fakes import CODEC, Desk, FakeEncoder, found

DAY = datetime(2026, 1, 2, tzinfo=UTC)
ARTICLES = (
    found("cars", "The car has a bank. The car has a robot. The robot has a bank."),
    found("tea", "Tea is hot. Rain is cold."),
    Found(Article("moon", "", "The whale has a moon.", source="Post", published_at=DAY), "", None),
)
INFO = IndexInfo("s", DAY, 0, 0, "fake")


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> Retriever:
    """Rows 0 to 2 are sentences of `cars`, row 3 is `tea`, row 4 `moon`."""
    return retriever_of(tmp_path_factory.mktemp("retrieve"), *ARTICLES)


def retriever_of(folder: Path, *articles: Found) -> Retriever:
    desk = Desk(folder / "data")
    desk.update(*articles)
    found = open_current(desk.data)
    tokens = StoredTokens(found.tokens, found.articles, CODEC) if found.tokens else None
    return Retriever(INFO, FakeEncoder(), found.vectors, found.words, found.articles, tokens)


class FakeWords:
    """Scores by row, whatever is asked; every term weighs 1."""

    def __init__(self, scores: dict[int, float]) -> None:
        self._scores = scores

    def search(self, _text: str, k: int, *, rows: Sequence[int] | None = None) -> list[Neighbour]:
        """Return the best rows."""
        best = sorted(self._scores.items(), key=lambda item: -item[1])[:k]
        return [Neighbour(row, score) for row, score in best if rows is None or row in rows]

    def weight(self, _term: str) -> float:
        """Return the same for all."""
        return 1.0

    def has(self, _term: str) -> bool:
        """Return the same for all."""
        return True


class FakeReader:
    """One passage an article, article `a<row>`."""

    def article(self, article_id: str) -> Article:
        """Return the same for all."""
        return Article(article_id, "", "x")

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """Return one a row."""
        return [Passage(f"a{row}", 0, 1, 0) for row in rows]

    def matching_rows(self, filters: Filters) -> list[int]:
        """Return the rows of the ids."""
        return [int(name[1:]) for name in filters.document_ids or ()]

    def cluster_id(self, article_id: str) -> str:
        """Return that there are no copies."""
        return article_id

    def copies(self, _article_id: str, _filters: Filters) -> tuple[str, ...]:
        """Return none."""
        return ()


def fused(vectors: Vectors, words: dict[int, float], weight: float = 0.8) -> Retriever:
    dense = VectorStore.from_vectors(vectors)
    return Retriever(
        INFO, FakeEncoder(), dense, FakeWords(words), FakeReader(), None, words_weight=weight
    )


def axis(*places: int) -> Vectors:
    return np.eye(8, dtype=np.float32)[list(places)]


def test_a_score_is_the_cosine_and_the_weighted_share_of_words() -> None:
    """`bank car` lies at 45° to both axes: cosine √½. Two terms of weight 1: at most 2 · 2.2.

    Row 0 (bank): √½ + 0.8 · 1.1 / 4.4 = √½ + 0.2; row 1 (car): √½; row 2 (moon): 0 + 0.8 · 1.
    """
    hits = fused(axis(0, 1, 2), {0: 1.1, 2: 4.4}).search("bank car", 3)
    assert [(hit.row, hit.passage.article_id) for hit in hits] == [(0, "a0"), (2, "a2"), (1, "a1")]
    assert [hit.score for hit in hits] == pytest.approx([sqrt(0.5) + 0.2, 0.8, sqrt(0.5)])
    assert [hit.cosine for hit in hits] == pytest.approx([sqrt(0.5), 0, sqrt(0.5)])
    assert [hit.words for hit in hits] == pytest.approx([0.25, 1, 0])


def test_a_term_asked_twice_raises_the_ceiling_too() -> None:
    """`car car bank`: three terms of weight 1, so the share is 3.3 / 6.6."""
    [hit] = fused(axis(1), {0: 3.3}).search("car car bank", 1)
    assert hit.words == pytest.approx(0.5)


def test_ties_come_in_passage_order() -> None:
    hits = fused(axis(1, 0, 1, 1), {}).search("car", 4)
    assert [hit.row for hit in hits] == [0, 2, 3, 1]


def test_a_passage_that_only_the_words_find_gets_its_cosine() -> None:
    """It lies behind more than the candidates of the dense half, at the angle of `other`."""
    many = CANDIDATES + 5
    other = np.array([[0, 0.6, 0.8, 0, 0, 0, 0, 0]], np.float32)
    hits = fused(np.vstack([axis(*[1] * many), other]), {many: 2.2}).search("car", 1)
    assert hits[0].row == many
    assert hits[0].cosine == pytest.approx(0.6, abs=1e-3)
    assert hits[0].score == pytest.approx(0.6 + 0.8, abs=1e-3)


def test_a_question_of_stop_words_has_no_words_half(retriever: Retriever) -> None:
    assert {hit.words for hit in retriever.search("is it the", 5)} == {0}


def test_the_share_of_words_is_at_most_one(retriever: Retriever) -> None:
    """`tea` is once in a passage of four terms; all five have 3 + 3 + 3 + 4 + 3, a mean of 3.2.

    With k1 = 1.2 and b = 0.75 that is idf · 2.2 / (1 + 1.2 · (0.25 + 0.75 · 4 / 3.2)) of idf · 2.2.
    """
    [hit] = retriever.search("tea", 1)
    assert hit.words == pytest.approx(1 / 2.425, rel=1e-3)
    assert retriever.search("tea tea tea", 1)[0].words == pytest.approx(hit.words)


@pytest.mark.parametrize(
    ("filters", "want"),
    [
        pytest.param(None, ["cars", "cars", "cars", "tea", "moon"], id="none"),
        pytest.param(Filters(), ["cars", "cars", "cars", "tea", "moon"], id="an empty one"),
        pytest.param(Filters(document_ids=("tea", "moon")), ["tea", "moon"], id="ids"),
        pytest.param(Filters(sources=("post",)), ["moon"], id="source"),
        pytest.param(Filters(published_after=DAY), ["moon"], id="date"),
        pytest.param(Filters(published_before=DAY), [], id="nothing passes"),
    ],
)
def test_filters_leave_only_what_passes(
    retriever: Retriever, filters: Filters | None, want: list[str]
) -> None:
    hits = retriever.search("car robot", 9, filters=filters)
    assert [hit.passage.article_id for hit in hits] == want


def test_a_filter_changes_no_score(retriever: Retriever) -> None:
    everywhere = {hit.row: hit for hit in retriever.search("tea moon", 5)}
    some = retriever.search("tea moon", 5, filters=Filters(document_ids=("moon",)))
    assert some == [everywhere[4]]


def test_k_is_the_most_that_comes_back(retriever: Retriever) -> None:
    assert [len(retriever.search("car", k)) for k in (0, 1, 5, 9)] == [0, 1, 5, 5]
    assert [len(retriever.search_documents("car", k)) for k in (0, 1, 3, 9)] == [0, 1, 3, 3]


def test_documents_come_once_each_with_their_best_passage(retriever: Retriever) -> None:
    """`car robot` is row 1 of cars word for word; nothing of it is in the others."""
    hits = retriever.search_documents("car robot", 2)
    assert [(hit.passage.article_id, hit.row) for hit in hits] == [("cars", 1), ("tea", 3)]
    assert hits[0] == retriever.search("car robot", 1)[0]


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.integers(0, 7), min_size=1, max_size=30),
    st.integers(1, 12),
    st.integers(1, 5),
)
def test_documents_are_the_first_of_each_in_the_whole_ranking(
    axes: list[int], k: int, size: int
) -> None:
    class Grouped(FakeReader):
        def passages(self, rows: Sequence[int]) -> list[Passage]:
            return [Passage(f"a{row // size}", row, row + 1, row % size) for row in rows]

    dense = VectorStore.from_vectors(axis(*axes))
    words = FakeWords({row: float(row % 3) for row in range(len(axes))})
    search = Retriever(INFO, FakeEncoder(), dense, words, Grouped(), None)
    firsts: dict[str, Hit] = {}
    for hit in search.search("car tea", len(axes)):
        firsts.setdefault(hit.passage.article_id, hit)
    assert search.search_documents("car tea", k) == list(firsts.values())[:k]


def test_sentences_have_exact_spans_and_their_own_matches(retriever: Retriever) -> None:
    """`tea` is a word of `Tea is hot.` and none of the other; `moon` is in neither."""
    filters = Filters(document_ids=("tea",))
    found = retriever.search_sentences("tea moon", 1, filters=filters)
    one, two = found.sentences
    text = "Tea is hot. Rain is cold."
    assert (one.span, two.span) == (Span(0, 11), Span(12, 25))
    assert (text[0:11], text[12:25]) == ("Tea is hot.", "Rain is cold.")
    assert one.matches == pytest.approx([1, 0])
    assert two.matches == pytest.approx([0, 0])
    assert one.hit == two.hit == retriever.search("tea moon", 1, filters=filters)[0]


def test_late_interaction_is_the_weighted_mean_of_the_best_matches(retriever: Retriever) -> None:
    """Row 1, `The car has a robot.`: of `car robot moon` the first two are matched, by 1.

    car is in two of five passages, robot in two, moon in one: ln(1 + 3.5 / 2.5) = ln 2.4 twice and
    ln(1 + 4.5 / 1.5) = ln 4, so the weights are 0.279, 0.279 and 0.442.
    """
    found = retriever.search_sentences("car robot moon", 1)
    share = log(2.4) / (2 * log(2.4) + log(4))
    assert found.weights == pytest.approx([share, share, 1 - 2 * share])
    hit = found.sentences[0].hit
    assert hit.late == pytest.approx(2 * share)
    assert hit.score == pytest.approx(hit.cosine + 0.8 * hit.words + 2 * hit.late)


def test_stop_words_and_marks_weigh_little(retriever: Retriever) -> None:
    """`the` weighs 1, ` ? ` weighs 0.5, `moon` ln 4."""
    total = 1 + log(4) + 0.5
    weights = retriever.search_sentences("the moon ?", 1).weights
    assert weights == pytest.approx([1 / total, log(4) / total, 0.5 / total])


def test_the_context_before_the_focus_weighs_less_for_sentences_only(retriever: Retriever) -> None:
    """`moon` and `tea` are as rare: 0.3 to 1 where only `tea` was asked now."""
    both = retriever.search_sentences("moon tea", 2)
    focused = retriever.search_sentences("moon tea", 2, focus="tea")
    assert both.weights == pytest.approx([0.5, 0.5])
    assert focused.weights == pytest.approx([0.3 / 1.3, 1 / 1.3])
    assert [one.hit for one in focused.sentences] == [one.hit for one in both.sentences]


def test_what_is_not_reranked_comes_after_in_the_fused_order(retriever: Retriever) -> None:
    plain = replace(retriever, tokens=None).search("car robot", 5)
    some = replace(retriever, reranked=2).search("car robot", 5)
    assert {hit.row for hit in some[:2]} == {hit.row for hit in plain[:2]}
    assert some[2:] == plain[2:]
    assert [hit.late > 0 for hit in some] == [True, True, False, False, False]
    assert [hit.score for hit in some] == sorted((hit.score for hit in some), reverse=True)


def test_tokens_encoded_for_a_question_rank_like_stored_ones(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "data")
    desk.update(*ARTICLES)
    opened = open_current(desk.data)
    stored, encoded = (searching(opened, FakeEncoder(), mode) for mode in ("stored", "query-time"))
    assert stored.search("car robot", 5) == encoded.search("car robot", 5)
    assert searching(opened, FakeEncoder(), "off").tokens is None


def test_an_index_without_tokens_answers_all_the_same(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "data")
    desk.builder(late_interaction="off").update(ARTICLES, ("tests",))
    opened = open_current(desk.data)
    assert opened.tokens is None
    hits = searching(opened, FakeEncoder()).search("car robot", 5)
    assert hits[0].late > 0  # encoded when asked for
    with pytest.raises(SnapshotIncompatible, match=r"late interaction.*citewire index"):
        searching(opened, FakeEncoder(), "stored")


def test_without_late_interaction_nothing_is_matched(retriever: Retriever) -> None:
    found = replace(retriever, tokens=None).search_sentences("tea moon", 2)
    assert found.weights.shape == (0,)
    assert {sentence.matches.shape for sentence in found.sentences} == {(0,)}


def test_each_token_of_a_sentence_has_its_match_with_each_of_the_question(
    retriever: Retriever,
) -> None:
    found = retriever.search_sentences("rain moon", 1, filters=Filters(document_ids=("tea",)))
    matched = retriever.token_matches(found, found.sentences[0].hit, "Rain is cold.")
    assert matched is not None
    assert matched.question == (Span(0, 4), Span(5, 9))
    assert matched.sentence == (Span(0, 4), Span(5, 7), Span(8, 13))
    assert matched.cosines.tolist() == [[1, 0], [0, 0], [0, 0]]
    assert matched.weights == pytest.approx(found.weights)
    assert matched.cosines.max(axis=0) == pytest.approx(found.sentences[1].matches)


def test_a_sentence_found_for_another_question_has_its_matches_too(retriever: Retriever) -> None:
    found = retriever.search_sentences("tea", 1)
    other = retriever.search_sentences("robot car", 1).sentences[0].hit
    matched = retriever.token_matches(found, other, "The car has a robot.")
    assert matched is not None
    assert matched.cosines.tolist() == [[0.0]] * 5


def test_without_late_interaction_no_token_has_a_match(retriever: Retriever) -> None:
    plain = replace(retriever, tokens=None)
    found = plain.search_sentences("tea", 1)
    assert plain.token_matches(found, found.sentences[0].hit, "Tea is hot.") is None


class Otherwise(FakeEncoder):
    """Cuts a text by itself otherwise."""

    def token_places(self, text: str) -> tuple[Span, ...]:
        """A token less."""
        return super().token_places(text)[1:]


def test_a_sentence_that_has_other_tokens_by_itself_has_no_matches(retriever: Retriever) -> None:
    found = retriever.search_sentences("tea", 1)
    other = replace(retriever, encoder=Otherwise())
    assert other.token_matches(found, found.sentences[0].hit, "Tea is hot.") is None


def test_sentences_come_passage_after_passage(retriever: Retriever) -> None:
    found = retriever.search_sentences("car robot", 5)
    order = [hit.row for hit in retriever.search("car robot", 5)]
    assert list(dict.fromkeys(sentence.hit.row for sentence in found.sentences)) == order
    assert len(found.sentences) == 6
    for sentence in found.sentences:
        passage = sentence.hit.passage
        assert passage.start <= sentence.span.start < sentence.span.end <= passage.end


def test_an_empty_collection_finds_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "data")
    desk.update(ARTICLES[1])
    desk.builder().delete(frozenset({"tea"}))
    empty = open_current(desk.data)
    search = searching(empty, FakeEncoder())
    assert search.search("tea", 3) == []
    assert search.search_documents("tea", 3) == []
    assert search.search_sentences("tea", 3, filters=Filters(sources=("x",))).sentences == ()
