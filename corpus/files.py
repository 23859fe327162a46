"""Bytes of an input file, decompressed, with every bound kept."""

import gzip
import io
import os
import stat
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from corpus.errors import Unreadable
from corpus.limits import Limits


class Opener(Protocol):
    """Opens a regular file for reading; tests pass one that fails as a disk would."""

    def __call__(self, path: Path, /) -> BinaryIO:
        """Return the open file; any `OSError` becomes a reported problem."""


def open_regular(path: Path, /) -> BinaryIO:
    """Return the file at `path` open for reading.

    It was a regular file when it was listed. Should a FIFO have taken its place since, then
    `O_NONBLOCK` keeps the open from waiting, and the check refuses it.

    Raises:
        OSError: It cannot be opened, or is no regular file any more.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(0, "not a regular file any more")
    return os.fdopen(handle, "rb")


@contextmanager
def open_bytes(
    path: Path,
    *,
    gzipped: bool,
    limits: Limits,
    opener: Opener = open_regular,
    on_read: Callable[[int], None] | None = None,
) -> Iterator[io.BufferedReader]:
    """Open a file for reading, decompressed where `gzipped`.

    Args:
        path: A regular file.
        gzipped: Whether it holds gzip data.
        limits: `max_gz_ratio` bounds what a gzip file may expand to.
        opener: Opens the file.
        on_read: Called with the number of bytes on disk that each read consumed.

    Raises:
        Unreadable: It cannot be opened or read, or its gzip data is broken, ends early or expands
            too far. Raised where the reading meets it, here or inside the `with` block.
    """
    try:
        with opener(path) as file:
            raw = _Counted(file, on_read)
            stream: io.RawIOBase = _Inflated(raw, limits) if gzipped else raw
            yield io.BufferedReader(stream, 1 << 16)
    except EOFError as error:
        raise Unreadable("the gzip data ends early; the file is cut off") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise Unreadable("not valid gzip data") from error
    except OSError as error:
        raise Unreadable(f"cannot be read ({error.strerror or error})") from error


def read_whole(stream: io.BufferedReader, limits: Limits) -> bytes:
    """Return all bytes of a file that holds one document.

    Raises:
        Unreadable: It is longer than `max_file_bytes`.
    """
    data = stream.read(limits.max_file_bytes + 1)
    if len(data) > limits.max_file_bytes:
        raise too_large(limits)
    return data


def too_large(limits: Limits) -> Unreadable:
    """Return the error for a one-document file above `max_file_bytes`."""
    megabytes = limits.max_file_bytes / 1e6
    return Unreadable(f"larger than {megabytes:g} MB; split it, or give it as JSON lines")


class _Counted(io.RawIOBase):
    """A file that tells how many of its bytes were read."""

    def __init__(self, file: BinaryIO, on_read: Callable[[int], None] | None) -> None:
        self._file = file
        self._on_read = on_read
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # Buffer has no len
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self.taken += len(data)
        if self._on_read is not None and data:
            self._on_read(len(data))
        return len(data)


class _Inflated(io.RawIOBase):
    """Gzip data decompressed, as long as it does not expand beyond reason."""

    def __init__(self, raw: _Counted, limits: Limits) -> None:
        self._raw = raw
        self._limits = limits
        self._file = gzip.GzipFile(fileobj=raw)
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # Buffer has no len
        data = self._file.read1(len(buffer))
        buffer[: len(data)] = data
        self._given += len(data)
        allowed = max(self._limits.max_file_bytes, self._raw.taken * self._limits.max_gz_ratio)
        if self._given > allowed + len(buffer):
            raise Unreadable(
                f"expands to more than {self._limits.max_gz_ratio} times its size, as a "
                "decompression bomb does"
            )
        return len(data)
