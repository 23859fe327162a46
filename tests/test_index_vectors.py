import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.vectors import VectorStore

X, Y, Z = np.eye(3, dtype=np.float32)
# Vectors are kept as float16: a cosine is right to three digits.
DIGITS = 1e-3
BETWEEN = np.array([0.6, 0.8, 0], np.float32)  # its cosine with X is 0.6, with Y 0.8


def store(*vectors: np.ndarray) -> VectorStore:
    return VectorStore.from_vectors(np.stack(vectors))


def test_the_nearest_comes_first_with_its_cosine() -> None:
    near = store(X, Y, Z).search(BETWEEN, 3)
    assert [n.row for n in near] == [1, 0, 2]
    assert [n.score for n in near] == pytest.approx([0.8, 0.6, 0], abs=DIGITS)


def test_fewer_come_back_when_the_store_holds_fewer() -> None:
    assert [near.row for near in store(X, Y).search(X, 10)] == [0, 1]


@pytest.mark.parametrize("k", [1, 2, 3, 150])
def test_ties_come_in_passage_order(k: int) -> None:
    """Rows 1, 3, 5, … are equal and nearest."""
    near = store(*[X, Y] * 300).search(Y, k)
    assert [n.row for n in near] == list(range(1, 2 * k, 2))


@given(st.lists(st.sampled_from([0, 1, 2]), min_size=1, max_size=300), st.data())
def test_the_best_k_are_those_of_a_full_sort(axes: list[int], data: st.DataObject) -> None:
    """Three scores only, so that nearly every cut falls among equals."""
    k = data.draw(st.integers(1, len(axes)))
    query = np.array([0.25, 0.5, 0.75], np.float32)
    near = VectorStore.from_vectors(np.eye(3, dtype=np.float32)[axes]).search(query, k)
    want = sorted(range(len(axes)), key=lambda row: (-query[axes[row]], row))[:k]
    assert [n.row for n in near] == want


def test_only_the_given_rows_are_searched() -> None:
    assert [near.row for near in store(X, Y, X, X).search(X, 4, rows=[3, 1])] == [3, 1]


def test_a_row_given_twice_comes_back_once() -> None:
    assert [near.row for near in store(X, Y).search(X, 4, rows=[1, 1, 1])] == [1]


@pytest.mark.parametrize("k", [0, -1])
def test_none_wanted_none_returned(k: int) -> None:
    assert store(X).search(X, k) == []


def test_no_rows_or_no_vectors_give_nothing() -> None:
    assert store(X).search(X, 1, rows=[]) == []
    empty = VectorStore.from_vectors(np.empty((0, 3), np.float32))
    assert len(empty) == 0
    assert empty.search(X, 5) == []
    assert empty.scores(X, []) == []


@pytest.mark.parametrize("shape", [(2,), (4,), (1, 3), ()])
def test_a_query_of_another_shape_is_refused_with_both_shapes(shape: tuple[int, ...]) -> None:
    query = np.zeros(shape, np.float32)
    with pytest.raises(ValueError, match=r"shape \(.*\), want \(3,\)"):
        store(X).search(query, 1)
    with pytest.raises(ValueError, match="want"):
        store(X).scores(query, [0])


def test_scores_come_in_the_order_asked_for() -> None:
    assert store(X, Y, Z).scores(BETWEEN, [2, 0, 1, 0]) == pytest.approx(
        [0, 0.6, 0.8, 0.6], abs=DIGITS
    )


def test_a_store_survives_its_bytes() -> None:
    back = VectorStore.from_bytes(store(X, BETWEEN).to_bytes())
    assert (len(back), back.dimension) == (2, 3)
    assert back.vector(1) == pytest.approx(BETWEEN, abs=DIGITS)


def test_equal_stores_are_equal_bytes() -> None:
    assert store(X, Y).to_bytes() == store(X, Y).to_bytes()
