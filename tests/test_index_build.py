import errno
import json
import logging
import os
import random
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from corpus.article import Article
from corpus.errors import Problem
from corpus.read import Found
from index import snapshot as snapshots
from index.build import CACHE_FILE
from index.cache import EmbeddingCache
from index.durable import replace_file
from index.errors import ArticleNotFound, BuildFailed, NoSnapshot, NothingRead
from index.late_interaction import PassageTokens
from index.snapshot import open_current, snapshot_ids
from index.store import ArticleStore
from index.tokens import LateInteraction, StoredTokens
from tests.fakes import CODEC, Desk, FakeEncoder, files_below, found

# Five words a sentence, eight a passage: every sentence is a passage of its own.
TEA = found("tea", "The tea is hot today. The rain is cold today.", title="Tea")
CAR = found("car", "The car has a bank. The robot has a car. The whale has a moon.")
TEA_PASSAGES = ["Tea\nThe tea is hot today.", "Tea\nThe rain is cold today."]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "data")


def article_ids(desk: Desk) -> list[str]:
    with closing(open_current(desk.data).articles) as articles:
        return [stored.article.id for stored in articles.articles()]


def rows_of(desk: Desk, word: str) -> list[int]:
    return [near.row for near in open_current(desk.data).words.search(word, 10)]


def cached(desk: Desk) -> int:
    """How many passages of the live snapshot have a vector in the cache, or 0 and more besides."""
    with EmbeddingCache(desk.data / CACHE_FILE, FakeEncoder().spec.fingerprint) as cache:
        return int(cache._db.execute("SELECT count(*) FROM vectors").fetchone()[0])


def test_a_first_build_embeds_every_passage(desk: Desk) -> None:
    encoder = FakeEncoder()
    report = desk.update(TEA, CAR, encoder=encoder)
    assert encoder.seen[:2] == TEA_PASSAGES
    assert (report.articles, report.passages, report.embedded) == (2, 5, 5)
    assert (report.added, report.changed, report.removed, report.kept) == (2, 0, 0, 0)
    assert report.is_new
    snapshot = open_current(desk.data)
    assert snapshot.manifest.snapshot_id == report.snapshot_id
    assert snapshot.manifest.sources == ("tests",)
    assert (len(snapshot.vectors), len(snapshot.words)) == (5, 5)
    assert snapshot.tokens is not None
    assert snapshot.tokens.segments == 10  # a title and a sentence each


def test_every_row_has_the_vector_of_its_passage(desk: Desk) -> None:
    """Three batches of two, put together in passage order."""
    desk.update(CAR, TEA)
    assert_every_row_has_its_vector(desk)


def assert_every_row_has_its_vector(desk: Desk) -> None:
    snapshot = open_current(desk.data)
    assert snapshot.tokens is not None
    rows = range(snapshot.manifest.passages)
    tokens = StoredTokens(snapshot.tokens, snapshot.articles, CODEC).tokens(rows)
    for row, passage in enumerate(snapshot.articles.passages(rows)):
        article = snapshot.articles.article(passage.article_id)
        text = f"{article.title} {article.text[passage.start : passage.end]}"
        want = FakeEncoder().encode_question(text)
        assert snapshot.vectors.vector(row) == pytest.approx(want.vector, abs=1e-3)
        assert (CODEC.decode(tokens[row].codes) == want.tokens.vectors).all()
        assert tokens[row].counts == (
            len(article.title.split()),
            len(want.tokens.spans) - len(article.title.split()),
        )


def test_an_unchanged_collection_embeds_nothing_and_makes_no_snapshot(desk: Desk) -> None:
    before = desk.update(TEA, CAR)
    files = files_below(desk.data)
    encoder = FakeEncoder()
    report = desk.update(TEA, CAR, encoder=encoder)
    assert encoder.seen == []
    assert (report.is_new, report.embedded) == (False, 0)
    assert (report.snapshot_id, report.articles, report.passages) == (before.snapshot_id, 2, 5)
    assert files_below(desk.data) == files


def test_what_a_killed_build_left_in_the_cache_goes_even_when_nothing_changed(desk: Desk) -> None:
    """A build that is killed right after the switch has not dropped its vectors yet."""
    desk.update(CAR)
    spec = FakeEncoder().spec
    with EmbeddingCache(desk.data / CACHE_FILE, spec.fingerprint) as cache:
        vectors = np.ones((1, spec.dimension), np.float32)
        cache.put([b"gone"], vectors, [PassageTokens(CODEC.encode(vectors), (1,))])
    assert cached(desk) == 4
    assert not desk.update(CAR).is_new
    assert cached(desk) == 3


def test_a_changed_article_embeds_only_the_passages_whose_text_changed(desk: Desk) -> None:
    desk.update(TEA, CAR)
    encoder = FakeEncoder()
    changed = found("car", CAR.article.text.replace("robot", "tea"))
    report = desk.update(TEA, changed, encoder=encoder)
    assert encoder.seen == ["The tea has a car."]
    assert_every_row_has_its_vector(desk)
    assert (report.added, report.changed, report.removed, report.embedded) == (0, 1, 0, 1)


def test_a_new_article_leaves_the_others_as_they_are(desk: Desk) -> None:
    desk.update(CAR)
    encoder = FakeEncoder()
    report = desk.update(TEA, CAR, encoder=encoder)
    assert encoder.seen == TEA_PASSAGES
    assert (report.added, report.embedded, report.passages) == (1, 2, 5)


def test_a_passage_that_occurs_twice_is_embedded_once(desk: Desk) -> None:
    encoder = FakeEncoder()
    report = desk.update(CAR, found("copy", CAR.article.text), encoder=encoder)
    assert len(encoder.seen) == report.embedded == 3
    assert report.passages == 6


def test_new_metadata_alone_embeds_nothing(desk: Desk) -> None:
    desk.update(CAR)
    report = desk.update(Found(Article("car", "", CAR.article.text, author="A"), "/in/car", None))
    assert (report.is_new, report.embedded) == (True, 0)
    assert open_current(desk.data).articles.article("car").author == "A"


def test_a_removed_article_is_gone_from_everywhere(desk: Desk) -> None:
    desk.update(TEA, CAR)
    assert (rows_of(desk, "hot"), cached(desk)) == ([0], 5)
    report = desk.update(CAR)
    assert (report.removed, report.embedded) == (1, 0)
    assert article_ids(desk) == ["car"]
    assert rows_of(desk, "hot") == []
    assert len(open_current(desk.data).vectors) == 3
    assert cached(desk) == 3


def test_an_unreadable_file_keeps_its_article(desk: Desk) -> None:
    desk.update(TEA, CAR)
    problem = Problem("/in/tea", None, "cannot be read (Permission denied)")
    report = desk.update(problem, CAR)
    assert (report.kept, report.removed, report.embedded, report.skipped) == (1, 0, 0, 1)
    assert report.problems == (problem,)
    assert sorted(article_ids(desk)) == ["car", "tea"]


def test_an_unreadable_folder_keeps_its_articles(desk: Desk) -> None:
    desk.update(TEA, CAR)
    report = desk.update(Problem("/in", None, "cannot list the folder"), CAR)
    assert (report.kept, sorted(article_ids(desk))) == (1, ["car", "tea"])


@pytest.mark.parametrize(
    "problem",
    [
        pytest.param(Problem("/in/te", None, "no neighbour's name begins the same"), id="prefix"),
        pytest.param(Problem("/in/tea", 7, "a line"), id="a line of it"),
        pytest.param(Problem("/in/tea", None, "a note", skipped=False), id="nothing was lost"),
    ],
)
def test_other_problems_keep_no_article(desk: Desk, problem: Problem) -> None:
    desk.update(TEA, CAR)
    assert desk.update(problem, CAR).kept == 0
    assert article_ids(desk) == ["car"]


def test_a_link_to_a_parent_keeps_no_article(desk: Desk, tmp_path: Path) -> None:
    gone = Found(TEA.article, str(tmp_path / "in" / "tea"), None)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "up").symlink_to(tmp_path)
    desk.update(gone, CAR)
    leaves = Problem(str(tmp_path / "in" / "up"), None, "a symbolic link that leaves the folder")
    assert desk.update(leaves, CAR).kept == 0


def test_a_link_that_leads_in_a_circle_is_only_a_problem(desk: Desk, tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    desk.update(CAR)
    report = desk.update(CAR, Problem(str(loop), None, "a symbolic link that leads in a circle"))
    assert (report.skipped, report.is_new) == (1, False)


def test_nothing_read_leaves_the_index(desk: Desk) -> None:
    desk.update(TEA)
    before = files_below(desk.data)
    with pytest.raises(NothingRead, match="No article found in tests"):
        desk.update()
    with pytest.raises(NothingRead, match="1 could not be read"):
        desk.update(Problem("/in/other", None, "is empty"))
    assert files_below(desk.data) == before
    assert article_ids(desk) == ["tea"]


def test_nothing_read_makes_no_index(desk: Desk) -> None:
    with pytest.raises(NothingRead):
        desk.update()
    with pytest.raises(NoSnapshot):
        open_current(desk.data)
    assert files_below(desk.data) == set()


def test_a_deleted_article_is_gone_from_older_snapshots_too(desk: Desk) -> None:
    desk.update(TEA)
    desk.update(TEA, CAR)
    report = desk.builder().delete(frozenset({"tea"}))
    assert (report.removed, report.articles, report.embedded) == (1, 1, 0)
    assert snapshot_ids(desk.data) == [report.snapshot_id]
    assert (article_ids(desk), cached(desk)) == (["car"], 3)


def test_nothing_is_deleted_when_one_id_is_unknown(desk: Desk) -> None:
    desk.update(TEA, CAR)
    before = files_below(desk.data)
    with pytest.raises(ArticleNotFound, match="'boat'"):
        desk.builder().delete(frozenset({"tea", "boat"}))
    assert files_below(desk.data) == before


def test_deleting_needs_an_index(desk: Desk) -> None:
    with pytest.raises(NoSnapshot):
        desk.builder().delete(frozenset({"tea"}))


def test_the_last_article_can_be_deleted(desk: Desk) -> None:
    desk.update(TEA)
    desk.builder().delete(frozenset({"tea"}))
    assert (article_ids(desk), rows_of(desk, "tea"), cached(desk)) == ([], [], 0)
    desk.update(CAR)
    assert article_ids(desk) == ["car"]


def test_an_interrupted_build_goes_on_where_it_stopped(desk: Desk) -> None:
    """Two batches of two passages are kept; the fifth is what is left."""
    with pytest.raises(RuntimeError, match="the encoder broke"):
        desk.update(TEA, CAR, encoder=FakeEncoder(batches=2))
    with pytest.raises(NoSnapshot):
        open_current(desk.data)
    encoder = FakeEncoder()
    report = desk.update(TEA, CAR, encoder=encoder)
    assert encoder.seen == ["The whale has a moon."]
    assert (report.embedded, report.passages) == (1, 5)
    assert_every_row_has_its_vector(desk)


def test_an_interrupted_build_leaves_the_tokens_that_are_live(desk: Desk) -> None:
    desk.update(CAR)
    with pytest.raises(RuntimeError, match="the encoder broke"):
        desk.update(CAR, TEA, encoder=FakeEncoder(batches=0))
    assert article_ids(desk) == ["car"]
    assert_every_row_has_its_vector(desk)


def test_articles_without_text_have_no_passages(desk: Desk) -> None:
    report = desk.update(found("blank", "", title="Tea"))
    assert (report.articles, report.passages, report.embedded) == (1, 0, 0)
    assert rows_of(desk, "tea") == []
    tokens = open_current(desk.data).tokens
    assert tokens is not None
    assert tokens.segments == 0


@pytest.mark.parametrize("mode", ["off", "query-time"])
def test_tokens_can_be_left_out_and_stored_later(desk: Desk, mode: LateInteraction) -> None:
    """They are cached all the same, so nothing is embedded again."""
    desk.builder(late_interaction=mode).update([TEA, CAR], ("tests",))
    assert open_current(desk.data).tokens is None
    report = desk.builder(late_interaction="stored").update([TEA, CAR], ("tests",))
    assert (report.is_new, report.embedded) == (True, 0)
    assert_every_row_has_its_vector(desk)


def test_an_unchanged_collection_stays_without_tokens(desk: Desk) -> None:
    before = desk.builder(late_interaction="off").update([TEA], ("tests",))
    report = desk.builder(late_interaction="off").update([TEA], ("tests",))
    assert (report.is_new, report.snapshot_id) == (False, before.snapshot_id)


def test_a_deletion_keeps_the_tokens_of_the_others(desk: Desk) -> None:
    desk.update(TEA, CAR)
    desk.builder().delete(frozenset({"tea"}))
    assert_every_row_has_its_vector(desk)


def test_another_encoder_embeds_all_anew(desk: Desk) -> None:
    desk.update(CAR)
    other = FakeEncoder()
    other.spec = replace(other.spec, model="other", revision="2")
    report = desk.update(CAR, encoder=other)
    assert (report.is_new, report.embedded, report.added) == (True, 3, 0)
    assert open_current(desk.data).manifest.encoder.model == "other"


def test_the_last_two_snapshots_stay(desk: Desk) -> None:
    made = [desk.update(found("a", f"number {n}")).snapshot_id for n in range(4)]
    assert snapshot_ids(desk.data) == made[-2:]


def test_a_damaged_cache_is_made_anew(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.update(CAR)
    (desk.data / CACHE_FILE).write_bytes(b"no database" * 1000)
    with caplog.at_level(logging.WARNING):
        report = desk.update(CAR, TEA)
    assert report.embedded == 5
    assert_every_row_has_its_vector(desk)
    assert "is damaged" in caplog.text
    assert cached(desk) == 5


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("ALTER TABLE vectors DROP COLUMN counts", id="it lacks a column"),
        # That of Citewire 0.1, which kept sentences: nothing in it is of this encoder.
        pytest.param(
            "DROP TABLE vectors; CREATE TABLE vectors (fingerprint TEXT NOT NULL, text_hash BLOB "
            "NOT NULL, vector BLOB NOT NULL, sentences BLOB NOT NULL, crc32 INTEGER NOT NULL, "
            "PRIMARY KEY (fingerprint, text_hash)) WITHOUT ROWID",
            id="format 1",
        ),
    ],
)
def test_a_cache_of_another_shape_is_made_anew(desk: Desk, change: str) -> None:
    desk.update(CAR)
    with closing(sqlite3.connect(desk.data / CACHE_FILE)) as db:
        db.executescript(change)
    assert desk.update(CAR, TEA).embedded == 5
    assert_every_row_has_its_vector(desk)


@pytest.mark.slow
def test_a_build_survives_any_damage_to_the_cache(desk: Desk, tmp_path: Path) -> None:
    """A hundred caches with twenty wrong bytes each, or cut short: every vector is still right."""
    chance = random.Random(3)  # noqa: S311
    many = [found(f"{n}", f"The car {n} has a bank. The tea {n} is hot.") for n in range(60)]
    desk.update(*many)
    for trial in range(100):
        other = Desk(shutil.copytree(desk.data, tmp_path / f"{trial}"))
        next(other.moments)
        content = bytearray((other.data / CACHE_FILE).read_bytes())
        for _ in range(20):
            content[chance.randrange(len(content))] = chance.randrange(256)
        cut = len(content) if trial % 2 else chance.randrange(len(content))
        (other.data / CACHE_FILE).write_bytes(content[:cut])
        other.update(*many, TEA, CAR)
        assert_every_row_has_its_vector(other)


def test_the_index_is_rebuilt_when_an_older_snapshot_stands_in(desk: Desk) -> None:
    """Sources that read as they did before the damaged snapshot still need a new one."""
    desk.update(CAR)
    damaged = desk.update(TEA)
    (desk.data / "snapshots" / damaged.snapshot_id / "vectors.faiss").unlink()
    report = desk.update(CAR)
    assert report.is_new
    assert open_current(desk.data).manifest.snapshot_id == report.snapshot_id


def test_an_index_of_another_format_is_rebuilt(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """As an older Citewire left it: a manifest that is whole, but without `token_bytes`."""
    before = desk.update(CAR)
    path = desk.data / "snapshots" / before.snapshot_id / "manifest.json"
    record = json.loads(path.read_bytes())
    del record["sha256"], record["token_bytes"], record["encoder"]["codec"]
    record["format"] = 1
    path.write_text(json.dumps({**record, "sha256": snapshots._digest(record)}))
    report = desk.update(CAR)
    assert "is being rebuilt from the sources" in caplog.text
    assert (report.is_new, report.added) == (True, 1)
    assert_every_row_has_its_vector(desk)


def test_an_index_without_its_words_is_read_and_brought_up_to_date(desk: Desk) -> None:
    """As an older Citewire left it: it answers as it did, and the next build adds them."""
    before = desk.update(CAR)
    folder = desk.data / "snapshots" / before.snapshot_id
    shutil.rmtree(folder / "words")
    path = folder / "manifest.json"
    record = json.loads(path.read_bytes())
    del record["sha256"]
    record["files"] = {n: f for n, f in record["files"].items() if not n.startswith("words/")}
    record["content_sha256"] = "that of a version that knew no words"
    path.write_text(json.dumps({**record, "sha256": snapshots._digest(record)}))
    assert open_current(desk.data).spellings is None
    assert rows_of(desk, "moon") == [2]
    report = desk.update(CAR)
    assert (report.is_new, report.embedded) == (True, 0)
    words = open_current(desk.data).spellings
    assert words is not None
    assert [near.word for near in words.near("cra", 1)] == ["car"]


def fail(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("step", ["write_file", "sync_file", "sync_folder", "replace_file"])
def test_a_failed_write_leaves_the_index(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    desk.update(TEA)
    before = files_below(desk.data / "snapshots")
    with monkeypatch.context() as patch:
        patch.setattr(snapshots, step, fail)
        with pytest.raises(BuildFailed, match="No space left on device"):
            desk.update(TEA, CAR)
    assert files_below(desk.data / "snapshots") == before
    assert article_ids(desk) == ["tea"]


def test_a_snapshot_that_went_live_survives_a_failed_sync_of_its_name(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:

    def fail_late(path: Path, content: bytes) -> None:
        replace_file(path, content)
        fail()

    monkeypatch.setattr(snapshots, "replace_file", fail_late)
    with pytest.raises(BuildFailed):
        desk.update(CAR)
    assert article_ids(desk) == ["car"]


def test_vectors_that_cannot_be_dropped_take_the_cache_along(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The snapshot is live by then, and a deleted article's vectors must not stay."""
    desk.update(TEA, CAR)

    def break_off(self: EmbeddingCache, articles: Path) -> int:
        self._db.execute("no such statement")
        return len(ArticleStore(articles).passages([]))

    monkeypatch.setattr(EmbeddingCache, "keep_only", break_off)
    assert desk.builder().delete(frozenset({"tea"})).is_new
    assert not (desk.data / CACHE_FILE).exists()
    assert article_ids(desk) == ["car"]
