import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from corpus.article import Article, Passage
from index.cache import EmbeddingCache, remove_cache
from index.late_interaction import PassageTokens
from index.store import ArticleWriter, Cut

ONE = np.array([0.6, 0.8], np.float32)
TWO = np.array([1, 0], np.float32)
# Three bytes a token: two of the title and one of a sentence, and none at all.
TOKENS = (
    PassageTokens(np.array([[0, 1, 2], [3, 4, 255], [6, 7, 8]], np.uint8), (2, 0, 1)),
    PassageTokens(np.empty((0, 3), np.uint8), (0,)),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A cache of two texts for the encoder `e`: one of three tokens, one of none."""
    path = tmp_path / "embeddings.sqlite"
    fill(path)
    return path


def fill(path: Path, fingerprint: str = "e", hashes: Sequence[bytes] = (b"one", b"two")) -> None:
    with EmbeddingCache(path, fingerprint) as cache:
        cache.put(hashes, np.stack([ONE, TWO]), TOKENS)


def articles(path: Path, *hashes: bytes) -> Path:
    """An article store whose passages have these text hashes."""
    with closing(ArticleWriter(path)) as writer:
        writer.add(Article("a", "", "x"), "")
        writer.add_passages(1, [Cut(Passage("a", 0, 1, 0), 1, name) for name in hashes])
    return path


def test_vectors_survive_in_the_order_asked_for(path: Path) -> None:
    with EmbeddingCache(path, "e") as cache:
        vectors, tokens = cache.get([b"two", b"one", b"two"], 2, 3)
    assert vectors.dtype == np.float32
    assert vectors.tolist() == [TWO.tolist(), ONE.tolist(), TWO.tolist()]
    assert [own.codes.dtype for own in tokens] == [np.uint8] * 3
    assert [own.codes.shape for own in tokens] == [(0, 3), (3, 3), (0, 3)]
    assert tokens[1].codes.tolist() == [[0, 1, 2], [3, 4, 255], [6, 7, 8]]
    assert [own.counts for own in tokens] == [(0,), (2, 0, 1), (0,)]


def test_known_are_those_of_this_encoder(path: Path) -> None:
    with EmbeddingCache(path, "e") as cache:
        assert cache.known([b"one", b"three"]) == {b"one"}
        assert cache.known([]) == set()
    with EmbeddingCache(path, "another") as cache:
        assert cache.known([b"one"]) == set()


def test_what_was_put_is_there_while_the_file_is_still_open(path: Path) -> None:
    """So a killed build keeps it: nothing waits for `close`."""
    with EmbeddingCache(path, "e") as cache:
        cache.put([b"three"], ONE[None], TOKENS[1:])
        with EmbeddingCache(path, "e") as other:
            assert other.known([b"three"]) == {b"three"}


def test_more_hashes_than_a_statement_takes(tmp_path: Path) -> None:
    hashes = [b"%d" % n for n in range(1201)]
    vectors = np.arange(2402, dtype=np.float32).reshape(1201, 2)
    with EmbeddingCache(tmp_path / "c", "e") as cache:
        cache.put(hashes, vectors, [TOKENS[0]] * 1201)
        assert cache.known(hashes) == set(hashes)
        assert cache.get(hashes[::-1], 2, 3)[0].tolist() == vectors[::-1].tolist()


def test_a_vector_that_is_not_here_is_an_error(path: Path) -> None:
    with EmbeddingCache(path, "e") as cache, pytest.raises(sqlite3.DatabaseError, match="three"):
        cache.get([b"three"], 2, 3)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE vectors SET vector = zeroblob(8) WHERE text_hash = ?",
        "UPDATE vectors SET tokens = zeroblob(9) WHERE text_hash = ?",
        "UPDATE vectors SET tokens = 'text' WHERE text_hash = ?",
        "UPDATE vectors SET counts = zeroblob(12) WHERE text_hash = ?",
        "UPDATE vectors SET tokens = counts, counts = tokens WHERE text_hash = ?",
        "UPDATE vectors SET crc32 = 1 WHERE text_hash = ?",
    ],
)
def test_a_vector_that_was_changed_is_noticed(path: Path, change: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(change, (b"one",))
    with EmbeddingCache(path, "e") as cache:
        assert cache.get([b"two"], 2, 3)[0].tolist() == [TWO.tolist()]
        with pytest.raises(sqlite3.DatabaseError, match="vector"):
            cache.get([b"one"], 2, 3)


def test_a_file_that_is_no_cache_is_noticed_and_can_be_removed(path: Path) -> None:
    path.write_bytes(b"no database" * 100)
    with pytest.raises(sqlite3.DatabaseError):
        EmbeddingCache(path, "e")
    remove_cache(path)
    fill(path)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_removing_takes_sqlites_files_along(path: Path) -> None:
    for name in ("-wal", "-shm"):
        path.with_name(path.name + name).touch()
    remove_cache(path)
    remove_cache(path)
    assert list(path.parent.iterdir()) == []


def test_keep_only_drops_what_no_passage_has(path: Path, tmp_path: Path) -> None:
    """Of every encoder: four rows, of which the two of text `two` stay."""
    fill(path, "another")
    with EmbeddingCache(path, "e") as cache:
        assert cache.keep_only(articles(tmp_path / "a", b"two", b"three")) == 2
        assert cache.known([b"one", b"two"]) == {b"two"}
        assert cache.get([b"two"], 2, 3)[0].tolist() == [TWO.tolist()]
    with EmbeddingCache(path, "another") as cache:
        assert cache.known([b"one", b"two"]) == {b"two"}


def test_what_was_dropped_is_overwritten_on_disk(path: Path, tmp_path: Path) -> None:
    """Vectors can be turned back into words, so those of a deleted article must be gone."""
    vector, codes = np.array([1.25, 2.5], np.float32).tobytes(), b"secret tokens"
    secret = PassageTokens(np.frombuffer(codes, np.uint8).reshape(1, -1), (1,))
    with EmbeddingCache(path, "e") as cache:
        cache.put([b"secret"], np.array([[1.25, 2.5]], np.float32), [secret])
    before = path.read_bytes()
    assert vector in before
    assert codes in before
    with EmbeddingCache(path, "e") as cache:
        cache.keep_only(articles(tmp_path / "a", b"one", b"two"))
    after = path.read_bytes()
    assert vector not in after
    assert codes not in after
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a", path.name]


def test_odd_characters_in_the_folder_name(tmp_path: Path) -> None:
    folder = tmp_path / "a?b=c%41 #ü"
    folder.mkdir()
    fill(folder / "c")
    with EmbeddingCache(folder / "c", "e") as cache:
        assert cache.keep_only(articles(folder / "a", b"one")) == 1
    assert sorted(file.name for file in folder.iterdir()) == ["a", "c"]
