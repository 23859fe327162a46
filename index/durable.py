"""Files that are wholly there after a crash, or not at all."""

import os
from pathlib import Path


def write_file(path: Path, content: bytes) -> None:
    """Write `content` to `path` and wait until the disk has it.

    The name itself is durable only after `sync_folder` of its folder.

    Raises:
        OSError: The disk is full, say; every error of the writes and of fsync is seen.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Wait until the disk has what another library wrote to `path`."""
    _sync(path, os.O_RDONLY)


def sync_folder(path: Path) -> None:
    """Wait until the disk has the names in the folder `path`: new, renamed and removed ones."""
    _sync(path, os.O_RDONLY | os.O_DIRECTORY)


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` at `path` so that every reader, and a crash, sees the old or the new whole.

    Raises:
        OSError: Nothing was replaced.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    write_file(temporary, content)
    temporary.replace(path)
    sync_folder(path.parent)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
