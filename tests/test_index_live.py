import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from index import live
from index.errors import EncoderMissing, NoSnapshot, SnapshotDamaged, SnapshotIncompatible
from index.live import LiveIndex
from index.retrieve import FEW_RERANKED, RERANKED
from index.snapshot import SplitterSpec, snapshot_folder
from index.tokens import EncodedTokens, LateInteraction, StoredTokens
from tests.fakes import SPLITTER, Desk, FakeEncoder, found

TEA = found("tea", "The tea is hot.")
CAR = found("car", "The car has a bank.")


class Loads:
    """Stands in for `OnnxEncoder` and counts how often one is loaded."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, _folder: Path, *, threads_per_run: int) -> FakeEncoder:  # noqa: ARG002
        """Load one."""
        self.count += 1
        return FakeEncoder()


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> Loads:
    loads = Loads()
    monkeypatch.setattr(live, "OnnxEncoder", loads)
    return loads


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "data")


def open_live(
    desk: Desk, model: str | None = None, splitter: SplitterSpec | None = None
) -> LiveIndex:
    return LiveIndex(desk.data, desk.data / "models", model=model, splitter=splitter)


def test_it_searches_what_is_live(desk: Desk, loads: Loads) -> None:
    report = desk.update(TEA, CAR)
    found = open_live(desk).current()
    assert [hit.passage.article_id for hit in found.retriever.search("car", 1)] == ["car"]
    info = found.retriever.info
    assert (info.snapshot_id, info.documents, info.passages) == (report.snapshot_id, 2, 2)
    assert (info.encoder, info.built_at) == ("fake fp32", found.snapshot.manifest.built_at)
    assert not found.fallback
    assert loads.count == 1


def test_it_is_opened_once_until_a_build_replaces_it(desk: Desk, loads: Loads) -> None:
    desk.update(TEA)
    index = open_live(desk)
    first = index.current()
    desk.update(TEA)
    assert index.current() is first
    desk.update(CAR)
    second = index.current()
    assert second is not first
    assert index.current() is second
    assert loads.count == 1


def test_who_still_holds_the_old_one_can_use_it(desk: Desk, loads: Loads) -> None:
    desk.update(TEA, CAR)
    index = open_live(desk)
    old = index.current()
    desk.builder().delete(frozenset({"tea"}))
    index.current()
    assert [hit.passage.article_id for hit in old.retriever.search("tea", 1)] == ["tea"]
    assert old.snapshot.articles.article("tea") == TEA.article
    assert loads.count == 1


@pytest.mark.usefixtures("loads")
def test_an_older_snapshot_that_stands_in_says_so_until_the_next_build(desk: Desk) -> None:
    desk.update(TEA)
    damaged = desk.update(CAR).snapshot_id
    (snapshot_folder(desk.data, damaged) / "vectors.faiss").unlink()
    index = open_live(desk)
    found = index.current()
    assert found.fallback
    assert found.snapshot.manifest.articles == 1
    assert found.snapshot.articles.article("tea") == TEA.article
    assert index.current() is found
    desk.update(CAR)
    assert not index.current().fallback


@pytest.mark.usefixtures("loads")
def test_a_snapshot_that_is_damaged_after_it_was_opened_still_answers(desk: Desk) -> None:
    desk.update(TEA)
    index = open_live(desk)
    first = index.current()
    shutil.rmtree(desk.data / "snapshots")
    assert index.current() is first
    with pytest.raises(SnapshotDamaged):
        open_live(desk).current()


def test_without_an_index_it_says_so_and_finds_one_later(desk: Desk, loads: Loads) -> None:
    index = open_live(desk)
    with pytest.raises(NoSnapshot, match="citewire index"):
        index.current()
    desk.update(TEA)
    assert not index.current().fallback
    assert loads.count == 1


@pytest.mark.usefixtures("loads")
def test_another_model_is_refused_by_name(desk: Desk) -> None:
    desk.update(TEA)
    with pytest.raises(SnapshotIncompatible, match=r"encoder fake, but other is wanted.*rebuild"):
        open_live(desk, model="other").current()
    assert open_live(desk, model="fake").current()


@pytest.mark.usefixtures("loads")
@pytest.mark.parametrize(
    ("wanted", "named"),
    [
        (SplitterSpec("0", SPLITTER.passage_tokens, 0, SPLITTER.title_tokens), "version 0 "),
        (SplitterSpec(passage_tokens=9, title_tokens=SPLITTER.title_tokens), r"\(9 tokens"),
    ],
)
def test_another_splitter_is_refused_by_name(desk: Desk, wanted: SplitterSpec, named: str) -> None:
    desk.update(TEA)
    with pytest.raises(SnapshotIncompatible, match=f"splitter .*but .*{named}.*rebuild"):
        open_live(desk, splitter=wanted).current()
    assert open_live(desk, splitter=SPLITTER).current()


@pytest.mark.usefixtures("loads")
@pytest.mark.parametrize(
    ("built", "searched", "kind", "depth"),
    [
        ("auto", "auto", StoredTokens, RERANKED),
        ("stored", "stored", StoredTokens, RERANKED),
        ("stored", "query-time", EncodedTokens, FEW_RERANKED),
        ("query-time", "auto", EncodedTokens, FEW_RERANKED),
        ("off", "query-time", EncodedTokens, FEW_RERANKED),
    ],
)
def test_tokens_are_those_stored_or_encoded_for_fewer(
    desk: Desk, built: LateInteraction, searched: LateInteraction, kind: type, depth: int
) -> None:
    desk.builder(late_interaction=built).update([TEA, CAR], ("tests",))
    retriever = LiveIndex(desk.data, desk.data, late_interaction=searched).current().retriever
    assert isinstance(retriever.tokens, kind)
    assert retriever.reranked == depth
    [hit] = retriever.search("car", 1)
    assert (hit.passage.article_id, hit.late) == ("car", 1)


@pytest.mark.usefixtures("loads")
def test_without_late_interaction_stored_tokens_are_left_alone(desk: Desk) -> None:
    desk.update(TEA, CAR)
    retriever = LiveIndex(desk.data, desk.data, late_interaction="off").current().retriever
    assert retriever.tokens is None
    assert [hit.late for hit in retriever.search("car", 2)] == [0, 0]


@pytest.mark.usefixtures("loads")
def test_tokens_that_must_be_stored_and_are_not_are_named(desk: Desk) -> None:
    desk.builder(late_interaction="off").update([TEA], ("tests",))
    index = LiveIndex(desk.data, desk.data, late_interaction="stored")
    with pytest.raises(SnapshotIncompatible, match=r"late interaction without.*stored.*rebuild"):
        index.current()


def test_a_missing_encoder_is_named(desk: Desk) -> None:
    desk.update(TEA)
    fingerprint = FakeEncoder().spec.fingerprint
    with pytest.raises(EncoderMissing, match=f"{fingerprint}.*citewire index"):
        open_live(desk).current()


def test_threads_share_one(desk: Desk, loads: Loads) -> None:
    desk.update(TEA, CAR)
    index = open_live(desk)
    with ThreadPoolExecutor(8) as pool:
        hits = list(pool.map(lambda _: index.current().retriever.search("car", 1)[0], range(64)))
    assert {hit.passage.article_id for hit in hits} == {"car"}
    assert loads.count == 1
