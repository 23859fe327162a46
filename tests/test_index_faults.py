"""Builders in processes of their own, killed, starved and raced.

Each test does a few trials; `FAULT_TRIALS=50 pytest -s tests/test_index_faults.py` does as many as
one likes and prints what happened.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.errors import NoSnapshot
from index.snapshot import open_current, read_manifest, self_query, snapshot_ids
from tests.build_driver import article_ids
from tests.fakes import Desk, files_below, found

ROOT = Path(__file__).resolve().parent.parent
TRIALS = int(os.environ.get("FAULT_TRIALS", "3"))
OLD, NEW = 1, 2
NAMES = {0: "none yet", OLD: "old", NEW: "new"}

slow = pytest.mark.slow


def start(data: Path, version: int, *options: str) -> subprocess.Popen[str]:
    """Return a builder that waits for `go`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.build_driver", str(data), str(version), *options],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n", process.communicate()
    return process


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("go\n")
    process.stdin.flush()


def build(data: Path, version: int, *options: str) -> tuple[int, str]:
    """Return the exit status and what the builder said."""
    with start(data, version, *options) as process:
        out, err = process.communicate("go\n")
    assert "Traceback" not in err, err
    assert "panicked" not in err, err
    return process.returncode, out + err


def version_of(data: Path) -> int:
    """Return which version is live and whole: 0 when there is none, otherwise OLD or NEW."""
    try:
        snapshot = open_current(data)
    except NoSnapshot:
        return 0
    self_query(snapshot)
    ids = [stored.article.id for stored in snapshot.articles.articles()]
    [version] = [version for version in (OLD, NEW) if article_ids(version) == ids]
    return version


def assert_nothing_temporary(data: Path) -> None:
    """Check that each file is one that a finished build leaves, and that none is missing.

    The cache may be: where the disk is too full to drop vectors from it, it is removed. Readers
    leave a lock in `lexical` and `words`.
    """
    want, may = {"CURRENT", ".lock"}, {"embeddings.sqlite"}
    assert 1 <= len(snapshot_ids(data)) <= 2
    for name in snapshot_ids(data):
        files = read_manifest(data / "snapshots" / name).files
        want |= {f"snapshots/{name}/{file}" for file in (*files, "manifest.json")}
        may |= {f"snapshots/{name}/{it}/.tantivy-meta.lock" for it in ("lexical", "words")}
    assert files_below(data) - may == want
    assert {folder.name for folder in data.iterdir() if folder.is_dir()} == {"snapshots"}


def assert_it_recovers(data: Path) -> str:
    """Build again and check that all is there and nothing else; return what the builder said."""
    status, said = build(data, NEW)
    assert status == 0, said
    assert version_of(data) == NEW
    assert_nothing_temporary(data)
    return said


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data folders to be copied: `old`, and `warm`, where the new version's vectors are cached."""
    made = tmp_path_factory.mktemp("folders")
    assert build(made / "old", OLD)[0] == 0
    assert_nothing_temporary(made / "old")
    shutil.copytree(made / "old", made / "new")
    assert build(made / "new", NEW)[0] == 0
    shutil.copytree(made / "old", made / "warm")
    shutil.copy(made / "new" / "embeddings.sqlite", made / "warm")
    return made


def before(folders: Path, data: Path, trial: int) -> int:
    """Put one of `folders`, or every third time none, at `data`; return the version that it has."""
    if data.exists():
        shutil.rmtree(data)
    if trial % 3 == 2:
        return 0
    shutil.copytree(folders / ("old", "warm")[trial % 3], data)
    return OLD


@slow
def test_a_builder_killed_at_any_moment_leaves_old_or_new(folders: Path, tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311
    data = shutil.copytree(folders / "old", tmp_path / "data")
    with start(data, NEW) as process:
        begun = time.perf_counter()
        process.communicate("go\n")
    whole_s = time.perf_counter() - begun
    ends: Counter[str] = Counter()
    for trial in range(TRIALS):
        was = before(folders, data, trial)
        with start(data, NEW) as process:
            go(process)
            try:
                process.wait(chance.uniform(0, whole_s))
                ends["finished before"] += 1
            except subprocess.TimeoutExpired:
                process.kill()
        now = version_of(data)
        assert now in {was, NEW}
        ends[NAMES[now]] += 1
        said = assert_it_recovers(data)
        # Of the 1800 passages 600 are new; a build that was killed keeps what it embedded.
        ends["resumed"] += int(said.split()[1]) not in {(600, 0, 1800)[trial % 3], 0}
    print(f"\nkilled within {whole_s:.2f} s: {dict(ends)}")  # noqa: T201


@slow
def test_a_builder_killed_before_any_file_operation_leaves_old_or_new(
    folders: Path, tmp_path: Path
) -> None:
    """With trials enough every one of them."""
    data = shutil.copytree(folders / "old", tmp_path / "data")
    status, said = build(data, NEW)
    assert status == 0, said
    operations = range(1, int(said.split()[-4]) + 1)
    ends: Counter[str] = Counter()
    for trial, step in enumerate(operations[:: max(1, len(operations) // TRIALS)]):
        was = before(folders, data, trial)
        with start(data, NEW, "--die-before", str(step)) as process:
            process.communicate("go\n")
        # Where vectors are cached, or nothing was there before, a build has fewer operations.
        assert process.returncode in {0, -signal.SIGKILL}
        now = version_of(data)
        assert now == NEW if process.returncode == 0 else now in {was, NEW}, step
        ends[NAMES[now]] += 1
        assert_it_recovers(data)
    print(f"\nkilled before one of {len(operations)} file operations: {dict(ends)}")  # noqa: T201


@slow
def test_files_that_may_not_grow_fail_the_build_and_leave_the_index(
    folders: Path, tmp_path: Path
) -> None:
    """The largest file of a build has some 240 kB; the limit is anything up to that."""
    data = tmp_path / "data"
    ends: Counter[str] = Counter()
    for trial in range(TRIALS):
        was = before(folders, data, trial)
        limit = 1 + 240_000 * trial // TRIALS
        ends[starve(data, was, "--largest-file", str(limit))] += 1
        assert_it_recovers(data)
    print(f"\nfile sizes limited: {dict(ends)}")  # noqa: T201


def starve(data: Path, was: int, *options: str) -> str:
    """Build where that may fail, check what is live then, and return why it failed."""
    status, said = build(data, NEW, *options)
    if status == 0:
        assert version_of(data) == NEW
        return "built"
    assert status == 3, said
    assert version_of(data) == was, said
    return said.partition("could not be written: ")[2].partition(". What was")[0][:60]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs that can be filled; only root can mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, check=False).returncode:
        pytest.skip("a tmpfs can't be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def resize(disk: Path, size: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(disk)], check=True)


@slow
def test_a_full_disk_fails_the_build_and_leaves_the_index(folders: Path, small_disk: Path) -> None:
    """The disk has room for the old version and a share of what a build needs besides."""
    data = small_disk / "data"
    ends: Counter[str] = Counter()
    for trial in range(TRIALS):
        resize(small_disk, 64 << 20)
        was = before(folders, data, trial)
        used = shutil.disk_usage(small_disk).used
        # What a build needs at most: vectors to cache, only a snapshot, or both and more.
        least, most = ((0, 3_600_000), (100_000, 420_000), (0, 6_000_000))[trial % 3]
        resize(small_disk, used + 4096 + least + (most - least) * trial // TRIALS)
        ends[starve(data, was)] += 1
        resize(small_disk, 64 << 20)
        assert_it_recovers(data)
    print(f"\na full disk: {dict(ends)}")  # noqa: T201


@slow
def test_of_many_builders_at_once_one_builds(tmp_path: Path) -> None:
    """The one that builds keeps the lock until all others have answered."""
    for trial in range(-(-TRIALS // 10)):
        data = tmp_path / str(trial)
        builders = [start(data, NEW, "--hold") for _ in range(20)]
        for builder in builders:
            go(builder)
        while sum(builder.poll() is None for builder in builders) > 1:
            time.sleep(0.01)
        statuses: Counter[int] = Counter()
        for builder in builders:
            _, said = builder.communicate()
            statuses[builder.returncode] += 1
            assert builder.returncode == 0 or "Another build is at work" in said
        assert statuses == {0: 1, 4: 19}
        assert version_of(data) == NEW
        assert_nothing_temporary(data)


def test_readers_find_old_or_new_whatever_is_built_meanwhile(tmp_path: Path) -> None:
    """Deleting takes the snapshot before away at once, while a reader may be opening it."""
    desk = Desk(tmp_path / "data")
    desk.update(found("a", "The tea is hot."), found("b", "The rain is cold."))
    errors: list[Exception] = []
    opened: Counter[int] = Counter()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            try:
                opened[open_current(desk.data).manifest.articles] += 1
            except Exception as error:  # noqa: BLE001  (whatever it is, it must not happen)
                errors.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(15):
            desk.builder().delete(frozenset({"b"}))
            desk.update(found("a", "The tea is hot."), found("b", "The rain is cold."))
    finally:
        done.set()
        reader.join()
    assert errors == []
    assert set(opened) <= {1, 2}
