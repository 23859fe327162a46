"""The passages' vectors, searched by FAISS. The only importer of faiss."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import faiss
import numpy as np

from index.encoder import Vectors


class Neighbour(NamedTuple):
    """A passage's row and its score, higher is nearer; a tuple, as a question makes hundreds."""

    row: int
    score: float


def best_of(ask: Callable[[int], list[Neighbour]], k: int, available: int) -> list[Neighbour]:
    """Return the `k` best, ties in row order, of an engine that picks any among equals.

    Args:
        ask: Returns as many as it is asked for, or all there are, by falling score.
        k: How many to return.
        available: No more than these can come back.
    """
    if k < 1 or available < 1:
        return []
    asked = min(k + 1, available)
    found = ask(asked)
    # Until none is left out that equals the k-th: which of them come back is the engine's whim.
    while len(found) == asked < available and found[-1].score == found[k - 1].score:
        asked = min(2 * asked, available)
        found = ask(asked)
    return sorted(found, key=lambda near: (-near.score, near.row))[:k]


class VectorStore:
    """Unit vectors in passage order, compared by inner product, which is then the cosine.

    Every vector is compared. They are kept as float16: half the memory and, since a search is
    bound by reading memory, half the time of float32; a cosine changes by less than 0.001.
    """

    def __init__(self, store: faiss.Index) -> None:
        """Wrap a FAISS index; use `from_vectors` or `from_bytes`."""
        self._faiss = store
        # One question needs one thread: more of them fight with those of the encoder, which still
        # spin from the call before (5 ms instead of 0.5 for 17 000 passages on two cores).
        faiss.omp_set_num_threads(1)

    @classmethod
    def from_vectors(cls, vectors: Vectors) -> "VectorStore":
        """Return a store of `vectors`, shape `(passages, dimension)`, unit rows."""
        store = faiss.IndexScalarQuantizer(
            vectors.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        store.add(np.ascontiguousarray(vectors, np.float32))
        return cls(store)

    @classmethod
    def from_bytes(cls, content: bytes) -> "VectorStore":
        """Return the store that `to_bytes` wrote; check `content` against its hash first."""
        return cls(faiss.deserialize_index(np.frombuffer(content, np.uint8)))

    def to_bytes(self) -> bytes:
        """Return the store as bytes; `faiss.write_index` would not report a full disk."""
        return bytes(faiss.serialize_index(self._faiss).tobytes())

    def __len__(self) -> int:
        return int(self._faiss.ntotal)

    @property
    def dimension(self) -> int:
        """Return the length of one vector."""
        return int(self._faiss.d)

    def search(
        self, query: Vectors, k: int, *, rows: Sequence[int] | None = None
    ) -> list[Neighbour]:
        """Return the `k` nearest passages, best first, ties in passage order.

        Args:
            query: One unit vector, shape `(dimension,)`, float32.
            k: How many to return; fewer come back when the store, or `rows`, holds fewer.
            rows: Search only these rows; all when None.

        Raises:
            ValueError: `query` is not one vector of the store's dimension.
        """
        self._check(query)
        parameters = None
        if rows is not None:
            # The selector keeps a bare pointer to the array: the name keeps it alive.
            selected = np.asarray(rows, np.int64)
            parameters = faiss.SearchParameters()
            parameters.sel = faiss.IDSelectorBatch(selected)

        def ask(count: int) -> list[Neighbour]:
            scores, found = self._faiss.search(query[None, :], count, params=parameters)
            pairs = zip(found[0].tolist(), scores[0].tolist(), strict=True)
            # FAISS pads what is missing with -1.
            return [Neighbour(row, score) for row, score in pairs if row >= 0]

        return best_of(ask, k, len(self) if rows is None else len(rows))

    def vector(self, row: int) -> Vectors:
        """Return the vector of one row, shape `(dimension,)`."""
        return np.asarray(self._faiss.reconstruct(row), np.float32)

    def scores(self, query: Vectors, rows: Sequence[int]) -> list[float]:
        """Return the cosine of `query` with each of `rows`, in their order.

        Raises:
            ValueError: `query` is not one vector of the store's dimension.
        """
        self._check(query)
        if not rows:
            return []
        vectors = self._faiss.reconstruct_batch(np.asarray(rows, np.int64))
        return list((vectors @ query).tolist())

    def _check(self, query: Vectors) -> None:
        if query.shape != (self.dimension,):
            raise ValueError(f"query has shape {query.shape}, want ({self.dimension},)")
