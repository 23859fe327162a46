"""Is a data folder sound, and what can be done if not."""

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from index.build import CACHE_FILE
from index.cache import remove_cache
from index.durable import replace_file
from index.encoder import read_spec
from index.errors import EncoderMissing, NoSnapshot, SnapshotError
from index.lock import build_lock
from index.snapshot import (
    CURRENT,
    current_id,
    damages,
    open_snapshot,
    prune,
    read_manifest,
    self_query,
    snapshot_folder,
    snapshot_ids,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, whether it is sound, and what it is in a clause."""

    ok: bool
    text: str


def examine(data: Path, models: Path) -> list[Finding]:
    """Return what was found, good and bad, about a data folder; nothing is changed.

    Raises:
        NoSnapshot: There is no index, so nothing to examine.
    """
    ids = snapshot_ids(data)
    if not ids:
        raise NoSnapshot(data)
    findings = [_examine_current(data, ids)]
    for snapshot_id in ids:
        findings += _examine_snapshot(snapshot_folder(data, snapshot_id))
    return [*findings, *_examine_encoders(data, models), *_examine_cache(data)]


def repair(data: Path, models: Path) -> Iterator[str]:
    """Remove what is damaged, make the newest sound snapshot live, and yield what was done.

    Raises:
        BuildLocked: A build is at work.
    """
    with build_lock(data):
        ids = snapshot_ids(data)
        sound = [name for name in ids if _is_sound(snapshot_folder(data, name))]
        yield from _repair_current(data, sound)
        for name in ids:
            if name not in sound:
                shutil.rmtree(snapshot_folder(data, name))
                yield f"removed the damaged snapshot {name}"
        if sound:
            prune(data)
        for finding in _examine_encoders(data, models):
            if not finding.ok:
                yield "the encoder must be made again: run `citewire index`"
        if any(not finding.ok for finding in _examine_cache(data)):
            remove_cache(data / CACHE_FILE)
            yield f"removed the damaged {CACHE_FILE}; what it held is computed again"


def _repair_current(data: Path, sound: list[str]) -> Iterator[str]:
    try:
        live = current_id(data)
    except NoSnapshot:
        live = ""
    if live in sound:
        return
    if sound:
        replace_file(data / CURRENT, f"{sound[-1]}\n".encode())
        yield f"made snapshot {sound[-1]} the live one"
    else:
        (data / CURRENT).unlink(missing_ok=True)
        yield "no snapshot is sound: run `citewire index` with your sources"


def _examine_current(data: Path, ids: list[str]) -> Finding:
    try:
        live = current_id(data)
    except NoSnapshot:
        return Finding(ok=False, text=f"{CURRENT}: missing")
    return Finding(
        ok=live in ids, text=f"{CURRENT}: {live if live in ids else 'names no snapshot'}"
    )


def _examine_snapshot(folder: Path) -> list[Finding]:
    wrong = [Finding(ok=False, text=str(error)) for error in damages(folder)]
    if wrong:
        return wrong
    try:
        self_query(open_snapshot(folder))
    except SnapshotError as error:
        return [Finding(ok=False, text=str(error))]
    manifest = read_manifest(folder)
    text = f"snapshot {folder.name}: {manifest.articles} articles, {manifest.passages} passages"
    return [Finding(ok=True, text=text)]


def _is_sound(folder: Path) -> bool:
    return all(finding.ok for finding in _examine_snapshot(folder))


def _examine_encoders(data: Path, models: Path) -> list[Finding]:
    """Return whether the live snapshot's encoder is there, where the snapshot can tell which."""
    try:
        manifest = read_manifest(snapshot_folder(data, current_id(data)))
    except SnapshotError:
        return []
    folder = models / manifest.encoder.fingerprint
    try:
        read_spec(folder)
    except EncoderMissing as error:
        return [Finding(ok=False, text=str(error))]
    return [Finding(ok=True, text=f"encoder {folder.name}: {manifest.encoder.model}")]


def _examine_cache(data: Path) -> list[Finding]:
    path = data / CACHE_FILE
    if not path.exists():
        return []
    try:
        database = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
        try:
            verdict = database.execute("PRAGMA quick_check(1)").fetchone()[0]
        finally:
            database.close()
    except sqlite3.DatabaseError as error:
        verdict = str(error)
    return [Finding(ok=verdict == "ok", text=f"{CACHE_FILE}: {verdict}")]
