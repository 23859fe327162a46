"""One builder at a time in a data folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from index.errors import BuildLocked

_LOCK = ".lock"


@contextmanager
def build_lock(data: Path) -> Iterator[None]:
    """Hold the build lock of `data`, made if it isn't there; the kernel drops it with the process.

    Raises:
        BuildLocked: Another process holds it; at once, without waiting.
        OSError: The folder can't be made or written.
    """
    data.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(data / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 20, 0).decode("ascii", errors="replace").strip()
            raise BuildLocked(data, holder) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)
