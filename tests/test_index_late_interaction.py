from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.article import Span
from index.late_interaction import (
    PACKAGED_CODEC,
    Floats,
    PassageTokens,
    QuestionTokens,
    TokenCodec,
    TokenStore,
    matches,
    pca_codec,
    ranged,
    unit,
)
from tests.fakes import CODEC as AXES_CODEC
from tests.fakes import resident

X, Y, Z, W = np.eye(4, dtype=np.float32)
# Four dimensions stay; a step is 2 / 15.
CODEC = TokenCodec(
    projection=np.eye(4, dtype=np.float32),
    low=np.full(4, -1, np.float32),
    high=np.ones(4, np.float32),
    focus=np.array([2, 0, 0, 0], np.float32),
    bias=-1.0,
)
# 0 and 1 are kept exactly, so that what is found can be worked out by hand.
EXACT = replace(CODEC, low=np.zeros(4, np.float32))
numbers = st.floats(-1e6, 1e6, width=32)
rows = st.lists(st.tuples(numbers, numbers, numbers, numbers), max_size=8)


def floats(*vectors: object) -> Floats:
    return np.array(vectors, np.float32).reshape(-1, 4)


def some_text() -> Floats:
    """Tokens of eight dimensions, of which two say most, the first twice as much."""
    spread = np.array([4, 2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])
    return np.asarray(np.random.default_rng(7).normal(size=(500, 8)) * spread, np.float32)


def test_a_vector_is_cut_into_sixteen_steps_two_a_byte() -> None:
    """(2, -3, 6, 0) / 7 is 9.6, 4.3, 13.9 and 7.5 steps above -1; a half goes to the even step."""
    codes = CODEC.encode(floats([2, -3, 6, 0]))
    assert codes.dtype == np.uint8
    assert codes.tolist() == [[10 * 16 + 4, 14 * 16 + 8]]
    # Steps 10, 4, 14 and 8 are 5/15, -7/15, 13/15 and 1/15.
    want = np.array([[5, -7, 13, 1]]) / np.sqrt(25 + 49 + 169 + 1)
    assert CODEC.decode(codes) == pytest.approx(want, abs=1e-6)


def test_what_is_beyond_the_range_counts_as_its_end() -> None:
    narrow = replace(CODEC, low=np.full(4, -0.5, np.float32), high=np.full(4, 0.5, np.float32))
    assert narrow.encode(floats(X, -X)).tolist() == [[15 * 16 + 8, 8 * 16 + 8], [8, 8 * 16 + 8]]


@settings(deadline=None)
@given(st.lists(st.integers(0, 7), max_size=8))
def test_the_codec_of_the_fakes_keeps_axes_exactly(axes: list[int]) -> None:
    vectors = np.eye(8, dtype=np.float32)[axes]
    assert AXES_CODEC.decode(AXES_CODEC.encode(vectors)).tolist() == vectors.tolist()


@settings(deadline=None)
@given(rows)
def test_what_is_decoded_is_close_to_what_was_encoded(vectors: list[tuple[float, ...]]) -> None:
    """Off by half a step, 1/15, in four dimensions: 2/15 in all, a cosine of 0.991 at least."""
    reduced = CODEC.reduce(floats(*vectors))
    found = CODEC.decode(CODEC.encode(floats(*vectors)))
    assert found.shape == (len(vectors), 4)
    assert not np.isnan(found).any()
    assert np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-5)
    whole = np.linalg.norm(reduced, axis=1) > 0.999  # rows of zeros have no direction
    assert ((found * reduced).sum(axis=1)[whole] > 0.99).all()


@settings(deadline=None)
@given(rows)
def test_a_row_has_length_one_or_is_zeros(vectors: list[tuple[float, ...]]) -> None:
    """A row shorter than 1e-9 stays short."""
    given_rows, found = floats(*vectors), unit(floats(*vectors))
    assert found.dtype == np.float32
    long = np.linalg.norm(given_rows, axis=1) > 1e-9
    assert np.linalg.norm(found, axis=1)[long] == pytest.approx(1, abs=1e-5)
    assert (found[(given_rows == 0).all(axis=1)] == 0).all()
    assert not np.isnan(found).any()


def test_no_tokens_have_no_codes() -> None:
    codes = CODEC.encode(floats())
    assert codes.shape == (0, CODEC.width) == (0, 2)
    assert CODEC.decode(codes).shape == CODEC.reduce(floats()).shape == (0, 4)
    assert CODEC.importance(floats()).shape == (0,)


def test_a_vector_is_projected_and_scaled_to_length_one() -> None:
    """Of (2, 3, 6, 0), the last two dimensions left out, (2, 3) is left."""
    half = replace(CODEC, projection=CODEC.projection[:, :2])
    assert half.reduce(floats([2, 3, 6, 0]))[0] == pytest.approx(np.array([2, 3]) / np.sqrt(13))


def test_importance_is_the_softplus_of_the_part_in_focus() -> None:
    """Of 2 · cosine - 1: 1 for X, -1 for Y, -3 for -X; the length of a vector does not count."""
    want = [np.log(1 + np.exp(part)) for part in (1, -1, -3)]
    assert CODEC.importance(floats(9 * X, Y, -X)) == pytest.approx(want)
    assert CODEC.importance(floats(X)).dtype == np.float32


def test_a_codec_survives_its_bytes() -> None:
    back = TokenCodec.from_bytes(CODEC.to_bytes())
    for name in ("projection", "low", "high", "focus"):
        assert getattr(back, name).dtype == np.float32
        assert (getattr(back, name) == getattr(CODEC, name)).all()
    assert (back.bias, back.width) == (-1.0, 2)
    assert back.to_bytes() == CODEC.to_bytes()


def test_the_packaged_codec_is_whole() -> None:
    codec = TokenCodec.from_bytes(PACKAGED_CODEC.read_bytes())
    assert (codec.projection.shape, codec.width) == ((384, 128), 64)
    assert codec.to_bytes() == PACKAGED_CODEC.read_bytes()


def archive(**parts: object) -> bytes:
    """What `to_bytes` writes, but for some parts; None leaves one out."""
    with np.load(BytesIO(CODEC.to_bytes())) as file:
        whole = {**file, **parts}
    target = BytesIO()
    np.savez(target, **{name: part for name, part in whole.items() if part is not None})
    return target.getvalue()


def one_array() -> bytes:
    target = BytesIO()
    np.save(target, np.zeros((4, 4)))
    return target.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"garbage", id="garbage"),
        pytest.param(b"\0" * 1000, id="zeros"),
        pytest.param(b"PK\3\4" + b"x" * 100, id="the beginning of an archive"),
        pytest.param(CODEC.to_bytes()[:-1], id="cut at its end"),
        pytest.param(CODEC.to_bytes()[:600], id="half"),
        pytest.param(one_array(), id="one array"),
        pytest.param(archive(focus=None), id="a part missing"),
        pytest.param(archive(bias=None), id="no bias"),
        pytest.param(archive(more=np.zeros(1)), id="a part too many"),
        pytest.param(archive(bias=np.zeros(2)), id="two biases"),
        pytest.param(archive(low=np.array(["a"] * 4)), id="words"),
        pytest.param(archive(low=np.zeros(3)), id="a range of another size"),
        pytest.param(archive(focus=np.zeros(3)), id="a focus of another size"),
        pytest.param(archive(projection=np.zeros(4)), id="a projection of one dimension"),
        pytest.param(archive(low=np.ones(4)), id="an empty range"),
        pytest.param(archive(high=np.full(4, np.nan)), id="not a number"),
        pytest.param(
            archive(projection=np.zeros((4, 3)), low=np.zeros(3), high=np.ones(3)), id="odd"
        ),
        pytest.param(
            archive(projection=np.zeros((4, 0)), low=np.zeros(0), high=np.zeros(0)), id="empty"
        ),
    ],
)
def test_what_is_no_codec_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="codec"):
        TokenCodec.from_bytes(content)


@settings(deadline=None)
@given(st.data())
def test_a_flipped_bit_is_refused_or_changes_nothing(data: st.DataObject) -> None:
    content = bytearray(CODEC.to_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        back = TokenCodec.from_bytes(bytes(content))
    except ValueError:
        return
    assert back.to_bytes() == CODEC.to_bytes()


def test_principal_directions_come_first() -> None:
    """Rows lie along X, some along Y: these two are kept, and turned to the positive side."""
    codec = pca_codec(floats(*[X] * 5, *[-Y] * 3, Z), reduced=2)
    assert np.abs(codec.projection - floats(X, Y).T).max() < 1e-6


@pytest.mark.parametrize(
    ("dimension", "reduced", "want"), [(8, 128, 8), (7, 128, 6), (8, 4, 4), (8, 5, 4), (2, 128, 2)]
)
def test_an_even_number_of_directions_is_kept(dimension: int, reduced: int, want: int) -> None:
    codec = pca_codec(some_text()[:, :dimension], reduced)
    assert codec.projection.shape == (dimension, want)
    assert codec.low.shape == codec.high.shape == (want,)
    assert codec.focus.shape == (dimension,)
    assert codec.width == want // 2
    assert codec.encode(some_text()[:, :dimension]).shape == (500, want // 2)


def test_equal_tokens_give_an_equal_codec() -> None:
    assert pca_codec(some_text()).to_bytes() == pca_codec(some_text()).to_bytes()
    assert pca_codec(some_text()).to_bytes() == pca_codec(10 * some_text()).to_bytes()


def test_a_codec_that_was_not_trained_holds_all_tokens_equal() -> None:
    """Softplus of 1."""
    weights = pca_codec(some_text()).importance(some_text())
    assert weights == pytest.approx(np.log(1 + np.e))


def test_principal_directions_keep_what_tokens_have_in_common() -> None:
    """Two of eight dimensions say nearly all; what a byte keeps of them is close."""
    codec = TokenCodec.from_bytes(pca_codec(some_text(), 2).to_bytes())
    found = codec.decode(codec.encode(some_text()))
    assert (found * codec.reduce(some_text())).sum(axis=1).min() > 0.98


def test_ranges_leave_out_one_in_a_hundred() -> None:
    """Angles of 0° to 90°: 1001 rows, of which 5 lie below the range and 5 above."""
    angles = np.linspace(0, np.pi / 2, 1001)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    codec = ranged(np.eye(2, dtype=np.float32), vectors, np.zeros(2, np.float32), 1.0)
    assert (vectors < codec.low).sum(axis=0).tolist() == [5, 5]
    assert (vectors > codec.high).sum(axis=0).tolist() == [5, 5]


def test_a_dimension_in_which_all_tokens_are_equal_has_a_range_too() -> None:
    codec = ranged(np.eye(4, dtype=np.float32), floats(X, X), np.zeros(4, np.float32), 1.0)
    assert (codec.high > codec.low).all()
    back = TokenCodec.from_bytes(codec.to_bytes())
    assert back.decode(back.encode(floats(X)))[0] == pytest.approx(X, abs=0.01)


def question(*vectors: Floats) -> QuestionTokens:
    spans = tuple(Span(n, n + 1) for n in range(len(vectors)))
    return QuestionTokens(floats(*vectors), np.ones(len(vectors), np.float32), spans)


def passage(*segments: list[Floats]) -> PassageTokens:
    vectors = [vector for segment in segments for vector in segment]
    return PassageTokens(EXACT.encode(floats(*vectors)), tuple(map(len, segments)))


def test_each_segment_has_the_best_cosine_of_its_tokens() -> None:
    """(3, 4, 0, 0) / 5 has a cosine of 0.6 with X and 0.8 with Y: 9 and 12 of 15 steps."""
    between = floats([0.6, 0.8, 0, 0])[0]
    [found] = matches(question(X, Y, W), [passage([Z], [X, between], [between, Z])], EXACT)
    want = [[0, 0, 0], [1, 0.8, 0], [0.6, 0.8, 0]]
    assert found.dtype == np.float32
    assert found == pytest.approx(np.array(want), abs=1e-6)


def test_a_segment_without_tokens_matches_worst() -> None:
    """At the beginning, in the middle, two in a row, and at the end."""
    [found] = matches(question(X, Z), [passage([], [X], [], [], [Z, Y], [])], EXACT)
    assert found.tolist() == [[-1, -1], [1, 0], [-1, -1], [-1, -1], [0, 1], [-1, -1]]


def test_each_passage_has_its_own_segments() -> None:
    """The second has no token, the third no segment either."""
    passages = [passage([X], [Y]), passage([], []), passage(), passage([Y, X])]
    found = matches(question(X), passages, EXACT)
    assert [own.tolist() for own in found] == [[[1], [0]], [[-1], [-1]], [], [[1]]]
    assert found[2].shape == (0, 1)


def test_many_tokens_match_as_each_alone() -> None:
    """As many as are worked on at once, and one more; their lengths known or not."""
    codes = np.random.default_rng(0).integers(0, 256, (513, 2), dtype=np.uint8)
    alone = [matches(question(X, W), [PassageTokens(some, (1,))], CODEC)[0] for some in
             np.split(codes, len(codes))]  # fmt: skip
    for lengths in (None, CODEC.lengths(codes)):
        [found] = matches(question(X, W), [PassageTokens(codes, (1,) * 513, lengths)], CODEC)
        assert found == pytest.approx(np.concatenate(alone), abs=1e-6)


def test_no_passage_no_match() -> None:
    assert matches(question(X), [], EXACT) == []


def test_passages_without_any_token_match_worst() -> None:
    [found] = matches(question(X), [passage([], [])], EXACT)
    assert found.tolist() == [[-1], [-1]]


def test_a_question_without_tokens_has_no_columns() -> None:
    found = matches(question(), [passage([X], []), passage([])], EXACT)
    assert [own.shape for own in found] == [(2, 0), (1, 0)]


@settings(deadline=None)
@given(
    st.lists(st.lists(st.lists(st.integers(0, 3), max_size=3), max_size=4), max_size=5),
    st.lists(st.integers(0, 3), max_size=3),
)
def test_matches_are_those_of_a_loop(passages: list[list[list[int]]], asked: list[int]) -> None:
    """Tokens are axes: a segment has a token of the question, at 1, or others, at 0, or none."""
    eye = np.eye(4, dtype=np.float32)
    made = [passage(*([eye[axis] for axis in part] for part in parts)) for parts in passages]
    found = matches(question(*eye[asked]), made, EXACT)
    want = [
        [[float(axis in part) if part else -1.0 for axis in asked] for part in parts]
        for parts in passages
    ]
    assert [own.tolist() for own in found] == want


def store(folder: Path, codes: bytes, *ends: int) -> TokenStore:
    """A store of two bytes a token."""
    (folder / "codes").write_bytes(codes)
    (folder / "ends").write_bytes(np.array(ends, "<u8").tobytes())
    return TokenStore(folder / "codes", folder / "ends", 2)


def test_passages_are_read_in_the_order_asked_for(tmp_path: Path) -> None:
    """Segments of 1, 2, 0, 0 and 1 tokens: passages of a title and one, none and one sentence."""
    tokens = store(tmp_path, b"aabbccdd", 1, 3, 3, 3, 4)
    assert tokens.segments == 5
    found = tokens.tokens([range(3, 5), range(2), range(2, 3), range(3, 5)])
    assert [own.counts for own in found] == [(0, 1), (1, 2), (0,), (0, 1)]
    assert [bytes(own.codes.ravel()) for own in found] == [b"dd", b"aabbcc", b"", b"dd"]
    assert [own.codes.shape for own in found] == [(1, 2), (3, 2), (0, 2), (1, 2)]
    assert tokens.tokens([]) == []


def test_empty_files_hold_no_segment(tmp_path: Path) -> None:
    tokens = store(tmp_path, b"")
    assert tokens.segments == 0
    assert tokens.tokens([]) == []


def test_segments_may_all_be_empty(tmp_path: Path) -> None:
    tokens = store(tmp_path, b"", 0, 0)
    assert tokens.segments == 2
    [found] = tokens.tokens([range(2)])
    assert (found.counts, found.codes.shape) == ((0, 0), (0, 2))


@pytest.mark.parametrize(
    ("codes", "ends"),
    [
        pytest.param(b"aabb", (1, 3), id="a token missing"),
        pytest.param(b"aabb", (1,), id="a token too many"),
        pytest.param(b"aabb", (), id="no ends"),
        pytest.param(b"", (1, 2), id="no codes"),
        pytest.param(b"aab", (1, 2), id="half a token"),
    ],
)
def test_files_that_disagree_hold_no_segment(
    tmp_path: Path, codes: bytes, ends: tuple[int, ...]
) -> None:
    assert store(tmp_path, codes, *ends).segments == 0


def test_a_cut_file_of_ends_holds_no_segment(tmp_path: Path) -> None:
    store(tmp_path, b"aabb", 1, 2)
    ends = tmp_path / "ends"
    ends.write_bytes(ends.read_bytes()[:-1])
    assert TokenStore(tmp_path / "codes", ends, 2).segments == 0


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="only Linux tells")
def test_pages_that_were_read_are_let_go_and_read_again(tmp_path: Path) -> None:
    """Else each question's would stay, and a process grow with the questions it was asked."""
    half = 1 << 20
    tokens = store(tmp_path, b"aabb" * half, 0, 2 * half)
    (found,) = tokens.tokens([range(2)])
    total = int(found.codes.sum())
    assert resident(tmp_path / "codes") == 4 * half // 1024
    tokens.release()
    assert resident(tmp_path / "codes") == 0
    assert int(found.codes.sum()) == total
