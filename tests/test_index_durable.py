import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from index.durable import replace_file, sync_file, sync_folder, write_file


def failing(number: int) -> Callable[..., int]:
    def fail(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    return fail


def test_what_is_written_is_there(tmp_path: Path) -> None:
    write_file(tmp_path / "f", b"old and long")
    write_file(tmp_path / "f", b"new")
    assert (tmp_path / "f").read_bytes() == b"new"


def test_nothing_at_all_can_be_written(tmp_path: Path) -> None:
    write_file(tmp_path / "f", b"")
    assert (tmp_path / "f").read_bytes() == b""


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system takes three bytes at a time."""
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, content: write(fd, content[:3]))
    write_file(tmp_path / "f", b"ten bytes!")
    assert (tmp_path / "f").read_bytes() == b"ten bytes!"


def test_a_write_that_fails_half_way_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write

    def fill_up(descriptor: int, content: bytes) -> int:
        if len(content) < 7:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, content[:4])

    monkeypatch.setattr(os, "write", fill_up)
    with pytest.raises(OSError, match="No space left"):
        write_file(tmp_path / "f", b"ten bytes!")


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_failed_replacement_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    write_file(tmp_path / "f", b"old")
    monkeypatch.setattr(os, call, failing(errno.EIO))
    with pytest.raises(OSError, match="Input/output error"):
        replace_file(tmp_path / "f", b"new")
    assert (tmp_path / "f").read_bytes() == b"old"


def test_a_replacement_is_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    replace_file(tmp_path / "f", b"old")
    replace_file(tmp_path / "f", b"new")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("f", b"new")]


def test_the_file_is_on_disk_before_its_name_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sync the file, rename it, sync the folder: in any other order a crash may lose both."""
    steps = []
    fsync, replace = os.fsync, os.replace

    def record_sync(descriptor: int) -> None:
        steps.append("sync " + Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    def record_replace(old: Path, new: Path) -> None:
        steps.append(f"rename {Path(old).name} {Path(new).name}")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", record_sync)
    monkeypatch.setattr(os, "replace", record_replace)
    replace_file(tmp_path / "f", b"new")
    assert steps == ["sync .f.tmp", "rename .f.tmp f", f"sync {tmp_path.name}"]


@pytest.mark.parametrize("sync", [sync_file, sync_folder])
def test_an_error_of_fsync_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sync: Callable[[Path], None]
) -> None:
    monkeypatch.setattr(os, "fsync", failing(errno.EIO))
    with pytest.raises(OSError, match="Input/output error"):
        sync(tmp_path)


def test_no_descriptor_is_left_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    replace_file(tmp_path / "f", b"new")
    monkeypatch.setattr(os, "fsync", failing(errno.EIO))
    for _ in range(3):
        with pytest.raises(OSError, match="Input/output error"):
            replace_file(tmp_path / "f", b"new")
    assert len(list(Path("/proc/self/fd").iterdir())) == before
