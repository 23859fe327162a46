"""Which files a run reads: the given folders walked, in sorted order, nothing opened."""

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus.errors import Problem, SourceNotFound, Unreadable
from corpus.formats import KINDS, Kind

_SPECIAL: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISFIFO, "a named pipe (FIFO)"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


@dataclass(frozen=True, slots=True)
class InputFile:
    """One regular file that holds articles.

    Attributes:
        path: The resolved path: absolute, no symbolic links.
        shown: The path as the user named it, for messages.
        name: Its path below the given folder with `/`, or its file name when given directly: the
            article's id where the content names none.
        size: Bytes on disk when it was listed.
        kind: How to read it.
        gzipped: Whether its name ends in `.gz`.
    """

    path: Path
    shown: str
    name: str
    size: int
    kind: Kind
    gzipped: bool


def list_files(sources: Sequence[Path]) -> tuple[tuple[InputFile, ...], tuple[Problem, ...]]:
    """Return the files that `sources` name, and what among them cannot be read.

    Sources keep their order; within a folder files are sorted by name (code points of the path
    with `/`). A file that is reached twice is listed once, the first time. In a folder, names that
    start with a dot and files of other types are passed over in silence; named directly they are
    read or become a `Problem`. Nothing is opened. `sum(file.size …)` is what a progress bar needs.

    Raises:
        SourceNotFound: A source does not exist.
    """
    files: dict[Path, InputFile] = {}
    problems: list[Problem] = []
    for source in sources:
        if not os.path.lexists(source):
            raise SourceNotFound(source)
        found, wrong = _Walk(source).run()
        for file in found:
            files.setdefault(file.path, file)
        problems += wrong
    return tuple(files.values()), tuple(problems)


def shown(path: Path) -> str:
    """Return `path` for a message, with `�` for bytes that are not valid UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")


class _Walk:
    """One source being walked. Links wait until the real files are known, so these keep names."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self._root = source
        self._files: dict[Path, InputFile] = {}
        self._folders: set[Path] = set()
        self._links: list[Path] = []
        self._problems: list[Problem] = []

    def run(self) -> tuple[list[InputFile], list[Problem]]:
        try:
            self._root = _resolved(self._source)
            if self._root.is_dir():
                self._walk(self._source)
                self._follow_links()
            else:
                self._add(self._source, self._root, self._source.name)
        except Unreadable as error:
            self._report(self._source, error.reason)
        by_path = sorted(self._problems, key=lambda problem: problem.path)
        return sorted(self._files.values(), key=lambda file: file.name), by_path

    def _report(self, path: Path, reason: str) -> None:
        self._problems.append(Problem(shown(path), None, reason))

    def _walk(self, top: Path) -> None:
        """Take what is below the folder `top`, with a stack: depth is the user's, not Python's."""
        stack = [top]
        while stack:
            folder = stack.pop()
            real = folder.resolve()
            if real in self._folders:
                continue
            self._folders.add(real)
            for entry in self._entries(folder):
                path = folder / entry.name
                if entry.is_symlink():
                    self._links.append(path)
                elif entry.is_dir(follow_symlinks=False):
                    stack.append(path)
                else:
                    self._take(path, path.resolve())

    def _entries(self, folder: Path) -> Iterator[os.DirEntry[str]]:
        """Yield what `folder` holds, hidden names left out."""
        try:
            with os.scandir(folder) as entries:
                yield from (entry for entry in entries if not entry.name.startswith("."))
        except OSError as error:
            self._report(folder, f"cannot list the folder ({error.strerror})")

    def _follow_links(self) -> None:
        """Take the links that lead to something inside the folder that was not seen yet."""
        while self._links:
            waiting, self._links = sorted(self._links), []
            for link in waiting:
                self._follow(link)

    def _follow(self, link: Path) -> None:
        try:
            target = _resolved(link)
        except Unreadable as error:
            self._report(link, error.reason)
            return
        if not target.is_relative_to(self._root):
            self._report(link, "a symbolic link that leaves the folder")
        elif target.is_dir():
            self._walk(link)
        elif target not in self._files:
            self._take(link, target)

    def _take(self, path: Path, real: Path) -> None:
        """Add a file found in a folder; report what keeps it from being read."""
        try:
            if _kind_of(path.name) is not None or not real.is_file():
                self._add(path, real, path.relative_to(self._source).as_posix())
        except Unreadable as error:
            self._report(path, error.reason)

    def _add(self, path: Path, real: Path, name: str) -> None:
        """Add one file, or say why not.

        Raises:
            Unreadable: It is no regular file, has an unknown type, or a name that is not UTF-8.
        """
        size = _regular_size(real)
        found = _kind_of(path.name)
        if found is None:
            raise Unreadable(f"not a type of file that holds articles ({_KNOWN}, each also .gz)")
        if shown(Path(name)) != name:
            raise Unreadable("the file's name is not valid UTF-8")
        kind, gzipped = found
        self._files[real] = InputFile(real, shown(path), name, size, kind, gzipped)


_KNOWN = ", ".join(sorted(KINDS))


def _kind_of(name: str) -> tuple[Kind, bool] | None:
    """Return how to read a file of this name and whether it is gzipped, or None."""
    lowered = name.lower()
    gzipped = lowered.endswith(".gz")
    kind = KINDS.get(Path(lowered.removesuffix(".gz")).suffix)
    return None if kind is None else (kind, gzipped)


def _regular_size(path: Path) -> int:
    """Return the size of the regular file at `path`.

    Raises:
        Unreadable: It is something else, or it is gone.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise Unreadable(f"cannot be read ({error.strerror})") from error
    for is_such, what in _SPECIAL:
        if is_such(status.st_mode):
            raise Unreadable(f"{what}, which is never opened")
    return status.st_size


def _resolved(path: Path) -> Path:
    """Return what `path` leads to.

    Raises:
        Unreadable: A link in it leads in a circle or to nothing.
    """
    try:
        return path.resolve(strict=True)
    except RuntimeError as error:  # how Python 3.11 and 3.12 report a circle
        raise Unreadable("a symbolic link that leads in a circle") from error
    except FileNotFoundError as error:
        raise Unreadable("a symbolic link to something that does not exist") from error
    except OSError as error:
        if error.errno == errno.ELOOP:  # and how 3.13 does
            raise Unreadable("a symbolic link that leads in a circle") from error
        raise Unreadable(f"cannot be read ({error.strerror})") from error
