from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.article import Article, Passage, Span
from corpus.passages import Splitter
from index.encoder import Batch, Encoder, PassageText
from index.late_interaction import PassageTokens, TokenCodec, TokenStore
from index.passage_texts import passage_texts, splitter_of, text_hash
from index.snapshot import ENDS_FILE, TOKENS_FILE
from index.store import ArticleStore, ArticleWriter, Cut
from index.tokens import (
    MOST_STORED,
    EncodedTokens,
    LateInteraction,
    StoredTokens,
    TokenWriter,
    stores_tokens,
)
from tests.fakes import CODEC, SPLITTER, FakeEncoder, resident

# Two bytes a token, as `tokens` makes them.
NARROW = TokenCodec(
    projection=np.eye(4, dtype=np.float32),
    low=np.full(4, -1, np.float32),
    high=np.ones(4, np.float32),
    focus=np.zeros(4, np.float32),
    bias=0.0,
)
counts_lists = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=4), max_size=6)
TEA = Article("tea", "Green tea", "The tea is hot today. The rain is cold today. Whale.")
CAR = Article("car", "", "The car has a bank.")


def tokens(*counts: int, first: int = 0) -> PassageTokens:
    """Tokens of two bytes, numbered from `first`."""
    numbers = np.arange(first, first + sum(counts), dtype=np.uint8)
    return PassageTokens(np.stack([numbers, numbers], axis=1), counts)


def write(folder: Path, *passages: PassageTokens) -> TokenStore:
    with TokenWriter(folder) as writer:
        writer.add(passages)
    return TokenStore(folder / TOKENS_FILE, folder / ENDS_FILE, 2)


class Rows:
    """Passages by how many sentences each has."""

    def __init__(self, sentences: list[int]) -> None:
        self._ends = [0, *accumulate(sentences)]

    def sentence_rows(self, rows: Sequence[int]) -> list[range]:
        """The rows of their sentences."""
        return [range(self._ends[row], self._ends[row + 1]) for row in rows]


@pytest.mark.parametrize(("mode", "passages"), [("stored", 10**9), ("auto", MOST_STORED)])
def test_tokens_are_stored(mode: LateInteraction, passages: int) -> None:
    assert stores_tokens(mode, passages)


@pytest.mark.parametrize(
    ("mode", "passages"), [("auto", MOST_STORED + 1), ("query-time", 1), ("off", 1)]
)
def test_tokens_are_not_stored(mode: LateInteraction, passages: int) -> None:
    assert not stores_tokens(mode, passages)


def test_segments_end_where_their_tokens_do(tmp_path: Path) -> None:
    """Counts 1, 2 | 0 | 0, 0, 1 add up to 1, 3, 3, 3, 3 and 4."""
    with TokenWriter(tmp_path) as writer:
        writer.add([tokens(1, 2), tokens(0)])
        writer.add([])
        writer.add([tokens(0, 0, 1, first=3)])
    assert (tmp_path / TOKENS_FILE).read_bytes() == bytes([0, 0, 1, 1, 2, 2, 3, 3])
    assert np.fromfile(tmp_path / ENDS_FILE, "<u8").tolist() == [1, 3, 3, 3, 3, 4]


def test_without_a_folder_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with TokenWriter(None) as writer:
        writer.add([tokens(1, 2)])
    assert list(tmp_path.iterdir()) == []


def test_nothing_added_leaves_two_empty_files(tmp_path: Path) -> None:
    assert write(tmp_path).segments == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == [TOKENS_FILE, ENDS_FILE]


def test_files_are_closed_when_a_build_breaks(tmp_path: Path) -> None:
    def build(writer: TokenWriter) -> None:
        with writer:
            writer.add([tokens(1)])
            raise RuntimeError

    writer = TokenWriter(tmp_path)
    with pytest.raises(RuntimeError):
        build(writer)
    with pytest.raises(ValueError, match="closed"):
        writer.add([tokens(1)])


def test_stored_tokens_are_found_behind_the_titles_before(tmp_path: Path) -> None:
    """Two sentences, none, one: segments T S S | T | T S, so the last begins at row 4."""
    passages = [tokens(1, 2, 1), tokens(2, first=4), tokens(0, 3, first=6)]
    stored = StoredTokens(write(tmp_path, *passages), Rows([2, 0, 1]), NARROW)
    for row, want in enumerate(passages):
        [found] = stored.tokens([row])
        assert found.counts == want.counts
        assert found.codes.tolist() == want.codes.tolist()
    assert [own.counts for own in stored.tokens([2, 0, 2])] == [(0, 3), (1, 2, 1), (0, 3)]
    assert stored.tokens([]) == []


def test_stored_tokens_come_with_their_lengths_and_are_read_once(tmp_path: Path) -> None:
    passages = [tokens(1, 2), tokens(0, 3, first=3)]
    rows = Rows([1, 1])
    stored = StoredTokens(write(tmp_path, *passages), rows, NARROW)
    first, second = stored.tokens([0, 1])
    for own in (first, second):
        assert own.lengths is not None
        assert np.array_equal(own.lengths, NARROW.lengths(own.codes))
    again = stored.tokens([1, 0])
    assert again[0] is second
    assert again[1] is first


@settings(deadline=None)
@given(counts_lists)
def test_any_tokens_survive(
    tmp_path_factory: pytest.TempPathFactory, counts: list[list[int]]
) -> None:
    """A passage's first count is its title's."""
    before = [0, *accumulate(map(sum, counts))]
    passages = [tokens(*own, first=first) for own, first in zip(counts, before, strict=False)]
    store = write(tmp_path_factory.mktemp("tokens"), *passages)
    assert store.segments == sum(map(len, counts))
    stored = StoredTokens(store, Rows([len(own) - 1 for own in counts]), NARROW)
    found = stored.tokens(list(range(len(counts))))
    assert [own.counts for own in found] == [tuple(own) for own in counts]
    assert [own.codes.tolist() for own in found] == [own.codes.tolist() for own in passages]


def splitter() -> Splitter:
    return splitter_of(FakeEncoder(), SPLITTER)


@pytest.fixture
def articles(tmp_path: Path) -> ArticleStore:
    """Passages of one and of two sentences with a title, and one of a sentence without."""
    with closing(ArticleWriter(tmp_path / "articles.sqlite")) as writer:
        for ordinal, article in enumerate([TEA, CAR], 1):
            writer.add(article, "")
            passages = splitter().split(article)
            texts = passage_texts(splitter(), article, passages)
            writer.add_passages(
                ordinal,
                [
                    Cut(passage, len(text.sentences), text_hash(text))
                    for passage, text in zip(passages, texts, strict=True)
                ],
            )
    return ArticleStore(tmp_path / "articles.sqlite")


def test_a_passage_is_encoded_with_its_title_and_sentences() -> None:
    [text, *_] = passage_texts(splitter(), TEA, splitter().split(TEA))
    assert text.text == "Green tea\nThe tea is hot today."
    [sentence] = text.sentences
    assert text.text[sentence.start : sentence.end] == "The tea is hot today."


def test_a_sentence_that_a_passage_cuts_counts_with_its_part() -> None:
    """Two and one of its words; the blank between two sentences has none."""
    passages = [Passage("car", 4, 11, 0), Passage("car", 8, 11, 1)]
    first, second = passage_texts(splitter(), CAR, passages)
    assert (first.text, first.sentences) == ("car has", (Span(0, 7),))
    assert (second.text, second.sentences) == ("has", (Span(0, 3),))
    [blank] = passage_texts(splitter(), TEA, [Passage("tea", 21, 22, 0)])
    assert (blank.text, blank.sentences) == ("Green tea\n ", ())


def test_the_hash_tells_sentences_apart() -> None:
    """The same words, cut in one place more, have other counts."""
    [text] = passage_texts(splitter(), CAR, splitter().split(CAR))
    assert text_hash(text) == text_hash(PassageText(text.text, text.sentences))
    assert text_hash(text) != text_hash(PassageText(text.text, text.sentences * 2))
    assert text_hash(text) != text_hash(PassageText(text.text + ".", text.sentences))


def test_encoded_tokens_come_in_the_order_asked_for(articles: ArticleStore) -> None:
    """Row 2 is the car: five words, the second and the fifth on axes of their own."""
    read = EncodedTokens(FakeEncoder(), splitter(), articles)
    found = read.tokens([2, 1, 2])
    assert [own.counts for own in found] == [(0, 5), (2, 5, 1), (0, 5)]
    car = CODEC.decode(found[0].codes)
    assert car.argmax(axis=1).tolist() == [7, 1, 7, 7, 0]  # other, car, other, other, bank
    assert read.tokens([]) == []


class Backwards(FakeEncoder):
    """Yields its batches last first, as an encoder may."""

    def encode_batches(self, passages: Sequence[PassageText]) -> Iterator[Batch]:
        """Encode them all first."""
        yield from reversed(list(super().encode_batches(passages)))


def test_batches_may_come_in_any_order(articles: ArticleStore) -> None:
    read = EncodedTokens(Backwards(size=1), splitter(), articles)
    assert [own.counts for own in read.tokens([0, 1, 2])] == [(2, 5), (2, 5, 1), (0, 5)]


def test_encoded_tokens_are_those_that_would_be_stored(
    articles: ArticleStore, tmp_path: Path
) -> None:
    """A batch of two, and one of one."""
    encoder: Encoder = FakeEncoder()
    rows = range(articles.passage_count)
    assert len(rows) == 3
    texts = [
        text
        for article in (TEA, CAR)
        for text in passage_texts(splitter(), article, splitter().split(article))
    ]
    with TokenWriter(tmp_path) as writer:
        for batch in encoder.encode_batches(texts):
            writer.add(batch.tokens)
    store = TokenStore(tmp_path / TOKENS_FILE, tmp_path / ENDS_FILE, CODEC.width)
    stored = StoredTokens(store, articles, CODEC).tokens(rows)
    encoded = EncodedTokens(encoder, splitter(), articles).tokens(rows)
    for one, other in zip(stored, encoded, strict=True):
        assert one.counts == other.counts
        assert one.codes.tolist() == other.codes.tolist()


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="only Linux tells")
def test_what_the_question_before_read_is_let_go(tmp_path: Path) -> None:
    some = [tokens(0, 200) for _ in range(200)]
    stored = StoredTokens(write(tmp_path, *some), Rows([1] * len(some)), NARROW)
    read = stored.tokens(range(len(some)))
    assert sum(int(one.codes.sum()) for one in read)
    assert resident(tmp_path / TOKENS_FILE) == 80
    stored.tokens([0])
    assert resident(tmp_path / TOKENS_FILE) == 0
