import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from corpus.article import Article, Passage
from index.cache import EmbeddingCache, remove_cache
from index.encoder import SentenceVectors
from index.store import ArticleWriter, Cut

ONE = np.array([0.6, 0.8], np.float32)
TWO = np.array([1, 0], np.float32)
PARTS: tuple[SentenceVectors, ...] = (
    np.array([[0, 1], [1, 0]], np.float16),
    np.empty((0, 2), np.float16),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A cache of two texts for the encoder `e`: one of two sentences, one of none."""
    path = tmp_path / "embeddings.sqlite"
    fill(path)
    return path


def fill(path: Path, fingerprint: str = "e", hashes: Sequence[bytes] = (b"one", b"two")) -> None:
    with EmbeddingCache(path, fingerprint) as cache:
        cache.put(hashes, np.stack([ONE, TWO]), PARTS)


def articles(path: Path, *hashes: bytes) -> Path:
    """An article store whose passages have these text hashes."""
    with closing(ArticleWriter(path)) as writer:
        writer.add(Article("a", "", "x"), "")
        writer.add_passages(1, [Cut(Passage("a", 0, 1, 0), 1, name) for name in hashes])
    return path


def test_vectors_survive_in_the_order_asked_for(path: Path) -> None:
    with EmbeddingCache(path, "e") as cache:
        vectors, sentences = cache.get([b"two", b"one", b"two"], 2)
    assert vectors.dtype == np.float32
    assert vectors.tolist() == [TWO.tolist(), ONE.tolist(), TWO.tolist()]
    assert [part.dtype for part in sentences] == [np.float16] * 3
    assert [part.tolist() for part in sentences] == [[], [[0, 1], [1, 0]], []]


def test_known_are_those_of_this_encoder(path: Path) -> None:
    with EmbeddingCache(path, "e") as cache:
        assert cache.known([b"one", b"three"]) == {b"one"}
        assert cache.known([]) == set()
    with EmbeddingCache(path, "another") as cache:
        assert cache.known([b"one"]) == set()


def test_what_was_put_is_there_while_the_file_is_still_open(path: Path) -> None:
    """So a killed build keeps it: nothing waits for `close`."""
    with EmbeddingCache(path, "e") as cache:
        cache.put([b"three"], ONE[None], PARTS[1:])
        with EmbeddingCache(path, "e") as other:
            assert other.known([b"three"]) == {b"three"}


def test_more_hashes_than_a_statement_takes(tmp_path: Path) -> None:
    hashes = [b"%d" % n for n in range(1201)]
    vectors = np.arange(2402, dtype=np.float32).reshape(1201, 2)
    with EmbeddingCache(tmp_path / "c", "e") as cache:
        cache.put(hashes, vectors, [PARTS[0]] * 1201)
        assert cache.known(hashes) == set(hashes)
        assert cache.get(hashes[::-1], 2)[0].tolist() == vectors[::-1].tolist()


def test_a_vector_that_is_not_here_is_an_error(path: Path) -> None:
    with EmbeddingCache(path, "e") as cache, pytest.raises(sqlite3.DatabaseError, match="three"):
        cache.get([b"three"], 2)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE vectors SET vector = zeroblob(8) WHERE text_hash = ?",
        "UPDATE vectors SET sentences = zeroblob(8) WHERE text_hash = ?",
        "UPDATE vectors SET sentences = 'text' WHERE text_hash = ?",
        "UPDATE vectors SET crc32 = 1 WHERE text_hash = ?",
    ],
)
def test_a_vector_that_was_changed_is_noticed(path: Path, change: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(change, (b"one",))
    with EmbeddingCache(path, "e") as cache:
        assert cache.get([b"two"], 2)[0].tolist() == [TWO.tolist()]
        with pytest.raises(sqlite3.DatabaseError, match="vector"):
            cache.get([b"one"], 2)


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
        assert cache.get([b"two"], 2)[0].tolist() == [TWO.tolist()]
    with EmbeddingCache(path, "another") as cache:
        assert cache.known([b"one", b"two"]) == {b"two"}


def test_what_was_dropped_is_overwritten_on_disk(path: Path, tmp_path: Path) -> None:
    """Vectors can be turned back into words, so those of a deleted article must be gone."""
    with EmbeddingCache(path, "e") as cache:
        cache.put([b"secret"], np.array([[1.25, 2.5]], np.float32), PARTS[1:])
    secret = np.array([1.25, 2.5], np.float32).tobytes()
    assert secret in path.read_bytes()
    with EmbeddingCache(path, "e") as cache:
        cache.keep_only(articles(tmp_path / "a", b"one", b"two"))
    assert secret not in path.read_bytes()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a", path.name]


def test_odd_characters_in_the_folder_name(tmp_path: Path) -> None:
    folder = tmp_path / "a?b=c%41 #ü"
    folder.mkdir()
    fill(folder / "c")
    with EmbeddingCache(folder / "c", "e") as cache:
        assert cache.keep_only(articles(folder / "a", b"one")) == 1
    assert sorted(file.name for file in folder.iterdir()) == ["a", "c"]
