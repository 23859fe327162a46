"""Snapshots on disk: written whole, checked before they are read, switched by one rename."""

import json
import logging
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from pydantic import TypeAdapter

from corpus.passages import SPLITTER_VERSION
from index.durable import replace_file, sync_file, sync_folder, write_file
from index.encoder import EncoderSpec, file_sha256
from index.errors import NoSnapshot, SnapshotDamaged, SnapshotError, SnapshotIncompatible
from index.late_interaction import TokenStore
from index.lexical import LexicalStore
from index.store import ArticleStore
from index.vectors import VectorStore
from index.words import WordStore

FORMAT = 2
ARTICLES_FILE = "articles.sqlite"
VECTORS_FILE = "vectors.faiss"
TOKENS_FILE = "tokens.codes"
ENDS_FILE = "tokens.ends"
LEXICAL_FOLDER = "lexical"
WORDS_FOLDER = "words"
_MANIFEST = "manifest.json"
CURRENT = "CURRENT"
_SNAPSHOTS = "snapshots"
_UNFINISHED = ".new-"
KEPT = 2
_SAME = 1.0  # the cosine of a vector with itself

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SplitterSpec:
    """What decides how articles are cut, sizes in tokens: a change needs a rebuild.

    The sizes were tuned on the shared benchmarks (docs/decisions/0003).
    """

    version: str = SPLITTER_VERSION
    passage_tokens: int = 128
    overlap_sentences: int = 0
    title_tokens: int = 32

    def __str__(self) -> str:
        return (
            f"version {self.version} ({self.passage_tokens} tokens a passage, "
            f"{self.overlap_sentences} sentences overlap, {self.title_tokens} of the title)"
        )


@dataclass(frozen=True, slots=True)
class FileRecord:
    """Size in bytes and sha256 of one file of a snapshot."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot holds and what made it; `files` has every file but the manifest itself.

    `token_bytes` is what a token takes in the store of token vectors; 0 where there is none.
    """

    format: int
    snapshot_id: str
    built_at: datetime
    encoder: EncoderSpec
    splitter: SplitterSpec
    sources: tuple[str, ...]
    articles: int
    passages: int
    token_bytes: int
    content_sha256: str
    files: dict[str, FileRecord]


_MANIFESTS = TypeAdapter(Manifest)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An open snapshot: its files were checked, and stay open whatever is built meanwhile.

    `tokens` is None where it was built without token vectors, `spellings` by a version before
    those were stored.
    """

    manifest: Manifest
    folder: Path
    articles: ArticleStore
    vectors: VectorStore
    tokens: TokenStore | None
    words: LexicalStore
    spellings: WordStore | None


def current_id(data: Path) -> str:
    """Return the id of the live snapshot: one small read, cheap enough for every question.

    Raises:
        NoSnapshot: There is none.
    """
    try:
        name = (data / CURRENT).read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        raise NoSnapshot(data) from error
    return name


def open_current(data: Path) -> Snapshot:
    """Return the live snapshot, or the one before it where the live one is damaged.

    Raises:
        NoSnapshot: There is none.
        SnapshotDamaged: None of those that are there is whole.
        SnapshotIncompatible: It was written in another format.
    """
    live = current_id(data)
    try:
        return open_snapshot(data / _SNAPSHOTS / live)
    except SnapshotDamaged as error:
        if current_id(data) != live:  # a build replaced and removed it meanwhile
            return open_current(data)
        return _open_older(data, live, error)


def _open_older(data: Path, live: str, error: SnapshotDamaged) -> Snapshot:
    for name in reversed(snapshot_ids(data)):
        if name == live:
            continue
        try:
            found = open_snapshot(data / _SNAPSHOTS / name)
        except SnapshotError as another:
            logger.warning("%s", another)
            continue
        logger.warning("%s Until then the snapshot before it answers: %s.", error, name)
        return found
    raise error


def open_snapshot(folder: Path) -> Snapshot:
    """Return the snapshot in `folder`, every file checked before an engine sees it.

    Raises:
        SnapshotDamaged: A file is missing or differs from what was written.
        SnapshotIncompatible: It was written in another format.
    """
    manifest = read_manifest(folder)
    for name, record in manifest.files.items():
        if name != VECTORS_FILE:
            _check(folder, name, record)
    content = _read_checked(folder, VECTORS_FILE, manifest.files)
    try:
        return Snapshot(
            manifest,
            folder,
            ArticleStore(folder / ARTICLES_FILE),
            VectorStore.from_bytes(content),
            _open_tokens(folder, manifest.token_bytes),
            LexicalStore.open(folder / LEXICAL_FOLDER),
            _open_words(folder, manifest),
        )
    except (OSError, sqlite3.Error) as error:  # removed since the checks above, say
        raise SnapshotDamaged(folder.name, "a file", f"can't be opened ({error})") from error


def _open_tokens(folder: Path, width: int) -> TokenStore | None:
    return TokenStore(folder / TOKENS_FILE, folder / ENDS_FILE, width) if width else None


def _open_words(folder: Path, manifest: Manifest) -> WordStore | None:
    there = any(name.startswith(f"{WORDS_FOLDER}/") for name in manifest.files)
    return WordStore.open(folder / WORDS_FOLDER) if there else None


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of the snapshot in `folder`.

    Raises:
        SnapshotDamaged: It is missing or not what was written.
        SnapshotIncompatible: It was written in another format.
    """
    try:
        content = (folder / _MANIFEST).read_bytes()
        record = json.loads(content)
        digest = record.pop("sha256")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SnapshotDamaged(folder.name, _MANIFEST, "is missing or unreadable") from error
    if digest != _digest(record) or record.get("snapshot_id") != folder.name:
        raise SnapshotDamaged(folder.name, _MANIFEST, "is not what was written")
    if record["format"] != FORMAT:
        raise SnapshotIncompatible(folder.name, "format", str(record["format"]), str(FORMAT))
    return _MANIFESTS.validate_python(record)


def damages(folder: Path) -> Iterator[SnapshotError]:
    """Yield everything that is wrong with the snapshot in `folder`; nothing when it is sound."""
    try:
        manifest = read_manifest(folder)
    except SnapshotError as error:
        yield error
        return
    for name in manifest.files:
        try:
            _read_checked(folder, name, manifest.files)
        except SnapshotDamaged as error:
            yield error


def snapshot_ids(data: Path) -> list[str]:
    """Return the ids of the finished snapshots, oldest first, live or not."""
    folders = (data / _SNAPSHOTS).glob("[0-9]*")
    return sorted(folder.name for folder in folders if folder.is_dir())


def snapshot_folder(data: Path, snapshot_id: str) -> Path:
    """Return where a snapshot is, or would be."""
    return data / _SNAPSHOTS / snapshot_id


class SnapshotWriter:
    """Builds one snapshot in a folder that no reader looks into, then makes it the live one."""

    def __init__(self, data: Path, now: datetime) -> None:
        """Make the folder; hold the build lock of `data` meanwhile."""
        self._data = data
        self.built_at = now
        self.folder = data / _SNAPSHOTS / f"{_UNFINISHED}{now:%Y%m%dT%H%M%S%fZ}"
        self.folder.mkdir(parents=True)

    def discard(self) -> None:
        """Remove what was written so far, unless it is the live snapshot by now."""
        if _live_id(self._data) != self.folder.name:
            shutil.rmtree(self.folder, ignore_errors=True)

    def publish(self, draft: Manifest, vectors: VectorStore, *, keep: int = KEPT) -> Manifest:
        """Make everything durable, check it as a reader would, and make it the live snapshot.

        Args:
            draft: The manifest but for `snapshot_id` and `files`.
            vectors: One row a passage, in passage order.
            keep: How many snapshots stay, this one included.

        Raises:
            OSError: A write failed; the live snapshot is what it was.
            SnapshotDamaged: What the disk gives back is not what was written.
        """
        content = vectors.to_bytes()
        write_file(self.folder / VECTORS_FILE, content)
        files = {VECTORS_FILE: FileRecord(len(content), sha256(content).hexdigest())}
        for path in sorted(self._written()):
            sync_file(path)
            name = path.relative_to(self.folder).as_posix()
            files[name] = FileRecord(path.stat().st_size, file_sha256(path))
        snapshot_id = f"{self.built_at:%Y%m%dT%H%M%S%fZ}-{draft.content_sha256[:8]}"
        manifest = replace(draft, snapshot_id=snapshot_id, files=files)
        self._write_manifest(manifest)
        final = self._data / _SNAPSHOTS / snapshot_id
        for name in (LEXICAL_FOLDER, WORDS_FOLDER):
            sync_folder(self.folder / name)
        sync_folder(self.folder)
        self.folder.rename(final)
        self.folder = final
        sync_folder(final.parent)
        self_query(open_snapshot(final))
        replace_file(self._data / CURRENT, f"{snapshot_id}\n".encode())
        prune(self._data, keep=keep)
        return manifest

    def _written(self) -> Iterator[Path]:
        """Yield the files that others than this class wrote, but for tantivy's lock files."""
        yield self.folder / ARTICLES_FILE
        yield from self.folder.glob("tokens.*")
        for path in [
            p for name in (LEXICAL_FOLDER, WORDS_FOLDER) for p in (self.folder / name).iterdir()
        ]:
            if path.suffix == ".lock":
                path.unlink()
            else:
                yield path

    def _write_manifest(self, manifest: Manifest) -> None:
        record = _MANIFESTS.dump_python(manifest, mode="json")
        record["sha256"] = _digest(record)
        write_file(self.folder / _MANIFEST, json.dumps(record, indent=2).encode())


def self_query(snapshot: Snapshot) -> None:
    """Check that the stores of an open snapshot agree and find what is in them.

    Raises:
        SnapshotDamaged: They don't.
    """
    count = snapshot.manifest.passages
    counts = {
        ARTICLES_FILE: (snapshot.articles.passage_count, count),
        VECTORS_FILE: (len(snapshot.vectors), count),
        LEXICAL_FOLDER: (len(snapshot.words), count),
    }
    if snapshot.tokens:
        # Each passage has a segment for its title beside its sentences.
        segments = count + snapshot.articles.sentence_count
        counts[TOKENS_FILE] = (snapshot.tokens.segments, segments)
    for name, (found, wanted) in counts.items():
        if found != wanted:
            reason = f"has {found} rows instead of {wanted}"
            raise SnapshotDamaged(snapshot.manifest.snapshot_id, name, reason)
    for row in {0, count - 1} if count else set():
        best = snapshot.vectors.search(snapshot.vectors.vector(row), 1)
        if best[0].score < _SAME - 1e-3:
            raise SnapshotDamaged(snapshot.manifest.snapshot_id, VECTORS_FILE, "loses a vector")


def prune(data: Path, *, keep: int = KEPT) -> None:
    """Remove what no reader needs: unfinished builds and all but the newest `keep` snapshots.

    A snapshot newer than the live one is a build that was killed before its last step. Where
    CURRENT names none of them, the newest count. Hold the build lock of `data` meanwhile.
    """
    folder = data / _SNAPSHOTS
    for left in folder.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(left)
    for left in data.glob(f".{CURRENT}*.tmp"):
        left.unlink()
    live, names = _live_id(data), snapshot_ids(data)
    known = [name for name in names if name <= live] if live in names else names
    for name in set(names) - set(known[-keep:]):
        shutil.rmtree(folder / name)


def _live_id(data: Path) -> str:
    try:
        return current_id(data)
    except NoSnapshot:
        return ""


def _digest(record: object) -> str:
    return sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def _read_checked(folder: Path, name: str, files: Mapping[str, FileRecord]) -> bytes:
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise SnapshotDamaged(folder.name, name, "is missing or unreadable") from error
    _compare(folder, name, files[name], FileRecord(len(content), sha256(content).hexdigest()))
    return content


def _check(folder: Path, name: str, record: FileRecord) -> None:
    path = folder / name
    try:
        found = FileRecord(path.stat().st_size, file_sha256(path))
    except OSError as error:
        raise SnapshotDamaged(folder.name, name, "is missing or unreadable") from error
    _compare(folder, name, record, found)


def _compare(folder: Path, name: str, wanted: FileRecord, found: FileRecord) -> None:
    if found.size != wanted.size:
        reason = f"has {found.size} bytes instead of {wanted.size}"
        raise SnapshotDamaged(folder.name, name, reason)
    if found.sha256 != wanted.sha256:
        raise SnapshotDamaged(folder.name, name, "was changed after it was written")
