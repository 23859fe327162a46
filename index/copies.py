"""Which articles of a collection are copies of one story. The only importer of rensa."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations, pairwise
from typing import TypeAlias
from zlib import crc32

import numpy as np
import numpy.typing as npt
from rensa import RMinHash

Runs: TypeAlias = npt.NDArray[np.uint64]
Signatures: TypeAlias = npt.NDArray[np.uint32]
Pair: TypeAlias = tuple[int, int]

# All numbers here were tuned on real news and edits of it: docs/decisions/0007.
_RUN = 4  # words
_RESEMBLANCE = 0.42
_CONTAINMENT = 0.8
# Of a text this short, one other figure changes many runs, and makes it other news.
_SHORT, _SHORT_RESEMBLANCE = 20, 0.8
# A note of a few words may stand in a long article by chance.
_LEAST_CONTAINED = 40
# Agreeing in one of 64 bands of two slots makes a candidate: 1 - (1 - r²)^64, so 0.93 of the pairs
# with a resemblance r of 0.2 and all but 1 in 300 000 of those with 0.42.
_SLOTS, _BAND = 128, 2
_SEED = 2026
# Of more articles that agree in a band, each is compared with the first and its neighbour only.
_CROWD = 50
_CHUNK = 1000
_KEPT_RUNS = 4096
# Words of scripts without blanks count a character each.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+")
# Knuth's 64-bit multiplier: two runs have one hash only by chance, 1 in 2^64 a pair.
_MULTIPLIER = np.uint64(6364136223846793005)
_SHIFT = np.uint64(29)


def cluster_ids(
    ids: Sequence[str], text_of: Callable[[int], str], advance: Callable[[int], None]
) -> list[str]:
    """Return the cluster id of each article, in the order of `ids`.

    The cluster id is the first id, in the order of code points, among an article and its copies; an
    article without a copy has its own. The order of the articles makes no difference. A cluster
    has a centre that every other member is a copy of: a chain of articles of which each is like
    the next (reports of many weeks) is not one story.

    Args:
        ids: All different.
        text_of: Gives the text of the article at a place of `ids`; asked again for candidates.
        advance: Told how many more articles are sketched.
    """
    order = sorted(range(len(ids)), key=lambda place: ids[place])

    @lru_cache(_KEPT_RUNS)
    def runs(rank: int) -> Runs:
        return runs_of(text_of(order[rank]))

    signatures = _sketch((runs_of(text_of(place)) for place in order), advance)
    copies = [pair for pair in _candidates(signatures) if are_copies(*map(runs, pair))]
    found = [""] * len(ids)
    for rank, first in enumerate(_stars(len(ids), copies)):
        found[order[rank]] = ids[order[first]]
    return found


def are_copies(a: Runs, b: Runs) -> bool:
    """Tell whether two articles are versions of one story.

    They are when at least 0.42 of all their runs are shared (resemblance, Broder 1997), or when
    0.8 of the shorter's are (containment) and it has at least 40 of them. Where one has fewer than
    20 runs, 0.8 of all must be shared.

    Args:
        a: What `runs_of` gives for one.
        b: And for the other.
    """
    shared = len(np.intersect1d(a, b, assume_unique=True))
    shorter = min(len(a), len(b))
    if shorter >= _LEAST_CONTAINED and shared >= _CONTAINMENT * shorter:
        return True
    least = _RESEMBLANCE if shorter >= _SHORT else _SHORT_RESEMBLANCE
    return shared > 0 and shared >= least * (len(a) + len(b) - shared)


def runs_of(text: str) -> Runs:
    """Return the hashes of all runs of four words, ascending, each once; case does not count.

    A text of fewer words is one run, one without a word none. Equal on every machine.
    """
    words = _WORD.findall(text.casefold())
    hashes = np.array([crc32(word.encode()) for word in words], np.uint64)
    count = max(1, len(hashes) - _RUN + 1) if words else 0
    runs = np.zeros(count, np.uint64)
    for offset in range(min(_RUN, len(hashes))):
        runs = (runs ^ hashes[offset : offset + count]) * _MULTIPLIER
        runs ^= runs >> _SHIFT
    return np.unique(runs)


def _sketch(articles: Iterable[Runs], advance: Callable[[int], None]) -> Signatures:
    """Return the MinHash signatures of articles, a row each; of one without a word, all zeros."""
    rows: list[Signatures] = [np.empty((0, _SLOTS), np.uint32)]
    for chunk in _chunks(articles):
        offsets = np.cumsum([0, *map(len, chunk)], dtype=np.uint64)
        matrix = RMinHash.digest_matrix_from_flat_token_hashes(
            np.concatenate(chunk), offsets, _SLOTS, _SEED
        )
        digests = np.array(matrix.to_rows(), np.uint32)
        digests[[len(runs) == 0 for runs in chunk]] = 0
        rows.append(digests)
        advance(len(chunk))
    return np.concatenate(rows)


def _chunks(articles: Iterable[Runs]) -> Iterator[list[Runs]]:
    chunk: list[Runs] = []
    for runs in articles:
        chunk.append(runs)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _candidates(signatures: Signatures) -> list[Pair]:
    """Return the pairs of rows that agree in both slots of any band, ascending."""
    rows = np.flatnonzero(signatures.any(axis=1))
    pairs: set[Pair] = set()
    for slot in range(0, _SLOTS, _BAND):
        high, low = signatures[rows, slot : slot + _BAND].T.astype(np.uint64)
        keys = high << np.uint64(32) | low
        order = np.argsort(keys, kind="stable")
        bounds = np.flatnonzero(np.diff(keys[order])) + 1
        for group in np.split(rows[order], bounds):
            if len(group) > 1:
                pairs.update(_pairs([int(row) for row in group]))
    return sorted(pairs)


def _pairs(group: Sequence[int]) -> Iterable[Pair]:
    if len(group) <= _CROWD:
        return combinations(group, 2)
    return [*pairwise(group), *((group[0], row) for row in group[2:])]


def _stars(count: int, copies: Iterable[Pair]) -> list[int]:
    """Return, for each of `count` rows, the first row of its cluster.

    Star clustering (Aslam, Pelekhov & Rus 2004): the row with the most copies that has no
    cluster yet is a centre and takes all its copies that have none; ties by row.
    """
    near: list[list[int]] = [[] for _ in range(count)]
    for a, b in copies:
        near[a].append(b)
        near[b].append(a)
    first = [-1] * count
    for centre in sorted(range(count), key=lambda row: (-len(near[row]), row)):
        if first[centre] < 0:
            members = [row for row in (centre, *near[centre]) if first[row] < 0]
            for row in members:
                first[row] = min(members)
    return first
