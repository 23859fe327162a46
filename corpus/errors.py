"""What can go wrong on the way from a file to an article.

    CorpusError
    ├── SourceNotFound      a SOURCE names nothing on disk
    └── Unreadable          one file or one line cannot become an article

Only `SourceNotFound` leaves this package. `Unreadable` is raised by the readers, which know the
reason, and caught by `corpus.read`, which knows the path; there it becomes a `Problem`: reported,
never raised, because one bad file must not cost the others.
"""

from dataclasses import dataclass
from pathlib import Path


class CorpusError(Exception):
    """The base of everything that this package raises."""


class SourceNotFound(CorpusError):
    """Raised before anything is read, when a SOURCE names no file and no folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"no file or folder at {path}; check the path, or run `citewire index` without a "
            "SOURCE to index the bundled articles"
        )


class Unreadable(CorpusError):
    """Raised by a reader when this file, or this line of it, cannot become an article.

    Attributes:
        reason: One clause that a user understands, without the path.
        line: The line of the input file, counted from 1, where there is one.
    """

    def __init__(self, reason: str, line: int | None = None) -> None:
        self.reason = reason
        self.line = line
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the input that was not read as it stands.

    Attributes:
        path: The file or folder as the user named it (a given folder joined with what was found in
            it); characters that are not valid UTF-8 are shown as `�`.
        line: The line in that file, counted from 1, or None when it concerns the whole file.
        reason: What is wrong, as one clause.
        skipped: Whether an article was lost. False means that the article was kept, with
            something about it ignored.
    """

    path: str
    line: int | None
    reason: str
    skipped: bool = True

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{place}: {self.reason}"
