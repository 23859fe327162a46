import json
import logging
import shutil
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from index.durable import write_file
from index.errors import NoSnapshot, SnapshotDamaged, SnapshotIncompatible
from index.snapshot import (
    Manifest,
    SplitterSpec,
    _digest,
    current_id,
    damages,
    open_current,
    open_snapshot,
    prune,
    read_manifest,
    self_query,
    snapshot_folder,
    snapshot_ids,
)
from index.tokens import LateInteraction
from tests.fakes import CODEC, START, Desk, FakeEncoder, files_below, found

FILES = (
    "articles.sqlite",
    "vectors.faiss",
    "tokens.codes",
    "tokens.ends",
    "manifest.json",
    "lexical/meta.json",
    "words/meta.json",
)
GARBAGE = [
    b"",
    b"\n",
    b"garbage",
    b"\xff\xfe\x00\x00",
    b"a\x00b",
    b"..",
    b"../..",
    b"/etc",
    b"zzz",
    b"0",
    b"x" * 5000,
]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with two snapshots; `tea` is only in the second, live one."""
    desk = Desk(tmp_path_factory.mktemp("template") / "data")
    desk.update(found("car", "The car has a bank."))
    desk.update(found("car", "The car has a bank."), found("tea", "The tea is hot."))
    return desk.data


@pytest.fixture
def data(template: Path, tmp_path: Path) -> Path:
    return shutil.copytree(template, tmp_path / "data")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "data")


def live_folder(data: Path) -> Path:
    return snapshot_folder(data, current_id(data))


def damage_live(data: Path) -> None:
    (live_folder(data) / "vectors.faiss").unlink()


def sign_anew(folder: Path, name: str) -> None:
    """Make the manifest answer for a file as it is now."""
    path = folder / "manifest.json"
    record = json.loads(path.read_bytes())
    del record["sha256"]
    content = (folder / name).read_bytes()
    record["files"][name] = {"size": len(content), "sha256": sha256(content).hexdigest()}
    path.write_text(json.dumps({**record, "sha256": _digest(record)}))


def paths(folder: Path) -> list[str]:
    """The files that the manifest answers for, and itself; readers leave lock files beside them."""
    return sorted([*read_manifest(folder).files, "manifest.json"])


def test_a_manifest_says_what_was_built(data: Path) -> None:
    manifest = read_manifest(live_folder(data))
    assert isinstance(manifest, Manifest)
    assert manifest.snapshot_id == current_id(data)
    assert manifest.built_at == START + timedelta(seconds=2)
    assert manifest.encoder == FakeEncoder().spec
    assert manifest.splitter == SplitterSpec(passage_tokens=8, title_tokens=4)
    assert (manifest.sources, manifest.articles, manifest.passages) == (("tests",), 2, 2)
    assert manifest.token_bytes == 4  # eight axes, four bits each


def test_a_manifest_answers_for_every_file(data: Path) -> None:
    folder = live_folder(data)
    assert set(FILES) - {"manifest.json"} <= set(read_manifest(folder).files)
    assert {name for name in files_below(folder) if not name.endswith(".lock")} == {*paths(folder)}


def test_a_whole_snapshot_has_no_damages(data: Path) -> None:
    assert list(damages(live_folder(data))) == []
    self_query(open_snapshot(live_folder(data)))


def cut(path: Path) -> None:
    write_file(path, path.read_bytes()[: path.stat().st_size // 2])


def lengthen(path: Path) -> None:
    write_file(path, path.read_bytes() + b"\0")


def empty(path: Path) -> None:
    write_file(path, b"")


def remove(path: Path) -> None:
    path.unlink()


def put_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def take_from_the_other(path: Path) -> None:
    """Put the other snapshot's file of that kind in its place."""
    other = next(f for f in path.parents if f.parent.name == "snapshots")
    [before] = [f for f in other.parent.iterdir() if f != other]
    same = before / path.relative_to(other)
    write_file(path, (same if same.exists() else before / "vectors.faiss").read_bytes())


DAMAGE = [cut, lengthen, remove, put_a_folder, take_from_the_other]


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_any_damaged_file_is_named_and_the_snapshot_before_answers(
    data: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    live = live_folder(data)
    for name in paths(live):
        whole = shutil.copytree(live, data / "whole")
        damage(live / name)
        with pytest.raises(SnapshotDamaged, match=r"is damaged.*citewire index") as caught:
            open_snapshot(live)
        assert caught.value.file == name
        assert [str(error) for error in damages(live)] == [str(caught.value)]
        caplog.clear()
        assert open_current(data).manifest.articles == 1
        assert name in caplog.text
        shutil.rmtree(live)
        whole.rename(live)


def test_any_flipped_bit_is_noticed(data: Path) -> None:
    """One bit at 20 places of every file."""
    live = live_folder(data)
    for name in paths(live):
        whole = (live / name).read_bytes()
        for place in range(0, len(whole), max(1, len(whole) // 20)):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << place % 8
            write_file(live / name, bytes(flipped))
            with pytest.raises(SnapshotDamaged) as caught:
                open_snapshot(live)
            assert caught.value.file == name
        write_file(live / name, whole)
    open_snapshot(live)


def test_any_flipped_bit_of_a_manifest_is_noticed(data: Path) -> None:
    manifest = live_folder(data) / "manifest.json"
    whole = manifest.read_bytes()
    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        manifest.write_bytes(flipped)
        with pytest.raises(SnapshotDamaged):
            read_manifest(manifest.parent)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"null", b'{"sha256": 1}', b"\xff"])
def test_what_is_no_manifest_is_damage(data: Path, content: bytes) -> None:
    folder = live_folder(data)
    (folder / "manifest.json").write_bytes(content)
    with pytest.raises(SnapshotDamaged, match=r"manifest\.json"):
        open_snapshot(folder)


def test_a_renamed_snapshot_is_damaged(data: Path) -> None:
    renamed = live_folder(data).rename(data / "snapshots" / "20990101T000000000000Z-00000000")
    with pytest.raises(SnapshotDamaged, match=r"manifest\.json is not what was written"):
        open_snapshot(renamed)


def test_a_snapshot_of_another_format_is_refused_by_name(data: Path) -> None:
    """Its manifest is whole: the hash is made anew, as a later Citewire would."""
    path = live_folder(data) / "manifest.json"
    record = json.loads(path.read_bytes())
    del record["sha256"]
    record["format"] = 99
    path.write_text(json.dumps({**record, "sha256": _digest(record)}))
    with pytest.raises(SnapshotIncompatible, match=r"format 99, but 2 is wanted.*citewire index"):
        open_current(data)


def test_without_a_whole_snapshot_the_live_one_is_named(data: Path) -> None:
    live = current_id(data)
    for name in snapshot_ids(data):
        (snapshot_folder(data, name) / "articles.sqlite").unlink()
    with pytest.raises(SnapshotDamaged, match=live):
        open_current(data)


@pytest.mark.parametrize("content", GARBAGE)
def test_a_garbled_current_falls_back_to_the_newest(data: Path, content: bytes) -> None:
    (data / "CURRENT").write_bytes(content)
    assert open_current(data).manifest.articles == 2


@pytest.mark.parametrize("content", GARBAGE)
def test_a_garbled_current_costs_no_snapshot(data: Path, content: bytes) -> None:
    before = snapshot_ids(data)
    (data / "CURRENT").write_bytes(content)
    prune(data)
    assert snapshot_ids(data) == before


def test_without_current_there_is_no_index(data: Path) -> None:
    (data / "CURRENT").unlink()
    with pytest.raises(NoSnapshot, match="citewire index"):
        open_current(data)
    with pytest.raises(NoSnapshot):
        open_current(data / "nowhere")


def test_nothing_is_logged_when_all_is_well(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        assert open_current(data).manifest.articles == 2
    assert caplog.text == ""


def fake_snapshots(data: Path, *names: str, live: str) -> None:
    for name in names:
        (data / "snapshots" / name).mkdir(parents=True)
    (data / "CURRENT").write_text(live + "\n")


def test_pruning_keeps_the_live_one_and_the_one_before(tmp_path: Path) -> None:
    """4 is newer than the live one: a build that was killed before it switched."""
    fake_snapshots(tmp_path, "1", "2", "3", "4", live="3")
    prune(tmp_path)
    assert snapshot_ids(tmp_path) == ["2", "3"]
    prune(tmp_path, keep=1)
    assert snapshot_ids(tmp_path) == ["3"]


def test_pruning_removes_what_is_unfinished(data: Path) -> None:
    before = files_below(data)
    (data / "snapshots" / ".new-20990101" / "lexical").mkdir(parents=True)
    (data / "snapshots" / ".new-20990101" / "lexical" / "x.idx").touch()
    (data / ".CURRENT.tmp").touch()
    prune(data)
    assert files_below(data) == before


def test_an_open_snapshot_stays_usable_when_it_is_removed(data: Path) -> None:
    snapshot = open_current(data)
    shutil.rmtree(data)
    self_query(snapshot)
    assert snapshot.articles.article("tea").text == "The tea is hot."
    assert [near.row for near in snapshot.words.search("tea", 5)] == [1]
    assert snapshot.tokens is not None
    # Segments 2 and 3: the second passage has no title, and a sentence of four words.
    [tokens] = snapshot.tokens.tokens([range(2, 4)])
    assert tokens.counts == (0, 4)
    assert CODEC.decode(tokens.codes)[1].tolist() == [0, 0, 0, 0, 0, 1, 0, 0]  # tea


@pytest.mark.parametrize(
    ("name", "change"),
    [
        pytest.param("tokens.codes", cut, id="tokens missing"),
        pytest.param("tokens.codes", lengthen, id="a part of a token"),
        pytest.param("tokens.ends", cut, id="segments missing"),
        pytest.param("tokens.ends", lengthen, id="a part of a number"),
        pytest.param("tokens.codes", empty, id="no tokens"),
        pytest.param("tokens.ends", empty, id="no segments"),
    ],
)
def test_tokens_that_were_written_wrong_never_go_live(
    data: Path, name: str, change: Callable[[Path], None]
) -> None:
    """As if a build had left them so: their hashes are made anew, and only the stores disagree."""
    folder = live_folder(data)
    change(folder / name)
    sign_anew(folder, name)
    with pytest.raises(SnapshotDamaged, match="has 0 rows instead of 4") as caught:
        self_query(open_snapshot(folder))
    assert caught.value.file == "tokens.codes"


def test_segments_that_are_too_few_are_noticed(data: Path) -> None:
    """The last sentence is gone from both files: a title and a sentence, and a title."""
    folder = live_folder(data)
    ends = np.fromfile(folder / "tokens.ends", "<u8")[:-1]
    write_file(folder / "tokens.ends", ends.tobytes())
    write_file(folder / "tokens.codes", (folder / "tokens.codes").read_bytes()[: 4 * int(ends[-1])])
    sign_anew(folder, "tokens.ends")
    sign_anew(folder, "tokens.codes")
    with pytest.raises(SnapshotDamaged, match="has 3 rows instead of 4"):
        self_query(open_snapshot(folder))


@pytest.mark.parametrize("mode", ["off", "query-time"])
def test_a_snapshot_may_be_without_tokens(desk: Desk, mode: LateInteraction) -> None:
    desk.builder(late_interaction=mode).update([found("tea", "The tea is hot.")], ("tests",))
    snapshot = open_current(desk.data)
    assert (snapshot.tokens, snapshot.manifest.token_bytes) == (None, 0)
    assert not [name for name in paths(snapshot.folder) if name.startswith("tokens")]
    self_query(snapshot)
